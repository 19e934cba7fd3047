"""What scans, undos and seals say together: which scans count, and which of them are in doubt.

Worked out from the rows alone, never from the order in which messages came, so that any order ends the same.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from parkkeeper.park.statements import run
from parkkeeper.sampling.arrays import moments, plain, texts
from parkkeeper.sampling.doubts import OF_PERSON, OF_SCAN, Doubt, follow_doubts, lapse_doubts

Marks = dict[UUID, set[str]]
APART, NONE = timedelta(seconds=30), timedelta(0)
"""How far apart two batches of one phone may be corrected: each by how long it was on its way, and an application waits
30 seconds for its answer. None offers to scan into a tube that it sealed itself, or to undo what is in it: nearer than
that it was before. Another phone may: it does not know of the seal yet."""


def _rows(statement: str, parameters: list[Any]) -> list[tuple[Any, ...]]:
    return run(statement, parameters)


def scans_to_review(tube_ids: Collection[int], *, every: bool = False) -> list[UUID]:
    """Ids of scans of these tubes that a seal can change: made after it, or undone. With `every`, all of them."""
    if not tube_ids:
        return []
    narrow = (
        ""
        if every
        else (
            " AND (s.scanned_at > t.sealed_at OR s.undone_at IS NOT NULL"
            " OR (SELECT true FROM sampling_undo u WHERE u.scan_id = s.id LIMIT 1))"
        )
    )
    every_scan = (
        "SELECT s.id FROM sampling_scan s JOIN sampling_tube t ON t.id = s.tube_id WHERE t.id = ANY(%s::bigint[])"
    )
    return [row[0] for row in _rows(every_scan + narrow, [plain(tube_ids)])]


def judge_scans(scan_ids: Collection[UUID], *, at: datetime, fresh: bool = False) -> tuple[Marks, set[UUID]]:
    """Apply the undos that count to these scans and raise the doubts that follow.

    Returns the kinds of doubt by scan id, and the scans of which an undo is known (whether or not it counts).

    `fresh` says that the scans were stored just now, so that no older doubt about them can have lapsed.
    """
    marks: Marks = defaultdict(set)
    if not scan_ids:
        return marks, set()
    asked = plain(scan_ids)
    doubts, touched = _undos(asked, at, marks)
    doubts += _in_wrong_tube(asked, at, marks)
    doubles, grouped = _doubles(asked, at, marks)
    doubts += doubles
    follow_doubts(doubts)
    holding = {d.key for d in doubts}
    if not fresh:
        lapse_doubts("scan", {str(i) for i in scan_ids}, OF_SCAN, holding, at=at)
    # of the person's other scans only this kind was looked at
    lapse_doubts("scan", {str(i) for i in grouped}, ["double_scan_other_tube"], holding, at=at)
    follow_undone(touched)
    return marks, touched


def told_only(scan_ids: Collection[UUID]) -> Marks:
    """What phones are told about these scans and nobody has to settle, so that it is stored nowhere. Changes nothing:
    what came later (an obligation, a result) is judged by whoever brought it, not by a message that comes again."""
    marks: Marks = defaultdict(set)
    if scan_ids:
        for scan, _round, _person, _elsewhere, again in _rows(_TWICE, [plain(scan_ids)]):
            if again:
                marks[scan].add("double_scan_same_tube")
    return marks


def kinds_about(scan_ids: Collection[UUID]) -> Marks:
    """The kinds of doubt that hold about these scans, as they are stored."""
    marks: Marks = defaultdict(set)
    for scan, kind in _rows(_KINDS, [texts(str(scan) for scan in scan_ids)]):
        marks[UUID(scan)].add(kind)
    return marks


_KINDS = """
SELECT noun_id, kind FROM park_anomaly WHERE noun = 'scan' AND noun_id = ANY(%s::text[]) AND NOT evidence ? 'holds'
"""


def follow_undone(scan_ids: Collection[UUID]) -> None:
    """A scan that was taken back asks no more who it was; one that counts after all asks again."""
    if not scan_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE park_anomaly a SET evidence = CASE WHEN s.undone_at IS NULL THEN a.evidence - 'holds'
                                                      ELSE a.evidence || '{"holds": false}' END
            FROM sampling_scan s
            WHERE s.id = ANY(%s::uuid[]) AND a.noun = 'scan' AND a.noun_id = s.id::text AND a.kind = ANY(%s::text[])
              AND a.settled_at IS NULL AND (a.evidence ? 'holds') = (s.undone_at IS NULL)
            """,
            [plain(scan_ids), texts(OF_PERSON)],
        )


