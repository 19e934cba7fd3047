"""The whole bulletin of a day, and what is made of it: a workbook, the facts of its paper."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.board.bulletin.figure import Figure, Section, Span
from parkkeeper.board.bulletin.inspected import inspection
from parkkeeper.board.bulletin.sampled import Link, antigen, doubts, positives, sampling
from parkkeeper.kernel.tables import Cell, Sheet, write_xlsx
from parkkeeper.papers.coverage import with_getas
from parkkeeper.park.models import Person


def bulletin(span: Span, link: Link, *, reader: Person | None = None) -> list[Section]:
    """Every section of the day, as known at `span.at`: asked again later, a past day tells the same.

    To a `reader` a large round of the running day may be told from its tally: some seconds older, and it says so.
    """
    return [
        sampling(span, link, reader),
        antigen(span, link, reader),
        positives(span, link),
        doubts(span),
        *inspection(span),
    ]


def figure_of(sections: list[Section], key: str) -> Figure | None:
    """The figure of that key, None when the day has none."""
    return next((figure for section in sections for figure in section.figures if figure.key == key), None)


def to_json(sections: list[Section]) -> list[dict[str, Any]]:
    """What the bulletin says, in plain values: title and key of each figure with value, whole, definition, moment."""
    return [
        {"section": section.title, "key": figure.key, "title": figure.title, "value": figure.value,
         "whole": figure.whole, "definition": figure.definition, "population": figure.population,
         "as_of": figure.as_of.isoformat(), "ids": [str(one) for one in figure.ids]}
        for section in sections for figure in section.figures
    ]  # fmt: skip


def workbook(day: date, sections: list[Section]) -> bytes:
    """The figures as XLSX, a row each."""
    headings = [_("类别"), _("指标"), _("数值"), _("分母"), "%", _("定义"), _("范围"), _("截至")]
    return write_xlsx([Sheet(_("日报 %(day)s") % {"day": day.isoformat()}, headings, _rows(sections))])


def _rows(sections: list[Section]) -> Iterator[list[Cell]]:
    for section in sections:
        for one in section.figures:
            yield [section.title, one.title, one.value, one.whole, one.percent, one.definition, one.population,
                   timezone.localtime(one.as_of).strftime("%Y-%m-%d %H:%M:%S")]  # fmt: skip


def paper_facts(span: Span, sections: list[Section], *, park: str, language: str) -> dict[str, Any]:
    """The facts of papers/templates/bulletin.typ."""
    at = timezone.localtime(span.at)
    tongue = {"zh-hant": ("zh", "hk"), "en": ("en", "us")}.get(language, ("zh", "cn"))
    return {
        "park": with_getas(park), "lang": tongue[0], "region": tongue[1],
        "title": _("日报 %(day)s") % {"day": span.day.isoformat()},
        "as_of": _("截至 %(time)s") % {"time": at.strftime("%Y-%m-%d %H:%M")},
        "note": _("各项数字按截至时已收到的记录计算，以后重算结果相同。"),
        "words": {"figure": _("指标"), "value": _("数值"), "definition": _("定义与范围")},
        "sections": [
            {"title": section.title, "note": section.note, "rows": [_line(figure) for figure in section.figures]}
            for section in sections
        ],
    }  # fmt: skip


def _line(figure: Figure) -> dict[str, str]:
    rate = figure.is_rate and figure.percent is not None
    of = f"{figure.value:,}/{figure.whole:,}" if figure.whole is not None else ""
    told = f"{figure.percent}%" if rate else f"{figure.value:,}"
    return {
        "title": figure.title, "value": told, "of": of,
        "definition": f"{figure.definition} [{figure.population}]",
        "tone": figure.tone if figure.value else "",
    }  # fmt: skip
