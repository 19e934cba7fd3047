"""A figure of the bulletin: never a number alone, always with what it counts, of whom, as of when, and its list."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise

from parkkeeper.board.bulletin.words import FIGURES, RATES
from parkkeeper.kernel.clock import day_bounds


@dataclass(frozen=True)
class Span:
    """A local day and the moment at which it is told: its end, or now while it lasts."""

    day: date
    start: datetime
    at: datetime
    running: bool


def span_of(day: date, now: datetime) -> Span:
    """The day as it is told at `now`. Raises ValueError for a day that has not begun."""
    start, end = day_bounds(day, timezone.get_current_timezone_name())
    if now < start:
        raise ValueError(f"{day} has not begun")
    return Span(day, start, min(now, end), now < end)


@dataclass(frozen=True)
class Figure:
    """`value` (of `whole`, when it is a rate); `definition` says what is counted, `population` among whom.

    `href` leads to the list behind it; of `ids` (of `noun`) the bulletin shows the list itself, as it was then.
    """

    key: str
    title: str
    value: int
    definition: str
    population: str
    as_of: datetime
    whole: int | None = None
    href: str = ""
    noun: str = ""
    ids: Sequence[Any] = ()
    tone: str = ""

    @property
    def is_rate(self) -> bool:
        """Whether people speak of it as a percentage; other figures with a whole are counts out of it."""
        return self.whole is not None and self.key in RATES

    @property
    def percent(self) -> float | None:
        return round(100 * self.value / self.whole, 1) if self.whole else None


@dataclass(frozen=True)
class Section:
    """Figures under one heading; `note` says why there are none, or what to bear in mind."""

    title: str
    figures: list[Figure] = field(default_factory=list)
    note: str = ""


def tell(
    key: str, value: int, span: Span, whole: int | None = None, *, href: str = "", noun: str = "",
    ids: Sequence[Any] = (), tone: str = "", said: str = "", title: Promise | str = "",
) -> Figure:  # fmt: skip
    """The figure `key` at the span's moment, in the words of FIGURES (under `said`, when that is another name).

    `tone` is that of a figure that is not nothing.
    """
    words = FIGURES[said or key]
    return Figure(
        key, str(title or words.title), value, str(words.definition), str(words.population), span.at, whole, href,
        noun, ids, tone if value else "",
    )  # fmt: skip
