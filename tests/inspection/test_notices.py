"""Notices, their clocks, look-backs by somebody else, repeats, and the ladder up to a stop of work."""

from datetime import timedelta
from typing import Any

import pytest

from parkkeeper.inspection.actions import lookbacks, notices, stopwork
from parkkeeper.inspection.actions.deadlines import tell_deadlines
from parkkeeper.inspection.ladder import rung_of
from parkkeeper.inspection.models import Deadline, Finding, Notice, Photo, Step, StopWork, Visit
from parkkeeper.park.actions.calendar import enter_calendar_year
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import Enterprise, JournalEntry, Message, Rule, StoredFile
from tests.inspection.kit import Inspector, again, found, inspected_world, later, noticed
from tests.park.test_calendar import HOLIDAYS, MAKE_UP

pytestmark = pytest.mark.django_db
DAY_ON = 1440


@pytest.fixture
def w() -> Any:
    return inspected_world()


def issue(w: Any, finding: Finding, at: float = 30, **more: Any) -> Notice:
    return notices.issue_notice(Visit.objects.get(pk=finding.visit_id), by=w.ann, at=later(at), **more)


def look(w: Any, notice: Notice, outcome: str, at: float) -> None:
    for finding in Finding.objects.filter(lines__notice=notice):
        lookbacks.look_back(finding, outcome, by=w.cai, at=later(at))


# ---- the paper
def test_a_notice_has_a_number_two_inspectors_and_a_day_to_do_it(w: Any) -> None:
    notice = issue(w, found(w, "B3", "B4")[0])
    assert (notice.number, notice.wording) == ("园整改〔2022〕1号", "order")
    assert {notice.issued_by, notice.second} == {w.ann, w.ben}
    assert again(notice).due_at == later(30 + DAY_ON)
    assert list(notice.lines.order_by("pk").values_list("todo", flat=True)) == [
        "修复隔离，封堵缺口", "为蓝区设独立房间和盥洗路线",
    ]  # fmt: skip


def test_without_paper_it_is_advice_and_an_immediate_danger_has_an_hour(w: Any) -> None:
    visit = w.team.visit(0, basis="guidance", second=w.ben.uuid)
    note = w.team.note(visit, "C6")
    w.team.say(visit, note)
    notice = issue(w, Finding.objects.get())
    assert notice.wording == "advice" and again(notice).due_at == later(90)


def test_a_notice_needs_open_findings_and_two_people_from_outside(w: Any) -> None:
    one = found(w)[0]
    with pytest.raises(Refused, match="两名"):
        issue(w, one, second=w.ann)
    insider = w.post(w.person("内部人", w.rainbow), "team_member", grid=w.grids[0])
    with pytest.raises(Refused, match="受雇"):
        issue(w, one, second=insider)
    issue(w, one)
    with pytest.raises(Refused, match="没有还未开具"):
        issue(w, one)
    with pytest.raises(Forbidden):
        notices.issue_notice(one.visit, by=w.mei, at=later(30))


def test_a_notice_that_is_refused_leaves_no_gap_in_the_numbers(w: Any) -> None:
    with pytest.raises(Refused):
        issue(w, found(w)[0], second=w.ann)
    assert issue(w, found(w, minutes=40)[0], 80).serial == 1


def test_the_clock_begins_when_it_is_served_and_the_receipt_or_its_refusal_is_written_down(w: Any) -> None:
    notice = issue(w, found(w)[0])
    with pytest.raises(Refused, match="签收人"):
        notices.serve_notice(notice, "in_person", by=w.ann, at=later(90))
    notices.serve_notice(notice, "left", refusal="门卫拒收", place="东门", by=w.ann, at=later(90))
    assert again(notice).due_at == later(90 + DAY_ON)
    with pytest.raises(Refused, match="已于"):
        notices.serve_notice(notice, "left", refusal="x", by=w.ann, at=later(95))


