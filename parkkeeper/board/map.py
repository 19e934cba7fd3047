"""The park's map, drawn by the server as SVG from GeoJSON: no tiles, no script, every point a link."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from math import cos, radians
from typing import Any

from django.urls import reverse
from django.utils.safestring import SafeString

from parkkeeper.park.models import Grid, Road
from parkkeeper.park.templatetags.park import share
from parkkeeper.sampling.models import Point
from parkkeeper.sampling.pointbook import STATES, PointNow

WIDTH = 1000.0
MARGIN = 0.03
RADIUS, NEAR_RADIUS = 13.0, 18.0
_NAMED_AT_MOST = 40
Position = tuple[float, float]


@dataclass(frozen=True)
class Area:
    """A grid on the map."""

    grid: Grid
    path: str
    x: float
    y: float
    faint: bool


@dataclass(frozen=True)
class Mark:
    """A point on the map; `share` of its ring is closed (0 to 100: sampled of due)."""

    now: PointNow
    x: float
    y: float
    share: float
    faint: bool


@dataclass(frozen=True)
class Map:
    """What the template draws. `unit` is the size of a mark, so that it looks alike at every zoom."""

    box: str
    unit: float
    areas: list[Area]
    roads: list[tuple[str, Road]]
    marks: list[Mark]
    named: bool

    @property
    def drawn(self) -> SafeString:
        """All marks as SVG. Hundreds of them: a loop of the template would take ten times as long, and so would
        escaping what is a number."""
        shapes = {near: _shape(self, near) for near in (True, False)}
        name = f'<text y="{self.below}" font-size="{self.font}">{{}}</text>' if self.named else "{:.0}"
        before, after = reverse("point", args=[0]).rsplit("0", 1)
        words = {key: escape(str(said)) for key, (said, _tone) in STATES.items()}
        form = (
            f'<a href="{before}{{}}{after}" class="mark tone-{{}}{{}}{{}}" aria-label="{{}}"><title>{{}}</title>'
            f'<g transform="translate({{}} {{}})">{{}}{name}</g></a>'
        )
        return SafeString("".join(form.format(*_cells(mark, shapes, words)) for mark in self.marks))

    @property
    def stroke(self) -> float:
        """The width of a mark's ring."""
        return round(self.unit * 0.42, 2)

    @property
    def font(self) -> float:
        """The size of a mark's name."""
        return round(self.unit * 1.1, 2)

    @property
    def below(self) -> float:
        """Where a mark's name stands under its centre."""
        return round(self.unit * 2.5, 2)

    @property
    def area_font(self) -> float:
        """The size of a grid's name."""
        return round(self.unit * 1.5, 2)

    @property
    def diamond(self) -> str:
        """The outline of a nearby point's mark, around its centre."""
        d = round(self.unit * 1.15, 2)
        return f"M0 {-d}L{d} 0L0 {d}L{-d} 0Z"


def _shape(map: Map, near: bool) -> str:
    """The ground of a mark and its ring, of which {share} is closed."""
    tag, turned = (f'path d="{map.diamond}"', "") if near else (f'circle r="{map.unit}"', ' transform="rotate(-90)"')
    return (
        f'<{tag} class="ground" stroke-width="{map.stroke}"/><{tag} class="done" pathLength="100"'
        f' stroke-dasharray="{{}} 100" stroke-width="{map.stroke}"{turned}/>'
    )


def _cells(mark: Mark, shapes: dict[bool, str], words: dict[str, str]) -> tuple[Any, ...]:
    """What stands in the holes of a mark's drawing: numbers, and texts that are escaped."""
    now, point, said = mark.now, mark.now.point, words[mark.now.state]
    code = escape(point.code)
    place = f"{code} {escape(point.site.name)}"
    return (
        point.pk, now.tone, " faint" if mark.faint else "", " flagged" if now.flagged else "",
        f"{place}: {said} {now.sampled}/{now.due}", f"{place}\n{said} · {share(now.sampled, now.due)}", mark.x, mark.y,
        shapes[point.kind == Point.Kind.NEARBY].format(mark.share), code,
    )  # fmt: skip


