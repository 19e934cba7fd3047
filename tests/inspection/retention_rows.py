"""For each rule of docs/retention.toml about inspection a row that it must destroy, full of what must go."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.inspection import rows
from tests.world import EVENING


def _full_stop(w: Any) -> Any:
    return rows.stop_work(
        w, decided_at=EVENING, decided_by=w.leader, approved=True, decision_note="同意", served_at=EVENING,
        served_by=w.office, served_how="post", served_to="梅联络", receipt_refused="无", in_force_at=EVENING,
        applied_at=EVENING, applied_by=w.mei, applied_note="已修", accepted_at=EVENING, accepted_by=w.office,
        lifted_at=EVENING, lifted_by=w.leader, year=2022, serial=1,
    )  # fmt: skip


def _full_notice(w: Any) -> Any:
    return rows.notice(
        w, served_at=EVENING, served_by=w.office, served_how="in_person", served_to="梅联络", served_place="门卫",
        withdrawn_at=EVENING, withdrawn_by=w.office, withdrawn_reason="有误", receipt_refused="门卫拒收",
        talked_at=EVENING, talked_by=w.office, talked_with="梅联络", talk_minutes="已说明",
    )  # fmt: skip


def _full_visit(w: Any) -> Any:
    return rows.visit(
        w, second=w.leader, ended_at=EVENING, ended_how="finished", end_received_at=EVENING,
        answers={"A1": {"ok": True}}, signed_by="梅联络", signature="a" * 64, longitude=121.6,
        latitude=31.2, accuracy=5.0, phone_id=3,
    )  # fmt: skip


def _decided(w: Any) -> Any:
    found = rows.extension(w)
    found.decided_at, found.decided_by, found.granted, found.decision_note = EVENING, w.office, True, "可"
    found.save()
    return found


def _excluded(w: Any) -> Any:
    return rows.exclusion(w, decided_at=EVENING, decided_by=w.leader, granted=True, decision_note="属实")


def _full_case(w: Any) -> Any:
    return rows.case(
        w, answered_at=EVENING, answered_by=w.mei, agreed=True, answer_note="同意", published_at=EVENING,
        published_by=w.office, withdrawn_at=EVENING, withdrawn_by=w.office, withdrawn_reason="有误",
    )  # fmt: skip


def _settled(w: Any) -> Any:
    found = rows.complaint(w)
    found.settled_at, found.settled_by, found.settled_note = EVENING, w.office, "属实"
    found.save()
    return found


INSPECTION: dict[str, tuple[Callable[[Any], Any], datetime]] = {
    "inspection.Authorisation:duty": (rows.authorisation, EVENING),
    "inspection.Visit:duty": (_full_visit, EVENING),
    "inspection.Finding:duty": (lambda w: rows.finding(w, note="破损"), EVENING),
    "inspection.Step:duty": (lambda w: rows.step(w, note="已修"), EVENING),
    "inspection.Photo:duty": (rows.photo, EVENING),
    "inspection.Notice:duty": (_full_notice, EVENING),
    "inspection.Extension:duty": (_decided, EVENING),
    "inspection.Exclusion:duty": (_excluded, EVENING),
    "inspection.ClockStop:duty": (rows.clock_stop, EVENING),
    "inspection.StopWork:duty": (_full_stop, EVENING),
    "inspection.StopCheck:duty": (rows.stop_check, EVENING),
    "inspection.Cause:duty": (lambda w: rows.cause(w, note="缺人"), EVENING),
    "inspection.Debrief:duty": (
        lambda w: rows.debrief(
            w, attendance="梅联络", notes="记录", agenda={"counts": {}}, closed_at=EVENING, closed_by=w.office
        ),
        EVENING,
    ),
    "inspection.Decision:duty": (rows.decision, EVENING),
    "inspection.Measure:duty": (
        lambda w: rows.measure(w, done_at=EVENING, done_by=w.office, done_note="已补"),
        EVENING,
    ),
    "inspection.GoodPractice:duty": (_full_case, EVENING),
    "inspection.CasePhoto:duty": (rows.case_photo, EVENING),
    "inspection.CaseOffer:duty": (rows.case_offer, EVENING),
    "inspection.CaseReading:duty": (rows.case_reading, EVENING),
    "inspection.GridDay:duty": (
        lambda w: rows.grid_day(w, mismatches=1, signed_at=EVENING, signed_by=w.office, note="已核"),
        EVENING,
    ),
    "inspection.SelfCheck:duty": (rows.self_check, EVENING),
    "inspection.Complaint:duty": (_settled, EVENING),
}
