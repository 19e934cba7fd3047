"""Who is expected where on one day, from the dated slots."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from parkkeeper.demo.invent.model import Person, Shift, Slot

Who = tuple[str, Shift | None, str | None]


class Timetable:
    """The slots of one day, looked up by person."""

    def __init__(self, slots: Iterable[Slot], day: date) -> None:
        self.day = day
        self.kept: dict[Who, list[Slot]] = {}
        self.silent: dict[str, Slot] = {}
        for slot in slots:
            if not slot.covers(day):
                continue
            if slot.enterprise is None:
                self.silent[slot.point] = slot
            else:
                self.kept.setdefault((slot.enterprise, slot.shift, slot.site), []).append(slot)
        for kept in self.kept.values():
            kept.sort(key=lambda slot: slot.starts)

    def who(self, person: Person) -> Who | None:
        """The group a person comes with: its construction site, its shift, or its whole enterprise; None: no slot."""
        options: tuple[Who, ...] = (
            (person.enterprise, None, person.site),
            (person.enterprise, person.shift, None),
            (person.enterprise, None, None),
        )
        return next((who for who in options if who in self.kept), None)

    def point_of(self, person: Person) -> str | None:
        """Key of the point where the person is expected."""
        who = self.who(person)
        return None if who is None else self.kept[who][0].point
