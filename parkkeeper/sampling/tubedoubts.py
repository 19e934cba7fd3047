"""What is odd about a tube as a whole: counts, boxes, receptions. Worked out anew after every word of it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from parkkeeper.park.statements import run
from parkkeeper.sampling.arrays import plain
from parkkeeper.sampling.consequences import judge_tubes
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
    told: bool
    doubted: bool

    @property
    def names(self) -> int:
        """Live distinct people; a scan of somebody unknown is somebody too."""
        return len(self.people or []) + self.nameless


# Looked up by keys for each tube: an EXISTS could be planned as one reading of a whole table that grows.
_FACTS = """
SELECT t.id, t.code, t.roll_id IS NOT NULL, p.site_id, p.host_id, t.pool_size, t.opening IS NOT NULL, t.sealed_at,
       t.swabs, t.first_heard_at, n.scans, n.people, n.nameless, b.boxes, c.conditions,
       w.told IS NOT NULL, d.doubted IS NOT NULL
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
LEFT JOIN LATERAL (SELECT true AS told FROM sampling_result r WHERE r.tube_code = t.code LIMIT 1) w ON true
LEFT JOIN LATERAL (SELECT true AS doubted FROM park_anomaly a
                   WHERE a.noun = 'tube' AND a.noun_id = t.id::text AND a.settled_at IS NULL LIMIT 1) d ON true
WHERE t.id = ANY(%s::bigint[]) ORDER BY t.id
"""


def judge_contents(tube_ids: Collection[int], *, at: datetime) -> dict[int, set[str]]:
    """Raise the doubts that hold about these tubes now, let the others lapse; returns kinds of doubt by tube id."""
    return _judge(tube_ids, at)[0]


def judge_words(tube_ids: Collection[int], *, at: datetime) -> dict[int, set[str]]:
    """As judge_contents, and then what follows where the laboratory has spoken of one of these tubes."""
    marks, told = _judge(tube_ids, at)
    judge_tubes(told, at=at)
    return marks


def _judge(tube_ids: Collection[int], at: datetime) -> tuple[dict[int, set[str]], list[int]]:
    if not tube_ids:
        return {}, []
    found = [_Facts(*row) for row in run(_FACTS, [plain(tube_ids)])]
    doubts, marks = [], {}
    for facts in found:
        own = [_doubt(kind, facts, at, evidence) for kind, evidence in _oddities(facts)]
        doubts += own
        marks[facts.id] = {doubt.kind for doubt in own}
    follow_doubts(doubts)
    doubted = [str(facts.id) for facts in found if facts.doubted]
    lapse_doubts("tube", doubted, OF_TUBE, [d.key for d in doubts], at=at)
    return marks, [facts.id for facts in found if facts.told]


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
