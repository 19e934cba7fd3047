"""The cases of inspection for tests/harness/test_constraints.py: what each constraint allows and what it refuses.

`changes` are (name, row, good values, bad values …), `twins` are (name, row, good copy, bad copy).
"""

from datetime import timedelta
from typing import Any

from tests.inspection import rows
from tests.world import DAY, EVENING, later

_ENDED: dict[str, Any] = {"ended_at": EVENING, "ended_how": "finished", "end_received_at": EVENING}


def _visit_on_paper(w: Any) -> Any:
    return rows.visit(w, basis="emergency", authorisation=rows.authorisation(w))


def changes(these: Any, by_somebody: Any) -> list[tuple[Any, ...]]:
    return [
        ("item_says_what_and_remedy", rows.item, these(text="看"), (these(text=""), these(remedy=""))),
        ("item_limits_in_order", rows.item, these(least=14, most=14), (these(least=15), these(most=13.9))),
        ("authorisation_is_above_guidance", rows.authorisation, these(basis="authority"), (these(basis="guidance"),)),
        ("authorisation_has_paper", rows.authorisation, these(body="区"), (these(body=""), these(document=""))),
        ("visit_end_says_how", rows.visit, these(**_ENDED),
         (these(ended_at=None), these(ended_how=""), these(end_received_at=None))),
        ("visit_signed_or_refused", rows.visit, these(**_ENDED, signature="a" * 64),
         (these(refusal="不签"), these(ended_how="no_access"))),
        ("visit_advice_needs_no_paper", _visit_on_paper, these(basis="authority"), (these(basis="guidance"),)),
        ("step_hung_up_until_a_day", rows.step, these(kind="hung_up", note="等设备", until=DAY), (these(until=None),)),
        ("step_says_why", rows.step, these(kind="reopened", note="又坏了"), (these(note=""),)),
        ("photo_has_hash", rows.photo, these(sha256="b" * 64), (these(sha256=""), these(sha256="B" * 64))),
        ("notice_has_two_inspectors", rows.notice, lambda w: {"second": w.mei}, (lambda w: {"second": w.office},)),
        by_somebody("notice_served_by_somebody_somehow", rows.notice, "served_at", "served_by", served_how="post"),
        by_somebody("notice_withdrawn_by_somebody_with_reason", rows.notice, "withdrawn_at", "withdrawn_by",
                    withdrawn_reason="有误"),
        by_somebody("notice_talk_by_somebody_with_minutes", rows.notice, "talked_at", "talked_by", talked_with="梅联络",
                    talk_minutes="已说明"),
        ("extension_has_amount_and_reason", rows.extension, these(amount=1), (these(amount=0), these(reason=""))),
        ("extension_decided_by_somebody", rows.extension,
         lambda w: {"decided_at": EVENING, "decided_by": w.office, "granted": True},
         (these(decided_at=None), these(decided_by=None), these(granted=None))),
        ("extension_decided_by_another", rows.extension,
         lambda w: {"decided_at": EVENING, "decided_by": w.office, "granted": True},
         (lambda w: {"decided_by": w.mei},)),
        ("exclusion_has_reason", rows.exclusion, these(reason="停电"), (these(reason=""),)),
        ("exclusion_decided_by_somebody", rows.exclusion,
         lambda w: {"decided_at": EVENING, "decided_by": w.leader, "granted": True},
         (these(decided_at=None), these(decided_by=None), these(granted=None))),
        ("exclusion_decided_by_another", rows.exclusion,
         lambda w: {"decided_at": EVENING, "decided_by": w.leader, "granted": True},
         (lambda w: {"decided_by": w.office},)),
        ("clock_stop_has_reason", rows.clock_stop, these(reason="断路"), (these(reason=""),)),
        *_stops(these, by_somebody),
        *_evenings(these, by_somebody),
    ]  # fmt: skip


