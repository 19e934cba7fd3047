"""Years of evenings in a park: one evening that phones really sent, copied to day after day before it.

What the door writes for an evening is found by what grew, and copied column by column as the catalog describes it: a
table or column that the door gets later is copied as well. Ids are shifted, so that every copy keeps its
references; what was told in times and days is told so many days earlier. The boxes and results follow for all at once.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey

from parkkeeper.demo.bench.reconcile_park import load

# Written when the round opened, by the office: they belong to the evening as well.
OPENED_WITH = ("sampling_round", "sampling_due", "sampling_session")
# One row a phone, one a round of today: not what an evening leaves behind.
_STAYS = ("sampling_tally", "park_journal_seal")
# Codes that are told apart by their evening.
_CODES = ("code", "tube_code", "key")
# Of an earlier evening's list nearly everybody was sampled.
_ONLY = {"sampling_due": "WHERE id % 20 = 0 OR person_id IN (SELECT person_id FROM growth_sampling_scan)"}
_AT_ONCE = 2

# The first 48 bits of a phone's id are its time in milliseconds: copies stand where those of an earlier day would.
_EARLIER = (
    "(lpad(to_hex(('x' || left({hex}, 12))::bit(48)::bigint - %(days)s * 86400000::bigint & 281474976710655), 12, '0')"
    " || substr({hex}, 13))::uuid"
)
_MORNINGS = """
UPDATE sampling_round SET closed_at = closes_at, closed_by_id = %(office)s WHERE day < %(day)s;
UPDATE sampling_session SET closed_at = opened_at + interval '12 hours', closed_by_id = opened_by_id
WHERE round_id IN (SELECT id FROM sampling_round WHERE day < %(day)s);
INSERT INTO sampling_lab_report (kind, received_at, counts, problems, laboratory_id)
SELECT 'table', closes_at + interval '9 hours', '{}', '[]', %(laboratory)s FROM sampling_round WHERE day < %(day)s;
CREATE TEMPORARY TABLE carried ON COMMIT DROP AS
SELECT t.id, t.code, r.id AS round, r.closes_at AS at, p.id AS report,
  md5(r.id || '/' || (row_number() OVER (PARTITION BY r.id ORDER BY t.id)) / 50)::uuid AS box
FROM sampling_tube t JOIN sampling_round r ON r.id = t.round_id
JOIN sampling_lab_report p ON p.received_at = r.closes_at + interval '9 hours' WHERE r.day < %(day)s;
INSERT INTO sampling_box (id, code, round_id, sealed_at, received_at)
SELECT box, left(box::text, 12), min(round), min(at), min(at) FROM carried GROUP BY box;
INSERT INTO sampling_box_tube (box_id, tube_id) SELECT box, id FROM carried;
INSERT INTO sampling_reception (id, tube_id, box_id, laboratory_id, condition, at, received_at)
SELECT gen_random_uuid(), id, box, %(laboratory)s, 'good', at + interval '2 hours', at + interval '2 hours'
FROM carried;
INSERT INTO sampling_result (tube_id, tube_code, value, tested_at, received_at, report_id, struck_reason)
SELECT id, code, 'negative', at + interval '9 hours', at + interval '9 hours', report, '' FROM carried
"""

_OF_MORNINGS = ("sampling_box", "sampling_box_tube", "sampling_lab_report", "sampling_reception", "sampling_result")
_INDEXES = """
SELECT c.relname, pg_get_indexdef(c.oid) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE i.indrelid = ANY(%s::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
ORDER BY c.relname
"""

_COLUMNS = """
SELECT a.attname::text, a.atttypid::regtype::text,
  EXISTS (SELECT FROM pg_index i WHERE i.indrelid = a.attrelid AND i.indisprimary AND a.attnum = ANY(i.indkey))
FROM pg_attribute a
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' ORDER BY a.attnum
"""


@dataclass(frozen=True)
class Copy:
    """How a table's rows of the evening become those of `%(days)s` days earlier."""

    table: str
    statement: str


def rows_of_tables() -> dict[str, int]:
    """How many rows each table of the active park has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename")
        tables = [row[0] for row in cursor.fetchall()]
        found = {}
        for table in tables:
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            found[table] = cursor.fetchone()[0]
    return found


def copies(before: dict[str, int]) -> list[Copy]:
    """How to copy the evening that made the tables of the active park grow since `before`; keeps it aside for that."""
    grown = [name for name, rows in rows_of_tables().items() if rows > before[name] and name not in _STAYS]
    tables = sorted({*grown, *OPENED_WITH})
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"CREATE UNLOGGED TABLE growth_{table} AS SELECT * FROM {table}")
        for table in tables:
            if table in _ONLY:
                cursor.execute(
                    f"DELETE FROM growth_{table} WHERE NOT id = ANY(SELECT id FROM growth_{table} {_ONLY[table]})"
                )
            cursor.execute(f"ANALYZE growth_{table}")
        steps = {table: _step(cursor, table) for table in tables}
        return [_copy(cursor, table, steps) for table in tables]


def _step(cursor: Any, table: str) -> int:
    """By how much a number of that table is shifted for each day: 0 when its key is none."""
    cursor.execute(_COLUMNS, [table])
    if ("id", "bigint") not in {(name, kind) for name, kind, _key in cursor.fetchall()}:
        return 0
    cursor.execute(f"SELECT max(id) FROM {table}")
    highest: int = cursor.fetchone()[0]
    return highest


def _copy(cursor: Any, table: str, steps: dict[str, int]) -> Copy:
    cursor.execute(_COLUMNS, [table])
    refers = _refers(table)
    made = {
        name: told
        for name, kind, key in cursor.fetchall()
        if (told := _told(name, kind, table if key else refers.get(name, ""), steps)) is not None
    }
    columns = ", ".join(f'"{name}"' for name in made)
    return Copy(table, f"INSERT INTO {table} ({columns}) SELECT {', '.join(made.values())} FROM growth_{table}")


def _refers(table: str) -> dict[str, str]:
    """The tables whose rows the table's columns number, by column: also those that no constraint of its tells."""
    models = [model for model in apps.get_models() if model._meta.db_table == table]
    return {
        field.column: field.related_model._meta.db_table
        for model in models
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey)
    }


