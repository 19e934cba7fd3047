"""PostgreSQL with a schema a park (Django's ENGINE), quick to say that it is away.

A request that finds no database waits for the pool's `timeout` (settings.py). Without more, each query of each thread
would wait that long again, and people who come meanwhile behind them. So once one has waited in vain, nobody waits any
more: one at a time knocks outside the pool, and when somebody opens, everything is as before.
"""

import select
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from django_pgschemas.postgresql.base import DatabaseWrapper as SchemaWrapper
from psycopg_pool import ConnectionPool, PoolTimeout

QUICK = 0.2  # seconds: who is refused within that may be followed by the next one at once
TRUSTED = 5.0  # seconds for which a connection that was well needs no asking, unless its server has hung up
AGAIN_AFTER = 1.0  # seconds without knocking, after a knock that nobody answered (a cut network)


class Silence:
    """Whether the database has left somebody waiting; shared by the threads of a process."""

    def __init__(self) -> None:
        self.holds = False
        self._door, self._until = threading.Lock(), 0.0

    def over(self, knock: Callable[[], bool]) -> bool:
        """Whether the database answers again; asks by `knock`, for which one thread at a time has time."""
        if not self._door.acquire(timeout=QUICK):
            return False
        try:
            if self.holds and time.monotonic() >= self._until:
                begun = time.monotonic()
                self.holds = not knock()
                if self.holds and time.monotonic() - begun > QUICK:
                    self._until = time.monotonic() + AGAIN_AFTER
            return not self.holds
        finally:
            self._door.release()


silence = Silence()


class DatabaseWrapper(SchemaWrapper):
    """A connection of the pool. While the database is away, it is refused after one wait, not one wait a query."""

    @property
    def pool(self) -> Any:
        """Django's pool, which asks each connection that it lends whether it is well; ours seldom has to ask."""
        pool = super().pool
        if pool is not None and pool._check is ConnectionPool.check_connection:
            pool._check = be_well
        return pool

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """As Django's. Raises PoolTimeout, which becomes an OperationalError, at once while another waited in vain."""
        if silence.holds and not silence.over(lambda: _knock(conn_params)):
            raise PoolTimeout("the database did not answer a moment ago, nor does it now")
        try:
            return super().get_new_connection(conn_params)
        except PoolTimeout:
            silence.holds = True
            raise


def be_well(connection: Any) -> None:
    """Raises OperationalError when the connection is dead. Asking takes as long as a small batch of a phone does.

    The end of a server on this machine, and of any that says goodbye, makes the socket readable at once.
    """
    now = time.monotonic()
    if now - getattr(connection, "_well_at", -TRUSTED) >= TRUSTED or _has_been_told(connection.fileno()):
        ConnectionPool.check_connection(connection)
        connection._well_at = now


def _has_been_told(socket: int) -> bool:
    asking = select.poll()
    asking.register(socket, select.POLLIN)
    return bool(asking.poll(0))


def _knock(conn_params: dict[str, Any]) -> bool:
    try:
        psycopg.connect(**{**conn_params, "connect_timeout": 2}).close()
    except psycopg.OperationalError:
        return False
    return True
