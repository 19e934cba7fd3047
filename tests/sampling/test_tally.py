"""Tallies: kept by the worker for large rounds, read by pages of the whole park while they are fresh."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from parkkeeper.board.bulletin.figure import span_of
from parkkeeper.board.bulletin.sampled import sampling as bulletin_section
from parkkeeper.kernel import clock
from parkkeeper.park.management.commands.worker import go_round
from parkkeeper.park.scope import Scope
from parkkeeper.sampling import roundbook, tally
from parkkeeper.sampling.actions.antigen import report_antigen_list
from parkkeeper.sampling.actions.gaps import excuse, withdraw
from parkkeeper.sampling.actions.rounds import open_round
from parkkeeper.sampling.models import Programme, Round, Tally
from parkkeeper.sampling.mornings import count_morning
from parkkeeper.sampling.reconciliation import reconcile
from parkkeeper.sampling.states import State
from tests.sampling.facts import scan, tube
from tests.world import DAY, MORNING, later, world

pytestmark = pytest.mark.django_db
PAGES = (
    "/",
    "/starfield",
    "/rounds",
    "/rounds/%s",
    "/rounds/%s?by=enterprise",
    "/missing",
    "/missing/groups",
    "/bulletin",
)


@pytest.fixture
def w(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The small park, taken for a large one, with its round of the day open."""
    monkeypatch.setattr(tally, "LARGE", 0)
    w: Any = world()
    w.round = open_round(w.programme, DAY, by=w.office, at=MORNING)
    return w


def shown(w: Any, at: datetime, page: str = "/rounds/%s", person: Any = None) -> str:
    address = page % w.round.pk if "%s" in page else page
    with clock.at(at):
        answer = w.login(Client(), person or w.office).get(address)
    assert answer.status_code == 200
    return str(answer.content.decode())


def nowhere(*args: Any, **more: Any) -> str:
    return ""


def kept(w: Any, at: datetime, person: Any = None) -> tally.Kept | None:
    return tally.kept(w.round, at, scopes=None, reader=person or w.office)


def test_the_worker_keeps_a_tally_and_counts_anew_when_it_is_old(w: Any) -> None:
    with clock.at(later(1)):
        assert go_round(clean=False)
    assert Tally.objects.get().as_of == later(1)
    assert tally.keep_tallies(at=later(1) + tally.EVERY / 2) == 0
    assert tally.keep_tallies(at=later(1) + tally.EVERY) == 1
    assert Tally.objects.get().as_of == later(1) + tally.EVERY
    assert tally.keep_tallies(at=later(0)) == 1, "a clock that was set back"


def test_what_takes_long_is_counted_less_often_and_lasts_longer(w: Any) -> None:
    tally.keep_tallies(at=later(1))
    Tally.objects.update(seconds=10)
    assert tally.keep_tallies(at=later(1) + timedelta(seconds=79)) == 0
    assert kept(w, later(1) + timedelta(seconds=200))
    assert tally.keep_tallies(at=later(1) + timedelta(seconds=81)) == 1


