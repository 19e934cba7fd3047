"""Reading a table that somebody sent, whatever program made it."""

from parkkeeper.kernel.tables.delimited import read_delimited
from parkkeeper.kernel.tables.headings import table_of
from parkkeeper.kernel.tables.shape import MAX_ROWS, BadTable, Table
from parkkeeper.kernel.tables.workbook import read_workbook

_ZIP = b"PK\x03\x04"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_WORKBOOK_NAMES = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods", ".et")
_FOREIGN = {b"%PDF": "pdf", b"\x89PNG": "image", b"\xff\xd8\xff": "image", b"Rar!": "archive", b"7z\xbc\xaf": "archive"}


def read_table(data: bytes, filename: str, *, sheet: str | None = None, max_rows: int = MAX_ROWS) -> Table:
    """Read the first visible sheet that has headings and rows (or the one named `sheet`), or a CSV or TSV file.

    What the bytes are decides, the file's name only helps. Raises BadTable; see there for its codes.
    """
    if not data:
        raise BadTable("empty")
    for magic, kind in _FOREIGN.items():
        if data.startswith(magic):
            raise BadTable("not_a_table", kind=kind)
    if data.startswith((_ZIP, _OLE)):
        return _workbook(data, sheet, max_rows)
    if (
        filename.lower().endswith(_WORKBOOK_NAMES)
        and b"\0" in data[:4096]
        and data[:2] not in (b"\xff\xfe", b"\xfe\xff")
    ):
        raise BadTable("broken_xlsx")
    if data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"<", b"{", b"["):
        # Some systems export a web page and call it .xls; Excel opens it and can save it properly.
        raise BadTable("not_a_table", kind="markup")
    return table_of(read_delimited(data, filename, max_rows=max_rows), max_rows=max_rows)


def _workbook(data: bytes, sheet: str | None, max_rows: int) -> Table:
    if b"xl/workbook" not in data and (b"word/document.xml" in data or b"ppt/presentation.xml" in data):
        raise BadTable("not_a_table", kind="document")
    return read_workbook(data, sheet=sheet, max_rows=max_rows)
