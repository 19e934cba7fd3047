"""PostgreSQL stops while a phone and a page are being served: told in plain words, nothing acknowledged is lost.

A photo's line is cut by a real client before the same server: it arrives whole, and once.
"""

import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from parkkeeper.config.prepare import prepare_site
from parkkeeper.config.supervise import site_env
from parkkeeper.kernel.postgres import Server
from parkkeeper.kernel.postgres_home import Layout
from parkkeeper.kernel.postgres_leftovers import postmaster_of
from parkkeeper.kernel.processes import CHECKOUT, web_server
from tests.world import EVENING

TOKEN, CSRF = "token-of-the-tests", "c" * 32
LONGEST = 2.0  # seconds within which everybody is told that the database is away
PHOTO = random.Random(11).randbytes(1_500_000)
PATH = f"/phone/v1/files/{hashlib.sha256(PHOTO).hexdigest()}"


@dataclass
class Answer:
    """What came back, and after how many seconds."""

    status: int
    headers: Any
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class House:
    """PostgreSQL, a real web server before it, and the park in between; `post` and `send` speak HTTP."""

    server: Server
    address: str = ""
    park: dict[str, Any] = field(default_factory=dict)
    bearer: str = ""
    sequence: int = 0

    def ask(self, method: str, path: str, data: bytes | None = None, **headers: str) -> Answer:
        sent = {"Parkkeeper-Rehearsal-Token": TOKEN, "Parkkeeper-Rehearsal-Time": EVENING.isoformat()}
        sent |= {"Accept-Language": "zh-hans"} | {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.address + path, data=data, method=method, headers=sent)
        started = time.monotonic()
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                status, found, body = answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as refused:
            status, found, body = refused.code, refused.headers, refused.read()
        return Answer(status, found, body, time.monotonic() - started)

    def page(self, path: str, form: dict[str, Any] | None = None) -> Answer:
        """A page as the laboratory's member sees it; a form is posted with the guard that its page would have."""
        cookies = f"sessionid={self.park['session']}; csrftoken={CSRF}"
        if form is None:
            return self.ask("GET", path, Cookie=cookies)
        data = urllib.parse.urlencode(form).encode()
        kind = "application/x-www-form-urlencoded"
        return self.ask("POST", path, data, Cookie=cookies, X_CSRFToken=CSRF, Content_Type=kind)

    def results(self, tube: str) -> Answer:
        """One negative result, typed by hand."""
        form = {"laboratory": self.park["laboratory"], "r-TOTAL_FORMS": 1, "r-INITIAL_FORMS": 0,
                "r-0-tube_code": tube, "r-0-value": "negative", "r-0-tested_at": ""}  # fmt: skip
        return self.page("/results/new", form)

    def scans(self, tube: str) -> bytes:
        """A batch: everybody of the park into that tube."""
        operations = []
        for person in self.park["people"]:
            self.sequence += 1
            operations.append({"id": str(uuid4()), "seq": self.sequence, "at": EVENING.isoformat(), "kind": "scan",
                               "tube": tube, "person": person, "how": "code"})  # fmt: skip
        return json.dumps({"id": str(uuid4()), "sent_at": EVENING.isoformat(), "operations": operations}).encode()

    def send(self, batch: bytes) -> Answer:
        return self.ask("POST", "/phone/v1/batches", batch, Authorization=f"Bearer {self.bearer}")

    def count(self, table: str) -> int:
        with psycopg.connect(self.server.url) as connection:
            row = connection.execute(f"select count(*) from stopped.{table}").fetchone()
        assert row is not None
        return int(row[0])


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    home = Path(tempfile.mkdtemp(prefix="pk-stop-", dir="/tmp"))
    home.chmod(0o711)
    server = Server(home)
    try:
        server.start()
        env = site_env(home, server.url) | {"PARKKEEPER_REHEARSAL_TOKEN": TOKEN, "PYTHONPATH": str(CHECKOUT)}
        prepare_site(env)
        made = subprocess.run(
            [sys.executable, "-m", "tests.faults.a_park"], env=env, cwd=CHECKOUT, capture_output=True, text=True
        )
        assert made.returncode == 0, made.stderr
        with web_server(env, workers=1, log=home / "web.log") as address:
            house = House(server, address, json.loads(made.stdout.splitlines()[-1]))
            asked = json.dumps({"code": house.park["code"], "name": "测试机"}).encode()
            enrolled = house.ask("POST", "/phone/v1/enrol", asked)
            assert enrolled.status == 201, enrolled.text
            house.bearer = enrolled.json["token"]
            yield house
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def until(condition: Callable[[], bool], patience: float = 30.0) -> bool:
    end = time.monotonic() + patience
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def caught_in_mid_request(house: House, table: str, ask: Callable[[], Answer], end: Callable[[], None]) -> Answer:
    """Ask, hold the request at that table until it has written half of its work, end the database, and hear."""
    answers: list[Answer] = []
    asking = threading.Thread(target=lambda: answers.append(ask()))
    holder = psycopg.connect(house.server.url)
    holder.execute(f"lock table stopped.{table} in share mode")
    asking.start()
    with psycopg.connect(house.server.url, autocommit=True) as watcher:
        waiting = "select exists (select from pg_stat_activity where wait_event_type = 'Lock')"
        assert until(lambda: watcher.execute(waiting).fetchone() == (True,))
    end()
    asking.join(60)
    holder.close()
    return answers[0]


def ends(house: House, how: str) -> Callable[[], None]:
    """A way in which the database ends: stopped in order, or killed."""
    if how == "stopped":
        return house.server.stop

    def kill() -> None:
        victim = postmaster_of(Layout(house.server.home).data)
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        house.server.stop()

    return kill


