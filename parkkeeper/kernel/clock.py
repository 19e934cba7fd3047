"""The one clock: real time, or a rehearsal's time that runs on from a chosen moment.

Only the edges (views, sync, tasks, commands) read it; verbs are given their `at`.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

ENVIRONMENT = "PARKKEEPER_CLOCK"

_frozen: ContextVar[datetime | None] = ContextVar("parkkeeper_clock_frozen", default=None)
_lock = threading.Lock()


class _Rehearsal:
    """The offset of this process; None until the environment was read."""

    offset: timedelta | None = None
    on = False


def _real() -> datetime:
    return datetime.fromtimestamp(time.time(), tz=UTC)


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None or moment.utcoffset() is None:
        raise ValueError(f"The moment {moment.isoformat()} has no time zone; add one, for example +08:00.")
    return moment.astimezone(UTC)


def _offset_from_environment(text: str) -> timedelta:
    start, _, began = text.partition("@")
    try:
        moment = _aware(datetime.fromisoformat(start.strip()))
        since = datetime.fromtimestamp(float(began), tz=UTC) if began else _real()
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(
            f"{ENVIRONMENT}={text!r} is not a moment. Write it as 2022-05-19T20:40:00+08:00, with its offset to UTC."
        ) from error
    return moment - since


def _offset() -> timedelta:
    if _Rehearsal.offset is None:
        with _lock:
            if _Rehearsal.offset is None:
                text = os.environ.get(ENVIRONMENT, "").strip()
                offset = _offset_from_environment(text) if text else timedelta(0)
                _Rehearsal.on = bool(text)
                _Rehearsal.offset = offset
    return _Rehearsal.offset


def now() -> datetime:
    """Return the present moment, aware, in UTC: real time plus the rehearsal's offset, or what `at` says.

    Raises ValueError when PARKKEEPER_CLOCK cannot be read.
    """
    return _frozen.get() or _real() + _offset()


def set_offset_to(start: datetime) -> None:
    """Start a rehearsal: from this call on `now()` runs from `start` (aware) at the pace of real time."""
    offset = _aware(start) - _real()
    with _lock:
        _Rehearsal.offset, _Rehearsal.on = offset, True


def use_real_time() -> None:
    """End a rehearsal: `now()` is real time again, whatever the environment says."""
    with _lock:
        _Rehearsal.offset, _Rehearsal.on = timedelta(0), False


def rehearsing() -> bool:
    """Say whether this process runs on a rehearsal's clock (pages show a banner then)."""
    _offset()
    return _Rehearsal.on


def environment() -> dict[str, str]:
    """Return the variables that give a child process the same clock, however late it starts ({} in real time)."""
    if not rehearsing():
        return {}
    real = _real()
    return {ENVIRONMENT: f"{(real + _offset()).isoformat()}@{real.timestamp()!r}"}


@contextmanager
def at(moment: datetime) -> Iterator[datetime]:
    """Hold `now()` at `moment` (aware) inside this context only; other threads and requests are not touched."""
    held = _aware(moment)
    token = _frozen.set(held)
    try:
        yield held
    finally:
        _frozen.reset(token)


def local_day(moment: datetime, zone: str) -> date:
    """Return the calendar day of an aware `moment` in the time zone named `zone`, such as Asia/Shanghai."""
    return _aware(moment).astimezone(ZoneInfo(zone)).date()


def day_bounds(day: date, zone: str) -> tuple[datetime, datetime]:
    """Return the first moment of `day` in `zone` and the first of the day after, both aware in UTC."""
    place = ZoneInfo(zone)
    start = datetime(day.year, day.month, day.day, tzinfo=place)
    after = day + timedelta(days=1)
    end = datetime(after.year, after.month, after.day, tzinfo=place)
    return start.astimezone(UTC), end.astimezone(UTC)
