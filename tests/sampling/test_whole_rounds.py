"""A whole round is hashed: the planner's statistics know nothing of tonight's round."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from parkkeeper.sampling.reconciliation import progress, reconcile, reconcile_evening
from tests.sampling.fieldkit import pcr_round
from tests.world import EVENING, world

pytestmark = pytest.mark.django_db
OFF = "set_config('enable_nestloop', 'off'"


@pytest.mark.parametrize("ask", [reconcile, reconcile_evening, progress])
def test_a_whole_round_is_hashed_and_what_is_asked_next_is_not(ask: Any) -> None:
    w = world()
    round = pcr_round(w.programme, [(w.workers[0], "due", w.point)])
    with CaptureQueriesContext(connection) as asked:
        ask(round, EVENING)
    assert [OFF in question["sql"] for question in asked.captured_queries].count(True) == 1
    with connection.cursor() as cursor:
        cursor.execute("SHOW enable_nestloop")
        assert cursor.fetchone() == ("on",)


def test_a_part_of_a_round_is_read_by_its_index() -> None:
    w = world()
    round = pcr_round(w.programme, [(w.workers[0], "due", w.point)])
    with CaptureQueriesContext(connection) as asked:
        reconcile(round, EVENING, enterprise=w.rainbow.pk)
    assert not any(OFF in question["sql"] for question in asked.captured_queries)