# ---- the clock
def test_stops_and_extensions_move_the_due_time_and_another_person_grants_them(w: Any) -> None:
    notice = noticed(w)
    due = notice.due_at
    asked = notices.ask_extension(notice, 4, reason="等设备", by=w.mei, at=later(60))
    with pytest.raises(Refused, match="已有一份"):
        notices.ask_extension(notice, 4, reason="等设备", by=w.mei, at=later(60))
    with pytest.raises(Forbidden):
        notices.decide_extension(asked, granted=True, by=w.mei, at=later(61))
    notices.decide_extension(asked, granted=True, by=w.ann, at=later(61))
    assert again(notice).due_at == due + timedelta(hours=4)
    notices.stop_clock(notice, reason="封控", by=w.ann, at=later(120))
    assert again(notice).due_at is None
    notices.resume_clock(notice, by=w.ann, at=later(180))
    assert again(notice).due_at == due + timedelta(hours=5)
    for amount in (0, -1, 24 * 366 + 1, 1e300, float("nan")):
        with pytest.raises(Refused, match="最多一年"):
            notices.ask_extension(notice, amount, reason="再等", by=w.mei, at=later(190))
    refused = notices.ask_extension(notice, 4, reason="再等", by=w.mei, at=later(200))
    notices.decide_extension(refused, granted=False, by=w.office, at=later(201))
    assert again(notice).due_at == due + timedelta(hours=5)
    with pytest.raises(Refused, match="到期之前"):
        notices.ask_extension(notice, 4, reason="晚了", by=w.mei, at=later(3 * DAY_ON))


def test_a_rulebook_in_working_days_skips_the_holidays_and_refuses_an_unknown_year(w: Any) -> None:
    Rule.objects.filter(key="notice_term").update(value={"unit": "working_days", "amount": 3})
    with pytest.raises(Refused, match="工作日历"):
        issue(w, found(w)[0])
    enter_calendar_year(2022, HOLIDAYS, MAKE_UP, source="通知", by=w.office, at=later(0))
    notice = issue(w, found(w, minutes=60)[0], 90)  # Tuesday the 10th of May: Wednesday to Friday
    assert str(again(notice).due_at) == "2022-05-13 16:00:00+00:00"


# ---- looking again
def test_a_report_by_the_enterprise_closes_nothing_and_another_inspector_does(w: Any) -> None:
    notice = noticed(w)
    finding = Finding.objects.get()
    lookbacks.report_fixed(finding, note="已修", pictures=[(b"x", "a.png", "image/png")], by=w.mei, at=later(100))
    assert again(notice).closed_at is None
    assert Photo.objects.get().sha256 == StoredFile.objects.get().sha256
    for own in (w.ann, w.ben):
        with pytest.raises(Refused, match="自己的工作"):
            lookbacks.look_back(finding, "fixed", by=own, at=later(110))
    lookbacks.look_back(finding, "fixed", by=w.cai, at=later(120))
    assert again(notice).closed_at == later(120)


def test_a_phones_look_back_at_the_own_work_is_kept_and_does_not_count(w: Any) -> None:
    notice = noticed(w)
    finding = Finding.objects.get()
    op = w.team.look(finding)
    assert w.team.say(op)[op.id].doubts == ("look_back_of_own_work",)
    assert again(notice).closed_at is None and Step.objects.get().counts is False
    other = Inspector(w, w.cai)
    other.say(other.look(finding, "no_access", 61))
    assert again(notice).closed_at is None
    other.say(other.look(finding, "fixed", 62))
    assert again(notice).closed_at == later(62)


def test_a_late_word_of_a_failed_look_back_does_not_overrule_a_later_one(w: Any) -> None:
    notice, other = noticed(w), Inspector(w, w.cai)
    finding = Finding.objects.get()
    other.say(other.look(finding, "fixed", 200), heard=200)
    other.say(other.look(finding, "not_fixed", 100), heard=300)
    assert again(notice).closed_at == later(200)


def test_closing_unfixed_takes_two_people_and_a_reason(w: Any) -> None:
    notice = noticed(w)
    finding = Finding.objects.get()
    with pytest.raises(Refused, match="先由"):
        lookbacks.confirm_unfixed(finding, reason="已拆除", by=w.office, at=later(100))
    lookbacks.propose_unfixed(finding, reason="厂房拆除", by=w.ann, at=later(100))
    with pytest.raises(Refused, match="另一人"):
        lookbacks.confirm_unfixed(finding, reason="属实", by=w.ann, at=later(101))
    with pytest.raises(Refused, match="理由"):
        lookbacks.confirm_unfixed(finding, reason=" ", by=w.office, at=later(101))
    lookbacks.confirm_unfixed(finding, reason="属实", by=w.office, at=later(102))
    assert again(notice).closed_at == later(102)
    lookbacks.reopen_finding(finding, reason="又投入使用", by=w.ann, at=later(103))
    assert again(notice).closed_at is None
    with pytest.raises(Refused, match="先由"):  # the proposal was for what was known then
        lookbacks.confirm_unfixed(finding, reason="属实", by=w.office, at=later(104))


