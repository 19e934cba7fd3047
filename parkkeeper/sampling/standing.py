"""How a person stands at a moment: clear or not, and every reason why not. Derived from all that is open, never set.

Clear means: nothing is owed (single retest, case), and the newest round that the person was due in is met by a sample
whose word is negative, or by a negative from elsewhere. No result is not a negative. An excuse lifts its line, so the
line before it decides; whoever never had a line needs a negative sample to be clear. A later sample answers an earlier
round's gap; a word that is not negative (positive, indeterminate, contradicting) stands until a later sample is
negative, so that a late negative of an older sample clears nobody.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from parkkeeper.park.models import Person
from parkkeeper.sampling.asknown import Known, rows_known
from parkkeeper.sampling.tubefacts import query
from parkkeeper.sampling.tubewords import tube_words

REASONS: dict[str, Promise | str] = {
    "single_retest": _("单采单检未完成"),
    "case": _("阳性个案未解除"),
    "isolated": _("隔离中"),
    "positive": _("最近一次采样阳性，之后没有阴性"),
    "not_done": _("最近一次结果无效或不一致，需重采"),
    "waiting": _("已采样，没有结果"),
    "tube_spoiled": _("试管损毁，需重采"),
    "elsewhere_no_result": _("在外采样，没有结果"),
    "elsewhere_not_negative": _("在外采样，结果不是阴性"),
    "not_sampled": _("应检未采"),
    "never_sampled": _("没有任何阴性结果"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One thing that keeps a person from being clear: a key of REASONS, since when, until when it must be done."""

    kind: str
    since: datetime | None = None
    due_at: datetime | None = None
    cause: str = ""
    obligation: Any = None

    @property
    def title(self) -> Promise | str:
        """In the reader's language."""
        return REASONS[self.kind]


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands at `at`: `open` holds every reason against, `negative_at` the newest negative's sampling."""

    at: datetime
    open: tuple[Reason, ...] = ()
    negative_at: datetime | None = None

    @property
    def clear(self) -> bool:
        """Whether nothing is open."""
        return not self.open


@dataclass(slots=True)
class _Line:
    """What the newest round that speaks of a person says, and the samples since it opened (all of them without one)."""

    opens_at: datetime | None = None
    closes_at: datetime | None = None
    elsewhere: bool = False
    elsewhere_result: str = ""
    elsewhere_at: datetime | None = None
    negative_at: datetime | None = None
    positive_at: datetime | None = None
    unsure_at: datetime | None = None
    invalid_at: datetime | None = None
    waiting_at: datetime | None = None
    spoiled_at: datetime | None = None


def _lines(known: Known) -> str:
    return f"""WITH asked AS (SELECT unnest(%(people)s::bigint[]) AS person_id), line AS (
    SELECT DISTINCT ON (l.person_id) l.person_id, l.round_id, r.opens_at, r.closes_at,
           l.standing = 'elsewhere' OR e.id IS NOT NULL AS elsewhere, e.result AS elsewhere_result,
           e.sampled_at AS elsewhere_at
      FROM asked JOIN sampling_due l ON l.person_id = asked.person_id
      JOIN sampling_round r ON r.id = l.round_id AND r.test = 'pcr' AND NOT r.rehearsal AND r.frozen_at <= %(at)s
      LEFT JOIN sampling_disposition e ON e.person_id = l.person_id AND e.kind = 'elsewhere' AND e.at <= %(at)s
            AND (e.withdrawn_at IS NULL OR e.withdrawn_at > %(at)s)
            AND (e.round_id = l.round_id OR (e.test = 'pcr' AND e.days @> r.day))
     WHERE l.standing IN ('due', 'elsewhere') AND (l.added_at IS NULL OR l.added_at <= %(at)s)
       AND NOT EXISTS (SELECT FROM sampling_disposition x
            WHERE x.person_id = l.person_id AND x.round_id = l.round_id AND x.kind = 'excused' AND x.at <= %(at)s
              AND (x.withdrawn_at IS NULL OR x.withdrawn_at > %(at)s))
     ORDER BY l.person_id, r.opens_at DESC, e.result = 'negative' DESC NULLS LAST, e.sampled_at DESC NULLS LAST
), sample AS (
    SELECT s.person_id, s.tube_id, s.scanned_at
      FROM {known.scans_of("asked")} s
      LEFT JOIN sampling_round r ON r.id = s.round_id LEFT JOIN line ON line.person_id = s.person_id
     WHERE (s.undone_received_at IS NULL OR s.undone_received_at > %(at)s) AND NOT coalesce(r.rehearsal, false)
       AND (line.person_id IS NULL OR s.round_id = line.round_id OR s.scanned_at >= line.opens_at)
), asked_tube AS (SELECT DISTINCT tube_id FROM sample), {tube_words(known)}, said AS (
    SELECT s.person_id,
           max(s.scanned_at) FILTER (WHERE w.outcome = 'negative') AS negative_at,
           max(s.scanned_at) FILTER (WHERE w.ruling = 'positive') AS positive_at,
           max(s.scanned_at) FILTER (WHERE w.ruling IN ('indeterminate', 'invalid')
                                       AND (w.outcome <> 'invalid')) AS unsure_at,
           max(s.scanned_at) FILTER (WHERE w.outcome = 'invalid') AS invalid_at,
           max(s.scanned_at) FILTER (WHERE w.outcome IS NULL AND NOT w.lost
                                       AND coalesce(w.condition, 'good') = 'good') AS waiting_at,
           max(s.scanned_at) FILTER (WHERE w.outcome IS NULL
                                       AND (w.lost OR coalesce(w.condition, 'good') <> 'good')) AS spoiled_at
      FROM sample s JOIN tube_word w ON w.tube_id = s.tube_id GROUP BY s.person_id
)
SELECT asked.person_id, line.opens_at, line.closes_at, coalesce(line.elsewhere, false),
       coalesce(line.elsewhere_result, ''), line.elsewhere_at, said.negative_at, said.positive_at, said.unsure_at,
       said.invalid_at, said.waiting_at, said.spoiled_at
  FROM asked LEFT JOIN line ON line.person_id = asked.person_id LEFT JOIN said ON said.person_id = asked.person_id
"""


