"""Time limits: the published holidays of 2022, and every answer against somebody who counts the minutes one by one."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parkkeeper.park.packs import read_pack
from parkkeeper.planning.working_time import Stop, Term, Unit, UnknownYear, WorkCalendar, YearTable, due_at

SHANGHAI = ZoneInfo("Asia/Shanghai")
SPANS = ((540, 720), (780, 1080))
YEARS = {
    row.year: YearTable(frozenset(row.holidays), frozenset(row.make_up)) for row in read_pack("shanghai-2022").years
}
CALENDAR = WorkCalendar(SHANGHAI, SPANS, YEARS)
MINUTE = timedelta(minutes=1)


def local(text: str, zone: ZoneInfo = SHANGHAI) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def working_days(n: int) -> Term:
    return Term(Unit.WORKING_DAYS, n)


# ---- the year as it was published
def test_three_working_days_over_labour_day_end_with_the_make_up_saturday() -> None:
    """29 April 2022 + 3: the 5th, the 6th, and Saturday the 7th of May."""
    assert due_at(local("2022-04-29T15:00"), working_days(3), CALENDAR) == local("2022-05-08T00:00")


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2022-01-29", True), ("2022-01-30", True), ("2022-01-31", False), ("2022-02-06", False), ("2022-02-07", True),
        ("2022-04-02", True), ("2022-04-05", False), ("2022-04-24", True), ("2022-05-04", False), ("2022-05-07", True),
        ("2022-05-14", False), ("2022-06-03", False), ("2022-09-12", False), ("2022-10-07", False),
        ("2022-10-08", True),
    ],
)  # fmt: skip
def test_holidays_and_make_up_days_of_2022(day: str, works: bool) -> None:
    assert CALENDAR.is_working_day(date.fromisoformat(day)) is works


def test_the_year_has_as_many_working_days_as_were_published() -> None:
    days = [date(2022, 1, 1) + timedelta(days=n) for n in range(365)]
    assert sum(CALENDAR.is_working_day(day) for day in days) == 249


def test_calendar_hours_run_through_the_night_and_need_no_table() -> None:
    assert due_at(local("2031-05-01T18:00"), Term(Unit.HOURS, 24), CALENDAR) == local("2031-05-02T18:00")


def test_working_hours_skip_the_noon_break_the_night_and_the_holidays() -> None:
    assert due_at(local("2022-04-29T17:00"), Term(Unit.WORKING_HOURS, 5), CALENDAR) == local("2022-05-05T14:00")


@pytest.mark.parametrize("term", [working_days(3), Term(Unit.WORKING_HOURS, 20)])
def test_outside_of_the_table_it_refuses_and_does_not_guess(term: Term) -> None:
    with pytest.raises(UnknownYear) as told:
        due_at(local("2022-12-30T10:00"), term, CALENDAR)
    assert told.value.year == 2023


@pytest.mark.parametrize("term", [(Unit.HOURS, 0), (Unit.HOURS, -1), (Unit.WORKING_DAYS, 1.5)])
def test_a_term_is_more_than_nothing_and_days_are_whole(term: tuple[Unit, float]) -> None:
    with pytest.raises(ValueError, match="term"):
        Term(*term)


def test_a_clock_that_stands_is_not_due_and_one_that_was_due_before_stays_so() -> None:
    start, stands = local("2022-05-10T10:00"), local("2022-05-10T20:00")
    assert due_at(start, Term(Unit.HOURS, 24), CALENDAR, [(stands, None)]) is None
    assert due_at(start, working_days(1), CALENDAR, [(stands, None)]) is None
    assert due_at(start, Term(Unit.WORKING_HOURS, 30), CALENDAR, [(stands, None)]) is None
    assert due_at(start, Term(Unit.HOURS, 10), CALENDAR, [(stands, None)]) == stands
    assert due_at(start, Term(Unit.HOURS, 24), CALENDAR, [(stands, stands + 3 * MINUTE)]) == start + timedelta(
        hours=24, minutes=3
    )


def test_an_extension_is_the_same_clock_running_longer() -> None:
    start = local("2022-04-29T15:00")
    assert due_at(start, working_days(2).extended(1), CALENDAR) == due_at(start, working_days(3), CALENDAR)


# ---- against a counter of minutes
def counted(start: datetime, term: Term, calendar: WorkCalendar, stops: Sequence[Stop]) -> datetime:
    """Walk minute by minute and count those that count; days likewise."""

    def stands(at: datetime) -> bool:
        return any(begin <= at and (end is None or at < end) for begin, end in stops)

    def works(at: datetime) -> bool:
        clock = at.astimezone(calendar.zone)
        minute = clock.hour * 60 + clock.minute
        return calendar.is_working_day(clock.date()) and any(a <= minute < b for a, b in calendar.spans)

    if term.unit is Unit.WORKING_DAYS:
        return counted_days(start, int(term.amount), calendar, stands)
    at, left = start.astimezone(UTC), round(term.amount * 60)
    while left:
        left -= not stands(at) and (term.unit is Unit.HOURS or works(at))
        at += MINUTE
    return at


def counted_days(start: datetime, left: int, calendar: WorkCalendar, stands: object) -> datetime:
    at = start.astimezone(UTC)
    while at.astimezone(calendar.zone).date() == start.astimezone(calendar.zone).date():
        at += MINUTE
    while left:
        day, clean = at.astimezone(calendar.zone).date(), True
        while at.astimezone(calendar.zone).date() == day:
            clean = clean and not stands(at)  # type: ignore[operator]
            at += MINUTE
        left -= clean and calendar.is_working_day(day)
    return at


BEGINNING = datetime(2022, 3, 25, tzinfo=UTC)
minutes = st.integers(0, 50 * 24 * 60)
stop = st.tuples(minutes, st.integers(0, 3 * 24 * 60)).map(
    lambda pair: (BEGINNING + pair[0] * MINUTE, BEGINNING + sum(pair) * MINUTE)
)
terms = st.one_of(
    st.integers(1, 60 * 60).map(lambda n: Term(Unit.HOURS, n / 60)),
    st.integers(1, 60 * 40).map(lambda n: Term(Unit.WORKING_HOURS, n / 60)),
    st.integers(1, 8).map(working_days),
)
# the second zone changes its clocks on 27 March 2022, two days after the beginning
calendars = st.sampled_from([CALENDAR, WorkCalendar(ZoneInfo("Europe/Berlin"), ((480, 1020),), YEARS)])


@settings(max_examples=60, deadline=None, print_blob=True)
@given(start=minutes, term=terms, stops=st.lists(stop, max_size=4), calendar=calendars)
def test_it_is_due_when_a_counter_of_minutes_says_so(
    start: int, term: Term, stops: list[Stop], calendar: WorkCalendar
) -> None:
    begin = BEGINNING + start * MINUTE
    assert due_at(begin, term, calendar, stops) == counted(begin, term, calendar, stops)
