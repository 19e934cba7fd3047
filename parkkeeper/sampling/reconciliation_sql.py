"""The statements of reconciliation: one pass over a round's list, its scans and its tubes, all joined by hashing; of a
part of the list (an enterprise, a point, some people) only their own scans and tubes, found by their indexes.

Everything is as it was known at %(at)s: received by then, not undone, not struck, not withdrawn by then, and in the
tube and the round of which it was told then (asknown.py). They are made of constant pieces only; values travel as
parameters.
"""

from collections.abc import Sequence

from parkkeeper.sampling.asknown import Known, results_of
from parkkeeper.sampling.models import Test
from parkkeeper.sampling.tubewords import tube_words

_KNOWN_SCANS = """s.round_id = %(round)s AND s.received_at <= %(at)s
     AND (s.undone_received_at IS NULL OR s.undone_received_at > %(at)s)"""
# A person's name that staff found later was not known before.
NAMED_SCANS = f"""{_KNOWN_SCANS}
     AND s.person_id IS NOT NULL AND (s.identified_at IS NULL OR s.identified_at <= %(at)s)"""


def _own_scans(known: Known) -> str:
    # the scans of the people of `line` and their tubes, found by the indexes on them; a scan in a tube of another round
    # says nothing: its results may be of the tube's first use
    return f"""scan AS MATERIALIZED (
  SELECT s.person_id, s.tube_id, s.scanned_at FROM {known.scans_of("line", of_round=True)} s
  WHERE s.round_id = %(round)s AND (s.undone_received_at IS NULL OR s.undone_received_at > %(at)s)
), tube AS MATERIALIZED (
  SELECT t.id AS tube_id FROM (SELECT DISTINCT tube_id FROM scan) a
  CROSS JOIN LATERAL (SELECT id, round_id FROM known_tube WHERE id = a.tube_id OFFSET 0) t
  WHERE t.round_id = %(round)s OR t.round_id IS NULL
)"""


def _words(known: Known) -> str:
    return f"""asked_tube AS (SELECT tube_id FROM tube), {tube_words(known)}, word AS (
  SELECT tube_id, received_at, condition_at,
    CASE WHEN ruling = 'positive' THEN 1 WHEN outcome = 'negative' THEN 2 WHEN outcome IS NOT NULL THEN 7
         WHEN lost OR condition <> 'good' THEN 8 WHEN condition = 'good' THEN 4 ELSE 3 END AS code
  FROM tube_word
)"""


_CODE = """CASE WHEN w.code IS NULL THEN 7
      WHEN w.code = 3 AND s.scanned_at < %(to_lab_by)s THEN 10
      WHEN w.code = 4 AND s.scanned_at < %(result_by)s THEN 9
      ELSE w.code END"""
_ANTIGEN_CODE = "CASE a.value WHEN 'positive' THEN 1 WHEN 'negative' THEN 2 ELSE 7 END"
_KNOWN_ANTIGENS = "a.day = %(day)s AND a.received_at <= %(at)s"

_ALL_TUBES = """tube AS MATERIALIZED (
  SELECT id AS tube_id FROM known_tube WHERE round_id = %(round)s OR round_id IS NULL
)"""
_ALL_SCANS = f"(SELECT s.person_id, s.tube_id, s.scanned_at FROM known_scan s WHERE {NAMED_SCANS})"


def _lean_words(known: Known, *, many: bool) -> str:
    # A million scans pass here: the same words and codes for counting, as lean as they can be. A test holds the two
    # ways of telling a line's state against each other. Numbers are doubled: even with a sample of the line's own, odd
    # without.
    return f"""said AS (
  SELECT r.tube_id,
    CASE WHEN bool_or(r.value = 'positive') THEN 2 WHEN bool_and(r.value = 'negative') THEN 4 ELSE 14 END AS code
  FROM {results_of("tube", many=many)} r GROUP BY r.tube_id
), seen AS (
  SELECT p.tube_id, max(p.at) AS last, max(p.at) FILTER (WHERE p.condition <> 'good') AS last_bad
  FROM {known.receptions_of("tube", many=many)} p GROUP BY p.tube_id
), lost AS (
  {known.lost_of("tube")}
), word AS (
  SELECT tube.tube_id, coalesce(said.code,
    CASE WHEN seen.last_bad = seen.last THEN 16 WHEN seen.last IS NOT NULL THEN 8
      WHEN lost.tube_id IS NOT NULL THEN 16 ELSE 6 END) AS code
  FROM tube LEFT JOIN said ON said.tube_id = tube.tube_id LEFT JOIN seen ON seen.tube_id = tube.tube_id
  LEFT JOIN lost ON lost.tube_id = tube.tube_id
)"""


