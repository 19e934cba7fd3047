"""Faults that only a browser meets, as the tests of the field app do them, with the counts that those tests tell."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from parkkeeper.demo.bench.phone_tests import lacking, told_by

IN_BROWSER: dict[str, tuple[str, ...]] = {
    "browser_killed": (
        "test_killed.py::test_what_was_called_saved_outlives_a_kill_at_any_moment_of_scanning",
        "test_queue.py::test_saved_outlives_the_death_of_the_browser",
    ),
    "storage_quota_reached": (
        "test_full.py::test_a_full_phone_goes_on_from_the_room_it_kept_and_says_saved_only_when_it_is",
    ),
    "update_with_a_full_queue": ("test_update.py::test_an_update_waits_for_a_person_and_keeps_a_full_queue",),
}
"""Fault: the tests that do it once, in tests/phone. Each tells its counts (tests/phone/ledger.py)."""


def in_browser(tests: Sequence[str], rounds: int) -> dict[str, Any]:
    """Those tests so many times: what they counted together, and how many of these rounds did not pass (`failed`).

    Where there is no browser nothing is counted: `not_tried` says what is missing.
    """
    if why := lacking():
        return {"not_tried": why}
    counted: Counter[str] = Counter()
    failed = 0
    for _round in range(rounds):
        passed, lines = told_by(tests, "PHONE_COUNTS")
        failed += not (passed and len(lines) == len(tests))
        for line in lines:
            counted.update(line)
    return {**counted, "rounds": rounds, "failed": failed}