def _stops(these: Any, by_somebody: Any) -> list[tuple[Any, ...]]:
    decided = ("stop_work_decided_by_somebody", "decided_at", "decided_by")
    return [
        ("stop_work_has_scope_and_conditions", rows.stop_work, these(place="二号线"),
         (these(place=""), these(conditions=""), these(reason=""))),
        (decided[0], rows.stop_work, lambda w: {decided[1]: EVENING, decided[2]: w.leader, "approved": True},
         (these(decided_at=None), these(decided_by=None), these(approved=None))),
        ("stop_work_decided_by_another", rows.stop_work,
         lambda w: {decided[1]: EVENING, decided[2]: w.leader, "approved": False},
         (lambda w: {"decided_by": w.office},)),
        ("stop_work_emergency_is_reviewed", rows.stop_work, these(emergency=True, review_due_at=later(60)),
         (these(review_due_at=None), these(emergency=False))),
        ("stop_work_in_force_once_served", rows.stop_work,
         lambda w: {"decided_at": EVENING, "decided_by": w.leader, "approved": True, "served_at": EVENING,
                    "served_by": w.office, "served_how": "post", "in_force_at": EVENING},
         (these(approved=False), these(served_at=None, served_by=None, served_how=""))),
        by_somebody("stop_work_served_by_somebody_somehow", rows.stop_work, "served_at", "served_by",
                    served_how="left"),
        by_somebody("stop_work_applied_by_somebody", rows.stop_work, "applied_at", "applied_by"),
        ("stop_work_accepted_after_application", rows.stop_work,
         lambda w: {"applied_at": EVENING, "applied_by": w.mei, "accepted_at": EVENING, "accepted_by": w.office},
         (these(accepted_at=None), these(applied_at=None, applied_by=None))),
        ("stop_work_lifted_after_acceptance", rows.stop_work, _lifted,
         (these(lifted_at=None), these(accepted_at=None, accepted_by=None))),
        ("stop_work_lifted_by_another", rows.stop_work, _lifted, (lambda w: {"lifted_by": w.office},)),
        ("stop_check_breach_is_told", rows.stop_check, these(holds=False, note="开工"), (these(note=""),)),
        ("deadline_taken_back_is_a_lapse", rows.deadline_of_notice, these(kind="lapsed", taken_back_at=EVENING),
         (these(kind="overdue"),)),
        ("deadline_of_one_thing", rows.deadline_of_notice, these(kind="soon"),
         (these(notice=None), lambda w: {"stop_work": rows.stop_work(w)})),
    ]  # fmt: skip


def _evenings(these: Any, by_somebody: Any) -> list[tuple[Any, ...]]:
    yes = {"answered_at": EVENING, "agreed": True}
    return [
        ("cause_other_is_told", rows.cause, these(kind="other", note="停电"), (these(note=""),)),
        ("debrief_closed_by_somebody_with_agenda", rows.debrief,
         lambda w: {"closed_at": EVENING, "closed_by": w.office, "agenda": {}},
         (these(closed_at=None), these(closed_by=None), these(agenda=None))),
        ("decision_says_what", rows.decision, these(text="统一"), (these(text=""),)),
        ("measure_says_what", rows.measure, these(text="补"), (these(text=""),)),
        by_somebody("measure_done_by_somebody_somehow", rows.measure, "done_at", "done_by", done_note="已补"),
        ("case_says_what", rows.case, these(title="隔离"), (these(title=""), these(text=""))),
        ("case_answered_by_somebody", rows.case, lambda w: {**yes, "answered_by": w.mei},
         (these(answered_at=None), these(answered_by=None), these(agreed=None))),
        ("case_published_with_consent", rows.case,
         lambda w: {**yes, "answered_by": w.mei, "published_at": EVENING, "published_by": w.office},
         (these(published_at=None), these(published_by=None), these(agreed=False))),
        by_somebody("case_withdrawn_by_somebody_with_reason", rows.case, "withdrawn_at", "withdrawn_by",
                    withdrawn_reason="有误"),
        ("case_photo_has_hash", rows.case_photo, these(sha256="c" * 64), (these(sha256=""), these(sha256="x"))),
        ("grid_day_signed_by_somebody_who_explains", rows.grid_day,
         lambda w: {"mismatches": 2, "signed_at": EVENING, "signed_by": w.office, "note": "已核"},
         (these(signed_at=None), these(signed_by=None), these(note=""))),
        ("self_check_says_what_failed", rows.self_check, these(failed=[], note=""), (these(note="", failed=["B3"]),)),
        ("complaint_says_what", rows.complaint, these(text="异味"), (these(text=""),)),
        by_somebody("complaint_settled_by_somebody_somehow", rows.complaint, "settled_at", "settled_by",
                    settled_note="属实"),
    ]  # fmt: skip


