"""The door and the pages in a park with millions of scans of earlier days, against one that began a week ago.

Both parks have the same evening, which their phones have sent, and the same week before it; then one of them gets
earlier evenings until so many scans are stored, with all that an evening leaves behind. The two take turns: batches of
200 at the door, then every page as the office opens it and what phones ask for, of which the best of some openings
counts. Aim: none of it is slower by a fifth.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable
from statistics import median
from typing import Any

from django.db import connection
from django.db.models import Count
from django.test import Client
from django.utils import timezone

from parkkeeper.demo.bench.growth_fill import Copy, bare, bytes_of, careless, copies, fill, finish, rows_of_tables, say
from parkkeeper.demo.bench.ingest_measure import Measured, lanes, measured_server, rounded, spread
from parkkeeper.demo.bench.ingest_park import DAY, NOW, POINTS, BenchPark, batches, drop_park, make_bench_park
from parkkeeper.demo.bench.pages import openable
from parkkeeper.demo.bench.reconcile_park import tell_the_planner
from parkkeeper.kernel import clock
from parkkeeper.park.models import Account, Person, Site
from parkkeeper.park.retention.kept import keep_outlooks
from parkkeeper.park.tenancy.parks import in_park
from parkkeeper.park.turns import take_turns
from parkkeeper.sampling.models import Laboratory, Round, Scan

AIM = 1.2
HARDLY_MS = 3.0
"""Less than that is within what one opening differs from the next."""
YOUNG, OLD = "young", "old"
WEEK = 8
"""Evenings that the young park has as well: pages that look back a week have a whole one to look at."""
A_BATCH = 200
LARGE = "50 take about an hour to fill on two cores, and 33 GB of disk (0.65 GB a million)"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `./run bench growth`."""
    parser.add_argument("--sizes", type=_list, default=[1, 10], help=f"millions of scans stored before (1,10); {LARGE}")
    parser.add_argument("--evening", type=int, default=60_000, help="scans of an evening (60,000)")
    parser.add_argument("--rounds", type=int, default=5, help="turns of each park at the door (5)")
    parser.add_argument("--scans", type=int, default=4_000, help="scans of a turn (4,000)")
    parser.add_argument("--repeat", type=int, default=9, help="times that every page is opened (9)")
    parser.add_argument("--workers", type=int, default=2, help="processes of the web server (2)")