_LEAN_CODE = """CASE WHEN w.code <= 4 THEN w.code WHEN w.code IS NULL THEN 14
      WHEN w.code = 6 AND s.scanned_at < %(to_lab_by)s THEN 20
      WHEN w.code = 8 AND s.scanned_at < %(result_by)s THEN 18
      ELSE w.code END"""
_TOLD_SAMPLES = {
    Test.PCR: f"""sample AS (
  SELECT DISTINCT ON (s.person_id) s.person_id, s.tube_id, s.scanned_at AS taken_at,
    coalesce(w.received_at, w.condition_at) AS said_at, {_CODE} AS code
  FROM scan s LEFT JOIN word w ON w.tube_id = s.tube_id
  ORDER BY s.person_id, {_CODE}, s.scanned_at
)""",
    Test.ANTIGEN: f"""sample AS (
  SELECT DISTINCT ON (a.person_id) a.person_id, NULL::bigint AS tube_id, a.taken_at, a.received_at AS said_at,
    {_ANTIGEN_CODE} AS code
  FROM sampling_antigen_test a WHERE {_KNOWN_ANTIGENS} AND a.person_id IN (SELECT person_id FROM line)
  ORDER BY a.person_id, {_ANTIGEN_CODE}, a.taken_at
)""",
}

_OWING = """SELECT 1 FROM sampling_obligation o WHERE o.person_id = {person} AND o.opened_at <= %(at)s
      AND (o.closed_at IS NULL OR o.closed_at > %(at)s)"""

# An ordered retest speaks for its line once its own tube has: the person then was tested for this round.
_HANDLED = f"""handled AS (
  SELECT person_id, min(code) AS code, min(at) AS at FROM (
    SELECT d.person_id, CASE d.kind WHEN 'excused' THEN 5 ELSE 6 END AS code, d.at
    FROM sampling_disposition d
    WHERE d.round_id = %(round)s AND d.kind IN ('excused', 'elsewhere') AND d.at <= %(at)s
      AND (d.withdrawn_at IS NULL OR d.withdrawn_at > %(at)s)
    UNION ALL
    SELECT d.person_id,
      CASE WHEN r.value = 'positive' AND EXISTS ({_OWING.format(person="d.person_id")}) THEN 1 ELSE 2 END, o.closed_at
    FROM sampling_disposition d
    JOIN sampling_obligation o ON o.person_id = d.person_id AND o.cause = 'order:' || d.uuid AND o.closed_at <= %(at)s
    JOIN sampling_result r ON r.id = o.closed_by_result_id
    WHERE d.round_id = %(round)s AND d.kind = 'retest' AND d.at <= %(at)s
      AND NOT EXISTS (SELECT 1 FROM sampling_obligation f WHERE f.follows_id = o.id AND f.opened_at <= %(at)s)
  ) AS handling GROUP BY person_id
)"""

# A positive is resolved when it made its person owe something and nothing is owed any more. Asked of positives only.
_CAUSED = {
    Test.PCR: """SELECT 1 FROM sampling_obligation o
      JOIN known_scan s ON s.tube_id = o.tube_id AND s.person_id = o.person_id AND s.round_id = %(round)s
      WHERE o.person_id = l.person_id AND o.opened_at <= %(at)s""",
    Test.ANTIGEN: """SELECT 1 FROM sampling_obligation o
      JOIN sampling_antigen_test a ON a.id = o.antigen_id AND a.day = %(day)s
      WHERE o.person_id = l.person_id AND o.opened_at <= %(at)s""",
}


