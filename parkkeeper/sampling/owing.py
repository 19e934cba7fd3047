"""Which single retests a person's single tubes answer, worked out from the samples' times."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from parkkeeper.park.errors import Refused
from parkkeeper.park.rulebook import hours
from parkkeeper.sampling.models import Obligation
from parkkeeper.sampling.tubefacts import query
from parkkeeper.sampling.tubewords import TUBE_WORDS

# When the first row of a chain was opened: an order holds from then, however often its answer fell.
BEGUN_AT = """(SELECT min(b.opened_at) FROM sampling_obligation b
                 WHERE b.person_id = o.person_id AND b.kind = o.kind AND b.cause = o.cause)"""

# `since`: the last swab that gave cause (undone or not: it was taken), a positive self-test's moment, or the order's.
# A tube answers when its pool size is one, nobody else and no unknown person is in it, and its ruling word is plain.
# Of a chain of rows that follow each other the last one asks, and the order's moment is that of the first.
_ANSWERS = f"""
WITH owed AS (
    SELECT o.id, o.person_id, o.tube_id, o.closed_by_result_id,
           CASE WHEN o.antigen_id IS NOT NULL THEN a.taken_at
                ELSE coalesce((SELECT max(s.scanned_at) FROM sampling_scan s
                                WHERE s.tube_id = o.tube_id AND s.person_id = o.person_id), {BEGUN_AT}) END AS since
      FROM sampling_obligation o LEFT JOIN sampling_antigen_test a ON a.id = o.antigen_id
     WHERE o.person_id = ANY(%(people)s) AND o.kind = 'single_retest'
       AND NOT EXISTS (SELECT FROM sampling_obligation f WHERE f.follows_id = o.id)
), asked_tube AS (
    SELECT DISTINCT s.tube_id
      FROM owed JOIN sampling_scan s ON s.person_id = owed.person_id JOIN sampling_tube t ON t.id = s.tube_id
     WHERE t.pool_size = 1 AND s.undone_at IS NULL
), {TUBE_WORDS}, single AS (
    SELECT w.ruling_id, w.tube_id, min(s.person_id) AS person_id, min(s.scanned_at) AS scanned_at
      FROM tube_word w JOIN sampling_scan s ON s.tube_id = w.tube_id LEFT JOIN sampling_round r ON r.id = s.round_id
     WHERE w.ruling IN ('negative', 'positive') AND s.undone_at IS NULL
     GROUP BY w.ruling_id, w.tube_id
    HAVING count(DISTINCT s.person_id) = 1 AND count(*) = count(s.person_id)
       AND NOT bool_or(coalesce(r.rehearsal, false))
)
SELECT owed.id, owed.closed_by_result_id,
       coalesce(array_agg(single.ruling_id ORDER BY single.scanned_at, single.tube_id)
                FILTER (WHERE single.ruling_id IS NOT NULL), '{{}}')
  FROM owed LEFT JOIN single ON single.person_id = owed.person_id AND single.scanned_at > owed.since
                            AND single.tube_id IS DISTINCT FROM owed.tube_id
 GROUP BY owed.id, owed.closed_by_result_id
"""


@dataclass(frozen=True)
class Answer:
    """A single retest, the result that closed it, and the results that may close it (the earliest sample first)."""

    obligation: UUID
    closed_by: int | None
    results: list[int]


def retest_due(at: datetime) -> datetime:
    """Until when a single retest that begins at `at` must be done; at once when no rule says how long."""
    try:
        return at + hours("single_retest_hours", at)
    except Refused:
        # a positive must have its consequences, whatever the rulebook lacks
        return at


def answers(people: list[int]) -> list[Answer]:
    """Every single retest of these people (ids), open or closed, with what answers it now; none that was followed."""
    return [Answer(*row) for row in query(_ANSWERS, people=people, at="infinity")]


def close_and_reopen(people: list[int], *, at: datetime) -> tuple[list[Obligation], list[Obligation]]:
    """Close what is answered and open again what is no longer; returns both. Writes nothing when nothing changed.

    A result that was struck, that a graver one contradicts, or whose tube holds anybody else closes nothing. What was
    closed by such a result stays closed as it was; a row that follows it is opened (and closed, if another answers).
    """
    if not people:
        return [], []
    changed = {
        answer.obligation: answer.results[0] if answer.results else None
        for answer in answers(people)
        if answer.closed_by not in answer.results and (answer.closed_by or answer.results)
    }
    found = list(Obligation.objects.filter(pk__in=changed).select_related("person").order_by("opened_at", "pk"))
    answered = [one for one in found if one.closed_at is None]
    for obligation in answered:
        obligation.closed_by_result_id, obligation.closed_at = changed[obligation.pk], at
    Obligation.objects.bulk_update(answered, ["closed_by_result", "closed_at"])
    again = [_following(one, changed[one.pk], at) for one in found if one not in answered]
    Obligation.objects.bulk_create(again)
    return answered + [o for o in again if o.closed_at], [o for o in again if not o.closed_at]


def _following(fallen: Obligation, result: int | None, at: datetime) -> Obligation:
    """The same obligation once more, not saved: due when it always was, open unless that result closes it."""
    return Obligation(
        person=fallen.person, kind=fallen.kind, cause=fallen.cause, tube_id=fallen.tube_id,
        antigen_id=fallen.antigen_id, opened_at=at, due_at=fallen.due_at, isolate=fallen.isolate, follows=fallen,
        closed_at=at if result else None, closed_by_result_id=result,
    )  # fmt: skip
