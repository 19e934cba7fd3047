"""Roads, grids and sites: reading a row, and what it means for the register. Reads only."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from parkkeeper.kernel.documents import read_credit_code
from parkkeeper.kernel.tables import Row
from parkkeeper.park.imports.cells import is_yes, read_degrees, word_of
from parkkeeper.park.imports.columns import GEOMETRY
from parkkeeper.park.imports.directory import Directory, Grids
from parkkeeper.park.imports.geodata import on_earth, overlaps, read_geometry
from parkkeeper.park.imports.lines import Decision, Line, Plan
from parkkeeper.park.imports.roster_lines import picked, titles
from parkkeeper.park.imports.wording import gravest
from parkkeeper.park.models import Grid, Road, Site

_SITE_KINDS = {
    "厂区": "works", "厂房": "works", "works": "works", "工地": "construction", "施工工地": "construction",
    "construction": "construction", "宿舍": "dormitory", "dormitory": "dormitory", "就近采样场地": "nearby",
    "就近点": "nearby", "采样场地": "nearby", "nearby": "nearby", "检测机构": "laboratory", "实验室": "laboratory",
    "laboratory": "laboratory",
}  # fmt: skip


def _lengths(line: Line, limits: Mapping[str, int], required: Sequence[str]) -> None:
    for name in required:
        if not line.get(name):
            line.tell(name, "blank")
    for name, limit in limits.items():
        if len(line.get(name)) > limit:
            line.tell(name, "too_long", limit=limit)


def road_line(row: Row, chosen: Mapping[str, int]) -> Line:
    """Read a road: name, whether it is arterial, its line."""
    line = picked(row, chosen)
    _lengths(line, {"name": 80}, ["name"])
    line.values[GEOMETRY] = read_geometry(line, GEOMETRY, ("LineString", "MultiLineString"))
    return line


def grid_line(row: Row, chosen: Mapping[str, int]) -> Line:
    """Read a grid: code, name, its area."""
    line = picked(row, chosen)
    _lengths(line, {"code": 16, "name": 80}, ["code"])
    line.values[GEOMETRY] = read_geometry(line, GEOMETRY, ("Polygon", "MultiPolygon"))
    return line


def site_line(row: Row, chosen: Mapping[str, int]) -> Line:
    """Read a site: code, name, kind, enterprise, grid, address, and where it is (columns of degrees, or a point)."""
    line = picked(row, chosen)
    _lengths(line, {"code": 24, "name": 120, "address": 160}, ["code", "name"])
    if line.get("kind"):
        kind = word_of(line.get("kind"), _SITE_KINDS)
        if kind is None:
            line.tell("kind", "kind_unknown", choices=titles(Site.Kind.choices))
        line.values["kind"] = kind or ""
    if line.get("employer_code"):
        line.values["employer_code"] = read_credit_code(line.get("employer_code")).number
    _read_position(line)
    return line


def _read_position(line: Line) -> None:
    told = line.get("longitude") or line.get("latitude")
    geometry = read_geometry(line, GEOMETRY, ("Point",)) if line.get(GEOMETRY) else None
    line.values.pop(GEOMETRY, None)
    if geometry:
        line.values["longitude"], line.values["latitude"] = geometry["coordinates"][:2]
        return
    longitude, latitude = read_degrees(line.get("longitude")), read_degrees(line.get("latitude"))
    line.values["longitude"] = "" if longitude is None else longitude
    line.values["latitude"] = "" if latitude is None else latitude
    if not told:
        return  # a known site keeps its place; a new one without is told when it is planned
    if longitude is None or latitude is None or not on_earth((longitude, latitude, longitude, latitude)):
        line.tell("longitude", "coordinates_wrong")


def plan_roads(lines: Sequence[Line], *, at: datetime, decision: Decision | None = None) -> list[Plan]:
    """Plan each road, known by its name."""
    known = {road.name: road for road in Road.objects.all()}

    def said(line: Line) -> dict[str, Any]:
        arterial = {"arterial": is_yes(line.get("arterial"))} if line.get("arterial") else {}
        return {"name": line.get("name"), "line": line.get(GEOMETRY), **arterial}

    return [_compared(line, known.get(line.get("name")), said) for line in lines]


def plan_grids(lines: Sequence[Line], *, at: datetime, decision: Decision | None = None) -> list[Plan]:
    """Plan each grid, known by its code; grids must not overlap, neither in the file nor with the register's others."""
    known = {grid.code: grid for grid in Grid.objects.all()}
    sound = [line for line in lines if gravest(line.problems) != "error"]
    told = {line.get("code") for line in sound}
    areas: list[tuple[Line | Grid, dict[str, Any]]] = [(line, line.get(GEOMETRY)) for line in sound]
    areas += [(grid, grid.polygon) for code, grid in known.items() if code not in told]
    for first, second, area in overlaps(areas):
        # the later line is told; two that the register has already are not this file's matter
        line, other = (second, first) if isinstance(second, Line) else (first, second)
        if isinstance(line, Line):
            code = other.get("code") if isinstance(other, Line) else other.code
            line.tell(GEOMETRY, "overlap", other=code, area=round(area))

    def said(line: Line) -> dict[str, Any]:
        name = line.get("name") or ("" if line.get("code") in known else line.get("code"))
        return {"code": line.get("code"), "polygon": line.get(GEOMETRY), **({"name": name} if name else {})}

    return [_compared(line, known.get(line.get("code")), said) for line in lines]


