"""Phones on a bad day: they keep what they captured, send it as the protocol says, and lose answers on the way.

Each keeps a ledger of what it said and of what was acknowledged (faults_ledger.py compares that with the park).
"""

import http.client
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson

from parkkeeper.demo.bench.faults_shift import a_piece
from parkkeeper.demo.bench.ingest_park import BenchPark, Desk
from parkkeeper.kernel import clock

A_BATCH = (5, 19)
"""Operations, at least and at most: tubes and boxes go in pieces that arrive in any order."""
REFUSED = (400, 429, 500, 502, 503)
"""Answers by which nothing was acknowledged."""


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
    jumps: list[dict[str, int]] = field(default_factory=list)
    wiped: bool = False
    flying: object = None
    struck: object = None
    cut: int = 0

    def capture(self, scans: int, **how: Any) -> list[dict[str, Any]]:
        """Scan so many people (`how` as a_piece takes it); it waits on the phone in batches of any size."""
        operations = a_piece(self.desk, scans, **how)
        self.told += operations
        at = 0
        while at < len(operations):
            size = random.randint(*A_BATCH)
            self.sendings.append(Sending(str(uuid4()), operations[at : at + size]))
            at += size
        return operations

    def set_clock(self, skew: timedelta, *, before: int, noticed: bool) -> None:
        """Set the clock before the operation with that number; an app of today notices and tells, an older one not."""
        if noticed:
            by = round((skew - self.skew).total_seconds() * 1000)
            self.jumps.append({"until": before - 1, "by": by})
        self.skew = skew

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

    def roster(self) -> dict[str, Any]:
        """Whom the park shows at this point. Raises TimeoutError when it does not answer, or refuses."""
        until = time.monotonic() + 30
        while time.monotonic() < until:
            answer = self._get("roster")
            if answer is not None and answer[0] == 200:
                found: dict[str, Any] = orjson.loads(answer[1])
                return found
            time.sleep(0.2)
        raise TimeoutError(f"no roster: {answer}")

    def is_told_to_wipe(self) -> bool:
        """Whether its batches said so, and the roster is refused to it."""
        answer = self._get("roster")
        return self.wiped and answer is not None and answer[0] == 403 and b"phone_revoked" in answer[1]

    def strike(self) -> bool:
        """A fault falls now: is this phone waiting for an answer to what it sent? If none comes, `cut` counts it."""
        self.struck = self.flying
        return self.struck is not None

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
        if answer is None or answer[0] in REFUSED:
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
        self.wiped |= told.get("wipe", False)
        sending.settled = True
        return True

    def _body(self, sending: Sending) -> bytes:
        sent_at = (clock.now() + self.skew).isoformat()
        jumps = {"jumps": self.jumps} if self.jumps else {}
        return orjson.dumps({"id": sending.id, "sent_at": sent_at, "operations": sending.operations, **jumps})

    def _headers(self, body: bytes) -> dict[str, str]:
        return {"Host": self.host, "Authorization": f"Bearer {self.desk.token}", "Content-Type": "application/json",
                "Content-Length": str(len(body))}  # fmt: skip

    def _ask(self, body: bytes) -> tuple[int, bytes] | None:
        return self._request("POST", "batches", body)

    def _get(self, path: str) -> tuple[int, bytes] | None:
        return self._request("GET", path, b"")

    def _request(self, method: str, path: str, body: bytes) -> tuple[int, bytes] | None:
        asking, mine = http.client.HTTPConnection(*self.address, timeout=20), object()
        answer: tuple[int, bytes] | None = None
        try:
            asking.request(method, f"/phone/v1/{path}", body or None, self._headers(body))
            self.flying = mine  # only now: who finds nobody to connect to was not cut off
            response = asking.getresponse()
            answer = response.status, response.read()
        except (OSError, http.client.HTTPException):
            pass
        finally:
            asking.close()
        self.flying = None
        self.cut += self.struck is mine and _was_cut(answer)
        return answer

    def _post(self, body: bytes, *, until: int | None) -> None:
        """Send the request (or its first bytes only), hang up without listening."""
        head = "".join(f"{name}: {value}\r\n" for name, value in self._headers(body).items())
        try:
            with socket.create_connection(self.address, timeout=20) as line:
                line.sendall(f"POST /phone/v1/batches HTTP/1.1\r\n{head}\r\n".encode() + body[:until])
                time.sleep(random.uniform(0, 0.2) if until is None else 0)
        except OSError:
            pass


def _was_cut(answer: tuple[int, bytes] | None) -> bool:
    """Whether no answer came, or the one that the database went away beneath it."""
    return answer is None or (answer[0] == 503 and b"database_away" in answer[1])


def phones_of(park: BenchPark, port: int, **troubles: Any) -> list[FieldPhone]:
    """One phone for every desk of the park. A phone's ledger begins with what it says now."""
    return [FieldPhone(desk, ("127.0.0.1", port), park.host, **troubles) for desk in park.desks]


def all_send(
    phones: Iterable[FieldPhone],
    meanwhile: Callable[[], None] = lambda: None,
    work: Callable[[FieldPhone], None] = FieldPhone.send,
) -> None:
    """Let all of them work at once, each in a thread; `meanwhile` happens in this one. Raises what a phone raised."""
    failed: list[BaseException] = []

    def one(phone: FieldPhone) -> None:
        try:
            work(phone)
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