_UNDOS = """
SELECT s.id, s.scanned_at, s.undone_at, s.person_id, e.employer_id, p.site_id, t.code, t.sealed_at,
       u.id, u.at, u.received_at, u.ordered, coalesce(u.phone_id = s.phone_id AND s.phone_id = t.seal_phone_id, false)
FROM sampling_undo u JOIN sampling_scan s ON s.id = u.scan_id JOIN sampling_tube t ON t.id = s.tube_id
LEFT JOIN park_person e ON e.id = s.person_id LEFT JOIN sampling_point p ON p.id = s.point_id
WHERE u.scan_id = ANY(%s::uuid[]) ORDER BY s.id, u.at, u.id
"""
# An undo that is heard now is dated by its receipt; only what cannot be told from that date is kept as it was before.
_APPLY = """
WITH n AS (SELECT * FROM unnest(%(ids)s::uuid[], %(undone)s::timestamptz[], %(heard)s::timestamptz[])
                         AS n(id, undone_at, heard_at)),
kept AS (
    INSERT INTO sampling_scan_before (scan_id, tube_id, round_id, undone_at, undone_received_at, until)
    SELECT s.id, s.tube_id, s.round_id, s.undone_at, s.undone_received_at, %(at)s FROM n JOIN sampling_scan s USING (id)
     WHERE s.received_at < %(at)s AND (s.undone_received_at IS NOT NULL OR n.heard_at < %(at)s)
    ON CONFLICT DO NOTHING)
UPDATE sampling_scan s SET undone_at = n.undone_at, undone_received_at = n.heard_at FROM n WHERE s.id = n.id
"""


def _undos(asked: str, at: datetime, marks: Marks) -> tuple[list[Doubt], set[UUID]]:
    """An undo counts until the tube is sealed (of the phone that scanned and sealed: APART later), or by the office."""
    by_scan: dict[UUID, list[tuple[Any, ...]]] = defaultdict(list)
    for row in _rows(_UNDOS, [asked]):
        by_scan[row[0]].append(row)
    changed: list[tuple[UUID, datetime | None, datetime | None]] = []
    doubts: list[Doubt] = []
    for scan, words in by_scan.items():
        sealed_at = words[0][7]
        counting = [w for w in words if w[11] or sealed_at is None or w[9] <= sealed_at + (APART if w[12] else NONE)]
        undone_at, heard_at = (counting[0][9], counting[0][10]) if counting else (None, None)
        if undone_at != words[0][2]:
            changed.append((scan, undone_at, heard_at))
        if not counting:
            marks[scan].add("undo_after_seal")
            doubts.append(_undo_after_seal(words[0], at))
    if changed:
        undone, heard = moments(c[1] for c in changed), moments(c[2] for c in changed)
        with connection.cursor() as cursor:
            cursor.execute(_APPLY, {"ids": plain(c[0] for c in changed), "undone": undone, "heard": heard, "at": at})
    return doubts, set(by_scan)


def _undo_after_seal(word: tuple[Any, ...], at: datetime) -> Doubt:
    scan, _, _, person, enterprise, site, code, sealed_at, undo, undo_at, *_ = word
    return Doubt(
        "undo_after_seal", f"undo_after_seal:{scan}", undo_at, at, person, enterprise, site, "scan", str(scan),
        {"undo": str(undo), "tube": code, "sealed_at": sealed_at, "undo_at": undo_at},
    )  # fmt: skip


_AFTER_SEAL = f"""s.scanned_at > t.sealed_at
  + CASE WHEN s.phone_id = t.seal_phone_id THEN interval '{APART.seconds} seconds' ELSE interval '0' END"""
_IN_WRONG_TUBE = f"""
SELECT s.id, s.scanned_at, s.person_id, e.employer_id, p.site_id, t.code, t.pool_size,
       CASE WHEN {_AFTER_SEAL} THEN t.sealed_at END, o.id, d.standing
FROM sampling_scan s JOIN sampling_tube t ON t.id = s.tube_id
LEFT JOIN LATERAL (SELECT b.id FROM sampling_obligation b
                   WHERE b.person_id = s.person_id AND b.opened_at <= s.scanned_at
                     AND (b.closed_at IS NULL OR b.closed_at > s.scanned_at)
                   ORDER BY b.opened_at, b.id LIMIT 1) o ON t.pool_size > 1
LEFT JOIN sampling_due d ON t.pool_size > 1 AND d.round_id = s.round_id AND d.person_id = s.person_id
                        AND d.standing IN ('isolated', 'silent')
LEFT JOIN park_person e ON e.id = s.person_id LEFT JOIN sampling_point p ON p.id = s.point_id
WHERE s.id = ANY(%s::uuid[]) AND s.undone_at IS NULL
  AND ({_AFTER_SEAL} OR o.id IS NOT NULL OR d.standing IS NOT NULL)
ORDER BY s.id
"""


