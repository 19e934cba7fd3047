"""One row of a laboratory's report, and what can be wrong with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ResultIn:
    """One result as somebody says it; `tested_at` None when only the value was said, `row` its number in the file."""

    tube_code: str
    value: str
    tested_at: datetime | None
    row: int = 0


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one row: its number (0: the whole), the field, the value as sent, a code.

    `stored` says whether the row went in nonetheless. The words for people are in sampling/labwords.py.
    """

    row: int
    column: str
    value: str
    code: str
    stored: bool = False

    def as_json(self) -> dict[str, Any]:
        """As it stands in LabReport.problems."""
        return {
            "row": self.row, "column": self.column, "value": self.value[:120], "code": self.code, "stored": self.stored,
        }  # fmt: skip
