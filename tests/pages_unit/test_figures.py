"""What maps, curves and slots draw from facts, without a database."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.backends.postgresql.psycopg_any import NumericRange
from django.utils import timezone

from parkkeeper.board.map import draw_map
from parkkeeper.park.models import Enterprise, Grid, Road, Site
from parkkeeper.sampling.charts import evening_curve
from parkkeeper.sampling.models import Point, Session, Slot
from parkkeeper.sampling.pointbook import PointNow, evening_of
from parkkeeper.sampling.reconciliation import Row
from parkkeeper.sampling.roundbook import add_rows
from parkkeeper.sampling.states import State
from tests.world import square

FIVE = datetime(2022, 5, 10, 9, 0, tzinfo=UTC)  # 17:00 in the park


def point(**more: Any) -> Point:
    site = Site(code="S", name="厂区", kind="works", longitude=121.605, latitude=31.205, grid_id=1)
    return Point(pk=1, code="P01", site=site, kind="enterprise", desks=2, hours=NumericRange(1020, 1260), **more)


def grid(number: int, polygon: Any) -> Grid:
    return Grid(pk=number, code=str(number), name=str(number), polygon=polygon)


def row(**counts: int) -> Row:
    states = {State(name): n for name, n in counts.items()}
    return Row(1, "P01", states, sampled=sum(n for s, n in states.items() if s is not State.NOT_SAMPLED))


def slot(begin: int, end: int, pk: int = 1) -> Slot:
    return Slot(pk=pk, enterprise=Enterprise(pk=pk, short_name=f"企业{pk}"), minutes=NumericRange(begin, end))


def test_the_curve_begins_at_the_bottom_and_never_falls() -> None:
    with timezone.override("Asia/Shanghai"):
        steps = [(FIVE + timedelta(minutes=10 * n), 40 * n) for n in range(7)]
        curve = evening_curve(steps, 300, until=FIVE + timedelta(hours=4))
    assert curve is not None
    heights = [float(place.split(",")[1]) for place in curve.points.split()]
    assert heights[0] == 100
    assert heights == sorted(heights, reverse=True)
    assert curve.whole < heights[-1]
    assert [tick.label for tick in curve.across] == ["17:00", "18:00", "19:00", "20:00", "21:00"]


def test_a_round_without_a_moment_has_no_curve() -> None:
    assert evening_curve([], 10, until=FIVE) is None


def test_nobody_due_draws_a_curve_all_the_same() -> None:
    assert evening_curve([(FIVE, 0)], 0, until=FIVE) is not None


def test_the_map_lies_north_up_and_keeps_points_inside_their_grid() -> None:
    grids = [
        Grid(pk=1, code="1", name="一", polygon=square(0, 0)),
        Grid(pk=2, code="2", name="二", polygon=square(0, 1)),
    ]
    drawn = draw_map([PointNow(point(), 1020)], grids, [])
    assert drawn is not None
    south, north = drawn.areas
    assert north.y < south.y
    assert abs(drawn.marks[0].y - south.y) < 300
    assert drawn.marks[0].x > 0


def test_a_geometry_that_is_none_draws_nothing_and_breaks_nothing() -> None:
    grids = [Grid(pk=1, code="1", name="一", polygon={}), Grid(pk=2, code="2", name="二", polygon=square(0, 0))]
    roads = [Road(name="路", line={"type": "MultiLineString", "coordinates": [[[121.6, 31.2], [121.61, 31.2]]]})]
    drawn = draw_map([], grids, roads)
    assert drawn is not None
    assert [area.grid.name for area in drawn.areas] == ["二"]
    assert drawn.roads[0][0].startswith("M")
    assert draw_map([], [], []) is None


def test_near_a_grid_the_others_are_faint() -> None:
    grids = [
        Grid(pk=1, code="1", name="一", polygon=square(0, 0)),
        Grid(pk=2, code="2", name="二", polygon=square(1, 0)),
    ]
    drawn = draw_map([PointNow(point(), 1020)], grids, [], focus=2)
    assert drawn is not None
    assert [area.faint for area in drawn.areas] == [True, False]
    assert drawn.marks[0].faint


def test_a_point_says_what_is_to_be_done_about_it() -> None:
    begun = Session(opened_at=FIVE)
    closed = Session(opened_at=FIVE, closed_at=FIVE + timedelta(hours=1))
    slots = (1020, 1080)
    cases = [
        (PointNow(point(), 1030, None), "nobody"),
        (PointNow(point(), 1000, row(not_sampled=5), [], slots), "waiting"),
        (PointNow(point(), 1030, row(not_sampled=5), [], slots), "late"),
        (PointNow(point(), 1030, row(not_sampled=5), [begun], slots), "open"),
        (PointNow(point(), 1050, row(not_sampled=1, sampled=4), [closed], slots), "left"),
        (PointNow(point(), 1090, row(not_sampled=5), [], slots), "left"),
        (PointNow(point(), 1050, row(sampled=5), [begun], slots), "done"),
    ]
    assert [(now.state, expected) for now, expected in cases if now.state != expected] == []


def test_more_people_than_the_desks_take_are_shown_as_too_many() -> None:
    spans, marks = evening_of(point(), [slot(1020, 1050)], {1: row(not_sampled=200)}, 128.0, 1000)
    assert spans[0].capacity == 128
    assert spans[0].crowded
    assert marks[0] == (0.0, "17:00")
    (easy,), _marks = evening_of(point(), [slot(1020, 1080)], {1: row(not_sampled=200)}, 128.0, 1000)
    assert not easy.crowded


def test_a_slot_to_come_is_no_warning() -> None:
    tones = [
        evening_of(point(), [slot(1020, 1050)], {1: row(not_sampled=3)}, None, minute)[0][0].tone
        for minute in (1000, 1030, 1060)
    ]
    assert tones == ["plain", "wait", "warn"]


def test_groups_add_up_to_the_whole() -> None:
    whole = add_rows([row(not_sampled=2, met=3), row(not_sampled=1, sampled=4)])
    assert (whole.due, whole.sampled, whole.counts[State.NOT_SAMPLED]) == (10, 7, 3)
