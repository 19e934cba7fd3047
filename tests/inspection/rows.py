"""One row of each kind of inspection in the small park, as little as its table takes."""

from datetime import timedelta
from typing import Any

from parkkeeper.inspection.models import (
    Authorisation,
    CaseOffer,
    CasePhoto,
    CaseReading,
    Cause,
    Checklist,
    ClockStop,
    Complaint,
    DayLine,
    Deadline,
    Debrief,
    Decision,
    Exclusion,
    Extension,
    Finding,
    GoodPractice,
    GridDay,
    Item,
    Measure,
    Notice,
    NoticeLine,
    Photo,
    SelfCheck,
    Step,
    StopCheck,
    StopWork,
    Visit,
)
from parkkeeper.kernel.ids import new_id
from tests.world import DAY, EVENING, later

HOUR_ON = later(60)


def checklist(w: Any, version: int = 1) -> Checklist:
    return Checklist.objects.create(
        code="nine-grids", version=version, name="九宫格检查表", during=(DAY, DAY + timedelta(days=9)), source="指引",
        entered_at=EVENING,
    )  # fmt: skip


def item(w: Any, code: str = "B3", **more: Any) -> Item:
    return Item.objects.create(
        **{"checklist": Checklist.objects.first() or checklist(w), "position": 1, "code": code, "aspect": "zoning",
           "text": "隔离完好", "evidence": ["P"], "severity": "!", "remedy": "修复隔离", **more}
    )  # fmt: skip


def authorisation(w: Any, basis: str = "emergency") -> Authorisation:
    return Authorisation.objects.create(
        basis=basis, body="区领导小组", document="授权书 1 号", may_stop_work=True, during=(DAY, None),
        entered_at=EVENING, entered_by=w.office,
    )  # fmt: skip


def visit(w: Any, **more: Any) -> Visit:
    return Visit.objects.create(
        **{"id": new_id(), "enterprise": w.rainbow, "checklist": item(w, f"X{Item.objects.count()}").checklist,
           "kind": "full", "basis": "guidance", "by": w.office, "began_at": EVENING, "received_at": EVENING, **more}
    )  # fmt: skip


def finding(w: Any, **more: Any) -> Finding:
    seen = more.pop("visit", None) or visit(w)
    return Finding.objects.create(
        **{"id": new_id(), "visit": seen, "enterprise": seen.enterprise, "item": seen.checklist.items.first(),
           "noted_at": EVENING, "received_at": EVENING, "by": w.office, **more}
    )  # fmt: skip


def step(w: Any, kind: str = "reported", **more: Any) -> Step:
    return Step.objects.create(
        **{"id": new_id(), "finding": finding(w), "kind": kind, "at": EVENING, "received_at": EVENING, "by": w.mei,
           **more}
    )  # fmt: skip


def photo(w: Any) -> Photo:
    return Photo.objects.create(
        id=new_id(), finding=finding(w), of="found", sha256="a" * 64, taken_at=EVENING, received_at=EVENING, by=w.office
    )


def notice(w: Any, serial: int = 1, **more: Any) -> Notice:
    return Notice.objects.create(
        **{"year": 2022, "serial": serial, "code": f"code{serial}", "enterprise": w.rainbow,
           "visit": more.pop("visit", None) or visit(w), "wording": "order", "unit": "hours", "amount": 24,
           "issued_at": EVENING, "issued_by": w.office, "second": w.leader, "due_at": later(1440), **more}
    )  # fmt: skip


def line(w: Any) -> NoticeLine:
    made = notice(w)
    return NoticeLine.objects.create(notice=made, finding=finding(w, visit=made.visit), todo="修复隔离")


def extension(w: Any) -> Extension:
    return Extension.objects.create(notice=notice(w), amount=4, reason="等材料", asked_at=EVENING, asked_by=w.mei)


