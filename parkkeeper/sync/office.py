"""The office's pages on phones: which are enrolled, enrol one, revoke one, read what was kept aside of one."""

from collections.abc import Mapping
from typing import Any

import segno
from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from parkkeeper.park.errors import Refused
from parkkeeper.park.forms import OfficeForm, PersonField, show_form
from parkkeeper.park.lists import Choice, Column, List
from parkkeeper.park.models import Grid, Post
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.search import people_matching
from parkkeeper.park.words import ROLES
from parkkeeper.sampling.models import Point
from parkkeeper.sync.actions import issue_enrolment, read_kept, retake_kept, revoke_phone
from parkkeeper.sync.models import Enrolment, Phone, PoisonOperation
from parkkeeper.sync.parsing import BadOperation

_FIELD_ROLES = (
    Post.Role.SCANNING, Post.Role.SAMPLING, Post.Role.PREVENTION, Post.Role.COURIER, Post.Role.LAB,
    Post.Role.TEAM_LEADER, Post.Role.TEAM_MEMBER, Post.Role.CONCIERGE,
)  # fmt: skip


def _state(phone: Phone) -> tuple[str, str]:
    if phone.revoked_at is not None:
        return _("已撤销"), "bad"
    return _("在用"), "ok"


PHONES = List(
    name="phones",
    title=pgettext_lazy("menu", "手机"),
    columns=(
        Column("name", gettext_lazy("手机"), link=lambda p: reverse("phone", args=[p.pk]), order="name", main=True),
        Column("place", gettext_lazy("采样点或网格"), value=lambda p: p.point.code if p.point else p.grid.name,
               order="point__code"),
        Column("holder", gettext_lazy("登记人"), value="holder__name", order="holder__pinyin"),
        Column("state", gettext_lazy("状态"), kind="badge", value=lambda p: _state(p)[0], tone=lambda p: _state(p)[1]),
        Column("enrolled_at", gettext_lazy("登记时间"), kind="moment", order="enrolled_at"),
        Column("last_seen_at", gettext_lazy("最近联系"), kind="moment", order="last_seen_at"),
        Column("app_version", gettext_lazy("应用版本"), kind="code"),
    ),
    filters=(
        Choice(
            "state", gettext_lazy("状态"), choices=(("on", gettext_lazy("在用")), ("off", gettext_lazy("已撤销"))),
            apply=lambda rows, value: rows.filter(revoked_at__isnull=value == "on"),
        ),
    ),
    search=lambda rows, text: rows.filter(people_matching(text, "holder__"))
    | rows.filter(name__contains=text) | rows.filter(point__code__startswith=text),
    hint=gettext_lazy("手机名、登记人、采样点编号"),
    order="-last_seen_at",
    people=True,
    verb="enrol_phone",
)  # fmt: skip


def phone_list(request: OfficeRequest) -> HttpResponse:
    rows = Phone.objects.select_related("point", "grid", "holder")
    return PHONES.page(request, rows, "sync/phones.html")


class PointField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A point in service, told by code and place."""

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.code} {obj.site.name}"


class EnrolForm(OfficeForm):
    point = PointField(
        Point.objects.select_related("site").order_by("code"), label=gettext_lazy("采样点"), required=False,
        help_text=gettext_lazy("采样、交接用的手机"),
    )  # fmt: skip
    grid = forms.ModelChoiceField(
        Grid.objects.order_by("code"), label=gettext_lazy("网格"), required=False,
        help_text=gettext_lazy("检查组用的手机；采样点和网格选一个"),
    )  # fmt: skip
    holder = PersonField(label=gettext_lazy("登记人"), help_text=gettext_lazy("证件号、工号、手机号或完整姓名"))
    role = forms.ChoiceField(label=gettext_lazy("岗位"), choices=[(r.value, ROLES[r.value]) for r in _FIELD_ROLES])


def phone_new(request: OfficeRequest) -> HttpResponse:
    """Ask for point, holder and role; then show the code, once."""
    form = EnrolForm(request.POST or None, initial={"point": request.GET.get("point", "")})
    if form.carry_out(lambda data: _issue(data, request)):
        return _code_page(request, *form.result)
    intro = _("登记码只能使用一次，用来让一台手机成为该采样点或检查组的手机。")
    crumbs, back = [(pgettext("menu", "手机"), reverse("phones"))], reverse("phones")
    return show_form(request, form, title=_("登记手机"), crumbs=crumbs, back=back, intro=intro, submit=_("生成登记码"))


def _issue(data: Mapping[str, Any], request: OfficeRequest) -> tuple[Enrolment, str]:
    places = [data[name] for name in ("point", "grid") if data[name] is not None]
    if len(places) != 1:
        raise Refused(_("采样点和网格须选一个，且只选一个。"))
    return issue_enrolment(places[0], data["holder"], data["role"], by=request.person, at=request.at)


def _code_page(request: OfficeRequest, enrolment: Enrolment, code: str) -> HttpResponse:
    # behind "#": a browser never sends that part, so the code reaches no log of the server
    address = request.build_absolute_uri(f"/field/#enrol={code}")
    context = {
        "title": _("登记码"), "crumbs": [(pgettext("menu", "手机"), reverse("phones"))], "enrolment": enrolment,
        "code": f"{code[:5]}-{code[5:]}", "picture": picture_of(address), "role": ROLES[enrolment.role],
    }  # fmt: skip
    response = render(request, "sync/code.html", context)
    response["Cache-Control"] = "no-store"
    return response


def picture_of(text: str) -> SafeString:
    """`text` as a QR code: SVG for the page, without style attributes."""
    return mark_safe(segno.make(text, error="m").svg_inline(scale=5, border=3, light="#fff"))


def phone_page(request: OfficeRequest, pk: int) -> HttpResponse:
    phone = get_object_or_404(
        Phone.objects.select_related("point__site", "grid", "holder__employer", "revoked_by"), pk=pk
    )
    if request.method == "POST" and request.POST.get("do") == "revoke":
        revoke_phone(phone, by=request.person, at=request.at)
        messages.success(request, _("登记已撤销。手机下次联系时先送回未发送的内容，然后清除名单。"))
        return redirect("phone", pk)
    state, tone = _state(phone)
    context = {
        "title": phone.name, "crumbs": [(pgettext("menu", "手机"), reverse("phones"))],
        "phone": phone, "state": state, "tone": tone,
        "batches": phone.batches.annotate(kept=Count("poison")).order_by("-received_at")[:20],
        "kept": [
            (one, BadOperation(one.code, "…").reason())
            for one in PoisonOperation.objects.filter(batch__phone=phone).order_by("-received_at", "position")[:50]
        ],
    }  # fmt: skip
    return render(request, "sync/phone.html", context)


def phone_kept(request: OfficeRequest, pk: int) -> HttpResponse:
    """The content of an operation that was kept aside; reading it is written to the journal."""
    found = get_object_or_404(PoisonOperation.objects.select_related("batch__phone__point", "taken_by"), pk=pk)
    phone = found.batch.phone
    if request.method == "POST" and request.POST.get("do") == "retake":
        retake_kept(found, by=request.person, at=request.at)
        messages.success(request, _("已重新处理，内容已入库。"))
        return redirect("phone", phone.pk)
    crumbs = [(pgettext("menu", "手机"), reverse("phones")), (phone.name, reverse("phone", args=[phone.pk]))]
    content = read_kept(found, by=request.person, at=request.at)
    context = {
        "title": _("未能识别的操作"), "crumbs": crumbs, "kept": found, "content": content,
        "reason": BadOperation(found.code, "…").reason(),
    }  # fmt: skip
    return render(request, "sync/kept.html", context)
