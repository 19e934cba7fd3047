"""How long reconciling a round takes in parks of 18,900, 189,000 and 1,890,000 people, against two anti-joins by hand.

The first anti-join reads the list and the scans only: who is due and was not scanned. The second reads what reconciling
reads, the list, scans, tubes, receptions and results: who is due and has no sample that counts. Neither tells states.
Only the product tells PostgreSQL's planner of the round: one pass is measured before the worker has, the others after.

Between 189,000 and 1,890,000 people all of them grow more than tenfold, the anti-joins by hand as well: from some
hundred thousand people on a hash table of them no longer fits into the processor's cache, so that each look into it
waits for the memory. More memory for PostgreSQL and smaller batches change nothing, sorting little. So `growth` tells
how many times the people, how many times the time, and how the time grew beside that of the anti-join over the same
tables.

The parks are made by set-based SQL on the morning after a round: nearly everybody scanned, most results there. The
statements take turns in every repetition, so that a noisy machine is equally noisy for all of them.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import pairwise
from statistics import median
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django_pgschemas.schema import deactivate

from parkkeeper.demo.bench.reconcile_park import as_the_worker, fill_park, play_evening
from parkkeeper.park.models import Person
from parkkeeper.park.tenancy.models import Park
from parkkeeper.park.tenancy.parks import in_park, make_park
from parkkeeper.sampling.actions.rounds import open_round
from parkkeeper.sampling.models import Programme, Round
from parkkeeper.sampling.reconciliation import reconcile
from parkkeeper.sampling.states import State

SIZES = (18_900, 189_000, 1_890_000)
DAY = date(2022, 5, 18)
OPENED = datetime(2022, 5, 18, 1, 0, tzinfo=UTC)
MORNING_AFTER = datetime(2022, 5, 19, 1, 0, tzinfo=UTC)
GROUPINGS = ("park", "grid", "enterprise", "point")
LARGE = 50_000

# Who is due and not scanned, as somebody would write it by hand, as of the same moment.
ANTI_JOIN = """
SELECT l.person_id FROM sampling_due l
WHERE l.round_id = %(round)s AND l.standing = 'due' AND NOT EXISTS (
  SELECT 1 FROM sampling_scan s WHERE s.round_id = l.round_id AND s.person_id = l.person_id
    AND s.received_at <= %(at)s AND (s.undone_received_at IS NULL OR s.undone_received_at > %(at)s))"""

# Who is due and has no sample that counts: in a tube of the round that did not arrive spoiled and whose results, if any
# stands, are negative.
ANTI_JOIN_SAME_TABLES = """
SELECT l.person_id FROM sampling_due l
WHERE l.round_id = %(round)s AND l.standing = 'due' AND NOT EXISTS (
  SELECT 1 FROM sampling_scan s JOIN sampling_tube t ON t.id = s.tube_id
  WHERE s.round_id = l.round_id AND s.person_id = l.person_id AND (t.round_id = %(round)s OR t.round_id IS NULL)
    AND s.received_at <= %(at)s AND (s.undone_received_at IS NULL OR s.undone_received_at > %(at)s)
    AND t.id NOT IN (SELECT r.tube_id FROM sampling_result r WHERE r.value <> 'negative' AND r.tube_id IS NOT NULL
      AND r.received_at <= %(at)s AND (r.struck_at IS NULL OR r.struck_at > %(at)s))
    AND t.id NOT IN (SELECT p.tube_id FROM sampling_reception p WHERE p.condition <> 'good' AND p.tube_id IS NOT NULL
      AND p.received_at <= %(at)s))"""
FLOORS = {"anti_join": ANTI_JOIN, "anti_join_same_tables": ANTI_JOIN_SAME_TABLES}
# The states of those who have no such sample; a positive one may have another tube besides.
WITHOUT = (State.NOT_SAMPLED, State.EXCUSED, State.ELSEWHERE, State.NOT_DONE, State.TUBE_SPOILED)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `./run bench reconcile`."""
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="people of each park")
    parser.add_argument("--repeat", type=int, default=9, help="repetitions of every statement (9)")


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """Make each park, measure, drop it. Times are milliseconds: median, min, max."""
    parks = [_measure_park(size, chosen.repeat) for size in sorted(chosen.sizes)]
    return {"bench": "reconcile", "parks": parks, "growth": _growth(parks), "repeat": chosen.repeat}


