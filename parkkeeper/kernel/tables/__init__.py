"""Tables that people send and take: XLSX, XLS, ODS, CSV and TSV in; XLSX and CSV out; headings in any order."""

from parkkeeper.kernel.tables.columns import Field, match_columns, missing_fields
from parkkeeper.kernel.tables.reading import read_table
from parkkeeper.kernel.tables.shape import MAX_ROWS, BadTable, Note, Row, Table, column_letter
from parkkeeper.kernel.tables.writing import Cell, Sheet, write_csv, write_xlsx

__all__ = [
    "MAX_ROWS",
    "BadTable",
    "Cell",
    "Field",
    "Note",
    "Row",
    "Sheet",
    "Table",
    "column_letter",
    "match_columns",
    "missing_fields",
    "read_table",
    "write_csv",
    "write_xlsx",
]
