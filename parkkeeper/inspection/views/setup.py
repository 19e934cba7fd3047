"""What inspection rests on: checklists with their items, and authorisations on file."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parkkeeper.inspection.actions.setup import file_authorisation, put_checklist_in_force
from parkkeeper.inspection.checklistfiles import SAMPLE, read_checklist
from parkkeeper.inspection.models import Authorisation, Basis, Checklist
from parkkeeper.park.forms import OfficeForm, day_field, show_form
from parkkeeper.park.requests import OfficeRequest


def setup_page(request: OfficeRequest) -> HttpResponse:
    context = {
        "title": _("检查设置"), "checklists": Checklist.objects.order_by("code", "-version"),
        "papers": Authorisation.objects.order_by("-during"), "today": timezone.localdate(request.at),
    }  # fmt: skip
    return render(request, "inspection/setup.html", context)


def checklist_page(request: OfficeRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Checklist, pk=pk)
    items = found.items.order_by("position")
    return render(request, "inspection/checklist.html", {"title": str(found), "checklist": found, "items": items})


class ChecklistForm(OfficeForm):
    name = forms.CharField(label=gettext_lazy("名称"), max_length=80)
    start = day_field(gettext_lazy("第一天"))
    source = forms.CharField(label=gettext_lazy("依据"), max_length=300)


def checklist_new(request: OfficeRequest) -> HttpResponse:
    """Put the sample checklist in force (again: as its next version)."""
    initial = {"name": _("九宫格检查表"), "start": timezone.localdate(request.at)}
    form = ChecklistForm(request.POST or None, initial=initial)
    if form.carry_out(
        lambda data: put_checklist_in_force(SAMPLE, items=read_checklist(), **data, by=request.person, at=request.at)
    ):
        messages.success(request, _("检查表已启用。"))
        return redirect("inspection_setup")
    intro = _("示例检查表共 59 项。启用前请逐条与当地现行指引核对。")
    return show_form(request, form, title=_("启用检查表"), intro=intro, crumbs=_crumbs(), back=_crumbs()[0][1])


class PaperForm(OfficeForm):
    basis = forms.ChoiceField(
        label=gettext_lazy("检查依据"), choices=[c for c in Basis.choices if c[0] != Basis.GUIDANCE]
    )
    body = forms.CharField(label=gettext_lazy("授权单位"), max_length=120)
    document = forms.CharField(label=gettext_lazy("文件名称和文号"), max_length=200)
    may_stop_work = forms.BooleanField(label=gettext_lazy("包括责令停工"), required=False)
    start = day_field(gettext_lazy("第一天"))
    last_day = day_field(gettext_lazy("最后一天"), required=False)


def _paper(data: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in data.items() if key != "last_day"}
    return {**rest, "until": data["last_day"] + timedelta(days=1) if data["last_day"] else None}


def authorisation_new(request: OfficeRequest) -> HttpResponse:
    form = PaperForm(request.POST or None, initial={"start": timezone.localdate(request.at)})
    if form.carry_out(lambda data: file_authorisation(**_paper(data), by=request.person, at=request.at)):
        messages.success(request, _("授权已备案。"))
        return redirect("inspection_setup")
    return show_form(request, form, title=_("备案授权"), crumbs=_crumbs(), back=_crumbs()[0][1])


def _crumbs() -> list[tuple[str, str]]:
    return [(_("检查设置"), reverse("inspection_setup"))]