def _measure_park(size: int, repeat: int) -> dict[str, Any]:
    schema = f"bench{size}"
    _say(f"making a park of {size:,} people …")
    started = time.monotonic()
    _drop(schema)
    make_park(schema, name=f"测速园区 {size}", at=OPENED)
    try:
        with in_park(schema), timezone.override("Asia/Shanghai"):
            office = fill_park(size, OPENED)
            opening = time.perf_counter()
            round = open_round(Programme.objects.get(), DAY, by=office, at=OPENED)
            opened_in = time.perf_counter() - opening
            _say(f"made in {time.monotonic() - started:.0f} s; its round opened in {opened_in:.2f} s; measuring …")
            return {"people": size, "open_round_ms": _ms(opened_in), **_measure(round, office, repeat)}
    finally:
        _drop(schema)


def _measure(round: Round, office: Person, repeat: int) -> dict[str, Any]:
    play_evening(round, office, MORNING_AFTER)
    begun = time.perf_counter()
    reconcile(round, MORNING_AFTER)
    unknown = time.perf_counter() - begun
    as_the_worker(MORNING_AFTER)
    turns: dict[str, Callable[[], int]] = {
        name: lambda statement=statement: _anti_join(round, statement)  # type: ignore[misc]
        for name, statement in FLOORS.items()
    }
    for by in GROUPINGS:
        turns[by] = lambda by=by: len(reconcile(round, MORNING_AFTER, by=by))  # type: ignore[misc]
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    rows = {name: turn() for name, turn in turns.items()}  # once to warm up
    for _ in range(repeat):
        for name, turn in turns.items():
            begun = time.perf_counter()
            turn()
            seconds[name].append(time.perf_counter() - begun)
    _agree(round, rows)
    return {
        "rows": rows,
        "before_the_planner_was_told_ms": _ms(unknown),
        "times": {name: _spread(found) for name, found in seconds.items()},
        **{f"ratio_to_{floor}": _ratios(seconds, floor, median) for floor in FLOORS},
        **{f"ratio_of_best_to_{floor}": _ratios(seconds, floor, min) for floor in FLOORS},
    }


def _ratios(seconds: dict[str, list[float]], floor: str, of: Callable[[list[float]], float]) -> dict[str, float]:
    return {by: _round(of(seconds[by]) / of(seconds[floor])) for by in GROUPINGS}


def _agree(round: Round, rows: dict[str, int]) -> None:
    (whole,) = reconcile(round, MORNING_AFTER)
    without = sum(whole.counts.get(state, 0) for state in WITHOUT)
    positive = whole.counts.get(State.POSITIVE_UNRESOLVED, 0)
    if (
        whole.population != round.population
        or whole.due - whole.sampled != rows["anti_join"]
        or not without <= rows["anti_join_same_tables"] <= without + positive
    ):
        raise AssertionError("reconcile and the anti-joins do not agree on who is missing")


def _anti_join(round: Round, statement: str) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        if round.population > LARGE:  # the same memory as reconcile takes
            cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute(statement, {"round": round.pk, "at": MORNING_AFTER})
        return len(cursor.fetchall())


def _growth(parks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Between each two sizes: how many times the people, how many times the time, and that beside the anti-join's.

    Linear is equal, less is better; beside the anti-join 1 is as good as by hand.
    """
    found = []
    for small, large in pairwise(parks):
        times = {by: large["times"][by]["median"] / small["times"][by]["median"] for by in (*FLOORS, *GROUPINGS)}
        beside = {by: _round(times[by] / times["anti_join_same_tables"]) for by in GROUPINGS}
        found.append({
            "people": _round(large["people"] / small["people"]),
            "time": {by: _round(t) for by, t in times.items()},
            "time_beside_anti_join_same_tables": beside,
        })  # fmt: skip
    return found


def _drop(schema: str) -> None:
    deactivate()
    Park.objects.filter(schema_name=schema).delete()
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


def _spread(seconds: list[float]) -> dict[str, float]:
    return {"median": _ms(median(seconds)), "min": _ms(min(seconds)), "max": _ms(max(seconds))}


def _ms(seconds: float) -> float:
    return _round(seconds * 1000)


def _round(number: float) -> float:
    return float(f"{number:.3g}") if number < 100 else float(int(number + 0.5))


def _say(text: str) -> None:
    print(f"bench reconcile: {text}", file=sys.stderr, flush=True)
