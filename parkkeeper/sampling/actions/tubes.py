"""Opening and sealing tubes as phones tell it. Of two words about one tube the earlier counts, the other is a doubt."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db import transaction

from parkkeeper.park.journal import record
from parkkeeper.park.models import Anomaly, Person
from parkkeeper.park.statements import run
from parkkeeper.sampling.arrays import moments, plain
from parkkeeper.sampling.consequences import share_results
from parkkeeper.sampling.doubts import Doubt, raise_doubts
from parkkeeper.sampling.earlier import TUBE_BEFORE
from parkkeeper.sampling.field import OpenTube, SealTube, Source, Verdict
from parkkeeper.sampling.fieldrights import require_or_doubt
from parkkeeper.sampling.scandoubts import judge_scans, scans_to_review
from parkkeeper.sampling.sessionbook import mention_sessions
from parkkeeper.sampling.timing import RoundFacts, days_of, happened, rounds_on
from parkkeeper.sampling.tubebook import HeardTube, hear_tubes
from parkkeeper.sampling.tubedoubts import foreign_tube, judge_contents, judge_words

_GREATEST = 32_767


@transaction.atomic
def open_tubes(operations: Sequence[OpenTube], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """Take a tube into use for a pool of that size. A second opening is kept as an incident, never as the truth."""
    require_or_doubt(by, "work_point", source, at=at)
    tubes = _hear(operations, source)
    known = _told_before("tube_opened_twice", operations, {raw: t.opening for raw, t in tubes.items()}, tubes)
    new = _first_of_each(operations, known)
    doubts, kept = [], {}
    for op in new:
        tube, moment = tubes[op.tube_code], happened(op.happened_at, source)
        loser = _displaced(op.id, moment, tube.opening, tube.opened_at)
        if loser is not None:
            doubts.append(_twice("tube_opened_twice", tube, *loser, source, at, {}))
        if loser is None or loser[0] != op.id:
            tube.opening, tube.opened_at = op.id, moment
            kept[tube.id] = op
    if new:
        _write_openings(kept, {t.id: t for t in tubes.values()}, source, by, at)
        raise_doubts(doubts)
        older = [t.id for t in tubes.values() if not t.is_new]
        judge_scans(scans_to_review(older, every=True), at=at)
    marks = _finish(tubes, source, at, changed=bool(new))
    if new:
        record("tubes.opened", by=by, at=at, site=_site(source), count=len(new), phone=source.phone_id)
    return _verdicts(operations, new, marks, doubts, tubes, "tube_opened_twice")


@transaction.atomic
def seal_tubes(operations: Sequence[SealTube], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """Seal tubes with the count of swabs; the count is held against the names, now and whenever a late word comes."""
    require_or_doubt(by, "work_point", source, at=at)
    tubes = _hear(operations, source)
    known = _told_before("tube_sealed_twice", operations, {raw: t.sealing for raw, t in tubes.items()}, tubes)
    new = _first_of_each(operations, known)
    doubts, kept, displaced = [], {}, set()
    for op in new:
        tube, moment = tubes[op.tube_code], happened(op.happened_at, source)
        loser = _displaced(op.id, moment, tube.sealing, tube.sealed_at)
        if loser is not None:
            doubts.append(_twice("tube_sealed_twice", tube, *loser, source, at, {"swabs_now": op.swabs}))
            displaced.add(tube.id)
        if loser is None or loser[0] != op.id:
            tube.sealing, tube.sealed_at = op.id, moment
            kept[tube.id] = op
    if new:
        _write_seals(kept, source, by, at)
        raise_doubts(doubts)
        judge_scans(scans_to_review(list(kept)) + scans_to_review(displaced, every=True), at=at)
    marks = _finish(tubes, source, at, changed=bool(new))
    if new:
        record("tubes.sealed", by=by, at=at, site=_site(source), count=len(new), phone=source.phone_id)
    return _verdicts(operations, new, marks, doubts, tubes, "tube_sealed_twice")


_Operation = OpenTube | SealTube
_T = TypeVar("_T", OpenTube, SealTube)


def _site(source: Source) -> int | None:
    return source.point.site_id if source.point else None


def _hear(operations: Sequence[_Operation], source: Source) -> dict[str, HeardTube]:
    share_results()
    point_id = source.point.pk if source.point else None
    return hear_tubes((op.tube_code for op in operations), point_id=point_id, at=source.received_at)


def _told_before(
    kind: str, operations: Sequence[_Operation], standing: dict[str, UUID | None], tubes: dict[str, HeardTube]
) -> set[UUID]:
    """Ids of operations that came before: the tube's word, its word until somebody changed it, a doubt that lost."""
    known = {op.id for op in operations if standing[op.tube_code] == op.id}
    others = {_key(kind, tubes[op.tube_code], op.id): op.id for op in operations if standing[op.tube_code] is not None}
    if others.keys() - {_key(kind, tubes[op.tube_code], op.id) for op in operations if op.id in known}:
        found = Anomaly.objects.filter(key__in=list(others)).values_list("key", flat=True)
        known |= {others[key] for key in found}
    older = [tube.id for tube in tubes.values() if not tube.is_new]
    before = run("SELECT opening, sealing FROM sampling_tube_before WHERE tube_id = ANY(%s::bigint[])", [plain(older)])
    return known | ({op.id for op in operations} & {word for words in before for word in words})


