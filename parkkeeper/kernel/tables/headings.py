"""Finding the row of headings under titles and remarks, and making a table of what stands below it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import islice

from parkkeeper.kernel.tables.shape import BadTable, Note, Row, Table, column_letter
from parkkeeper.kernel.text import tidy

_LOOK_AT = 60
_TITLES_AT_MOST = 20
_SHARE_OF_WIDTH = 0.6
_DIGITS_OF_DATA = 6
_SCIENTIFIC = re.compile(r"[+-]?\d(\.\d+)?[Ee]\+?(\d{2,3})")

Numbered = tuple[int, list[str]]
Range = tuple[int, int, int, int]
"""First row, first column, last row, last column of merged cells, 0-based as the spreadsheet stores them."""


@dataclass
class Grid:
    """Raw cells before the headings are known: (1-based row number, texts) of rows that hold something."""

    sheet: str
    rows: list[Numbered]
    encoding: str | None = None
    merged: list[Range] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)


def is_filled(cell: str) -> bool:
    """Say whether a cell shows anything; the quick look first, since tables have a million cells."""
    return bool(cell) and not cell.isspace() and bool(tidy(cell))


def table_of(grid: Grid, *, max_rows: int) -> Table:
    """Make a table of raw rows. Raises BadTable: empty, no_headings, too_many_rows."""
    if not grid.rows:
        raise BadTable("empty")
    at = _heading_index(grid.rows)
    number, cells = grid.rows[at]
    headings = [tidy(cell) for cell in cells]
    notes = list(grid.notes)
    below = at + 1
    if lower := _second_heading_row(grid, at):
        headings = _joined(headings, lower[1])
        number, below = lower[0], at + 2
        notes.append(Note("two_row_headings", {"row": number}))
    data = grid.rows[below:]
    if len(data) > max_rows:
        raise BadTable("too_many_rows", limit=max_rows, rows=len(data), reason="rows")
    width = max(_width(row) for row in [headings, *(cells for _, cells in data)])
    headings = _fit(headings, width)
    rows = [Row(row_number, _fit(row_cells, width)) for row_number, row_cells in data]
    notes += _merged_notes(grid.merged, number, headings)
    notes += _scientific_notes(rows, headings)
    return Table(grid.sheet, number, headings, rows, grid.encoding, notes)


def _heading_index(rows: Sequence[Numbered]) -> int:
    """The first row that is nearly as wide as the table and holds words, before any row that holds data."""
    width = max(_filled_cells(cells) for _, cells in rows[:_LOOK_AT])
    for index, (number, cells) in enumerate(islice(rows, _TITLES_AT_MOST)):
        if _filled_cells(cells) < width * _SHARE_OF_WIDTH:
            continue
        if _holds_words(cells):
            return index
        raise BadTable("no_headings", row=number)
    raise BadTable("no_headings", row=rows[0][0])


def _holds_words(cells: Iterable[str]) -> bool:
    filled = [tidy(cell) for cell in cells if is_filled(cell)]
    if any(sum(map(str.isdigit, cell)) >= _DIGITS_OF_DATA for cell in filled):
        return False
    return sum(any(map(str.isalpha, cell)) for cell in filled) * 2 >= len(filled)


def _second_heading_row(grid: Grid, at: int) -> Numbered | None:
    """The row under a heading that spans several columns, when it only names those columns."""
    if at + 1 >= len(grid.rows):
        return None
    number = grid.rows[at][0]
    below_number, below = grid.rows[at + 1]
    under_spans: set[int] = set()
    for first_row, first_column, last_row, last_column in grid.merged:
        if first_row == last_row == number - 1 and last_column > first_column:
            under_spans.update(range(first_column, last_column + 1))
    named = {index for index, cell in enumerate(below) if is_filled(cell)}
    if not named or below_number != number + 1 or not named <= under_spans:
        return None
    return (below_number, below) if len(named) >= 2 and _holds_words(below) else None


def _joined(upper: list[str], lower: list[str]) -> list[str]:
    width = max(len(upper), len(lower))
    return [tidy(below) or above for above, below in zip(_fit(upper, width), _fit(lower, width), strict=True)]


def _merged_notes(merged: Iterable[Range], heading_row: int, headings: Sequence[str]) -> list[Note]:
    return [
        Note("merged", {"row": first + 1, "last_row": last + 1, "column": _named(headings, column)})
        for first, column, last, _ in merged
        if first + 1 > heading_row
    ]


def _scientific_notes(rows: Iterable[Row], headings: Sequence[str]) -> list[Note]:
    """Long numbers that a spreadsheet kept with 15 digits: the rest is lost, and only the sender can say it again."""
    return [
        Note("number_as_scientific", {"row": row.number, "column": _named(headings, index), "value": cell})
        for row in rows
        for index, cell in enumerate(row.cells)
        if ("E" in cell or "e" in cell) and _is_scientific(cell)
    ]


def _is_scientific(cell: str) -> bool:
    found = _SCIENTIFIC.fullmatch(cell.strip())
    return bool(found) and int(found[2]) >= 10 if found else False


def _named(headings: Sequence[str], index: int) -> str:
    return (headings[index] if index < len(headings) else "") or column_letter(index)


def _filled_cells(cells: Iterable[str]) -> int:
    return sum(map(is_filled, cells))


def _width(cells: Sequence[str]) -> int:
    width = len(cells)
    while width and not is_filled(cells[width - 1]):
        width -= 1
    return width


def _fit(cells: list[str], width: int) -> list[str]:
    return cells[:width] if len(cells) >= width else cells + [""] * (width - len(cells))
