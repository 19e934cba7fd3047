"""How long reconciling a round takes in parks of 18,900, 189,000 and 1,890,000 people, against one plain anti-join.

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

from parkkeeper.demo.bench.reconcile_park import fill_park, play_evening
from parkkeeper.park.models import Person
from parkkeeper.park.tenancy.models import Park
from parkkeeper.park.tenancy.parks import in_park, make_park
from parkkeeper.sampling.actions.rounds import open_round
from parkkeeper.sampling.models import Programme, Round
from parkkeeper.sampling.reconciliation import reconcile

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
    turns: dict[str, Callable[[], int]] = {"anti_join": lambda: _anti_join(round)}
    for by in GROUPINGS:
        turns[by] = lambda by=by: len(reconcile(round, MORNING_AFTER, by=by))  # type: ignore[misc]
    seconds: dict[str, list[float]] = {name: [] for name in turns}
    rows = {name: turn() for name, turn in turns.items()}  # once to warm up
    for _ in range(repeat):
        for name, turn in turns.items():
            begun = time.perf_counter()
            turn()
            seconds[name].append(time.perf_counter() - begun)
    (whole,) = reconcile(round, MORNING_AFTER)
    if whole.population != round.population or whole.due - whole.sampled != rows["anti_join"]:
        raise AssertionError("reconcile and the anti-join do not agree on who is missing")
    base = median(seconds["anti_join"])
    return {
        "rows": rows,
        "times": {name: _spread(found) for name, found in seconds.items()},
        "ratio_to_anti_join": {by: _round(median(seconds[by]) / base) for by in GROUPINGS},
    }


def _anti_join(round: Round) -> int:
    with transaction.atomic(), connection.cursor() as cursor:
        if round.population > LARGE:  # the same memory as reconcile takes
            cursor.execute("SET LOCAL work_mem = '256MB'")
        cursor.execute(ANTI_JOIN, {"round": round.pk, "at": MORNING_AFTER})
        return len(cursor.fetchall())


def _growth(parks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Between each two sizes: how many times the people, how many times the time. Linear is equal, less is better."""
    found = []
    for small, large in pairwise(parks):
        times = {by: large["times"][by]["median"] / small["times"][by]["median"] for by in ("anti_join", *GROUPINGS)}
        found.append(
            {"people": _round(large["people"] / small["people"]), "time": {by: _round(t) for by, t in times.items()}}
        )
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
