"""Plans one evening round: who comes, when, to which desk, and what goes wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random
from typing import TYPE_CHECKING

from parkkeeper.demo.invent.duty import Roster
from parkkeeper.demo.invent.events import Arrival, EveningPlan, Missing, MissingReason, PointEvening, Reading
from parkkeeper.demo.invent.mishaps import Mishaps
from parkkeeper.demo.invent.model import Person, Slot
from parkkeeper.demo.invent.scenario import blend
from parkkeeper.demo.invent.silence import silent_places
from parkkeeper.demo.invent.timetable import Timetable, Who

if TYPE_CHECKING:
    from parkkeeper.demo.invent.park import SourcePark

REASONS: tuple[tuple[MissingReason, int], ...] = (
    ("overtime", 38),
    ("forgot", 30),
    ("unwell", 14),
    ("sampled_elsewhere", 12),
    ("refused", 6),
)
LATENESS = 9  # seconds by which an arrival may lag its turn
COURIER_AFTER = 15  # minutes between the last arrival and the courier


def plan_evening(park: SourcePark, day: date) -> EveningPlan:
    """The evening round of one day; see `SourcePark.evening`."""
    return _Evening(park, day).plan()


class _Evening:
    """One evening in the making; each step draws from the same seeded source, so their order is part of the result."""

    def __init__(self, park: SourcePark, day: date) -> None:
        self.park, self.day = park, day
        self.rng = Random(f"{park.seed}:evening:{day}")
        self.table: Timetable = park.timetable(day)
        self.points = [point for point in park.points if point.opened_on <= day]
        self.kind = {point.key: point.kind for point in self.points}
        self.expected = {person.key: point for person, point in self._due()}
        self.groups = self._grouped()
        self.marked = {i.person for i in park.incidents if i.day == day}
        self.walk_ins: dict[str, str] = {}
        self.missing: list[Missing] = []
        self.arrivals: dict[str, list[Arrival]] = {point.key: [] for point in self.points}

    def plan(self) -> EveningPlan:
        self._choose_walk_ins()
        self._choose_missing()
        self._seat_groups()
        self._seat_walk_ins()
        silent = self._seat_silent()
        mishaps = Mishaps(self.park, self.day, self.points, self.arrivals, self.marked, self.rng)
        mishaps.cause(self.walk_ins, self.expected)
        roster = Roster(self.park, self.day)
        evenings = []
        for number, point in enumerate(self.points):
            arrivals = sorted(self.arrivals[point.key], key=lambda a: (a.second, a.desk))
            late = [arrivals[-1].minute + 1] if arrivals else []
            closes = max([point.closes, *late])
            duty = roster.duty(point, mishaps.void_duty.get(point.key))
            courier = roster.couriers[number % len(roster.couriers)]
            evenings.append(
                PointEvening(
                    point.key,
                    point.opens,
                    closes,
                    duty,
                    tuple(arrivals),
                    tuple(silent.get(point.key, ())),
                    tuple(mishaps.at[point.key]),
                    courier,
                    closes + COURIER_AFTER + number // len(roster.couriers),
                )
            )
        return EveningPlan(self.day, tuple(evenings), tuple(sorted(self.missing, key=lambda m: m.person)))

    def _due(self) -> Iterator[tuple[Person, str]]:
        """People on post, not excused, with the point where they are expected."""
        excused = {
            e.person for e in self.park.excusals if e.first <= self.day and not (e.until and e.until <= self.day)
        }
        for key in self.park.in_state(self.day):
            person = self.park.person[key]
            point = self.table.point_of(person)
            if point is not None and key not in excused:
                yield person, point

    def _grouped(self) -> dict[Who, list[str]]:
        groups: dict[Who, list[str]] = {}
        for key in self.expected:
            who = self.table.who(self.park.person[key])
            if who is not None:
                groups.setdefault(who, []).append(key)
        return groups

    def _choose_walk_ins(self) -> None:
        """People who come to a point that does not expect them."""
        number = self.park.scenario.peculiarities.walk_in
        free = [key for key in self.expected if key not in self.marked]
        for key in self.rng.sample(free, min(number, len(free))):
            self.walk_ins[key] = self.rng.choice([p.key for p in self.points if p.key != self.expected[key]])

    def _choose_missing(self) -> None:
        """People who stay away: a share of each kind of point; on the last day what the scenario's number leaves."""
        positive = {a.person for a in self.park.antigen_positives if a.day == self.day and a.confirmed}
        for key in sorted(positive & set(self.expected)):
            self.missing.append(Missing(key, self.expected[key], "antigen_positive"))
            self.walk_ins.pop(key, None)
        reasons, weights = [reason for reason, _ in REASONS], [weight for _, weight in REASONS]
        for kind in ("enterprise", "nearby"):
            here = [key for key, point in self.expected.items() if self.kind[point] == kind]
            free = [k for k in here if k not in self.marked and k not in self.walk_ins and k not in positive]
            for key in self.rng.sample(free, self._how_many_missing(kind, here, positive)):
                self.missing.append(Missing(key, self.expected[key], self.rng.choices(reasons, weights)[0]))

    def _how_many_missing(self, kind: str, here: list[str], positive: set[str]) -> int:
        calendar, table = self.park.scenario.calendar, self.park.scenario.evening
        if kind == "enterprise" and self.day == calendar.last_round:
            ours = set(here)
            out = sum(self.kind[point] == "nearby" for key, point in self.walk_ins.items() if key in ours)
            into = sum(self.kind[point] == "enterprise" for key, point in self.walk_ins.items() if key not in ours)
            coming = len(ours - positive) - out + into
            if coming < table.sampled_at_enterprise_points:
                raise ValueError(f"Only {coming} people can come to enterprise points on {self.day}.")
            return coming - table.sampled_at_enterprise_points
        first, last = calendar.first_round, calendar.last_round
        return round(len(here) * blend(self.day, first, last, table.missing_first, table.missing_last))

    def _seat_groups(self) -> None:
        """Everybody else comes in the minutes of the own group, desk after desk, one each 28 seconds or so."""
        away = {missing.person for missing in self.missing} | set(self.walk_ins)
        for who, people in self.groups.items():
            coming = [key for key in people if key not in away]
            self.rng.shuffle(coming)
            slots = self.table.kept[who]
            for n, slot in enumerate(slots):
                desks, turn = self.park.point[slot.point].desks, self._turn()
                fit = int((slot.ends - slot.starts) * 60 / turn) * desks if n < len(slots) - 1 else len(coming)
                self._seat(slot, coming[:fit], self.arrivals[slot.point])
                coming = coming[fit:]

    def _turn(self) -> float:
        return 3600 / self.park.scenario.points.pace

    def _seat(self, slot: Slot, coming: list[str], arrivals: list[Arrival]) -> None:
        desks, turn, rng = self.park.point[slot.point].desks, self._turn(), self.rng
        for n, key in enumerate(coming):
            second = int(slot.starts * 60 + n // desks * turn + rng.random() * LATENESS)
            arrivals.append(Arrival(second, n % desks + 1, key, "kept", self._reading()))

    def _reading(self) -> Reading:
        table, drawn = self.park.scenario.evening, self.rng.random()
        if drawn < table.by_document:
            return "document"
        return "staff_number" if drawn < table.by_document + table.by_staff_number else "code"

    def _seat_walk_ins(self) -> None:
        """They are taken when their point has a quiet minute: after the last group."""
        for key, point in self.walk_ins.items():
            last = max((a.second for a in self.arrivals[point]), default=self.park.point[point].opens * 60)
            self.arrivals[point].append(Arrival(last + self.rng.randint(25, 70), 1, key, "kept", self._reading()))

    def _seat_silent(self) -> dict[str, list[Arrival]]:
        seated: dict[str, list[Arrival]] = {}
        for point, people in silent_places(self.park, self.day).items():
            self._seat(self.table.silent[point], people, seated.setdefault(point, []))
        return seated
