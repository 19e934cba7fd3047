"""The clock: real, rehearsed, or held."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from parkkeeper.kernel import clock

EVENING = datetime.fromisoformat("2022-05-19T20:40:00+08:00")


@pytest.fixture(autouse=True)
def _clock_as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(clock._Rehearsal, "offset", None)
    monkeypatch.setattr(clock._Rehearsal, "on", False)
    monkeypatch.delenv(clock.ENVIRONMENT, raising=False)
    yield


def near(moment: datetime, other: datetime) -> bool:
    return abs(moment - other) < timedelta(seconds=5)


def test_without_a_rehearsal_now_is_real_time_in_utc() -> None:
    assert near(clock.now(), datetime.now(tz=UTC))
    assert clock.now().utcoffset() == timedelta(0)
    assert not clock.rehearsing()


def test_a_rehearsal_runs_on_from_its_start() -> None:
    clock.set_offset_to(EVENING)
    first = clock.now()
    assert near(first, EVENING)
    assert clock.now() >= first
    assert clock.rehearsing()
    clock.use_real_time()
    assert not clock.rehearsing()


def test_the_environment_starts_a_rehearsal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(clock.ENVIRONMENT, "2022-05-19T20:40:00+08:00")
    assert near(clock.now(), EVENING)
    assert clock.rehearsing()


def test_a_child_that_starts_later_shares_the_parents_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    clock.set_offset_to(EVENING)
    given = clock.environment()
    monkeypatch.setattr(clock._Rehearsal, "offset", None)
    monkeypatch.setenv(clock.ENVIRONMENT, given[clock.ENVIRONMENT])
    later = clock._real() + timedelta(hours=1)
    monkeypatch.setattr(clock, "_real", lambda: later)
    assert near(clock.now(), EVENING + timedelta(hours=1))


def test_in_real_time_a_child_is_given_nothing() -> None:
    assert clock.environment() == {}


@pytest.mark.parametrize("text", ["tomorrow", "2022-05-19T20:40:00", "2022-05-19T20:40:00+08:00@soon"])
def test_a_clock_that_cannot_be_read_says_how_to_write_it(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv(clock.ENVIRONMENT, text)
    with pytest.raises(ValueError, match=r"2022-05-19T20:40:00\+08:00"):
        clock.now()


def test_a_held_moment_is_seen_in_its_own_context_only() -> None:
    seen: list[datetime] = []
    with clock.at(EVENING) as held:
        assert clock.now() == held == EVENING
        with clock.at(EVENING + timedelta(days=1)):
            assert clock.now() == EVENING + timedelta(days=1)
        assert clock.now() == EVENING
        other = threading.Thread(target=lambda: seen.append(clock.now()))
        other.start()
        other.join()
    assert near(seen[0], datetime.now(tz=UTC))
    assert near(clock.now(), datetime.now(tz=UTC))


def test_a_moment_without_a_time_zone_is_refused() -> None:
    naive = EVENING.replace(tzinfo=None)
    with pytest.raises(ValueError, match="no time zone"), clock.at(naive):
        pass
    with pytest.raises(ValueError, match="no time zone"):
        clock.set_offset_to(naive)
    with pytest.raises(ValueError, match="no time zone"):
        clock.local_day(naive, "Asia/Shanghai")


def test_a_day_is_the_parks_day_and_not_utcs() -> None:
    assert clock.local_day(datetime(2022, 5, 18, 16, 0, tzinfo=UTC), "Asia/Shanghai") == date(2022, 5, 19)
    assert clock.local_day(datetime(2022, 5, 18, 15, 59, tzinfo=UTC), "Asia/Shanghai") == date(2022, 5, 18)
    start, end = clock.day_bounds(date(2022, 5, 19), "Asia/Shanghai")
    assert (start, end) == (datetime(2022, 5, 18, 16, tzinfo=UTC), datetime(2022, 5, 19, 16, tzinfo=UTC))


def test_a_day_with_a_clock_change_is_as_long_as_it_is() -> None:
    start, end = clock.day_bounds(date(2022, 3, 27), "Europe/Berlin")
    assert end - start == timedelta(hours=23)
