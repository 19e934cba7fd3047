"""What the big screen is told: the numbers of now, densities instead of people, clocks that run out, outlines."""

import json
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch

from parkkeeper.inspection.models import Notice
from parkkeeper.kernel import clock
from parkkeeper.park import access
from parkkeeper.park.models import Grid, Person, Road, Site
from parkkeeper.sampling.models import Point
from tests.inspection import rows
from tests.pages.evening import NIGHT, full_evening
from tests.pages_unit.desk import Desk
from tests.world import ALWAYS, later, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def w(settings: Any, tmp_path: Any) -> Any:
    settings.FILES_DIR = tmp_path
    made: Any = world()
    full_evening(made)
    with clock.at(NIGHT):
        yield made


def told(w: Any, page: str = "screen_data") -> Any:
    answer = Desk(w.leader).get(page)
    assert answer.status == 200
    return json.loads(answer.content)


def test_the_round_the_grids_and_the_points_tell_the_same_people(w: Any) -> None:
    found = told(w)
    assert (found["round"]["sampled"], found["round"]["due"]) == (3, 9)
    assert sum(grid["sampled"] for grid in found["grids"]) == sum(point[3] for point in found["points"]) == 3
    assert sum(grid["due"] for grid in found["grids"]) == 9
    assert found["round"]["curve"][-1][1] == 3
    assert [one["value"] for one in found["numbers"]][:2] == [3, 5]


def test_no_person_stands_in_it(w: Any) -> None:
    text = json.dumps(told(w), ensure_ascii=False)
    assert [one.name for one in Person.objects.order_by("pk") if one.name in text] == []


def test_the_clocks_that_run_out_next_come_first_after_some_that_ran_out(w: Any) -> None:
    one = Notice.objects.get()
    for n, minutes in enumerate((200, 340, 500, 900), start=2):
        Notice.objects.create(
            year=2022, serial=n, code=f"c{n}", enterprise=w.rainbow, visit=one.visit, wording="order", unit="hours",
            amount=24, issued_at=later(0), issued_by=w.ann, second=w.ben, due_at=later(minutes),
        )  # fmt: skip
    with clock.at(later(330)):
        due = [clock["due"] for clock in told(w)["clocks"]]
    assert due == sorted(due) and len(due) == 5
    assert due[:2] == [int(one.due_at.timestamp() * 1000), int(later(200).timestamp() * 1000)]  # type: ignore[union-attr]


def test_outlines_are_geojson_and_what_has_no_outline_is_left_out(w: Any) -> None:
    Road.objects.create(
        name="大道", arterial=True, line={"type": "LineString", "coordinates": [[121.6, 31.2], [121.63, 31.2]]}
    )
    w.grids[2].polygon = {}
    w.grids[2].save()
    found = told(w, "screen_map")
    assert [one["properties"]["name"] for one in found["grids"]["features"]] == ["第1网格", "第2网格"]
    assert found["roads"]["features"][0]["properties"]["arterial"] is True


def test_before_the_first_round_it_tells_what_there_is() -> None:
    made: Any = world()
    with clock.at(NIGHT):
        found = told(made)
    assert found["round"] is None and found["points"] == [] and len(found["grids"]) == 3


def test_the_screen_is_for_leaders_and_the_office(w: Any) -> None:
    for page in ("screen", "screen_data", "screen_map"):
        assert [Desk(who).get(page).status for who in (w.leader, w.office, w.bo, w.lab)] == [200, 200, 403, 403]


def test_the_number_of_questions_does_not_grow_with_the_rows(w: Any) -> None:
    desk, asked = Desk(w.leader), []
    desk.get("screen_data")
    for turn in range(2):
        with CaptureQueriesContext(connection) as questions:
            desk.get("screen_data")
        asked.append(len(questions))
        for n in range(3 * turn, 3 * turn + 3):
            Grid.objects.create(code=f"N{n}", name=f"新{n}", polygon=w.grids[0].polygon)
            site = Site.objects.create(code=f"N{n}", name=f"新点{n}", kind="nearby", grid=w.grids[0], longitude=121.6,
                                       latitude=31.2)  # fmt: skip
            Point.objects.create(code=f"N{n}", site=site, kind="nearby", hours=(1020, 1260), in_service=ALWAYS)
            rows.notice(w, 50 + n, due_at=later(400 + n))
    assert asked[1] <= asked[0]


def test_the_log_in_of_a_wall_opens_the_screen_and_nothing_else(w: Any) -> None:
    wall = w.post(w.person("大厅屏幕", w.body, state="away", category="office_staff"), "screen")
    desk = Desk(wall)
    assert desk.get("today").href == "/screen"  # where a log-in begins
    opened = {page for page in access.PAGES if _opens(desk, page)}
    assert opened == {"screen", "screen_data", "screen_map", "password"}


def _opens(desk: Desk, page: str) -> bool:
    try:
        return desk.get(page).status == 200
    except NoReverseMatch:  # of a thing: the same right guards its list
        return False
