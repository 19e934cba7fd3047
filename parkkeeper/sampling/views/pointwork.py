"""Arranging the starfield: points, slots of enterprises, rolls of pre-printed tubes."""

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

from parkkeeper.park.forms import ChangingForm, EnterpriseField, OfficeForm, SiteField, day_field, show_form
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.templatetags.park import dates, hours
from parkkeeper.sampling.actions import points as acts
from parkkeeper.sampling.fields import MinuteField, after
from parkkeeper.sampling.models import Point, Slot, TubeRoll

_LAST_DAY_HELP = gettext_lazy("不确定可不填，以后再结束。")


def _point(request: OfficeRequest, pk: int) -> Point:
    return get_object_or_404(Point.objects.within(request.scopes).select_related("site"), pk=pk)


def _crumbs(point: Point | None = None) -> list[tuple[str, str]]:
    crumbs = [(pgettext("menu", "采样点"), reverse("starfield"))]
    return [*crumbs, (point.code, reverse("point", args=[point.pk]))] if point else crumbs


class PointForm(OfficeForm):
    code = forms.CharField(label=gettext_lazy("编号"), max_length=16, help_text=gettext_lazy("例如 P01，不能重复"))
    site = SiteField(label=gettext_lazy("场所"), help_text=gettext_lazy("场所的编号或名称"))
    host = EnterpriseField(
        label=gettext_lazy("所在企业"), required=False, help_text=gettext_lazy("企业点填写；就近点不填")
    )
    desks = forms.IntegerField(label=gettext_lazy("采样台"), min_value=1, max_value=99, initial=1)
    opens = MinuteField(label=gettext_lazy("开放时间从"))
    closes = MinuteField(label=gettext_lazy("到"), end=True)
    first = day_field(gettext_lazy("第一天"))


def _with_hours(data: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in data.items() if key not in ("opens", "closes")}
    return {**rest, "hours": (data["opens"], data["closes"])}


def point_new(request: OfficeRequest) -> HttpResponse:
    form = PointForm(request.POST or None, initial={"first": timezone.localdate(request.at)})
    if form.carry_out(lambda data: acts.open_point(**_with_hours(data), by=request.person, at=request.at)):
        messages.success(request, _("采样点 %(code)s 已设立。") % {"code": form.result.code})
        return redirect("point", form.result.pk)
    return show_form(request, form, title=_("设立采样点"), crumbs=_crumbs(), back=reverse("points"))


class ChangeForm(ChangingForm):
    desks = forms.IntegerField(label=gettext_lazy("采样台"), min_value=1, max_value=99)
    opens = MinuteField(label=gettext_lazy("开放时间从"))
    closes = MinuteField(label=gettext_lazy("到"), end=True)


def point_change(request: OfficeRequest, pk: int) -> HttpResponse:
    point = _point(request, pk)
    form = ChangeForm(
        request.POST or None,
        thing=point,
        shows=lambda point: {"desks": point.desks, "opens": point.hours.lower, "closes": point.hours.upper},
    )
    if form.carry_out(lambda data: acts.change_point(point, **_with_hours(data), by=request.person, at=request.at)):
        messages.success(request, _("采样点 %(code)s 已修改。") % {"code": point.code})
        return redirect("point", pk)
    title, back = _("修改采样点 %(code)s") % {"code": point.code}, reverse("point", args=[pk])
    return show_form(request, form, title=title, crumbs=_crumbs(point), back=back)


class LastDayForm(OfficeForm):
    last_day = day_field(gettext_lazy("最后一天"))


def point_close(request: OfficeRequest, pk: int) -> HttpResponse:
    point = _point(request, pk)
    form = LastDayForm(request.POST or None, initial={"last_day": timezone.localdate(request.at)})
    if form.carry_out(lambda d: acts.close_point(point, until=_end(d), by=request.person, at=request.at)):
        messages.success(request, _("采样点 %(code)s 的停用日已定。") % {"code": point.code})
        return redirect("point", pk)
    title, back = _("停用采样点 %(code)s") % {"code": point.code}, reverse("point", args=[pk])
    return show_form(request, form, title=title, crumbs=_crumbs(point), back=back, submit=_("停用"))


def _end(data: Mapping[str, Any]) -> Any:
    return after(data["last_day"])


