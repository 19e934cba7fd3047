"""The phones' door under a rush: rows a second and processor time a scan, held against what PostgreSQL alone can do.

In every round all ways take turns, on the same machine and the same PostgreSQL (fsync and synchronous_commit on):

* floor: 200 rows a statement (`INSERT … SELECT FROM unnest … ON CONFLICT`) from two connections, into a table that has
  only a primary key; floor_own: the same into the table of scans with its indexes and foreign keys;
* batch_200, batch_500: phones at the real web server, with all checks, answered after the commit;
* doubts_200: the same, and three scans of a hundred are doubtful;
* one: one scan a request.

Then, unless left out: a backlog that comes at once (ingest_backlog.py), and many parks at once. What misses its aim
is named under `missed`. A PostgreSQL that does not wait for its disk is not measured.
"""

import argparse
import os
import random
import sys
from collections.abc import Callable
from statistics import median
from typing import Any

from django.db import connection

from parkkeeper.demo.bench.ingest_backlog import measure_backlog
from parkkeeper.demo.bench.ingest_client import send
from parkkeeper.demo.bench.ingest_floor import BARE, OWN, Floor
from parkkeeper.demo.bench.ingest_measure import AT_ONCE, Measured, lanes, measured_server, rounded, spread
from parkkeeper.demo.bench.ingest_park import (
    NOW,
    POINTS,
    BenchPark,
    batches,
    drop_park,
    make_bench_park,
    singles,
)
from parkkeeper.kernel import clock
from parkkeeper.park.tenancy.parks import in_park

