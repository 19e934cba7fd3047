"""A column of a list: how a row's value is read, shown, linked, ordered and exported."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString

from parkkeeper.kernel.tables import Cell
from parkkeeper.park.templatetags.park import badge, exactly, number, when
from parkkeeper.park.templatetags.park import day as day_text

Kind = Literal["text", "number", "moment", "day", "badge", "code", "note"]
Words = str | Promise


def _read(row: Any, path: str) -> Any:
    """Follow an attribute path ("employer__short_name") or dictionary keys; None anywhere on the way is None."""
    for step in path.split("__"):
        if row is None:
            return None
        row = row[step] if isinstance(row, dict) else getattr(row, step)
        if callable(row):
            row = row()
    return row


@dataclass(frozen=True)
class Column:
    """One column.

    value   attribute path ("employer__short_name") or function of the row; by `name` when left out.
    kind    text, number (right, with separators), moment, day, badge (with `tone`), code (fixed width), note (wraps).
    link    function of the row that gives the address, or "" for none.
    order   ORM field(s) by which the heading orders; left out: no ordering.
    export  function of the row for files; None: what is shown; False: not in files.
    template  draws the cell instead (context: row, request); such a column is in files only with `export`.
    """

    name: str
    label: Words
    value: str | Callable[[Any], Any] = ""
    kind: Kind = "text"
    link: Callable[[Any], str] | None = None
    order: str | Sequence[str] = ""
    tone: Callable[[Any], str] | None = None
    export: Callable[[Any], Cell] | Literal[False] | None = None
    template: str = ""
    main: bool = False

    @property
    def exported(self) -> bool:
        """Whether files have this column."""
        return callable(self.export) or (self.export is None and not self.template)

    @property
    def css(self) -> str:
        """The classes of its cells and its heading."""
        kind = "state" if self.kind == "badge" else self.kind
        return f"main {kind}" if self.main else kind

    def read(self, row: Any) -> Any:
        """The row's value."""
        return self.value(row) if callable(self.value) else _read(row, self.value or self.name)

    def for_file(self, row: Any) -> Cell:
        """The row's value as a file has it: numbers stay numbers, moments in the park's time zone."""
        value = self.export(row) if callable(self.export) else self.read(row)
        if isinstance(value, datetime):
            return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
        if value is None or isinstance(value, int | float | date):
            return value
        return str(value)

    def _shown(self, row: Any) -> SafeString | str:
        value = self.read(row)
        if value is None or value == "":
            return "–"
        if isinstance(value, str):
            return badge(value, self.tone(row) if self.tone else "plain") if self.kind == "badge" else value
        if self.kind == "moment":
            return format_html('<span title="{}">{}</span>', exactly(value), when(value))
        if self.kind == "day":
            return day_text(value)
        if self.kind == "number":
            return number(value) if isinstance(value, int | float) else str(value)
        if self.kind == "badge":
            return badge(value, self.tone(row) if self.tone else "plain")
        return value if isinstance(value, SafeString) else str(value)

    def cell(self, row: Any, request: Any) -> SafeString:
        """The whole <td>, with the heading as data-label for the cards of narrow screens."""
        if self.template:
            shown: SafeString | str = render_to_string(self.template, {"row": row}, request=request)
        else:
            shown = self._shown(row)
            href = self.link(row) if self.link else ""
            if href and shown != "–":
                shown = format_html('<a href="{}">{}</a>', href, shown)
        css = f"{self.css} none" if shown == "–" else self.css
        return format_html('<td class="{}" data-label="{}">{}</td>', css, self.label, shown)
