"""Whatever the register, the scans and the words of the laboratory: each line in one state, and all sums agree."""

from collections import Counter
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from parkkeeper.park.models import AreaLevel, Presence
from parkkeeper.sampling.actions.gaps import arrange_ahead, excuse, record_elsewhere, withdraw
from parkkeeper.sampling.actions.rounds import join_round, open_round
from parkkeeper.sampling.gaplines import gap_lines, states_of
from parkkeeper.sampling.models import Due, Round
from parkkeeper.sampling.reconciliation import coverage, reconcile
from parkkeeper.sampling.states import DUE_STATES, State
from tests.sampling.facts import lost, owes, received, scan, tube, word
from tests.world import DAY, EVENING, LONG_AGO, MORNING, later, world

pytestmark = pytest.mark.django_db
PEOPLE = 5
minutes = st.integers(0, 1800)
person = st.integers(0, PEOPLE - 1)
codes = st.sampled_from(["T1", "T2", "T3"])
registers = st.fixed_dictionaries(
    {
        "states": st.lists(st.sampled_from([*Presence.State.values, None]), min_size=PEOPLE, max_size=PEOPLE),
        "level": st.sampled_from([None, *AreaLevel.Level.values]),
        "every": st.integers(1, 4),
        "ahead": st.sets(person),
        "tested": st.dictionaries(person, st.integers(1, 5)),
    }
)
events = st.lists(
    st.one_of(
        st.tuples(st.just("scan"), minutes, person, codes),
        st.tuples(st.just("undone"), minutes, person, codes),
        st.tuples(st.just("nameless"), minutes, st.none(), codes),
        st.tuples(st.just("received"), minutes, st.sampled_from(["good", "leaked", "missing"]), codes),
        st.tuples(st.just("word"), minutes, st.sampled_from(["negative", "positive", "invalid"]), codes),
        st.tuples(st.just("lost"), minutes, st.none(), codes),
        st.tuples(st.just("excuse"), minutes, person, st.booleans()),
        st.tuples(st.just("elsewhere"), minutes, person, st.booleans()),
        st.tuples(st.just("owes"), minutes, person, codes),
        st.tuples(st.just("join"), minutes, st.none(), st.none()),
    ),
    max_size=14,
)
often = settings(
    max_examples=40, deadline=None, print_blob=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


class Undone(Exception):
    """Ends an example and takes back what it wrote."""


def build(w: Any, register: dict[str, Any]) -> Round:
    """Open a round over the register that hypothesis drew."""
    w.programme.every_days = {"sealed": 1, "controlled": 2, "other": register["every"]}
    w.programme.save()
    if register["level"]:
        AreaLevel.objects.create(grid=w.grids[0], level=register["level"], during=(LONG_AGO, None), source="公告")
    for one, state in zip(w.workers, register["states"], strict=False):
        mine = Presence.objects.filter(person=one)
        mine.update(state=state) if state else mine.delete()
    for index, days in register["tested"].items():
        when = EVENING - timedelta(days=days)
        tube(None, f"OLD{index}")
        scan(None, w.workers[index], f"OLD{index}", at=when)  # type: ignore[arg-type]
    for index in register["ahead"]:
        arrange_ahead(
            w.workers[index], kind="excused", test="pcr", first=DAY, reason="手术", by=w.office, at=MORNING
        )  # fmt: skip
    return open_round(w.programme, DAY, by=w.office, at=MORNING)


def play(w: Any, round: Round, happened: list[tuple[str, int, Any, Any]]) -> None:
    """Write the facts; what the database holds impossible (twice the same word) is left out."""
    serial, done = count(), set()
    for kind, minute, what, more in sorted(happened, key=lambda event: event[1]):
        at = later(minute)
        who = w.workers[what] if isinstance(what, int) else None
        if kind in ("scan", "nameless"):
            scan(round, who, more, at=at)
        elif kind == "undone":
            scan(round, who, more, at=at, undone=at + timedelta(minutes=7))
        elif kind == "join":
            join_round(round, w.person(f"来{next(serial)}", w.rainbow), by=w.office, at=at)
        elif (kind, what, more) in done or not _possible(round, kind, who):
            continue
        else:
            done |= {(kind, what, more), (kind, what, True), (kind, what, False)}
            _settle(w, round, kind, at, what, who, more)


def _possible(round: Round, kind: str, who: Any) -> bool:
    return who is None or Due.objects.filter(round=round, person=who).exists()


def _settle(w: Any, round: Round, kind: str, at: Any, what: Any, who: Any, more: Any) -> None:
    if kind in ("excuse", "elsewhere"):
        if kind == "excuse":
            said = excuse(round, who, reason="高烧", by=w.mei, at=at)
        else:
            said = record_elsewhere(round, who, place="医院", sampled_at=EVENING, by=w.mei, at=at)
        if more:
            withdraw(said, by=w.mei, at=at + timedelta(minutes=20))
        return
    there = tube(round, more)
    if kind == "received":
        received(more, w.laboratory, at=at, condition=what)
    elif kind == "word":
        word(more, what, at=at)
    elif kind == "lost":
        lost(more, by=w.office, at=at)
    elif kind == "owes":
        owes(who, tube=there, at=at)


@often
@given(register=registers)
def test_the_classes_of_a_round_sum_up_to_its_population_and_each_has_its_cause(register: dict[str, Any]) -> None:
    with pytest.raises(Undone), transaction.atomic():
        w: Any = world()
        round = build(w, register)
        lines = {line.person_id: line for line in round.dues.order_by("pk")}
        assert len(lines) == round.population == 8 + sum(state is not None for state in register["states"])
        for index, state in enumerate(register["states"]):
            line = lines.get(w.workers[index].pk)
            assert (line is None) == (state is None)
            if line is None or state is None:
                continue
            days = {"sealed": 1, "controlled": 2}.get(register["level"], register["every"])
            expected = state
            if state == "on_post":
                fresh = register["tested"].get(index, days) < days
                expected = "excused" if index in register["ahead"] else "not_yet" if fresh else "due"
            note(f"{index}: {state} -> {line.standing}")
            assert (line.standing, line.on_post) == (expected, state == "on_post")
        raise Undone


@often
@given(register=registers, happened=events, asked=st.lists(minutes, min_size=1, max_size=3))
def test_at_any_moment_every_line_is_in_one_state_and_every_grouping_agrees(
    register: dict[str, Any], happened: list[tuple[str, int, Any, Any]], asked: list[int]
) -> None:
    with pytest.raises(Undone), transaction.atomic():
        w: Any = world()
        round = build(w, register)
        early = reconcile(round, later(min(asked))) if not happened else None
        play(w, round, happened)
        assert early is None or early == reconcile(round, later(min(asked)))
        for minute in asked:
            at = later(minute)
            lines = gap_lines(round, at, states=list(State), limit=None).lines
            frozen = Counter(line.state for line in lines if not line.added)
            assert sum(frozen.values()) == round.population
            assert len({line.person_id for line in lines}) == len(lines)
            for by in ("park", "grid", "enterprise", "point", "slot", "standing"):
                rows = reconcile(round, at, by=by)
                told: Counter[State] = Counter()
                for row in rows:
                    told.update(row.counts)
                assert told == frozen, by
                assert sum(sum(row.added.values()) for row in rows) == sum(line.added for line in lines)
            found = coverage(round, at)
            assert found.due == sum(count for state, count in frozen.items() if state in DUE_STATES)
            assert found.sampled <= found.due <= found.on_post <= found.population == round.population
        raise Undone


@often
@given(register=registers, happened=events, asked=minutes)
def test_what_is_told_of_a_past_moment_does_not_depend_on_what_came_after(
    register: dict[str, Any], happened: list[tuple[str, int, Any, Any]], asked: int
) -> None:
    """Only events told by `asked` count: playing the later ones too changes nothing of that moment."""
    with pytest.raises(Undone), transaction.atomic():
        w: Any = world()
        round = build(w, register)
        before = [event for event in happened if event[1] <= asked]
        after = [event for event in happened if event[1] > asked]
        play(w, round, before)
        people = [one.pk for one in w.workers]
        then = states_of(round, people, later(asked))
        told_before = {(kind, what, more) for kind, _, what, more in before}
        clash = {(kind, what) for kind, what, _ in told_before}
        play(w, round, [event for event in after if (event[0], event[2]) not in clash])
        assert states_of(round, people, later(asked)) == then
        raise Undone


@often
@given(register=registers, happened=events, asked=minutes)
def test_no_positive_is_hidden_by_anything_else_while_it_is_open(
    register: dict[str, Any], happened: list[tuple[str, int, Any, Any]], asked: int
) -> None:
    with pytest.raises(Undone), transaction.atomic():
        w: Any = world()
        round = build(w, register)
        play(w, round, happened)
        scan(round, w.workers[0], "POSITIVE", at=EVENING)
        word("POSITIVE", "positive", at=later(asked))
        line = round.dues.filter(person=w.workers[0]).first()
        if line is not None and line.standing == "due":
            state = states_of(round, [w.workers[0].pk], later(asked))[w.workers[0].pk]
            assert state == State.POSITIVE_UNRESOLVED
        raise Undone