_CLASS = """CASE l.standing WHEN 'not_yet' THEN 12 WHEN 'excused' THEN 13 WHEN 'silent' THEN 14
      WHEN 'isolated' THEN 15 WHEN 'elsewhere' THEN 16 WHEN 'away' THEN 17 ELSE 18 END"""


def _line_code(test: Test) -> str:
    return f"""CASE l.standing WHEN 'due' THEN
      CASE WHEN x.code = 1 AND EXISTS ({_CAUSED[test]}) AND NOT EXISTS ({_OWING.format(person="l.person_id")}) THEN 2
           ELSE least(x.code, h.code, 11) END
    ELSE {_CLASS} END"""


# What counts are grouped by, as a number; "standing" follows from the state.
GROUPS = {
    "park": "0",
    "grid": "l.grid_id",
    "enterprise": "l.enterprise_id",
    "point": "l.point_id",
    "slot": "l.slot_from",
    "standing": "0",
}
NO_KEY = -1

# What scopes reach of the lines.
WITHIN = {
    "enterprises": "l.enterprise_id = ANY(%(enterprises)s)",
    "grids": "l.grid_id = ANY(%(grids)s)",
    "sites": "l.point_id IN (SELECT id FROM sampling_point WHERE site_id = ANY(%(sites)s))",
}

# What a place, some people or some enterprises narrow the lines to.
AMONG = {
    "people": " AND l.person_id = ANY(%(people)s)",
    "among": " AND l.enterprise_id = ANY(%(among)s)",
}
AT = {
    "enterprise": " AND l.enterprise_id = %(enterprise)s",
    "grid": " AND l.grid_id = %(grid)s",
    "point": " AND l.point_id = %(point)s",
}

_LINES = "l.round_id = %(round)s AND (l.added_at IS NULL OR l.added_at <= %(at)s)"


def counts_sql(test: Test, by: str, where: str, known: Known) -> str:
    """Rows (key * 256 + added * 128 + doubled code, lines, of them on post); `where` narrows the lines.

    The doubled code is even for a line with a sample of its own. One number to group by is half the work of four.
    """
    tables, lines = _lines_with_samples(test, where, known, curve=False)
    return known.bind(f"""{tables}
SELECT {_key(by)} * 256 + {_what(test)}, count(*), count(*) FILTER (WHERE l.on_post) FROM {lines} GROUP BY 1""")


def evening_sql(test: Test, by: Sequence[str], where: str, known: Known) -> str:
    """What `counts_sql` tells of each of these groupings and the evening's curve, in one pass over the lines.

    Rows (lines, of them on post, step, a number for each grouping): one of the numbers is there and is as in
    `counts_sql`; or the step (%(step)s since %(opens)s) is, in which the lines, all due and of the frozen list, were
    sampled first; or nothing is: lines without a step.
    """
    tables, lines = _lines_with_samples(test, where, known, curve=True)
    keys = ", ".join(f"{_key(group)} * 256 AS k{n}" for n, group in enumerate(by))
    numbers = [f"k{n} + what" for n, _group in enumerate(by)]
    # OFFSET 0: so that what a line is worth is worked out once and not for each grouping
    return known.bind(f"""{tables}
SELECT count(*), count(*) FILTER (WHERE on_post), step, {", ".join(numbers)} FROM (
  SELECT {_what(test)} AS what, l.on_post, {keys},
    CASE WHEN l.standing = 'due' AND l.added_at IS NULL THEN date_bin(%(step)s, x.first, %(opens)s) END AS step
  FROM {lines} OFFSET 0) AS told
GROUP BY GROUPING SETS ((step), ({"), (".join(numbers)}))""")


def _key(group: str) -> str:
    return f"coalesce({GROUPS[group]}, {NO_KEY})::bigint"


def _what(test: Test) -> str:
    code = "least(x.code, 2 * h.code + CASE WHEN x.code IS NULL THEN 1 ELSE 0 END)"
    return f"""CASE WHEN l.added_at IS NULL THEN 0 ELSE 128 END +
  CASE WHEN l.standing <> 'due' THEN {_CLASS} * 2 + CASE WHEN x.code IS NULL THEN 1 ELSE 0 END
    WHEN {code} < 4 AND EXISTS ({_CAUSED[test]}) AND NOT EXISTS ({_OWING.format(person="l.person_id")}) THEN 4
    ELSE coalesce({code}, 23) END"""