def _told(name: str, kind: str, of: str, steps: dict[str, int]) -> str | None:
    """The column's value in a copy; `of`: the table whose rows it numbers, if any. None: it makes itself."""
    column = f'"{name}"'
    shifted = {
        "timestamp with time zone": f"{column} - %(days)s * interval '1 day'",
        "date": f"{column} - %(days)s",
        "uuid": _EARLIER.format(hex=f"replace({column}::text, '-', '')"),
        "bigint": f"{column} + %(days)s * {steps.get(of, 0)}::bigint",
    }
    if kind == "xid8":
        return None
    if kind == "uuid" and of and of not in steps:
        return column
    if name in _CODES:
        return f"{column} || '-' || %(days)s"
    return shifted.get(kind, column)


def fill(schema: str, how: list[Copy], days: range, say: Callable[[int], None]) -> None:
    """Copy the evening to each of `days` (days before it), two of them at once; `say` is told of every hundredth."""
    waiting, lock = list(reversed(days)), threading.Lock()
    failed: list[BaseException] = []

    def work() -> None:
        try:
            with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as asking:
                asking.execute(f"SET search_path = {schema}, public".encode())
                asking.execute(b"SET session_replication_role = replica")
                asking.execute(b"SET synchronous_commit = off")
                while True:
                    with lock:
                        if not waiting or failed:
                            return
                        day = waiting.pop()
                    for copy in how:
                        asking.execute(copy.statement.replace("%(days)s", str(day)).encode())
                    if day % 100 == 0:
                        say(day)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _n in range(_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]


def finish(how: list[Copy], facts: dict[str, Any]) -> None:
    """Boxes, receptions and results of all earlier evenings; then numbers go on behind the copies."""
    load(_MORNINGS, facts, tidy=False)
    with connection.cursor() as cursor:
        for copy in how:
            cursor.execute(f"DROP TABLE growth_{copy.table}")
            if _step(cursor, copy.table):
                cursor.execute("SELECT pg_get_serial_sequence(%s, 'id')", [copy.table])
                (sequence,) = cursor.fetchone()
                cursor.execute(f"SELECT setval(%s, (SELECT max(id) FROM {copy.table}))", [sequence])


@contextmanager
def bare(how: list[Copy]) -> Iterator[None]:
    """Inside, the active park's tables that a fill writes have no indexes but those of their constraints.

    Millions of rows are in the tables in a third of the time, and sorted into each index at the end. There the pages
    are left as loose (fillfactor 70) as they become when rows come one by one in no order.
    """
    tables = sorted({copy.table for copy in how} | set(_OF_MORNINGS))
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES, [tables])
        found = cursor.fetchall()
        for name, _made in found:
            cursor.execute(f'DROP INDEX "{name}"')
    yield
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for name, made in found:
            say(f"index {name} …")
            cursor.execute(_loose(made))
        cursor.execute("RESET maintenance_work_mem")


def _loose(made: str) -> str:
    """The index's definition with looser pages; other kinds than b-trees as they are."""
    if " USING btree " not in made or " WITH (" in made:
        return made
    whole, where, condition = made.partition(" WHERE ")
    return f"{whole} WITH (fillfactor = 70){where}{condition}"


@contextmanager
def careless() -> Iterator[None]:
    """Inside, PostgreSQL writes no whole pages into its log, which a fill would make many times as long."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER SYSTEM SET full_page_writes = off")
        cursor.execute("SELECT pg_reload_conf()")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER SYSTEM RESET full_page_writes")
            cursor.execute("SELECT pg_reload_conf()")
            cursor.execute("CHECKPOINT")


def bytes_of(schema: str) -> int:
    """What the park takes on disk."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(oid)) FROM pg_class"
            " WHERE relnamespace = %s::regnamespace AND relkind IN ('r', 'p')",
            [schema],
        )
        return int(cursor.fetchone()[0])


def say(text: str) -> None:
    """Tell the one who waits."""
    print(f"bench growth: {text}", file=sys.stderr, flush=True)
