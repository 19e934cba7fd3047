"""The bulletin: every figure says what it counts, adds up, leads to its list; a past day tells for ever the same."""

import random
from datetime import timedelta
from typing import Any

import pypdfium2
import pytest
from django.core.cache import cache

from parkkeeper.board.bulletin.figure import Figure, span_of
from parkkeeper.board.bulletin.whole import bulletin, to_json
from parkkeeper.inspection.actions import exclusions, lookbacks, notices, stopwork
from parkkeeper.inspection.actions.deadlines import tell_deadlines
from parkkeeper.inspection.known import known_at
from parkkeeper.inspection.models import Extension, Finding, Notice, StopWork, Visit
from parkkeeper.kernel import clock
from parkkeeper.park.errors import Refused
from tests.inspection.kit import Inspector, found, inspected_world, later, noticed
from tests.pages.evening import NIGHT, full_evening
from tests.pages_unit.desk import Desk, sheet
from tests.world import DAY, world

pytestmark = pytest.mark.django_db
DAY_ON = 1440


def nowhere(*args: Any, **more: Any) -> str:
    return ""


def told(day: Any = DAY, at: Any = NIGHT) -> dict[str, Figure]:
    cache.clear()
    sections = bulletin(span_of(day, at), nowhere)
    return {figure.key: figure for section in sections for figure in section.figures}


def numbers(found: dict[str, Figure], *keys: str) -> list[tuple[int, int | None]]:
    return [(found[key].value, found[key].whole) for key in keys]


# ---- figures
def test_the_states_of_the_due_add_up_to_the_due_and_the_rest_to_the_list() -> None:
    w = world()
    full_evening(w)
    made = told()
    due = [one for one in made.values() if one.key.startswith("state_") and "应检人员" in one.definition]
    assert sum(one.value for one in due) == made["due"].value == 9
    assert made["due"].whole == w.round.population  # type: ignore[attr-defined]
    assert made["sampled"].value == 3 and made["positive_tubes"].value == 2


def test_every_figure_says_what_it_counts_among_whom_and_as_of_when() -> None:
    full_evening(world())
    for one in told().values():
        assert one.title and one.definition and one.population and one.as_of == NIGHT, one.key
        assert one.whole is None or one.value <= one.whole, one.key
        assert (
            not one.noun
            or one.key in ("visited", "closed_rate", "fixed_rate", "on_time_rate", "backlog")
            or (len(one.ids) == one.value)
        ), one.key


def test_the_life_of_a_notice_in_the_bulletins_of_its_days() -> None:
    w = inspected_world()
    notice = noticed(w, "B3", "B4")
    first, second, third = (told(DAY + timedelta(days=n), later(5 * DAY_ON)) for n in range(3))
    assert numbers(first, "issued", "served", "open", "overdue") == [(1, None), (1, None), (1, 1), (0, 1)]
    assert numbers(second, "issued", "due_today", "overdue") == [(0, None), (1, None), (1, 1)]
    for n, finding in enumerate(Finding.objects.filter(lines__notice=notice)):
        lookbacks.look_back(finding, "fixed", by=w.cai, at=later(2 * DAY_ON + n))
    third = told(DAY + timedelta(days=2), later(5 * DAY_ON))
    assert numbers(third, "closed", "open", "closed_rate", "on_time_rate") == [(1, None), (0, 1), (2, 2), (0, 2)]
    assert numbers(told(DAY + timedelta(days=1), later(5 * DAY_ON)), "closed", "overdue") == [(0, None), (1, 1)]


# ---- rates that cannot be played with
def rates(at: Any) -> list[tuple[int, int | None]]:
    return numbers(told(DAY + timedelta(days=4), at), "closed_rate", "fixed_rate", "on_time_rate", "backlog")


def test_splitting_findings_or_notices_changes_no_rate() -> None:
    w = inspected_world()
    noticed(w, "B3", "F2")
    for finding in Finding.objects.filter(item__code="B3"):
        lookbacks.look_back(finding, "fixed", by=w.cai, at=later(300))
    whole = rates(later(4 * DAY_ON))
    assert whole == [(1, 2), (1, 2), (1, 2), (1, 2)]
    for n in range(3):  # the same problem again in other areas, each on a notice of its own, put right at once
        noticed(w, "B3", minutes=400 + 60 * n)
        for finding in Finding.objects.filter(item__code="B3").open():
            lookbacks.look_back(finding, "fixed", by=w.cai, at=later(440 + 60 * n))
    assert rates(later(4 * DAY_ON)) == whole


def test_a_second_notice_or_a_withdrawal_gives_no_new_time() -> None:
    w = inspected_world()
    noticed(w)
    finding = Finding.objects.get()
    lookbacks.look_back(finding, "not_fixed", by=w.cai, at=later(DAY_ON + 60))
    notices.issue_second_notice(Notice.objects.get(), by=w.ann, at=later(DAY_ON + 70))
    lookbacks.look_back(finding, "fixed", by=w.cai, at=later(DAY_ON + 90))
    assert rates(later(4 * DAY_ON)) == [(1, 1), (1, 1), (0, 1), (0, 1)]


