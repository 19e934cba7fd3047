"""Transfer boxes: the list, one box with its contents, its two hand-overs and the laboratory's reception."""

from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.errors import Refused
from parkkeeper.park.files import store_file
from parkkeeper.park.forms import OfficeForm, PersonField, moment_field, show_form
from parkkeeper.park.lists import Choice, Column, List, Only
from parkkeeper.park.models import Anomaly
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.rulebook import hours
from parkkeeper.sampling.actions.boxes import find_box, hand_over_boxes, mark_box_lost
from parkkeeper.sampling.doubts import KINDS
from parkkeeper.sampling.field import HandOverBox
from parkkeeper.sampling.models import Box, HandOver, Laboratory, Point, Reception, Tube
from parkkeeper.sampling.tubelist import TONES, TubeState, with_way
from parkkeeper.sampling.views.common import (
    RECENTLY,
    can,
    content_of,
    href,
    local,
    office_source,
    recent,
    round_choices,
    without_links,
)
from parkkeeper.sampling.views.reception import receive

BOX_TONES = {
    "mentioned": "warn", "sealed": "wait", "with_courier": "wait", "at_lab": "info", "reconciled": "ok", "lost": "bad",
}  # fmt: skip


def _point_code(text: str) -> str:
    return str(Point.objects.filter(pk=int(text)).values_list("code", flat=True).first() or "")


BOXES = List(
    name="boxes",
    title=pgettext_lazy("menu", "转运箱"),
    columns=(
        Column("code", gettext_lazy("箱码"), kind="code", value=lambda b: b.code or _("（没有封箱记录）"),
               link=lambda b: href("box", b.pk), order="code", main=True),
        Column("point", gettext_lazy("采样点"), value="point__code", kind="code", order="point__code",
               link=lambda b: href("point", b.point_id) if b.point_id else ""),
        Column("sealed_at", gettext_lazy("封箱"), kind="moment", order="sealed_at"),
        Column("left_at", gettext_lazy("离开采样点"), kind="moment", order="left_at"),
        Column("arrived_at", gettext_lazy("到检测机构"), kind="moment", order="arrived_at"),
        Column("tubes", gettext_lazy("试管"), kind="number", order="tubes"),
        Column("received", gettext_lazy("已签收"), kind="number", order="received"),
        Column("state", gettext_lazy("状态"), kind="badge", value=lambda b: Box.State(b.state).label,
               tone=lambda b: BOX_TONES[b.state]),
    ),
    filters=(
        Choice("round", gettext_lazy("轮次"), choices=round_choices, apply="round_id"),
        Choice("state", gettext_lazy("状态"), choices=Box.State.choices, apply="state"),
        Choice("late", gettext_lazy("时限"), choices=(("yes", gettext_lazy("超时到达或未到")),)),
        RECENTLY,
        Only("point", gettext_lazy("采样点"), say=_point_code, apply="point_id"),
    ),
    search=lambda rows, text: rows.filter(Q(code__contains=text.upper()) | Q(point__code__istartswith=text)),
    hint=gettext_lazy("箱码、采样点编号"),
    order="-sealed_at",
    empty=gettext_lazy("没有符合条件的转运箱。"),
    row_tone=lambda b: "bad" if b.state == Box.State.LOST else "",
)  # fmt: skip


def box_list(request: OfficeRequest) -> HttpResponse:
    rows = Box.objects.within(request.scopes).select_related("point")
    rows = recent(request, rows, moment="sealed_at", unless=("q", "round", "point"))
    if request.GET.get("late") == "yes":
        rows = rows.late(request.at, hours("tube_to_lab_hours", request.at))
    else:
        rows = rows.with_state(request.at)
    shown = BOXES if can(request, "see_counts") else replace(BOXES, columns=without_links(BOXES.columns, "point"))
    return shown.page(request, rows)


def _box(request: OfficeRequest, pk: Any) -> Any:
    known = Box.objects.within(request.scopes).with_state(request.at)
    return get_object_or_404(known.select_related("point__site", "round", "sealed_by", "lost_by"), pk=pk)


