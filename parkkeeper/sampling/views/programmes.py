"""Programmes: what is tested, how often, how many to a tube; dated, with their source."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from parkkeeper.park.forms import OfficeForm, day_field, show_form
from parkkeeper.park.lists import Choice, Column, Day, List
from parkkeeper.park.models import AreaLevel
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.templatetags.park import dates, hours
from parkkeeper.park.words import joined
from parkkeeper.sampling.actions.rounds import POOL_SIZES, end_programme, make_programme
from parkkeeper.sampling.fields import MinuteField, after
from parkkeeper.sampling.models import Programme, Test
from parkkeeper.sampling.positivity import advise_pool_size


def _often(programme: Programme) -> str:
    return joined(
        (
            _("%(level)s每 %(days)s 天") % {"level": level.label, "days": programme.every_days.get(level.value, "–")}
            for level in AreaLevel.Level
        ),
        "，",
    )


PROGRAMMES = List(
    name="programmes",
    title=gettext_lazy("检测方案"),
    columns=(
        Column("name", gettext_lazy("名称"), main=True, order="name"),
        Column("test", gettext_lazy("检测"), value=lambda p: str(Test(p.test).label), order="test"),
        Column("every_days", gettext_lazy("频次"), kind="note", value=_often),
        Column("pool_size", gettext_lazy("每管人数"), kind="number"),
        Column("hours", gettext_lazy("时间"), value=lambda p: hours((p.opens, p.closes))),
        Column("during", gettext_lazy("生效期"), kind="day", value=lambda p: dates(p.during), order="during"),
        Column("source", gettext_lazy("依据"), kind="note"),
        Column("end", gettext_lazy("操作"), template="sampling/parts/programme_end.html"),
    ),
    filters=(
        Choice("test", gettext_lazy("检测"), choices=Test.choices, apply="test"),
        Day("day", gettext_lazy("生效日期"), apply="during__contains"),
    ),
    search=lambda rows, text: rows.filter(name__contains=text) | rows.filter(source__contains=text),
    hint=gettext_lazy("名称、依据"),
    order="-during",
    empty=gettext_lazy("还没有检测方案。"),
)  # fmt: skip


def _crumbs() -> list[tuple[str, str]]:
    return [(pgettext("menu", "轮次"), reverse("rounds")), (_("检测方案"), reverse("programmes"))]


def programme_list(request: OfficeRequest) -> HttpResponse:
    context = {"crumbs": [(pgettext("menu", "轮次"), reverse("rounds"))], "advice": advise_pool_size(request.at)}
    return PROGRAMMES.page(request, Programme.objects.all(), "sampling/programmes.html", context)


class ProgrammeForm(OfficeForm):
    name = forms.CharField(label=gettext_lazy("名称"), max_length=80)
    test = forms.ChoiceField(label=gettext_lazy("检测"), choices=Test.choices)
    sealed = forms.IntegerField(label=gettext_lazy("封控区：几天一次"), min_value=1, initial=1)
    controlled = forms.IntegerField(label=gettext_lazy("管控区：几天一次"), min_value=1, initial=2)
    other = forms.IntegerField(label=gettext_lazy("防范区：几天一次"), min_value=1, initial=5)
    pool_size = forms.TypedChoiceField(
        label=gettext_lazy("每管人数"), coerce=int, choices=[(n, str(n)) for n in POOL_SIZES], initial=10
    )
    opens = MinuteField(label=gettext_lazy("开始时间"))
    closes = MinuteField(label=gettext_lazy("结束时间"), end=True)
    first = day_field(gettext_lazy("第一天"))
    last_day = day_field(gettext_lazy("最后一天"), required=False, help_text=gettext_lazy("不确定可不填，以后再结束。"))
    source = forms.CharField(label=gettext_lazy("依据"), max_length=300, help_text=gettext_lazy("文件名称或文号"))


def _programme(data: Mapping[str, Any]) -> dict[str, Any]:
    levels = {level: data[level] for level in AreaLevel.Level.values}
    rest = {key: value for key, value in data.items() if key not in (*levels, "last_day")}
    return {**rest, "every_days": levels, "until": after(data["last_day"])}


def programme_new(request: OfficeRequest) -> HttpResponse:
    form = ProgrammeForm(request.POST or None, initial={"first": timezone.localdate(request.at)})
    if form.carry_out(lambda data: make_programme(**_programme(data), by=request.person, at=request.at)):
        messages.success(request, _("检测方案已制定。"))
        return redirect("programmes")
    return show_form(request, form, title=_("制定检测方案"), crumbs=_crumbs(), back=reverse("programmes"))


class EndForm(OfficeForm):
    last_day = day_field(gettext_lazy("最后一天"))


def programme_end(request: OfficeRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Programme, pk=pk)
    form = EndForm(request.POST or None, initial={"last_day": timezone.localdate(request.at)})
    if form.carry_out(
        lambda data: end_programme(found, until=after(data["last_day"]), by=request.person, at=request.at)  # type: ignore[arg-type]
    ):
        messages.success(request, _("检测方案的结束日已定。"))
        return redirect("programmes")
    title = _("结束检测方案：%(name)s") % {"name": found.name}
    back = reverse("programmes")
    return show_form(request, form, title=title, crumbs=_crumbs(), intro=dates(found.during), back=back)
