"""The stages of an import on disk: the sheet as it came, its lines as they were read; made again when they are lost."""

from typing import Any, Literal

from parkkeeper.kernel.tables import Note, Row
from parkkeeper.park.files import read_file
from parkkeeper.park.imports.kinds import read_lines
from parkkeeper.park.imports.lines import Line, line_of
from parkkeeper.park.imports.reading import Sheet, read_sheet
from parkkeeper.park.imports.spool import PIECE, Lost, Spool
from parkkeeper.park.models import Import


def spool_sheet(batch: Import, sheet: Sheet) -> None:
    """Keep a sheet for the next requests. Raises Refused when the disk is full."""
    spool = Spool(batch.pk)
    spool.write("notes", [[{"code": note.code, "params": note.params} for note in sheet.notes]])
    spool.write("cells", [[row.number, row.cells] for row in sheet.rows])


def spool_lines(batch: Import) -> None:
    """Read all rows as the import's columns say, and keep the lines for its steps."""
    columns = {name: column for name, column in batch.columns.items() if name != "fixed"}
    lines = read_lines(batch.kind, _sheet_of(batch), columns, batch.columns.get("fixed", {}))
    Spool(batch.pk).write("lines", [line.as_json() for line in lines])


def next_lines(batch: Import) -> list[Line]:
    """The lines at the import's cursor, 2,000 at most."""
    return [line_of(facts) for facts in _piece(batch, "lines", batch.done)]


def sample_rows(batch: Import, most: int = 3) -> list[list[str]]:
    """The cells of the first rows, for the page on which columns are chosen."""
    return [cells for _number, cells in _piece(batch, "cells", 0)[:most]]


def _sheet_of(batch: Import) -> Sheet:
    spool = Spool(batch.pk)
    try:
        notes = [Note(**note) for note in spool.read("notes", 0)[0]]
        return Sheet(batch.headings, [Row(n, cells) for n, cells in spool.read_all("cells", batch.total)], notes)
    except Lost:
        return _read_again(batch)


def _read_again(batch: Import) -> Sheet:
    sheet = read_sheet(read_file(batch.file), batch.file.name, batch.kind)
    spool_sheet(batch, sheet)
    return sheet


def _piece(batch: Import, layer: Literal["cells", "lines"], start: int) -> list[Any]:
    spool = Spool(batch.pk)
    try:
        return spool.read(layer, start)[:PIECE]
    except Lost:
        _read_again(batch)
        if layer == "lines":
            spool_lines(batch)
        return spool.read(layer, start)[:PIECE]
