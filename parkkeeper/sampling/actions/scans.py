"""Scans and undos as phones tell them: stored whatever they say, judged after, told back with their doubts.

A call takes hundreds of operations with a fixed number of statements: nothing here is done row by row in the database.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from parkkeeper.park.journal import record
from parkkeeper.park.models import Person
from parkkeeper.park.statements import run
from parkkeeper.sampling.arrays import moments, plain, texts
from parkkeeper.sampling.consequences import share_results
from parkkeeper.sampling.doubts import Doubt, lapse_doubts, raise_doubts
from parkkeeper.sampling.field import Source, TakeScan, UndoScan, Verdict
from parkkeeper.sampling.fieldrights import require_or_doubt
from parkkeeper.sampling.identify import Identity, claimed_tail, claimed_to_keep, identify, person_ids
from parkkeeper.sampling.models import Due
from parkkeeper.sampling.scandoubts import follow_undone, judge_scans, told_only
from parkkeeper.sampling.showncodes import OUT_OF_DATE
from parkkeeper.sampling.slotdoubts import judge_slots
from parkkeeper.sampling.timing import Clockwork, Moment, RoundFacts, days_of, happened, rounds_on
from parkkeeper.sampling.tubebook import HeardTube, hear_tubes, place_unopened
from parkkeeper.sampling.tubedoubts import foreign_tube, judge_words

# tested apart: whoever stands so may not be in a pool
_TO_BE_ALONE = {Due.Standing.ISOLATED, Due.Standing.SILENT}
# who stands so and is scanned all the same is worth a look; "not yet" is not: more testing harms nobody
_NOT_DUE = {Due.Standing.EXCUSED, Due.Standing.ELSEWHERE, Due.Standing.AWAY, Due.Standing.LEFT}


@dataclass(slots=True)
class _Told:
    """One scan on its way in: the operation and all that is known about what it names.

    `line` is the person's on the round's list, as (point id, standing); `odd` asks for a closer look (judge_scans);
    `fresh` says that it was not known before this call; `marks` are the kinds of doubt that it raised.
    """

    op: TakeScan
    at: datetime
    day: date
    tube: HeardTube
    who: Identity
    round: RoundFacts | None
    point_id: int | None
    line: tuple[int | None, str] | None = None
    odd: bool = False
    fresh: bool = True
    marks: set[str] = field(default_factory=set)


@transaction.atomic
def take_scans(operations: Sequence[TakeScan], source: Source, *, by: Person, at: datetime) -> list[Verdict]:
    """Store what the point scanned; a verdict for each operation, in order. Never refuses a row.

    Idempotent by the scans' ids: what was known already is answered `stored=False` with the doubts that it has.
    """
    require_or_doubt(by, "work_point", source, at=at)
    if not operations:
        return []
    share_results()
    told, clockwork = _understood(operations, source)
    _insert(told, source, by)
    fresh = [t for t in told if t.fresh]
    if fresh:
        _judge(fresh, clockwork, source, at)
        record(
            "scans.taken", by=by, at=at, site=source.point.site_id if source.point else None, count=len(fresh),
            tubes=len({t.tube.id for t in fresh}), phone=source.phone_id, in_doubt=sum(1 for t in fresh if t.marks),
        )  # fmt: skip
    if len(fresh) < len(told):
        _mark_known(told, clockwork)
    return [Verdict(t.op.id, t.fresh, tuple(sorted(t.marks)) if t.marks else ()) for t in told]


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
        judge_words(tubes, at=at)
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


def _understood(operations: Sequence[TakeScan], source: Source) -> tuple[list[_Told], Clockwork]:
    heard = [happened(op.happened_at, source) for op in operations]
    zone = timezone.get_current_timezone()
    days = [moment.astimezone(zone).date() for moment in heard]
    clockwork = Clockwork(source, set(days))
    point_id = source.point.pk if source.point else None
    tubes = hear_tubes((op.tube_code for op in operations), point_id=point_id, at=source.received_at)
    told = []
    for op, moment, day, who in zip(operations, heard, days, identify(operations, source), strict=True):
        tube = tubes[op.tube_code]
        told.append(_Told(op, moment, day, tube, who, clockwork.rounds.get(day), point_id or tube.point_id))
    return told, clockwork


# Stores, and looks in the same breath for what can make a scan odd: the person's line on the list, an undo that came
# before it, another scan in the round, an open obligation. The evening's usual scan is none of that and gives no row.
# The first row tells how many were stored, and which, unless it was all of them.
_INSERT = """
WITH new AS (
    INSERT INTO sampling_scan (id, tube_id, person_id, round_id, point_id, how, claimed, scanned_at, device_at,
                               received_at, phone_id, sequence, by_id)
    SELECT s.id, s.tube_id, s.person_id, s.round_id, s.point_id, s.how, s.claimed, s.scanned_at, s.device_at,
           %s::timestamptz, %s::bigint, s.sequence, s.by_id
    FROM unnest(%s::uuid[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::text[], %s::text[],
                %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::bigint[])
         AS s(id, tube_id, person_id, round_id, point_id, how, claimed, scanned_at, device_at, sequence, by_id)
    ON CONFLICT (id) DO NOTHING RETURNING id, person_id, round_id, point_id, scanned_at
), looked_at AS (
    SELECT new.id, d.point_id, d.standing, d.standing = 'due' AND d.point_id = new.point_id AS usual,
           coalesce(u.odd, o.odd, b.odd, false) AS odd
    FROM new LEFT JOIN sampling_due d ON d.round_id = new.round_id AND d.person_id = new.person_id
    LEFT JOIN LATERAL (SELECT true AS odd FROM sampling_undo u WHERE u.scan_id = new.id LIMIT 1) u ON true
    LEFT JOIN LATERAL (SELECT true AS odd FROM sampling_scan o
                       WHERE o.round_id = new.round_id AND o.person_id = new.person_id LIMIT 1) o ON true
    LEFT JOIN LATERAL (SELECT true AS odd FROM sampling_obligation b
                       WHERE b.person_id = new.person_id AND b.opened_at <= new.scanned_at
                         AND (b.closed_at IS NULL OR b.closed_at > new.scanned_at) LIMIT 1) b ON true)
SELECT NULL::uuid, count(*), NULL, NULL, CASE WHEN count(*) < %s::bigint THEN array_agg(id) END FROM new
UNION ALL SELECT id, point_id, standing, odd, NULL FROM looked_at WHERE odd OR usual IS NOT TRUE
"""


def _insert(told: list[_Told], source: Source, by: Person) -> None:
    """Store the scans, and note on each of them whether it is new, its line on the list, and whether it is odd."""
    holder = by.pk
    scanners = person_ids({t.op.by for t in told if t.op.by and t.op.by != by.uuid})
    asked = [
        source.received_at,
        source.phone_id,
        plain([t.op.id for t in told]),
        plain([t.tube.id for t in told]),
        plain([t.who.person_id for t in told]),
        plain([t.round.id if t.round else None for t in told]),
        plain([t.point_id for t in told]),
        texts([t.op.how[:12] for t in told]),
        texts([_claimed(t) for t in told]),
        moments([t.at for t in told]),
        moments([t.op.device_at for t in told]),
        plain([t.op.sequence for t in told]),
        plain([scanners.get(t.op.by, holder) if t.op.by else holder for t in told]),
        len(told),
    ]
    (_, count, _, _, stored), *unusual = run(_INSERT, asked)
    if count < len(told):
        _note_what_is_new(told, set(stored or ()))
    lines = {row[0]: row for row in unusual}
    people = Counter([t.who.person_id for t in told])
    for t in told:
        _, point, standing, odd = lines[t.op.id][:4] if t.op.id in lines else (None, t.point_id, "due", False)
        t.line = (point, standing) if standing else None
        # the last two are what the call itself makes odd, which the statement cannot see
        t.odd = (
            odd
            or standing in _TO_BE_ALONE
            or (t.who.person_id is not None and people[t.who.person_id] > 1)
            or (t.tube.sealed_at is not None and t.at > t.tube.sealed_at)
        )


def _note_what_is_new(told: list[_Told], stored: set[UUID]) -> None:
    first: dict[UUID, _Told] = {}
    for t in told:
        t.fresh = t.op.id in stored and t.op.id not in first
        t.marks = first.setdefault(t.op.id, t).marks  # told twice in one call: the same doubts for both


def _claimed(told: _Told) -> str:
    if told.who.person_id is not None:
        return ""
    if told.who.kept:
        return told.who.kept[:120]
    if told.op.claimed:
        return claimed_to_keep(told.op.claimed, told.op.how)
    return f"uuid:{told.op.person}" if told.op.person else ""


def _judge(fresh: list[_Told], clockwork: Clockwork, source: Source, at: datetime) -> None:
    """All doubts about scans that were stored just now, marked on them; then what follows for their tubes."""
    tubes = {t.tube.id: t.tube for t in fresh}
    place_unopened(tubes.values(), at=at)
    marks, undone = judge_scans([t.op.id for t in fresh if t.odd], at=at, fresh=True)
    for t in fresh:
        if t.odd:
            t.marks |= marks[t.op.id]
    doubts = _about_people(fresh, at) + _about_tubes(tubes.values(), source, at)
    doubts += clockwork.judge([(_moment(t, source), t.marks) for t in fresh], at)
    visits = [(t.at, t.day, t.who.employer_id, t.marks) for t in fresh if t.who.employer_id is not None]
    doubts += judge_slots(visits, clockwork, at=at)
    raise_doubts(doubts)
    contents = judge_words(tubes, at=at)
    kinds = {tube.id: _tube_kinds(tube, contents.get(tube.id, set()), source) for tube in tubes.values()}
    if any(kinds.values()):
        for t in fresh:
            t.marks |= kinds[t.tube.id]
    if undone:
        _forget_waiting_undos(undone)
        follow_undone(undone)


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
    found = [(told, *odd) for told in fresh for odd in _about_person(told)]
    sites = _sites([told for told, _kind, _evidence in found])
    doubts = []
    for told, kind, evidence in found:
        told.marks.add(kind)
        doubts.append(
            Doubt(
                kind, f"{kind}:{told.op.id}", told.at, at, told.who.person_id, told.who.employer_id,
                sites.get(told.point_id), "scan", str(told.op.id), {"tube": told.tube.code, **evidence},
            )
        )  # fmt: skip
    return doubts


def _sites(fresh: list[_Told]) -> dict[int | None, int]:
    if not fresh:
        return {}
    with connection.cursor() as cursor:
        points = {t.point_id for t in fresh}
        cursor.execute("SELECT id, site_id FROM sampling_point WHERE id = ANY(%s::bigint[])", [plain(points)])
        return dict(cursor.fetchall())


def _about_person(told: _Told) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is in doubt about who it is, and about that person's coming."""
    if told.who.doubt is not None:
        read = {"shown": told.who.shown} if told.who.shown else {"tail": claimed_tail(told.op.claimed)}
        yield told.who.doubt, {"how": told.op.how, "candidates": list(told.who.candidates), **read}
        return
    if told.who.shown in OUT_OF_DATE:
        yield "code_out_of_date", {"shown": told.who.shown}
    found = _about_coming(told)
    if found is not None:
        yield found


def _about_coming(told: _Told) -> tuple[str, dict[str, Any]] | None:
    if told.round is None or told.who.person_id is None:
        return None
    if told.line is None:
        return "not_on_round", {"round": told.round.id}
    point, standing = told.line
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


def _mark_known(told: list[_Told], clockwork: Clockwork) -> None:
    """What was in doubt about scans that came before, from what is stored: a second sending hears the same."""
    stored_now = {t.op.id for t in told if t.fresh}
    known = {t.op.id for t in told} - stored_now
    marks = told_only(known)
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
    for t in told:
        if t.op.id in known:
            t.marks |= marks[t.op.id]


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
