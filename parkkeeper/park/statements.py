"""Statements that are asked thousands of times a minute: prepared once a connection, parameters bound by the server.

The ORM, and cursors of Django, send each question as one text with its values written into it, so that PostgreSQL plans
it anew every time; for the short questions of the phones' door planning costs more than answering. `run` is for those.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections

_FIRST_PLANS, _LAST_PLANS = 0.25, 30.0  # seconds
_MOST_PREPARED = 200  # a connection; more than there are statements that come through here


def run(statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of one statement (none when it gives none), in the park and the transaction of the caller.

    Parameters are Python values, or literals of arrays (sampling/arrays.py) with a cast in the statement. Raises
    Django's database errors.
    """
    here: Any = connections[DEFAULT_DB_ALIAS]
    here.ensure_connection()
    here.validate_no_broken_transaction()
    with here.wrap_database_errors:
        here._handle_search_path()  # what every cursor of Django's does first
        asked: psycopg.Connection[Any] = here.connection
        if asked.prepare_threshold is None:
            asked.prepare_threshold, asked.prepared_max = 0, _MOST_PREPARED
        if here.queries_logged:  # whoever counts statements counts these
            here.queries_log.append({"sql": statement, "time": "0"})
        cursor = psycopg.Cursor(asked)
        cursor.execute(statement.encode(), _untyped(parameters) or None, prepare=True)
        found = cursor.pgresult
        return cursor.fetchall() if found is not None and found.nfields else []


def plan_anew() -> None:
    """Let this connection's statements be planned anew, when it is time for that.

    A plan that was made while the evening's tables were empty reads them from end to end when they are full, and
    nobody tells the planner before a minute is over. So plans are young while a connection is young: they last a
    quarter of a second, then twice as long each time, up to half a minute.
    """
    here: Any = connections[DEFAULT_DB_ALIAS]
    here.ensure_connection()
    asked, now = here.connection, time.monotonic()
    until, step = getattr(asked, "_plans", (0.0, _FIRST_PLANS))
    if now >= until:
        asked._plans = (now + step, min(2 * step, _LAST_PLANS))
        with here.cursor() as cursor:
            cursor.execute("DISCARD PLANS")


def _untyped(parameters: Sequence[Any] | Mapping[str, Any]) -> Sequence[Any] | Mapping[str, Any]:
    # psycopg sends small and large numbers as different types, and each type would be another prepared statement
    if isinstance(parameters, Mapping):
        return {name: str(value) if type(value) is int else value for name, value in parameters.items()}
    return [str(value) if type(value) is int else value for value in parameters]
