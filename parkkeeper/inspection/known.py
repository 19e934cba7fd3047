"""Inspection as it was known at a moment: states from dated facts alone, so that a past day tells for ever the same.

A fact counts from when the park had it: what phones tell from when it was received, what a page does from when it was
done. What is stored for lists and the worker (`due_at`, `closed_at`) is worked out anew where something came later.
Ten thousand open notices are counted by the database, which hands over the numbers of those that a figure counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from parkkeeper.inspection.models import SETTLED, Notice, StopWork
from parkkeeper.park.workdays import work_calendar
from parkkeeper.planning.working_time import due_at as reckoned

# Whose clock was moved later than that moment: served, given more time, stopped or let run again.
_CHANGED = """
SELECT id FROM inspection_notice WHERE issued_at <= %(at)s AND served_at > %(at)s
UNION SELECT notice_id FROM inspection_extension WHERE granted AND decided_at > %(at)s
UNION SELECT notice_id FROM inspection_clock_stop WHERE lower(during) > %(at)s OR upper(during) > %(at)s
"""
# The step that rules each finding, and each notice as it stood; `told` are the due times that were known to be others.
_THEN = """
step AS (
  SELECT id, finding_id, kind, at, received_at FROM inspection_step
  WHERE received_at <= %(at)s AND counts AND kind NOT IN ('no_access', 'proposed_unfixed')
), last AS (
  SELECT DISTINCT ON (finding_id) finding_id, kind FROM step ORDER BY finding_id, at DESC, received_at DESC, id DESC
), told AS (
  SELECT * FROM unnest(%(changed)s::bigint[], %(dues)s::timestamptz[]) AS t(notice_id, due_at)
), line AS (
  SELECT l.notice_id, l.finding_id, coalesce(last.kind, '') AS kind
  FROM inspection_notice_line l LEFT JOIN last USING (finding_id)
), notice AS (
  SELECT n.id, n.issued_at, n.served_at, CASE WHEN t.notice_id IS NULL THEN n.due_at ELSE t.due_at END AS due_at
  FROM inspection_notice n LEFT JOIN told t ON t.notice_id = n.id WHERE n.issued_at <= %(at)s
)"""
# A notice is closed on a day when it is at its end and was not at its beginning, which only a step received in between,
# or its issue, can bring about: the others need no second look.
_NOTICES = f"""
WITH {_THEN}, settled AS (
  SELECT notice_id, bool_and(kind = ANY(%(settled)s)) AS closed FROM line GROUP BY notice_id
), stand AS (
  SELECT n.*, coalesce(s.closed, false) AS closed,
    o.withdrawn_at <= %(at)s IS TRUE
      OR EXISTS (SELECT FROM inspection_notice f WHERE f.follows_id = n.id AND f.issued_at <= %(at)s) AS ended
  FROM notice n JOIN inspection_notice o USING (id) LEFT JOIN settled s ON s.notice_id = n.id
), turned AS (
  SELECT id FROM stand WHERE closed AND (issued_at > %(since)s OR id IN (
    SELECT l.notice_id FROM inspection_notice_line l JOIN step USING (finding_id) WHERE step.received_at > %(since)s))
), before AS (
  SELECT l.notice_id AS id FROM inspection_notice_line l JOIN turned t ON t.id = l.notice_id
  JOIN inspection_notice n ON n.id = t.id AND n.issued_at <= %(since)s
  LEFT JOIN LATERAL (
    SELECT kind FROM inspection_step s WHERE s.finding_id = l.finding_id AND received_at <= %(since)s
      AND counts AND kind NOT IN ('no_access', 'proposed_unfixed')
    ORDER BY at DESC, received_at DESC, id DESC LIMIT 1
  ) was ON true
  GROUP BY l.notice_id HAVING bool_and(coalesce(was.kind = ANY(%(settled)s), false))
)
SELECT count(*),
  array_agg(id) FILTER (WHERE issued_at > %(since)s),
  array_agg(id) FILTER (WHERE served_at > %(since)s AND served_at <= %(at)s),
  array_agg(id) FILTER (WHERE NOT ended AND due_at > %(since)s AND due_at <= %(at)s),
  array_agg(id) FILTER (WHERE id IN (SELECT id FROM turned EXCEPT SELECT id FROM before)),
  array_agg(id) FILTER (WHERE NOT ended AND NOT closed),
  array_agg(id) FILTER (WHERE NOT ended AND NOT closed AND due_at <= %(at)s)
