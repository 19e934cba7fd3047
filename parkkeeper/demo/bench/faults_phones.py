"""Phones on a bad day: they keep what they captured, send it as the protocol says, and lose answers on the way.

Each keeps a ledger of what it said and of what was acknowledged; `held_against` compares that with the park's tables.
"""

import http.client
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Set
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg

from parkkeeper.demo.bench.ingest_park import BenchPark, Desk, operations_of
from parkkeeper.kernel import clock

A_BATCH = 44
"""Operations: some tubes of ten, with one between two batches."""


@dataclass
class Sending:
    """A batch under the id that it keeps until its answer has arrived."""

    id: str
    operations: list[dict[str, Any]]
    settled: bool = False


@dataclass
class FieldPhone:
    """A phone at a point. `skew` is how far its clock is ahead; `drops`, `cuts`, `twins`: chances of each trouble."""

    desk: Desk
    address: tuple[str, int]
    host: str
    skew: timedelta = timedelta(0)
    drops: float = 0.0
    cuts: float = 0.0
    twins: float = 0.0
    sendings: list[Sending] = field(default_factory=list)
    verdicts: dict[str, str] = field(default_factory=dict)
    doubts: Counter[str] = field(default_factory=Counter)
    unexpected: list[str] = field(default_factory=list)
    told: list[dict[str, Any]] = field(default_factory=list)
    last: tuple[int, bytes] | None = None
    cursor: str = ""
    confirmed: str = ""

    def capture(self, scans: int) -> None:
        """Scan so many people (whole tubes of ten); it waits on the phone in batches."""
        self.keep(operations_of(self.desk, scans))

    def keep(self, operations: list[dict[str, Any]]) -> None:
        """Let these operations wait in batches, each with its own id."""
        self.told += operations
        for at in range(0, len(operations), A_BATCH):
            self.sendings.append(Sending(str(uuid4()), operations[at : at + A_BATCH]))

    def send(self, patience: float = 120.0) -> None:
        """Send what is not settled until it is, in any order; raises TimeoutError when that takes too long."""
        waiting = [one for one in self.sendings if not one.settled]
        random.shuffle(waiting)
        until = time.monotonic() + patience
        while waiting:
            waiting = [one for one in waiting if not self._try(one)]
            if time.monotonic() > until:
                raise TimeoutError(
                    f"{len(waiting)} batches not taken in {patience:.0f} s; the last answer: {self.last}"
                )

    def hears_of_a_restore(self) -> bool:
        """Ask for changes as the app does; after a restore nothing counts as settled any more."""
        answer, until = None, time.monotonic() + 30
        while (answer is None or answer[0] == 503) and time.monotonic() < until:  # as often as the app does
            answer = self._get(f"changes?cursor={self.cursor}&last={self.confirmed}")
        if answer is None or answer[0] != 409 or b"cursor_ahead" not in answer[1]:
            return False
        for one in self.sendings:
            one.settled = False
        return True

    def _try(self, sending: Sending) -> bool:
        body = self._body(sending)
        if random.random() < self.cuts:
            self._post(body, until=random.randrange(1, len(body)))
            return False
        if random.random() < self.drops:
            self._post(body, until=None)
            return False
        if random.random() < self.twins:
            twin = threading.Thread(target=self._ask, args=(body,))
            twin.start()
            answer = self._ask(body)
            twin.join()
        else:
            answer = self._ask(body)
        return self._heard(sending, answer)

    def _heard(self, sending: Sending, answer: tuple[int, bytes] | None) -> bool:
        self.last = answer
        if answer is None or answer[0] in (400, 429, 500, 502, 503):  # nothing was acknowledged
            time.sleep(random.uniform(0.02, 0.15))
            return False
        status, content = answer
        if status != 200:
            self.unexpected.append(f"{status} {content[:200]!r}")
            sending.settled = True
            return True
        told = orjson.loads(content)
        for verdict in told["verdicts"]:
            self.verdicts[verdict["id"]] = verdict["verdict"]
            self.doubts.update(verdict.get("doubts", ()))
        self.cursor, self.confirmed = self.cursor or told["cursor"], told["batch"]
        sending.settled = True
        return True

    def _body(self, sending: Sending) -> bytes:
        sent_at = (clock.now() + self.skew).isoformat()
        return orjson.dumps({"id": sending.id, "sent_at": sent_at, "operations": sending.operations})

    def _headers(self, body: bytes) -> dict[str, str]:
        return {"Host": self.host, "Authorization": f"Bearer {self.desk.token}", "Content-Type": "application/json",
                "Content-Length": str(len(body))}  # fmt: skip

    def _ask(self, body: bytes) -> tuple[int, bytes] | None:
        return self._request("POST", "batches", body)

    def _get(self, path: str) -> tuple[int, bytes] | None:
        return self._request("GET", path, b"")

    def _request(self, method: str, path: str, body: bytes) -> tuple[int, bytes] | None:
        asking = http.client.HTTPConnection(*self.address, timeout=20)
        try:
            asking.request(method, f"/phone/v1/{path}", body or None, self._headers(body))
            response = asking.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            asking.close()

    def _post(self, body: bytes, *, until: int | None) -> None:
        """Send the request (or its first bytes only), hang up without listening."""
        head = "".join(f"{name}: {value}\r\n" for name, value in self._headers(body).items())
        try:
            with socket.create_connection(self.address, timeout=20) as line:
                line.sendall(f"POST /phone/v1/batches HTTP/1.1\r\n{head}\r\n".encode() + body[:until])
                time.sleep(random.uniform(0, 0.2) if until is None else 0)
        except OSError:
            pass


