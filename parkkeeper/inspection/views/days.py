"""A grid's day, its signature, and complaints."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from parkkeeper.inspection.actions import days
from parkkeeper.inspection.daywords import say_mismatch
from parkkeeper.inspection.models import Complaint, DayLine
from parkkeeper.inspection.reconciling import counted_day
from parkkeeper.inspection.views.lists import ENTERPRISE, GRID
from parkkeeper.park import access
from parkkeeper.park.forms import EnterpriseField, OfficeForm, show_form
from parkkeeper.park.lists import Choice, Column, List, begin_with
from parkkeeper.park.models import Grid
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.scope import ids_of


def _day(text: str, at: Any) -> date:
    try:
        return date.fromisoformat(text) if text else timezone.localdate(at)
    except ValueError as error:
        raise Http404 from error


def day_check(request: OfficeRequest) -> HttpResponse:
    """The books of one grid and day beside what was found there, what does not agree first."""
    day = _day(request.GET.get("day", ""), request.at)
    grids = list(_grids(request))
    chosen = request.GET.get("grid", "")
    grid = next((one for one in grids if str(one.pk) == chosen), None) if chosen else next(iter(grids), None)
    if grid is None:
        return _no_grid(request, chosen)
    begin_with(request, grid=str(grid.pk))
    found = counted_day(grid, day, request.at)
    today = timezone.localdate(request.at)
    context = {
        "title": _("日清：%(grid)s") % {"grid": grid.name}, "grid": grid, "grids": grids, "day": day, "row": found.row,
        "lines": _told(found.lines, request), "wrong": sum(len(line.mismatches) for line in found.lines),
        "before": day - timedelta(days=1), "after": day + timedelta(days=1) if day < today else None,
        "may_sign": day <= today and not (found.row and found.row.signed_at)
                    and access.may(request.person, "sign_off", at=request.at, on=grid),
    }  # fmt: skip
    return render(request, "inspection/day.html", context)


def _no_grid(request: OfficeRequest, chosen: str) -> HttpResponse:
    if chosen:
        raise Http404
    return render(request, "inspection/day.html", {"title": _("日清"), "grid": None})


def _grids(request: OfficeRequest) -> Any:
    rows = Grid.objects.order_by("code")
    if request.scopes is None:
        return rows
    reached = ids_of(request.scopes)
    own = rows.filter(pk__in=reached["grid"]) | rows.filter(enterprises__in=reached["enterprise"])
    return own.distinct()


def _told(lines: list[DayLine], request: OfficeRequest) -> list[dict[str, Any]]:
    """Lines that the reader may see (a liaison the own enterprise's), what does not agree first."""
    scopes = request.scopes
    seen = [line for line in lines if scopes is None or any(s.covers(line.enterprise.scope()) for s in scopes)]
    told = [{"line": line, "mismatches": [say_mismatch(one) for one in line.mismatches]} for line in seen]
    return sorted(told, key=lambda row: not row["mismatches"])


class SignForm(OfficeForm):
    note = forms.CharField(
        label=gettext_lazy("说明"), max_length=500, required=False, widget=forms.Textarea(attrs={"rows": 4}),
        help_text=gettext_lazy("有不一致的，写明原因和明天的安排。"),
    )  # fmt: skip


def day_sign(request: OfficeRequest, pk: int, day: str) -> HttpResponse:
    """The team stands for its grid's day."""
    grid, when = get_object_or_404(_grids(request), pk=pk), _day(day, request.at)
    back = f"{reverse('day_check')}?grid={grid.pk}&day={when}"
    form = SignForm(request.POST or None)
    if form.carry_out(lambda data: days.sign_off(grid, when, **data, by=request.person, at=request.at)):
        messages.success(request, _("日清已签认。"))
        return redirect(back)
    title = _("签认日清：%(grid)s %(day)s") % {"grid": grid.name, "day": when}
    intro = _("签认后，这一天的数字不再改变；不一致的企业列入明天的检查。")
    return show_form(request, form, title=title, intro=intro, crumbs=[(_("日清"), back)], back=back, submit=_("签认"))


COMPLAINTS = List(
    name="complaints",
    title=pgettext_lazy("menu", "投诉"),
    columns=(
        Column("at", gettext_lazy("时间"), kind="moment", order="at"),
        ENTERPRISE,
        Column("source", gettext_lazy("来源"), value=lambda c: c.get_source_display(), order="source"),
        Column("text", gettext_lazy("内容"), kind="note"),
        Column("state", gettext_lazy("状态"), kind="badge", tone=lambda c: "ok" if c.settled_at else "wait",
               value=lambda c: str(_("已办结") if c.settled_at else _("未办结")),
               link=lambda c: "" if c.settled_at else reverse("complaint_settle", args=[c.pk])),
        Column("settled_note", gettext_lazy("处理结果"), kind="note"),
    ),
    filters=(
        Choice("state", gettext_lazy("状态"), apply=lambda rows, value: rows.filter(settled_at__isnull=value == "open"),
               choices=(("open", gettext_lazy("未办结")), ("settled", gettext_lazy("已办结")))),
        GRID,
    ),
    search=lambda rows, text: rows.filter(text__contains=text) | rows.filter(enterprise__short_name__contains=text),
    hint=gettext_lazy("企业、内容"), order="-at", empty=gettext_lazy("没有投诉。"),
)  # fmt: skip


def complaint_list(request: HttpRequest) -> HttpResponse:
    rows = Complaint.objects.within(request.scopes).select_related("enterprise")  # type: ignore[attr-defined]
    return COMPLAINTS.page(request, rows, "inspection/complaints.html")


class ComplaintForm(OfficeForm):
    enterprise = EnterpriseField(label=gettext_lazy("企业"), help_text=gettext_lazy("简称、全称或信用代码"))
    source = forms.ChoiceField(label=gettext_lazy("来源"), choices=Complaint.Source.choices)
    text = forms.CharField(label=gettext_lazy("内容"), max_length=500, widget=forms.Textarea(attrs={"rows": 4}),
                           help_text=gettext_lazy("不要写投诉人的姓名和电话。"))  # fmt: skip


def complaint_new(request: OfficeRequest) -> HttpResponse:
    form, back = ComplaintForm(request.POST or None), reverse("complaints")
    if form.carry_out(lambda data: days.note_complaint(**data, by=request.person, at=request.at)):
        messages.success(request, _("投诉已登记，列入检查组的工作单。"))
        return redirect(back)
    return show_form(request, form, title=_("登记投诉"), crumbs=[(_("投诉"), back)], back=back)


class SettleForm(OfficeForm):
    note = forms.CharField(label=gettext_lazy("查实情况和处理结果"), max_length=500,
                           widget=forms.Textarea(attrs={"rows": 4}))  # fmt: skip


def complaint_settle(request: OfficeRequest, pk: int) -> HttpResponse:
    rows = Complaint.objects.within(request.scopes).select_related("enterprise")
    complaint, back = get_object_or_404(rows, pk=pk), reverse("complaints")
    form = SettleForm(request.POST or None)
    if form.carry_out(lambda data: days.settle_complaint(complaint, **data, by=request.person, at=request.at)):
        messages.success(request, _("投诉已办结。"))
        return redirect(back)
    title = _("办结投诉：%(enterprise)s") % {"enterprise": complaint.enterprise}
    return show_form(request, form, title=title, intro=complaint.text, crumbs=[(_("投诉"), back)], back=back)