def _first_of_each(operations: Sequence[_T], known: set[UUID]) -> list[_T]:
    return list({op.id: op for op in reversed(operations) if op.id not in known}.values())[::-1]


def _key(kind: str, tube: HeardTube, operation: UUID) -> str:
    return f"{kind}:{tube.id}:{operation}"


def _displaced(
    word: UUID, moment: datetime, standing: UUID | None, standing_at: datetime | None
) -> tuple[UUID, datetime] | None:
    """Which of the new word and the standing one loses: the later one, so that order of arrival does not matter."""
    if standing is None or standing_at is None:
        return None
    return max((word, moment), (standing, standing_at), key=lambda pair: (pair[1], pair[0]))


def _twice(
    kind: str, tube: HeardTube, word: UUID, moment: datetime, source: Source, at: datetime, more: dict[str, Any]
) -> Doubt:
    return Doubt(
        kind, _key(kind, tube, word), moment, at, site_id=_site(source), noun="tube", noun_id=str(tube.id),
        evidence={"tube": tube.code, "operation": str(word), "phone": source.phone_id, **more},
    )  # fmt: skip


def _write_openings(
    kept: dict[int, OpenTube], tubes: dict[int, HeardTube], source: Source, by: Person, at: datetime
) -> None:
    if not kept:
        return
    moment = {tube: happened(op.happened_at, source) for tube, op in kept.items()}
    sessions = mention_sessions({op.session: moment[tube] for tube, op in kept.items() if op.session}, source)
    day_of = days_of(set(moment.values()))
    rounds = rounds_on(day_of.values())
    ids = sorted(kept)
    run(
        _OPEN,
        {
            "at": at,
            "point": source.point.pk if source.point else None,
            "by": by.pk,
            "phone": source.phone_id,
            "ids": plain(ids),
            "words": plain(kept[i].id for i in ids),
            "moments": moments(moment[i] for i in ids),
            "sizes": plain(_pool_size(kept[i], tubes[i]) for i in ids),
            "sessions": plain(kept[i].session if kept[i].session in sessions else None for i in ids),
            "rounds": plain(_round_id(rounds, day_of[moment[i]]) for i in ids),
        },
    )


