"""Boxes by the ids that phones made, and what their papers name: laboratories by code, signatures by hash."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from uuid import UUID

from django.db import connection

from parkkeeper.park.models import StoredFile
from parkkeeper.sampling.arrays import moments, plain
from parkkeeper.sampling.doubts import lapse_doubts
from parkkeeper.sampling.field import Source
from parkkeeper.sampling.models import Box, BoxTube, Laboratory


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
