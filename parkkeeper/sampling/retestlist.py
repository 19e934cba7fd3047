"""Who owes a single retest or is a case, and how far it has come: the list that the office works through."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from parkkeeper.park.models import Person
from parkkeeper.park.scope import Scope
from parkkeeper.sampling.models import Obligation
from parkkeeper.sampling.owing import BEGUN_AT
from parkkeeper.sampling.tubefacts import query
from parkkeeper.sampling.tubewords import TUBE_WORDS

# The newest single tube of each person taken after what gave cause, as known then.
_SAMPLES = f"""
WITH owed AS (
    SELECT o.id, o.person_id, o.tube_id,
           CASE WHEN o.antigen_id IS NOT NULL THEN a.taken_at
                ELSE coalesce((SELECT max(s.scanned_at) FROM sampling_scan s
                                WHERE s.tube_id = o.tube_id AND s.person_id = o.person_id), {BEGUN_AT}) END AS since
      FROM sampling_obligation o LEFT JOIN sampling_antigen_test a ON a.id = o.antigen_id
     WHERE o.id = ANY(%(obligations)s::uuid[])
), sample AS (
    SELECT DISTINCT ON (owed.id) owed.id, s.tube_id, t.code, s.scanned_at
      FROM owed JOIN sampling_scan s ON s.person_id = owed.person_id AND s.scanned_at > owed.since
      JOIN sampling_tube t ON t.id = s.tube_id AND t.pool_size = 1 AND t.id IS DISTINCT FROM owed.tube_id
     WHERE s.received_at <= %(at)s AND (s.undone_received_at IS NULL OR s.undone_received_at > %(at)s)
     ORDER BY owed.id, s.scanned_at DESC, s.id
), asked_tube AS (SELECT DISTINCT tube_id FROM sample), {TUBE_WORDS}
SELECT sample.id, sample.code, sample.scanned_at, w.outcome
  FROM sample JOIN tube_word w ON w.tube_id = sample.tube_id
"""


@dataclass(frozen=True)
class Retest:
    """One open obligation, and the single tube that may answer it (code, when it was taken, its outcome or None)."""

    obligation: Obligation
    overdue: bool
    tube: str = ""
    sampled_at: datetime | None = None
    outcome: str | None = None

    @property
    def person(self) -> Person:
        """Whose it is, with the employer."""
        return self.obligation.person

    @property
    def step(self) -> str:
        """What is next: to_release (a case) | to_sample | waiting | to_sample_again."""
        if self.obligation.kind == Obligation.Kind.CASE:
            return "to_release"
        if self.sampled_at is None:
            return "to_sample"
        return "to_sample_again" if self.outcome else "waiting"


def open_retests(at: datetime, scopes: list[Scope] | None) -> list[Retest]:
    """All obligations open at `at` of people within these scopes (None: the park), the most urgent first."""
    people = Person.objects.within(scopes)
    open_then = Obligation.objects.open_at(at).select_related("person__employer", "tube__point", "antigen")
    if scopes is not None:
        open_then = open_then.filter(person__in=people)
    obligations = list(open_then.order_by("due_at", "person__pinyin", "pk"))
    found: dict[Any, tuple[Any, ...]] = {
        row[0]: row[1:] for row in query(_SAMPLES, obligations=[one.pk for one in obligations], at=at)
    }
    return [Retest(one, one.due_at < at, *found.get(one.pk, ())) for one in obligations]
