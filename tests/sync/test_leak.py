"""Many parks at once through the real handlers, with pooled connections: no park ever sees a row of another."""

import asyncio
import io
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from asgiref.testing import ApplicationCommunicator
from django.core.asgi import get_asgi_application
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, connections
from django.test import override_settings
from django_pgschemas.schema import deactivate

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.park.models import Person
from parkkeeper.park.tenancy import middleware
from parkkeeper.park.tenancy.middleware import forget_parks
from parkkeeper.park.tenancy.models import Host, Park
from parkkeeper.park.tenancy.parks import in_park, make_park
from parkkeeper.sampling.models import Due, Round, Scan
from parkkeeper.sync import door
from parkkeeper.sync.gate import Gate
from tests.sync.handset import REHEARSAL, Handset, batch, enrolled
from tests.world import DAY, EVENING, later, world

pytestmark = pytest.mark.django_db(transaction=True)
PARKS = ("leak_one", "leak_two", "leak_three")
REQUESTS = 240


@dataclass
class Lot:
    """One park of the test: its phone, its people by uuid; every name in it begins with the park's own."""

    name: str
    phone: Handset
    people: dict[str, str]


@pytest.fixture(autouse=True)
def _room_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Being told to come later is not what is tried here."""
    monkeypatch.setattr(door, "gate", Gate(8, 8, 30.0))


@pytest.fixture
def lots() -> Iterator[list[Lot]]:
    with override_settings(REHEARSAL_TOKEN=REHEARSAL):
        made = [_lot(name) for name in PARKS]
        forget_parks()
        yield made
    deactivate()
    for name in PARKS:
        _empty(name)
    forget_parks()


def _lot(name: str) -> Lot:
    deactivate()
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = %s)", [name])
        exists = cursor.fetchone()[0]
    host = f"{name.replace('_', '-')}.localhost"
    if exists:
        _empty(name)
        park = Park(schema_name=name, name=name, created_at=datetime(2022, 4, 1, tzinfo=UTC))
        park.save()
        Host.objects.create(name=host, park=park)
        forget_parks()
    else:
        make_park(name, name=name, hosts=[host], at=datetime(2022, 4, 1, tzinfo=UTC))
    with in_park(name):
        return _people_of(name, host)


def _people_of(name: str, host: str) -> Lot:
    w: Any = world()
    for person in Person.objects.all():
        person.name = f"{name}:{person.name}"
        person.save()
    run = Round.objects.create(
        programme=w.programme, test="pcr", day=DAY, opens_at=later(-60), closes_at=later(60), frozen_at=later(-60)
    )
    for person in w.workers:
        Due.objects.create(round=run, person=person, standing="due", on_post=True, enterprise=w.rainbow, point=w.point)
    phone = enrolled(w.scanner, w.point, by=w.office, host=host)
    return Lot(name, phone, {str(p.uuid): f"{name}:{p.name}" for p in w.workers})


def _empty(schema: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(format('%%I.%%I', schemaname, tablename), ', ') FROM pg_tables"
            " WHERE schemaname = %s AND tablename NOT LIKE 'django%%'",
            [schema],
        )
        cursor.execute(f"TRUNCATE {cursor.fetchone()[0]} RESTART IDENTITY CASCADE")


def requests_of(lots: list[Lot]) -> list[tuple[Lot, str, str, bytes]]:
    """A mixture of rosters, scans and changes of all parks; the seed is printed."""
    seed = random.randrange(10**9)
    print("seed", seed)
    chance = random.Random(seed)
    asked = []
    for number in range(REQUESTS):
        lot = chance.choice(lots)
        person = chance.choice(list(lot.people))
        scan = lot.phone.op("scan", tube=tube_code("YQ", number + 1), person=person, how="code")
        asked.append((lot, *chance.choice([
            ("GET", "roster", b""), ("GET", "changes?cursor=1-0", b""), ("POST", "batches", batch([scan])),
        ])))  # fmt: skip
    return asked


def judge(lot: Lot, path: str, status: int, body: Any) -> None:
    assert status == 200, body
    if path == "roster":
        assert {p["person"]: p["name"] for p in body["people"]} == lot.people
    if path.startswith("changes"):
        assert {c["verb"] for c in body["changes"]} <= {"phone.enrolled", "scans.taken"}
    if path == "batches":
        assert body["verdicts"][0]["verdict"] == "stored"
        assert not {"unknown_person", "not_on_round"} & set(body["verdicts"][0].get("doubts", []))


def nothing_crossed(lots: list[Lot], asked: list[tuple[Lot, str, str, bytes]]) -> None:
    for lot in lots:
        with in_park(lot.name):
            sent = sum(1 for one, _method, path, _body in asked if one is lot and path == "batches")
            assert Scan.objects.count() == sent
            assert all(s.person.name.startswith(f"{lot.name}:") for s in Scan.objects.select_related("person"))


def headers_of(lot: Lot) -> dict[str, str]:
    return {
        "authorization": f"Bearer {lot.phone.token}", "host": lot.phone.host, "accept-language": "zh-hans",
        "parkkeeper-rehearsal-token": REHEARSAL, "parkkeeper-rehearsal-time": EVENING.isoformat(),
    }  # fmt: skip


def through_wsgi(application: WSGIHandler, lot: Lot, method: str, path: str, body: bytes) -> tuple[int, Any]:
    path, _mark, query = path.partition("?")
    environ = {
        "REQUEST_METHOD": method, "PATH_INFO": f"/phone/v1/{path}", "QUERY_STRING": query, "SERVER_NAME": "localhost",
        "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.input": io.BytesIO(body), "wsgi.url_scheme": "http",
        "wsgi.errors": io.StringIO(), "wsgi.version": (1, 0), "wsgi.multithread": True, "wsgi.multiprocess": False,
        "wsgi.run_once": False, "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/json",
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers_of(lot).items()},
    }  # fmt: skip
    status: list[int] = []
    response = application(environ, lambda line, _headers, *_rest: status.append(int(line[:3])))
    content = b"".join(response)
    response.close()  # as a server does: the connection goes back to the pool
    return status[0], orjson.loads(content)


def test_parks_do_not_leak_into_each_other_in_threads(lots: list[Lot]) -> None:
    application, asked = WSGIHandler(), requests_of(lots)
    threads: set[int] = set()

    def one(ask: tuple[Lot, str, str, bytes]) -> None:
        lot, method, path, body = ask
        judge(lot, path, *through_wsgi(application, lot, method, path, body))
        threads.add(threading.get_ident())

    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(one, ask) for ask in asked]:
            done.result(60)
    assert len(threads) > 1
    nothing_crossed(lots, asked)


async def through_asgi(application: Any, lot: Lot, method: str, path: str, body: bytes) -> tuple[int, Any]:
    path, _mark, query = path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": f"/phone/v1/{path}", "query_string": query.encode(), "server": ("localhost", 80),
        "headers": [(n.encode(), v.encode()) for n, v in {
            **headers_of(lot), "content-type": "application/json", "content-length": str(len(body)),
        }.items()],
    }  # fmt: skip
    talk = ApplicationCommunicator(application, scope)
    await talk.send_input({"type": "http.request", "body": body})
    start = await talk.receive_output(60)
    content = await talk.receive_output(60)
    await talk.wait(60)
    return start["status"], orjson.loads(content["body"])


def test_parks_do_not_leak_into_each_other_in_coroutines(lots: list[Lot]) -> None:
    application, asked = get_asgi_application(), requests_of(lots)[: REQUESTS // 2]

    async def everything() -> None:
        gate = asyncio.Semaphore(8)

        async def one(lot: Lot, method: str, path: str, body: bytes) -> None:
            async with gate:
                judge(lot, path, *await through_asgi(application, lot, method, path, body))

        await asyncio.gather(*(one(*ask) for ask in asked))

    # in a thread of its own: the browser of other tests leaves a running loop in this one
    with ThreadPoolExecutor(1) as alone:
        alone.submit(asyncio.run, everything()).result(timeout=120)
    connections.close_all()
    nothing_crossed(lots, asked)


def test_a_token_of_one_park_opens_no_other(lots: list[Lot]) -> None:
    application = WSGIHandler()
    for lot in lots:
        for other in lots:
            stranger = Lot(lot.name, Handset(token=lot.phone.token, host=other.phone.host), lot.people)
            status, _body = through_wsgi(application, stranger, "GET", "roster", b"")
            assert status == (200 if other is lot else 401)


def test_a_new_parks_address_does_not_open_the_park_that_was_alone_until_then(
    lots: list[Lot], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = lots[0], lots[1]
    alone = Park.objects.get(schema_name=first.name)
    known = {"until": float("inf"), "unknown_until": 0.0, "by_host": {first.phone.host: alone}, "only": alone}
    monkeypatch.setattr(middleware, "_remembered", known)  # by a process that did not make the second
    assert Handset(token=first.phone.token, host=second.phone.host).ask("GET", "roster").status_code == 401
    assert second.phone.ask("GET", "roster").status_code == 200


def test_an_address_of_no_park_opens_none(lots: list[Lot]) -> None:
    nowhere = Handset(token=lots[0].phone.token, host="nobody.localhost")
    assert nowhere.ask("GET", "roster").status_code == 404