def phones_of(park: BenchPark, port: int, **troubles: Any) -> list[FieldPhone]:
    """One phone for every desk of the park."""
    return [FieldPhone(desk, ("127.0.0.1", port), park.host, **troubles) for desk in park.desks]


def all_send(phones: Iterable[FieldPhone], meanwhile: Callable[[], None] = lambda: None) -> None:
    """Let all of them send at once, each in a thread; `meanwhile` happens in this one. Raises what a phone raised."""
    failed: list[BaseException] = []

    def one(phone: FieldPhone) -> None:
        try:
            phone.send()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=one, args=(phone,)) for phone in phones]
    for thread in threads:
        thread.start()
    try:
        meanwhile()
    finally:
        for thread in threads:
            thread.join()
    if failed:
        raise failed[0]


_SCANS = """
SELECT s.id::text, p.uuid::text, t.code, s.undone_at IS NULL, extract(epoch FROM s.scanned_at)::float8
FROM sampling_scan s JOIN sampling_tube t ON t.id = s.tube_id LEFT JOIN park_person p ON p.id = s.person_id
WHERE s.phone_id IS NOT NULL
"""
_TWICE = """
SELECT count(*) FROM (SELECT person_id, tube_id, device_at FROM sampling_scan WHERE phone_id IS NOT NULL
                      GROUP BY 1, 2, 3 HAVING count(*) > 1) d
"""


def held_against(
    phones: list[FieldPhone], asking: "psycopg.Connection[Any]", before: Set[str], *, clocks_right: bool = True
) -> dict[str, int]:
    """What the ledgers and the tables say: acknowledged and lost, stored twice, shown wrongly; all must be 0.

    `asking` is a connection whose search path is the park, `before` ids that others told earlier. With `clocks_right`
    a scan's corrected time must be that of the phone's word to some seconds.
    """
    told = {one["id"]: one for phone in phones for one in phone.told}
    acknowledged = {number for phone in phones for number, verdict in phone.verdicts.items() if verdict != "kept"}
    kept = [number for phone in phones for number, verdict in phone.verdicts.items() if verdict == "kept"]
    scans = {row[0]: row for row in asking.execute(_SCANS.encode()).fetchall()}
    sealed = {row[0]: row[1] for row in asking.execute(b"SELECT code, swabs FROM sampling_tube").fetchall()}
    strange = acknowledged - told.keys()
    acknowledged -= strange
    lost = [n for n in acknowledged if told[n]["kind"] == "scan" and n not in scans]
    lost += [n for n in acknowledged if told[n]["kind"] == "seal_tube" and sealed.get(told[n]["tube"]) is None]
    poison = _one(asking, b"SELECT count(*) FROM sync_poison_operation")
    twice = len(scans.keys() - told.keys() - before) + _one(asking, _TWICE.encode())
    twice += max(_one(asking, _COUNTED.encode()) - len(scans), 0)
    wrong = [n for n, row in scans.items() if n in told and _differs(told[n], row, clocks_right)]
    unexpected = sum(len(phone.unexpected) for phone in phones)
    return {"acknowledged": len(acknowledged), "acknowledged_and_lost": len(lost) + max(len(kept) - poison, 0),
            "stored_twice": twice, "shown_wrongly": len(wrong) + len(strange) + unexpected}  # fmt: skip


_COUNTED = """
SELECT coalesce(sum((facts ->> 'count')::int), 0) FROM park_journal_entry WHERE verb = 'scans.taken'
"""


def _one(asking: "psycopg.Connection[Any]", statement: bytes) -> int:
    row = asking.execute(statement).fetchone()
    return int(row[0]) if row else 0


def _differs(told: dict[str, Any], row: tuple[Any, ...], clocks_right: bool) -> bool:
    _number, person, code, live, at = row
    if (person, code, live) != (told["person"], told["tube"], True) or UUID(told["id"]).version != 4:
        return True
    return clocks_right and abs(at - told["true_at"]) > 5 if "true_at" in told else False
