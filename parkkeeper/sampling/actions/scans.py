"""Scans and undos as phones tell them: stored whatever they say, judged after, told back with their doubts.

A call takes hundreds of operations with a fixed number of statements: nothing here is done row by row in the database.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from parkkeeper.park.journal import record
from parkkeeper.park.models import Person
from parkkeeper.sampling.arrays import moments, plain, texts
from parkkeeper.sampling.consequences import judge_tubes, share_results
from parkkeeper.sampling.doubts import Doubt, lapse_doubts, raise_doubts
from parkkeeper.sampling.field import Source, TakeScan, UndoScan, Verdict
from parkkeeper.sampling.fieldrights import require_or_doubt
from parkkeeper.sampling.identify import Identity, claimed_tail, claimed_to_keep, identify, person_ids
from parkkeeper.sampling.models import Due
from parkkeeper.sampling.scandoubts import Marks, follow_undone, judge_scans
from parkkeeper.sampling.showncodes import OUT_OF_DATE
from parkkeeper.sampling.slotdoubts import judge_slots
from parkkeeper.sampling.timing import Clockwork, Moment, RoundFacts, days_of, happened, rounds_on
from parkkeeper.sampling.tubebook import HeardTube, hear_tubes, place_unopened
from parkkeeper.sampling.tubedoubts import foreign_tube, judge_contents

# who stands so and is scanned all the same is worth a look; "not yet" is not: more testing harms nobody
_NOT_DUE = {Due.Standing.EXCUSED, Due.Standing.ELSEWHERE, Due.Standing.AWAY, Due.Standing.LEFT}


@dataclass(slots=True)
class _Told:
    """One scan on its way in: the operation and all that is known about what it names."""

    op: TakeScan
    at: datetime
    day: date
    tube: HeardTube
    who: Identity
    round: RoundFacts | None
    point_id: int | None


@transaction.atomic
def take_scans(operations: Sequence[TakeScan], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """Store what the point scanned; a verdict for each operation, in order. Never refuses a row.

    Idempotent by the scans' ids: what was known already is answered `stored=False` with the doubts that it has.
    """
    require_or_doubt(by, "work_point", source, at=at)
    if not operations:
        return []
    share_results()
    told = _understood(operations, source)
    _lock_people({t.who.person_id for t in told if t.who.person_id is not None})
    new = _insert(told, source, by)
    fresh = list({t.op.id: t for t in told if t.op.id in new}.values())
    clockwork = Clockwork(source, {t.day for t in told})
    if fresh:
        marks = _judge(fresh, clockwork, source, at)
        record(
            "scans.taken", by=by, at=at, site=source.point.site_id if source.point else None, count=len(fresh),
            tubes=len({t.tube.id for t in fresh}), phone=source.phone_id,
            in_doubt=sum(1 for t in fresh if marks[t.op.id]),
        )  # fmt: skip
    else:
        marks = defaultdict(set)
    known = {op.id for op in operations} - new
    if known:
        _add_known_marks(known, marks, clockwork)
    seen: set[UUID] = set()
    return [_verdict(op.id, new, seen, marks) for op in operations]


@transaction.atomic
def undo_scans(operations: Sequence[UndoScan], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """Take back scans made by mistake. One that comes before its scan waits for it; one after the seal is a doubt."""
    require_or_doubt(by, "work_point", source, at=at)
    if not operations:
        return []
    share_results()
    new = _insert_undos(operations, source, by)
    scans = {op.scan for op in operations}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.id FROM sampling_tube t WHERE t.id IN "
            "(SELECT tube_id FROM sampling_scan WHERE id = ANY(%s::uuid[])) ORDER BY t.code FOR NO KEY UPDATE",
            [plain(scans)],
        )
        tubes = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT id FROM sampling_scan WHERE id = ANY(%s::uuid[])", [plain(scans)])
        found = {row[0] for row in cursor.fetchall()}
    marks, _ = judge_scans(found, at=at)
    unknown = [op for op in operations if op.scan not in found]
    if new:
        raise_doubts(_undo_unknown(op, source, at) for op in unknown if op.id in new)
        judge_contents(tubes, at=at)
        judge_tubes(tubes, at=at)
        record(
            "scans.undone", by=by, at=at, site=source.point.site_id if source.point else None, count=len(new),
            phone=source.phone_id,
        )  # fmt: skip
    missing = {op.scan for op in unknown}
    seen: set[UUID] = set()
    verdicts = []
    for op in operations:
        kinds = {"undo_unknown"} if op.scan in missing else marks[op.scan] & {"undo_after_seal"}
        verdicts.append(Verdict(op.id, op.id in new and op.id not in seen, tuple(sorted(kinds))))
        seen.add(op.id)
    return verdicts


def _verdict(scan: UUID, new: set[UUID], seen: set[UUID], marks: Marks) -> Verdict:
    stored = scan in new and scan not in seen
    seen.add(scan)
    return Verdict(scan, stored, tuple(sorted(marks[scan])))


def _understood(operations: Sequence[TakeScan], source: Source) -> list[_Told]:
    moments_of = {op.id: happened(op.happened_at, source) for op in operations}
    day_of = days_of(set(moments_of.values()))
    rounds = rounds_on(day_of.values())
    point_id = source.point.pk if source.point else None
    tubes = hear_tubes((op.tube_code for op in operations), point_id=point_id, at=source.received_at)
    who = identify(operations, source)
    told = []
    for op in operations:
        moment, tube = moments_of[op.id], tubes[op.tube_code]
        day = day_of[moment]
        told.append(_Told(op, moment, day, tube, who[op.id], rounds.get(day), point_id or tube.point_id))
    return told


def _lock_people(people: Collection[int]) -> None:
    # Two phones that send one person's two scans at the same moment must see each other's: the second waits here.
    if people:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT 1 FROM park_person WHERE id = ANY(%s::bigint[]) ORDER BY id FOR NO KEY UPDATE", [plain(people)]
            )


_INSERT = """
INSERT INTO sampling_scan (id, tube_id, person_id, round_id, point_id, how, claimed, scanned_at, device_at,
                           received_at, phone_id, sequence, by_id)
