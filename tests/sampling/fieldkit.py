"""What a phone at a point says, written short: `phone.scan(person, 1, 3)` is a scan into tube 1 at three past six.

Every method returns one operation; `phone.say(operation, …)` hands a mixed list to the verbs as the door does.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from parkkeeper.kernel.ids import new_id
from parkkeeper.kernel.tubes import box_code, tube_code
from parkkeeper.park.models import Anomaly, Person
from parkkeeper.sampling import field
from parkkeeper.sampling.actions import boxes, scans, sessions, tubes
from parkkeeper.sampling.models import Due, Point, Programme, Round, Tube
from tests.world import DAY, EVENING, later

# the order of one batch: what makes a thing comes before what is said of it
VERBS: list[tuple[type[field.Operation], Callable[..., list[field.Verdict]]]] = [
    (field.OpenSession, sessions.open_sessions),
    (field.GoOnDuty, sessions.go_on_duty),
    (field.OpenTube, tubes.open_tubes),
    (field.TakeScan, scans.take_scans),
    (field.UndoScan, scans.undo_scans),
    (field.SealTube, tubes.seal_tubes),
    (field.SealBox, boxes.seal_boxes),
    (field.HandOverBox, boxes.hand_over_boxes),
    (field.ReceiveTube, boxes.receive_tubes),
    (field.CloseSession, sessions.close_sessions),
]


class FieldPhone:
    """A phone at a point, held by somebody. `heard` is when the server hears what it says next."""

    def __init__(self, holder: Person, point: Point | None, *, phone_id: int | None = 1, prefix: str = "YQ") -> None:
        self.holder, self.point, self.phone_id, self.prefix = holder, point, phone_id, prefix
        self.sequence = 0
        self.heard = later(30)

    def _base(self, minutes: float) -> tuple[UUID, int, datetime, datetime]:
        self.sequence += 1
        return new_id(), self.sequence, later(minutes), later(minutes)

    def code(self, tube: int | str) -> str:
        return tube if isinstance(tube, str) else tube_code(self.prefix, tube)

    def open_session(self, minutes: float = -1) -> field.OpenSession:
        return field.OpenSession(*self._base(minutes))

    def close_session(self, session: UUID, minutes: float = 60) -> field.CloseSession:
        return field.CloseSession(*self._base(minutes), session)

    def duty(self, session: UUID, person: UUID, role: str, minutes: float = -1) -> field.GoOnDuty:
        return field.GoOnDuty(*self._base(minutes), session, person, role)

    def open(
        self, tube: int | str, minutes: float = 0, *, pool: int = 10, session: UUID | None = None
    ) -> field.OpenTube:
        return field.OpenTube(*self._base(minutes), self.code(tube), pool, session)

    def scan(self, who: Person | str, tube: int | str, minutes: float = 1, *, how: str = "code") -> field.TakeScan:
        base = self._base(minutes)
        if isinstance(who, str):
            return field.TakeScan(*base, self.code(tube), how, None, who)
        return field.TakeScan(*base, self.code(tube), how, who.uuid)

    def undo(self, scan: field.TakeScan, minutes: float = 2) -> field.UndoScan:
        return field.UndoScan(*self._base(minutes), scan.id)

    def seal(self, tube: int | str, swabs: int, minutes: float = 10) -> field.SealTube:
        return field.SealTube(*self._base(minutes), self.code(tube), swabs)

    def box(self, box: int | str, *tubes: int | str, minutes: float = 15) -> field.SealBox:
        code = box if isinstance(box, str) else box_code(self.prefix, box)
        return field.SealBox(*self._base(minutes), code, tuple(self.code(tube) for tube in tubes))

    def hand_over(
        self, box: field.SealBox, leg: str = "to_courier", minutes: float = 20, **who: Any
    ) -> field.HandOverBox:
        return field.HandOverBox(*self._base(minutes), box.id, leg, **who)

    def hand_over_by_code(
        self, code: str, leg: str = "to_courier", minutes: float = 20, **who: Any
    ) -> field.HandOverBox:
        return field.HandOverBox(*self._base(minutes), None, leg, **who, box_code=code)

    def receive(
        self,
        tube: int | str,
        condition: str = "good",
        minutes: float = 25,
        *,
        lab: str = "LAB1",
        box: UUID | None = None,
        box_code: str = "",
    ) -> field.ReceiveTube:
        return field.ReceiveTube(*self._base(minutes), self.code(tube), condition, lab, box, box_code)

    def say(self, *operations: field.Operation, heard: float | None = None) -> dict[UUID, field.Verdict]:
        """Hand over the operations, kind by kind, heard at that many minutes after six; verdicts by id."""
        at = self.heard if heard is None else later(heard)
        source = field.Source(self.holder, self.point, self.phone_id, at)
        verdicts: dict[UUID, field.Verdict] = {}
        for kind, verb in VERBS:
            own = [op for op in operations if isinstance(op, kind)]
            if own:
                verdicts.update({v.id: v for v in verb(own, source, by=self.holder, at=at)})
        return verdicts

    def tell(self, *operations: field.Operation, heard: float | None = None) -> list[tuple[str, ...]]:
        """The doubts of each operation, in order."""
        verdicts = self.say(*operations, heard=heard)
        return [verdicts[op.id].doubts for op in operations]


def moved(operation: Any, minutes: float) -> Any:
    """The same operation at another time of the device."""
    return replace(operation, device_at=later(minutes), happened_at=later(minutes))


def pcr_round(programme: Programme, lines: Sequence[tuple[Person, str, Point | None]], day: date = DAY) -> Round:
    """A round of the day with these lines (person, standing, point); planning one has tests of its own."""
    shift = day - DAY
    made = Round.objects.create(
        programme=programme,
        test="pcr",
        day=day,
        opens_at=later(-60) + shift,
        closes_at=later(240) + shift,
        frozen_at=later(-600) + shift,
        population=len(lines),
    )
    Due.objects.bulk_create(
        Due(
            round=made,
            person=person,
            standing=standing,
            on_post=True,
            enterprise=person.employer,
            grid=person.employer.grid,
            point=point,
        )
        for person, standing, point in lines
    )
    return made


def open_kinds() -> list[str]:
    """Kinds of doubt that hold and that nobody has settled, sorted, with repeats."""
    found = Anomaly.objects.open().holding()
    return sorted(found.values_list("kind", flat=True))


def the_tube(code: str) -> Tube:
    return Tube.objects.get(code=code)


__all__ = ["DAY", "EVENING", "FieldPhone", "moved", "open_kinds", "pcr_round", "the_tube"]


def at_work(w: Any) -> Any:
    """The park in its evening: a round of everybody, the own people here and the others nearby, and a phone at work."""
    due = [(p, "due", w.point) for p in w.workers] + [(p, "due", w.nearby) for p in w.lotus_workers]
    w.round = pcr_round(w.programme, due)
    w.phone = FieldPhone(w.scanner, w.point)
    w.phone.say(w.phone.open_session())
    return w