def test_a_hung_up_finding_stays_open_until_its_day(w: Any) -> None:
    notice = noticed(w)
    with pytest.raises(Refused, match="晚于今天"):
        lookbacks.hang_up(Finding.objects.get(), reason="等管道", until=later(0).date(), by=w.ann, at=later(50))
    with pytest.raises(Refused, match="晚于今天"):  # half past midnight in the park, the day before in London
        tomorrow = later(DAY_ON).date()
        lookbacks.hang_up(Finding.objects.get(), reason="等管道", until=tomorrow, by=w.ann, at=later(390))
    lookbacks.hang_up(Finding.objects.get(), reason="等管道", until=later(3 * DAY_ON).date(), by=w.ann, at=later(50))
    assert Finding.objects.open().exists() and again(notice).closed_at is None


# ---- the ladder
def test_the_same_problem_counts_only_when_the_earlier_look_back_passed_or_lapsed(w: Any) -> None:
    noticed(w)
    second = found(w, minutes=300)[0]
    assert rung_of(second).repeats == 0
    first = Finding.objects.order_by("noted_at")[0]
    lookbacks.look_back(first, "fixed", by=w.cai, at=later(280))
    assert rung_of(second).repeats == 1
    assert rung_of(found(w, minutes=400, area="二号楼")[0]).repeats == 0
    assert rung_of(found(w, "B4", minutes=500)[0]).repeats == 0
    assert rung_of(found(w, minutes=31 * DAY_ON)[0]).repeats == 0


def test_a_failed_look_back_leads_to_a_second_notice_and_that_to_a_proposal(w: Any) -> None:
    notice = noticed(w)
    finding = Finding.objects.get()
    assert rung_of(finding).next == "notice"
    with pytest.raises(Refused, match="没有不合格"):
        notices.issue_second_notice(notice, by=w.ann, at=later(100))
    look(w, notice, "not_fixed", 100)
    assert rung_of(finding).next == "second_notice"
    facts = {"extent": "site", "place": "全厂", "reason": "反复", "conditions": "修好并验收"}
    with pytest.raises(Refused, match="还没有到"):
        stopwork.propose_stop_work(notice, **facts, by=w.ann, at=later(110))
    second = notices.issue_second_notice(notice, by=w.ann, at=later(110))
    assert second.follows == notice and Notice.objects.open().get() == second
    with pytest.raises(Refused, match="第二次通知书代替"):
        notices.serve_notice(notice, "post", to="x", by=w.ann, at=later(111))
    assert rung_of(finding).next == "stop_work"
    for missing in ("place", "conditions", "reason"):
        with pytest.raises(Refused):
            stopwork.propose_stop_work(second, **{**facts, missing: ""}, by=w.ann, at=later(120))
    stop = stopwork.propose_stop_work(second, **facts, by=w.ann, at=later(120))
    _from_proposal_to_lift(w, stop)


def _from_proposal_to_lift(w: Any, stop: StopWork) -> None:
    with pytest.raises(Refused, match="作出后"):
        stopwork.serve_stop_work(stop, "left", to="梅", by=w.ann, at=later(121))
    stopwork.decide_stop_work(stop, approved=True, by=w.leader, at=later(130))
    assert Enterprise.objects.get(pk=w.rainbow.pk).stopped_at is None
    stopwork.serve_stop_work(stop, "left", to="梅联络", by=w.ann, at=later(140))
    assert again(stop).number == "园停工〔2022〕1号" and again(w.rainbow).stopped_at == later(140)
    stopwork.check_stop_work(stop, holds=True, by=w.ben, at=later(150))
    with pytest.raises(Refused, match="今天已经"):
        stopwork.check_stop_work(stop, holds=True, by=w.ben, at=later(151))
    with pytest.raises(Refused, match="验收"):
        stopwork.lift_stop_work(stop, by=w.leader, at=later(152))
    stopwork.apply_to_resume(stop, note="已修好", by=w.mei, at=later(160))
    stopwork.accept_resumption(stop, met=False, note="还差标识", by=w.ben, at=later(170))
    stopwork.apply_to_resume(stop, note="标识已补", by=w.mei, at=later(180))
    stopwork.accept_resumption(stop, met=True, by=w.ben, at=later(190))
    stopwork.lift_stop_work(stop, by=w.leader, at=later(200))
    assert again(w.rainbow).stopped_at is None
    told = JournalEntry.objects.filter(noun="stopwork").order_by("pk").values_list("verb", flat=True)
    assert [verb.removeprefix("stop_work.") for verb in told] == [
        "proposed", "decided", "served", "checked", "applied", "returned", "applied", "accepted", "lifted",
    ]  # fmt: skip


