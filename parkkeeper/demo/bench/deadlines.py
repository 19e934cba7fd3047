"""Ten thousand open notices: how quick pages stay, how late the worker tells, how long a thousand papers take.

Pages are opened as the office through the whole stack in one process; only sockets are left out. The worker's turns are
those of the product, with its pause between them counted in, on notices of which a tenth come due at one moment.
"""

import argparse
import sys
import time
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from django.db.models import F, Max
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from parkkeeper.board.bulletin.figure import span_of
from parkkeeper.board.bulletin.whole import bulletin
from parkkeeper.demo.bench.deadlines_park import fill_notices
from parkkeeper.demo.bench.pages import _counted, _drop
from parkkeeper.demo.bench.reconcile_park import fill_park
from parkkeeper.inspection.actions.deadlines import tell_deadlines
from parkkeeper.inspection.actions.debriefs import hold_debrief
from parkkeeper.inspection.models import Deadline, Notice
from parkkeeper.inspection.papers import print_paper
from parkkeeper.kernel import clock
from parkkeeper.park.models import Account, Person
from parkkeeper.park.tenancy.parks import in_park, make_park

SCHEMA, PEOPLE, NOTICES, PAPERS = "deadlines", 18_900, 10_000, 1000
NOW = datetime(2022, 5, 18, 10, 0, tzinfo=UTC)
PAUSE = 2.0  # seconds that the worker rests between two turns
AIM_MS = 150.0
PAGES = {
    "notices": "", "notices, overdue": "?state=overdue", "notices, page 100": "?page=100", "notices, searched": "?q=77",
    "findings": "", "findings, open": "?state=open", "visits": "", "grids": "", "work_list": "?grid=%(grid)s",
    "bulletin": "", "bulletin, yesterday": "?day=2022-05-17", "brief": "", "screen_data": "",
    "debrief": "", "findings, failed": "?state=failed",
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `./run bench deadlines`."""
    parser.add_argument("--notices", type=int, default=NOTICES, help="open notices (10,000)")
    parser.add_argument("--papers", type=int, default=PAPERS, help="notices printed in a batch (1,000)")
    parser.add_argument("--repeat", type=int, default=15, help="times that every page is opened (15)")


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """Make the park, measure, drop it. Milliseconds by page and turn, seconds of lag and of the batch of papers."""
    _drop(SCHEMA)
    _say(f"making a park with {chosen.notices:,} open notices …")
    make_park(SCHEMA, name="测速园区", hosts=[f"{SCHEMA}.localhost"], at=NOW)
    try:
        with in_park(SCHEMA), timezone.override("Asia/Shanghai"):
            office = fill_park(PEOPLE, NOW)
            grid = fill_notices(chosen.notices, office, NOW)
            result = {"open": Notice.objects.open().count(), "idle_turn_ms": _idle(), "worker": _worker()}
            result |= {"papers": _papers(chosen.papers), "past_bulletin_ms": _past()}
        result["pages"] = pages = _pages(office, grid, chosen.repeat)
        slow = {name: page["p95_ms"] for name, page in pages.items() if page["p95_ms"] > AIM_MS}
        return {"bench": "deadlines", "aim_p95_ms": AIM_MS, "slower_than_aim": slow, **result}
    finally:
        _drop(SCHEMA)


def _idle() -> dict[str, float]:
    """Turns when nothing is due: what the open notices cost every two seconds."""
    before = NOW - timedelta(days=2)
    tell_deadlines(at=before)
    return _spread([_milliseconds(lambda: tell_deadlines(at=before)) for _turn in range(9)])


def _worker() -> dict[str, Any]:
    """All that is due at NOW, turn by turn until nothing is left; the lag is that of the last one told."""
    at, times, told = NOW, [], 0
    while True:
        began = time.perf_counter()
        found = tell_deadlines(at=at)
        took = time.perf_counter() - began
        if not found:
            break
        told += found
        times.append(took * 1000)
        at += timedelta(seconds=took + PAUSE)
    new = Deadline.objects.filter(kind=Deadline.Kind.OVERDUE, due_at=NOW)
    lag = new.aggregate(most=Max(F("told_at") - F("due_at")))["most"]
    return {
        "told": told, "turns": len(times), "turn_ms": _spread(times), "due_at_once": new.count(),
        "lag_of_the_last_s": round(lag.total_seconds(), 1) if lag is not None else None,
    }  # fmt: skip


def _papers(count: int) -> dict[str, Any]:
    """A batch of notices as PDF, one after another in one thread."""
    _say(f"printing {count:,} notices …")
    rows = list(Notice.objects.select_related("enterprise", "issued_by", "second", "served_by").order_by("pk")[:count])
    print_paper("notice", rows[0], park="测速园区", address="http://testserver/verify/x")  # fonts are read once
    began, size = time.perf_counter(), 0
    for notice in rows:
        size += len(print_paper("notice", notice, park="测速园区", address=f"http://testserver/verify/{notice.code}"))
    took = time.perf_counter() - began
    return {"count": len(rows), "seconds": round(took, 2), "ms_each": round(1000 * took / len(rows), 2),
            "kb_each": round(size / len(rows) / 1024, 1)}  # fmt: skip


def _past() -> dict[str, float]:
    """The figures of yesterday's bulletin, from the facts."""
    span = span_of((NOW - timedelta(days=1)).date(), NOW)
    return _spread([_milliseconds(lambda: bulletin(span, lambda *args, **more: "")) for _turn in range(5)])


def _pages(office: Person, grid: int, repeat: int) -> dict[str, Any]:
    with in_park(SCHEMA):
        account = Account.objects.create(person=office, username="office")
        client = Client(SERVER_NAME=f"{SCHEMA}.localhost", raise_request_exception=False)
        client.force_login(account, backend="parkkeeper.park.backend.AccountBackend")
    _say(f"opening {len(PAGES)} pages {repeat} times …")
    found = {}
    with in_park(SCHEMA), timezone.override("Asia/Shanghai"):
        held = hold_debrief(timezone.localdate(NOW), by=office, at=NOW)
    for name, query in PAGES.items():
        page = name.split(",")[0]
        arguments = [held.pk] if page == "debrief" else []
        address = reverse(page, urlconf="parkkeeper.config.urls", args=arguments) + query % {"grid": grid}
        found[name] = _page(client, address, repeat)
    return found


def _page(client: Client, address: str, repeat: int) -> dict[str, Any]:
    def opened() -> Any:
        with clock.at(NOW + timedelta(minutes=10)):
            return client.get(address)

    status = opened().status_code
    asked, _sent = min(_counted(opened), _counted(opened))
    return {"status": status, "queries": asked, **_spread([_milliseconds(opened) for _turn in range(repeat)])}


def _milliseconds(act: Any) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _spread(times: list[float]) -> dict[str, float]:
    ordered = sorted(times) or [0.0]
    return {
        "min_ms": round(ordered[0], 1), "p50_ms": round(ordered[len(ordered) // 2], 1),
        "p95_ms": round(ordered[ceil(len(ordered) * 0.95) - 1], 1),
    }  # fmt: skip


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
