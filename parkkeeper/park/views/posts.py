"""Posts and certificates: appointed and ended, issued and revoked."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from parkkeeper.kernel import clock
from parkkeeper.park.actions import posts as acts
from parkkeeper.park.forms import EnterpriseField, OfficeForm, PersonField, SiteField, day_field, show_form
from parkkeeper.park.lists import Choice, Column, Day, List
from parkkeeper.park.models import Certificate, Grid, Post
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.search import people_matching
from parkkeeper.park.templatetags.park import dates
from parkkeeper.park.words import ROLES


def _place(post: Post) -> str:
    thing = post.site or post.enterprise or post.grid
    return str(thing) if thing else _("全园")


def _roles(request: HttpRequest) -> list[tuple[str, Any]]:
    return list(ROLES.items())


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [(_("设置"), reverse("settings")), *more]


POSTS = List(
    name="posts",
    title=pgettext_lazy("menu", "岗位"),
    columns=(
        Column("name", gettext_lazy("姓名"), value="person__name", order="person__pinyin", main=True,
               link=lambda p: reverse("post", args=[p.pk])),
        Column("role", gettext_lazy("岗位"), value=lambda p: ROLES[p.role], order="role"),
        Column("place", gettext_lazy("地点"), value=_place),
        Column("employer", gettext_lazy("单位"), value="person__employer__short_name",
               order="person__employer__pinyin"),
        Column("during", gettext_lazy("任期"), value=lambda p: dates(p.during), kind="day", order="during"),
    ),
    filters=(
        Choice("role", gettext_lazy("岗位"), choices=_roles, apply="role"),
        Choice("grid", gettext_lazy("网格"), choices=lambda r: Grid.objects.order_by("code").values_list("pk", "name"),
               apply=lambda rows, v: rows.filter(Q(grid=v) | Q(enterprise__grid=v) | Q(site__grid=v))),
        Day("day", gettext_lazy("在任日期"), apply="during__contains"),
    ),
    search=lambda rows, text: rows.filter(
        people_matching(text, "person__") | Q(enterprise__short_name__contains=text) | Q(site__name__contains=text)
    ),
    hint=gettext_lazy("姓名、拼音、企业、场所"),
    order="name",
    people=True,
    verb="change_register",
)  # fmt: skip
VALIDITIES = (
    ("valid", gettext_lazy("有效")),
    ("expired", gettext_lazy("已过期")),
    ("revoked", gettext_lazy("已吊销")),
)
CERTIFICATES = List(
    name="certificates",
    title=pgettext_lazy("menu", "上岗证"),
    columns=(
        Column("name", gettext_lazy("姓名"), value="person__name", order="person__pinyin", main=True),
        Column("role", gettext_lazy("岗位"), value=lambda c: str(ROLES.get(c.role, c.role)), order="role"),
        Column("number", gettext_lazy("证号"), kind="code", order="number",
               link=lambda c: reverse("certificate", args=[c.pk])),
        Column("issuer", gettext_lazy("颁发单位"), order="issuer"),
        Column("during", gettext_lazy("有效期"), value=lambda c: dates(c.during), kind="day", order="during"),
        Column("state", gettext_lazy("状态"), kind="badge", value=lambda c: _validity(c)[0],
               tone=lambda c: _validity(c)[1]),
    ),
    filters=(
        Choice("role", gettext_lazy("岗位"), choices=_roles, apply="role"),
        Choice("state", gettext_lazy("状态"), choices=VALIDITIES, apply=lambda rows, value: _in_state(rows, value)),
    ),
    search=lambda rows, text: rows.filter(people_matching(text, "person__") | Q(number__startswith=text)),
    hint=gettext_lazy("姓名、拼音、证号"),
    order="name",
    people=True,
    verb="change_register",
)  # fmt: skip


def _today() -> date:
    return timezone.localdate(clock.now())


def _validity(certificate: Certificate) -> tuple[str, str]:
    if certificate.revoked_at:
        return _("已吊销"), "bad"
    if certificate.during.upper and certificate.during.upper <= _today():
        return _("已过期"), "warn"
    return (_("有效"), "ok") if certificate.during.lower <= _today() else (_("未生效"), "wait")


def _in_state(rows: Any, value: str) -> Any:
    if value == "revoked":
        return rows.filter(revoked_at__isnull=False)
    rows = rows.filter(revoked_at__isnull=True)
    return rows.filter(during__contains=_today()) if value == "valid" else rows.filter(during__endswith__lte=_today())


def post_list(request: OfficeRequest) -> HttpResponse:
    rows = Post.objects.select_related("person__employer", "grid", "enterprise", "site")
    return POSTS.page(request, rows, "park/settings/posts.html", {"crumbs": _crumbs()})


class PostForm(OfficeForm):
    person = PersonField(label=gettext_lazy("人员"), help_text=gettext_lazy("证件号、工号、手机号或完整姓名"))
    role = forms.ChoiceField(label=gettext_lazy("岗位"), choices=lambda: list(ROLES.items()))
    enterprise = EnterpriseField(label=gettext_lazy("企业"), required=False, help_text=gettext_lazy("防疫专员填写"))
    site = SiteField(
        label=gettext_lazy("场所"), required=False, help_text=gettext_lazy("采样专员、扫码专员填写：编号或名称")
    )
    grid = forms.ModelChoiceField(
        label=gettext_lazy("网格"), queryset=Grid.objects.order_by("code"), required=False, empty_label="–",
        help_text=gettext_lazy("店小二、检查组填写"),
    )  # fmt: skip
    start = day_field(gettext_lazy("第一天"))
    last_day = day_field(gettext_lazy("最后一天"), required=False, help_text=gettext_lazy("不确定可不填，以后再结束。"))


def _dated(data: Any) -> dict[str, Any]:
    """The form's last day as the exclusive end that the database keeps."""
    last = data.get("last_day")
    rest = {key: value for key, value in data.items() if key != "last_day"}
    return {**rest, "end": last + timedelta(days=1) if last else None}


