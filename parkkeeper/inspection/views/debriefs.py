"""Debriefs: the list, one with its agenda, decisions and measures, its minutes, and what is still to be done."""

from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from parkkeeper.inspection.actions import debriefs
from parkkeeper.inspection.agenda import agenda_of
from parkkeeper.inspection.agendawords import shown
from parkkeeper.inspection.debriefbook import may_finish, readable
from parkkeeper.inspection.minutes import print_minutes
from parkkeeper.inspection.models import Debrief, Measure
from parkkeeper.inspection.views.acts import Act, do_act, offered
from parkkeeper.kernel import clock
from parkkeeper.park import access
from parkkeeper.park.forms import OfficeForm, PersonField, day_field, show_form
from parkkeeper.park.lists import Choice, Column, List
from parkkeeper.park.requests import OfficeRequest


def _state(one: Measure) -> tuple[str, str]:
    if one.done_at is not None:
        return str(_("已办结")), "ok"
    late = one.due_on < timezone.localdate(clock.now())
    return (str(_("逾期")), "bad") if late else (str(_("未办结")), "wait")


def _measures_as(rows: Any, value: str) -> Any:
    today = timezone.localdate(clock.now())
    return {"open": rows.open(), "overdue": rows.overdue(today), "done": rows.filter(done_at__isnull=False)}[value]


DEBRIEFS = List(
    name="debriefs",
    title=pgettext_lazy("menu", "例会"),
    columns=(
        Column("day", gettext_lazy("日期"), kind="day", order="day", main=True,
               link=lambda d: reverse("debrief", args=[d.pk])),
        Column("held_by", gettext_lazy("主持人"), value="held_by__name"),
        Column("decisions", gettext_lazy("议定事项"), kind="number", value=lambda d: len(d.decisions.all())),
        Column("measures", gettext_lazy("措施"), kind="number", value=lambda d: len(d.measures.all())),
        Column("closed_at", gettext_lazy("结束"), kind="moment", order="closed_at"),
    ),
    order="-day", empty=gettext_lazy("还没有开过例会。"),
)  # fmt: skip
MEASURES = List(
    name="measures",
    title=pgettext_lazy("menu", "措施"),
    columns=(
        Column("text", gettext_lazy("措施"), kind="note", main=True, link=lambda m: reverse("measure", args=[m.pk])),
        Column("owner", gettext_lazy("责任人"), value="owner__name", order="owner__pinyin"),
        Column("due_on", gettext_lazy("期限"), kind="day", order="due_on"),
        Column("state", gettext_lazy("状态"), kind="badge", value=lambda m: _state(m)[0], tone=lambda m: _state(m)[1]),
        Column("day", gettext_lazy("例会"), kind="day", value="debrief__day",
               link=lambda m: reverse("debrief", args=[m.debrief_id])),
        Column("done_at", gettext_lazy("办结"), kind="moment", order="done_at"),
    ),
    filters=(
        Choice("state", gettext_lazy("状态"), apply=_measures_as, choices=(
            ("open", gettext_lazy("未办结")), ("overdue", gettext_lazy("逾期")), ("done", gettext_lazy("已办结")))),
    ),
    search=lambda rows, text: rows.filter(text__contains=text) | rows.filter(owner__name__contains=text),
    hint=gettext_lazy("措施、责任人"), order="due_on", empty=gettext_lazy("没有符合条件的措施。"),
)  # fmt: skip


def debrief_list(request: OfficeRequest) -> HttpResponse:
    rows = Debrief.objects.select_related("held_by").prefetch_related("decisions", "measures")
    may_hold = access.may(request.person, "hold_debrief", at=request.at)
    return DEBRIEFS.page(request, rows, "inspection/debriefs.html", {"may_hold": may_hold})


class HoldForm(OfficeForm):
    day = day_field(gettext_lazy("日期"), help_text=gettext_lazy("讨论哪一天的工作"))
    attendance = forms.CharField(label=gettext_lazy("参加人员"), max_length=500, required=False)


class DecideForm(OfficeForm):
    text = forms.CharField(label=gettext_lazy("决定了什么"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))


