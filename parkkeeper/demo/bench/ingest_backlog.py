"""The backlog: the phones of the demo's 79 points were offline for four hours and reconnect in the same second.

Every desk has a phone, and as many people came to it as came to that desk on the demo's last evening, in the same
proportion. Each phone says hello and sends its session, who is on duty, its tubes and scans; beside that it asks what
happened meanwhile and for its list, as the app does.
"""

import time
from collections import Counter
from datetime import date
from statistics import median
from typing import Any

from django.db import connection

from parkkeeper.demo.bench.ingest_measure import Measured, rounded, spread
from parkkeeper.demo.bench.ingest_park import BenchPark, backlog, drop_park, make_bench_park
from parkkeeper.demo.invent import DEFAULT_SEED, invent
from parkkeeper.park.tenancy.middleware import UNKNOWN_FOR
from parkkeeper.park.tenancy.parks import in_park

LAST_EVENING = date(2022, 5, 19)
_COUNTED = """
SELECT (SELECT count(*) FROM sampling_scan), (SELECT count(DISTINCT person_id) FROM sampling_scan),
  (SELECT count(*) FROM sampling_tube WHERE sealed_at IS NOT NULL AND swabs IS NOT NULL AND opened_at IS NOT NULL),
  (SELECT count(*) FROM sampling_session WHERE opened_by_id IS NOT NULL), (SELECT count(*) FROM sampling_duty)
"""


def crowds_of_the_demo(scans: int) -> list[list[int]]:
    """How many come to each desk of each point, `scans` together, in the proportions of the demo's last evening."""
    came = Counter(
        (n, arrival.desk)
        for n, point in enumerate(invent(DEFAULT_SEED).evening(LAST_EVENING).points)
        for arrival in point.arrivals
    )
    whole = sum(came.values())
    shares = {place: number * scans // whole for place, number in came.items()}
    # what rounding down left over goes to those who lost most by it
    for place in sorted(came, key=lambda one: -(came[one] * scans % whole))[: scans - sum(shares.values())]:
        shares[place] += 1
    crowds: dict[int, list[int]] = {}
    for (point, _desk), number in sorted(shares.items()):
        if number:
            crowds.setdefault(point, []).append(number)
    return list(crowds.values())


def measure_backlog(scans: int, turns: int, measured: Measured) -> dict[str, Any]:
    """Let it come so many times, each time into a park of its own; raises AssertionError when something is missing."""
    crowds, found, counted = crowds_of_the_demo(scans), [], {}
    for _turn in range(turns):
        # everything is told hours after it happened: that is what is asked about, and doubted
        park = make_bench_park("backlog", crowds=crowds, rules={"late_scan_minutes": 60})
        try:
            lanes, tubes = backlog(park)
            time.sleep(UNKNOWN_FOR)  # the web server has just served another park alone
            found.append(measured.sent(scans, lanes))
            counted = _hold_against_the_tables(park, scans, tubes)
        finally:
            drop_park("backlog")
    seconds = [rounded(turn["seconds"]) for turn in found]
    return {
        "points": len(crowds), "phones": sum(map(len, crowds)), "most_of_a_phone": max(map(max, crowds)), **counted,
        "seconds": median(seconds), "seconds_each": seconds, **spread(found),
    }  # fmt: skip


def _hold_against_the_tables(park: BenchPark, scans: int, tubes: int) -> dict[str, int]:
    """All that was acknowledged is there, once."""
    with in_park(park.schema), connection.cursor() as cursor:
        cursor.execute(_COUNTED)
        names = ("scans", "people", "tubes", "sessions", "duties")
        stored: dict[str, int] = dict(zip(names, cursor.fetchone(), strict=True))
    duties = sum(len(desk.staff) for desk in park.desks)
    sent = {"scans": scans, "people": scans, "tubes": tubes, "sessions": len(park.desks), "duties": duties}
    if stored != sent:
        raise AssertionError(f"acknowledged were {sent}, stored are {stored}")
    return stored