def box_page(request: OfficeRequest, pk: Any) -> HttpResponse:
    box = _box(request, pk)
    tubes: Any = with_way(Tube.objects.filter(boxings__box=box)).order_by("code")
    doubts = Anomaly.objects.filter(Q(noun="box", noun_id=str(box.pk)) | Q(evidence__box=str(box.pk)))
    context = {
        "title": box.code or _("没有封箱记录的箱"), "crumbs": [(BOXES.title, reverse("boxes"))], "box": box,
        "state": Box.State(box.state).label, "tone": BOX_TONES[box.state],
        "tubes": [(tube, TubeState(tube.way).label, TONES[tube.way]) for tube in tubes],
        "hand_overs": box.hand_overs.select_related("given_by", "taken_by", "given_signature", "taken_signature")
        .order_by("at", "pk"),
        "conditions": Reception.Condition.choices, "laboratories": Laboratory.objects.order_by("code"),
        "may_receive": can(request, "receive_tubes"), "may_see_tubes": can(request, "see_tubes"),
        "may_see_counts": can(request, "see_counts"),
        "may_see_files": can(request, "see_files"),
        "doubts": [(d, KINDS[d.kind].title if d.kind in KINDS else d.kind) for d in doubts.order_by("raised_at", "pk")]
        if can(request, "see_anomalies") else [],
    }  # fmt: skip
    return render(request, "sampling/box.html", context)


def box_receive(request: OfficeRequest, pk: Any) -> HttpResponse:
    """The laboratory's word on each tube of the box; `all` is for those of which the form says nothing else."""
    box = get_object_or_404(Box.objects.within(request.scopes), pk=pk)
    if request.method == "POST":
        tubes = Tube.objects.filter(boxings__box=box).order_by("code")
        rest = request.POST.get("rest", "")
        known = set(Reception.objects.filter(tube__in=tubes).values_list("tube_id", flat=True))
        said = {t: request.POST.get(f"c_{t.pk}", "") or ("" if t.pk in known else rest) for t in tubes}
        count = receive(request, said, box=box.pk)
        if not count:
            raise Refused(_("没有选择任何试管的状态，什么也没有登记。"))
        messages.success(request, _("已登记 %(count)s 支试管的签收。") % {"count": count})
    return redirect("box", pk)


class HandOverForm(OfficeForm):
    leg = forms.ChoiceField(label=gettext_lazy("哪一段"), choices=HandOver.Leg.choices)
    at = moment_field(gettext_lazy("交接时间"))
    given_by = PersonField(label=gettext_lazy("交出人"), help_text=gettext_lazy("工号、手机号或完整姓名"))
    taken_by = PersonField(label=gettext_lazy("接收人"), help_text=gettext_lazy("工号、手机号或完整姓名"))
    given_signature = forms.FileField(label=gettext_lazy("交出人签名（照片或扫描件）"), required=False)
    taken_signature = forms.FileField(
        label=gettext_lazy("接收人签名（照片或扫描件）"), required=False,
        help_text=gettext_lazy("缺少签名也会登记，但会列为异常，待补齐。"),
    )  # fmt: skip


def box_hand_over(request: OfficeRequest, pk: Any) -> HttpResponse:
    box = _box(request, pk)
    leg = HandOver.Leg.TO_LAB if box.left_at else HandOver.Leg.TO_COURIER
    form = HandOverForm(request.POST or None, request.FILES or None, initial={"at": local(request.at), "leg": leg})
    if form.carry_out(lambda data: _hand_over(request, box, data)):
        messages.success(request, _("交接已登记。"))
        return redirect("box", pk)
    crumbs = [(BOXES.title, reverse("boxes")), (box.code or "?", reverse("box", args=[pk]))]
    return show_form(request, form, title=_("登记交接"), crumbs=crumbs, back=reverse("box", args=[pk]))


def _hand_over(request: OfficeRequest, box: Box, data: Any) -> None:
    if data["at"] > request.at:
        raise Refused(_("交接时间在将来，请核对。"))
    signed = {}
    for name in ("given_signature", "taken_signature"):
        signed[name] = ""
        if data[name]:
            content, filename = content_of(data[name])
            signed[name] = store_file(content, name=filename, by=request.person, at=request.at).sha256
    told = HandOverBox(
        new_id(), 0, request.at, data["at"], box.pk, data["leg"], data["given_by"].uuid, data["taken_by"].uuid, **signed
    )
    hand_over_boxes([told], office_source(request), by=request.person, at=request.at)


def box_lost(request: OfficeRequest, pk: Any) -> HttpResponse:
    """Declare a box lost, or take that back."""
    box = get_object_or_404(Box.objects.within(request.scopes).select_related("point__site"), pk=pk)
    if request.method == "POST" and request.POST.get("do") == "found":
        find_box(box, by=request.person, at=request.at)
        messages.success(request, _("转运箱已找到。"))
    elif request.method == "POST":
        mark_box_lost(box, by=request.person, at=request.at)
        messages.warning(request, _("已登记遗失：箱内没有签收的试管按遗失处理，箱内的人需要补采。"))
    return redirect("box", pk)
