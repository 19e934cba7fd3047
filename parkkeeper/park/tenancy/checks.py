"""Refuses a database address that leads through a pooler which shares sessions between clients.

A park is chosen by `search_path`, a setting of the session. A pooler in transaction or statement mode lends one
client's session to the next between two transactions: queries then run in another park, without any error. What a
pooler calls itself does not matter; whether a session keeps its setting among others is tried out. No Django here.
"""

import random
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import psycopg

from parkkeeper.kernel.postgres import PostgresError

CLIENTS, ROUNDS = 4, 12
_NAME = "parkkeeper_probe_{}"


class UnsafePooler(PostgresError):
    """Sessions are shared between clients; the text says what to change."""


def refuse_unsafe_pooler(url: str, *, wait: float = 0.0, chance: random.Random | None = None) -> None:
    """Raise UnsafePooler when sessions at `url` (a libpq address) do not keep their search path to themselves.

    Opens CLIENTS connections for some milliseconds and writes nothing. Raises psycopg.OperationalError when the
    database does not answer within `wait` seconds.
    """
    until = time.monotonic() + wait
    while True:
        try:
            return _try_out(url, chance or random.Random())
        except psycopg.OperationalError:
            if time.monotonic() >= until:
                raise
            time.sleep(0.5)


def _try_out(url: str, chance: random.Random) -> None:
    with ExitStack() as opened:
        clients = [opened.enter_context(_client(url)) for _number in range(CLIENTS)]
        for number, client in enumerate(clients):
            client.execute(f"SET search_path = {_NAME.format(number)}")
        for _round in range(ROUNDS):
            _one_round(clients, chance)


def _client(url: str) -> psycopg.Connection[Any]:
    # simple queries only: a pooler's handling of prepared statements is another question
    return psycopg.connect(
        url, autocommit=True, connect_timeout=10, prepare_threshold=None, cursor_factory=psycopg.ClientCursor
    )


def _one_round(clients: list[psycopg.Connection[Any]], chance: random.Random) -> None:
    """Each client looks at its own setting, in any order, some of them inside a transaction that stays open."""
    order = list(enumerate(clients))
    chance.shuffle(order)
    held: list[Callable[[], object]] = []
    try:
        for number, client in order:
            # one stays free, so that a pool with fewer sessions than clients does not keep us waiting for ever
            if not held and chance.random() < 0.5:
                client.execute("BEGIN")
                held.append(client.rollback)
            _look(number, client)
    finally:
        for let_go in held:
            let_go()


def _look(number: int, client: psycopg.Connection[Any]) -> None:
    row = client.execute("SHOW search_path").fetchone()
    found = row[0] if row else ""
    if found != _NAME.format(number):
        raise UnsafePooler(
            "DATABASE_URL leads through a connection pooler that shares sessions between clients (such as pgbouncer in "
            f"transaction mode): a search path that was set became {found!r}, so one park would see another's rows. "
            "Connect to PostgreSQL itself, or set pool_mode = session, or use PostgreSQL 18 with pgbouncer 1.20 or "
            "newer and track_extra_parameters = search_path."
        )