def exclusion(w: Any, **more: Any) -> Exclusion:
    return Exclusion.objects.create(
        **{"finding": finding(w), "reason": "停电所致", "asked_at": EVENING, "asked_by": w.office, **more}
    )


def clock_stop(w: Any) -> ClockStop:
    return ClockStop.objects.create(notice=notice(w), during=(EVENING, HOUR_ON), reason="封控", by=w.office)


def stop_work(w: Any, **more: Any) -> StopWork:
    return StopWork.objects.create(
        **{"enterprise": w.rainbow, "authorisation": authorisation(w), "extent": "line", "place": "一号线",
           "reason": "反复不整改", "conditions": "隔离修复并验收", "proposed_at": EVENING, "proposed_by": w.office,
           "code": f"stop{StopWork.objects.count()}", **more}
    )  # fmt: skip


def stop_check(w: Any) -> StopCheck:
    return StopCheck.objects.create(stop_work=stop_work(w), day=DAY, at=EVENING, by=w.office, holds=True)


def deadline_of_notice(w: Any) -> Deadline:
    return Deadline.objects.create(kind="overdue", notice=notice(w), due_at=EVENING, told_at=EVENING)


def deadline_of_stop(w: Any) -> Deadline:
    return Deadline.objects.create(kind="review", stop_work=stop_work(w), due_at=EVENING, told_at=EVENING)


def cause(w: Any, **more: Any) -> Cause:
    return Cause.objects.create(**{"finding": finding(w), "kind": "rules", "at": EVENING, "by": w.office, **more})


def debrief(w: Any, **more: Any) -> Debrief:
    return Debrief.objects.create(**{"day": DAY, "held_at": EVENING, "held_by": w.office, **more})


def decision(w: Any) -> Decision:
    return Decision.objects.create(debrief=debrief(w), text="统一标识", at=EVENING, by=w.office)


def measure(w: Any, **more: Any) -> Measure:
    return Measure.objects.create(
        **{"debrief": debrief(w), "text": "补齐标识", "owner": w.office, "due_on": DAY, "at": EVENING, "by": w.office,
           **more}
    )  # fmt: skip


def case(w: Any, **more: Any) -> GoodPractice:
    seen = more.pop("finding", None) or finding(w)
    return GoodPractice.objects.create(
        **{"finding": seen, "enterprise": seen.enterprise, "title": "分区隔离", "text": "加装隔板",
           "drafted_at": EVENING, "drafted_by": w.office, **more}
    )  # fmt: skip


def case_photo(w: Any) -> CasePhoto:
    shown = photo(w)
    return CasePhoto.objects.create(
        case=case(w, finding=shown.finding), photo=shown, side="before", sha256="b" * 64, made_at=EVENING,
        made_by=w.office,
    )  # fmt: skip


def case_offer(w: Any) -> CaseOffer:
    made = case(w)
    return CaseOffer.objects.create(case=made, enterprise=w.lotus, finding=made.finding, at=EVENING, by=w.office)


def case_reading(w: Any) -> CaseReading:
    return CaseReading.objects.create(case=case(w), person=w.bo, enterprise=w.lotus, at=EVENING)


def grid_day(w: Any, **more: Any) -> GridDay:
    return GridDay.objects.create(**{"grid": w.grids[0], "day": DAY, "counted_at": EVENING, **more})


def day_line(w: Any) -> DayLine:
    return DayLine.objects.create(grid_day=grid_day(w), enterprise=w.rainbow, on_post=8, silent=0)


def complaint(w: Any) -> Complaint:
    return Complaint.objects.create(enterprise=w.rainbow, source="hotline", text="夜间开工", at=EVENING, by=w.office)


def self_check(w: Any, **more: Any) -> SelfCheck:
    facts = {"enterprise": w.rainbow, "checklist": checklist(w), "failed": ["B3"], "note": "标识破损", **more}
    return SelfCheck.objects.create(**facts, at=EVENING, by=w.mei)
