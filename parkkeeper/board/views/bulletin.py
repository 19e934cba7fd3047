"""The bulletin of a day as page, PDF and workbook; the lists behind its figures; the leader's five numbers."""

from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from parkkeeper.board.bulletin.behind import LISTS, rows_of
from parkkeeper.board.bulletin.figure import Figure, Section, Span, span_of
from parkkeeper.board.bulletin.whole import bulletin as told
from parkkeeper.board.bulletin.whole import figure_of, paper_facts, workbook
from parkkeeper.papers.render import render as set_paper
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.sampling.links import link_to

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def bulletin(request: OfficeRequest) -> HttpResponse:
    """The bulletin of ?day= (today without one); ?form=pdf|xlsx gives it as a file."""
    span, problem = _asked(request, request.GET.get("day", ""))
    sections = told(span, partial(link_to, request), reader=request.person)
    form = request.GET.get("form", "")
    if form in _FILES:
        return _file(span, form, *_FILES[form](request, span, sections))
    context = {
        "title": _("日报 %(day)s") % {"day": span.day.isoformat()}, "span": span, "problem": problem,
        "sections": [(section, [(one, _href(span, one)) for one in section.figures]) for section in sections],
        "before": span.day - timedelta(days=1), "after": None if span.running else span.day + timedelta(days=1),
    }  # fmt: skip
    return render(request, "board/bulletin.html", context)


def bulletin_list(request: OfficeRequest, day: str, name: str) -> HttpResponse:
    """What a figure of the bulletin counted, as it was then."""
    span, problem = _asked(request, day)
    figure = figure_of(told(span, partial(link_to, request), reader=request.person), name)
    if figure is None or figure.noun not in LISTS or problem:
        raise Http404
    context = {
        "title": f"{figure.title} {span.day.isoformat()}", "figure": figure,
        "crumbs": [(_("日报 %(day)s") % {"day": span.day.isoformat()}, f"{reverse('bulletin')}?day={span.day}")],
    }  # fmt: skip
    return LISTS[figure.noun].page(request, rows_of(figure), "board/bulletin_list.html", context)


def _asked(request: OfficeRequest, text: str) -> tuple[Span, str]:
    """The day that the address names, and what was wrong with it; today without one."""
    today = timezone.localdate(request.at)
    try:
        return span_of(date.fromisoformat(text) if text else today, request.at), ""
    except (ValueError, OverflowError):
        return span_of(today, request.at), _("没有“%(text)s”这一天的日报，已显示今天的。") % {"text": text[:20]}


def _href(span: Span, figure: Figure) -> str:
    return reverse("bulletin_list", args=[span.day.isoformat(), figure.key]) if figure.noun in LISTS else figure.href


def _pdf(request: OfficeRequest, span: Span, sections: list[Section]) -> tuple[bytes, str]:
    language = translation.get_language() or "zh-hans"
    return set_paper(
        "bulletin", paper_facts(span, sections, park=request.park.name, language=language)
    ), "application/pdf"


def _xlsx(request: OfficeRequest, span: Span, sections: list[Section]) -> tuple[bytes, str]:
    return workbook(span.day, sections), _XLSX


_FILES: dict[str, Callable[..., tuple[bytes, str]]] = {"pdf": _pdf, "xlsx": _xlsx}


def _file(span: Span, form: str, content: bytes, kind: str) -> HttpResponse:
    response = HttpResponse(content, content_type=kind)
    name: Any = quote(f"{_('日报 %(day)s') % {'day': span.day.isoformat()}}.{form}")
    response["Content-Disposition"] = f"inline; filename*=UTF-8''{name}"
    return response
