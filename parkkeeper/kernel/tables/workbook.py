"""XLSX, XLS and ODS, read in a process of its own.

One cell at the far corner of a sheet makes the parser ask for 500 GB and abort the whole process, and a damaged file
may do the like. So the file is parsed in a child with a limit on memory and time, and only its answer comes back.
"""

import io
import os
import resource
import signal
import subprocess
import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import orjson
from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from parkkeeper.kernel.tables.headings import Grid, Range, is_filled, table_of
from parkkeeper.kernel.tables.shape import BadTable, Note, Row, Table, unguard

_MEMORY = 2 << 30
_SECONDS = 120
_SLACK_ROWS = 60
_EXACT_DIGITS = 10**15
_KILLED_BY_SIZE = {-signal.SIGABRT, -signal.SIGKILL, -signal.SIGSEGV}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")

Value = int | float | str | bool | time | date | datetime | timedelta


def read_workbook(data: bytes, *, sheet: str | None, max_rows: int) -> Table:
    """Read a workbook in a child process.

    Raises BadTable: empty, broken_xlsx, encrypted, too_many_rows, no_headings.
    """
    command = [sys.executable, "-P", "-m", "parkkeeper.kernel.tables", str(max_rows), sheet or ""]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "RUST_BACKTRACE": "0"}
    try:
        child = subprocess.run(command, input=data, capture_output=True, env=environment, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise BadTable("too_many_rows", limit=max_rows, reason="time") from error
    if child.returncode in _KILLED_BY_SIZE:
        raise BadTable("too_many_rows", limit=max_rows, reason="extent")
    if child.returncode:
        raise RuntimeError(f"The reader of workbooks failed: {child.stderr.decode(errors='replace')[-2000:]}")
    return _table_from(orjson.loads(child.stdout))


def _table_from(answer: dict[str, Any]) -> Table:
    if "bad" in answer:
        raise BadTable(answer["bad"], **answer["params"])
    return Table(
        sheet=answer["sheet"],
        heading_row=answer["heading_row"],
        headings=answer["headings"],
        rows=[Row(number, cells) for number, cells in answer["rows"]],
        notes=[Note(code, params) for code, params in answer["notes"]],
    )


def _answer(table: Table) -> dict[str, Any]:
    return {
        "sheet": table.sheet,
        "heading_row": table.heading_row,
        "headings": table.headings,
        "rows": [(row.number, row.cells) for row in table.rows],
        "notes": [(note.code, note.params) for note in table.notes],
    }


def read_here(data: bytes, *, sheet: str | None, max_rows: int) -> Table:
    """Read a workbook in this process: the first visible sheet with headings and rows, or the one named `sheet`."""
    if data.startswith(_OLE) and _ENCRYPTED in data:
        raise BadTable("encrypted")
    try:
        with CalamineWorkbook.from_filelike(io.BytesIO(data)) as book:
            return _first_table(book, sheet, max_rows)
    except PasswordError as error:
        raise BadTable("encrypted") from error
    except MemoryError as error:
        raise BadTable("too_many_rows", limit=max_rows, reason="extent") from error
    except BadTable:
        raise
    except (CalamineError, ValueError, OverflowError) as error:
        raise BadTable("broken_xlsx") from error


def _first_table(book: CalamineWorkbook, sheet: str | None, max_rows: int) -> Table:
    names = [
        meta.name
        for meta in book.sheets_metadata
        if meta.typ == SheetTypeEnum.WorkSheet and meta.visible == SheetVisibleEnum.Visible
    ]
    why, hollow = BadTable("empty"), None
    for name in [sheet] if sheet in names else names:
        try:
            table = table_of(_grid(book.get_sheet_by_name(name), max_rows), max_rows=max_rows)
        except BadTable as error:
            # What is wrong with a sheet that holds something says more than an empty one beside it.
            why = error if why.code == "empty" else why
            if error.code == "too_many_rows":
                break
            continue
        hollow = hollow or table
        if table.rows:
            others = [other for other in names if other != name]
            if others:
                table.notes.append(Note("other_sheets", {"names": " · ".join(others)}))
            return table
    if hollow and why.code == "empty":
        return hollow
    raise why


def _grid(sheet: CalamineSheet, max_rows: int) -> Grid:
    rows: list[tuple[int, list[str]]] = []
    # The parser keeps empty rows above the first cell, but not empty columns to the left of it.
    left = [""] * (sheet.start[1] if sheet.start else 0)
    for number, values in enumerate(sheet.iter_rows(), start=1):
        cells = [unguard(value) if isinstance(value, str) else text_of(value) for value in values]
        if any(map(is_filled, cells)):
            rows.append((number, left + cells))
        if len(rows) > max_rows + _SLACK_ROWS:
            raise BadTable("too_many_rows", limit=max_rows, reason="rows")
    merged: list[Range] = [(*first, *last) for first, last in sheet.merged_cell_ranges or []]
    return Grid(sheet.name, rows, merged=merged)


def text_of(value: Value) -> str:
    """Return a cell's value as a person would write it: no '.0', ISO dates, times to the second.

    A whole number of 16 digits or more has lost digits in the spreadsheet already; it stays in scientific form, so
    that nobody takes made-up digits for a document.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, datetime):
        return _second(value).strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        shown = _second(datetime.combine(date(2000, 1, 1), value)).strftime("%H:%M:%S")
        return shown.removesuffix(":00")
    return str(value)


def _number(value: float) -> str:
    if abs(value) >= _EXACT_DIGITS:
        return format(Decimal(f"{value:.14e}").normalize(), "E")
    if float(value).is_integer():
        return str(int(value))
    return format(Decimal(f"{value:.15g}"), "f")


def _second(moment: datetime) -> datetime:
    return (moment + timedelta(milliseconds=500)).replace(microsecond=0)


def answer_parent(arguments: list[str]) -> None:
    """Be the child: read standard input within the limits, write the table or what is wrong as JSON."""
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    limit = _MEMORY if hard == resource.RLIM_INFINITY else min(_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_AS, (limit, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    max_rows, sheet = int(arguments[0]), arguments[1]
    try:
        answer = _answer(read_here(sys.stdin.buffer.read(), sheet=sheet or None, max_rows=max_rows))
    except BadTable as error:
        answer = {"bad": error.code, "params": dict(error.params)}
    except MemoryError:
        answer = {"bad": "too_many_rows", "params": {"limit": max_rows, "reason": "extent"}}
    sys.stdout.buffer.write(orjson.dumps(answer))