def post_new(request: OfficeRequest) -> HttpResponse:
    form = PostForm(request.POST or None, initial={"start": _today(), "person": request.GET.get("person", "")})
    if form.carry_out(lambda data: acts.appoint_post(**_dated(data), by=request.person, at=request.at)):
        messages.success(request, _("已任命%(name)s。") % {"name": form.result.person.name})
        return redirect("posts")
    crumbs = _crumbs((pgettext("menu", "岗位"), reverse("posts")))
    return show_form(request, form, title=_("任命岗位"), crumbs=crumbs, back=reverse("posts"), submit=_("任命"))


class EndPostForm(OfficeForm):
    last_day = day_field(gettext_lazy("最后一天"))


def post_page(request: OfficeRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Post.objects.select_related("person", "grid", "enterprise", "site"), pk=pk)
    form = EndPostForm(request.POST or None, initial={"last_day": _today()})
    if form.carry_out(lambda data: acts.end_post(found, **data, by=request.person, at=request.at)):
        messages.success(request, _("岗位已结束，权限随之终止。"))
        return redirect("posts")
    intro = f"{ROLES[found.role]} · {_place(found)} · {dates(found.during)}"
    crumbs = _crumbs((pgettext("menu", "岗位"), reverse("posts")))
    title = _("结束岗位：%(name)s") % {"name": found.person.name}
    return show_form(
        request, form, title=title, crumbs=crumbs, intro=intro, back=reverse("posts"), submit=_("结束岗位")
    )


def certificate_list(request: OfficeRequest) -> HttpResponse:
    rows = Certificate.objects.select_related("person")
    return CERTIFICATES.page(request, rows, "park/settings/certificates.html", {"crumbs": _crumbs()})


class CertificateForm(OfficeForm):
    person = PersonField(label=gettext_lazy("人员"), help_text=gettext_lazy("证件号、工号、手机号或完整姓名"))
    role = forms.ChoiceField(label=gettext_lazy("岗位"), choices=lambda: [(r, ROLES[r]) for r in acts.CERTIFIED])
    number = forms.CharField(label=gettext_lazy("证号"), max_length=40)
    issuer = forms.CharField(label=gettext_lazy("颁发单位"), max_length=120)
    start = day_field(gettext_lazy("第一天"))
    last_day = day_field(gettext_lazy("最后一天"))


def certificate_new(request: OfficeRequest) -> HttpResponse:
    form = CertificateForm(request.POST or None, initial={"start": _today()})
    if form.carry_out(lambda data: acts.issue_certificate(**_dated(data), by=request.person, at=request.at)):
        messages.success(request, _("上岗证已登记。"))
        return redirect("certificates")
    crumbs = _crumbs((pgettext("menu", "上岗证"), reverse("certificates")))
    return show_form(request, form, title=_("登记上岗证"), crumbs=crumbs, back=reverse("certificates"))


class RevokeForm(OfficeForm):
    reason = forms.CharField(label=gettext_lazy("吊销原因"), max_length=200)


def certificate_page(request: OfficeRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Certificate.objects.select_related("person"), pk=pk)
    form = RevokeForm(request.POST or None)
    if form.carry_out(lambda data: acts.revoke_certificate(found, **data, by=request.person, at=request.at)):
        messages.success(request, _("上岗证已吊销，持证人不能再当班。"))
        return redirect("certificates")
    intro = f"{found.person.name} · {ROLES.get(found.role, found.role)} · {found.issuer} · {dates(found.during)}"
    crumbs = _crumbs((pgettext("menu", "上岗证"), reverse("certificates")))
    title = _("吊销上岗证 %(number)s") % {"number": found.number}
    return show_form(
        request, form, title=title, crumbs=crumbs, intro=intro, back=reverse("certificates"), submit=_("吊销")
    )
