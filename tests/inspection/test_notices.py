"""Notices, their clocks, look-backs by somebody else, and what becomes of time (the ladder: test_ladder.py)."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from parkkeeper.board.bulletin.figure import span_of
from parkkeeper.board.bulletin.whole import bulletin, to_json
from parkkeeper.inspection.actions import deadlines, lookbacks, notices
from parkkeeper.inspection.actions.deadlines import tell_deadlines
from parkkeeper.inspection.ladder import rung_of
from parkkeeper.inspection.models import Deadline, Finding, Notice, Photo, Step, Visit
from parkkeeper.inspection.repeats import repeats_of
from parkkeeper.kernel import clock
from parkkeeper.park.actions.calendar import enter_calendar_year
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import Certificate, JournalEntry, Message, Rule, StoredFile
from tests.inspection.kit import Inspector, again, found, inspected_world, later, noticed
from tests.pages_unit.desk import Desk
from tests.park.test_calendar import HOLIDAYS, MAKE_UP
from tests.world import DAY

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


def test_an_order_is_signed_by_two_with_valid_certificates_and_advice_by_anybody(w: Any) -> None:
    one = found(w)[0]
    held = Certificate.objects.filter(person=w.ben)
    held.update(during=(DAY - timedelta(days=90), DAY))
    with pytest.raises(Refused, match="^本组员 没有有效的检查人员上岗证"):
        issue(w, one)
    held.update(during=(DAY, None), revoked_at=later(10), revoked_by=w.office)
    with pytest.raises(Refused, match="本组员 没有"):
        issue(w, one)
    assert issue(w, one, second=w.cai).wording == "order"
    visit = w.team.visit(50, basis="guidance", second=w.ben.uuid)
    w.team.say(visit, w.team.note(visit, "B4", 51))
    assert issue(w, Finding.objects.get(item__code="B4"), 80).wording == "advice"


def test_a_second_notice_locks_the_findings_before_the_notice_as_every_step_does(w: Any) -> None:
    notice = noticed(w)
    look(w, notice, "not_fixed", 100)
    with CaptureQueriesContext(connection) as asked:
        notices.issue_second_notice(notice, by=w.ann, at=later(110))
    tables = [re.findall(r'FROM "(\w+)"', one["sql"])[0] for one in asked if "FOR UPDATE" in one["sql"]]
    assert tables.index("inspection_finding") < tables.index("inspection_notice")


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
    lookbacks.hang_up(Finding.objects.get(), reason="等管道", until=later(3 * DAY_ON).date(), by=w.cai, at=later(50))
    assert Finding.objects.open().exists() and again(notice).closed_at is None


def test_who_found_it_does_not_put_it_aside_and_so_does_not_save_it_from_lapsing(w: Any) -> None:
    notice, until = noticed(w), later(90 * DAY_ON).date()
    for finder in (w.ann, w.ben):
        with pytest.raises(Refused, match="以外的人"):
            lookbacks.hang_up(Finding.objects.get(), reason="等管道", until=until, by=finder, at=later(50))
    tell_deadlines(at=later(30 + 2 * DAY_ON))
    assert again(notice).lapsed_at is not None


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


def test_more_time_that_is_granted_while_the_worker_reads_is_no_overdue_nor_a_lapse(
    w: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    noticed(w)
    read = deadlines._due

    def overtaken(at: Any) -> Any:
        due = list(read(at))
        Notice.objects.update(due_at=at + timedelta(hours=30))
        return due

    monkeypatch.setattr(deadlines, "_due", overtaken)
    assert tell_deadlines(at=later(30 + 2 * DAY_ON)) == 0
    assert not Deadline.objects.exists() and Notice.objects.get().lapsed_at is None


def test_one_look_saves_its_own_finding_and_no_other(w: Any) -> None:
    notice = noticed(w, "B3", "B4", "C3")
    for code, act in (("B3", "not_fixed"), ("C3", "hang")):
        finding = Finding.objects.get(item__code=code)
        if act == "hang":
            until = later(9 * DAY_ON).date()
            lookbacks.hang_up(finding, reason="等管道", until=until, by=w.cai, at=later(90))
        else:
            lookbacks.look_back(finding, act, by=w.cai, at=later(100))
    tell_deadlines(at=later(30 + 2 * DAY_ON))
    assert again(notice).lapsed_at == later(30 + 2 * DAY_ON)
    assert [line.finding.item.code for line in notice.lines.filter(lapsed=True)] == ["B4"]
    repeated = found(w, "B4", "B3", minutes=3 * DAY_ON)
    assert [rung_of(one).repeats for one in repeated] == [1, 0]
    assert repeats_of([one.pk for one in repeated], 30) == {repeated[0].pk: 1}


def test_a_look_after_the_time_for_it_saves_nothing(w: Any) -> None:
    notice = noticed(w)
    look(w, notice, "not_fixed", 31 + 2 * DAY_ON)  # the worker was down
    tell_deadlines(at=later(40 + 2 * DAY_ON))
    assert again(notice).lapsed_at == later(30 + 2 * DAY_ON)


def test_a_look_in_time_that_is_heard_late_takes_the_lapse_back_and_what_was_told_stays_told(w: Any) -> None:
    notice, other = noticed(w, "B3", "B4"), Inspector(w, w.cai)
    tell_deadlines(at=later(30 + 2 * DAY_ON))
    span = span_of(DAY + timedelta(days=2), later(40 + 2 * DAY_ON))
    before = to_json(bulletin(span, lambda *_a, **_k: ""))
    first, second = Finding.objects.order_by("item__code")
    other.say(other.look(first, "not_fixed", DAY_ON), other.look(second, "fixed", 31 + 2 * DAY_ON), heard=3 * DAY_ON)
    assert again(notice).lapsed_at is not None  # the second was looked at too late
    assert [line.finding for line in notice.lines.filter(lapsed=True)] == [second]
    other.say(other.look(second, "not_fixed", DAY_ON + 5), heard=3 * DAY_ON + 1)
    assert again(notice).lapsed_at is None and not notice.lines.filter(lapsed=True).exists()
    assert JournalEntry.objects.get(verb="notice.lapse_taken_back").noun_id == str(notice.pk)
    heard = Message.objects.filter(kind="notice_lapse_taken_back")
    assert {one.to for one in heard} == {w.office, w.ann}  # who was told of the lapse, once it is gone as a whole
    assert {one.params["looked"] for one in heard} == {"05-11 18:05"}
    with clock.at(later(3 * DAY_ON + 2)):
        assert "其实已于 05-11 18:05 按时复查" in Desk(w.office).get("messages").text
    assert tell_deadlines(at=later(4 * DAY_ON)) == 0  # it is not told again
    cache.clear()
    assert to_json(bulletin(span, lambda *_a, **_k: "")) == before
    assert [figure["value"] for figure in before if figure["key"] == "lapsed"] == [1]
    after = to_json(bulletin(span_of(DAY + timedelta(days=3), later(4 * DAY_ON)), lambda *_a, **_k: ""))
    told_of = {figure["key"]: figure["value"] for figure in after if figure["key"] in ("lapsed", "lapses_back")}
    assert told_of == {"lapsed": 0, "lapses_back": 1}


def test_an_extended_notice_is_told_again_for_its_new_time_and_a_closed_one_never(w: Any) -> None:
    notice = noticed(w)
    tell_deadlines(at=later(30 + 21 * 60))
    asked = notices.ask_extension(notice, 48, reason="等", by=w.mei, at=later(30 + 22 * 60))
    notices.decide_extension(asked, granted=True, by=w.ann, at=later(30 + 22 * 60))
    assert tell_deadlines(at=later(30 + DAY_ON)) == 0
    assert tell_deadlines(at=later(30 + 70 * 60)) == 1
    look(w, notice, "fixed", 30 + 71 * 60)
    assert tell_deadlines(at=later(30 + 300 * 60)) == 0