def test_small_rounds_and_rounds_long_past_have_no_tally(w: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert tally.keep_tallies(at=w.round.closes_at + tally.SETTLED_AFTER) == 0
    monkeypatch.setattr(tally, "LARGE", w.round.population)
    assert tally.keep_tallies(at=later(1)) == 0
    monkeypatch.setattr(tally, "LARGE", w.round.population - 1)
    assert tally.keep_tallies(at=later(1)) == 1


def test_a_stale_tally_one_of_the_future_and_none_are_not_used(w: Any) -> None:
    assert kept(w, later(1)) is None
    tally.keep_tallies(at=later(1))
    Tally.objects.update(seconds=0)
    assert kept(w, later(1)) and kept(w, later(1) + tally.FRESH)
    assert kept(w, later(1) + tally.FRESH + timedelta(seconds=1)) is None
    assert kept(w, later(0)) is None


def test_pages_say_the_moment_of_the_tally_and_count_themselves_when_it_is_stale(w: Any) -> None:
    tally.keep_tallies(at=later(1))
    Tally.objects.update(seconds=0)
    tube(w.round, "T1")
    scan(w.round, w.workers[0], "T1", at=later(1) + timedelta(seconds=5))
    (now,) = reconcile(w.round, later(2))
    assert now.sampled == 1
    soon = shown(w, later(1) + timedelta(seconds=20))
    assert "18:01:00" in soon and f">0/{now.due}<" in soon
    then = shown(w, later(3))
    assert "18:03:00" in then and f">1/{now.due}<" in then
    past = shown(w, later(1) + timedelta(seconds=20), "/rounds/%s?at=2022-05-10T18:00")
    assert "18:00:00" in past


def test_todays_bulletin_says_the_moment_of_the_tally_and_a_past_one_counts_itself(w: Any) -> None:
    tally.keep_tallies(at=later(1))
    Tally.objects.update(seconds=0)
    tube(w.round, "T1")
    scan(w.round, w.workers[0], "T1", at=later(1) + timedelta(seconds=5))
    (now,) = reconcile(w.round, later(2))
    for seconds, moment, sampled in ((20, "2022-05-10 18:01:00", 0), (60, "2022-05-10 18:02:00", 1)):
        at = later(1) + timedelta(seconds=seconds)
        text = shown(w, at, f"/bulletin?day={DAY}")
        assert f">{sampled}/{now.due}<" in text and moment in text
        figures = {one.key: one for one in bulletin_section(span_of(DAY, at), nowhere, w.office).figures}
        assert str(timezone.localtime(figures["sampled"].as_of))[:19] == moment
        assert figures["sampled"].value == sampled
    ended = span_of(DAY, later(24 * 60))
    section = bulletin_section(ended, nowhere, w.office)
    assert section.note == "" and {one.as_of for one in section.figures} == {ended.at}


@pytest.mark.parametrize("page", PAGES)
def test_every_page_shows_the_same_from_the_tally_and_asks_the_list_less(w: Any, page: str, counting: Any) -> None:
    live = counting(lambda: shown(w, later(1), page))
    tally.keep_tallies(at=later(1))
    with_tally = counting(lambda: shown(w, later(1), page))
    assert with_tally[0] == live[0], "at the same moment the same page"
    assert with_tally[1] < live[1]


@pytest.fixture
def counting(django_assert_max_num_queries: Any) -> Any:
    def run(act: Any) -> tuple[str, int]:
        act()
        with django_assert_max_num_queries(200) as asked:
            text = act()
        return _plain(text), sum('"sampling_due"' in q["sql"] or "sampling_due l" in q["sql"] for q in asked)

    return run


def _plain(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if "csrf" not in line)


def test_who_sees_a_part_of_the_park_is_told_that_part(w: Any) -> None:
    tally.keep_tallies(at=later(1))
    Tally.objects.update(groups={by: [] for by in tally.BY})
    assert "/0</span>" in shown(w, later(1)), "the whole park comes from the tally"
    (own,) = reconcile(w.round, later(1), enterprise=w.rainbow.pk)
    assert f"<span>0/{own.due}</span>" in shown(w, later(1), person=w.mei)


def test_a_large_antigen_mornings_counts_are_kept_and_whoever_sends_a_list_sees_it_at_once(w: Any) -> None:
    round = antigen_round(w)
    report_antigen_list(w.rainbow, DAY, except_people={}, by=w.office, at=later(1))
    tally.keep_tallies(at=later(2))
    told = tally.kept_morning(round, later(2), scopes=None, reader=w.office)
    assert told == (later(2), count_morning(DAY, later(2), round, None))
    assert told[1][w.rainbow.pk][1] > 0 and told[1][w.lotus.pk][1] == 0
    assert "18:02:00" in shown(w, later(2) + timedelta(seconds=9), "/antigen?day=2022-05-10")
    after = later(2) + timedelta(seconds=9)
    report_antigen_list(w.lotus, DAY, except_people={}, by=w.office, at=after)
    assert tally.kept_morning(round, after, scopes=None, reader=w.office) is None
    assert tally.kept_morning(round, after, scopes=None, reader=w.leader)
    assert tally.kept_morning(round, after, scopes=[Scope(enterprise=w.lotus.pk)], reader=w.office) is None


def test_who_sees_a_part_of_a_morning_is_told_that_part(w: Any) -> None:
    round = antigen_round(w)
    report_antigen_list(w.rainbow, DAY, except_people={w.workers[0].pk: "positive"}, by=w.office, at=later(1))
    report_antigen_list(w.lotus, DAY, except_people={}, by=w.office, at=later(1))
    everybody = count_morning(DAY, later(2), round, None)
    for day_of in (round, None):
        whole = count_morning(DAY, later(2), day_of, None)
        for enterprise in (w.rainbow, w.lotus):
            own = count_morning(DAY, later(2), day_of, [Scope(enterprise=enterprise.pk)])
            assert own == {enterprise.pk: whole[enterprise.pk]}
    assert everybody[w.rainbow.pk][3] == 1


def test_a_past_moment_is_worked_out_once_but_not_while_its_words_are_being_stored(w: Any) -> None:
    tube(w.round, "T1")
    scan(w.round, w.workers[0], "T1", at=later(1))
    then = tally.evening_then(w.round, later(2), later(3), by="grid", scopes=None)
    assert sum(row.sampled for row in then.evening[0]) == 1
    scan(w.round, w.workers[1], "T1", at=later(1))
    just = tally.evening_then(w.round, later(2), later(3), by="grid", scopes=None)
    assert sum(row.sampled for row in just.evening[0]) == 2, "a minute ago: asked again"
    settled = tally.evening_then(w.round, later(2), later(9), by="grid", scopes=None)
    with CaptureQueriesContext(connection) as asked:
        assert tally.evening_then(w.round, later(2), later(9), by="grid", scopes=None) == settled
    assert len(asked) == 0
    part = tally.evening_then(w.round, later(2), later(9), by="grid", scopes=[Scope(enterprise=w.lotus.pk)])
    assert sum(row.sampled for row in part.evening[0]) == 0


def antigen_round(w: Any) -> Round:
    morning: Any = Programme.objects.create(
        name="晨间抗原", test="antigen", every_days={"sealed": 1, "controlled": 1, "other": 1}, pool_size=1, opens=300,
        closes=1200, during=(DAY, None), source="测试",
    )  # fmt: skip
    return open_round(morning, DAY, by=w.office, at=MORNING)


def test_nobody_misses_what_they_just_did(w: Any) -> None:
    tally.keep_tallies(at=later(1))
    after = later(1) + timedelta(seconds=3)
    said = excuse(w.round, w.workers[0], reason="高烧", by=w.office, at=after)
    assert kept(w, after) is None
    assert kept(w, after, w.leader)
    tally.keep_tallies(at=later(2))
    told = kept(w, later(2))
    assert told and sum(row.counts.get(State.EXCUSED, 0) for row in told.evening[0]) == 1
    withdraw(said, by=w.office, at=later(2) + timedelta(seconds=3))
    assert kept(w, later(2) + timedelta(seconds=3)) is None


def test_the_rate_of_a_large_round_that_may_still_change_is_counted_once_a_minute_and_says_when(
    w: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = roundbook.rate_of(w.round, later(10), None)
    monkeypatch.setattr(roundbook, "LARGE", 0)
    kept = roundbook.rate_of(w.round, later(11), None)
    scan(w.round, w.workers[0], "T1", at=later(12))
    assert roundbook.rate_of(w.round, later(13), None) == kept and kept.as_of == later(11)
    assert roundbook.rate_of(w.round, later(10), None) == first, "a moment before is never told by a later one"
    monkeypatch.setattr(roundbook, "LARGE", 50_000)
    told = roundbook.rate_of(w.round, later(13), None)
    assert (told.as_of, told.sampled) == (later(13), kept.sampled + 1), "a small round is counted each time"
