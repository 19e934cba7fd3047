"""The list itself: reads what the address asks for, narrows the rows, shows a page of them or writes a file."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from django.core.paginator import EmptyPage, Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from parkkeeper.kernel.tables import Cell, Sheet, write_csv, write_xlsx
from parkkeeper.kernel.text import tidy
from parkkeeper.park import access, journal
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.lists.columns import Column
from parkkeeper.park.lists.filters import Filter, begins_with
from parkkeeper.park.words import joined, labelled

Words = str | Promise
_SEARCH_LENGTH = 60
_DIGITS = 10
_SEARCH, _NOTHING = gettext_lazy("搜索"), gettext_lazy("没有符合条件的记录。")
_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


LISTS: dict[str, "List"] = {}
"""Every list by its name: the journal tells what was read by its words."""


@dataclass
class Asked:
    """What the address asks of a list: search text, read filter values by name, order, and what was wrong.

    `chosen`: the reader narrowed it; what a page begins with by itself is no choice.
    """

    text: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)
    order: str = ""
    problems: list[str] = field(default_factory=list)
    chosen: bool = False


Source = Any
"""A QuerySet, a list, anything with count() and slices, or a function of Asked that gives one of these."""


@dataclass(frozen=True)
class List:
    """A list, declared once. `people` lists are journalled each time they are read, and exported by export_people only.

    rows       a QuerySet is searched, filtered and ordered here; a function of Asked does that itself (raw SQL).
    search     (rows, text) -> rows; left out: no search box. hint says what is searched.
    order      the name of the column that orders at first, "-name" for descending.
    key        function of the row: adds a box to choose rows by; they arrive as `chosen` of the form with id "bulk".
    verb       may export: a verb of access.GRANTS; left out: whoever may open the page (people: "export_people").
    """

    name: str
    title: Words
    columns: Sequence[Column]
    filters: Sequence[Filter] = ()
    search: Callable[[Any, str], Any] | None = None
    hint: Words = _SEARCH
    order: str = ""
    per_page: int = 50
    people: bool = False
    key: Callable[[Any], Any] | None = None
    verb: str = ""
    empty: Words = _NOTHING
    row_tone: Callable[[Any], str] | None = None
    export: bool = True

    def __post_init__(self) -> None:
        LISTS[self.name] = self

    def words_of(self, asked: Mapping[str, str]) -> str:
        """What a reader asked of the list (`Asked.raw`, and q for the search), in the language of now."""
        filters = {filter_.name: filter_ for filter_ in self.filters}
        return joined(
            labelled(filters[name].label, filters[name].words_of(value)) if name in filters
            else labelled(_SEARCH if name == "q" else name, value)
            for name, value in asked.items() if value
        )  # fmt: skip

    def page(
        self,
        request: HttpRequest,
        rows: Source,
        template: str = "park/list.html",
        context: Mapping[str, Any] | None = None,
    ) -> HttpResponse:
        """The page with the list, only the list for a refresh in place, or the file that ?export=csv|xlsx asks for."""
        asked = self.asked(request)
        found = self.rows(rows, asked)
        form = request.GET.get("export", "")
        if form in _TYPES:
            return self.file(request, found, asked, form)
        shown = self.shown(request, found, asked)
        if request.headers.get("HX-Target", "").endswith(f"#{shown['id']}"):
            return render(request, "park/list/list.html", {**(context or {}), "list": shown})
        return render(request, template, {"title": self.title, **(context or {}), "list": shown})

    def asked(self, request: HttpRequest) -> Asked:
        """Read the address; what is wrong in it is told in `problems` and left out."""
        asked = Asked(text=tidy(request.GET.get("q", ""))[:_SEARCH_LENGTH] if self.search else "")
        asked.chosen = bool(asked.text)
        for filter_ in self.filters:
            begins = begins_with(request).get(filter_.name, filter_.default)
            text = tidy(request.GET.get(filter_.name, begins))
            asked.chosen = asked.chosen or text != begins
            if not text:
                continue
            try:
                asked.values[filter_.name] = filter_.read(text, request)
                asked.raw[filter_.name] = text
            except Refused as refusal:
                asked.problems.append(str(refusal))
        order = request.GET.get("sort", "")
        known = {column.name for column in self.columns if column.order}
        asked.order = order if order.lstrip("-") in known else self.order
        return asked

    def rows(self, rows: Source, asked: Asked) -> Any:
        """The rows that are asked for."""
        if callable(rows) and not isinstance(rows, QuerySet):
            return rows(asked)
        if not isinstance(rows, QuerySet):
            return rows
        for filter_ in self.filters:
            if filter_.name in asked.values:
                rows = filter_.narrow(rows, asked.values[filter_.name])
        if self.search and asked.text:
            rows = self.search(rows, asked.text)
        return self._ordered(rows, asked.order)

    def _ordered(self, rows: QuerySet[Any], order: str) -> QuerySet[Any]:
        column = next((c for c in self.columns if c.name == order.lstrip("-") and c.order), None)
        if column is None:
            return rows if rows.ordered else rows.order_by("pk")
        fields = [column.order] if isinstance(column.order, str) else list(column.order)
        if order.startswith("-"):
            fields = [f.removeprefix("-") if f.startswith("-") else f"-{f}" for f in fields]
        return rows.order_by(*fields, "pk")

    def shown(self, request: HttpRequest, rows: Any, asked: Asked) -> dict[str, Any]:
        """What the templates park/list/*.html show: a page of drawn cells, the filters, the ways to export."""
        page = self._page_of(rows, request.GET.get("page", ""))
        if self.people:
            self._write_down(request, page.paginator.count, asked, "page")
        return {
            "id": f"list-{self.name}",
            "of": self,
            "searches": self.search is not None,  # templates would call what is callable
            "picks": self.key is not None,
            "asked": asked,
            "page": page,
            "pages": page.paginator.get_elided_page_range(page.number, on_each_side=2, on_ends=1),
            "headings": [self._heading(column, asked) for column in self.columns],
            "rows": [self._row(row, request) for row in page.object_list],
            "filters": [self._field(filter_, request, asked) for filter_ in self.filters if filter_.kind != "only"],
            "marks": [
                {
                    "name": f.name,
                    "label": f.label,
                    "value": asked.raw[f.name],
                    "title": f.title_of(asked.raw[f.name], request),
                }
                for f in self.filters
                if f.kind == "only" and f.name in asked.raw
            ],
            "narrowed": asked.chosen,
            "may_export": self.export and self._may_export(request),
        }

    def _page_of(self, rows: Any, number: str) -> Page[Any]:
        paginator = Paginator(rows, self.per_page)
        try:
            return paginator.page(int(number) if number.isdecimal() and len(number) < _DIGITS else 1)
        except EmptyPage:
            return paginator.page(paginator.num_pages)

    def _heading(self, column: Column, asked: Asked) -> dict[str, Any]:
        now = asked.order.lstrip("-") == column.name and bool(column.order)
        down = now and asked.order.startswith("-")
        return {
            "label": column.label,
            "kind": column.css,
            "sort": (column.name if down or not now else f"-{column.name}") if column.order else "",
            "aria": ("descending" if down else "ascending") if now else "",
        }

    def _row(self, row: Any, request: HttpRequest) -> dict[str, Any]:
        return {
            "cells": SafeString("".join(column.cell(row, request) for column in self.columns)),
            "key": self.key(row) if self.key else None,
            "name": str(self.columns[0].read(row)) if self.key else "",
            "tone": self.row_tone(row) if self.row_tone else "",
        }

    def _field(self, filter_: Filter, request: HttpRequest, asked: Asked) -> dict[str, Any]:
        return {
            "name": filter_.name,
            "label": filter_.label,
            "kind": filter_.kind,
            "value": asked.raw.get(filter_.name, ""),
            "options": filter_.options(request),
            "none": getattr(filter_, "none", ""),
        }

    # files

    def _may_export(self, request: HttpRequest) -> bool:
        verb = self.verb or ("export_people" if self.people else "")
        if not verb:
            return True
        reached = access.scopes(request.person, verb, at=request.at)  # type: ignore[attr-defined]
        seen = request.scopes  # type: ignore[attr-defined]
        # who sees more than the right to export reaches would carry away what the right does not cover
        return reached is None or (seen is not None and bool(seen) and all(scope in reached for scope in seen))

    def file(self, request: HttpRequest, rows: Any, asked: Asked, form: str) -> HttpResponse:
        """All rows that are asked for, as CSV or XLSX. Raises Forbidden without the right to export."""
        if not (self.export and self._may_export(request)):
            raise Forbidden(self.verb or "export_people")
        if self.people:
            count = Paginator(rows, self.per_page).count
            self._write_down(request, count, asked, form)
        columns = [column for column in self.columns if column.exported]
        headings = [str(column.label) for column in columns]
        lines = _lines(rows, columns)
        data = write_csv(headings, lines) if form == "csv" else write_xlsx([Sheet(str(self.title), headings, lines)])
        local = timezone.localtime(request.at)  # type: ignore[attr-defined]
        name = quote(f"{self.title} {local:%Y-%m-%d %H%M}.{form}")
        response = HttpResponse(data, content_type=_TYPES[form])
        response["Content-Disposition"] = f"attachment; filename*=UTF-8''{name}"
        return response

    def _write_down(self, request: HttpRequest, count: int, asked: Asked, form: str) -> None:
        filters = {**asked.raw, **({"q": _without_documents(asked.text)} if asked.text else {})}
        by, at = request.person, request.at  # type: ignore[attr-defined]
        journal.record("people.listed", by=by, at=at, where=self.name, count=count, form=form, filters=filters)


def _lines(rows: Any, columns: Sequence[Column]) -> Iterator[list[Cell]]:
    found: Iterable[Any] = rows.iterator(chunk_size=2000) if isinstance(rows, QuerySet) else rows
    for row in found:
        yield [column.for_file(row) for column in columns]


def _without_documents(text: str) -> str:
    """Search text for the journal: what may be a document or a phone number is cut to its last four."""
    if sum(character.isdigit() for character in text) < 7:
        return text
    return f"…{text[-4:]}"
