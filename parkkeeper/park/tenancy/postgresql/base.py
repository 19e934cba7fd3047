"""PostgreSQL with a schema a park (Django's ENGINE), quick to say that it is away.

A request that finds no database waits for the pool's `timeout` (settings.py). Without more, each query of each thread
would wait that long again, and people who come meanwhile behind them. So once one has waited in vain, nobody waits any
more: one at a time knocks outside the pool, and when somebody opens, everything is as before.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
from django_pgschemas.postgresql.base import DatabaseWrapper as SchemaWrapper
from psycopg_pool import PoolTimeout

QUICK = 0.2  # seconds: who is refused within that may be followed by the next one at once
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

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """As Django's. Raises PoolTimeout, which becomes an OperationalError, at once while another waited in vain."""
        if silence.holds and not silence.over(lambda: _knock(conn_params)):
            raise PoolTimeout("the database did not answer a moment ago, nor does it now")
        try:
            return super().get_new_connection(conn_params)
        except PoolTimeout:
            silence.holds = True
            raise


def _knock(conn_params: dict[str, Any]) -> bool:
    try:
        psycopg.connect(**{**conn_params, "connect_timeout": 2}).close()
    except psycopg.OperationalError:
        return False
    return True
