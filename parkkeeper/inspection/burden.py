"""检查负担: how often and how long enterprises were visited, for the lists of teams and the agenda of debriefs."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from parkkeeper.kernel.clock import day_bounds
from parkkeeper.park.models import Enterprise
from parkkeeper.park.rulebook import rule_if_any

# What two teams took at one time burdens the enterprise once, in minutes; as visits they stay two. One that was
# cancelled, or never got in, is no burden.
_BURDENS = """
SELECT enterprise_id, today, week, before, last,
  (SELECT sum(upper(span) - lower(span)) FROM unnest(of_day) span),
  (SELECT sum(upper(span) - lower(span)) FROM unnest(of_week) span)
FROM (
  SELECT enterprise_id, max(began_at) AS last,
    count(*) FILTER (WHERE began_at >= %(starts)s AND began_at < %(ends)s) AS today,
    count(*) FILTER (WHERE began_at > %(until)s - interval '7 days') AS week,
    count(*) FILTER (WHERE began_at > %(starts)s - interval '7 days' AND began_at < %(starts)s) AS before,
    range_agg(tstzrange(began_at, ended_at)) FILTER (
      WHERE ended_at > began_at AND began_at >= %(starts)s AND began_at < %(ends)s) AS of_day,
    range_agg(tstzrange(began_at, ended_at)) FILTER (
      WHERE ended_at > began_at AND began_at > %(until)s - interval '7 days') AS of_week
  FROM inspection_visit
  WHERE began_at < %(until)s AND ended_how NOT IN ('cancelled', 'no_access') AND CASE WHEN %(only)s::bigint[] IS NULL
    THEN began_at > %(starts)s - interval '7 days' ELSE enterprise_id = ANY(%(only)s::bigint[]) END
  GROUP BY enterprise_id
) visits
"""


@dataclass(frozen=True)
class Burden:
    """What visits cost an enterprise: how many on the day, in the week before the asked moment (`week`) and before the
    day (`before`), the last of all, whole minutes of the day and of the week."""

    today: int = 0
    week: int = 0
    before: int = 0
    last: datetime | None = None
    minutes: int = 0
    week_minutes: int = 0


def burdens(
    starts: datetime, ends: datetime, until: datetime, only: Collection[int] | None = None
) -> dict[int, Burden]:
    """By enterprise, of visits begun before `until` that got in, for the day from `starts` to `ends`; one statement.

    Without `only` those that were not visited in the week before the day are left out.
    """
    facts = {"starts": starts, "ends": ends, "until": until, "only": list(only) if only is not None else None}
    with connection.cursor() as cursor:
        cursor.execute(_BURDENS, facts)
        return {
            enterprise: Burden(today, week, before, last, _minutes(of_day), _minutes(of_week))
            for enterprise, today, week, before, last, of_day, of_week in cursor.fetchall()
        }


def cap_at(at: datetime) -> int | None:
    """How many visits of seven days an enterprise has to bear (rule `visits_a_week`); None without a rule in force."""
    value = rule_if_any("visits_a_week", at)
    return int(value) if value is not None else None


@dataclass(frozen=True)
class Meter(Burden):
    """An enterprise's burden beside the cap of visits in seven days, None without a rule."""

    cap: int | None = None

    @property
    def full(self) -> bool:
        return self.cap is not None and self.week >= self.cap


def meter_of(enterprise: Enterprise, at: datetime) -> Meter:
    """What visits have cost one enterprise up to `at`; two statements."""
    starts, ends = day_bounds(timezone.localdate(at), timezone.get_current_timezone_name())
    told = burdens(starts, ends, at, [enterprise.pk]).get(enterprise.pk, Burden())
    return Meter(**vars(told), cap=cap_at(at))


def _minutes(span: timedelta | None) -> int:
    return int(span.total_seconds() // 60) if span else 0
