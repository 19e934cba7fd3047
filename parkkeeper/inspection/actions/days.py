"""日清: a day is counted once and kept, the team signs for it; complaints are taken down and settled."""

from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.inspection.models import Checklist, Complaint, DayLine, GridDay
from parkkeeper.inspection.reconciling import count_day
from parkkeeper.kernel.clock import day_bounds
from parkkeeper.kernel.text import blank, tidy
from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Enterprise, Grid, Person

BACK = 3
"""Days that the worker still counts when it was away; what is older stays uncounted, since nobody signed for it."""


@transaction.atomic
def sign_off(grid: Grid, day: date, *, note: str = "", by: Person, at: datetime) -> GridDay:
    """The team stands for the day's reconciliation of its grid; what it saw is kept from then on.

    Raises Refused for a day to come, a second time, or when there are mismatches and no words about them.
    """
    require(by, "sign_off", at=at, on=grid)
    if day > timezone.localdate(at):
        raise Refused(_("不能签认将来的日清。"))
    _keep(grid, day, at)
    row = GridDay.objects.select_for_update().get(grid=grid, day=day)
    if row.signed_at is not None:
        raise Refused(_("这一天已经签认。"))
    if row.mismatches and blank(note):
        raise Refused(_("有 %(count)s 处不一致，请写明原因和明天的安排。") % {"count": row.mismatches})
    row.signed_at, row.signed_by, row.note = at, by, tidy(note)[:500]
    row.save(update_fields=["signed_at", "signed_by", "note"])
    record("day.signed_off", row, by=by, at=at, grid=grid.code, day=day.isoformat(), mismatches=row.mismatches)
    return row


@transaction.atomic
def close_days(*, at: datetime) -> int:
    """Count the days that are over and were not counted, grid by grid, as known at their ends; returns how many.

    Does nothing in a park that has no checklist yet.
    """
    today = timezone.localdate(at)
    days = [today - timedelta(days=n) for n in range(BACK, 0, -1)]
    grids = list(Grid.objects.order_by("code"))
    known = set(GridDay.objects.filter(day__in=days).values_list("grid", "day"))
    open_ones = [(grid, day) for day in days for grid in grids if (grid.pk, day) not in known]
    first = Checklist.objects.order_by("during").first() if open_ones else None
    return sum(_close(grid, day) for grid, day in open_ones if first and first.during.lower <= day)


def _close(grid: Grid, day: date) -> bool:
    ends = day_bounds(day, timezone.get_current_timezone_name())[1]
    row = _keep(grid, day, ends)
    if row is not None:
        record("day.counted", row, by=None, at=ends, grid=grid.code, day=day.isoformat(), mismatches=row.mismatches)
    return row is not None


def _keep(grid: Grid, day: date, at: datetime) -> GridDay | None:
    """Keep the day's lines unless they are kept; the new row, or None. Who comes second waits and finds them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.day'), %s)", [grid.pk])
    if GridDay.objects.filter(grid=grid, day=day).exists():
        return None
    lines = count_day(grid, day, at)
    row = GridDay.objects.create(
        grid=grid, day=day, counted_at=at, mismatches=sum(len(line.mismatches) for line in lines)
    )
    for line in lines:
        line.grid_day = row
    DayLine.objects.bulk_create(lines)
    return row


@transaction.atomic
def note_complaint(enterprise: Enterprise, *, source: str, text: str, by: Person, at: datetime) -> Complaint:
    """Take down what somebody said is wrong at an enterprise. Raises Refused without words or an unknown source."""
    require(by, "inspect", at=at, on=enterprise)
    if blank(text) or source not in Complaint.Source.values:
        raise Refused(_("请填写投诉来源和内容。"))
    made = Complaint.objects.create(enterprise=enterprise, source=source, text=tidy(text)[:500], at=at, by=by)
    record("complaint.noted", made, by=by, at=at, enterprise=enterprise.pk, source=source)
    return made


@transaction.atomic
def settle_complaint(complaint: Complaint, *, note: str, by: Person, at: datetime) -> None:
    """Say what became of a complaint. Raises Refused without words, or when it is settled."""
    require(by, "inspect", at=at, on=complaint)
    complaint = Complaint.objects.select_for_update().get(pk=complaint.pk)
    if complaint.settled_at is not None:
        raise Refused(_("这件投诉已经办结。"))
    if blank(note):
        raise Refused(_("请写明查实情况和处理结果。"))
    complaint.settled_at, complaint.settled_by, complaint.settled_note = at, by, tidy(note)[:500]
    complaint.save(update_fields=["settled_at", "settled_by", "settled_note"])
    record("complaint.settled", complaint, by=by, at=at, enterprise=complaint.enterprise_id)