class MeasureForm(OfficeForm):
    text = forms.CharField(label=gettext_lazy("做什么"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    owner = PersonField(label=gettext_lazy("责任人"), help_text=gettext_lazy("姓名、工号、手机号或证件号"))
    due_on = day_field(gettext_lazy("期限"))


class CloseForm(OfficeForm):
    notes = forms.CharField(label=gettext_lazy("记录"), max_length=4000, required=False,
                            widget=forms.Textarea(attrs={"rows": 8}))  # fmt: skip


class DoneForm(OfficeForm):
    note = forms.CharField(label=gettext_lazy("完成情况"), max_length=300, widget=forms.Textarea(attrs={"rows": 3}))


def _running(debrief: Debrief) -> bool:
    return debrief.closed_at is None


DEBRIEF_ACTS: dict[str, Act] = {
    "decide": Act(pgettext_lazy("button", "记录决定"), DecideForm, debriefs.decide, "hold_debrief", _running),
    "measure": Act(pgettext_lazy("button", "布置措施"), MeasureForm, debriefs.order_measure, "hold_debrief", _running),
    "close": Act(pgettext_lazy("button", "结束例会"), CloseForm, debriefs.close_debrief, "hold_debrief", _running),
}


def debrief_new(request: OfficeRequest) -> HttpResponse:
    form = HoldForm(request.POST or None, initial={"day": timezone.localdate(request.at)})
    if form.carry_out(lambda data: debriefs.hold_debrief(**data, by=request.person, at=request.at)):
        messages.success(request, _("例会已召开。"))
        return redirect("debrief", form.result.pk)
    intro = _("议程由当天的检查、通知书、日清和未办结的措施自动形成。")
    back = reverse("debriefs")
    return show_form(request, form, title=_("召开例会"), intro=intro, crumbs=[(_("例会"), back)], back=back)


def _debrief(pk: int) -> Debrief:
    return get_object_or_404(Debrief.objects.select_related("held_by", "closed_by"), pk=pk)


def debrief_page(request: OfficeRequest, pk: int) -> HttpResponse:
    """The agenda as it stands (as it was when closed), what was decided, and measures that are still open."""
    debrief = _debrief(pk)
    agenda = debrief.agenda or agenda_of(debrief.day, request.at)
    asked = Measure.objects.filter(Q(debrief=debrief) | Q(pk__in=agenda["measures"])).select_related("owner")
    told = _told(asked.order_by("due_on", "pk"))
    context = {
        "title": _("%(day)s 例会") % {"day": debrief.day}, "crumbs": [(_("例会"), reverse("debriefs"))],
        "debrief": debrief, "agenda": shown(agenda), "decisions": debrief.decisions.order_by("at", "pk"),
        "measures": [one for one in told if one["measure"].debrief_id == debrief.pk],
        "earlier": [one for one in told if one["measure"].debrief_id != debrief.pk],
        "acts": offered(DEBRIEF_ACTS, request, debrief, "debrief_act"),
    }  # fmt: skip
    return render(request, "inspection/debrief.html", context)


def _told(rows: Any) -> list[dict[str, Any]]:
    return [{"measure": one, "words": words, "tone": tone} for one in rows for words, tone in [_state(one)]]


def debrief_act(request: OfficeRequest, pk: int, name: str) -> HttpResponse:
    return do_act(request, DEBRIEF_ACTS, name, _debrief(pk), "debrief")


def debrief_minutes(request: OfficeRequest, pk: int) -> HttpResponse:
    """例会纪要 as PDF; there are none before the meeting is closed."""
    debrief = get_object_or_404(Debrief.objects.select_related("held_by"), pk=pk, closed_at__isnull=False)
    response = HttpResponse(print_minutes(debrief, park=request.park.name), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="debrief-{debrief.day}.pdf"'
    return response


def measure_list(request: HttpRequest) -> HttpResponse:
    return MEASURES.page(request, Measure.objects.select_related("owner", "debrief"))


def measure_page(request: OfficeRequest, pk: int) -> HttpResponse:
    """One measure, to whom it was given or who may see debriefs; the owner says here that it is done."""
    rows = Measure.objects.select_related("owner", "by", "done_by", "debrief")
    measure = get_object_or_404(readable(rows, request.person, request.at), pk=pk)
    form = DoneForm(request.POST or None)
    if form.carry_out(lambda data: debriefs.finish_measure(measure, **data, by=request.person, at=request.at)):
        messages.success(request, _("措施已办结。"))
        return redirect("measure", pk)
    words, tone = _state(measure)
    context = {"title": _("措施"), "measure": measure, "words": words, "tone": tone, "form": form,
               "may": may_finish(measure, request.person, request.at)}  # fmt: skip
    return render(request, "inspection/measure.html", context, status=422 if form.errors else 200)
