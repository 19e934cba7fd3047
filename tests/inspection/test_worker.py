"""The worker's turn: what systems ask of it is done in each park, a refusal does not hold the others."""

from datetime import timedelta
from typing import Any

import pytest

from parkkeeper.inspection.actions.deadlines import tell_deadlines
from parkkeeper.inspection.models import Deadline
from parkkeeper.park import turns
from parkkeeper.park.errors import Refused
from parkkeeper.park.models import JournalEntry, Rule
from tests.inspection.kit import inspected_world, later, noticed

pytestmark = pytest.mark.django_db


def test_a_turn_tells_what_is_due_once_and_writes_down_how_late_it_was() -> None:
    w = inspected_world()
    noticed(w)
    late = later(30) + timedelta(days=1, seconds=90)
    assert turns.take_turns(late) and turns.take_turns(late)
    assert Deadline.objects.get().told_at == late
    assert JournalEntry.objects.get(verb="notice.overdue").facts["late_seconds"] == 90


def test_a_park_without_notices_needs_no_rules_and_one_with_notices_is_told_what_is_missing() -> None:
    w = inspected_world()
    Rule.objects.filter(key="look_back_hours").delete()
    assert turns.take_turns(later(0)) is True
    noticed(w)
    assert turns.take_turns(later(1)) is False
    with pytest.raises(Refused, match="look_back_hours"):
        tell_deadlines(at=later(1))


def test_one_turn_that_is_refused_does_not_hold_up_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Any] = []

    def refuses(*, at: Any) -> None:
        raise Refused("nothing to do with")

    own: list[turns.Turn] = []
    monkeypatch.setattr(turns, "_turns", own)
    turns.add_turn(refuses)
    turns.add_turn(lambda *, at: done.append(at))
    assert turns.take_turns(later(0)) is False and done == [later(0)]
