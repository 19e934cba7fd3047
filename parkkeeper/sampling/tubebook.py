"""Tubes by their codes: a row is made when a code is first heard of, whoever says it first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils import timezone

from parkkeeper.kernel.tubes import TubeCode, read_tube_code
from parkkeeper.park.statements import run
from parkkeeper.sampling.arrays import plain, texts
from parkkeeper.sampling.earlier import TUBE_BEFORE

LONGEST_CODE = 40
UNREADABLE = "?"


@dataclass(slots=True)
class HeardTube:
    """What is known of a tube when a word of it arrives; the row is locked until the transaction ends."""

    id: int
    code: str
    point_id: int | None
    pool_size: int
    opening: UUID | None
    opened_at: datetime | None
    sealing: UUID | None
    sealed_at: datetime | None
    roll_point_id: int | None
    roll_id: int | None
    is_new: bool = False

    def is_foreign(self, point_id: int | None) -> bool:
        """Whether the code is of a roll that was issued to another point."""
        return point_id is not None and self.roll_point_id is not None and self.roll_point_id != point_id


def code_of(raw: str) -> str:
    """The code under which a tube that was read as `raw` is kept: tidied, never empty, at most 40 characters."""
    return read_tube_code(raw).code[:LONGEST_CODE] or UNREADABLE


# Rows are locked so that whoever comes second sees all that the first said: scans, seals and results of one tube
# are judged one after the other, never side by side.
_SELECT = """
SELECT t.id, t.code, t.point_id, t.pool_size, t.opening, t.opened_at, t.sealing, t.sealed_at, r.point_id, t.roll_id
FROM sampling_tube t LEFT JOIN sampling_tube_roll r ON r.id = t.roll_id
WHERE t.code = ANY(%s::text[]) ORDER BY t.code FOR NO KEY UPDATE OF t
"""
_INSERT = """
WITH heard AS (
    SELECT c.code, r.id AS roll_id, r.point_id
    FROM unnest(%s::text[], %s::text[], %s::bigint[]) AS c(code, prefix, serial)
    LEFT JOIN sampling_tube_roll r ON r.prefix = c.prefix AND r.serials @> c.serial
), made AS (
    INSERT INTO sampling_tube (code, roll_id, point_id, pool_size, first_heard_at)
    SELECT code, roll_id, coalesce(%s::bigint, point_id),
           coalesce((SELECT pool_size FROM sampling_programme WHERE test = 'pcr' AND during @> %s::date
                     ORDER BY id DESC LIMIT 1), 10), %s::timestamptz
    FROM heard ORDER BY code ON CONFLICT (code) DO NOTHING RETURNING id, code, point_id, pool_size)
SELECT m.id, m.code, m.point_id, m.pool_size, NULL::uuid, NULL::timestamptz, NULL::uuid, NULL::timestamptz, h.point_id,
       h.roll_id
FROM made m JOIN heard h USING (code)
"""


def hear_tubes(raws: Iterable[str], *, point_id: int | None, at: datetime) -> dict[str, HeardTube]:
    """The tubes that these codes (as read) name, by what was read; unknown ones are made, with their roll and point.

    One statement when all are known, two or three otherwise. `at` is the server's receipt.
    """
    read: dict[str, TubeCode] = {raw: read_tube_code(raw) for raw in set(raws)}
    codes = {raw: found.code[:LONGEST_CODE] or UNREADABLE for raw, found in read.items()}
    known = _known(codes.values())
    missing = {codes[raw]: found for raw, found in read.items() if codes[raw] not in known}
    if missing:
        made = _make(missing, point_id, at)
        if len(made) < len(missing):  # somebody else was quicker
            made |= _known(missing.keys() - made.keys())
        for code, tube in made.items():
            tube.is_new = True
            known[code] = tube
    return {raw: known[code] for raw, code in codes.items()}


def _known(codes: Iterable[str]) -> dict[str, HeardTube]:
    return {row[1]: HeardTube(*row) for row in run(_SELECT, [texts(sorted(set(codes)))])}


def _make(missing: dict[str, TubeCode], point_id: int | None, at: datetime) -> dict[str, HeardTube]:
    found = missing.values()
    asked = [
        texts(missing),
        # a code with a slip in it names no roll: its serial may be another tube's
        texts(one.prefix if not one.problem else "" for one in found),
        plain(one.serial if not one.problem else None for one in found),
        point_id,
        timezone.localdate(at),
        at,
    ]
    return {row[1]: HeardTube(*row) for row in run(_INSERT, asked)}


# Where and when a tube was used, while no opening says so: by its first scan. Order of arrival must not matter.
_PLACE = f"""
WITH f AS (
    SELECT DISTINCT ON (s.tube_id) s.tube_id, coalesce(s.point_id, l.point_id) AS point_id, s.round_id, p.pool_size
      FROM sampling_scan s JOIN sampling_tube o ON o.id = s.tube_id AND o.opening IS NULL
      LEFT JOIN sampling_tube_roll l ON l.id = o.roll_id
      LEFT JOIN sampling_round r ON r.id = s.round_id LEFT JOIN sampling_programme p ON p.id = r.programme_id
     WHERE s.tube_id = ANY(%(ids)s::bigint[]) ORDER BY s.tube_id, s.scanned_at, s.id),
placed AS (
    SELECT f.tube_id, f.point_id, f.round_id, coalesce(f.pool_size, t.pool_size) AS pool_size
      FROM f JOIN sampling_tube t ON t.id = f.tube_id
     WHERE (t.point_id, t.round_id, t.pool_size)
           IS DISTINCT FROM (f.point_id, f.round_id, coalesce(f.pool_size, t.pool_size))),
kept AS (
    {TUBE_BEFORE}, %(at)s FROM placed JOIN sampling_tube t ON t.id = placed.tube_id WHERE t.first_heard_at < %(at)s
    ON CONFLICT DO NOTHING)
UPDATE sampling_tube t SET point_id = n.point_id, round_id = n.round_id, pool_size = n.pool_size
  FROM placed n WHERE t.id = n.tube_id
"""


def place_unopened(tubes: Iterable[HeardTube], *, at: datetime) -> None:
    """Give tubes that no phone opened (yet) the point, round and pool size of their first scan, known from `at` on."""
    ids = [tube.id for tube in tubes if tube.opening is None]
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(_PLACE, {"ids": plain(ids), "at": at})
