"""Inspection as it was known at a moment: states from dated facts alone, so that a past day tells for ever the same.

A fact counts from when the park had it: what phones tell from when it was received, what a page does from when it was
done. What is stored for lists and the worker (`due_at`, `closed_at`) is worked out anew where something came later.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from parkkeeper.inspection.models import SETTLED, Notice, Step, StopWork
from parkkeeper.park.workdays import work_calendar
from parkkeeper.planning.working_time import due_at as reckoned

# The step that rules each finding, and since when the fix that stands was reported, or seen: a look-back that failed
# and a reopening make an earlier report worthless.
_STEPS = """
step AS (
  SELECT id, finding_id, kind, at, received_at FROM inspection_step
  WHERE received_at <= %(at)s AND counts AND kind NOT IN ('no_access', 'proposed_unfixed')
), last AS (
  SELECT DISTINCT ON (finding_id) finding_id, kind FROM step ORDER BY finding_id, at DESC, received_at DESC, id DESC
)"""
_SETTLED = f"""
WITH {_STEPS}, settled AS (
  SELECT l.notice_id, bool_and(coalesce(last.kind = ANY(%(settled)s), false)) AS all_settled
  FROM inspection_notice_line l LEFT JOIN last USING (finding_id) GROUP BY l.notice_id
)"""
_CLOSED = f"""{_SETTLED}
SELECT n.id FROM inspection_notice n JOIN settled s ON s.notice_id = n.id WHERE n.issued_at <= %(at)s AND s.all_settled
"""
_NOTICES = f"""{_SETTLED}
SELECT n.id, n.enterprise_id, n.issued_at, n.due_at, n.served_at,
  coalesce(n.withdrawn_at <= %(at)s, false)
    OR EXISTS (SELECT FROM inspection_notice f WHERE f.follows_id = n.id AND f.issued_at <= %(at)s),
  coalesce(s.all_settled, false),
  n.served_at > %(at)s IS TRUE
    OR EXISTS (SELECT FROM inspection_extension x WHERE x.notice_id = n.id AND x.granted AND x.decided_at > %(at)s)
    OR EXISTS (SELECT FROM inspection_clock_stop c WHERE c.notice_id = n.id
               AND (lower(c.during) > %(at)s OR upper(c.during) > %(at)s))
FROM inspection_notice n LEFT JOIN settled s ON s.notice_id = n.id
WHERE n.issued_at <= %(at)s ORDER BY n.issued_at, n.id
"""
_ASKED = f"""
WITH {_STEPS}, broken AS (
  SELECT finding_id, max(at) AS at FROM step WHERE kind IN ('partly', 'not_fixed', 'reopened') GROUP BY finding_id
), done AS (
  SELECT s.finding_id, min(s.at) AS at FROM step s LEFT JOIN broken b USING (finding_id)
  WHERE s.kind IN ('reported', 'fixed', 'on_the_spot') AND (b.at IS NULL OR s.at > b.at) GROUP BY s.finding_id
)
SELECT DISTINCT ON (f.id) f.id, f.enterprise_id, i.code, n.id, coalesce(last.kind, ''), done.at,
  EXISTS (SELECT FROM inspection_exclusion x WHERE x.finding_id = f.id AND x.granted AND x.decided_at <= %(at)s)