SELECT s.id, s.tube_id, s.person_id, s.round_id, s.point_id, s.how, s.claimed, s.scanned_at, s.device_at, %s, %s,
       s.sequence, s.by_id
FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
            %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::bigint[])
     AS s(id, tube_id, person_id, round_id, point_id, how, claimed, scanned_at, device_at, sequence, by_id)
ON CONFLICT (id) DO NOTHING RETURNING id
"""


def _insert(told: list[_Told], source: Source, by: Person) -> set[UUID]:
    scanners, holder = person_ids(t.op.by for t in told), by.pk
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                source.received_at,
                source.phone_id,
                plain(t.op.id for t in told),
                plain(t.tube.id for t in told),
                plain(t.who.person_id for t in told),
                plain(t.round.id if t.round else None for t in told),
                plain(t.point_id for t in told),
                texts(t.op.how[:12] for t in told),
                texts(_claimed(t) for t in told),
                moments(t.at for t in told),
                moments(t.op.device_at for t in told),
                plain(t.op.sequence for t in told),
                plain(scanners.get(t.op.by, holder) if t.op.by else holder for t in told),
            ],
        )
        return {row[0] for row in cursor.fetchall()}


def _claimed(told: _Told) -> str:
    if told.who.person_id is not None:
        return ""
    if told.who.kept:
        return told.who.kept[:120]
    if told.op.claimed:
        return claimed_to_keep(told.op.claimed, told.op.how)
    return f"uuid:{told.op.person}" if told.op.person else ""


def _judge(fresh: list[_Told], clockwork: Clockwork, source: Source, at: datetime) -> Marks:
    """All doubts about scans that were stored just now; then what follows for their tubes."""
    tubes = {t.tube.id: t.tube for t in fresh}
    place_unopened(tubes.values(), at=at)
    ids = [t.op.id for t in fresh]
    marks, undone = judge_scans(ids, at=at, fresh=True)
    doubts = _about_people(fresh, at) + _about_tubes(tubes.values(), source, at)
    doubts += clockwork.judge({t.op.id: _moment(t, source) for t in fresh}, marks, at)
    visits = {t.op.id: (t.at, t.day, t.who.employer_id) for t in fresh if t.who.employer_id is not None}
    doubts += judge_slots(visits, clockwork.rules.get("slot_grace_minutes"), source, marks, at=at)
    raise_doubts(doubts)
    for doubt in doubts:
        if doubt.noun == "scan":
            marks[UUID(doubt.noun_id)].add(doubt.kind)
    contents = judge_contents(tubes, at=at)
    kinds = {tube.id: _tube_kinds(tube, contents.get(tube.id, set()), source) for tube in tubes.values()}
    for t in fresh:
        marks[t.op.id].update(kinds[t.tube.id])
    if undone:
        _forget_waiting_undos(ids)
        follow_undone(undone)
    judge_tubes(tubes, at=at)
    return marks


def _moment(told: _Told, source: Source) -> Moment:
    return Moment(
        told.at, told.op.device_at, source.received_at, told.op.how, told.day, told.round, told.point_id,
        source.phone_id,
    )  # fmt: skip


def _tube_kinds(tube: HeardTube, contents: set[str], source: Source) -> set[str]:
    kinds = contents & {"unknown_tube", "over_full"}
    return kinds | {"foreign_tube"} if tube.is_foreign(source.point.pk if source.point else None) else kinds


def _about_tubes(tubes: Iterable[HeardTube], source: Source, at: datetime) -> list[Doubt]:
    return [doubt for tube in tubes if (doubt := foreign_tube(tube, source, at)) is not None]


def _about_people(fresh: list[_Told], at: datetime) -> list[Doubt]:
    lines = _due_lines(fresh)
    sites = _sites(fresh)
    doubts = []
    for told in fresh:
        for kind, evidence in _about_person(told, lines):
            doubts.append(
                Doubt(
                    kind, f"{kind}:{told.op.id}", told.at, at, told.who.person_id, told.who.employer_id,
                    sites.get(told.point_id), "scan", str(told.op.id), {"tube": told.tube.code, **evidence},
                )
            )  # fmt: skip
    return doubts


def _sites(fresh: list[_Told]) -> dict[int | None, int]:
    with connection.cursor() as cursor:
        points = {t.point_id for t in fresh}
        cursor.execute("SELECT id, site_id FROM sampling_point WHERE id = ANY(%s::bigint[])", [plain(points)])
        return dict(cursor.fetchall())


_Lines = dict[tuple[int, int], tuple[int | None, str]]


def _due_lines(fresh: list[_Told]) -> _Lines:
    rounds = {t.round.id for t in fresh if t.round}
    people = {t.who.person_id for t in fresh if t.who.person_id is not None}
    if not rounds or not people:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT round_id, person_id, point_id, standing FROM sampling_due "
            "WHERE round_id = ANY(%s::bigint[]) AND person_id = ANY(%s::bigint[])",
            [plain(rounds), plain(people)],
        )
        return {(row[0], row[1]): (row[2], row[3]) for row in cursor.fetchall()}


def _about_person(told: _Told, lines: _Lines) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is in doubt about who it is, and about that person's coming."""
    if told.who.doubt is not None:
        read = {"shown": told.who.shown} if told.who.shown else {"tail": claimed_tail(told.op.claimed)}
        yield told.who.doubt, {"how": told.op.how, "candidates": list(told.who.candidates), **read}
        return
    if told.who.shown in OUT_OF_DATE:
        yield "code_out_of_date", {"shown": told.who.shown}
    found = _about_coming(told, lines)
    if found is not None:
        yield found