def _lifted(w: Any) -> dict[str, Any]:
    return {"applied_at": EVENING, "applied_by": w.mei, "accepted_at": EVENING, "accepted_by": w.office,
            "lifted_at": EVENING, "lifted_by": w.leader}  # fmt: skip


def twins(these: Any) -> list[tuple[Any, ...]]:
    after, far = (DAY + timedelta(days=9), DAY + timedelta(days=10)), (DAY + timedelta(days=20), None)
    return [
        ("checklist_version_once", rows.checklist, these(version=2, during=after), these(during=far)),
        ("checklist_one_version_at_a_time", rows.checklist, these(version=2, during=after), these(version=3)),
        ("item_once_a_checklist", rows.item, these(code="B4"), these(position=2)),
        ("photo_once_a_finding", rows.photo, these(of="look_back"), these(taken_at=later(5))),
        ("notice_number_once", rows.notice, these(serial=2, code="other"), these(code="third")),
        ("notice_line_once", rows.line, lambda w: {"notice": rows.notice(w, 2)}, these(todo="别的")),
        ("extension_one_undecided", rows.extension,
         lambda w: {"decided_at": EVENING, "decided_by": w.office, "granted": False}, these(amount=9)),
        ("exclusion_one_that_may_hold", rows.exclusion,
         lambda w: {"decided_at": EVENING, "decided_by": w.leader, "granted": False}, these(reason="又一次")),
        ("clock_stop_one_at_a_time", rows.clock_stop, these(during=(rows.HOUR_ON, None)),
         these(during=(later(59), later(61)))),
        ("stop_work_number_once", lambda w: rows.stop_work(w, year=2022, serial=1), these(serial=2, code="other"),
         these(code="third")),
        ("stop_check_once_a_day", rows.stop_check, these(day=DAY + timedelta(days=1)), these(holds=True)),
        ("deadline_notice_once", rows.deadline_of_notice, these(kind="soon"), these(told_at=later(9))),
        ("deadline_stop_work_once", rows.deadline_of_stop, these(due_at=later(1)), these(told_at=later(9))),
        ("debrief_once_a_day", rows.debrief, these(day=DAY + timedelta(days=1)), these(notes="又")),
        ("case_one_a_finding", rows.case,
         lambda w: {"withdrawn_at": EVENING, "withdrawn_by": w.office, "withdrawn_reason": "有误"}, these(title="又")),
        ("case_photo_once", rows.case_photo, lambda w: {"photo": rows.photo(w)}, these(side="after")),
        ("case_offered_once", rows.case_offer, lambda w: {"enterprise": w.builders}, these(at=later(5))),
        ("case_read_once", rows.case_reading, lambda w: {"person": w.mei}, these(at=later(5))),
        ("grid_day_once", rows.grid_day, these(day=DAY + timedelta(days=1)), these(counted_at=later(5))),
        ("day_line_once", rows.day_line, lambda w: {"enterprise": w.lotus}, these(on_post=9)),
    ]  # fmt: skip
