"""What is odd about a tube as a whole: counts, boxes, receptions. Worked out anew after every word of it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from parkkeeper.sampling.arrays import plain
from parkkeeper.sampling.doubts import OF_TUBE, Doubt, follow_doubts, lapse_doubts
from parkkeeper.sampling.field import Source
from parkkeeper.sampling.tubebook import HeardTube


@dataclass(frozen=True, slots=True)
class _Facts:
    id: int
    code: str
    in_roll: bool
    site_id: int | None
    enterprise_id: int | None
    pool_size: int
    used: bool
    sealed_at: datetime | None
    swabs: int | None
    first_heard_at: datetime
    scans: int
    people: list[int] | None
    nameless: int
    boxes: list[str] | None
    conditions: list[str] | None

    @property
    def names(self) -> int:
        """Live distinct people; a scan of somebody unknown is somebody too."""
        return len(self.people or []) + self.nameless


_FACTS = """
SELECT t.id, t.code, t.roll_id IS NOT NULL, p.site_id, p.host_id, t.pool_size, t.opening IS NOT NULL, t.sealed_at,
       t.swabs, t.first_heard_at, n.scans, n.people, n.nameless, b.boxes, c.conditions
FROM sampling_tube t LEFT JOIN sampling_point p ON p.id = t.point_id
LEFT JOIN LATERAL (
    SELECT count(*) AS scans,
           array_agg(DISTINCT s.person_id) FILTER (WHERE s.undone_at IS NULL AND s.person_id IS NOT NULL) AS people,
           count(*) FILTER (WHERE s.undone_at IS NULL AND s.person_id IS NULL) AS nameless
    FROM sampling_scan s WHERE s.tube_id = t.id) n ON true
LEFT JOIN LATERAL (SELECT array_agg(x.box_id::text ORDER BY x.box_id) AS boxes
                   FROM sampling_box_tube x WHERE x.tube_id = t.id) b ON true
LEFT JOIN LATERAL (SELECT array_agg(DISTINCT r.condition) AS conditions
                   FROM sampling_reception r WHERE r.tube_id = t.id) c ON true
WHERE t.id = ANY(%s::bigint[]) ORDER BY t.id
"""


def judge_contents(tube_ids: Collection[int], *, at: datetime) -> dict[int, set[str]]:
    """Raise the doubts that hold about these tubes now, let the others lapse; returns kinds of doubt by tube id."""
    if not tube_ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_FACTS, [plain(tube_ids)])
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    doubts, marks = [], {}
    for row in rows:
        facts = _Facts(*row)
        own = [_doubt(kind, facts, at, evidence) for kind, evidence in _oddities(facts)]
        doubts += own
        marks[facts.id] = {doubt.kind for doubt in own}
    follow_doubts(doubts)
    lapse_doubts("tube", [str(i) for i in tube_ids], OF_TUBE, [d.key for d in doubts])
    return marks


def _doubt(kind: str, facts: _Facts, at: datetime, evidence: dict[str, Any]) -> Doubt:
    return Doubt(
        kind, f"{kind}:{facts.id}", facts.sealed_at or facts.first_heard_at, at, None, facts.enterprise_id,
        facts.site_id, "tube", str(facts.id), {"tube": facts.code, **evidence},
    )  # fmt: skip


def _oddities(facts: _Facts) -> Iterator[tuple[str, dict[str, Any]]]:
    if not facts.in_roll:
        yield "unknown_tube", {}
    yield from _counts(facts)
    boxes, conditions = facts.boxes or [], facts.conditions or []
    heard_at_point = facts.used or facts.scans or facts.sealed_at
    if len(boxes) > 1:
        yield "tube_in_two_boxes", {"boxes": boxes}
    if boxes and not heard_at_point:
        yield "box_unknown_tube", {"boxes": boxes}
    elif boxes and facts.sealed_at is None:
        yield "tube_unsealed_in_box", {"boxes": boxes}
    if conditions and not heard_at_point:
        yield "received_unknown_tube", {"conditions": conditions}
    if len(conditions) > 1:
        yield "reception_contradicts", {"conditions": conditions}


def _counts(facts: _Facts) -> Iterator[tuple[str, dict[str, Any]]]:
    evidence = {"people": facts.people or [], "nameless": facts.nameless, "names": facts.names}
    if facts.names > facts.pool_size:
        yield "over_full", {**evidence, "pool_size": facts.pool_size}
    if facts.sealed_at is None or facts.swabs is None:
        return
    if facts.names > facts.swabs:
        yield "name_without_swab", {**evidence, "swabs": facts.swabs}
    elif facts.names < facts.swabs:
        yield "swab_without_name", {**evidence, "swabs": facts.swabs}


def foreign_tube(tube: HeardTube, source: Source, at: datetime) -> Doubt | None:
    """The doubt that a tube of another point's roll is used at the source's point, if it is."""
    if source.point is None or not tube.is_foreign(source.point.pk):
        return None
    return Doubt(
        "foreign_tube", f"foreign_tube:{tube.id}:{source.point.pk}", source.received_at, at,
        site_id=source.point.site_id, noun="tube", noun_id=str(tube.id),
        evidence={"tube": tube.code, "roll": tube.roll_id, "roll_point": tube.roll_point_id, "point": source.point.pk},
    )  # fmt: skip
