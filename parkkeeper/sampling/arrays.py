"""PostgreSQL array literals, so that one statement takes thousands of rows as a few plain strings.

The driver can bind lists too, but it adapts every element by itself: with ten columns and 500 rows that costs more
than the statement. A literal is one string to quote, and `%s::uuid[]` says what is in it.
"""

from collections.abc import Iterable
from datetime import date, datetime
from uuid import UUID


def plain(values: Iterable[UUID | int | bool | date | str | None]) -> str:
    """An array literal of ids, numbers or days; None becomes NULL. Not for other text: nothing is quoted."""
    return "{" + ",".join(["NULL" if value is None else str(value) for value in values]) + "}"


def moments(values: Iterable[datetime | None]) -> str:
    """An array literal of aware moments; None becomes NULL."""
    return "{" + ",".join(["NULL" if value is None else value.isoformat() for value in values]) + "}"


def texts(values: Iterable[str]) -> str:
    """An array literal of texts, quoted; NUL characters, which PostgreSQL cannot hold, are left out."""
    return "{" + ",".join([_quoted(value) for value in values]) + "}"


def _quoted(value: str) -> str:
    return '"' + value.replace("\x00", "").replace("\\", "\\\\").replace('"', '\\"') + '"'
