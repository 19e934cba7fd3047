"""Rules of distances and grids."""

import random

import pytest

from parkkeeper.planning.geometry import (
    BadGeometry,
    GridMap,
    Plane,
    gap_and_overlap,
    grid_of,
    line_metres,
    metres_between,
    metres_to_line,
    polygonize_grids,
    read_ring,
    square_metres,
)

HERE = (121.60, 31.20)


def square(west: float, south: float, side: float = 0.01) -> tuple[tuple[float, float], ...]:
    east, north = west + side, south + side
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


def lattice() -> dict[str, list[tuple[float, float]]]:
    ways = {f"ns{n}": [(n, -0.5), (n + 0.1, 1.5), (n, 3.5)] for n in range(4)}
    return ways | {f"ew{n}": [(-0.5, n), (1.5, n + 0.1), (3.5, n)] for n in range(4)}


def test_a_degree_of_latitude_is_111_km_and_a_degree_of_longitude_less():
    assert metres_between(HERE, (121.60, 32.20)) == pytest.approx(111_195, abs=5)
    assert metres_between(HERE, (122.60, 31.20)) == pytest.approx(95_112, abs=20)
    assert metres_between(HERE, HERE) == 0


def test_the_plane_goes_there_and_back_and_agrees_with_the_sphere():
    plane = Plane(HERE)
    place = plane.degrees((2500.0, -1800.0))
    assert plane.metres(place) == pytest.approx((2500, -1800), abs=0.1)
    assert metres_between(HERE, place) == pytest.approx((2500**2 + 1800**2) ** 0.5, rel=1e-3)


def test_four_roads_each_way_make_nine_grids_row_by_row_from_the_north_west():
    grids = polygonize_grids(lattice())
    assert len(grids) == 9
    middles = [
        (sum(x for x, _ in ring[:-1]) / (len(ring) - 1), sum(y for _, y in ring[:-1]) / (len(ring) - 1))
        for ring in grids
    ]
    assert [(int(x), int(y)) for x, y in middles] == [(x, y) for y in (2, 1, 0) for x in (0, 1, 2)]


def test_grids_made_from_roads_leave_no_gap_and_no_overlap():
    assert gap_and_overlap(polygonize_grids(lattice())) == pytest.approx((0, 0), abs=1e-3)


def test_gap_and_overlap_are_measured_in_square_metres():
    ring_of_eight = [square(121.6 + x * 0.01, 31.2 + y * 0.01) for x in range(3) for y in range(3) if (x, y) != (1, 1)]
    gap, overlap = gap_and_overlap(ring_of_eight)
    assert gap == pytest.approx(square_metres(square(121.61, 31.21)), rel=1e-3)
    assert overlap == pytest.approx(0, abs=1e-3)
    gap, overlap = gap_and_overlap([square(121.6, 31.2), square(121.605, 31.2)])
    assert (gap, overlap) == pytest.approx((0, square_metres(square(121.6, 31.2)) / 2), rel=1e-6)


def test_roads_that_close_nothing_are_refused_with_a_reason():
    with pytest.raises(BadGeometry, match="cross"):
        polygonize_grids({"a": [(0, 0), (1, 0)], "b": [(0, 1), (1, 1)]})
    with pytest.raises(BadGeometry, match="云桥路"):
        polygonize_grids({"云桥路": [(0, 0), (0, 0)]})


def test_every_place_is_in_at_most_one_grid_also_on_a_boundary():
    seed = random.randrange(10**6)
    print("seed", seed)
    rng = random.Random(seed)
    grids = {f"G{n}": ring for n, ring in enumerate(polygonize_grids(lattice()), start=1)}
    chart = GridMap(grids)
    for _ in range(200):
        assert chart.grid_of((rng.uniform(0.2, 2.9), rng.uniform(0.2, 2.9))) is not None
    assert grid_of((9, 9), grids) is None
    left, right = square(121.60, 31.20), square(121.61, 31.20)
    assert grid_of((121.61, 31.205), {"b": left, "a": right}) == "a"


@pytest.mark.parametrize(
    ("ring", "says"),
    [
        ([(121.6, 31.2), (121.7, 31.2)], "three"),
        ([(31.2, 121.6), (31.3, 121.6), (31.3, 121.7)], "exchanged"),
        ([(0, 0), (1, 1), (1, 0), (0, 1)], "simple loop"),
    ],
)
def test_a_ring_that_is_no_area_is_refused_by_name(ring, says):
    with pytest.raises(BadGeometry, match=says) as refusal:
        read_ring(ring, "第三网格")
    assert "第三网格" in str(refusal.value)


def test_an_open_ring_is_closed():
    assert read_ring([(0, 0), (1, 0), (1, 1)])[-1] == (0, 0)


def test_lengths_and_distances_to_a_road_are_metres():
    plane = Plane(HERE)
    road = [plane.degrees((-1000, 50), 9), plane.degrees((1000, 50), 9)]
    assert line_metres(road) == pytest.approx(2000, abs=0.5)
    assert metres_to_line(HERE, road) == pytest.approx(50, abs=0.1)
