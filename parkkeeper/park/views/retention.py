"""Retention: what is kept how long, what is due, who ordered what destroyed, and what is held."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from parkkeeper.park.actions import retention as acts
from parkkeeper.park.errors import Refused
from parkkeeper.park.forms import OfficeForm, moment_field, show_form
from parkkeeper.park.models import DestructionOrder, Emergency, Hold
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.retention.kept import outlooks_now
from parkkeeper.park.retention.rules import periods

PERIODS: dict[str, Promise | str] = {
    "emergency": gettext_lazy("应急结束后 60 天，且经两人批准"),
    "register": gettext_lazy("离开园区后 365 天"),
    "duty": gettext_lazy("最后一天之后 3 年"),
    "journal": gettext_lazy("记录后 3 年"),
    "import": gettext_lazy("导入完成后 90 天"),
    "message": gettext_lazy("发出后 60 天"),
    "account": gettext_lazy("停用后 365 天，或本人资料销毁时"),
    "attempt": gettext_lazy("尝试后 30 天"),
    "session": gettext_lazy("登录结束后一天内"),
}
"""The periods of docs/retention.toml as people read them; a test holds the two against each other."""
WAYS: dict[str, Promise | str] = {
    "delete": gettext_lazy("删除"),
    "blank": gettext_lazy("清空涉及人员的内容"),
    "stand_in": gettext_lazy("换成无名者，数字不变"),
    "shred": gettext_lazy("销毁密钥"),
    "file": gettext_lazy("销毁文件内容"),
    "import_file": gettext_lazy("销毁表格内容"),
    "person": gettext_lazy("清空个人资料"),
    "account": gettext_lazy("删除账号"),
    "journal": gettext_lazy("删除整段日志，封签保留"),
    "phone_token": gettext_lazy("销毁手机口令"),
    "follows": gettext_lazy("随所属记录失去所指"),
}
"""The ways of destroying as people read them; a test holds them against those that there are."""


def _crumbs(*more: tuple[str, str]) -> list[tuple[str, str]]:
    return [(_("设置"), reverse("settings")), *more]


def retention(request: OfficeRequest) -> HttpResponse:
    counted_at, outlooks = outlooks_now(request.at)
    shown = [
        (one, PERIODS.get(one.rule.period.name, one.rule.period.until), WAYS.get(one.rule.way, one.rule.way))
        for one in outlooks
    ]
    ended = Emergency.objects.filter(during__endswith__lte=request.at).order_by("-during").prefetch_related("orders")
    days = next(period.days for period in periods() if period.of_emergency)
    holds = Hold.objects.select_related("placed_by", "lifted_by").order_by("-placed_at")[:50]
    context = {
        "title": _("保存期限"), "crumbs": _crumbs(), "rows": shown, "counted_at": counted_at,
        "emergencies": [(one, one.during.upper + timedelta(days=days), _standing(one)) for one in ended],
        "holds": [(one, PERIODS.get(one.period, _("所有期限")), _held(one, request.at)) for one in holds],
    }  # fmt: skip
    return render(request, "park/settings/retention.html", context)


def _standing(emergency: Emergency) -> DestructionOrder | None:
    """The emergency's order that was not withdrawn."""
    orders = DestructionOrder.objects.standing().filter(emergency=emergency)
    return orders.select_related("proposed_by", "approved_by").first()


def _held(hold: Hold, at: datetime) -> bool:
    return hold.placed_at <= at < hold.until and hold.lifted_at is None


class ProposeForm(OfficeForm):
    reason = forms.CharField(
        label=gettext_lazy("依据"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("例如终止应急状态的通告。另一位管理人员批准并到期后，数据将被销毁，无法恢复。"),
    )  # fmt: skip


class HoldForm(OfficeForm):
    period = forms.ChoiceField(
        label=gettext_lazy("期限"), required=False, choices=[("", gettext_lazy("所有期限")), *PERIODS.items()]
    )
    until = moment_field(gettext_lazy("暂缓到"))
    reason = forms.CharField(
        label=gettext_lazy("理由"), max_length=300, widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("例如案号、检查通知的文号。"),
    )  # fmt: skip


def retention_propose(request: OfficeRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Emergency, pk=pk)
    form = ProposeForm(request.POST or None)
    if form.carry_out(lambda data: acts.propose_destruction(found, **data, by=request.person, at=request.at)):
        messages.success(request, _("已提出销毁，等待另一位管理人员批准。"))
        return redirect("retention")
    crumbs = _crumbs((_("保存期限"), reverse("retention")))
    title = _("提出销毁：%(name)s") % {"name": found.name}
    return show_form(request, form, title=title, crumbs=crumbs, back=reverse("retention"), submit=_("提出销毁"))


def _carried_out(request: OfficeRequest, done: str, act: Callable[[], object]) -> HttpResponse:
    try:
        act()
        messages.success(request, done)
    except Refused as refusal:
        messages.error(request, str(refusal))
    return redirect("retention")


@require_POST
def retention_approve(request: OfficeRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(DestructionOrder, pk=pk)
    told = _("已批准。到期后由程序销毁，无法恢复。")
    return _carried_out(request, told, lambda: acts.approve_destruction(order, by=request.person, at=request.at))


@require_POST
def retention_withdraw(request: OfficeRequest, pk: int) -> HttpResponse:
    order = get_object_or_404(DestructionOrder, pk=pk)
    told = _("已撤回。已经销毁的不能恢复。")
    return _carried_out(request, told, lambda: acts.withdraw_destruction(order, by=request.person, at=request.at))


def retention_hold(request: OfficeRequest) -> HttpResponse:
    form = HoldForm(request.POST or None)
    if form.carry_out(lambda data: acts.place_hold(**data, by=request.person, at=request.at)):
        messages.success(request, _("已暂缓：在此期间不销毁。"))
        return redirect("retention")
    crumbs = _crumbs((_("保存期限"), reverse("retention")))
    return show_form(request, form, title=_("暂缓销毁"), crumbs=crumbs, back=reverse("retention"), submit=_("暂缓销毁"))


@require_POST
def retention_lift(request: OfficeRequest, pk: int) -> HttpResponse:
    hold = get_object_or_404(Hold, pk=pk)
    told = _("暂缓已结束，到期的数据将照常销毁。")
    return _carried_out(request, told, lambda: acts.lift_hold(hold, by=request.person, at=request.at))
