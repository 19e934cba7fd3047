"""A page asks the database as often for many rows as for few."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from parkkeeper.kernel import clock
from parkkeeper.sampling.actions.antigen import report_antigen_list
from parkkeeper.sampling.actions.gaps import excuse
from tests.pages_unit.desk import Desk
from tests.sampling.fieldkit import FieldPhone
from tests.sampling.results_world import due, make_round, report, tube
from tests.world import DAY, later, world

pytestmark = pytest.mark.django_db
PAGES: list[tuple[str, dict[str, Any]]] = [
    ("missing", {}), ("missing", {"state": "excused"}), ("missing_groups", {}), ("missing_calls", {}), ("tubes", {}),
    ("boxes", {}), ("results", {}), ("lab_reports", {}), ("positives", {}), ("positives", {"state": "all"}),
    ("antigen", {"day": "2022-05-10"}), ("antigen_tests", {"day": "2022-05-10"}),
]  # fmt: skip


def grow(w: Any, first: int, people: list[Any]) -> None:
    """People with a positive tube, an excuse, a self-test, and a box of a point."""
    due(w.round, *people, w=w)
    pool = tube(w, first, *people[:2], round=w.round)
    report(w, (first, "positive"), minutes=100)
    excuse(w.round, people[2], reason="早班", by=w.office, at=later(110))
    phone = FieldPhone(w.scanner, w.point)
    phone.say(phone.box(first, pool.code))
    report_antigen_list(people[0].employer, DAY, except_people={}, by=w.office, at=later(60))


@pytest.mark.parametrize(("page", "query"), PAGES)
def test_the_number_of_queries_does_not_grow_with_the_rows(page: str, query: Any, settings: Any, tmp_path: Any) -> None:
    settings.FILES_DIR = tmp_path
    w: Any = world()
    w.round = make_round(w)
    grow(w, 1, w.workers)
    desk = Desk(w.office)
    with clock.at(later(120)):
        desk.get(page, **query)
        with CaptureQueriesContext(
            connection,
        ) as few:
            assert desk.get(page, **query).status == 200
        for number in range(3):
            grow(w, 2 + number, [w.person(f"新人{number}{n}", w.lotus if n % 2 else w.builders) for n in range(6)])
        with CaptureQueriesContext(connection) as many:
            assert desk.get(page, **query).status == 200
    assert len(many) == len(few), [q["sql"][:90] for q in many.captured_queries[-8:]]
