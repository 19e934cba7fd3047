"""Keeping what rows said before a person's word changes them; called right before the change, in its transaction.

What phones change by themselves is kept in the statement that changes it: scandoubts.py, tubebook.py, actions/tubes.py.
Twice at one moment the first row counts: it says what was known before the moment.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from parkkeeper.sampling.arrays import plain

TUBE_BEFORE = """INSERT INTO sampling_tube_before (tube_id, point_id, round_id, pool_size, opening, opened_at, sealing,
       sealed_at, swabs, until)
SELECT t.id, t.point_id, t.round_id, t.pool_size, t.opening, t.opened_at, t.sealing, t.sealed_at, t.swabs"""

_SCANS = """
INSERT INTO sampling_scan_before (scan_id, tube_id, round_id, undone_at, undone_received_at, until)
SELECT s.id, s.tube_id, s.round_id, s.undone_at, s.undone_received_at, %(at)s
  FROM sampling_scan s WHERE s.id = ANY(%(ids)s::uuid[]) ON CONFLICT DO NOTHING
"""
_TUBES = f"{TUBE_BEFORE}, %(at)s FROM sampling_tube t WHERE t.id = ANY(%(ids)s::bigint[]) ON CONFLICT DO NOTHING"
_RECEPTIONS = """
INSERT INTO sampling_reception_before (reception_id, tube_id, until)
SELECT r.id, r.tube_id, %(at)s FROM sampling_reception r WHERE r.tube_id = %(tube)s ON CONFLICT DO NOTHING
"""
_LISTINGS = """
INSERT INTO sampling_box_tube_before (box_id, tube_id, heard_at, until)
SELECT c.box_id, c.tube_id, c.heard_at, %(at)s FROM sampling_box_tube c
 WHERE c.tube_id = %(tube)s AND c.box_id IS DISTINCT FROM %(but)s::uuid ON CONFLICT DO NOTHING
"""


def keep_scans(scans: Collection[UUID], *, at: datetime) -> None:
    """Keep tube, round and undoing of these scans as what was known until `at`."""
    _write(_SCANS, ids=plain(scans), at=at)


def keep_tubes(tubes: Collection[int], *, at: datetime) -> None:
    """Keep how these tubes (ids) were used as what was known until `at`."""
    _write(_TUBES, ids=plain(tubes), at=at)


def keep_receptions(tube: int, *, at: datetime) -> None:
    """Keep that the receptions of this tube (id) were known to be of it until `at`."""
    _write(_RECEPTIONS, tube=tube, at=at)


def keep_listings(tube: int, *, but: UUID | None = None, at: datetime) -> None:
    """Keep that this tube (id) was known to be on the lists of its boxes, `but` the one left out, until `at`."""
    _write(_LISTINGS, tube=tube, but=but, at=at)


def _write(statement: str, **params: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