@pytest.mark.parametrize("how", ["stopped", "killed"])
def test_a_phone_in_mid_batch_is_told_to_come_back_and_nothing_acknowledged_is_lost(house: House, how: str) -> None:
    before = house.count("sampling_scan")
    tubes = house.park["tubes"][:3] if how == "stopped" else house.park["tubes"][3:6]
    acknowledged, cut, later = (house.scans(tube) for tube in tubes)
    assert house.send(acknowledged).status == 200
    answer = caught_in_mid_request(house, "sampling_scan", lambda: house.send(cut), ends(house, how))
    try:
        for told in (answer, house.send(later)):
            assert (told.status, told.json["error"]["code"]) == (503, "database_away")
            assert int(told.headers["Retry-After"]) > 0
            assert "尚未确认" in told.json["error"]["message"]
            assert told.seconds < LONGEST
    finally:
        house.server.start()
    for batch, repeated in ((acknowledged, "1"), (cut, None), (later, None)):
        answer = house.send(batch)  # the first asking after it is back: no dead connection is left to trip over
        assert answer.status == 200, answer.text
        assert answer.headers["Parkkeeper-Repeated"] == repeated
        assert {verdict["verdict"] for verdict in answer.json["verdicts"]} == {"stored"}
    assert house.count("sampling_scan") == before + 3 * len(house.park["people"])


def test_a_page_in_mid_form_says_that_it_was_not_saved_and_works_when_it_is_back(house: House) -> None:
    before = house.count("sampling_result")
    first, second = house.park["tubes"][10:12]
    assert house.results(first).status in (200, 302)
    assert house.count("sampling_result") == before + 1
    answer = caught_in_mid_request(house, "sampling_result", lambda: house.results(second), ends(house, "killed"))
    try:
        for told in (answer, house.page("/results")):
            assert (told.status, told.headers.get_content_type()) == (503, "text/html")
            assert int(told.headers["Retry-After"]) > 0
            assert "没有丢失" in told.text and "没有保存" in told.text
            assert told.seconds < LONGEST
    finally:
        house.server.start()
    assert house.page("/results").status == 200
    assert house.count("sampling_result") == before + 1
    assert house.results(second).status in (200, 302)
    assert house.count("sampling_result") == before + 2


def test_after_a_while_without_database_everybody_is_still_answered_in_the_own_way(house: House) -> None:
    batch = house.scans(house.park["tubes"][20])
    house.server.stop()
    try:
        time.sleep(11)  # by now the list of parks, which is remembered for 10 seconds, has to be read anew
        with ThreadPoolExecutor(3) as people:
            asks = [lambda: house.send(batch), lambda: house.page("/results"), lambda: house.ask("GET", "/health")]
            phone, page, health = [asked.result(60) for asked in [people.submit(ask) for ask in asks]]
    finally:
        house.server.start()
    assert (phone.status, phone.json["error"]["code"]) == (503, "database_away")
    assert (page.status, page.headers.get_content_type()) == (503, "text/html")
    assert "没有丢失" in page.text
    assert (health.status, health.json["database"]) == (503, False)
    assert max(phone.seconds, page.seconds, health.seconds) < LONGEST
    assert {verdict["verdict"] for verdict in house.send(batch).json["verdicts"]} == {"stored"}
    assert house.page("/results").status == 200


def test_a_crowd_without_database_is_told_as_soon_as_one_alone(house: House) -> None:
    batch = house.scans(house.park["tubes"][21])
    house.server.stop()
    try:
        with ThreadPoolExecutor(24) as people:  # six times the threads of the server
            asks = [lambda: house.send(batch), lambda: house.page("/results")] * 12
            told = [asked.result(60) for asked in [people.submit(ask) for ask in asks]]
    finally:
        house.server.start()
    assert {answer.status for answer in told} == {503}
    assert all(int(answer.headers["Retry-After"]) > 0 for answer in told)
    assert max(answer.seconds for answer in told) < LONGEST
    assert house.send(batch).status == 200


def arrived(house: House) -> tuple[int, bool]:
    answer = house.ask("HEAD", PATH, Authorization=f"Bearer {house.bearer}")
    return int(answer.headers["Upload-Offset"]), answer.headers["Upload-Complete"] == "?1"


def send_and_cut(house: House, first: int, sent: int) -> None:
    """Announce everything from `first` on, send `sent` bytes of it, and pull the plug."""
    address = urllib.parse.urlsplit(house.address)
    head = (
        f"PUT {PATH} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {house.bearer}\r\n"
        f"Content-Type: image/jpeg\r\nContent-Length: {len(PHOTO) - first}\r\n"
        f"Content-Range: bytes {first}-{len(PHOTO) - 1}/{len(PHOTO)}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port), timeout=10) as line:
        line.sendall(head.encode() + PHOTO[first : first + sent])
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset, as a lost network does


def test_every_cut_costs_only_what_was_under_way(house: House) -> None:
    seed = random.randrange(2**32)
    print("seed", seed)
    chance, before = random.Random(seed), house.count("park_stored_file")
    offsets = []
    for _cut in range(6):
        offset, complete = arrived(house)
        offsets.append(offset)
        assert not complete
        send_and_cut(house, offset, chance.randrange(1, 400_000))
        time.sleep(0.3)
    assert offsets == sorted(offsets)
    offset, _complete = arrived(house)
    print("offsets", offsets, offset)
    answer = house.ask("PUT", PATH, PHOTO[offset:], Authorization=f"Bearer {house.bearer}", Content_Type="image/jpeg",
                       Content_Range=f"bytes {offset}-{len(PHOTO) - 1}/{len(PHOTO)}")  # fmt: skip
    assert (answer.status, answer.json["known"]) == (200, False)
    assert arrived(house) == (len(PHOTO), True)
    assert house.count("park_stored_file") == before + 1
