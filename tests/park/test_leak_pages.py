"""Many parks at once on the pages: every list holds the own park's people only, and a session opens one park only."""

import io
import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection
from django.test import Client

from parkkeeper.kernel import clock
from parkkeeper.park.models import Enterprise, JournalEntry, Person
from parkkeeper.park.tenancy.parks import in_park
from tests.sync import test_leak
from tests.sync.test_leak import PARKS, Lot
from tests.world import EVENING, World

pytestmark = pytest.mark.django_db(transaction=True)
lots = test_leak.lots  # the three parks, made and emptied
REQUESTS = 90


@pytest.fixture
def sessions(lots: list[Lot]) -> Iterator[dict[str, str]]:
    """The session of each park's office, by the park's name; each park's enterprises bear its name too."""
    found = {}
    for lot in lots:
        with in_park(lot.name):
            for enterprise in Enterprise.objects.all():
                enterprise.short_name = f"{lot.name}:{enterprise.short_name}"
                enterprise.save()
            client = World().login(Client(), Person.objects.get(name=f"{lot.name}:办公室甲"))
            found[lot.name] = client.cookies["sessionid"].value
    yield found


def asked(host: str, path: str, session: str) -> tuple[int, str]:
    """A page through the real handler, as a web server asks for it; gives the connection back to the pool."""
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": path, "QUERY_STRING": "", "SERVER_NAME": "localhost", "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1", "wsgi.input": io.BytesIO(), "wsgi.url_scheme": "http", "HTTP_HOST": host,
        "wsgi.errors": io.StringIO(), "wsgi.version": (1, 0), "wsgi.multithread": True, "wsgi.multiprocess": False,
        "wsgi.run_once": False, "HTTP_COOKIE": f"sessionid={session}",
    }  # fmt: skip
    status: list[int] = []
    with clock.at(EVENING):
        response = HANDLER(environ, lambda line, _headers, *_rest: status.append(int(line[:3])))
        content = b"".join(response).decode()
    response.close()
    return status[0], content


HANDLER = WSGIHandler()


def test_no_list_of_a_park_holds_a_row_of_another(lots: list[Lot], sessions: dict[str, str]) -> None:
    assert connection.settings_dict["OPTIONS"]["pool"], "connections go from request to request through a pool"
    seed = random.randrange(10**9)
    print("seed", seed)
    chance = random.Random(seed)
    threads: set[int] = set()

    def one(lot: Lot, path: str) -> None:
        status, page = asked(lot.phone.host, path, sessions[lot.name])
        threads.add(threading.get_ident())
        assert status == 200, page
        assert f"{lot.name}:" in page
        assert [name for name in PARKS if name != lot.name and f"{name}:" in page] == []

    wanted = [(chance.choice(lots), chance.choice(["/people", "/enterprises", "/journal"])) for _ in range(REQUESTS)]
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(one, *ask) for ask in wanted]:
            done.result(60)
    assert len(threads) > 1
    for lot in lots:
        with in_park(lot.name):
            listed = JournalEntry.objects.filter(verb="people.listed")
            assert listed.filter(facts__where="people").count() == sum(ask == (lot, "/people") for ask in wanted)
            assert all(entry.by_name.startswith(f"{lot.name}:") for entry in listed)


def test_a_session_of_one_park_opens_no_other(lots: list[Lot], sessions: dict[str, str]) -> None:
    for lot in lots:
        for other in lots:
            status, _page = asked(other.phone.host, "/people", sessions[lot.name])
            assert status == (200 if lot is other else 302)
