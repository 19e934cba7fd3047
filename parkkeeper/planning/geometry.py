"""Where things are: distances, grids made from roads, which grid holds a place. Pure functions on plain tuples.

A position is `(longitude, latitude)` in WGS84 degrees; a line is two positions or more; a ring is a closed line (first
position repeated last) of four or more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import asin, cos, hypot, radians, sin, sqrt

from shapely import STRtree
from shapely.geometry import LineString, Point, Polygon
from shapely.ops import polygonize, unary_union
from shapely.validation import explain_validity

Position = tuple[float, float]
Line = Sequence[Position]
Ring = tuple[Position, ...]

EARTH_RADIUS = 6_371_008.8
METRES_A_DEGREE = EARTH_RADIUS * radians(1)


class BadGeometry(ValueError):
    """A line or ring that no map can hold; the message says which one and why."""


def metres_between(a: Position, b: Position) -> float:
    """Great-circle distance in metres (haversine, exact to 0.5 % anywhere on Earth)."""
    lon_a, lat_a, lon_b, lat_b = radians(a[0]), radians(a[1]), radians(b[0]), radians(b[1])
    half = sin((lat_b - lat_a) / 2) ** 2 + cos(lat_a) * cos(lat_b) * sin((lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS * asin(min(1.0, sqrt(half)))


class Plane:
    """A flat sheet of metres laid on the Earth at `origin`: good to decimetres over a park of some kilometres."""

    def __init__(self, origin: Position) -> None:
        self.origin = origin
        self.east = METRES_A_DEGREE * cos(radians(origin[1]))

    def metres(self, position: Position) -> Position:
        """Metres east and north of the origin."""
        return (position[0] - self.origin[0]) * self.east, (position[1] - self.origin[1]) * METRES_A_DEGREE

    def degrees(self, metres: Position, digits: int = 6) -> Position:
        """Longitude and latitude of a place so many metres east and north of the origin, rounded (6 digits: 0.1 m)."""
        lon = self.origin[0] + metres[0] / self.east
        return round(lon, digits), round(self.origin[1] + metres[1] / METRES_A_DEGREE, digits)


def read_ring(ring: Iterable[Position], name: str = "ring") -> Ring:
    """Check a ring that somebody drew and give it back closed. BadGeometry names what is wrong and where."""
    positions = tuple((float(lon), float(lat)) for lon, lat in ring)
    if positions and positions[0] != positions[-1]:
        positions = (*positions, positions[0])
    if len(set(positions)) < 3:
        raise BadGeometry(
            f"{name}: an area needs at least three different positions, this one has {len(set(positions))}."
        )
    for lon, lat in positions:
        if not (-180 <= lon <= 180 and -90 <= lat <= 90):
            raise BadGeometry(f"{name}: ({lon}, {lat}) is not longitude, latitude; are the two exchanged?")
    polygon = Polygon(positions)
    if not polygon.is_valid:
        raise BadGeometry(f"{name}: the boundary is not one simple loop ({explain_validity(polygon)}).")
    return positions


def polygonize_grids(roads: Mapping[str, Line]) -> list[Ring]:
    """Cut the plane along road lines (by name) and give every closed area between them, row by row from the north-west.

    Ends of roads that stick out are ignored. Neighbours share their boundary exactly: no gap, no overlap.
    BadGeometry when a road has fewer than two positions or when the roads close nothing in.
    """
    for name, line in roads.items():
        if len(set(line)) < 2:
            raise BadGeometry(f"{name}: a road needs at least two different positions.")
    areas = list(polygonize(unary_union([LineString(line) for line in roads.values()])))
    if not areas:
        raise BadGeometry("The roads close no area in: does each of them cross its neighbours?")
    return [_ring_of(area) for area in _row_by_row(areas)]


def _ring_of(area: Polygon) -> Ring:
    return tuple((x, y) for x, y, *_ in area.exterior.coords)


def _row_by_row(areas: list[Polygon]) -> list[Polygon]:
    # A row is what overlaps its first area by more than half in height: irregular roads do not break it.
    left = sorted(areas, key=lambda area: (-area.centroid.y, area.centroid.x))
    rows: list[Polygon] = []
    while left:
        south, north = left[0].bounds[1], left[0].bounds[3]
        row = [area for area in left if south < area.centroid.y < north]
        rows += sorted(row, key=lambda area: area.centroid.x)
        left = [area for area in left if area not in row]
    return rows


class GridMap:
    """Answers "which grid?" quickly for many places; grids by key, each a ring."""

    def __init__(self, grids: Mapping[str, Ring]) -> None:
        self.keys = sorted(grids)
        self.areas = [Polygon(read_ring(grids[key], key)) for key in self.keys]
        self.tree = STRtree(self.areas)

    def grid_of(self, position: Position) -> str | None:
        """Key of the grid that holds the position; on a shared boundary the first by key; None outside all."""
        hits = self.tree.query(Point(position), predicate="intersects")
        return self.keys[min(hits)] if len(hits) else None


def grid_of(position: Position, grids: Mapping[str, Ring]) -> str | None:
    """Key of the grid that holds one position; for many positions keep a `GridMap`."""
    return GridMap(grids).grid_of(position)


def square_metres(ring: Ring) -> float:
    """Area inside a ring, in square metres."""
    plane = Plane(ring[0])
    return float(Polygon([plane.metres(position) for position in ring]).area)


def gap_and_overlap(rings: Iterable[Ring]) -> tuple[float, float]:
    """Square metres that a set of neighbouring areas leaves open inside its outline, and that they cover twice."""
    closed = list(rings)
    if not closed:
        return 0.0, 0.0
    plane = Plane(closed[0][0])
    areas = [Polygon([plane.metres(position) for position in ring]) for ring in closed]
    union = unary_union(areas)
    parts = getattr(union, "geoms", [union])
    filled = unary_union([Polygon(part.exterior) for part in parts])
    return float(filled.area - union.area), float(sum(area.area for area in areas) - union.area)


def metres_to_line(position: Position, line: Line) -> float:
    """Shortest distance in metres from a place to a line some kilometres long."""
    plane = Plane(position)
    return float(LineString([plane.metres(vertex) for vertex in line]).distance(Point(0, 0)))


def line_metres(line: Line) -> float:
    """Length of a line in metres."""
    plane = Plane(line[0])
    flat = [plane.metres(vertex) for vertex in line]
    return sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(flat))
