"""What a table is, once read, and what can be wrong with a file."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_ROWS = 300_000

Param = str | int

_GUARDED = re.compile(r"'*[=+\-@\t\r]")


@dataclass(frozen=True)
class Row:
    """One row with something in it; cells are as many as the table's headings, as written, never None."""

    number: int
    """The row's number as the user sees it in a spreadsheet, from 1."""
    cells: list[str]


@dataclass(frozen=True)
class Note:
    """Something the user should know about a table that could be read nonetheless.

    Codes: merged (row, last_row, column) · number_as_scientific (row, column, value) · other_sheets (names) ·
    two_row_headings (row) · mixed_encoding (row). Rows are 1-based row numbers, column is a heading or a letter.
    """

    code: str
    params: dict[str, Param] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """A sheet or file: its headings, the rows that hold something, and what was noticed on the way."""

    sheet: str
    """The sheet's name; empty for CSV."""
    heading_row: int
    """The 1-based row number of the headings in the file (the lower one when they take two rows)."""
    headings: list[str]
    """Tidied; empty where a column has no heading."""
    rows: list[Row]
    encoding: str | None = None
    """utf-8, utf-8-sig, utf-16, gb18030 or mixed for text files, else None."""
    notes: list[Note] = field(default_factory=list)


class BadTable(ValueError):
    """A file that cannot be read as a table.

    Codes: empty · not_a_table (kind) · broken_xlsx · encrypted · too_many_rows (limit, reason: rows, extent or time) ·
    encoding (row) · no_headings (row). The words for the user are the caller's.
    """

    def __init__(self, code: str, **params: Param) -> None:
        super().__init__(code, params)
        self.code = code
        self.params: Mapping[str, Param] = params

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.params.items())
        return f"{self.code} ({told})" if told else self.code


def guard(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would take for a formula (or that has one already)."""
    return "'" + text if _GUARDED.match(text) else text


def unguard(text: str) -> str:
    """Take off the one apostrophe that `guard` puts on."""
    return text[1:] if text[:1] == "'" and _GUARDED.match(text, 1) else text


def column_letter(index: int) -> str:
    """Return a spreadsheet's name of the column at 0-based `index`: A, B, … Z, AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