def _lines_with_samples(test: Test, where: str, known: Known, *, curve: bool) -> tuple[str, str]:
    """The common tables, and the lines l joined to their sample x and to how they were handled h."""
    line = f"line AS MATERIALIZED (SELECT l.* FROM sampling_due l WHERE {_LINES}{where}), " if where else ""
    tables = known.tables if test is Test.PCR else ""
    lines = f"""{"line l" if where else "sampling_due l"} LEFT JOIN sample x ON x.person_id = l.person_id
LEFT JOIN handled h ON h.person_id = l.person_id
{"" if where else f"WHERE {_LINES}"}"""
    return f"WITH {tables}{line}{_lean_samples(test, known, own=bool(where), curve=curve)}", lines


def _lean_samples(test: Test, known: Known, *, own: bool, curve: bool) -> str:
    """The common tables `handled` and `sample`: of each person the least doubled code, with `curve` the first swab.

    `own`: only of the people of `line`.

    Grouped by a column of a table, whose people the planner can count: a hash table that it takes for small grows step
    by step, and each step goes through all of it again.
    """
    if test is Test.PCR:
        words = f"{_own_scans(known) if own else _ALL_TUBES}, {_lean_words(known, many=not own)}, "
        code, first, scans = _LEAN_CODE, "s.scanned_at", "scan" if own else _ALL_SCANS
        facts = f"{scans} s LEFT JOIN word w USING (tube_id)"
    else:
        words, code, first = "", f"2 * ({_ANTIGEN_CODE})", "s.taken_at"
        mine = " AND a.person_id IN (SELECT person_id FROM line)" if own else ""
        facts = f"(SELECT * FROM sampling_antigen_test a WHERE {_KNOWN_ANTIGENS}{mine}) s"
        code = code.replace("a.value", "s.value")
    firsts = f", min({first}) AS first" if curve else ""
    return f"""{words}{_HANDLED}, sample AS (
  SELECT s.person_id, min({code}) AS code{firsts} FROM {facts} GROUP BY s.person_id
)"""


def lines_sql(test: Test, where: str, known: Known, *, search: str = "", page: str = "") -> str:
    """Rows of lines whose code is in %(codes)s, ordered by enterprise and name; `search` narrows by person."""
    pcr = test is Test.PCR
    words = f"{_own_scans(known)}, {_words(known)}, " if pcr else ""
    return known.bind(f"""WITH {known.tables if pcr else ""}line AS MATERIALIZED (
  SELECT l.* FROM sampling_due l JOIN park_person p ON p.id = l.person_id WHERE {_LINES}{where}{search}
), {words}{_TOLD_SAMPLES[test]}, {_HANDLED}, told AS (
  SELECT l.id, {_line_code(test)} AS code, x.tube_id, x.taken_at, x.said_at, h.at AS handled_at
  FROM line l LEFT JOIN sample x ON x.person_id = l.person_id LEFT JOIN handled h ON h.person_id = l.person_id
)
SELECT l.person_id, p.uuid, p.name, p.staff_number, p.phone, p.document_tail, l.enterprise_id, e.short_name, l.grid_id,
  l.point_id, point.code, l.slot_from, told.code, told.tube_id, tube.code, told.taken_at, told.said_at,
  told.handled_at, l.on_post, l.added_at IS NOT NULL, count(*) OVER ()
FROM told JOIN line l ON l.id = told.id
JOIN park_person p ON p.id = l.person_id
JOIN park_enterprise e ON e.id = l.enterprise_id
LEFT JOIN sampling_point point ON point.id = l.point_id
LEFT JOIN sampling_tube tube ON tube.id = told.tube_id
WHERE told.code = ANY(%(codes)s)
ORDER BY e.pinyin, e.id, p.pinyin, p.id {page}""")


