"""How long each page takes, and how many questions it asks, in a park of the demo's size and in one ten times it.

The office opens every page that has an address without changing anything, on the morning after a round, through the
whole stack of the web application (middleware, session, templates) in one process; only sockets are left out. So does
a liaison with some of them. PostgreSQL's planner knows of the round what the product has told it, as for a user; what
the worker keeps ready of large rounds was kept once, as it would have been some seconds ago.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone
from django_pgschemas.schema import deactivate

from parkkeeper.demo.bench.pages_park import furnish, furnish_register
from parkkeeper.demo.bench.reconcile_park import as_the_worker, fill_park, play_evening, tell_the_planner
from parkkeeper.kernel import clock
from parkkeeper.kernel.memory import keep_loaded
from parkkeeper.park.access import PAGES
from parkkeeper.park.models import Account, Anomaly, Certificate, Enterprise, Person, Post
from parkkeeper.park.retention.kept import keep_outlooks
from parkkeeper.park.tenancy.models import Host, Park
from parkkeeper.park.tenancy.parks import in_park, make_park
from parkkeeper.sampling.actions.rounds import open_round
from parkkeeper.sampling.models import Box, Duty, LabReport, Obligation, Point, Programme, Round, Session, Slot, Tube

SIZES = (18_900, 189_000)
DAY = date(2022, 5, 18)
OPENED = datetime(2022, 5, 18, 1, 0, tzinfo=UTC)
MORNING_AFTER = datetime(2022, 5, 19, 1, 0, tzinfo=UTC)
AIM_MS = 150.0

# What a page of one thing shows, by the first part of its address's name.
THINGS: dict[str, Any] = {
    "round": Round, "workbook": Round, "programme": Programme, "point": Point, "slot_new": Point, "roll": Point,
    "slot_end": Slot, "session": Session, "duty_new": Session, "duty_end": Duty, "enterprise": Enterprise,
    "person": Person, "own_link": Person, "retest": Person, "tube": Tube, "box": Box, "anomaly": Anomaly,
    "case_release": Obligation, "lab_report": LabReport, "account": Account, "post": Post, "certificate": Certificate,
    "antigen_list": Enterprise,
}  # fmt: skip
WORDS = {"rule": {"key": "result_hours"}, "rule_change": {"key": "result_hours"}, "import_new": {"kind": "roster"}}
FILES = {"workbook_file", "export", "import_template", "file"}  # downloads, not pages
LIAISON = ("today", "missing", "missing_calls", "round", "antigen", "positives", "people")  # with what is theirs
VARIANTS = {
    "round": ("?by=enterprise", "?by=point", "?at=2022-05-18T20:00"),
    "missing": ("?state=not_sampled", "?q=ren 77", "?page=3"),
    "people": ("?q=ren 777", "?page=40"),
    "tubes": ("?state=at_lab",),
    "starfield": ("?state=left",),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `./run bench pages`."""
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="people of each park")
    parser.add_argument("--repeat", type=int, default=15, help="times that every page is opened (15)")
    parser.add_argument("--only", nargs="+", default=[], help="names of addresses to open, for example today round")


def run(chosen: argparse.Namespace) -> dict[str, Any]:
    """Make each park, open every page, drop the park. Milliseconds and counts of questions by page and park."""
    parks = {str(size): _measure_park(size, chosen) for size in sorted(chosen.sizes)}
    return {"bench": "pages", "repeat": chosen.repeat, "aim_p95_ms": AIM_MS, **_judged(parks), "parks": parks}


def _measure_park(size: int, chosen: argparse.Namespace) -> dict[str, Any]:
    schema = f"pages{size}"
    _drop(schema)
    _say(f"making a park of {size:,} people …")
    make_park(schema, name=f"测速园区 {size}", hosts=[f"{schema}.localhost"], at=OPENED)
    try:
        with in_park(schema), timezone.override("Asia/Shanghai"):
            accounts = _fill(size)
            clients = {name: _client(f"{schema}.localhost", account) for name, account in accounts.items()}
            pages = [page for page in _pages() if not chosen.only or page[0].split("?")[0].split()[0] in chosen.only]
        _say(f"opening {len(pages)} pages {chosen.repeat} times …")
        keep_loaded()  # as the web server does
        return {name: _measure(clients[who], address, chosen.repeat) for name, who, address in pages}
    finally:
        _drop(schema)


def _client(host: str, account: Account) -> Client:
    client = Client(SERVER_NAME=host, raise_request_exception=False)
    client.force_login(account, backend="parkkeeper.park.backend.AccountBackend")
    return client