# A later word that displaces an earlier one leaves behind what was known until now; a first word displaces nothing.
_OPEN = f"""
WITH o AS (
    SELECT n.*, coalesce(%(point)s::bigint, t.point_id) AS point_id
      FROM unnest(%(ids)s::bigint[], %(words)s::uuid[], %(moments)s::timestamptz[], %(sizes)s::int[],
                  %(sessions)s::uuid[], %(rounds)s::bigint[]) AS n(id, word, moment, pool_size, session_id, round_id)
      JOIN sampling_tube t USING (id)),
kept AS (
    {TUBE_BEFORE}, %(at)s::timestamptz FROM o JOIN sampling_tube t USING (id)
     WHERE t.first_heard_at < %(at)s::timestamptz AND (t.opening IS NOT NULL OR (t.point_id, t.round_id, t.pool_size)
           IS DISTINCT FROM (o.point_id, o.round_id, o.pool_size))
    ON CONFLICT DO NOTHING)
UPDATE sampling_tube t
   SET point_id = o.point_id, opened_by_id = %(by)s::bigint, phone_id = %(phone)s::bigint, opening = o.word,
       opened_at = o.moment, pool_size = o.pool_size, session_id = o.session_id, round_id = o.round_id
  FROM o WHERE t.id = o.id
"""
_SEAL = f"""
WITH o AS (SELECT * FROM unnest(%(ids)s::bigint[], %(words)s::uuid[], %(moments)s::timestamptz[], %(swabs)s::int[])
                         AS o(id, word, moment, swabs)),
kept AS (
    {TUBE_BEFORE}, %(at)s::timestamptz FROM o JOIN sampling_tube t USING (id)
     WHERE t.first_heard_at < %(at)s::timestamptz AND t.sealing IS NOT NULL
    ON CONFLICT DO NOTHING)
UPDATE sampling_tube t
   SET sealed_by_id = %(by)s::bigint, seal_phone_id = %(phone)s::bigint, sealing = o.word, sealed_at = o.moment,
       swabs = o.swabs
  FROM o WHERE t.id = o.id
"""


def _round_id(rounds: dict[date, RoundFacts], day: date) -> int | None:
    return rounds[day].id if day in rounds else None


def _pool_size(op: OpenTube, tube: HeardTube) -> int:
    return op.pool_size if 1 <= op.pool_size <= _GREATEST else tube.pool_size


def _write_seals(kept: dict[int, SealTube], source: Source, by: Person, at: datetime) -> None:
    if not kept:
        return
    ids = sorted(kept)
    run(
        _SEAL,
        {
            "at": at,
            "by": by.pk,
            "phone": source.phone_id,
            "ids": plain(ids),
            "words": plain(kept[i].id for i in ids),
            "moments": moments(happened(kept[i].happened_at, source) for i in ids),
            "swabs": plain(max(0, min(kept[i].swabs, _GREATEST)) for i in ids),
        },
    )


def _finish(tubes: dict[str, HeardTube], source: Source, at: datetime, *, changed: bool) -> dict[int, set[str]]:
    """Doubts about the tubes as they are now, and what follows from them; returns kinds of doubt by tube."""
    ids = {tube.id for tube in tubes.values()}
    marks = judge_words(ids, at=at) if changed else judge_contents(ids, at=at)
    foreign = [doubt for tube in tubes.values() if (doubt := foreign_tube(tube, source, at)) is not None]
    raise_doubts(foreign)
    for doubt in foreign:
        marks[int(doubt.noun_id)].add(doubt.kind)
    return marks


def _verdicts(
    operations: Sequence[_Operation],
    new: Sequence[_Operation],
    marks: dict[int, set[str]],
    doubts: list[Doubt],
    tubes: dict[str, HeardTube],
    twice: str,
) -> list[Verdict]:
    stored = {op.id for op in new}
    lost = {doubt.evidence["operation"] for doubt in doubts}
    verdicts = []
    for op in operations:
        tube = tubes[op.tube_code]
        standing = tube.opening if isinstance(op, OpenTube) else tube.sealing
        kinds = marks[tube.id] | ({twice} if str(op.id) in lost or standing != op.id else set())
        verdicts.append(Verdict(op.id, op.id in stored, tuple(sorted(kinds))))
        stored.discard(op.id)
    return verdicts
