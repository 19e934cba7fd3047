"""Boxes by the ids that phones made, and what their papers name: laboratories by code, signatures by hash."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection

from parkkeeper.kernel.tubes import read_box_code
from parkkeeper.park.models import StoredFile
from parkkeeper.sampling.arrays import moments, plain, texts
from parkkeeper.sampling.doubts import lapse_doubts
from parkkeeper.sampling.field import HandOverBox, ReceiveTube, Source
from parkkeeper.sampling.models import Box, BoxTube, Laboratory
from parkkeeper.sampling.timing import happened

# Which box a hand-over or a reception `h` by code alone is about: the last that was sealed under it by then. Another
# box may bear it on another day; and two phones' clocks may put a hand-over a little before its sealing.
_MEANT = """
(SELECT b.id FROM sampling_box b
 WHERE b.code = h.box_code AND b.sealed_at > h.at - interval '3 days' AND b.sealed_at <= h.at + interval '2 hours'
 ORDER BY b.sealed_at DESC, b.id LIMIT 1)
"""


def mention_boxes(mentioned: Mapping[UUID, datetime], source: Source) -> set[UUID]:
    """Make sure that these boxes exist; the moment is that of the first mention.

    A box that is only mentioned has an empty code until its sealing is told. Returns the ids of such boxes.
    """
    if not mentioned:
        return set()
    ordered = sorted(mentioned)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sampling_box (id, code, sealed_at, received_at) "
            "SELECT b.id, '', b.at, %s FROM unnest(%s::uuid[], %s::timestamptz[]) AS b(id, at) "
            "ON CONFLICT (id) DO NOTHING",
            [source.received_at, plain(ordered), moments(mentioned[box] for box in ordered)],
        )
        cursor.execute("SELECT id FROM sampling_box WHERE id = ANY(%s::uuid[]) AND code = ''", [plain(ordered)])
        return {row[0] for row in cursor.fetchall()}


def lapse_unknown_boxes(boxes: Collection[UUID]) -> None:
    """These boxes' sealing is known now: nobody needs to ask for it any more."""
    lapse_doubts("box", [str(box) for box in boxes], ["unknown_box"], [])


def printed(raw: str) -> str:
    """A box's code as it is stored, from what was read; "?" for nothing."""
    return read_box_code(raw).code[:40] or "?"


def hold_codes(codes: Iterable[str]) -> None:
    """Let nobody else seal or hand over boxes of these codes until this transaction ends.

    Otherwise a sealing and a hand-over at the same moment would not see each other, and never meet.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || 'box' || c, 0)) "
            "FROM unnest(%s::text[]) AS c",
            [texts(sorted(set(codes)))],
        )


def boxes_meant(operations: Sequence[HandOverBox | ReceiveTube], source: Source) -> dict[UUID, UUID]:
    """Which box each of these is about, by the operation's id: the one it names, or of its code alone the last that was
    sealed under it by then. Left out are those whose box has no word yet."""
    by_id = {op.id: op.box for op in operations if op.box}
    return _boxes_of([op for op in operations if op.box is None and op.box_code], source) | by_id


def _boxes_of(named: Sequence[HandOverBox | ReceiveTube], source: Source) -> dict[UUID, UUID]:
    if not named:
        return {}
    hold_codes(printed(op.box_code) for op in named)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT h.id, {_MEANT} FROM unnest(%s::uuid[], %s::text[], %s::timestamptz[]) AS h(id, box_code, at)",
            [
                plain(op.id for op in named),
                texts(printed(op.box_code) for op in named),
                moments(happened(op.happened_at, source) for op in named),
            ],
        )
        return {number: box for number, box in cursor.fetchall() if box is not None}


def meet_what_came_before(boxes: Collection[UUID]) -> None:
    """Boxes that were just sealed: hand-overs and receptions by their printed code that came before this word belong
    to them."""
    met: dict[str, list[str]] = {}
    for table in ("sampling_hand_over", "sampling_reception"):
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} o SET box_id = m.box FROM (SELECT h.id, {_MEANT} AS box "
                f"FROM {table} h JOIN sampling_box s ON s.code = h.box_code "
                "WHERE s.id = ANY(%s::uuid[]) AND h.box_code <> '') m "
                "WHERE m.id = o.id AND m.box IS NOT NULL AND o.box_id IS DISTINCT FROM m.box RETURNING o.id",
                [plain(boxes)],
            )
            met[table] = [str(row[0]) for row in cursor.fetchall()]
    lapse_doubts("handover", met["sampling_hand_over"], ["unknown_box"], [])


def laboratories_by_code(codes: Iterable[str]) -> dict[str, int]:
    """Ids of the laboratories with these codes; unknown codes are left out."""
    return dict(Laboratory.objects.filter(code__in=set(codes)).values_list("code", "id"))


def signatures_by_hash(hashes: Iterable[str]) -> dict[str, int]:
    """Ids of the stored files with these SHA-256 hashes (the newest of each); those never sent are left out."""
    wanted = {text for text in hashes if text}
    if not wanted:
        return {}
    found = StoredFile.objects.filter(sha256__in=wanted, destroyed_at__isnull=True).order_by("id")
    return dict(found.values_list("sha256", "id"))


def tubes_in(box: Box) -> list[int]:
    """Ids of the tubes on the box's list."""
    return list(BoxTube.objects.filter(box=box).order_by("tube_id").values_list("tube_id", flat=True))
