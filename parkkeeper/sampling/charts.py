"""Charts drawn by the server as SVG: places in per cent of the plot, since the pages allow no inline styles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

_HOURS = (1, 2, 3, 4, 6, 12, 24)
_MOST_TICKS = 8
_STEPS = (1, 2, 5)
NEAR = 0.1  # a mark nearer to the line of the whole would be written over it


@dataclass(frozen=True)
class Tick:
    """A mark on an axis: its place in per cent, its words, and how the words stand to it (SVG text-anchor)."""

    place: float
    label: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Curve:
    """A rising line over an evening. `points` and `area` are in a box of 100 by 100, y downwards."""

    points: str
    area: str
    across: list[Tick]
    up: list[Tick]
    whole: float
    """Where the line of the whole lies, in per cent from the top."""
    last: tuple[float, float]


def evening_curve(curve: Sequence[tuple[datetime, int]], whole: int, *, until: datetime) -> Curve | None:
    """The curve of people sampled, under a line of those due (`whole`), to `until` at least; None without a curve."""
    if not curve:
        return None
    first, last = curve[0][0], max(curve[-1][0], until)
    span = max((last - first).total_seconds(), 60.0)
    top = max(whole, curve[-1][1], 1) * 1.12
    numbers = [n for n in _round_numbers(max(whole, curve[-1][1])) if not whole or abs(n - whole) > NEAR * whole]
    places = [(100 * (moment - first).total_seconds() / span, 100 - 100 * count / top) for moment, count in curve]
    points = " ".join(f"{x:.2f},{y:.2f}" for x, y in places)
    return Curve(
        points=points,
        area=f"{places[0][0]:.2f},100 {points} {places[-1][0]:.2f},100",
        across=_hours(first, last),
        up=[Tick(round(100 - 100 * n / top, 2), f"{n:,}") for n in numbers],
        whole=round(100 - 100 * whole / top, 2),
        last=places[-1],
    )


def _hours(first: datetime, last: datetime) -> list[Tick]:
    span = last - first
    step = next((h for h in _HOURS if span / timedelta(hours=h) <= _MOST_TICKS), 48)
    local = timezone.localtime(first)
    moment = local.replace(minute=0, second=0, microsecond=0)
    if moment < local:
        moment += timedelta(hours=1)
    ticks = []
    while moment <= last:
        place = 100 * (moment - first) / span if span else 0.0
        anchor = "start" if place < 4 else "end" if place > 96 else "middle"
        ticks.append(Tick(round(place, 2), moment.strftime("%H:%M"), anchor))
        moment += timedelta(hours=step)
    return ticks


def _round_numbers(greatest: int) -> list[int]:
    """Three or four round numbers up to the greatest."""
    power = 1
    while True:
        for factor in _STEPS:
            step = factor * power
            if greatest / step <= 4:
                return [step * n for n in range(1, greatest // step + 1)]
        power *= 10