FROM inspection_notice_line l JOIN inspection_notice n ON n.id = l.notice_id
JOIN inspection_finding f ON f.id = l.finding_id JOIN inspection_item i ON i.id = f.item_id
LEFT JOIN last ON last.finding_id = f.id LEFT JOIN done ON done.finding_id = f.id
WHERE n.issued_at <= %(at)s ORDER BY f.id, n.issued_at, n.id
"""


@dataclass(frozen=True)
class NoticeThen:
    """A notice as it was known: `ended` when it was withdrawn or replaced, `due_at` None while its clock stood."""

    pk: int
    enterprise: int
    issued_at: datetime
    due_at: datetime | None
    served_at: datetime | None
    ended: bool
    closed: bool

    @property
    def open(self) -> bool:
        return not (self.ended or self.closed)

    def overdue(self, at: datetime) -> bool:
        return self.open and self.due_at is not None and self.due_at <= at


def notices_at(at: datetime) -> list[NoticeThen]:
    """Every notice issued by `at`, as known then, in the order of issue; at most three statements."""
    found, later = [], []
    for pk, enterprise, issued_at, due_at, served_at, ended, closed, changed in _rows(_NOTICES, at):
        served = served_at if served_at and served_at <= at else None
        found.append(NoticeThen(pk, enterprise, issued_at, due_at, served, ended, closed))
        if changed:
            later.append(pk)
    dues = _dues_then(later, at) if later else {}
    return [replace(one, due_at=dues[one.pk]) if one.pk in dues else one for one in found]


def closed_by(at: datetime) -> set[int]:
    """The ids of the notices issued by `at` whose every finding was settled, as known then."""
    return {pk for (pk,) in _rows(_CLOSED, at)}


def _dues_then(notices: Sequence[int], at: datetime) -> dict[int, datetime | None]:
    """The due time of each as it was reckoned from what was known at `at`."""
    calendar = work_calendar(at)
    dues: dict[int, datetime | None] = {}
    rows = Notice.objects.filter(pk__in=notices).prefetch_related("extensions", "stops").order_by("pk")
    for notice in rows:
        extra = sum(x.amount for x in notice.extensions.all() if x.granted and x.decided_at and x.decided_at <= at)
        stops = [(s.during.lower, s.during.upper if s.during.upper and s.during.upper <= at else None)
                 for s in notice.stops.all() if s.during.lower <= at]  # fmt: skip
        began = notice.served_at if notice.served_at and notice.served_at <= at else notice.issued_at
        dues[notice.pk] = reckoned(began, notice.term.extended(extra) if extra else notice.term, calendar, stops)
    return dues


@dataclass(frozen=True)
class Problem:
    """What rates of closing count: one item at one enterprise, however many findings or notices it was split into.

    `due_at` is that of the first notice that asked for it: a second notice or a withdrawal gives no new time.
    """

    enterprise: int
    code: str
    notices: frozenset[int]
    first_issued_at: datetime
    closed: bool
    fixed: bool
    due: bool
    """Its time is up, or it is closed: whether it was done in time can be said."""
    on_time: bool


@dataclass(frozen=True)
class Asked:
    """All problems that notices asked for, and those that two people left out."""

    problems: list[Problem]
    excluded: list[UUID]
    """Findings."""


def problems_at(at: datetime, notices: Iterable[NoticeThen]) -> Asked:
    """Every problem on a notice issued by `at`, as known then; `notices` are those of `notices_at(at)`."""
    by_number = {notice.pk: notice for notice in notices}
    groups: dict[tuple[int, str], list[tuple[Any, ...]]] = {}
    excluded = []
    for finding, enterprise, code, notice, last, done_at, left_out in _rows(_ASKED, at):
        if left_out:
            excluded.append(finding)
        else:
            groups.setdefault((enterprise, code), []).append((by_number[notice], last, done_at))
    return Asked([_problem(key, rows, at) for key, rows in groups.items()], excluded)


def _problem(key: tuple[int, str], rows: list[tuple[Any, ...]], at: datetime) -> Problem:
    """A problem is closed, fixed, done in time only when each of its findings is."""
    closed = all(last in SETTLED for _notice, last, _done in rows)
    past = [notice.due_at is not None and notice.due_at <= at for notice, _last, _done in rows]
    in_time = all(
        last in (Step.Kind.FIXED, Step.Kind.ON_THE_SPOT) and done and (notice.due_at is None or done <= notice.due_at)
        for notice, last, done in rows
    )  # fmt: skip
    asked = [notice for notice, _last, _done in rows]
    fixed = closed and all(last != Step.Kind.UNFIXED for _notice, last, _done in rows)
    numbers, first = frozenset(notice.pk for notice in asked), min(notice.issued_at for notice in asked)
    return Problem(*key, numbers, first, closed, fixed, closed or any(past), in_time)


def stops_in_force(at: datetime) -> list[StopWork]:
    """Stops of work that bound at `at`, as known then."""
    begun = StopWork.objects.filter(in_force_at__lte=at).select_related("enterprise").order_by("in_force_at", "pk")
    return [stop for stop in begun if not _over(stop, at)]


def _over(stop: StopWork, at: datetime) -> bool:
    lifted = stop.lifted_at is not None and stop.lifted_at <= at
    decided = stop.decided_at is not None and stop.decided_at <= at
    fell = not decided and stop.review_due_at is not None and stop.review_due_at <= at
    return lifted or fell or (decided and not stop.approved)


def _rows(statement: str, at: datetime) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"at": at, "settled": [str(kind) for kind in SETTLED]})
        return list(cursor.fetchall())
