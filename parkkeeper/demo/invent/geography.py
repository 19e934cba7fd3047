"""Roads, grids and the places between them, drawn in metres on a plane and given in degrees."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from shapely.geometry import LineString, MultiLineString, Point, Polygon
from shapely.ops import unary_union
from shapely.prepared import prep

from parkkeeper.demo.invent.model import Grid, Place, Position, Road
from parkkeeper.demo.invent.names import GRID_NAMES, LOCAL_ROADS, SOUTH_NORTH_ROADS, WEST_EAST_ROADS
from parkkeeper.demo.invent.scenario import PlaceTable
from parkkeeper.planning.geometry import Plane, polygonize_grids

OVERHANG = 220  # metres that arterial roads run on beyond the park
FROM_ROAD = 30  # metres kept between a building and a road's centre line
APART = 35  # metres kept between two sites
TRIES = 8  # roadside places looked at before the best is taken
POINTS_APART = 400  # metres kept between two roadside places


@dataclass(frozen=True)
class Geography:
    """The drawn park: the plane it was drawn on, roads and grids in degrees."""

    plane: Plane
    place: Place
    roads: tuple[Road, ...]
    grids: tuple[Grid, ...]


def draw(table: PlaceTable, rng: Random) -> Geography:
    """Draw the roads, cut the grids out of them, put two local roads into each."""
    plane = Plane((table.centre[0], table.centre[1]))
    arterial = _arterial_roads(table, plane, rng)
    rings = polygonize_grids({road.name: road.line for road in arterial})
    grids = tuple(Grid(f"G{n}", n, GRID_NAMES[n - 1], ring) for n, ring in enumerate(rings, start=1))
    local: list[Road] = []
    for grid in grids:
        local += _local_roads(grid, plane, rng)
    half_width, half_height = table.width / 2 + 2 * OVERHANG, table.height / 2 + 2 * OVERHANG
    place = Place(
        table.name,
        table.name_en,
        table.zone,
        plane.origin,
        plane.degrees((-half_width, -half_height)),
        plane.degrees((half_width, half_height)),
    )
    return Geography(plane, place, (*arterial, *local), grids)


def _arterial_roads(table: PlaceTable, plane: Plane, rng: Random) -> list[Road]:
    ways: list[tuple[str, list[Position]]] = []
    for name, share in zip(SOUTH_NORTH_ROADS, (-0.5, -0.18, 0.17, 0.5), strict=True):
        line = _wander(table.height, table.irregular, rng)
        ways.append((name, [(share * table.width + off, along) for along, off in line]))
    for name, share in zip(WEST_EAST_ROADS, (0.5, 0.17, -0.16, -0.5), strict=True):
        line = _wander(table.width, table.irregular, rng)
        ways.append((name, [(along, share * table.height + off) for along, off in line]))
    return [
        Road(f"R{n:02}", name, "arterial", tuple(plane.degrees(at) for at in line))
        for n, (name, line) in enumerate(ways, start=1)
    ]


def _wander(length: float, irregular: float, rng: Random) -> list[Position]:
    """Vertices of a road along one axis: (along, off), from end to end with the overhang."""
    ends = length / 2 + OVERHANG
    steps = 7
    return [(-ends + 2 * ends * n / steps, rng.uniform(-irregular, irregular)) for n in range(steps + 1)]


def _local_roads(grid: Grid, plane: Plane, rng: Random) -> list[Road]:
    area = Polygon([plane.metres(at) for at in grid.ring])
    west, south, east, north = area.bounds
    across, up = rng.uniform(0.38, 0.62), rng.uniform(0.38, 0.62)
    x, y = west + across * (east - west), south + up * (north - south)
    drawn = (
        [(west - 9, y + rng.uniform(-60, 60)), (x, y), (east + 9, y + rng.uniform(-60, 60))],
        [(x + rng.uniform(-60, 60), south - 9), (x, y), (x + rng.uniform(-60, 60), north + 9)],
    )
    roads = []
    for n, line in enumerate(drawn):
        inside = LineString(line).intersection(area)
        if isinstance(inside, MultiLineString):
            inside = max(inside.geoms, key=lambda part: part.length)
        number = 2 * grid.number - 1 + n
        line_in_degrees = tuple(plane.degrees((at[0], at[1])) for at in inside.coords)
        roads.append(Road(f"R{number + 8:02}", LOCAL_ROADS[number - 1], "local", line_in_degrees))
    return roads


class Ground:
    """Finds free ground: inside a grid, off the roads, apart from what stands already."""

    def __init__(self, geography: Geography, rng: Random) -> None:
        self.plane, self.rng = geography.plane, rng
        self.areas = {grid.key: Polygon([self.plane.metres(at) for at in grid.ring]) for grid in geography.grids}
        self.inside = {key: prep(area.buffer(-FROM_ROAD)) for key, area in self.areas.items()}
        self.roads = {road.name: LineString([self.plane.metres(at) for at in road.line]) for road in geography.roads}
        self.clear = prep(unary_union(list(self.roads.values())).buffer(FROM_ROAD))
        self.taken: list[Position] = []
        self.roadside: list[Position] = []

    def anywhere(self, grid: str) -> tuple[Position, str]:
        """A free place in the grid, and the name of the road it lies nearest to."""
        west, south, east, north = self.areas[grid].bounds
        while True:
            at = (self.rng.uniform(west, east), self.rng.uniform(south, north))
            spot = Point(at)
            if self.inside[grid].contains(spot) and not self.clear.contains(spot) and _apart(at, self.taken, APART):
                return self._take(at)

    def beside(self, grid: str, metres: float, near: Position) -> tuple[Position, str]:
        """A free place by the roadside in the grid, so many metres from the centre line, not far from `near`."""
        area, target = self.areas[grid], self.plane.metres(near)
        roads = [road for road in self.roads.values() if road.intersects(area)]
        found: list[Position] = []
        while len(found) < TRIES:
            road = self.rng.choice(roads)
            along = self.rng.uniform(0.1, 0.9) * road.length
            a, b = road.interpolate(along), road.interpolate(along + 1)
            side = self.rng.choice((-metres, metres))
            at = (a.x - (b.y - a.y) * side, a.y + (b.x - a.x) * side)
            free = _apart(at, self.taken, APART) and _apart(at, self.roadside, POINTS_APART)
            if free and self._by_one_road(at, area, metres):
                found.append(at)
        best = min(found, key=lambda at: (at[0] - target[0]) ** 2 + (at[1] - target[1]) ** 2)
        self.roadside.append(best)
        return self._take(best)

    def _by_one_road(self, at: Position, area: Polygon, metres: float) -> bool:
        spot = Point(at)
        return area.contains(spot) and all(road.distance(spot) > metres * 0.9 for road in self.roads.values())

    def _take(self, at: Position) -> tuple[Position, str]:
        self.taken.append(at)
        spot = Point(at)
        nearest = min(self.roads, key=lambda name: self.roads[name].distance(spot))
        return self.plane.degrees(at), nearest


def _apart(at: Position, others: list[Position], metres: float) -> bool:
    return all((at[0] - x) ** 2 + (at[1] - y) ** 2 >= metres**2 for x, y in others)