class SlotForm(OfficeForm):
    enterprise = EnterpriseField(label=gettext_lazy("企业"), help_text=gettext_lazy("名称或信用代码"))
    shift = forms.CharField(
        label=gettext_lazy("班次"), max_length=16, required=False, help_text=gettext_lazy("不填：全企业")
    )
    begins = MinuteField(label=gettext_lazy("从"))
    ends = MinuteField(label=gettext_lazy("到"), end=True)
    by_shuttle = forms.BooleanField(label=gettext_lazy("短驳接送"), required=False)
    site = SiteField(label=gettext_lazy("从哪个工地接"), required=False, help_text=gettext_lazy("短驳时填写"))
    first = day_field(gettext_lazy("第一天"))
    last_day = day_field(gettext_lazy("最后一天"), required=False, help_text=_LAST_DAY_HELP)


def _slot(data: Mapping[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in data.items() if key not in ("begins", "ends", "last_day", "enterprise")}
    return {**rest, "minutes": (data["begins"], data["ends"]), "until": after(data["last_day"])}


def slot_new(request: OfficeRequest, pk: int) -> HttpResponse:
    point = _point(request, pk)
    initial = {"first": timezone.localdate(request.at), "begins": _free_from(point, request)}
    form = SlotForm(request.POST or None, initial=initial)
    if form.carry_out(
        lambda data: acts.assign_slot(point, data["enterprise"], **_slot(data), by=request.person, at=request.at)
    ):
        messages.success(request, _("已安排“%(enterprise)s”的时段。") % {"enterprise": form.result.enterprise})
        return redirect("point", pk)
    title, back = _("安排时段：%(code)s") % {"code": point.code}, reverse("point", args=[pk])
    intro = _("开放时间 %(hours)s。同一时段只给一家企业，避免混采。") % {"hours": hours(point.hours)}
    return show_form(request, form, title=title, crumbs=_crumbs(point), intro=intro, back=back, submit=_("安排"))


def _free_from(point: Point, request: OfficeRequest) -> int:
    """The minute after the last slot in force, else when the point opens."""
    slots = point.slots.filter(during__contains=timezone.localdate(request.at)).order_by("-minutes")
    last = max((slot.minutes.upper for slot in slots), default=point.hours.lower)
    return int(last if last < point.hours.upper else point.hours.lower)


def slot_end(request: OfficeRequest, pk: int) -> HttpResponse:
    points = Point.objects.within(request.scopes).values("pk")
    slot = get_object_or_404(Slot.objects.filter(point__in=points).select_related("point", "enterprise"), pk=pk)
    form = LastDayForm(request.POST or None, initial={"last_day": timezone.localdate(request.at)})
    if form.carry_out(lambda data: acts.end_slot(slot, until=_end(data), by=request.person, at=request.at)):
        messages.success(request, _("时段的结束日已定。"))
        return redirect("point", slot.point_id)
    title = _("结束时段：%(enterprise)s %(hours)s") % {"enterprise": slot.enterprise, "hours": hours(slot.minutes)}
    back = reverse("point", args=[slot.point_id])
    return show_form(request, form, title=title, crumbs=_crumbs(slot.point), intro=dates(slot.during), back=back)


class RollForm(OfficeForm):
    prefix = forms.CharField(  # type: ignore[assignment]
        label=gettext_lazy("前缀"), max_length=2, help_text=gettext_lazy("印在试管上的两个大写字母，例如 YQ")
    )
    first = forms.IntegerField(label=gettext_lazy("起始序号"), min_value=1)
    count = forms.IntegerField(label=gettext_lazy("支数"), min_value=1, max_value=1_000_000, initial=500)


def roll_new(request: OfficeRequest, pk: int) -> HttpResponse:
    point = _point(request, pk)
    last = TubeRoll.objects.order_by("-pk").first()
    initial = {"prefix": last.prefix, "first": acts.next_serial(last.prefix)} if last else {}
    form = RollForm(request.POST or None, initial=initial)
    if form.carry_out(lambda data: acts.issue_roll(point, **data, by=request.person, at=request.at)):
        messages.success(request, _("试管已发放给 %(code)s。") % {"code": point.code})
        return redirect("point", pk)
    title, back = _("发放试管：%(code)s") % {"code": point.code}, reverse("point", args=[pk])
    return show_form(request, form, title=title, crumbs=_crumbs(point), back=back, submit=_("发放"))
