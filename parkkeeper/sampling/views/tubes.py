"""Tubes: the list of a round, and one tube with everything that is known of it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import looked
from parkkeeper.park.lists import Choice, Column, List, Only
from parkkeeper.park.models import Anomaly, Enterprise
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.sampling.doubts import KINDS
from parkkeeper.sampling.models import Laboratory, Obligation, Point, Reception, Result, Scan, Tube
from parkkeeper.sampling.tubelist import TONES, TubeState, late_result, late_to_lab, with_way
from parkkeeper.sampling.views.common import can, href, newest_round, round_choices, without_links
from parkkeeper.sampling.views.reception import receive

VALUE_TONES = {"negative": "ok", "positive": "bad", "indeterminate": "warn", "invalid": "warn"}
_LATE = (("to_lab", gettext_lazy("超时未签收")), ("result", gettext_lazy("超时无结果")))


def _rounds(request: HttpRequest) -> list[tuple[Any, Any]]:
    return [("all", _("全部轮次")), ("none", _("不属于任何轮次")), *round_choices(request)]


def _of_round(rows: Any, value: str) -> Any:
    if value == "all":
        return rows
    return rows.filter(round=None) if value == "none" else rows.filter(round_id=int(value))


def _point_code(text: str) -> str:
    return str(Point.objects.filter(pk=int(text)).values_list("code", flat=True).first() or "")


def _enterprise(text: str) -> str:
    return str(Enterprise.objects.filter(pk=int(text)).first() or "")


TUBES = List(
    name="tubes",
    title=pgettext_lazy("menu", "试管"),
    columns=(
        Column("code", gettext_lazy("试管码"), kind="code", link=lambda t: href("tube", t.pk), order="code", main=True),
        Column("point", gettext_lazy("采样点"), value="point__code", kind="code", order="point__code",
               link=lambda t: href("point", t.point_id) if t.point_id else ""),
        Column("people", gettext_lazy("人数"), kind="number", order="people"),
        Column("pool_size", gettext_lazy("混采"), kind="number", order="pool_size"),
        Column("swabs", gettext_lazy("拭子"), kind="number"),
        Column("opened_at", gettext_lazy("开管"), kind="moment", order="opened_at"),
        Column("sealed_at", gettext_lazy("封管"), kind="moment", order="sealed_at"),
        Column("box", gettext_lazy("转运箱"), kind="code",
               value=lambda t: t.box_code or (_("未知箱") if t.box_pk else None),
               link=lambda t: href("box", t.box_pk) if t.box_pk else ""),
        Column("way", gettext_lazy("状态"), kind="badge", value=lambda t: TubeState(t.way).label,
               tone=lambda t: TONES[t.way]),
    ),
    filters=(
        Choice("round", gettext_lazy("轮次"), choices=_rounds, apply=_of_round, none=gettext_lazy("最近一轮核酸")),
        Choice("state", gettext_lazy("状态"), choices=TubeState.choices, apply="way"),
        Choice("late", gettext_lazy("时限"), choices=_LATE),
        Only("point", gettext_lazy("采样点"), say=_point_code, apply="point_id"),
        Only("enterprise", gettext_lazy("企业"), say=_enterprise,
             apply=lambda rows, v: rows.filter(scans__person__employer_id=v, scans__undone_at=None).distinct()),
    ),
    search=lambda rows, text: rows.filter(Q(code__contains=text.upper()) | Q(point__code__istartswith=text)),
    hint=gettext_lazy("试管码或其一部分、采样点编号"),
    order="-opened_at",
    empty=gettext_lazy("没有符合条件的试管。"),
)  # fmt: skip


def tube_list(request: OfficeRequest) -> HttpResponse:
    rows = with_way(Tube.objects.within(request.scopes).select_related("point"))
    round = newest_round(request.at)
    # a code is looked for in the whole park unless the reader named a round
    if round and not (request.GET.get("round") or request.GET.get("q") or request.GET.get("late")):
        rows = rows.filter(round=round)
    late = request.GET.get("late")
    if late in ("to_lab", "result"):
        rows = (late_to_lab if late == "to_lab" else late_result)(rows, request.at)
    shown = TUBES if can(request, "see_counts") else replace(TUBES, columns=without_links(TUBES.columns, "point"))
    return shown.page(request, rows)


def tube_page(request: OfficeRequest, pk: int) -> HttpResponse:
    found = Tube.objects.within(request.scopes).select_related(
        "point__site", "round", "roll", "session", "opened_by", "sealed_by"
    )
    tube: Any = get_object_or_404(with_way(found), pk=pk)
    scans = list(Scan.objects.filter(tube=tube).select_related("person__employer", "by").order_by("scanned_at", "pk"))
    names = can(request, "see_people")
    if names:
        people = {scan.person_id for scan in scans if scan.person_id is not None}
        looked(sorted(people), by=request.person, at=request.at, where="tube")
    context = {
        "title": tube.code, "crumbs": [(TUBES.title, reverse("tubes"))], "tube": tube, "scans": scans,
        "live": sum(scan.undone_at is None for scan in scans), "names": names, "tone": TONES[tube.way],
        "way": TubeState(tube.way).label, "may_receive": can(request, "receive_tubes"),
        "may_see_counts": can(request, "see_counts"),
        "may_report": can(request, "report_results"), "may_strike": can(request, "strike_result"),
        **_about(request, tube),
    }  # fmt: skip
    return render(request, "sampling/tube.html", context)


def _about(request: OfficeRequest, tube: Tube) -> dict[str, Any]:
    """What other tables say of the tube, and all of it in the order in which it happened."""
    boxings = list(tube.boxings.select_related("box__sealed_by").order_by("pk"))
    receptions = list(tube.receptions.select_related("laboratory", "by").order_by("at", "pk"))
    results = list(
        Result.objects.filter(tube=tube).select_related("report__laboratory", "struck_by").order_by("tested_at", "pk")
    )
    doubts = []
    if can(request, "see_anomalies"):
        about = Q(noun="tube", noun_id=str(tube.pk)) | Q(evidence__tube=tube.code)
        doubts = [(one, KINDS[one.kind].title if one.kind in KINDS else one.kind)
                  for one in Anomaly.objects.filter(about).order_by("raised_at", "pk")]  # fmt: skip
    owed = Obligation.objects.newest().filter(tube=tube)
    return {
        "boxings": boxings, "receptions": receptions, "results": [(r, VALUE_TONES[r.value]) for r in results],
        "doubts": doubts, "owed": owed.count(), "owed_open": owed.open().count(),
        "laboratories": Laboratory.objects.order_by("code"), "conditions": Reception.Condition.choices,
        "timeline": _timeline(tube, boxings, receptions, results),
    }  # fmt: skip


@dataclass(frozen=True)
class Event:
    """A line of the tube's story."""

    at: datetime
    text: str
    who: str = ""


