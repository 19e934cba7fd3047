"""What PostgreSQL alone can take: rows handed over as arrays, 200 a statement, from two connections, each committed."""

import os
import threading
import time
from types import TracebackType
from typing import Any, Self

import psycopg

from parkkeeper.demo.bench.ingest_client import Outcome
from parkkeeper.demo.bench.ingest_park import NOW
from parkkeeper.kernel.ids import new_id
from parkkeeper.sampling.arrays import moments, plain, texts

A_STATEMENT = 200
CONNECTIONS = 2
BARE, OWN = "floor_scan", "sampling_scan"

_COLUMNS = (
    "id, tube_id, person_id, round_id, point_id, how, claimed, scanned_at, device_at, received_at, sequence, by_id"
)
_FILL = """
INSERT INTO {table} ({columns})
SELECT s.id, %s, s.person_id, %s, %s, s.how, '', s.at, s.at, %s, s.sequence, NULL
FROM unnest(%s::uuid[], %s::bigint[], %s::text[], %s::timestamptz[], %s::bigint[])
     AS s(id, person_id, how, at, sequence)
ON CONFLICT (id) DO NOTHING
"""
_MAKE = """
CREATE TABLE floor_scan (id uuid PRIMARY KEY, tube_id bigint, person_id bigint, round_id bigint, point_id bigint,
  how text, claimed text, scanned_at timestamptz, device_at timestamptz, received_at timestamptz, sequence bigint,
  by_id bigint);
INSERT INTO sampling_tube (code, pool_size, first_heard_at) VALUES ('FLOOR', 10, now()) ON CONFLICT DO NOTHING
"""


class Floor:
    """Two connections into the park `schema`: `fill` stores `rows` rows (`own_rows` into the real table)."""

    def __init__(self, schema: str, rows: int) -> None:
        self.schema, self.rows, self.own_rows = schema, rows, rows // 4
        self.connections: list[psycopg.Connection[Any]] = []

    def __enter__(self) -> Self:
        for _number in range(CONNECTIONS):
            opened = psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)
            opened.execute(f"SET search_path = {self.schema}, public".encode())
            self.connections.append(opened)
        first = self.connections[0]
        for statement in _MAKE.split(";\n"):
            first.execute(statement.encode())
        row = first.execute(
            # of no round: in the evening's, the phones' scans would all be somebody's second ones
            "SELECT (SELECT id FROM sampling_tube WHERE code = 'FLOOR'), NULL::bigint, "
            "(SELECT min(id) FROM sampling_point), (SELECT array_agg(id) FROM park_person)"
        ).fetchone()
        assert row is not None
        self.tube, self.round, self.point, self.people = row
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for opened in self.connections:
            opened.close()

    def fill(self, table: str) -> Outcome:
        """Store the rows; the arrays are made beforehand."""
        rows = self.rows if table == BARE else self.own_rows
        share = rows // A_STATEMENT // CONNECTIONS
        work = [[self._arrays(n * share + m) for m in range(share)] for n in range(CONNECTIONS)]
        statement = _FILL.format(table=table, columns=_COLUMNS).encode()
        told = Outcome()
        threads = [
            threading.Thread(target=_do, args=(opened, statement, statements, told.waited))
            for opened, statements in zip(self.connections, work, strict=True)
        ]
        used, started = time.process_time(), time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        told.seconds, told.cpu = time.perf_counter() - started, time.process_time() - used
        return told

    def _arrays(self, number: int) -> list[Any]:
        people = [self.people[(number * A_STATEMENT + n) % len(self.people)] for n in range(A_STATEMENT)]
        return [
            self.tube, self.round, self.point, NOW, plain(new_id() for _person in people), plain(people),
            texts("code" for _person in people), moments(NOW for _person in people), plain(range(A_STATEMENT)),
        ]  # fmt: skip


def _do(opened: psycopg.Connection[Any], statement: bytes, statements: list[list[Any]], waited: list[float]) -> None:
    for arrays in statements:
        started = time.perf_counter()
        opened.execute(statement, arrays)
        waited.append(time.perf_counter() - started)
