"""The Excel way through an evening: the day's list as a workbook, and the filled one back."""

from typing import Any
from urllib.parse import quote

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parkkeeper.park.errors import Refused
from parkkeeper.park.forms import OfficeForm, OfficeRenderer, show_form
from parkkeeper.park.journal import listed
from parkkeeper.park.models import Enterprise
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.sampling.actions.paper import Report, read_day_workbook
from parkkeeper.sampling.doubts import KINDS
from parkkeeper.sampling.models import Due, Point, Round
from parkkeeper.sampling.views.common import FileField, content_of, href, round_title
from parkkeeper.sampling.workbook import day_workbook

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FilledForm(OfficeForm):
    file = FileField(
        label=gettext_lazy("填好的名单"),
        help_text=gettext_lazy("用下载的名单填写试管码和采样时间；可以分几次、重复上传，同一行只记一次。"),
    )


class PlaceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A point, told by code and place, or an enterprise by its short name."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.code} {obj.site.name}" if isinstance(obj, Point) else str(obj)


class PartForm(forms.Form):
    """Which part of the list: of a point, or of an enterprise; within what the reader may work for."""

    default_renderer = OfficeRenderer()

    def __init__(self, request: OfficeRequest, data: Any = None) -> None:
        super().__init__(data, label_suffix="")
        points = Point.objects.within(request.scopes).select_related("site").order_by("code")
        enterprises = Enterprise.objects.within(request.scopes).order_by("pinyin")
        self.fields["point"] = PlaceField(points, required=False, label=_("采样点"), empty_label=_("全部"))
        self.fields["enterprise"] = PlaceField(enterprises, required=False, label=_("企业"), empty_label=_("全部"))
        self.whole = request.scopes is None


def workbook_page(request: OfficeRequest, pk: int) -> HttpResponse:
    round = get_object_or_404(Round, pk=pk)
    form = FilledForm(request.POST or None, request.FILES or None)
    took = form.carry_out(
        lambda data: read_day_workbook(round, *content_of(data["file"]), by=request.person, at=request.at)
    )
    report = _told(form.result) if took else None
    return show_form(request, form, "sampling/workbook.html", report=report, **_page(round, PartForm(request)))


def _page(round: Round, part: PartForm) -> dict[str, Any]:
    return {
        "title": _("当日名单（Excel）"), "round": round, "round_title": round_title(round), "part": part,
        "crumbs": [(round_title(round), href("round", round.pk) or reverse("missing"))],
    }  # fmt: skip


def _told(report: Report) -> dict[str, Any]:
    doubts = [(str(KINDS[kind].title) if kind in KINDS else kind, count) for kind, count in report.doubts.items()]
    return {"of": report, "doubts": sorted(doubts, key=lambda pair: -pair[1])}


def workbook_file(request: OfficeRequest, pk: int) -> HttpResponse:
    """The day's list as XLSX; who took it, and how many people are in it, goes into the journal."""
    round = get_object_or_404(Round, pk=pk)
    form = PartForm(request, request.GET)
    if not form.is_valid():
        return render(request, "sampling/workbook.html", _page(round, form), status=422)
    point, enterprise = form.cleaned_data["point"], form.cleaned_data["enterprise"]
    if not (form.whole or point or enterprise):
        raise Refused(_("请选择采样点或企业，再下载名单。"))
    lines = Due.objects.filter(round=round).due()
    lines = lines.filter(point=point) if point else lines
    lines = lines.filter(enterprise=enterprise) if enterprise else lines
    listed(lines.count(), by=request.person, at=request.at, where="day_workbook", round=round.pk,
           point=point or "", enterprise=enterprise or "")  # fmt: skip
    place = " ".join(str(one) for one in (point, enterprise) if one)
    response = HttpResponse(day_workbook(round, point, enterprise, at=request.at), content_type=XLSX)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(f'{round_title(round)} {place}.xlsx')}"
    return response
