"""Moving what was told under a wrong code to the tube that was meant."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import connection

from parkkeeper.sampling.arrays import plain
from parkkeeper.sampling.earlier import keep_listings, keep_receptions, keep_scans, keep_tubes

_OPENING = "opening, opened_at, opened_by_id, phone_id, pool_size, session_id, point_id, round_id"
_SEALING = "sealing, sealed_at, sealed_by_id, seal_phone_id, swabs"


def move_scans(wrong: int, right: int, scans: Collection[UUID], *, at: datetime) -> list[UUID]:
    """Put these scans of the wrong tube into the right one; returns all scans of both, which must be judged again."""
    keep_scans(set(scans) & set(_scans_of(wrong)), at=at)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE sampling_scan SET tube_id = %s WHERE tube_id = %s AND id = ANY(%s::uuid[])",
            [right, wrong, plain(scans)],
        )
    return _scans_of(wrong, right)


def move_all(wrong: int, right: int, *, at: datetime) -> list[UUID]:
    """Put everything told of the wrong code under the right one; what the right tube was told itself stays.

    What was known until `at` is kept (models/before.py).
    """
    keep_scans(_scans_of(wrong), at=at)
    keep_tubes([wrong, right], at=at)
    keep_listings(wrong, at=at)
    keep_receptions(wrong, at=at)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sampling_scan SET tube_id = %s WHERE tube_id = %s", [right, wrong])
        cursor.execute(
            "INSERT INTO sampling_box_tube (box_id, tube_id, heard_at) SELECT box_id, %s, %s FROM sampling_box_tube "
            "WHERE tube_id = %s ON CONFLICT DO NOTHING",
            [right, at, wrong],
        )
        cursor.execute("DELETE FROM sampling_box_tube WHERE tube_id = %s", [wrong])
        cursor.execute(
            "UPDATE sampling_reception r SET tube_id = %s WHERE r.tube_id = %s AND NOT EXISTS "
            "(SELECT FROM sampling_reception o WHERE o.tube_id = %s AND o.condition = r.condition "
            " AND o.laboratory_id IS NOT DISTINCT FROM r.laboratory_id)",
            [right, wrong, right],
        )
    _move_word(wrong, right, _OPENING, "opening", {"pool_size": "pool_size", "point_id": "point_id"})
    _move_word(wrong, right, _SEALING, "sealing", {})
    return _scans_of(wrong, right)


def _move_word(wrong: int, right: int, columns: str, word: str, kept: dict[str, str]) -> None:
    """Hand over an opening or a sealing, unless the right tube has its own; the wrong one is left without."""
    names = columns.split(", ")
    taken = ", ".join(f"{name} = w.{name}" for name in names)
    cleared = ", ".join(f"{name} = {kept.get(name, 'NULL')}" for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE sampling_tube t SET {taken} FROM sampling_tube w "
            f"WHERE t.id = %s AND w.id = %s AND t.{word} IS NULL AND w.{word} IS NOT NULL RETURNING t.id",
            [right, wrong],
        )
        if cursor.fetchone():
            cursor.execute(f"UPDATE sampling_tube SET {cleared} WHERE id = %s", [wrong])


def _scans_of(*tubes: int) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM sampling_scan WHERE tube_id = ANY(%s::bigint[]) ORDER BY id", [plain(tubes)])
        return [row[0] for row in cursor.fetchall()]
