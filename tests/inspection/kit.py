"""Inspectors at work in the small park, written short: `team.visit()` … `team.note(visit, "B3")` … `team.say(…)`.

w.ann leads the team of grid 1, w.ben and w.cai are members of it; w.office and w.leader are the park's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from parkkeeper.inspection import field
from parkkeeper.inspection.actions import findings, lookbacks, notices, setup, visits
from parkkeeper.inspection.checklistfiles import read_checklist
from parkkeeper.inspection.models import Finding, Notice, Visit
from parkkeeper.kernel.ids import new_id
from parkkeeper.park.models import Person
from parkkeeper.sampling.field import Operation, Source, Verdict
from tests.world import DAY, EVENING, later, world

VERBS: list[tuple[type[Operation], Callable[..., list[Verdict]]]] = [
    (field.BeginVisit, visits.begin_visits),
    (field.NoteFinding, findings.note_findings),
    (field.TakePhoto, findings.take_photos),
    (field.FixOnSpot, findings.fix_on_spot),
    (field.LookBack, lookbacks.take_look_backs),
    (field.EndVisit, visits.end_visits),
]
HERE = field.Place(121.605, 31.205, 8.0)


@dataclass
class Inspector:
    """A phone in an inspector's hand; minutes are counted from 18:00 of the day."""

    w: Any
    holder: Person
    sequence: int = 0

    def _base(self, minutes: float) -> tuple[UUID, int, datetime, datetime]:
        self.sequence += 1
        return new_id(), self.sequence, later(minutes), later(minutes)

    def visit(self, minutes: float = 0, **more: Any) -> field.BeginVisit:
        facts = {"enterprise": self.w.rainbow.credit_code, "checklist": self.w.checklist.pk, "visit_kind": "full",
                 "basis": "emergency", "second": None, "place": HERE, **more}  # fmt: skip
        return field.BeginVisit(*self._base(minutes), **facts)

    def note(self, visit: field.BeginVisit, item: str = "B3", minutes: float = 1, **more: Any) -> field.NoteFinding:
        return field.NoteFinding(*self._base(minutes), visit.id, item, **more)

    def photo(self, finding: Any, of: str = "found", minutes: float = 2, **more: Any) -> field.TakePhoto:
        return field.TakePhoto(*self._base(minutes), finding.id, of, **{"sha256": "a" * 64, "place": HERE, **more})

    def fix(self, finding: Any, minutes: float = 3) -> field.FixOnSpot:
        return field.FixOnSpot(*self._base(minutes), finding.id)

    def look(self, finding: Any, outcome: str = "fixed", minutes: float = 60) -> field.LookBack:
        return field.LookBack(*self._base(minutes), finding.id, outcome)

    def end(self, visit: Any, how: str = "finished", minutes: float = 20, **more: Any) -> field.EndVisit:
        signed = {"signed_by": "梅联络", "signature": "b" * 64} if how == "finished" and not more else {}
        return field.EndVisit(*self._base(minutes), visit.id, how, **{**signed, **more})

    def say(self, *operations: Operation, heard: float | None = None) -> dict[UUID, Verdict]:
        """Hand them over kind by kind, as the door does."""
        moment = later(heard) if heard is not None else max(op.happened_at for op in operations)
        source = Source(self.holder, self.w.point, 1, moment)
        told: dict[UUID, Verdict] = {}
        for kind, verb in VERBS:
            own = [op for op in operations if type(op) is kind]
            if own:
                told.update({v.id: v for v in verb(own, source, by=self.holder, at=moment)})
        return told


def inspected_world(*, authorised: bool = True) -> Any:
    """The small park with a checklist, a team of three in grid 1 and, perhaps, its authorisation."""
    w: Any = world()
    for name, title, role in (
        ("ann", "安组长", "team_leader"),
        ("ben", "本组员", "team_member"),
        ("cai", "蔡组员", "team_member"),
    ):
        person = w.person(title, w.body, state="away", category="office_staff")
        setattr(w, name, w.post(person, role, certified=True, grid=w.grids[0]))
    rows = read_checklist()
    start = date(2022, 4, 16)
    w.checklist = setup.put_checklist_in_force(
        "nine-grids", "九宫格检查表", rows, start=start, source="指引第一版", by=w.office, at=EVENING
    )
    if authorised:
        setup.file_authorisation(
            "emergency", "区疫情防控领导小组", "授权书第 1 号", start=start, may_stop_work=True, by=w.office, at=EVENING
        )
    w.team = Inspector(w, w.ann)
    return w


def found(w: Any, *items: str, minutes: float = 0, area: str = "一号楼", kind: str = "full") -> list[Finding]:
    """Findings of a finished visit of ann's and ben's, in that order."""
    visit = w.team.visit(minutes, second=w.ben.uuid, visit_kind=kind)
    noted = [w.team.note(visit, code, minutes + 1, area=area) for code in items or ("B3",)]
    w.team.say(visit, *noted, w.team.end(visit, minutes=minutes + 20))
    rows = Finding.objects.select_related("visit__enterprise", "visit__second", "item", "enterprise").in_bulk()
    return [rows[op.id] for op in noted]


def noticed(w: Any, *items: str, minutes: float = 0, serve: bool = True) -> Notice:
    """A served notice for such findings."""
    one = found(w, *items, minutes=minutes)[0]
    notice = notices.issue_notice(Visit.objects.get(pk=one.visit_id), by=w.ann, at=later(minutes + 25))
    if serve:
        notices.serve_notice(notice, "in_person", to="梅联络", by=w.ann, at=later(minutes + 30))
    notice.refresh_from_db()
    return notice


def again(row: Any) -> Any:
    """The row as it is stored now."""
    return type(row)._base_manager.get(pk=row.pk)


__all__ = ["DAY", "EVENING", "HERE", "Inspector", "again", "found", "inspected_world", "later", "noticed"]