class _Plane:
    """Degrees to the picture's units: west to the left, north up, as wide as it is."""

    def __init__(self, positions: list[Position]) -> None:
        west, south = min(x for x, _y in positions), min(y for _x, y in positions)
        east, north = max(x for x, _y in positions), max(y for _x, y in positions)
        self.west, self.north = west, north
        self.narrow = cos(radians((south + north) / 2))
        self.scale = WIDTH / max((east - west) * self.narrow, north - south, 1e-9)

    def place(self, position: Position) -> Position:
        return (
            round((position[0] - self.west) * self.narrow * self.scale, 1),
            round((self.north - position[1]) * self.scale, 1),
        )

    def path(self, lines: Iterable[list[Position]], close: str = "") -> str:
        parts = []
        for line in lines:
            parts.append("M" + "L".join(f"{x} {y}" for x, y in map(self.place, line)) + close)
        return "".join(parts)


def draw_map(points: list[PointNow], grids: list[Grid], roads: list[Road], focus: int | None = None) -> Map | None:
    """The map of these points, on all grids and roads; near one grid (id) when `focus` names it. None without any."""
    rings = {grid.pk: list(_lines(grid.polygon)) for grid in grids}
    inside = [position for lines in rings.values() for line in lines for position in line]
    inside += [(now.point.site.longitude, now.point.site.latitude) for now in points]
    if not inside:
        return None
    plane = _Plane(inside)
    shown = [position for line in rings.get(focus or 0, []) for position in line] or inside
    box, unit = _view(plane, shown, NEAR_RADIUS if shown is not inside else RADIUS)
    return Map(
        box=box,
        unit=unit,
        areas=[_area(plane, grid, rings[grid.pk], focus) for grid in grids if rings[grid.pk]],
        roads=[(plane.path(_lines(road.line)), road) for road in roads],
        marks=[_mark(plane, now, focus) for now in points],
        named=len(points) <= _NAMED_AT_MOST or focus is not None,
    )


def _view(plane: _Plane, shown: list[Position], radius: float) -> tuple[str, float]:
    places = [plane.place(position) for position in shown]
    left, right = min(x for x, _y in places), max(x for x, _y in places)
    top, bottom = min(y for _x, y in places), max(y for _x, y in places)
    across = max(right - left, bottom - top, 1.0)
    edge = across * MARGIN
    box = (left - edge, top - edge, right - left + 2 * edge, bottom - top + 2 * edge)
    return " ".join(f"{value:.1f}" for value in box), round(radius * across / WIDTH, 2)


def _area(plane: _Plane, grid: Grid, lines: list[list[Position]], focus: int | None) -> Area:
    places = [plane.place(position) for position in lines[0][:-1] or lines[0]]
    x, y = sum(p[0] for p in places) / len(places), sum(p[1] for p in places) / len(places)
    return Area(grid, plane.path(lines, "Z"), round(x, 1), round(y, 1), focus not in (None, grid.pk))


def _mark(plane: _Plane, now: PointNow, focus: int | None) -> Mark:
    site = now.point.site
    x, y = plane.place((site.longitude, site.latitude))
    share = round(100 * now.sampled / now.due, 1) if now.due else 0.0
    return Mark(now, x, y, share, focus not in (None, site.grid_id))


def _lines(geometry: Any) -> Iterator[list[Position]]:
    """Every line of a GeoJSON geometry: rings of polygons, lines of lines; of anything else nothing."""
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    found = geometry.get("coordinates", []) if kind else []
    if kind == "LineString":
        found = [found]
    elif kind == "MultiPolygon":
        found = [ring for polygon in found for ring in polygon]
    elif kind not in ("Polygon", "MultiLineString"):
        found = []
    for line in found:
        if line:
            yield [(float(position[0]), float(position[1])) for position in line]