def _about_coming(told: _Told, lines: _Lines) -> tuple[str, dict[str, Any]] | None:
    if told.round is None or told.who.person_id is None:
        return None
    line = lines.get((told.round.id, told.who.person_id))
    if line is None:
        return "not_on_round", {"round": told.round.id}
    point, standing = line
    if standing in _NOT_DUE:
        return "not_due", {"round": told.round.id, "standing": standing}
    if standing == Due.Standing.SILENT:  # tested apart, at a point where nobody of their enterprise comes
        return None
    if point is not None and told.point_id is not None and point != told.point_id:
        return "walk_in", {"round": told.round.id, "own_point": point, "point": told.point_id}
    return None


_STORED = """
SELECT s.id, s.scanned_at, s.device_at, s.received_at, s.how, s.point_id, s.phone_id,
       array_agg(a.kind) FILTER (WHERE a.kind IS NOT NULL), r.point_id, t.roll_id IS NULL
FROM sampling_scan s JOIN sampling_tube t ON t.id = s.tube_id LEFT JOIN sampling_tube_roll r ON r.id = t.roll_id
LEFT JOIN park_anomaly a ON a.noun = 'scan' AND a.noun_id = s.id::text AND NOT a.evidence ? 'holds'
WHERE s.id = ANY(%s::uuid[]) GROUP BY s.id, t.id, r.id
"""


