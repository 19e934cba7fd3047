"""Geometries of GeoJSON, checked and laid out: lines, polygons, places; no database here."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import shapely
from shapely import STRtree
from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

from parkkeeper.park.imports.lines import Line
from parkkeeper.planning.geometry import Plane

OVERLAP_METRES = 100.0
"""Square metres that two grids may share: hand-drawn neighbours never fit to the centimetre."""


def read_geometry(line: Line, field: str, wanted: Sequence[str]) -> dict[str, Any] | None:
    """The GeoJSON geometry of a cell when it is one of the wanted types, on Earth and sound; else told on the line."""
    text = line.get(field)
    if not text:
        line.tell(field, "blank")
        return None
    try:
        found: dict[str, Any] = json.loads(text)
        made = shape(found)
        made = shapely.force_2d(made)
    except Exception:  # shapely raises whatever a malformed geometry makes it stumble on
        line.tell(field, "geometry_wrong")
        return None
    if made.geom_type not in wanted:
        line.tell(field, "geometry_kind", found=made.geom_type, wanted=" / ".join(wanted))
        return None
    return _sound(line, field, made)


def _sound(line: Line, field: str, made: BaseGeometry) -> dict[str, Any] | None:
    if made.is_empty:
        line.tell(field, "geometry_wrong")
    elif not on_earth(made.bounds):
        line.tell(field, "coordinates_wrong")
    elif not made.is_valid:
        line.tell(field, "geometry_invalid")
    else:
        plain: dict[str, Any] = json.loads(json.dumps(made.__geo_interface__))
        return plain
    return None


def on_earth(bounds: Sequence[float]) -> bool:
    """Whether longitudes and latitudes (west, south, east, north) are some of the Earth's."""
    west, south, east, north = bounds
    return -180 <= west <= east <= 180 and -90 <= south <= north <= 90


def _square_metres(shared: BaseGeometry) -> float:
    if shared.is_empty or shared.area == 0:
        return 0.0
    plane = Plane((shared.centroid.x, shared.centroid.y))
    degree_east, degree_north = plane.metres((plane.origin[0] + 1, plane.origin[1] + 1))
    return float(shared.area * degree_east * degree_north)


def overlaps(areas: Sequence[tuple[Any, dict[str, Any]]]) -> Iterator[tuple[Any, Any, float]]:
    """Pairs of (key, polygon) that share more than the tolerance: the earlier key, the later, the square metres."""
    shapes = [shape(polygon) for _key, polygon in areas]
    tree = STRtree(shapes)
    for first, second in sorted((int(a), int(b)) for a, b in tree.query(shapes, predicate="intersects").T if a < b):
        area = _square_metres(shapes[first].intersection(shapes[second]))
        if area > OVERLAP_METRES:
            yield areas[first][0], areas[second][0], area


class GridFinder:
    """Answers "which grid?" for many places; polygons with holes and in several parts are fine."""

    def __init__(self, areas: Sequence[tuple[Any, dict[str, Any]]]) -> None:
        self.keys = [key for key, _polygon in areas]
        self.tree = STRtree([shape(polygon) for _key, polygon in areas])

    def holding(self, longitude: float, latitude: float) -> Any:
        """The key of the area that holds the place, the first as they were given; None outside all."""
        hits = self.tree.query(Point(longitude, latitude), predicate="intersects")
        return self.keys[min(hits)] if len(hits) else None