AIMS = {
    "ratio_to_floor": 0.5,
    "cpu_ms_a_scan": 0.08,
    "one_cpu_ms": 3.0,
    "backlog_seconds": 10.0,
    "falls_less_than": 0.2,
}
BACKLOG = 15_681
MEETINGS = 6
"""Times that all parks send before many at once are measured: then nearly every connection has met every park. What the
first of these costs (tables looked up, statements planned, 15 ms a park and connection) is told as `first_contact`."""
DURABLE = ("fsync", "synchronous_commit", "full_page_writes")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `./run bench ingest`."""
    parser.add_argument("--rounds", type=int, default=5, help="rounds in which every way takes its turn (5)")
    parser.add_argument("--scans", type=int, default=8_000, help="scans of a turn (8,000)")
    parser.add_argument("--workers", type=int, default=2, help="processes of the web server (2)")
    parser.add_argument("--parks", type=int, nargs="*", default=[1, 10, 100], help="parks at once (1 10 100)")
    parser.add_argument("--backlog", type=int, default=BACKLOG, help=f"scans of the backlog, 0 for none ({BACKLOG:,})")
    parser.add_argument("--backlogs", type=int, default=3, help="times that the backlog comes (3)")


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """Make the parks, measure, drop them. Raises SystemExit on a PostgreSQL that acknowledges before it has stored."""
    machine = {"cores": os.cpu_count(), "load_before": rounded(os.getloadavg()[0]), "postgres": durable_settings()}
    clock.set_offset_to(NOW)
    with measured_server(chosen.workers) as measured:
        found: dict[str, Any] = {"bench": "ingest", "aims": AIMS, "machine": machine, **_rush(chosen, measured)}
        if chosen.backlog:
            _say(f"backlog: {chosen.backlog:,} scans, {chosen.backlogs} times …")
            found["backlog"] = measure_backlog(chosen.backlog, chosen.backlogs, measured)
        if chosen.parks:
            found |= _many_parks(chosen, measured)
    clock.use_real_time()
    return found | {"missed": missed(found)}


def missed(found: dict[str, Any]) -> dict[str, float]:
    """The aims that were not reached, with the worst figure of each."""
    ways = [found[name] for name in ("batch_200", "batch_500")]
    rates = [many["rate_to_first"] for many in found.get("parks", ())]
    reached = {
        "ratio_to_floor": min(way["ratio_to_floor"] for way in ways),
        "cpu_ms_a_scan": max(way["cpu_ms_a_scan"] for way in ways),
        "one_cpu_ms": found["one"]["cpu_ms_a_scan"],
        "backlog_seconds": max(found["backlog"]["seconds_each"]) if "backlog" in found else 0.0,
        "falls_less_than": rounded(1 - min(rates, default=1.0)),
    }
    return {
        name: figure
        for name, figure in reached.items()
        if (figure < AIMS[name] if name == "ratio_to_floor" else figure > AIMS[name])
    }


def _rush(chosen: argparse.Namespace, measured: Measured) -> dict[str, Any]:
    ones = max(chosen.scans // 8, 80) // 80 * 80
    needed = chosen.rounds * (3 * chosen.scans + ones * 2) + 20_000
    _say("making a park …")
    park = make_bench_park(
        "rush", people=int(needed * 1.2) + 600 * POINTS
    )  # a desk with less than a batch is left alone
    turns: dict[str, list[dict[str, Any]]] = {}
    try:
        with Floor("rush", chosen.scans * 4) as floor:
            measured.sent(1, lanes(batches(park, 4_000, 200)))  # to warm up
            for n in range(chosen.rounds):
                for name, turn in _ways(chosen, park, floor, measured, ones).items():
                    turns.setdefault(name, []).append(turn())
                _say(
                    f"round {n + 1}: "
                    + ", ".join(f"{name} {found[-1]['rate']:,.0f}/s" for name, found in turns.items())
                )
        _hold_against_the_table(park, turns)
    finally:
        drop_park("rush")
    return {"rounds": chosen.rounds, "workers": chosen.workers, **_told(turns)}


def _ways(
    chosen: argparse.Namespace, park: BenchPark, floor: Floor, measured: Measured, ones: int
) -> dict[str, Callable[[], dict[str, Any]]]:
    def batch(size: int, odd: bool = False) -> dict[str, Any]:
        scans = max(chosen.scans // size, AT_ONCE) * size
        return measured.sent(scans, lanes(batches(park, scans, size, odd=odd)))

    def one() -> dict[str, Any]:
        preparing, requests = singles(park, ones)
        send(measured.address, preparing)
        return measured.sent(sum(map(len, requests)), requests)

    return {
        "floor": lambda: measured.turn(floor.rows, lambda: floor.fill(BARE)),
        "batch_200": lambda: batch(200),
        "batch_500": lambda: batch(500),
        "doubts_200": lambda: batch(200, odd=True),
        "one": one,
        "floor_own": lambda: measured.turn(floor.own_rows, lambda: floor.fill(OWN)),
    }


def _hold_against_the_table(park: BenchPark, turns: dict[str, list[dict[str, Any]]]) -> None:
    """Every scan that was answered is there, once: the table has as many as were sent.

    Of the doubtful ones, two in a hundred are nobody or somebody who was counted before. Nothing else is doubted.
    """
    with in_park(park.schema), connection.cursor() as cursor:
        cursor.execute("SELECT count(*), count(DISTINCT person_id) FROM sampling_scan WHERE phone_id IS NOT NULL")
        stored, people = cursor.fetchone()
    sent = 4_000 + sum(t["scans"] for name, found in turns.items() if not name.startswith("floor") for t in found)
    new = sent - sum(turn["scans"] for turn in turns["doubts_200"]) * 2 // 100
    if (stored, people) != (sent, new):
        raise AssertionError(f"{sent} scans of {new} people were acknowledged, {stored} of {people} are stored")
    doubted = {name: sum(turn["doubted"] for turn in found) for name, found in turns.items()}
    if any(doubted[name] for name in ("batch_200", "batch_500", "one")) or not doubted["doubts_200"]:
        raise AssertionError(f"answers with doubts: {doubted}; only those of doubts_200 should have any")


def _told(turns: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for name, found in turns.items():
        told[name] = spread(found)
        told[name]["ratio_to_floor"] = rounded(
            median(turn["rate"] / floor["rate"] for turn, floor in zip(found, turns["floor"], strict=True))
        )
    return told


def _many_parks(chosen: argparse.Namespace, measured: Measured) -> dict[str, Any]:
    """The same number of scans into one park, ten parks, a hundred parks; the rate of each against that of one."""
    most = max(chosen.parks)
    _say(f"making {most} parks …")
    a_turn = max(chosen.scans // 200, most) * 200
    people = max(2_500, int(chosen.rounds * a_turn * 1.3 * sum(1 / n for n in chosen.parks)))
    parks = []
    try:
        for n in range(most):
            share = people if n == 0 else max(2_500, people // 8) if n < 10 else 2_500
            # as many points as let everybody come before midnight
            parks.append(make_bench_park(f"many{n}", people=share, points=max(8, share // 1_200)))
        met = [measured.sent(100 * most, _into(parks, 100)) for _time in range(MEETINGS)]
        turns: dict[int, list[dict[str, Any]]] = {number: [] for number in chosen.parks}
        for _round in range(chosen.rounds):
            for number in chosen.parks:
                each = a_turn // number // 100 * 100
                turns[number].append(measured.sent(each * number, _into(parks[:number], each)))
    finally:
        for n in range(most):
            drop_park(f"many{n}")
    base = turns[chosen.parks[0]]
    at_once = [
        {"parks": number, **spread(found), "rate_to_first": rounded(median(
            turn["rate"] / one["rate"] for turn, one in zip(found, base, strict=True)))}
        for number, found in turns.items()
    ]  # fmt: skip
    return {"parks": at_once, "first_contact": spread(met[:1])}


def _into(parks: list[BenchPark], each: int) -> list[list[bytes]]:
    """So many scans into each of these parks, at once and not one park after the other."""
    requests = [request for park in parks for request in batches(park, each, 100)]
    random.Random(len(parks)).shuffle(requests)
    return lanes(requests)


def durable_settings() -> dict[str, str]:
    """PostgreSQL's settings that decide what a commit costs. Raises SystemExit when one of them makes it free."""
    names = ["server_version", "shared_buffers", *DURABLE]
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s) ORDER BY name", [names])
        settings: dict[str, str] = dict(cursor.fetchall())
    off = [name for name in DURABLE if settings[name] != "on"]
    if off:
        raise SystemExit(
            f"bench ingest: {', '.join(off)} is not on in this PostgreSQL: what it acknowledges may not be stored, and "
            "the figures would mean nothing. Turn it on, or let ./run bench ingest start a server of its own."
        )
    return settings


def _say(text: str) -> None:
    print(f"bench ingest: {text}", file=sys.stderr, flush=True)
