"""Rows of the field as they were known at a moment: SQL pieces for whoever asks of the past, with %(at)s (aware).

What a later word changed stands in the tables *_before (models/before.py). Nearly always there is nothing to find in
them after the moment: one look at the ends of their indexes tells, and the question is asked of the tables themselves
(PLAIN). Only else is it asked of what the rows said then (CHANGED), which takes a few times as long (`rows_known`).
A scan's person is no matter of these: it is told once, and `identified_at` says when. Receipts, undoings and strikings
are for the asker to look at.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection


def _first(table: str, of: str) -> str:
    """That the row b is what was known at %(at)s: of those that end after it, the one that ends first."""
    return f"""b.until > %(at)s AND NOT EXISTS (SELECT FROM {table} e
      WHERE e.{of} = b.{of} AND e.until > %(at)s AND e.until < b.until)"""


def _untouched(table: str, of: str, row: str) -> str:
    return f"NOT EXISTS (SELECT FROM {table} b WHERE b.{of} = {row} AND b.until > %(at)s)"


_SCAN_FIRST = _first("sampling_scan_before", "scan_id")

# A common table for whoever asks by the round: conditions on its columns reach the tables, those of joins do not.
_KNOWN_SCAN = f"""known_scan AS NOT MATERIALIZED (
  SELECT s.id, s.tube_id, s.person_id, s.round_id, s.point_id, s.how, s.claimed, s.identified_at, s.scanned_at,
    s.received_at, s.undone_received_at
  FROM sampling_scan s WHERE {_untouched("sampling_scan_before", "scan_id", "s.id")}
  UNION ALL
  SELECT s.id, b.tube_id, s.person_id, b.round_id, s.point_id, s.how, s.claimed, s.identified_at, s.scanned_at,
    s.received_at, b.undone_received_at
  FROM sampling_scan_before b JOIN sampling_scan s ON s.id = b.scan_id WHERE {_SCAN_FIRST}
)"""

# For whoever asks by the person: what was otherwise, to be joined by scan_id to that person's scans.
_SCAN_BEFORE = f"""(SELECT b.scan_id, b.tube_id, b.round_id, b.undone_received_at
     FROM sampling_scan_before b WHERE {_SCAN_FIRST})"""

_KNOWN_TUBE = f"""known_tube AS NOT MATERIALIZED (
  SELECT t.id, t.round_id FROM sampling_tube t WHERE {_untouched("sampling_tube_before", "tube_id", "t.id")}
  UNION ALL
  SELECT b.tube_id, b.round_id FROM sampling_tube_before b WHERE {_first("sampling_tube_before", "tube_id")}
)"""


@dataclass(frozen=True)
class Known:
    """Where to read what was known at %(at)s: the tables themselves, or what they said before they `changed`."""

    changed: bool

    @property
    def tables(self) -> str:
        """The common tables that `bind` leaves in a statement, with a comma at the end; "" when it needs none."""
        return f"{_KNOWN_SCAN}, {_KNOWN_TUBE}, " if self.changed else ""

    def bind(self, statement: str) -> str:
        """The statement, written against known_scan and known_tube, asking the right tables."""
        if self.changed:
            return statement
        return statement.replace("known_scan", "sampling_scan").replace("known_tube", "sampling_tube")

    def scans_of(self, people: str, *, of_round: bool = False) -> str:
        """A table (person_id, scanned_at, tube_id, round_id, undone_received_at) of the scans of a common table's
        `people` (person_id) that were known, with their person; `of_round`: whoever asks wants those of %(round)s only.

        Each person's are looked up by the person (OFFSET 0 keeps it so): of a round that the planner does not know yet
        it would rather read all scans, once for every person.
        """
        # a scan that is of another round now may have been of this one
        here = " AND s.round_id = %(round)s" if of_round and not self.changed else ""
        own = f"""{people} a CROSS JOIN LATERAL (
        SELECT s.id, s.person_id, s.scanned_at, s.tube_id, s.round_id, s.undone_received_at FROM sampling_scan s
        WHERE s.person_id = a.person_id{here} AND s.received_at <= %(at)s
          AND (s.identified_at IS NULL OR s.identified_at <= %(at)s) OFFSET 0) s"""
        if not self.changed:
            return f"(SELECT s.person_id, s.scanned_at, s.tube_id, s.round_id, s.undone_received_at FROM {own})"
        then = ", ".join(
            f"CASE WHEN b.scan_id IS NULL THEN s.{column} ELSE b.{column} END AS {column}"
            for column in ("tube_id", "round_id", "undone_received_at")
        )
        return f"""(SELECT s.person_id, s.scanned_at, {then}
      FROM {own} LEFT JOIN {_SCAN_BEFORE} b ON b.scan_id = s.id)"""

    def receptions_of(self, tubes: str, *, many: bool = False) -> str:
        """A table (id, tube_id, condition, at) of receptions known of the tubes of a common table (tube_id).

        They are looked up by the tube, however many the park has of earlier days (`_looked_up`).
        """
        plain = f"""
  SELECT p.id, p.tube_id, p.condition, p.at
    FROM {_looked_up("sampling_reception", "id, tube_id, condition, at, received_at", tubes, many=many)} p
   WHERE p.received_at <= %(at)s"""
        if not self.changed:
            return f"({plain})"
        return f"""({plain} AND {_untouched("sampling_reception_before", "reception_id", "p.id")}
  UNION ALL
  SELECT p.id, b.tube_id, p.condition, p.at FROM sampling_reception_before b JOIN {tubes} a ON a.tube_id = b.tube_id
    JOIN sampling_reception p ON p.id = b.reception_id
   WHERE p.received_at <= %(at)s AND {_first("sampling_reception_before", "reception_id")})"""

    def lost_of(self, tubes: str) -> str:
        """The tubes (tube_id, each once) of a common table that were on the list of a box that was lost."""
        lost, heard = "b.lost_at <= %(at)s", "(c.heard_at IS NULL OR c.heard_at <= %(at)s)"
        lines = f"SELECT c.tube_id FROM sampling_box_tube c WHERE c.box_id = b.id AND {heard}"
        if self.changed:
            lines += f"""
    UNION ALL SELECT c.tube_id FROM sampling_box_tube_before c
     WHERE c.box_id = b.id AND c.until > %(at)s AND {heard}"""
            lost = f"""({lost} OR EXISTS (SELECT FROM sampling_loss_before l
      WHERE l.box_id = b.id AND l.lost_at <= %(at)s AND l.until > %(at)s))"""
        # boxes that were lost are few: their lists are read, not the boxes of all tubes
        return f"""SELECT DISTINCT a.tube_id FROM sampling_box b CROSS JOIN LATERAL ({lines} OFFSET 0) c
   JOIN {tubes} a ON a.tube_id = c.tube_id WHERE b.received_at <= %(at)s AND {lost}"""


def results_of(tubes: str, *, many: bool = False) -> str:
    """A table (id, tube_id, value, tested_at, received_at) of the results of a common table's tubes (tube_id) that
    stood at %(at)s, looked up as receptions are (`Known.receptions_of`)."""
    columns = "id, tube_id, value, tested_at, received_at, struck_at"
    return f"""(SELECT r.* FROM {_looked_up("sampling_result", columns, tubes, many=many)} r
   WHERE r.received_at <= %(at)s AND (r.struck_at IS NULL OR r.struck_at > %(at)s))"""


def _looked_up(table: str, columns: str, tubes: str, *, many: bool) -> str:
    """The rows of the tubes of a common table (tube_id), by the index on the tube and never by reading all.

    `many`: for a round's tubes, in one walk along the index, a quarter of the time (PostgreSQL 17; before, as long as
    one by one). The planner takes an array for ten tubes, so that is for whoever turns nested loops off.
    """
    if many:
        return f"(SELECT {columns} FROM {table} WHERE tube_id = ANY(ARRAY(SELECT tube_id FROM {tubes})))"
    # OFFSET 0 keeps the planner from joining the whole table
    return f"""(SELECT f.* FROM {tubes} a CROSS JOIN LATERAL (
    SELECT {columns} FROM {table} WHERE tube_id = a.tube_id OFFSET 0) f)"""


PLAIN, CHANGED = Known(changed=False), Known(changed=True)

_CHANGED_SINCE = "SELECT " + " OR ".join(
    f"EXISTS (SELECT FROM sampling_{table}_before WHERE until > %(at)s)"
    for table in ("scan", "tube", "reception", "box_tube", "loss")
)


def rows_known(
    tell: Callable[[Known], str], params: dict[str, Any], *, before: Sequence[str] = (), after: Sequence[str] = ()
) -> list[tuple[Any, ...]]:
    """The rows of the statement that `tell` gives for where to read, as known at `params["at"]` (aware).

    `before` and `after` are statements that go with it. What is corrected between the first look and the statement is
    found by a look after the statement, which goes with it, too: then what the rows said before is asked.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED_SINCE, params)
        known = CHANGED if cursor.fetchone() == (True,) else PLAIN
        while True:
            cursor.execute("; ".join([*before, tell(known), *after, _CHANGED_SINCE]), params)
            for _ in before:
                cursor.nextset()
            rows = list(cursor.fetchall())
            for _ in (*after, _CHANGED_SINCE):
                cursor.nextset()
            if known is CHANGED or cursor.fetchone() == (False,):
                return rows
            known = CHANGED
