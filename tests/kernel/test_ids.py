"""Ids grow with time and never repeat; deterministic ids are the same for ever."""

import threading
import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkkeeper.kernel import ids


def test_an_id_is_a_uuid_of_version_7_with_the_time_in_front() -> None:
    before = time.time_ns() // 1_000_000
    made = ids.new_id()
    after = time.time_ns() // 1_000_000
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= after + 1


def test_later_ids_are_greater_even_in_one_millisecond() -> None:
    made = [ids.new_id() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)


def test_ids_grow_even_when_the_machines_clock_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    sequence = ids._Sequence()
    monkeypatch.setattr(ids, "_sequence", sequence)
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_650_000_000_000_000_000)
    first = ids.new_id()
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_640_000_000_000_000_000)
    assert ids.new_id() > first


def test_a_full_counter_borrows_the_next_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    sequence = ids._Sequence()
    monkeypatch.setattr(ids, "_sequence", sequence)
    monkeypatch.setattr(ids.time, "time_ns", lambda: 1_650_000_000_000_000_000)
    first = ids.new_id()
    sequence.random = (1 << 74) - 1
    second = ids.new_id()
    assert second > first
    assert second.int >> 80 == (first.int >> 80) + 1
    assert (second.version, second.variant) == (7, uuid.RFC_4122)


def test_threads_never_share_an_id() -> None:
    made: list[uuid.UUID] = []
    threads = [threading.Thread(target=lambda: made.extend(ids.new_id() for _ in range(2000))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000


def test_a_deterministic_id_never_changes() -> None:
    assert ids.deterministic_id("tube", "1") == uuid.UUID("f9b969af-967d-5136-b61f-22e706f15e27")


@given(st.lists(st.text(), min_size=1, max_size=4), st.lists(st.text(), min_size=1, max_size=4))
def test_deterministic_ids_are_equal_only_for_equal_parts(one: list[str], other: list[str]) -> None:
    assert (ids.deterministic_id(*one) == ids.deterministic_id(*other)) == (one == other)


def test_where_the_parts_end_matters() -> None:
    assert ids.deterministic_id("ab", "c") != ids.deterministic_id("a", "bc")
    with pytest.raises(ValueError, match="at least one part"):
        ids.deterministic_id()
