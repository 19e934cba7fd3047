"""The planner is told of what an evening makes grow: tonight's lines at once, its scans by the worker."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from parkkeeper.park.management.commands.worker import go_round
from parkkeeper.sampling import growth
from parkkeeper.sampling.actions.rounds import open_round
from tests.world import DAY, MORNING, world

pytestmark = pytest.mark.django_db


def analysed(act: Any) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        act()
    return [question["sql"] for question in asked.captured_queries if question["sql"].startswith("ANALYZE")]


def test_a_frozen_round_is_told_to_the_planner_after_its_commit(django_capture_on_commit_callbacks: Any) -> None:
    w = world()

    def freeze() -> None:
        with django_capture_on_commit_callbacks(execute=True):
            open_round(w.programme, DAY, by=w.office, at=MORNING)

    assert analysed(freeze) == ['ANALYZE "sampling_due"']


def test_a_round_stays_frozen_when_the_planner_cannot_be_told(
    django_capture_on_commit_callbacks: Any, monkeypatch: Any
) -> None:
    w = world()
    monkeypatch.setattr(growth, "_TABLES", ())
    with django_capture_on_commit_callbacks(execute=True):
        round = open_round(w.programme, DAY, by=w.office, at=MORNING)
    assert round.population == round.dues.count() > 0


def test_the_worker_counts_what_has_grown_and_nothing_twice(monkeypatch: Any) -> None:
    world()
    monkeypatch.setattr(growth, "_GROWN", "SELECT t FROM (VALUES ('sampling_scan'), ('sampling_tube')) v(t) "
                        "WHERE t = ANY(%s) AND %s > 0")  # fmt: skip
    assert analysed(lambda: go_round(clean=False)) == ['ANALYZE "sampling_scan"', 'ANALYZE "sampling_tube"']


def test_few_changes_and_tables_just_counted_are_left_alone(monkeypatch: Any) -> None:
    world()
    assert growth.tell_of_growth(at=MORNING) == []
    monkeypatch.setattr(growth, "ENOUGH", 0)
    grown = growth.tell_of_growth(at=MORNING)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_user_tables WHERE schemaname = current_schema()"
                       " AND relname = ANY(%s)", [list(growth._TABLES)])  # fmt: skip
        assert cursor.fetchone() == (len(growth._TABLES),), "each is there under its name"
    assert set(grown) <= set(growth._TABLES)


def test_no_other_table_is_counted() -> None:
    with pytest.raises(ValueError, match="park_person"):
        growth.count_rows_of("park_person")
