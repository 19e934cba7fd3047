"""When a time limit ends: calendar hours, working hours or working days, with holidays, make-up days and stops.

The table of holidays is data that somebody published for one year; outside its years nothing is guessed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum

SATURDAY = 5
Stop = tuple[datetime, datetime | None]
"""From when to when a clock stands still; None while it still does."""
_Span = tuple[datetime, datetime]


class UnknownYear(LookupError):
    """The table holds no holidays of that year: enter them, nothing is guessed."""

    def __init__(self, year: int) -> None:
        super().__init__(year)
        self.year = year


class Unit(Enum):
    HOURS = "hours"
    WORKING_HOURS = "working_hours"
    WORKING_DAYS = "working_days"


@dataclass(frozen=True)
class Term:
    """How long something may take: an amount of hours, working hours or (whole) working days."""

    unit: Unit
    amount: float

    def __post_init__(self) -> None:
        whole = self.unit is not Unit.WORKING_DAYS or self.amount == int(self.amount)
        if self.amount <= 0 or not whole:
            raise ValueError(f"A term is more than nothing, in whole days: {self.amount} {self.unit.value}")

    def extended(self, amount: float) -> "Term":
        """The term with that much more of the same unit."""
        return replace(self, amount=self.amount + amount)


@dataclass(frozen=True)
class YearTable:
    """One year's holidays (working weekdays that are free) and make-up days (free days that are worked)."""

    holidays: frozenset[date]
    make_up: frozenset[date]


@dataclass(frozen=True)
class WorkCalendar:
    """The park's zone, the working spans of a day in minutes from midnight, in order, and the published years."""

    zone: tzinfo
    spans: Sequence[tuple[int, int]]
    years: Mapping[int, YearTable]

    def is_working_day(self, day: date) -> bool:
        """Whether that local day is worked. Raises UnknownYear outside the table."""
        table = self.years.get(day.year)
        if table is None:
            raise UnknownYear(day.year)
        return day in table.make_up or (day.weekday() < SATURDAY and day not in table.holidays)

    def midnight(self, day: date) -> datetime:
        """The first moment of the local day, in UTC: differences of local times would miss a change of the clocks."""
        return self.moment(day, 0)

    def moment(self, day: date, minutes: int) -> datetime:
        """That many minutes on the clock of the local day, in UTC; 1440 is the next midnight."""
        days, minute = divmod(minutes, 1440)
        local = datetime.combine(day + timedelta(days=days), time(minute // 60, minute % 60), tzinfo=self.zone)
        return local.astimezone(UTC)


def due_at(start: datetime, term: Term, calendar: WorkCalendar, stops: Iterable[Stop] = ()) -> datetime | None:
    """The end of `term` from `start` on, in UTC; None while a stop without end keeps it from ending.

    Calendar hours need no table. Working days begin the day after `start` and end at midnight after the last one; a day
    that a stop touches does not count. Raises UnknownYear when the table ends before the term does.
    """
    still = _merged(stops, start)
    if term.unit is Unit.WORKING_DAYS:
        return _days(start.astimezone(calendar.zone).date(), int(term.amount), calendar, still)
    spans = iter([(start.astimezone(UTC), _NEVER)]) if term.unit is Unit.HOURS else _working(start, calendar)
    return _after(timedelta(hours=term.amount), spans, still)


_NEVER = datetime.max.replace(tzinfo=UTC)


def _merged(stops: Iterable[Stop], start: datetime) -> list[_Span]:
    """The stops from `start` on, in UTC, in order, without overlaps."""
    merged: list[_Span] = []
    spans = [(b.astimezone(UTC), e.astimezone(UTC) if e else _NEVER) for b, e in stops]
    for begin, end in sorted(span for span in spans if span[0] < span[1] and span[1] > start):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _working(start: datetime, calendar: WorkCalendar) -> Iterator[_Span]:
    """The working spans from `start` on; ends with UnknownYear."""
    day = start.astimezone(calendar.zone).date()
    while True:
        if calendar.is_working_day(day):
            for first, last in calendar.spans:
                begin, end = max(calendar.moment(day, first), start.astimezone(UTC)), calendar.moment(day, last)
                if begin < end:
                    yield begin, end
        day += timedelta(days=1)


def _after(length: timedelta, spans: Iterator[_Span], stops: list[_Span]) -> datetime | None:
    """The moment at which `length` of the spans, the stops cut out, has passed."""
    for begin, end in spans:
        for still, again in stops:
            if again <= begin or still >= end:
                continue
            if still - begin >= length:
                break
            length -= max(still - begin, timedelta())
            begin = min(again, end)
            if again == _NEVER:
                return None
        if end - begin >= length:
            return begin + length
        length -= end - begin
    return None


def _days(day: date, amount: int, calendar: WorkCalendar, stops: list[_Span]) -> datetime | None:
    while amount:
        day += timedelta(days=1)
        begin, end = calendar.midnight(day), calendar.midnight(day + timedelta(days=1))
        if any(still <= begin and again == _NEVER for still, again in stops):
            return None
        touched = any(still < end and again > begin for still, again in stops)
        amount -= calendar.is_working_day(day) and not touched
    return calendar.midnight(day + timedelta(days=1))