def progress_sql(test: Test, where: str, known: Known) -> str:
    """Rows (beginning of a step, people who were due and first sampled in it); `where` narrows the lines."""
    taken, of_round = "a.taken_at", f"l.round_id = %(round)s AND {_KNOWN_ANTIGENS}"
    facts, begin = "sampling_antigen_test a JOIN sampling_due l ON l.person_id = a.person_id", ""
    if test is Test.PCR:
        taken, of_round = "s.scanned_at", f"l.round_id = s.round_id AND {NAMED_SCANS}"
        facts, begin = "known_scan s JOIN sampling_due l ON l.person_id = s.person_id", known.tables.removesuffix(", ")
    return known.bind(f"""{"WITH " if begin else ""}{begin} SELECT first, count(*) FROM (
  SELECT date_bin(%(step)s, min({taken}), %(opens)s) AS first
  FROM {facts}
  WHERE {of_round} AND l.standing = 'due' AND l.added_at IS NULL{where}
  GROUP BY l.person_id) AS f GROUP BY first ORDER BY first""")


# What a reader with scopes may see of the scans: those of the own people and those made at the own points.
_OWN_PEOPLE = """SELECT p.id FROM park_person p JOIN park_enterprise e ON e.id = p.employer_id
      WHERE e.id = ANY(%(enterprises)s) OR e.grid_id = ANY(%(grids)s)"""
_OWN_POINTS = "SELECT id FROM sampling_point WHERE site_id = ANY(%(sites)s) OR host_id = ANY(%(enterprises)s)"
_PERHAPS_OWN = f"""SELECT id FROM sampling_scan WHERE round_id = %(round)s AND person_id IN ({_OWN_PEOPLE})
    UNION SELECT id FROM sampling_scan WHERE round_id = %(round)s AND point_id IN ({_OWN_POINTS})"""
_ONCE_OF_THE_ROUND = "SELECT scan_id FROM sampling_scan_before WHERE round_id = %(round)s AND until > %(at)s"


def _strays(known: Known, *, own: bool, joins: str = "") -> str:
    perhaps = f"{_PERHAPS_OWN} UNION {_ONCE_OF_THE_ROUND}" if known.changed else _PERHAPS_OWN
    mine = f" AND s.id IN ({perhaps}) AND (p.id IN ({_OWN_PEOPLE}) OR s.point_id IN ({_OWN_POINTS}))" if own else ""
    return f"""FROM known_scan s
LEFT JOIN park_person p ON p.id = s.person_id AND (s.identified_at IS NULL OR s.identified_at <= %(at)s)
LEFT JOIN sampling_due l ON l.round_id = %(round)s AND l.person_id = p.id
  AND (l.added_at IS NULL OR l.added_at <= %(at)s)
{joins}
WHERE {_KNOWN_SCANS} AND l.id IS NULL{mine}"""


def strays_sql(known: Known, *, own: bool, page: str) -> str:
    """Scans of people and unknown people in the round's tubes who stand on no line of its list, newest first.

    `own`: only what %(enterprises)s, %(grids)s and %(sites)s reach.
    """
    joins = """JOIN sampling_tube t ON t.id = s.tube_id
LEFT JOIN sampling_point point ON point.id = s.point_id
LEFT JOIN park_enterprise e ON e.id = p.employer_id"""
    return known.bind(f"""{_with(known)}SELECT s.id, s.tube_id, t.code, s.point_id, point.code, s.scanned_at, s.how,
  s.claimed, CASE WHEN s.identified_at > %(at)s THEN NULL ELSE s.person_id END, p.name, p.employer_id, e.short_name,
  count(*) OVER ()
{_strays(known, own=own, joins=joins)}
ORDER BY s.scanned_at DESC, s.id {page}""")


def count_strays_sql(known: Known, *, own: bool) -> str:
    """How many `strays_sql` has."""
    if own:
        return known.bind(f"{_with(known)}SELECT count(*) {_strays(known, own=True)}")
    return known.bind(f"""{_with(known)}SELECT count(*) FROM known_scan s WHERE {_KNOWN_SCANS} AND NOT EXISTS (
  SELECT 1 FROM sampling_due l WHERE l.round_id = %(round)s AND (l.added_at IS NULL OR l.added_at <= %(at)s)
    AND l.person_id = CASE WHEN s.identified_at > %(at)s THEN NULL ELSE s.person_id END)""")


def _with(known: Known) -> str:
    return f"WITH {known.tables.removesuffix(', ')} " if known.changed else ""