def test_closing_unfixed_is_closed_and_not_fixed_and_a_report_alone_is_nothing() -> None:
    w = inspected_world()
    noticed(w, "B3", "F2")
    one, other = Finding.objects.order_by("item__code")
    lookbacks.report_fixed(other, note="已修", by=w.mei, at=later(100))
    lookbacks.propose_unfixed(one, reason="拆除", by=w.ben, at=later(200))
    lookbacks.confirm_unfixed(one, reason="属实", by=w.ann, at=later(210))
    assert rates(later(4 * DAY_ON)) == [(1, 2), (0, 2), (0, 2), (1, 2)]
    lookbacks.look_back(other, "fixed", by=w.cai, at=later(2 * DAY_ON))  # seen late, but reported in time
    assert rates(later(4 * DAY_ON)) == [(2, 2), (1, 2), (1, 2), (0, 2)]


def test_leaving_out_takes_two_and_is_shown_and_one_alone_changes_nothing() -> None:
    w = inspected_world()
    noticed(w, "B3", "F2")
    before = rates(later(4 * DAY_ON))
    asked = exclusions.ask_exclusion(Finding.objects.get(item__code="F2"), reason="停电", by=w.ann, at=later(60))
    assert rates(later(4 * DAY_ON)) == before == [(0, 2), (0, 2), (0, 2), (2, 2)]
    exclusions.decide_exclusion(asked, granted=True, by=w.leader, at=later(DAY_ON * 2))
    assert rates(later(4 * DAY_ON))[0] == (0, 1)
    made = told(DAY + timedelta(days=3), later(4 * DAY_ON))
    assert made["excluded"].value == 1 and list(made["excluded"].ids) == [asked.finding_id]
    assert told(DAY, later(4 * DAY_ON))["excluded"].value == 0  # that day it had not been granted


# ---- the past
def do_something(w: Any, chance: random.Random, minute: float) -> None:
    """One thing of the next hours, if the rules let it happen."""
    at, open_ones = later(minute), list(Finding.objects.open().order_by("pk"))
    known, live = list(Finding.objects.order_by("pk")), list(Notice.objects.open().order_by("pk"))
    acts = [
        lambda: noticed(w, *chance.sample(["A1", "B3", "B4", "F2"], 2), minutes=minute, serve=chance.random() < 0.6),
        lambda: lookbacks.report_fixed(chance.choice(open_ones), note="已修", by=w.mei, at=at),
        lambda: lookbacks.look_back(chance.choice(open_ones), chance.choice(lookbacks.OUTCOMES), by=w.cai, at=at),
        lambda: lookbacks.reopen_finding(chance.choice(known), reason="又坏", by=w.ben, at=at),
        lambda: notices.serve_notice(chance.choice(live), "left", to="梅", by=w.ann, at=at),
        lambda: notices.withdraw_notice(chance.choice(live), reason="有误", by=w.ann, at=at),
        lambda: notices.stop_clock(chance.choice(live), reason="封控", by=w.ann, at=at),
        lambda: notices.resume_clock(chance.choice(live), by=w.ann, at=at),
        lambda: notices.ask_extension(chance.choice(live), 5, reason="等料", by=w.mei, at=at),
        lambda: notices.decide_extension(Extension.objects.get(decided_at=None), granted=True, by=w.ann, at=at),
        lambda: notices.issue_second_notice(chance.choice(live), by=w.ann, at=at),
        lambda: exclusions.ask_exclusion(chance.choice(open_ones), reason="停电", by=w.ben, at=at),
        lambda: tell_deadlines(at=at),
    ]  # fmt: skip
    try:
        chance.choice(acts)()
    except (Refused, IndexError, Extension.DoesNotExist, Extension.MultipleObjectsReturned):
        return


@pytest.mark.parametrize("turn", range(2))
def test_whatever_happens_later_a_past_moment_tells_the_same(turn: int) -> None:
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    w, chance, minute = inspected_world(), random.Random(seed), 0.0
    kept: list[tuple[Any, Any]] = []
    for n in range(45):
        minute += chance.uniform(40, 200)
        do_something(w, chance, minute)
        at = later(minute + 35)  # a notice is served half an hour after its visit began
        now, stored = known_at(at, later(-1)).notices, list(Notice.objects.order_by("issued_at", "pk"))
        standing = list(Notice.objects.open().order_by("issued_at", "pk"))
        assert now.open == [one.pk for one in standing], f"seed {seed}, step {n}"
        assert now.overdue == [one.pk for one in standing if one.due_at and one.due_at <= at], f"seed {seed}, step {n}"
        assert now.closed == [one.pk for one in stored if one.closed_at is not None], f"seed {seed}, step {n}"
        assert known_at(at, at).notices.closed == [], f"seed {seed}, step {n}"
        if n % 9 == 4:
            day = (at + timedelta(hours=8)).date()
            kept.append((at, to_json(bulletin(span_of(day, at), nowhere))))
    for at, before in kept:
        cache.clear()
        span = span_of((at + timedelta(hours=8)).date(), at)
        assert to_json(bulletin(span, nowhere)) == before, f"seed {seed}, at {at}"


