"""Time limits of the park: its time zone, its working hours of the rulebook, the years of its calendar."""

from collections.abc import Iterable
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.park.errors import Refused
from parkkeeper.park.models import CalendarYear
from parkkeeper.park.rulebook import rule
from parkkeeper.planning.working_time import Stop, Term, Unit, UnknownYear, WorkCalendar, YearTable, due_at


def term_of(key: str, at: datetime) -> Term:
    """The term that the rulebook has under that key at `at`: a table {"unit", "amount"}."""
    told = rule(key, at)
    return Term(Unit(told["unit"]), told["amount"])


def work_calendar(at: datetime) -> WorkCalendar:
    """The calendar as it is known: working hours in force at `at`, all years that were entered."""
    rows = CalendarYear.objects.order_by("year")
    years = {row.year: YearTable(frozenset(row.holidays), frozenset(row.make_up_days)) for row in rows}
    hours = [round(60 * hour) for hour in rule("working_hours", at)]
    return WorkCalendar(timezone.get_current_timezone(), list(zip(hours[::2], hours[1::2], strict=True)), years)


def due(start: datetime, term: Term, *, stops: Iterable[Stop] = ()) -> datetime | None:
    """When `term` ends that began at `start`; None while a stop has no end.

    Raises Refused when working time runs into a year whose holidays nobody has entered.
    """
    try:
        return due_at(start, term, work_calendar(start), stops)
    except UnknownYear as unknown:
        raise Refused(
            _("工作日历里没有 %(year)s 年，不能推算工作日。请先在“设置 · 工作日历”录入该年的放假安排。")
            % {"year": unknown.year}
        ) from unknown