def _fill(size: int) -> dict[str, Account]:
    """The park the morning after a round, the second one; gives accounts by who they are of."""
    office = fill_park(size, OPENED)
    furnish_register(office)
    programme, day = Programme.objects.get(), timedelta(days=1)
    before = open_round(programme, DAY - day, by=office, at=OPENED - day)
    play_evening(before, office, MORNING_AFTER - day)
    tell_the_planner("VACUUM ANALYZE")  # autovacuum had a night and a day
    opened = open_round(programme, DAY, by=office, at=OPENED)
    play_evening(opened, office, MORNING_AFTER)
    accounts = furnish(opened, office, MORNING_AFTER)
    as_the_worker(MORNING_AFTER)
    keep_outlooks(at=MORNING_AFTER)
    return accounts


def _pages() -> Iterator[tuple[str, str, str]]:
    """(name, who opens it, address) of every page."""
    for name, address in openable():
        yield name, "office", address
        if name in LIAISON:
            yield f"{name} as liaison", "liaison", address


def openable() -> Iterator[tuple[str, str]]:
    """(name, address) of every page that can be opened with what is in the park, and some ways to narrow it."""
    for pattern in _patterns(get_resolver("parkkeeper.config.urls")):
        name = pattern.name or ""
        if name not in PAGES or name in FILES:
            continue
        try:
            address = reverse(name, urlconf="parkkeeper.config.urls", kwargs=_arguments(name, pattern))
        except NoReverseMatch:
            continue
        yield name, address
        yield from ((name + more, address + more) for more in VARIANTS.get(name, ()))


def _patterns(resolver: Any) -> Iterator[URLPattern]:
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            yield from _patterns(pattern)
        else:
            yield pattern


def _arguments(name: str, pattern: URLPattern) -> dict[str, Any]:
    if name in WORDS or "pk" not in pattern.pattern.converters:
        return WORDS.get(name, {})
    parts = name.split("_")
    known = ["_".join(parts[:n]) for n in range(len(parts), 0, -1)]
    model = next((THINGS[part] for part in known if part in THINGS), None)
    rows = Round.objects.filter(day=DAY) if model is Round else model.objects.all() if model else None
    first = None if rows is None else rows.order_by("pk").values_list("pk", flat=True).first()
    return {"pk": first} if first is not None else {}


def _measure(client: Client, address: str, repeat: int) -> dict[str, Any]:
    """Open the page once to warm up, once counting its questions, then `repeat` times by the clock."""

    def opened() -> Any:
        with clock.at(MORNING_AFTER):
            return client.get(address)

    status = opened().status_code
    if status != 200:
        return {"status": status}
    asked, bytes_sent = min(_counted(opened), _counted(opened))  # every few minutes a request also notes its session
    times = sorted(_milliseconds(opened) for _turn in range(repeat))
    return {
        "status": status, "queries": asked, "min_ms": _round(times[0]), "p50_ms": _round(times[len(times) // 2]),
        "p95_ms": _round(times[ceil(len(times) * 0.95) - 1]), "bytes": bytes_sent,
    }  # fmt: skip


def _counted(opened: Callable[[], Any]) -> tuple[int, int]:
    """How many questions one opening asks (beginnings and ends of transactions and settings apart), and its bytes."""
    with CaptureQueriesContext(connection) as questions:
        sent = len(opened().content)
    aside = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "SET")
    return sum(not question["sql"].startswith(aside) for question in questions.captured_queries), sent


def _milliseconds(act: Callable[[], Any]) -> float:
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def _judged(parks: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Which pages miss the aim, which ask more in the bigger park, and which could not be opened."""
    sizes = list(parks)
    slow = {size: {n: p["p95_ms"] for n, p in parks[size].items() if p.get("p95_ms", 0) > AIM_MS} for size in sizes}
    first = parks[sizes[0]]
    counts = {name: [parks[size].get(name, {}).get("queries") for size in sizes] for name in first}
    failed = {name: page["status"] for name, page in first.items() if page["status"] not in (200, 405)}
    return {
        "pages": sum(page["status"] == 200 for page in first.values()),
        "slower_than_aim": slow, "more_queries_when_bigger": {n: c for n, c in counts.items() if _grows(c)},
        "not_opened": failed,
    }  # fmt: skip


def _grows(counts: list[int | None]) -> bool:
    known = [count for count in counts if count is not None]
    return any(count > known[0] for count in known)


def _drop(schema: str) -> None:
    deactivate()
    Host.objects.filter(park__schema_name=schema).delete()
    Park.objects.filter(schema_name=schema).delete()
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


def _round(number: float) -> float:
    return round(number, 1)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
