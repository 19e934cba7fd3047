"""Virtual phones: enrolled through the door with one-time codes, they send real requests over kept connections.

Every request bears the rehearsal's moment, so that the server lives through the replayed evening.
"""

import gzip
import hashlib
import http.client
import struct
import threading
import time
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import orjson

from parkkeeper.demo.evening import Sending
from parkkeeper.demo.register import moment

LANES = 4
TRIES = 4
IDLE = 3.0  # seconds


class DoorError(RuntimeError):
    """The door answered what no phone of the replay can live with; the text has status and answer."""


class Door:
    """The park's address as phones see it; each thread keeps its own connection."""

    def __init__(self, address: str, rehearsal_token: str) -> None:
        parts = urlsplit(address)
        self.host, self.port = parts.hostname or "127.0.0.1", parts.port or 80
        self.rehearsal_token = rehearsal_token
        self._here = threading.local()

    def ask(
        self, method: str, path: str, *, at: datetime, token: str = "", body: bytes = b"", media_type: str = "",
        zipped: bool = False,
    ) -> Any:  # fmt: skip
        """One request at the replayed moment `at`; the decoded answer. Raises DoorError for anything but success."""
        headers = {**self.moment(at), "Content-Type": media_type or "application/json", "Accept-Encoding": "gzip"}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if zipped:
            body, headers["Content-Encoding"] = gzip.compress(body, 1, mtime=0), "gzip"
        for attempt in range(TRIES):
            try:
                status, _headers, answer = self.exchange(method, f"/phone/v1/{path}", body, headers)
            except (OSError, http.client.HTTPException):
                if attempt == TRIES - 1:
                    raise
                continue
            if status != 503:
                break
        if status not in (200, 201, 304):
            raise DoorError(f"{method} {path} at {at.isoformat()}: {status} {answer[:600].decode(errors='replace')}")
        return orjson.loads(answer) if answer else None

    def moment(self, at: datetime) -> dict[str, str]:
        """The headers that tell the server at which moment of the rehearsal it hears the request."""
        return {"Parkkeeper-Rehearsal-Time": at.isoformat(), "Parkkeeper-Rehearsal-Token": self.rehearsal_token}

    def exchange(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """One request over this thread's kept connection: status, headers and content of the answer."""
        connection = getattr(self._here, "connection", None)
        # servers close what is idle, and a form must not be sent twice: nothing goes over what may be dead
        if connection is None or time.monotonic() - self._here.used > IDLE:
            connection = self._here.connection = http.client.HTTPConnection(self.host, self.port, timeout=120)
        try:
            connection.request(method, path, body or None, headers)
            response = connection.getresponse()
            content = response.read()
        except BaseException:
            self._here.connection = None
            raise
        self._here.used = time.monotonic()
        if response.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        return response.status, response.headers, content


@dataclass
class VirtualPhone:
    """An enrolled phone: its token and the last number of its sequence."""

    name: str
    token: str
    sequence: int = 0
    asked: bool = False


@dataclass
class Fleet:
    """All the virtual phones of the park, by name."""

    door: Door
    phones: dict[str, VirtualPhone] = field(default_factory=dict)
    signed: set[str] = field(default_factory=set)
    stored: int = 0
    doubts: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enrol(self, name: str, code: str, *, at: datetime) -> None:
        """Turn a one-time code into an enrolled phone, and fetch its roster as phones do."""
        body = orjson.dumps({"code": code, "name": f"{name} 号机", "app_version": "demo"})
        answer = self.door.ask("POST", "enrol", at=at, body=body)
        self.phones[name] = VirtualPhone(name, answer["token"])

    def rosters(self, names: Iterable[str], *, at: datetime) -> None:
        """Let these phones fetch their rosters, a few at a time."""
        with ThreadPoolExecutor(LANES) as pool:
            for done in [pool.submit(self.roster, name, at=at) for name in names]:
                done.result()

    def roster(self, name: str, *, at: datetime) -> int:
        """Fetch the phone's roster; returns how many people are on it."""
        phone = self.phones[name]
        phone.asked = True
        return len(self.door.ask("GET", "roster", at=at, token=phone.token)["people"])

    def round(self, name: str, *, at: datetime) -> int:
        """Fetch the team's round of the day; returns how many enterprises are on it."""
        return len(self.door.ask("GET", "inspection", at=at, token=self.phones[name].token)["round"])

    def sign(self, name: str, person: str, *, at: datetime) -> None:
        """Send a person's signature from that phone, once."""
        if person not in self.signed:
            self.signed.add(person)
            self.put(name, drawn_signature(person), at=at)

    def put(self, name: str, picture: bytes, *, at: datetime) -> str:
        """Send a PNG picture from that phone; returns its hash, by which operations name it."""
        sha256 = hashlib.sha256(picture).hexdigest()
        token = self.phones[name].token
        self.door.ask("PUT", f"files/{sha256}", at=at, token=token, body=picture, media_type="image/png")
        return sha256

    def send_all(self, day: date, sendings: Iterable[Sending], progress: Callable[[int], None]) -> None:
        """Send everything of a day, the phones of a point in the order of their moments, a few points at a time."""
        ordered = sorted(sendings, key=lambda sending: (sending.at, sending.phone))
        lanes: list[list[Sending]] = [[] for _lane in range(LANES)]
        lane_of: dict[str, int] = {}
        for sending in ordered:
            point = sending.phone.rpartition("-")[0]
            lanes[lane_of.setdefault(point, len(lane_of) % LANES)].append(sending)
        midnight = moment(day)
        with ThreadPoolExecutor(LANES) as pool:
            for done in [pool.submit(self._lane, midnight, lane, progress) for lane in lanes]:
                done.result()

    def _lane(self, midnight: datetime, lane: list[Sending], progress: Callable[[int], None]) -> None:
        for sending in lane:
            self._send(midnight, sending)
            with self._lock:
                progress(1)

    def send(self, day: date, sending: Sending) -> None:
        """Send one batch of a day."""
        self._send(moment(day), sending)

    def _send(self, midnight: datetime, sending: Sending) -> None:
        phone, at = self.phones[sending.phone], midnight + timedelta(seconds=sending.at)
        for operation in sending.operations:
            if "seq" not in operation:  # a repeated sending says the same as the first
                phone.sequence += 1
                operation["seq"] = phone.sequence
        batch = {"id": sending.batch, "sent_at": (at + timedelta(seconds=sending.skew)).isoformat()}
        body = orjson.dumps({**batch, "operations": sending.operations})
        answer = self.door.ask("POST", "batches", at=at, token=phone.token, body=body, zipped=True)
        with self._lock:
            self._count(answer["verdicts"])

    def _count(self, verdicts: list[dict[str, Any]]) -> None:
        for verdict in verdicts:
            self.stored += verdict["verdict"] == "stored"
            for kind in verdict.get("doubts") or ():
                self.doubts[kind] = self.doubts.get(kind, 0) + 1


@cache
def drawn_signature(person: str) -> bytes:
    """A small PNG with a scrawl of its own for each person: what a finger draws on the glass."""
    width, height = 96, 32
    rows = [bytearray(width) for _row in range(height)]
    digest = hashlib.sha256(person.encode()).digest()
    x, y = 6, height // 2
    for step in range(160):
        byte = digest[step % len(digest)] ^ (step * 37 & 0xFF)
        x = min(width - 3, x + (byte & 1))
        y = min(height - 3, max(2, y + (byte >> 1) % 5 - 2))
        rows[y][x] = rows[y + 1][x] = 1
    return _png([bytes(0 if dot else 255 for dot in row) for row in rows])


@cache
def drawn_photo(what: str, after: bool = False) -> bytes:
    """A small PNG that stands for a photo: blocks in greys of its own for each `what`, brighter when put right."""
    digest = hashlib.sha256(f"{what}{after}".encode()).digest()
    tone = 120 if after else 40
    row = [bytes(tone + digest[(x // 20 + y) % len(digest)] // 2 for x in range(160)) for y in range(6)]
    return _png([row[y // 20] for y in range(120)])


def _png(rows: list[bytes]) -> bytes:
    """An 8-bit grey PNG of these rows."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    content = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", content) + chunk(b"IEND", b"")