def plan_sites(lines: Sequence[Line], *, at: datetime, decision: Decision | None = None) -> list[Plan]:
    """Plan each site, known by its code; its grid is the one named, else the one in which it lies."""
    directory, grids = Directory.load(), Grids.load()
    known = {site.code: site for site in Site.objects.filter(code__in=[line.get("code") for line in lines])}

    def plan(line: Line) -> Plan:
        site = known.get(line.get("code"))
        enterprise = directory.resolve(line, "employer", "employer_code")
        if site is None and line.get("longitude") == "" and gravest(line.problems) != "error":
            line.tell("longitude", "coordinates_missing")
        names = ("code", "name", "kind", "address", "longitude", "latitude")
        changes = {name: line.get(name) for name in names if line.get(name) != ""}
        if enterprise:
            changes["enterprise_id"] = enterprise.pk
        if gravest(line.problems) != "error":
            _settle_grid(line, site, grids, changes)
        if site is None:
            changes.setdefault("kind", Site.Kind.WORKS)
        return _compared(line, site, lambda _line: changes)

    return [plan(line) for line in lines]


def _settle_grid(line: Line, site: Site | None, grids: Grids, changes: dict[str, Any]) -> None:
    longitude = changes.get("longitude", site.longitude if site else None)
    latitude = changes.get("latitude", site.latitude if site else None)
    lies_in = grids.holding(longitude, latitude) if longitude is not None and latitude is not None else None
    named = grids.named(line.get("grid")) if line.get("grid") else None
    if line.get("grid") and named is None:
        line.tell("grid", "grid_unknown")
    if named:
        if lies_in and lies_in.pk != named.pk:
            line.tell("grid", "grid_elsewhere", found=lies_in.name)
        changes["grid_id"] = named.pk
    elif lies_in and (site is None or (site.longitude, site.latitude) != (longitude, latitude)):
        changes["grid_id"] = lies_in.pk
    elif lies_in is None and grids.all and site is None:
        line.tell("longitude", "outside_grids")


def _compared(line: Line, known: Any, said: Callable[[Line], dict[str, Any]]) -> Plan:
    if gravest(line.problems) == "error":
        return Plan(line, "error", target=known)
    changes = said(line)
    if known is None:
        return Plan(line, "new", changes=changes)
    changed = {name: value for name, value in changes.items() if value != getattr(known, name)}
    return Plan(line, "changed" if changed else "unchanged", target=known, changes=changed)