def test_a_phone_that_tells_late_adds_to_the_day_on_which_it_was_heard() -> None:
    w = inspected_world()
    noticed(w)
    next_day = DAY + timedelta(days=1)
    before = [to_json(bulletin(span_of(day, later(3 * DAY_ON)), nowhere)) for day in (DAY, next_day)]
    team = Inspector(w, w.ben)
    visit = team.visit(60)
    team.say(visit, team.note(visit, "A1", 61), team.end(visit, minutes=70), heard=2 * DAY_ON)
    assert [to_json(bulletin(span_of(day, later(3 * DAY_ON)), nowhere)) for day in (DAY, next_day)] == before
    heard = told(DAY + timedelta(days=2), later(3 * DAY_ON))
    assert numbers(heard, "visits", "findings") == [(1, None), (1, None)]


def test_a_stop_of_work_stands_in_the_bulletins_of_its_days_only() -> None:
    w = inspected_world()
    [danger] = found(w, "C6")
    stop = stopwork.impose_stop_work(danger, extent="line", place="一号线", reason="锁闭", conditions="打开", by=w.ann,
                                     at=later(60))  # fmt: skip
    assert numbers(told(DAY, later(DAY_ON)), "stops", "stops_begun") == [(1, None), (1, None)]
    review = StopWork.objects.get(pk=stop.pk).review_due_at
    assert review is not None
    days = (review - later(0)).days + 2
    assert told(DAY + timedelta(days=days), later((days + 1) * DAY_ON))["stops"].value == 0  # nobody decided: it fell
    assert told(DAY, later((days + 1) * DAY_ON))["stops"].value == 1


# ---- pages
@pytest.fixture
def w(settings: Any, tmp_path: Any) -> Any:
    settings.FILES_DIR = tmp_path
    made: Any = world()
    full_evening(made)
    with clock.at(NIGHT):
        yield made


def test_page_paper_and_workbook_tell_the_same_figures(w: Any) -> None:
    desk = Desk(w.leader)
    page = desk.get("bulletin")
    assert page.status == 200 and "按期整改率" in page.text and "状态截至" in page.text
    pdf = pypdfium2.PdfDocument(desk.get("bulletin", form="pdf").content)
    text = "".join(one.get_textpage().get_text_range() for one in pdf)
    headings, rows = sheet(desk.get("bulletin", form="xlsx").content)
    assert headings[:4] == ["类别", "指标", "数值", "分母"] and headings[-1] == "截至"
    figures = told()
    assert [row[1] for row in rows] == [one.title for one in figures.values()]
    for row in rows:
        assert row[1] in page.text and row[1] in text, row
    assert [int(row[2]) for row in rows] == [one.value for one in figures.values()]


def test_every_number_leads_to_the_list_that_it_counted(w: Any) -> None:
    desk, figures = Desk(w.office), told()
    page = desk.get("bulletin").text
    for one in figures.values():
        if one.noun:
            listed = desk.get("bulletin_list", DAY.isoformat(), one.key)
            assert listed.status == 200 and f"/bulletin/{DAY}/{one.key}" in page, one.key
            _headings, rows = sheet(desk.get("bulletin_list", DAY.isoformat(), one.key, export="xlsx").content)
            assert len(rows) == len(one.ids), one.key
    assert desk.get("bulletin_list", DAY.isoformat(), "nothing").status == 404
    assert desk.get("bulletin_list", "2022-02-31", "visits").status == 404


def test_a_day_to_come_or_no_day_at_all_is_told_and_today_is_shown(w: Any) -> None:
    for text in ("2022-05-11", "yesterday", "0001-01-01"):
        assert Desk(w.office).get("bulletin", day=text).status == 200
    assert "没有“2022-05-11”这一天的日报" in Desk(w.office).get("bulletin", day="2022-05-11").text


def test_only_office_and_leaders_read_it(w: Any) -> None:
    for who, status in ((w.office, 200), (w.leader, 200), (w.bo, 403), (w.lab, 403), (w.ann, 403)):
        assert Desk(who).get("bulletin").status == Desk(who).get("brief").status == status


def test_the_leader_sees_five_numbers_and_what_is_not_as_it_should_be(w: Any) -> None:
    page = Desk(w.leader).get("brief").text
    assert page.count('class="stat ') == 5
    assert "待处理异常" in page and "超时未送到" not in page
    for words in ("采样率", "未采样", "阳性处置中", "逾期通知书", "停工中"):
        assert words in page


def test_problems_are_asked_of_the_notices_of_that_moment_only() -> None:
    w = inspected_world()
    noticed(w)
    noticed(w, "F2", minutes=DAY_ON)
    assert known_at(later(60), later(0)).problems.total == 1
    assert known_at(later(2 * DAY_ON), later(0)).problems.total == 2
    assert Visit.objects.count() == 2