def _in_wrong_tube(asked: str, at: datetime, marks: Marks) -> list[Doubt]:
    """Scans after the seal, and people who may not be pooled (open obligation, isolated, silent period) in a pool."""
    doubts = []
    for row in _rows(_IN_WRONG_TUBE, [asked]):
        scan, scanned_at, person, enterprise, site, code, pool_size, sealed_at, obligation, standing = row
        place = (scanned_at, at, person, enterprise, site, "scan", str(scan))
        if sealed_at is not None:
            marks[scan].add("scan_after_seal")
            evidence = {"tube": code, "sealed_at": sealed_at, "scanned_at": scanned_at}
            doubts.append(Doubt("scan_after_seal", f"scan_after_seal:{scan}", *place, evidence))
        if obligation is not None or standing is not None:
            marks[scan].add("pooled_though_single")
            why = {"obligation": str(obligation)} if obligation is not None else {"standing": standing}
            evidence = {"tube": code, "pool_size": pool_size, **why}
            doubts.append(Doubt("pooled_though_single", f"pooled_though_single:{scan}", *place, evidence))
    return doubts


_TWICE = """
SELECT n.id, n.round_id, n.person_id, bool_or(o.tube_id <> n.tube_id),
       bool_or(o.tube_id = n.tube_id AND o.undone_at IS NULL AND n.undone_at IS NULL
               AND (o.scanned_at, o.id) < (n.scanned_at, n.id))
FROM sampling_scan n
JOIN sampling_scan o ON o.round_id = n.round_id AND o.person_id = n.person_id AND o.id <> n.id
WHERE n.id = ANY(%s::uuid[]) GROUP BY n.id
"""
_ALL_OF = """
SELECT s.id, s.round_id, s.person_id, s.tube_id, t.code, s.scanned_at, s.undone_at IS NULL, e.employer_id, p.site_id
FROM unnest(%s::bigint[], %s::bigint[]) AS w(round_id, person_id)
JOIN sampling_scan s ON s.round_id = w.round_id AND s.person_id = w.person_id
JOIN sampling_tube t ON t.id = s.tube_id JOIN park_person e ON e.id = s.person_id
LEFT JOIN sampling_point p ON p.id = s.point_id
ORDER BY s.round_id, s.person_id, s.scanned_at, s.id
"""


def _doubles(asked: str, at: datetime, marks: Marks) -> tuple[list[Doubt], set[UUID]]:
    """Same tube again is only told to the phone; another tube in the same round is a doubt about the later scan."""
    pairs: set[tuple[int, int]] = set()
    for scan, round_id, person, elsewhere, again in _rows(_TWICE, [asked]):
        if again:
            marks[scan].add("double_scan_same_tube")
        if elsewhere:
            pairs.add((round_id, person))
    if not pairs:
        return [], set()
    by_person: dict[tuple[int, int], list[tuple[Any, ...]]] = defaultdict(list)
    for row in _rows(_ALL_OF, [plain(p[0] for p in pairs), plain(p[1] for p in pairs)]):
        by_person[row[1], row[2]].append(row)
    doubts = [doubt for scans in by_person.values() for doubt in _later_ones([s for s in scans if s[6]], at)]
    for doubt in doubts:
        marks[UUID(doubt.noun_id)].add(doubt.kind)
    return doubts, {row[0] for rows in by_person.values() for row in rows}


def _later_ones(live: list[tuple[Any, ...]], at: datetime) -> Iterable[Doubt]:
    for n, scan in enumerate(live):
        other = next((o for o in live[:n] if o[3] != scan[3]), None)
        if other is not None:
            yield Doubt(
                "double_scan_other_tube", f"double_scan_other_tube:{scan[0]}", scan[5], at, scan[2], scan[7], scan[8],
                "scan", str(scan[0]),
                {"scan": str(scan[0]), "tube": scan[4], "other_scan": str(other[0]), "other_tube": other[4]},
            )  # fmt: skip
