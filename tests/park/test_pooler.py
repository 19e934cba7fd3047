"""The start-up check tells a pooler that shares sessions from one that does not, with a real one in between."""

import random
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Queue
from typing import Any

import psycopg
import pytest
from django.db import connections

from parkkeeper.park.tenancy.checks import UnsafePooler, refuse_unsafe_pooler

pytestmark = pytest.mark.django_db


def settings_of_the_database() -> dict[str, Any]:
    return connections["default"].settings_dict


def direct_url() -> str:
    s = settings_of_the_database()
    return psycopg.conninfo.make_conninfo(
        dbname=s["NAME"], user=s["USER"], host=s["HOST"], port=s["PORT"] or 5432, password=s["PASSWORD"] or None
    )


class Wire:
    """One side of PostgreSQL's protocol: reads whole messages, type byte and body."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end

    def exactly(self, count: int) -> bytes:
        parts = b""
        while len(parts) < count:
            more = self.end.recv(count - len(parts))
            if not more:
                raise ConnectionError
            parts += more
        return parts

    def message(self) -> bytes:
        head = self.exactly(5)
        return head + self.exactly(struct.unpack("!I", head[1:])[0] - 4)

    def until_ready(self) -> list[bytes]:
        found = [self.message()]
        while found[-1][:1] != b"Z":
            found.append(self.message())
        return found


class Pooler:
    """A small pooler: `sessions` server connections, lent for a client's life ("session") or one transaction."""

    def __init__(self, mode: str, sessions: int) -> None:
        self.mode, self.greeting = mode, b""
        self.free: Queue[Wire] = Queue()
        self.all = [self._session() for _number in range(sessions)]
        for session in self.all:
            self.free.put(session)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _session(self) -> Wire:
        s = settings_of_the_database()
        path = Path(s["HOST"]) / f".s.PGSQL.{s['PORT'] or 5432}"
        end = socket.socket(socket.AF_UNIX)
        end.connect(str(path))
        body = b"\0\3\0\0user\0%s\0database\0%s\0\0" % (s["USER"].encode(), s["NAME"].encode())
        end.sendall(struct.pack("!I", len(body) + 4) + body)
        wire = Wire(end)
        self.greeting = b"".join(wire.until_ready())
        return wire

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _address = self.listener.accept()
                threading.Thread(target=self._serve, args=(Wire(client),), daemon=True).start()

    def _serve(self, client: Wire) -> None:
        lent: Wire | None = None
        with suppress(OSError), client.end:
            self._greet(client)
            while (asked := client.message())[:1] != b"X":
                lent = lent or self.free.get(timeout=10)
                lent.end.sendall(asked)
                if asked[:1] in b"QS":
                    told = lent.until_ready()
                    if self.mode == "transaction" and told[-1][-1:] == b"I":
                        self.free.put(lent)
                        lent = None
                    client.end.sendall(b"".join(told))
        if lent is not None:
            self.free.put(lent)

    def _greet(self, client: Wire) -> None:
        while True:
            length, code = struct.unpack("!II", client.exactly(8))
            client.exactly(length - 8)
            if code == 196608:
                break
            client.end.sendall(b"N")  # no TLS, no GSS
        client.end.sendall(self.greeting)

    def close(self) -> None:
        self.listener.close()
        for session in self.all:
            session.end.close()


@contextmanager
def pooled(mode: str, sessions: int) -> Iterator[str]:
    pooler = Pooler(mode, sessions)
    try:
        s = settings_of_the_database()
        yield psycopg.conninfo.make_conninfo(
            dbname=s["NAME"], user=s["USER"], host="127.0.0.1", port=pooler.port, sslmode="disable"
        )
    finally:
        pooler.close()


def test_a_server_of_our_own_passes() -> None:
    refuse_unsafe_pooler(direct_url())


def test_a_pooler_that_lends_a_session_for_the_clients_life_passes() -> None:
    with pooled("session", 6) as url:
        refuse_unsafe_pooler(url)


@pytest.mark.parametrize("sessions", [2, 3, 8])
def test_a_pooler_that_lends_a_session_for_one_transaction_is_refused(sessions: int) -> None:
    seed = random.randrange(10**9)
    print("seed", seed)
    with pooled("transaction", sessions) as url, pytest.raises(UnsafePooler, match="pool_mode = session"):
        refuse_unsafe_pooler(url, chance=random.Random(seed))


def test_a_database_that_does_not_answer_is_not_called_unsafe() -> None:
    with pytest.raises(psycopg.OperationalError):
        refuse_unsafe_pooler("postgresql://nobody@127.0.0.1:1/nothing")
