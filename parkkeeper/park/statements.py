"""Statements that are asked thousands of times a minute: prepared once a connection, parameters bound by the server.

The ORM, and cursors of Django, send each question as one text with its values written into it, so that PostgreSQL plans
it anew every time; for the short questions of the phones' door planning costs more than answering. `run` is for those.
"""

import re
import time
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django_pgschemas.postgresql.base import get_search_path
from django_pgschemas.schema import get_current_schema
from psycopg.adapt import PyFormat, Transformer
from psycopg.pq import ConnStatus, ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult

_FIRST_PLANS, _LAST_PLANS = 0.25, 120.0  # seconds
_MOST_PREPARED = 2_000  # a connection, of all parks: a tenth of a megabyte each, and a batch has seven to twenty


def run(statement: str, parameters: Sequence[Any] | Mapping[str, Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of one statement (none when it gives none), in the park and the transaction of the caller.

    Parameters are Python values, or literals of arrays (sampling/arrays.py) with a cast in the statement. Raises
    Django's database errors.
    """
    here: Any = connections[DEFAULT_DB_ALIAS]
    here.ensure_connection()
    here.validate_no_broken_transaction()
    with here.wrap_database_errors:
        current = get_current_schema()
        schema = current.schema_name
        if here._search_path is None or getattr(here, "_asked_in", None) != (schema, here._search_path):
            _go_into(here, get_search_path(current))  # type: ignore[no-untyped-call]
            here._asked_in = (schema, here._search_path)
        if here.queries_logged:  # whoever counts statements counts these
            here.queries_log.append({"sql": statement, "time": "0"})
        return _asked(here.connection, schema, statement, parameters)


def _go_into(here: Any, path: str) -> None:
    """What every cursor of Django's does first; with a connection from the pool that is once a request."""
    if here._search_path != path:
        here._search_path = None
        _told(here.connection.pgconn, here.connection.pgconn.exec_(f"SET search_path = {path}".encode()))
        here._search_path = path


def _asked(
    here: Any, schema: str, statement: str, parameters: Sequence[Any] | Mapping[str, Any]
) -> list[tuple[Any, ...]]:
    """One exchange with the server by libpq's own functions: the driver's cursor takes as long as the server does."""
    text, names = _numbered(statement)
    values = _untyped([parameters[name] for name in names] if isinstance(parameters, Mapping) else parameters)
    adapting = Transformer(here)
    dumped = adapting.dump_sequence(values, [PyFormat.TEXT] * len(values))
    libpq: PGconn = here.pgconn
    if not here.autocommit and libpq.transaction_status == TransactionStatus.IDLE:
        _told(libpq, libpq.exec_(b"BEGIN"))
    known: dict[Any, bytes] = here.__dict__.setdefault("_statements", {})
    # each park's apart: a statement that is asked in another park than before would be planned anew each time
    key = (schema, statement, adapting.types)
    if key not in known:
        if len(known) >= _MOST_PREPARED:
            _told(libpq, libpq.exec_(b"DEALLOCATE ALL"))
            known.clear()
        name = b"asked_%d" % len(known)
        _told(libpq, libpq.prepare(name, text, adapting.types))
        known[key] = name
    result = _told(libpq, libpq.exec_prepared(known[key], cast("list[bytes]", list(dumped))))
    if not result.nfields:
        return []
    adapting.set_pgresult(result)
    return adapting.load_rows(0, result.ntuples, tuple)


def _told(libpq: PGconn, result: PGresult) -> PGresult:
    """The result, unless it is an error, which is raised as the driver's."""
    if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
        return result
    if libpq.status == ConnStatus.BAD:  # there is no state to tell it by
        raise psycopg.OperationalError(libpq.get_error_message())
    raise psycopg.errors.error_from_result(result, encoding="utf-8")


@cache
def _numbered(statement: str) -> tuple[bytes, tuple[str, ...]]:
    """The statement with the server's placeholders ($1, $2, …), and the names of parameters in that order."""
    names: list[str] = []
    count = 0

    def number(found: re.Match[str]) -> str:
        nonlocal count
        if found[0] == "%%":
            return "%"
        if found[1] is None:
            count += 1
            return f"${count}"
        if found[1] not in names:
            names.append(found[1])
        return f"${names.index(found[1]) + 1}"

    return _PLACE.sub(number, statement).encode(), tuple(names)


_PLACE = re.compile(r"%%|%s|%\((\w+)\)s")


def plan_anew() -> None:
    """Let this connection's statements be planned anew, when it is time for that.

    A plan that was made while the evening's tables were empty reads them from end to end when they are full, and
    nobody tells the planner before a minute is over. So plans are young while a connection is young: they last a
    quarter of a second, then twice as long each time, up to two minutes.
    """
    here: Any = connections[DEFAULT_DB_ALIAS]
    here.ensure_connection()
    asked, now = here.connection, time.monotonic()
    until, step = getattr(asked, "_plans", (0.0, _FIRST_PLANS))
    if now >= until:
        asked._plans = (now + step, min(2 * step, _LAST_PLANS))
        with here.cursor() as cursor:
            cursor.execute("DISCARD PLANS")


def _untyped(parameters: Sequence[Any]) -> list[Any]:
    # psycopg sends small and large numbers as different types, and each type would be another prepared statement
    return [str(value) if type(value) is int else value for value in parameters]