def _timeline(tube: Tube, boxings: list[Any], receptions: list[Any], results: list[Result]) -> list[Event]:
    events = [Event(tube.first_heard_at, _("园区第一次收到它的消息"))]
    if tube.opened_at:
        size = _("开管（%(size)s 人混采）") % {"size": tube.pool_size}
        events.append(Event(tube.opened_at, size, str(tube.opened_by or "")))
    if tube.sealed_at:
        seal = _("封管，清点拭子 %(swabs)s 支") % {"swabs": tube.swabs}
        events.append(Event(tube.sealed_at, seal, str(tube.sealed_by or "")))
    for one in boxings:
        events.append(Event(one.box.sealed_at, _("装入转运箱 %(box)s") % {"box": one.box.code or "?"},
                            str(one.box.sealed_by or "")))  # fmt: skip
        if one.box.lost_at:
            events.append(Event(one.box.lost_at, _("转运箱登记为遗失")))
    for seen in receptions:
        text = _("检测机构签收：%(condition)s") % {"condition": seen.get_condition_display()}
        events.append(Event(seen.at, text, str(seen.laboratory or _("机构不明"))))
    for result in results:
        text = _("检测结果：%(value)s") % {"value": result.get_value_display()}
        events.append(Event(result.tested_at, text, str(result.report.laboratory or "")))
        if result.struck_at:
            events.append(Event(result.struck_at, _("撤下结果：%(why)s") % {"why": result.struck_reason},
                                str(result.struck_by or "")))  # fmt: skip
    return sorted(events, key=lambda event: event.at)


def tube_receive(request: OfficeRequest, pk: int) -> HttpResponse:
    """The laboratory's word on one tube at its door."""
    tube = get_object_or_404(Tube.objects.within(request.scopes), pk=pk)
    if request.method == "POST":
        if not receive(request, {tube: request.POST.get("condition", "")}, box=None):
            raise Refused(_("没有选择试管的状态，什么也没有登记。"))
        messages.success(request, _("已登记签收。"))
    return redirect("tube", pk)
