"""The door, and some pages, in a park that has millions of scans of earlier days in it."""

import argparse
import sys
import time
from datetime import timedelta
from typing import Any

from django.db import connection
from django.test import Client
from django.utils import timezone

from parkkeeper.demo.bench.ingest_measure import Measured, lanes, rounded, spread
from parkkeeper.demo.bench.ingest_park import DAY, BenchPark, batches, drop_park, make_bench_park
from parkkeeper.demo.bench.reconcile_park import load
from parkkeeper.kernel import clock
from parkkeeper.park.models import Account, Person
from parkkeeper.park.tenancy.parks import in_park
from parkkeeper.sampling.models import Point, Round, Scan

A_DAY = 100_000
"""Scans of one earlier day: a round each."""
PAGES = ("/", "/starfield", "/rounds", "/missing", "/tubes", "/people", "/anomalies", "/points")
_REPEAT = 9

_EARLIER = """
INSERT INTO sampling_round (uuid, programme_id, test, day, opens_at, closes_at, frozen_at, population, rehearsal)
SELECT gen_random_uuid(), %(programme)s, 'pcr', %(day)s::date, %(at)s, %(at)s::timestamptz + interval '5 hours', %(at)s,
  0, false;
CREATE TEMPORARY TABLE earlier ON COMMIT DROP AS
SELECT n, n / 10 AS tube, (SELECT max(id) FROM sampling_round) AS round,
  (%(points)s::bigint[])[1 + (n / 500) %% array_length(%(points)s::bigint[], 1)] AS point,
  (%(people)s::bigint[])[1 + n %% array_length(%(people)s::bigint[], 1)] AS person,
  %(at)s::timestamptz + n * interval '100 milliseconds' AS at
FROM generate_series(0, %(scans)s - 1) AS n;
INSERT INTO sampling_tube (code, point_id, round_id, pool_size, opening, opened_at, sealing, sealed_at, swabs,
  first_heard_at)
SELECT 'E' || %(day)s || '-' || tube, min(point), min(round), 10, gen_random_uuid(), min(at), gen_random_uuid(),
  max(at), count(*), max(at) FROM earlier GROUP BY tube ORDER BY tube;
INSERT INTO sampling_scan (id, tube_id, person_id, round_id, point_id, how, claimed, scanned_at, device_at, received_at,
  phone_id, sequence, by_id)
SELECT gen_random_uuid(), t.id, e.person, e.round, e.point, 'code', '', e.at, e.at, e.at + interval '30 seconds', NULL,
  n, NULL FROM earlier e JOIN sampling_tube t ON t.code = 'E' || %(day)s || '-' || e.tube ORDER BY n
"""


def measure(chosen: argparse.Namespace, measured: Measured) -> list[dict[str, Any]]:
    """Rates and pages with nothing stored, then with each number of `chosen.stored`; each against the first."""
    sizes = [0, *sorted(chosen.stored)]
    needed = int(len(sizes) * chosen.rounds * chosen.scans * 1.2) + 60_000
    park = make_bench_park("growth", people=needed)
    found: list[dict[str, Any]] = []
    try:
        days = 0
        for size in sizes:
            days = _fill_to(park, size, days)
            measured.sent(1, lanes(batches(park, 2_000, 200)))  # the cache and the plans know the bigger tables
            turns = [measured.sent(chosen.scans, lanes(batches(park, chosen.scans, 200))) for _ in range(chosen.rounds)]
            found.append({"stored_before": size, **spread(turns), "pages_p50_ms": _pages(park)})
    finally:
        drop_park("growth")
    first = found[0]
    for one in found:
        one["rate_to_first"] = rounded(one["rows_a_second"] / first["rows_a_second"])
        one["cpu_to_first"] = rounded(one["cpu_ms_a_scan"] / first["cpu_ms_a_scan"])
        one["pages_to_first"] = {
            page: rounded(time / first["pages_p50_ms"][page]) for page, time in one["pages_p50_ms"].items()
        }
    return found


def _fill_to(park: BenchPark, size: int, days: int) -> int:
    """Store earlier days until `size` scans are there; returns how many days there are now."""
    with in_park(park.schema), timezone.override("Asia/Shanghai"):
        opened = Round.objects.get(day=DAY)
        points = list(Point.objects.order_by("pk").values_list("pk", flat=True))
        people = list(Person.objects.filter(category="production").order_by("pk").values_list("pk", flat=True)[:A_DAY])
        facts = {"programme": opened.programme_id, "points": points, "people": people}
        while days * A_DAY < size:
            days += 1
            scans = min(A_DAY, size - (days - 1) * A_DAY)
            day, at = DAY - timedelta(days=days), opened.opens_at - timedelta(days=days)
            load(_EARLIER, {**facts, "day": day.isoformat(), "at": at, "scans": scans}, tidy=False)
            if days % 20 == 0:
                print(f"bench ingest: {days * A_DAY:,} scans stored", file=sys.stderr, flush=True)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE sampling_scan")
            cursor.execute("VACUUM ANALYZE sampling_tube")
            cursor.execute("VACUUM ANALYZE sampling_round")
            cursor.execute("CHECKPOINT")
        assert Scan.objects.count() >= size
    return days


def _pages(park: BenchPark) -> dict[str, float]:
    """Milliseconds of each page as the office opens it: the median of some."""
    client = Client(SERVER_NAME=park.host, raise_request_exception=False)
    with in_park(park.schema), timezone.override("Asia/Shanghai"):
        person = Person.objects.get(name="办公室")
        account, _ = Account.objects.get_or_create(person=person, defaults={"username": "office", "password": ""})
        client.force_login(account, backend="parkkeeper.park.backend.AccountBackend")
        found: dict[str, float] = {}
        for page in (*PAGES, f"/rounds/{Round.objects.get(day=DAY).pk}"):
            times = []
            for _turn in range(_REPEAT):
                with clock.at(clock.now()):
                    began = time.perf_counter()
                    status = client.get(page).status_code
                    times.append((time.perf_counter() - began) * 1000)
            assert status == 200, (page, status)
            found[page] = rounded(sorted(times)[len(times) // 2])
    return found