_OWED = """
SELECT person_id, kind, opened_at, due_at, cause, id FROM sampling_obligation
 WHERE person_id = ANY(%(people)s) AND opened_at <= %(at)s AND (closed_at IS NULL OR closed_at > %(at)s)
 ORDER BY opened_at, id
"""

_ISOLATED = """
SELECT person_id, lower(during) FROM park_presence
 WHERE person_id = ANY(%(people)s) AND state = 'isolated' AND during @> %(at)s::timestamptz
"""


def standing_of(person: Person, at: datetime) -> Standing:
    """How this person stands, as was known at `at`."""
    return standings([person.pk], at)[person.pk]


def standings(people: Iterable[int], at: datetime) -> dict[int, Standing]:
    """How each of these people (ids) stands, as was known at `at`; four statements, however many people."""
    ids = sorted(set(people))
    if not ids:
        return {}
    reasons: dict[int, list[Reason]] = defaultdict(list)
    for person, kind, opened_at, due_at, cause, obligation in query(_OWED, people=ids, at=at):
        reasons[person].append(Reason(kind, opened_at, due_at, cause, obligation))
    for person, since in query(_ISOLATED, people=ids, at=at):
        reasons[person].append(Reason("isolated", since))
    found: dict[int, Standing] = {}
    for person, *columns in rows_known(_lines, {"people": ids, "at": at}):
        line = _Line(*columns)
        against, negative_at = _against(line)
        found[person] = Standing(at, (*reasons[person], *([against] if against else [])), negative_at)
    return found


def _against(line: _Line) -> tuple[Reason | None, datetime | None]:
    """What the samples of the newest line leave open, and the negative sample that answers it if nothing."""
    negatives = [line.negative_at]
    if line.elsewhere and line.elsewhere_result == "negative":
        negatives.append(line.elsewhere_at or line.opens_at)
    negative_at = max((moment for moment in negatives if moment), default=None)
    graver = [(line.positive_at, "positive"), (line.unsure_at, "not_done")]
    for since, kind in graver:
        if since and (negative_at is None or since >= negative_at):
            return Reason(kind, since, line.closes_at), negative_at
    if negative_at:
        return None, negative_at
    return _gap(line), None


def _gap(line: _Line) -> Reason:
    """Why there is no negative: the nearest to being done first."""
    for since, kind in (
        (line.waiting_at, "waiting"), (line.invalid_at, "not_done"), (line.spoiled_at, "tube_spoiled")
    ):  # fmt: skip
        if since:
            return Reason(kind, since, line.closes_at)
    if line.elsewhere:
        kind = "elsewhere_not_negative" if line.elsewhere_result else "elsewhere_no_result"
        return Reason(kind, line.elsewhere_at or line.opens_at)
    if line.opens_at is None:
        return Reason("never_sampled")
    return Reason("not_sampled", line.opens_at, line.closes_at)