def _list(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """Measure both parks with each number of stored scans: rates, milliseconds, the old park's against the young's."""
    found = []
    for size in sorted(chosen.sizes):
        try:
            found.append(_measure(chosen, round(size * 1_000_000)))
        finally:
            for schema in (YOUNG, OLD):
                drop_park(schema)
    clock.use_real_time()
    missed = {f"{one['stored_before']:,}": one["slower_by_a_fifth"] for one in found}
    return {"bench": "growth", "aim": AIM, "evening": chosen.evening, "missed": missed, "sizes": found}


def _measure(chosen: argparse.Namespace, size: int) -> dict[str, Any]:
    say(f"two parks whose phones send {chosen.evening:,} scans …")
    parks, how = _parks(chosen)
    began = time.monotonic()
    days = max(size // chosen.evening, WEEK)
    say(f"{days:,} evenings before it in one of them, {WEEK} in the other …")
    with careless():
        for schema, number in ((YOUNG, WEEK), (OLD, days)):
            with in_park(schema), bare(how[schema]):
                fill(
                    schema, how[schema], range(1, number + 1), lambda day: say(f"{day * chosen.evening:,} scans stored")
                )
                _finish(how[schema])
            _settle(schema)
    filled = time.monotonic() - began
    clock.set_offset_to(NOW)
    with measured_server(chosen.workers) as measured:
        door = _at_the_door(chosen, parks, measured)
        pages = _pages(parks, chosen.repeat)
    with in_park(OLD):
        stored = Scan.objects.count()
    ratios = {name: rounded(old / young) for name, (young, old) in pages.items()}
    slower = {
        name: ratios[name] for name, (young, old) in pages.items() if old > young * AIM and old - young > HARDLY_MS
    }
    if door["rate_to_young"] < 1 / AIM:
        slower["the door"] = rounded(1 / door["rate_to_young"])
    return {
        "stored_before": size, "stored": stored, "days": days, "fill_seconds": rounded(filled),
        "gigabytes": rounded(bytes_of(OLD) / 1e9), "slower_by_a_fifth": slower, "door": door,
        "pages": len(pages), "pages_best_ms": {name: [rounded(ms) for ms in both] for name, both in pages.items()},
        "pages_to_young": ratios,
    }  # fmt: skip


def _parks(chosen: argparse.Namespace) -> tuple[dict[str, BenchPark], dict[str, list[Copy]]]:
    # a desk with fewer people than a batch is left alone
    people = int((chosen.evening + chosen.rounds * chosen.scans + 4_000) * 1.1) + A_BATCH * POINTS
    clock.set_offset_to(NOW.replace(hour=22))
    with measured_server(chosen.workers) as measured:
        parks, how = {}, {}
        for schema in (YOUNG, OLD):
            parks[schema] = park = make_bench_park(schema, people=people)
            with in_park(schema):
                before = rows_of_tables()
            measured.sent(chosen.evening, lanes(batches(park, chosen.evening, A_BATCH)))
            with in_park(schema):
                how[schema] = copies(before)
    return parks, how


def _finish(how: list[Copy]) -> None:
    """What a laboratory told of the earlier evenings of the active park."""
    site = Site.objects.create(code="LAB", name="检测机构", kind="laboratory", longitude=121.6, latitude=31.2)
    laboratory = Laboratory.objects.create(code="LAB", name="检测机构", site=site)
    office = Person.objects.get(name="办公室")
    finish(how, {"day": DAY.isoformat(), "office": office.pk, "laboratory": laboratory.pk})


def _settle(schema: str) -> None:
    """Let the park be as an hour of the day leaves it. Raises AssertionError when its evenings differ."""
    with in_park(schema):
        evenings = Counter(Scan.objects.values("round").annotate(n=Count("pk")).values_list("n", flat=True))
        if len(evenings) != 1:  # a copy that stays in today's round would make today's pages slow
            raise AssertionError(f"the evenings do not have as many scans each: {evenings}")
        say(f"tidying {schema} …")
        tell_the_planner("VACUUM ANALYZE")


def _at_the_door(chosen: argparse.Namespace, parks: dict[str, BenchPark], measured: Measured) -> dict[str, Any]:
    turns: dict[str, list[dict[str, Any]]] = {schema: [] for schema in parks}
    for park in parks.values():
        measured.sent(1, lanes(batches(park, 2_000, A_BATCH)))  # to warm up
    for turn in range(chosen.rounds):
        for schema in (YOUNG, OLD) if turn % 2 else (OLD, YOUNG):
            turns[schema].append(measured.sent(chosen.scans, lanes(batches(parks[schema], chosen.scans, A_BATCH))))
    told = {schema: spread(found) for schema, found in turns.items()}
    both = list(zip(turns[OLD], turns[YOUNG], strict=True))
    return {
        "rate_to_young": rounded(median(old["rate"] / young["rate"] for old, young in both)),
        "cpu_to_young": rounded(told[OLD]["cpu_ms_a_scan"] / told[YOUNG]["cpu_ms_a_scan"]),
        **told,
    }  # fmt: skip


def _pages(parks: dict[str, BenchPark], repeat: int) -> dict[str, tuple[float, float]]:
    """Milliseconds (young, old) of each page: the best of some openings, the parks in turns."""
    at = clock.now()
    young, old = (_openings(parks[schema], at) for schema in (YOUNG, OLD))
    say(f"opening {len(young)} pages …")
    found = {}
    for name in [name for name in young if name in old]:
        for open_it in (young[name], old[name]):
            open_it()  # to warm up
        times = [(_milliseconds(young[name]), _milliseconds(old[name])) for _turn in range(repeat)]
        found[name] = (min(pair[0] for pair in times), min(pair[1] for pair in times))
    return found


def _openings(park: BenchPark, at: Any) -> dict[str, Callable[[], object]]:
    """By name: a page as the office opens it, a question as a phone asks it. Raises AssertionError for no answer."""
    client = Client(SERVER_NAME=park.host, raise_request_exception=False)
    with in_park(park.schema), timezone.override("Asia/Shanghai"):
        office = Person.objects.get(name="办公室")
        account, _ = Account.objects.get_or_create(person=office, defaults={"username": "office", "password": ""})
        client.force_login(account, backend="parkkeeper.park.backend.AccountBackend")
        take_turns(at)
        keep_outlooks(at=at)
        today = Round.objects.get(day=DAY)
        scan = Scan.objects.filter(round=today).order_by("received_at", "pk")[0]
        with connection.cursor() as cursor:
            cursor.execute("SELECT (pg_snapshot_xmin(pg_current_snapshot())::text::bigint - 50)::text || '-0'")
            (cursor_of_phones,) = cursor.fetchone()
        pages = dict(openable())
    pages |= {
        "person of today": f"/people/{scan.person_id}", "tube of today": f"/tubes/{scan.tube_id}",
        "round of today": f"/rounds/{today.pk}", "round of today by point": f"/rounds/{today.pk}?by=point",
    }  # fmt: skip
    token = {"Authorization": f"Bearer {park.desks[0].token}"}
    asks = {name: _opening(client, address, at, {}) for name, address in pages.items()}
    asks["phone: roster"] = _opening(client, "/phone/v1/roster", at, token)
    asks["phone: changes"] = _opening(client, f"/phone/v1/changes?cursor={cursor_of_phones}", at, token)
    return {name: ask for name, ask in asks.items() if ask() == 200}


def _opening(client: Client, address: str, at: Any, headers: dict[str, str]) -> Callable[[], int]:
    def opened() -> int:
        with clock.at(at):
            return client.get(address, headers=headers).status_code

    return opened


def _milliseconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000