def test_an_emergency_stop_is_in_force_at_once_and_falls_without_a_review(w: Any) -> None:
    (danger,), facts = found(w, "C6"), {"extent": "site", "place": "全厂", "reason": "出口锁闭", "conditions": "打开"}
    stop = stopwork.impose_stop_work(danger, **facts, by=w.ann, at=later(30))
    assert again(w.rainbow).stopped_at == later(30)
    tell_deadlines(at=later(30 + DAY_ON))
    assert again(w.rainbow).stopped_at is None
    with pytest.raises(Refused, match="失效"):
        stopwork.decide_stop_work(stop, approved=True, by=w.leader, at=later(31 + DAY_ON))
    lesser = found(w, "B3", minutes=2 * DAY_ON)[0]
    with pytest.raises(Refused, match="紧急"):
        stopwork.impose_stop_work(lesser, **facts, by=w.ann, at=later(2 * DAY_ON + 30))


def test_without_a_paper_nobody_stops_work() -> None:
    w = inspected_world(authorised=False)
    (danger,) = found(w, "C6")
    with pytest.raises(Refused, match="授权"):
        stopwork.impose_stop_work(danger, extent="line", place="一线", reason="锁", conditions="开", by=w.ann,
                                  at=later(30))  # fmt: skip


# ---- deadlines
def told() -> list[tuple[str, float]]:
    rows = Deadline.objects.order_by("told_at", "pk")
    return [(row.kind, (row.told_at - row.due_at).total_seconds() / 60) for row in rows]


def test_each_deadline_is_told_once_and_says_how_late(w: Any) -> None:
    notice = noticed(w)  # served at 30
    assert tell_deadlines(at=later(30 + 19 * 60)) == 0
    assert tell_deadlines(at=later(30 + 20 * 60)) == 1 and tell_deadlines(at=later(30 + 20 * 60)) == 0
    assert tell_deadlines(at=later(30 + DAY_ON)) == 1
    assert tell_deadlines(at=later(30 + 2 * DAY_ON + 7)) == 1
    assert told() == [("soon", 0), ("overdue", 0), ("lapsed", 7)]
    assert again(notice).lapsed_at == later(30 + 2 * DAY_ON)
    lapsed = Message.objects.filter(kind="notice_lapsed").values_list("to", flat=True)
    assert set(lapsed) == {w.office.pk, w.ann.pk}
    overdue = Message.objects.filter(kind="notice_overdue").values_list("to", flat=True)
    assert set(overdue) == {w.mei.pk, w.ann.pk, w.ben.pk}


def test_a_worker_that_was_down_tells_afterwards_and_not_what_is_overtaken(w: Any) -> None:
    notice = noticed(w)
    look(w, notice, "not_fixed", 100)
    assert tell_deadlines(at=later(5 * DAY_ON)) == 1
    assert told() == [("overdue", 5 * DAY_ON - 30 - DAY_ON)]


def test_an_extended_notice_is_told_again_for_its_new_time_and_a_closed_one_never(w: Any) -> None:
    notice = noticed(w)
    tell_deadlines(at=later(30 + 21 * 60))
    asked = notices.ask_extension(notice, 48, reason="等", by=w.mei, at=later(30 + 22 * 60))
    notices.decide_extension(asked, granted=True, by=w.ann, at=later(30 + 22 * 60))
    assert tell_deadlines(at=later(30 + DAY_ON)) == 0
    assert tell_deadlines(at=later(30 + 70 * 60)) == 1
    look(w, notice, "fixed", 30 + 71 * 60)
    assert tell_deadlines(at=later(30 + 300 * 60)) == 0
