"""Accounts of people: who may log in; a password is shown once."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from parkkeeper.park.actions import accounts
from parkkeeper.park.forms import OfficeForm, PersonField, show_form
from parkkeeper.park.lists import Choice, Column, List
from parkkeeper.park.models import Account, LogInAttempt, Post
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.search import people_matching
from parkkeeper.park.words import ROLES

ACCOUNTS = List(
    name="accounts",
    title=pgettext_lazy("menu", "账号"),
    columns=(
        Column("username", gettext_lazy("登录名"), link=lambda a: reverse("account", args=[a.pk]), order="username",
               main=True),
        Column("name", gettext_lazy("姓名"), value="person__name", order="person__pinyin"),
        Column("employer", gettext_lazy("单位"), value="person__employer__short_name",
               order="person__employer__pinyin"),
        Column("state", gettext_lazy("状态"), kind="badge", value=lambda a: _state(a)[0], tone=lambda a: _state(a)[1]),
        Column("last_login", gettext_lazy("最近登录"), kind="moment", order="last_login"),
    ),
    filters=(
        Choice("state", gettext_lazy("状态"), choices=(("on", gettext_lazy("在用")), ("off", gettext_lazy("已停用"))),
               apply=lambda rows, value: rows.filter(is_active=value == "on")),
    ),
    search=lambda rows, text: rows.filter(people_matching(text, "person__")) | rows.filter(username__startswith=text),
    hint=gettext_lazy("姓名、拼音、登录名"),
    order="username",
    people=True,
    verb="administer",
)  # fmt: skip


def _state(account: Account) -> tuple[str, str]:
    if not account.is_active:
        return _("已停用"), "bad"
    return (_("待改密码"), "warn") if account.must_change_password else (_("在用"), "ok")


def account_list(request: OfficeRequest) -> HttpResponse:
    crumbs = [(_("设置"), reverse("settings"))]
    rows = Account.objects.select_related("person__employer")
    return ACCOUNTS.page(request, rows, "park/settings/accounts.html", {"crumbs": crumbs})


class AccountForm(OfficeForm):
    person = PersonField(label=gettext_lazy("人员"), help_text=gettext_lazy("证件号、工号、手机号或完整姓名"))
    username = forms.RegexField(
        r"^[A-Za-z0-9._-]{3,60}$", label=gettext_lazy("登录名"),
        help_text=gettext_lazy("3–60 个字母、数字、点、横线或下划线；不分大小写。"),
        error_messages={"invalid": gettext_lazy("登录名只能用字母、数字、点、横线和下划线，3–60 个。")},
    )  # fmt: skip


def account_new(request: OfficeRequest) -> HttpResponse:
    form = AccountForm(request.POST or None, initial={"person": request.GET.get("person", "")})
    if form.carry_out(lambda data: accounts.make_account(**data, by=request.person, at=request.at)):
        account, password = form.result
        return _shown(request, account, password)
    crumbs = [(_("设置"), reverse("settings")), (pgettext("menu", "账号"), reverse("accounts"))]
    return show_form(request, form, title=_("新建账号"), crumbs=crumbs, back=reverse("accounts"), submit=_("新建"))


def _shown(request: OfficeRequest, account: Account, password: str = "") -> HttpResponse:
    context = {
        "title": account.username, "account": account, "password": password,
        "crumbs": [(_("设置"), reverse("settings")), (pgettext("menu", "账号"), reverse("accounts"))],
        "posts": [(ROLES[p.role], p) for p in Post.objects.filter(person=account.person)
                  .select_related("grid", "enterprise", "site").order_by("-during")],
        "attempts": LogInAttempt.objects.filter(username=account.username).order_by("-at")[:10],
        "own": account.person_id == request.person.pk,
    }  # fmt: skip
    return render(request, "park/settings/account.html", context)


def account_page(request: OfficeRequest, pk: int) -> HttpResponse:
    account = get_object_or_404(Account.objects.select_related("person__employer"), pk=pk)
    what, by, at = request.POST.get("do", ""), request.person, request.at
    if request.method != "POST":
        return _shown(request, account)
    if what == "reset":
        return _shown(request, account, accounts.reset_password(account, by=by, at=at))
    if what == "lock":
        accounts.lock_account(account, by=by, at=at)
        messages.success(request, _("账号已停用，其登录立即失效。"))
    elif what == "unlock":
        accounts.unlock_account(account, by=by, at=at)
        messages.success(request, _("账号已启用。"))
    return redirect("account", pk)
