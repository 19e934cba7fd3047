"""Tables to take away: XLSX and CSV that come back unchanged through `read_table`."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING
from uuid import UUID

from parkkeeper.kernel.tables.shape import guard, unguard

if TYPE_CHECKING:
    import xlsxwriter

Cell = str | int | float | date | UUID | None

_FORBIDDEN_IN_NAMES = re.compile(r"[\[\]:*?/\\]")
_NAME_LENGTH = 31
_CELL_LENGTH = 32767
_WIDEST, _NARROWEST = 60, 6


@dataclass(frozen=True)
class Sheet:
    """One sheet to write; rows may be a generator, so that a large table never stands in memory."""

    name: str
    headings: Sequence[str]
    rows: Iterable[Sequence[Cell]]
    widths: Sequence[int] | None = None
    """Of each column, in characters of the default font (a Chinese character counts two); by heading when None."""


def write_xlsx(sheets: Sequence[Sheet]) -> bytes:
    """Return a workbook: headings frozen and filterable; texts as text cells, so that no number loses digits.

    Numbers stay numbers, dates and moments become ISO text, None an empty cell. Raises ValueError without sheets.
    """
    import xlsxwriter  # here: a process that reads a workbook would begin twice as late for it

    if not sheets:
        raise ValueError("A workbook needs at least one sheet.")
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"constant_memory": True, "strings_to_formulas": False}) as book:
        text = book.add_format({"num_format": "@"})
        bold = book.add_format({"num_format": "@", "bold": True, "bottom": 1})
        for name, sheet in zip(_names(sheets), sheets, strict=True):
            page = book.add_worksheet(name)
            for column, width in enumerate(_widths(sheet)):
                page.set_column(column, column, width, text)
            for column, heading in enumerate(sheet.headings):
                page.write_string(0, column, heading, bold)
            last = 0
            for last, cells in enumerate(sheet.rows, start=1):
                for column, cell in enumerate(cells):
                    _write(page, last, column, cell, text)
            page.freeze_panes(1, 0)
            if sheet.headings:
                page.autofilter(0, 0, last, len(sheet.headings) - 1)
    return buffer.getvalue()


def write_csv(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """Return a CSV file in UTF-8 with a byte-order mark, so that Excel shows Chinese.

    A text that a spreadsheet would run as a formula gets an apostrophe in front, which `read_table` takes off again.
    """
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer)
    writer.writerow([guard(heading) for heading in headings])
    for cells in rows:
        writer.writerow([guard(_text(cell)) if isinstance(cell, str) else _text(cell) for cell in cells])
    return buffer.getvalue().encode("utf-8-sig")


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _write(page: "xlsxwriter.worksheet.Worksheet", row: int, column: int, cell: Cell, text: object) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, int | float) and not isinstance(cell, bool) and abs(cell) < 10**15:
        page.write_number(row, column, cell)
        return
    shown = _text(cell)
    # Readers take one apostrophe off before a formula's mark; a text that really has one gets another.
    if unguard(shown) != shown:
        shown = "'" + shown
    page.write_string(row, column, shown if len(shown) <= _CELL_LENGTH else shown[: _CELL_LENGTH - 1] + "…", text)


def _widths(sheet: Sheet) -> list[int]:
    if sheet.widths is not None:
        return list(sheet.widths)
    shown = (sum(2 if ord(character) > 0xFF else 1 for character in heading) + 4 for heading in sheet.headings)
    return [min(_WIDEST, max(_NARROWEST, width)) for width in shown]


def _names(sheets: Sequence[Sheet]) -> list[str]:
    """Names that spreadsheets accept: no marks of theirs, 31 characters, no two alike whatever the case."""
    names: list[str] = []
    for sheet in sheets:
        base = _FORBIDDEN_IN_NAMES.sub(" ", sheet.name).strip(" '")[:_NAME_LENGTH] or "Sheet"
        name, count = base, 1
        while name.casefold() in (other.casefold() for other in names):
            count += 1
            name = f"{base[: _NAME_LENGTH - len(str(count)) - 1]} {count}"
        names.append(name)
    return names
