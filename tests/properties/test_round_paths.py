"""Whatever happened in an evening: what is read by a short way says the same as the plain way that reads every line."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from parkkeeper.park.scope import Scope
from parkkeeper.sampling.actions.rounds import open_round
from parkkeeper.sampling.gaplines import gap_lines
from parkkeeper.sampling.gaprows import GapRows
from parkkeeper.sampling.reconciliation import count_strays, progress, reconcile, reconcile_evening, strays
from parkkeeper.sampling.states import State
from tests.properties.test_round_classes import Undone, build, events, minutes, often, play, registers
from tests.sampling.facts import antigen
from tests.world import DAY, MORNING, later, world

pytestmark = pytest.mark.django_db
reader = st.integers(0, 5)
GROUPINGS = ("park", "grid", "enterprise", "point", "slot", "standing")


def readers(w: Any) -> list[list[Scope] | None]:
    """The whole park, nobody's, a liaison, a grid's team, somebody at a point, and one with two places."""
    liaison, team, point = Scope(enterprise=w.lotus.pk), Scope(grid=w.grids[0].pk), Scope(site=w.point.site_id)
    return [None, [], [liaison], [team], [point], [liaison, point]]


@often
@given(register=registers, happened=events, asked=minutes, reader=reader, by=st.sampled_from(GROUPINGS))
def test_counts_and_curve_read_in_one_pass_are_those_read_apart(
    register: dict[str, Any], happened: list[tuple[str, int, Any, Any]], asked: int, reader: int, by: str
) -> None:
    with pytest.raises(Undone), transaction.atomic():
        w: Any = world()
        round = build(w, register)
        play(w, round, happened)
        scopes, at = readers(w)[reader], later(asked)
        rows, curve = reconcile_evening(round, at, by=by, scopes=scopes)
        assert rows == reconcile(round, at, by=by, scopes=scopes)
        assert curve == progress(round, at, scopes=scopes)
        assert count_strays(round, at, scopes=scopes) == strays(round, at, scopes=scopes)[0]
        raise Undone


@often
@given(register=registers, happened=events, asked=minutes)
def test_counts_of_a_part_of_the_list_are_its_share_of_the_counts_of_all(
    register: dict[str, Any], happened: list[tuple[str, int, Any, Any]], asked: int
) -> None:
    """Read alone, an enterprise, a grid or a point tells what it tells among all others."""
    with pytest.raises(Undone), transaction.atomic():
        w: Any = world()
        round = build(w, register)
        play(w, round, happened)
        for by in ("enterprise", "grid", "point"):
            for row in reconcile(round, later(asked), by=by):
                if row.key is not None:
                    (alone,) = reconcile(round, later(asked), **{by: row.key})
                    assert replace(alone, key=row.key, label=row.label) == row
        mine = [row for row in reconcile(round, later(asked), by="enterprise") if row.key == w.lotus.pk]
        assert reconcile(round, later(asked), by="enterprise", scopes=[Scope(enterprise=w.lotus.pk)]) == mine
        raise Undone


@often
@given(
    register=registers, happened=events, asked=minutes, states=st.sets(st.sampled_from(State)), reader=reader,
    place=st.sampled_from(["", "grid", "point", "enterprise"]), first=st.integers(0, 14), size=st.integers(1, 6),
)  # fmt: skip
def test_a_page_of_lines_is_a_piece_of_the_whole_list(
    register: dict[str, Any], happened: list[tuple[str, int, Any, Any]], asked: int, states: set[State], reader: int,
    place: str, first: int, size: int,
) -> None:  # fmt: skip
    with pytest.raises(Undone), transaction.atomic():
        w: Any = world()
        round = build(w, register)
        play(w, round, happened)
        scopes, at = readers(w)[reader], later(asked)
        places = {"grid": w.grids[0].pk, "point": w.nearby.pk, "enterprise": w.rainbow.pk}
        places = {place: places[place]} if place else {}
        whole = gap_lines(round, at, states=states, scopes=scopes, limit=None, **places)
        rows = GapRows(round, at, states, scopes, first, size, places)
        assert rows.count() == whole.total == len(whole.lines)
        assert rows[rows.first : rows.first + size] == whole.lines[rows.first : rows.first + size]
        assert rows.first == (first if first < whole.total else 0)
        raise Undone


def test_a_morning_of_antigen_is_told_alike_in_one_pass() -> None:
    w: Any = world()
    round = open_round(w.antigen, DAY, by=w.office, at=MORNING)
    antigen(w.workers[0], "negative", at=later(3), day=DAY)
    antigen(w.workers[1], "positive", at=later(17), day=DAY)
    rows, curve = reconcile_evening(round, later(30), by="enterprise")
    assert rows == reconcile(round, later(30), by="enterprise")
    assert curve == progress(round, later(30)) and curve[-1][1] == 2
    assert [row.sampled for row in rows if row.key == w.rainbow.pk] == [2]
    (alone,) = reconcile(round, later(30), enterprise=w.rainbow.pk)
    assert (alone.sampled, alone.counts[State.POSITIVE_UNRESOLVED]) == (2, 1)
    assert count_strays(round, later(30)) == 0
