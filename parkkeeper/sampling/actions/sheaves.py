"""Whole sheaves as phones tell them: tubes opened, filled and sealed of which nothing is odd; others stay untouched.

This is the evening's usual way and what the phones' door is measured by. The judging of sampling/actions/scans.py and
tubes.py asks what could be in doubt; here the same questions are put to all rows at once, and a tube goes in only when
every one of them is answered "no". The verbs of one kind, which take everything, do the others.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from parkkeeper.park.journal import record
from parkkeeper.park.models import Person
from parkkeeper.park.statements import run
from parkkeeper.sampling.arrays import plain, texts
from parkkeeper.sampling.consequences import SHARE_RESULTS
from parkkeeper.sampling.doubts import raise_doubts
from parkkeeper.sampling.field import Source
from parkkeeper.sampling.fieldrights import require_or_doubt
from parkkeeper.sampling.models import Scan
from parkkeeper.sampling.sheaves import Columns, Crossed, Sheaf, Taken
from parkkeeper.sampling.timing import AROUND_WITHOUT_SLOTS, Clockwork, Moment, RoundFacts, around, happened

# Locks first, in the order of all verbs of the field: results, tubes, people (a condition that names no row is asked
# before any row is read). Whoever comes second waits here, and the next statement sees what the first one stored.
_LOOK = f"""
WITH shared AS MATERIALIZED ({SHARE_RESULTS}), tube AS MATERIALIZED (
    SELECT id FROM sampling_tube WHERE code = ANY(%(codes)s::text[]) AND (SELECT count(*) FROM shared) > 0
    ORDER BY code FOR NO KEY UPDATE
), who AS MATERIALIZED (
    SELECT id, uuid, employer_id FROM park_person
    WHERE uuid = ANY(%(people)s::uuid[]) AND (SELECT count(*) FROM tube) >= 0 ORDER BY id FOR NO KEY UPDATE
), everybody AS (
    SELECT array_agg(id ORDER BY uuid)::text AS ids, array_agg(employer_id ORDER BY uuid)::text AS employers,
           count(*) AS found FROM who
)
SELECT (SELECT array_agg(id) FROM tube)::text, ids, employers,
       CASE WHEN found < cardinality(%(people)s::uuid[]) THEN (SELECT array_agg(uuid::text) FROM who) END,
       {AROUND_WITHOUT_SLOTS}::text FROM everybody
