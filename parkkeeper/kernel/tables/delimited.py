"""CSV and TSV as offices export them: UTF-8 or GB 18030, even both in one file, any mark between the cells."""

import csv
import io
from collections import Counter
from collections.abc import Iterator

from parkkeeper.kernel.tables.headings import Grid, is_filled
from parkkeeper.kernel.tables.shape import BadTable, Note, unguard

_DELIMITERS = ",\t;|"
_FULL_WIDTH_COMMA = "，"
_SAMPLE_LINES = 30
_CELL_LIMIT = 1_000_000
_BINARY = frozenset(range(32)) - frozenset(b"\t\n\r\f\v\x1a\x1c\x1d\x1e\x1f")


def read_delimited(data: bytes, filename: str, *, max_rows: int) -> Grid:
    """Read a text file into raw rows. Raises BadTable: empty, not_a_table, encoding, too_many_rows."""
    text, encoding, notes = decode(data)
    rows: list[tuple[int, list[str]]] = []
    try:
        for number, cells in enumerate(_records(text, _delimiter(text, filename)), start=1):
            if any(map(is_filled, cells)):
                rows.append((number, [unguard(cell) for cell in cells]))
            if len(rows) > max_rows + _SAMPLE_LINES:
                raise BadTable("too_many_rows", limit=max_rows, reason="rows")
    except csv.Error as error:
        raise BadTable("not_a_table", kind="text") from error
    return Grid("", rows, encoding, notes=notes)


def decode(data: bytes) -> tuple[str, str, list[Note]]:
    """Return the text, the encoding's name, and a note when lines differ in encoding. Raises BadTable."""
    if not data.strip(b"\0\t\r\n \xef\xbb\xbf\xff\xfe"):
        raise BadTable("empty")
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return _strictly(data, "utf-16"), "utf-16", []
    if not _BINARY.isdisjoint(data[:65536]):
        raise BadTable("not_a_table", kind="binary")
    named = "utf-8-sig" if data.startswith(b"\xef\xbb\xbf") else "utf-8"
    try:
        return data.decode("utf-8-sig"), named, []
    except UnicodeDecodeError:
        return _by_line(data.removeprefix(b"\xef\xbb\xbf"))


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadTable("encoding", row=1) from error


def _by_line(data: bytes) -> tuple[str, str, list[Note]]:
    """Decode a file that is not UTF-8 as a whole: GB 18030, or a file that two programs have written to.

    A line end can be no part of a GB 18030 character, so that lines may be told apart before they are decoded. UTF-8
    often passes for GB 18030 but hardly ever the other way about: UTF-8 is tried first, and only Chinese text counts.
    """
    lines: list[tuple[str, str]] = []
    for number, line in enumerate(data.split(b"\n"), start=1):
        lines.append(_line(line, number))
    seen = Counter(encoding for _, encoding in lines)
    if not seen["utf-8"]:
        return "\n".join(text for text, _ in lines), "gb18030", []
    other = next(number for number, (_, encoding) in enumerate(lines, start=1) if encoding == "gb18030")
    return "\n".join(text for text, _ in lines), "mixed", [Note("mixed_encoding", {"row": other})]


def _line(line: bytes, number: int) -> tuple[str, str]:
    if line.isascii():
        return line.decode("ascii"), "ascii"
    try:
        text = line.decode("utf-8")
        if any("\u3400" <= character <= "\u9fff" for character in text):
            return text, "utf-8"
    except UnicodeDecodeError:
        pass
    try:
        return line.decode("gb18030"), "gb18030"
    except UnicodeDecodeError as error:
        raise BadTable("encoding", row=number) from error


def _delimiter(text: str, filename: str) -> str:
    if filename.lower().endswith((".tsv", ".tab")) and "\t" in text:
        return "\t"
    sample = "\n".join(text.splitlines()[:_SAMPLE_LINES])
    best = max(_DELIMITERS, key=lambda mark: _evenness(sample, mark))
    if _evenness(sample, best) == 0 and _evenness(sample, _FULL_WIDTH_COMMA) > 0:
        return _FULL_WIDTH_COMMA
    return best


def _evenness(sample: str, mark: str) -> float:
    """How many cells beyond the first most lines have, weighed by how many lines agree."""
    widths = [len(cells) for cells in _records(sample, mark) if any(map(is_filled, cells))]
    if not widths:
        return 0
    width, lines = max(Counter(widths).items(), key=lambda item: (item[0] - 1) * item[1])
    return (width - 1) * lines / len(widths)


def _records(text: str, delimiter: str) -> Iterator[list[str]]:
    csv.field_size_limit(_CELL_LIMIT)
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
