"""The working calendar: a year's holidays and make-up days, entered or corrected as a whole."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from parkkeeper.kernel.text import blank, tidy
from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import CalendarYear, Person
from parkkeeper.planning.working_time import SATURDAY


@transaction.atomic
def enter_calendar_year(
    year: int, holidays: Collection[date], make_up_days: Collection[date], *, source: str, by: Person, at: datetime
) -> CalendarYear:
    """Put down the year's holidays and make-up days; what was entered before is replaced. Due times that were told
    already stay.

    Raises Refused without a source or holidays, for days of another year, in both lists, or a weekday to make up on.
    """
    require(by, "change_rulebook", at=at)
    if blank(source):
        raise Refused(_("请写明依据：哪份文件、哪一条。"))
    if not holidays:
        raise Refused(_("请填写该年的放假日期：每年至少有元旦。"))
    for day in [*holidays, *make_up_days]:
        if day.year != year:
            raise Refused(_("%(day)s 不在 %(year)s 年。请核对年份和日期。") % {"day": day, "year": year})
    for day in make_up_days:
        if day in holidays:
            raise Refused(_("%(day)s 既是放假又是上班，请核对。") % {"day": day})
        if day.weekday() < SATURDAY:
            raise Refused(_("%(day)s 不是周六或周日，本来就上班，不必列为调休上班。") % {"day": day})
    row, made = CalendarYear.objects.update_or_create(
        year=year,
        defaults={
            "holidays": sorted(set(holidays)), "make_up_days": sorted(set(make_up_days)), "source": tidy(source),
            "entered_at": at,
        },
    )  # fmt: skip
    record(
        "calendar.entered", row, by=by, at=at, year=year, first=made, source=row.source,
        holidays=[str(day) for day in row.holidays], make_up_days=[str(day) for day in row.make_up_days],
    )  # fmt: skip
    return row