"""

# `least` passes over NULL: what was not said (a tube is still open) must not become the moment of receipt.
_STORE = """
WITH said AS MATERIALIZED (
    SELECT a.n, a.code, a.open_id, a.pool_size, a.session_id, a.seal_id, a.swabs, r.id AS roll_id, k.id AS tube_id,
           CASE WHEN a.open_id IS NOT NULL THEN least(a.open_at + %(offset)s::interval, %(at)s::timestamptz) END
             AS opened_at,
           CASE WHEN a.seal_id IS NOT NULL THEN least(a.seal_at + %(offset)s::interval, %(at)s::timestamptz) END
             AS sealed_at,
           coalesce(a.pool_size, k.pool_size) AS room, coalesce(m.people, 0) AS people,
           a.known AND r.point_id = %(point)s::bigint AND t.told IS NULL
           AND (a.session_id IS NULL OR EXISTS (SELECT FROM sampling_session e WHERE e.id = a.session_id))
           AND CASE WHEN k.id IS NULL THEN a.open_id IS NOT NULL
               ELSE k.id = ANY(%(locked)s::bigint[]) AND a.open_id IS NULL AND k.opening IS NOT NULL
                    AND k.sealing IS NULL AND k.roll_id = r.id AND k.point_id = %(point)s::bigint
                    AND k.round_id = %(round)s::bigint AND m.odd IS NOT TRUE AND NOT m.doubted END AS usual
    FROM unnest(%(codes)s::text[], %(prefixes)s::text[], %(serials)s::bigint[], %(opens)s::uuid[],
                %(opened)s::timestamptz[], %(sizes)s::int[], %(sessions)s::uuid[], %(seals)s::uuid[],
                %(sealed)s::timestamptz[], %(swabs)s::int[], %(known)s::bool[]) WITH ORDINALITY
         AS a(code, prefix, serial, open_id, open_at, pool_size, session_id, seal_id, seal_at, swabs, known, n)
    LEFT JOIN sampling_tube_roll r ON r.prefix = a.prefix AND r.serials @> a.serial
    LEFT JOIN sampling_tube k ON k.code = a.code
    LEFT JOIN LATERAL (SELECT true AS told FROM sampling_result w WHERE w.tube_code = a.code LIMIT 1) t ON true
    LEFT JOIN LATERAL (
        SELECT count(DISTINCT s.person_id) AS people,
               bool_or(s.person_id IS NULL OR s.undone_at IS NOT NULL
                       OR s.scanned_at > least(a.seal_at + %(offset)s::interval, %(at)s::timestamptz)
                       OR EXISTS (SELECT FROM sampling_undo u WHERE u.scan_id = s.id)) AS odd,
               k.id IS NOT NULL AND EXISTS (SELECT FROM park_anomaly y
                       WHERE y.noun = 'tube' AND y.noun_id = k.id::text AND y.settled_at IS NULL)
               OR EXISTS (SELECT FROM sampling_box_tube x WHERE x.tube_id = k.id)
               OR EXISTS (SELECT FROM sampling_reception c WHERE c.tube_id = k.id) AS doubted
        FROM sampling_scan s WHERE s.tube_id = k.id) m ON k.id IS NOT NULL
), span AS (
    SELECT enterprise_id, %(begin)s::timestamptz + lower(minutes) * interval '1 minute' AS opens,
           %(begin)s::timestamptz + upper(minutes) * interval '1 minute' AS ends
    FROM sampling_slot WHERE point_id = %(point)s::bigint AND during @> %(day)s::date
), own AS MATERIALIZED (
    SELECT enterprise_id, range_agg(tstzrange(opens - %(grace)s::interval, ends + %(grace)s::interval)) AS hours
    FROM span GROUP BY enterprise_id
), anybody AS MATERIALIZED (
    SELECT range_agg(tstzrange(opens, ends)) AS hours FROM span
), scan AS MATERIALIZED (
    SELECT s.n, s.id, s.person_id, s.how, s.device_at, s.sequence, o.scanned_at,
           d.standing = 'due' AND d.point_id = %(point)s::bigint AND u.odd IS NULL AND f.odd IS NULL AND b.odd IS NULL
           AND (l.enterprise_id IS NULL OR %(grace)s::interval IS NULL OR l.hours @> o.scanned_at
                OR NOT (SELECT hours FROM anybody) @> o.scanned_at) AS usual
    FROM unnest(%(sheaf)s::bigint[], %(id)s::uuid[], %(person)s::bigint[], %(employer)s::bigint[], %(how)s::text[],
                %(device_at)s::timestamptz[], %(sequence)s::bigint[])
         AS s(n, id, person_id, employer_id, how, device_at, sequence)
    CROSS JOIN LATERAL (SELECT least(s.device_at + %(offset)s::interval, %(at)s::timestamptz) AS scanned_at) o
    LEFT JOIN sampling_due d ON d.round_id = %(round)s::bigint AND d.person_id = s.person_id
    LEFT JOIN own l ON l.enterprise_id = s.employer_id
    LEFT JOIN LATERAL (SELECT true AS odd FROM sampling_undo u WHERE u.scan_id = s.id LIMIT 1) u ON true
    LEFT JOIN LATERAL (SELECT true AS odd FROM sampling_scan f
                       WHERE f.round_id = %(round)s::bigint AND f.person_id = s.person_id LIMIT 1) f ON true
    LEFT JOIN LATERAL (SELECT true AS odd FROM sampling_obligation b
                       WHERE b.person_id = s.person_id AND b.opened_at <= o.scanned_at
                         AND (b.closed_at IS NULL OR b.closed_at > o.scanned_at) LIMIT 1) b ON true
), filled AS (
    SELECT n, count(*) AS people, bool_and(usual IS TRUE) AS usual, max(scanned_at) AS last FROM scan GROUP BY n
), whole AS MATERIALIZED (
    SELECT said.* FROM said LEFT JOIN filled USING (n)
    WHERE said.usual AND coalesce(filled.usual, true)
      AND said.people + coalesce(filled.people, 0) <= said.room
      AND (said.seal_id IS NULL OR said.people + coalesce(filled.people, 0) = said.swabs
                                   AND coalesce(filled.last <= said.sealed_at, true))
), made AS (
    INSERT INTO sampling_tube (code, roll_id, point_id, round_id, session_id, opening, pool_size, opened_at,
        opened_by_id, phone_id, sealing, sealed_at, sealed_by_id, seal_phone_id, swabs, first_heard_at)
    SELECT code, roll_id, %(point)s::bigint, %(round)s::bigint, session_id, open_id, pool_size, opened_at,
           %(by)s::bigint, %(phone)s::bigint, seal_id, sealed_at, CASE WHEN seal_id IS NOT NULL THEN %(by)s::bigint END,
           CASE WHEN seal_id IS NOT NULL THEN %(phone)s::bigint END, swabs, %(at)s::timestamptz
    FROM whole WHERE tube_id IS NULL ORDER BY code ON CONFLICT (code) DO NOTHING RETURNING id, code
), closed AS (
    UPDATE sampling_tube t SET sealed_by_id = %(by)s::bigint, seal_phone_id = %(phone)s::bigint, sealing = w.seal_id,
           sealed_at = w.sealed_at, swabs = w.swabs
    FROM whole w WHERE t.id = w.tube_id AND w.seal_id IS NOT NULL
), into_tube AS MATERIALIZED (
    SELECT w.n, coalesce(w.tube_id, made.id) AS id FROM whole w LEFT JOIN made USING (code)
    WHERE coalesce(w.tube_id, made.id) IS NOT NULL
), stored AS (
    INSERT INTO sampling_scan (id, tube_id, person_id, round_id, point_id, how, claimed, scanned_at, device_at,
                               received_at, phone_id, sequence, by_id)
    SELECT s.id, i.id, s.person_id, %(round)s::bigint, %(point)s::bigint, s.how, '', s.scanned_at, s.device_at,
           %(at)s::timestamptz, %(phone)s::bigint, s.sequence, %(by)s::bigint
    FROM scan s JOIN into_tube i USING (n) ON CONFLICT (id) DO NOTHING RETURNING 1
)
SELECT (SELECT array_agg(n - 1) FROM into_tube), (SELECT count(*) FROM stored)
"""


@transaction.atomic
def take_sheaves(sheaves: Sequence[Sheaf], columns: Columns, source: Source, *, by: Person, at: datetime) -> Taken:
    """Store those of these tubes with their scans of which nothing is odd, and tell which; the others stay untouched.

    What is odd about the times alone (late, off the clock, outside the round) is doubted as ever, and stored. Raises
    Crossed when somebody else stored one of the scans in the same moment: then all must be done again with operations.
    """
    require_or_doubt(by, "work_point", source, at=at)
    point, nothing = source.point, Taken(set())
    first, last = (happened(moment + columns.offset, source) for moment in (columns.first, columns.last))
    zone = timezone.get_current_timezone()
    day = first.astimezone(zone).date()
    if point is None or day != last.astimezone(zone).date():
        return nothing
    asked = around(source, {day}) | {"codes": texts(s.code for s in sheaves), "people": plain(columns.person)}
    [(locked, people, employers, known, told)] = run(_LOOK, asked)
    clockwork = Clockwork(source, {day}, told)
    facts = _Facts(clockwork, clockwork.rounds.get(day), day, locked or "{}", people or "{}", employers or "{}")
    if facts.round is None:
        return nothing
    strangers: set[int] = set()
    if columns.person and (people is None or known is not None):
        columns, strangers = columns.of_people(set(known or ()))
    if len(strangers) == len(sheaves):
        return nothing
    taken = _store(sheaves, columns, strangers, facts, source, by)
    marks = _judge_times(columns, taken, facts, source, at)
    _record(sheaves, columns, taken, marks, source, by, at)
    return Taken(taken, marks)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What was found out under the locks: the day's round and rules; ids of tubes, people and employers as arrays."""

    clockwork: Clockwork
    round: RoundFacts | None
    day: date
    tubes: str
    people: str
    employers: str