def _add_known_marks(known: set[UUID], marks: Marks, clockwork: Clockwork) -> None:
    """What was in doubt about scans that came before, from what is stored: a second sending hears the same."""
    for scan, kinds in judge_scans(known, at=clockwork.source.received_at)[0].items():
        marks[scan] |= kinds
    with connection.cursor() as cursor:
        cursor.execute(_STORED, [plain(known)])
        rows = cursor.fetchall()
    day_of = days_of({row[1] for row in rows})
    rounds = rounds_on(day_of.values())
    for scan, scanned_at, device_at, received_at, how, point, phone, kinds, roll_point, no_roll in rows:
        day = day_of[scanned_at]
        moment = Moment(scanned_at, device_at, received_at, how, day, rounds.get(day), point, phone)
        marks[scan].update(kinds or (), clockwork.kinds(moment))
        if no_roll:
            marks[scan].add("unknown_tube")
        if point is not None and roll_point is not None and roll_point != point:
            marks[scan].add("foreign_tube")


def _insert_undos(operations: Sequence[UndoScan], source: Source, by: Person) -> set[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO sampling_undo (id, scan_id, at, received_at, phone_id, by_id, ordered) "
            "SELECT u.id, u.scan_id, u.at, %s, %s, %s, false "
            "FROM unnest(%s::uuid[], %s::uuid[], %s::timestamptz[]) AS u(id, scan_id, at) "
            "ON CONFLICT (id) DO NOTHING RETURNING id",
            [
                source.received_at,
                source.phone_id,
                by.pk,
                plain(op.id for op in operations),
                plain(op.scan for op in operations),
                moments(happened(op.happened_at, source) for op in operations),
            ],
        )
        return {row[0] for row in cursor.fetchall()}


def _undo_unknown(op: UndoScan, source: Source, at: datetime) -> Doubt:
    return Doubt(
        "undo_unknown", f"undo_unknown:{op.id}", happened(op.happened_at, source), at,
        site_id=source.point.site_id if source.point else None, noun="awaited_scan", noun_id=str(op.scan),
        evidence={"undo": str(op.id), "scan": str(op.scan)},
    )  # fmt: skip


def _forget_waiting_undos(scans: Collection[UUID]) -> None:
    lapse_doubts("awaited_scan", [str(scan) for scan in scans], ["undo_unknown"], [])
