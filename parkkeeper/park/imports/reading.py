"""A file as it arrived, made headings and rows: a spreadsheet, a text file, or GeoJSON."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from parkkeeper.kernel.tables import BadTable, Note, Row, read_table
from parkkeeper.park.imports.columns import GEOJSON, GEOJSON_ONLY, GEOMETRY, Column

MEGABYTE = 1024 * 1024
BIGGEST = 25 * MEGABYTE
NOTES_AT_MOST = 20


@dataclass
class Sheet:
    """Headings and rows of a file, whatever it was, and what was noticed on the way (codes of wording.NOTES)."""

    headings: list[str]
    rows: list[Row]
    notes: list[Note] = field(default_factory=list)


def check_size(size: int) -> None:
    """Raise BadTable too_big (size, limit in MB) for a file of more bytes than an upload may have."""
    if size > BIGGEST:
        raise BadTable("too_big", size=-(-size // MEGABYTE), limit=BIGGEST // MEGABYTE)


def read_sheet(data: bytes, filename: str, kind: str) -> Sheet:
    """Read a file for that kind of import.

    Raises BadTable: the codes of kernel/tables, too_big, not_geojson (why), geojson_needed.
    """
    check_size(len(data))
    if not data.strip():
        raise BadTable("empty")
    looks_like_json = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")
    if kind in GEOJSON and (looks_like_json or filename.lower().endswith((".geojson", ".json"))):
        return read_geojson(data)
    if kind in GEOJSON_ONLY:
        raise BadTable("geojson_needed")
    table = read_table(data, filename)
    if not table.rows:
        raise BadTable("empty")
    return Sheet(_named(table.headings), table.rows, list(table.notes))


def read_geojson(data: bytes) -> Sheet:
    """Read a FeatureCollection: properties become columns, the geometry a last column of GeoJSON text."""
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise BadTable("not_geojson", why="JSON") from error
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list) or found.get("type") != "FeatureCollection":
        raise BadTable("not_geojson", why="FeatureCollection")
    if not features:
        raise BadTable("empty")
    names: dict[str, None] = {}
    for feature in features:
        names.update(dict.fromkeys(_properties(feature)))
    names.pop(GEOMETRY, None)
    headings = [*names, GEOMETRY]
    rows = [Row(number, _cells(feature, names)) for number, feature in enumerate(features, start=1)]
    return Sheet(headings, rows, _crs_notes(found))


def _properties(feature: Any) -> dict[str, Any]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return {str(key): value for key, value in properties.items()} if isinstance(properties, dict) else {}


def _cells(feature: Any, names: Iterable[str]) -> list[str]:
    properties = _properties(feature)
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    return [*(_text(properties.get(name)) for name in names), json.dumps(geometry) if geometry else ""]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def _crs_notes(found: dict[str, Any]) -> list[Note]:
    try:
        name = str(found["crs"]["properties"]["name"])
    except (KeyError, TypeError):
        return []
    return [] if name.upper().endswith(("CRS84", ":4326")) else [Note("not_wgs84", {"crs": name[:60]})]


def _named(headings: Sequence[str]) -> list[str]:
    return [heading[:60] for heading in headings]


def fill_merged(sheet: Sheet, columns: Iterable[Column], chosen: Mapping[str, int]) -> None:
    """Let vertically merged cells count for each of their rows, in the columns where that makes sense."""
    down = {chosen[column.name] for column in columns if column.fill_down and column.name in chosen}
    by_number = {row.number: row for row in sheet.rows}
    for note in sheet.notes:
        if note.code != "merged" or note.params["row"] == note.params["last_row"]:
            continue
        for index in down:
            top = by_number.get(int(note.params["row"]))
            if top is None or sheet.headings[index] != note.params["column"]:
                continue
            for number in range(int(note.params["row"]) + 1, int(note.params["last_row"]) + 1):
                below = by_number.get(number)
                if below and not below.cells[index].strip():
                    below.cells[index] = top.cells[index]


def short_notes(notes: Sequence[Note]) -> list[dict[str, Any]]:
    """Notes as they are kept beside the import: few, and without what a cell says."""
    kept = [
        {"code": note.code, "params": {key: value for key, value in note.params.items() if key != "value"}}
        for note in notes[:NOTES_AT_MOST]
    ]
    if len(notes) > NOTES_AT_MOST:
        kept.append({"code": "more_notes", "params": {"count": len(notes) - NOTES_AT_MOST}})
    return kept