def _store(
    sheaves: Sequence[Sheaf], columns: Columns, strangers: set[int], facts: _Facts, source: Source, by: Person
) -> set[int]:
    assert source.point is not None and facts.round is not None
    asked = {
        "offset": columns.offset, "at": source.received_at, "point": source.point.pk, "round": facts.round.id,
        "by": by.pk, "phone": source.phone_id, "day": facts.day, "begin": around(source, {facts.day})["begin"],
        "grace": facts.clockwork.rules.get("slot_grace_minutes"),
        "locked": facts.tubes, "known": plain(n not in strangers for n in range(len(sheaves))),
        "codes": texts(s.code for s in sheaves), "prefixes": texts(s.prefix for s in sheaves),
        "serials": plain(s.serial for s in sheaves), "opens": plain(s.open_id for s in sheaves),
        "opened": _moments(s.open_at for s in sheaves), "sizes": plain(s.pool_size for s in sheaves),
        "sessions": plain(s.session for s in sheaves), "seals": plain(s.seal_id for s in sheaves),
        "sealed": _moments(s.seal_at for s in sheaves), "swabs": plain(s.swabs for s in sheaves),
        "sheaf": plain(n + 1 for n in columns.sheaf), "id": plain(columns.id), "person": facts.people,
        "employer": facts.employers, "how": plain(columns.how), "device_at": _moments(columns.at),
        "sequence": plain(columns.sequence),
    }  # fmt: skip
    [(stored, scans)] = run(_STORE, asked)
    taken = set(stored or ())
    if scans != sum(1 for n in columns.sheaf if n in taken):
        raise Crossed
    return taken