FROM (SELECT * FROM stand ORDER BY issued_at, id) stand
"""
# `done` is since when the fix that stands was reported, or seen: a look-back that failed and a reopening make an
# earlier report worthless. A finding is asked for by the first notice that names it.
_PROBLEMS = f"""
WITH {_THEN}, broken AS (
  SELECT finding_id, max(at) AS at FROM step WHERE kind IN ('partly', 'not_fixed', 'reopened') GROUP BY finding_id
), done AS (
  SELECT s.finding_id, min(s.at) AS at FROM step s LEFT JOIN broken b USING (finding_id)
  WHERE s.kind IN ('reported', 'fixed', 'on_the_spot') AND (b.at IS NULL OR s.at > b.at) GROUP BY s.finding_id
), asked AS (
  SELECT l.finding_id, l.kind, n.id AS notice, n.issued_at, n.due_at FROM line l JOIN notice n ON n.id = l.notice_id
  WHERE NOT EXISTS (
    SELECT FROM inspection_notice_line e JOIN inspection_notice m ON m.id = e.notice_id
    WHERE e.finding_id = l.finding_id AND (m.issued_at, m.id) < (n.issued_at, n.id))
), excluded AS (
  SELECT finding_id FROM inspection_exclusion WHERE granted AND decided_at <= %(at)s
), counted AS (
  SELECT a.*, f.enterprise_id, i.code, done.at AS done_at FROM asked a
  JOIN inspection_finding f ON f.id = a.finding_id JOIN inspection_item i ON i.id = f.item_id
  LEFT JOIN done ON done.finding_id = a.finding_id
  WHERE a.finding_id NOT IN (SELECT finding_id FROM excluded)
), problem AS (
  SELECT enterprise_id, code, min(issued_at) AS first, min(issued_at) >= %(year)s AS own,
    bool_and(kind = ANY(%(settled)s)) AS closed,
    bool_and(kind = ANY(%(settled)s) AND kind <> 'unfixed') AS fixed,
    bool_or(due_at <= %(at)s) IS TRUE OR bool_and(kind = ANY(%(settled)s)) AS due,
    bool_and(kind IN ('fixed', 'on_the_spot') AND done_at IS NOT NULL AND (due_at IS NULL OR done_at <= due_at))
      AS on_time
  FROM counted GROUP BY enterprise_id, code
), paper AS (
  SELECT c.notice, bool_or(p.own AND p.closed) AS closed, bool_or(p.own AND p.fixed) AS fixed,
    bool_or(p.own AND p.due AND p.on_time) AS on_time, bool_or(NOT p.closed) AS backlog
  FROM counted c JOIN problem p USING (enterprise_id, code) GROUP BY c.notice
)
SELECT p.*, n.*,
  (SELECT array_agg(finding_id ORDER BY finding_id) FROM asked WHERE finding_id IN (SELECT finding_id FROM excluded))
FROM (
  SELECT count(*), count(*) FILTER (WHERE own), count(*) FILTER (WHERE own AND due),
    count(*) FILTER (WHERE own AND closed), count(*) FILTER (WHERE own AND fixed),
    count(*) FILTER (WHERE own AND due AND on_time), count(*) FILTER (WHERE NOT closed),
    min(first) FILTER (WHERE NOT closed)
  FROM problem
) p, (
  SELECT array_agg(notice) FILTER (WHERE closed), array_agg(notice) FILTER (WHERE fixed),
    array_agg(notice) FILTER (WHERE on_time), array_agg(notice) FILTER (WHERE backlog)
  FROM (SELECT * FROM paper ORDER BY notice) paper
) n
"""


@dataclass(frozen=True)
class NoticesThen:
    """Notices as they were known: those of the time since `since`, and how all of them stood; ids in order of issue.

    `due` came due in that time and were neither withdrawn nor replaced; `closed` were closed in it.
    """

    total: int
    issued: list[int]
    served: list[int]
    due: list[int]
    closed: list[int]
    open: list[int]
    overdue: list[int]


@dataclass(frozen=True)
class Part:
    """How many problems, and the ids of the notices that asked for them."""

    count: int
    notices: list[int]


@dataclass(frozen=True)
class Rates:
    """The problems that were closed, fixed, done in time, and those without an end."""

    closed: Part
    fixed: Part
    on_time: Part
    backlog: Part


@dataclass(frozen=True)
class Asked:
    """Rates of closing over problems: a problem is one item at one enterprise, however many findings or notices it was
    split into; it is closed, fixed or done in time only when each of its findings is.

    The time is that of the first notice that asked: a second notice or a withdrawal gives no new time. `own` are those
    first asked for in the moment's year, `judged` those of them of which it can be said whether they were in time.
    """

    total: int
    own: int
    judged: int
    rates: Rates
    oldest: datetime | None
    """When the oldest problem without an end was first asked for."""
    excluded: list[UUID]
    """Findings that two people left out."""


@dataclass(frozen=True)
class Known:
    """All of it at a moment."""

    notices: NoticesThen
    problems: Asked


def known_at(at: datetime, since: datetime) -> Known:
    """Notices and problems as known at `at`, and what happened to them after `since`; at most five statements."""
    changed = [pk for (pk,) in _rows(_CHANGED, {"at": at})]
    dues = _dues_then(changed, at) if changed else {}
    local = timezone.localtime(at)
    year = local.replace(month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    facts = {"at": at, "since": since, "year": year, "settled": [str(kind) for kind in SETTLED],
             "changed": list(dues), "dues": list(dues.values())}  # fmt: skip
    [(total, *lists)] = _rows(_NOTICES, facts)
    [(problems, own, judged, *counts, oldest, closed, fixed, on_time, backlog, excluded)] = _rows(_PROBLEMS, facts)
    parts = [Part(count, ids or []) for count, ids in zip(counts, (closed, fixed, on_time, backlog), strict=True)]
    return Known(
        NoticesThen(total, *(ids or [] for ids in lists)),
        Asked(problems, own, judged, Rates(*parts), oldest, excluded or []),
    )


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


def stops_in_force(at: datetime) -> list[StopWork]:
    """Stops of work that bound at `at`, as known then."""
    begun = StopWork.objects.filter(in_force_at__lte=at).select_related("enterprise").order_by("in_force_at", "pk")
    return [stop for stop in begun if not _over(stop, at)]


def _over(stop: StopWork, at: datetime) -> bool:
    lifted = stop.lifted_at is not None and stop.lifted_at <= at
    decided = stop.decided_at is not None and stop.decided_at <= at
    fell = not decided and stop.review_due_at is not None and stop.review_due_at <= at
    return lifted or fell or (decided and not stop.approved)


def _rows(statement: str, facts: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, facts)
        return list(cursor.fetchall())