def _moments(values: Iterable[str | None]) -> str:
    # as the phone wrote them; quoted, for some forms of ISO 8601 have a comma or a space
    return "{" + ",".join(["NULL" if value is None else f'"{value}"' for value in values]) + "}"


def _judge_times(columns: Columns, taken: set[int], facts: _Facts, source: Source, at: datetime) -> dict[int, set[str]]:
    """Doubts about when it was; nobody's moment is between the first and the last and odder than both."""
    ends = [_moment(moment, columns, facts, source) for moment in (columns.first, columns.last)]
    if not taken or not any(facts.clockwork.kinds(moment) for moment in ends):
        return {}
    marks: dict[int, set[str]] = {}
    told = []
    for position, sheaf, text in zip(columns.position, columns.sheaf, columns.at, strict=True):
        if sheaf in taken:
            marks[position] = set()
            told.append((_moment(datetime.fromisoformat(text), columns, facts, source), marks[position]))
    raise_doubts(facts.clockwork.judge(told, at))
    return {position: kinds for position, kinds in marks.items() if kinds}


def _moment(device_at: datetime, columns: Columns, facts: _Facts, source: Source) -> Moment:
    scanned_at, point = happened(device_at + columns.offset, source), source.point
    return Moment(
        scanned_at, device_at, source.received_at, Scan.How.CODE, facts.day, facts.round, point.pk if point else None,
        source.phone_id,
    )  # fmt: skip


def _record(
    sheaves: Sequence[Sheaf], columns: Columns, taken: set[int], marks: dict[int, set[str]], source: Source,
    by: Person, at: datetime,
) -> None:  # fmt: skip
    site, phone = source.point.site_id if source.point else None, source.phone_id
    filled = [n for n in columns.sheaf if n in taken]
    opened = sum(1 for n in taken if sheaves[n].opening is not None)
    sealed = sum(1 for n in taken if sheaves[n].seal is not None)
    if opened:
        record("tubes.opened", by=by, at=at, site=site, count=opened, phone=phone)
    if filled:
        record(
            "scans.taken", by=by, at=at, site=site, count=len(filled), tubes=len(set(filled)), phone=phone,
            in_doubt=len(marks),
        )  # fmt: skip
    if sealed:
        record("tubes.sealed", by=by, at=at, site=site, count=sealed, phone=phone)
