"""Logging in and out, the own password, the language."""

import time

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from parkkeeper.park.access import posts_of
from parkkeeper.park.actions import accounts
from parkkeeper.park.errors import Refused
from parkkeeper.park.forms import OfficeForm, show_form
from parkkeeper.park.health import state_of_the_house
from parkkeeper.park.journal import record
from parkkeeper.park.requests import OfficeRequest, address_of

_BACKEND = settings.AUTHENTICATION_BACKENDS[0]
_YEAR = 365 * 24 * 3600


class LogInForm(OfficeForm):
    username = forms.CharField(
        label=gettext_lazy("登录名"), max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}),
    )  # fmt: skip
    password = forms.CharField(
        label=gettext_lazy("密码"), max_length=200, strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )  # fmt: skip


class PasswordForm(OfficeForm):
    old = forms.CharField(
        label=gettext_lazy("原密码"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    new = forms.CharField(
        label=gettext_lazy("新密码"), strip=False, max_length=200,
        help_text=gettext_lazy("至少 10 个字符，不要与登录名相近，也不要用常见密码。"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip
    again = forms.CharField(
        label=gettext_lazy("再次输入新密码"), strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    def clean_again(self) -> str:
        again: str = self.cleaned_data["again"]
        if again != self.cleaned_data.get("new", again):
            raise forms.ValidationError(_("两次输入的新密码不一致，请重新输入。"))
        return again


def _next(request: HttpRequest, given: str) -> str:
    safe = url_has_allowed_host_and_scheme(given, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return given if safe else settings.LOGIN_REDIRECT_URL


@never_cache
@sensitive_post_parameters("password")
def log_in(request: OfficeRequest) -> HttpResponse:
    form = LogInForm(request.POST or None)
    where = _next(request, request.GET.get("next", ""))
    if form.carry_out(lambda data: accounts.log_in(**data, address=address_of(request), at=request.at)):
        account = form.result
        login(request, account, backend=_BACKEND)  # a new session key: one that somebody planted is worthless
        request.session["since"] = request.session["seen"] = time.time()
        return _with_language(redirect(where), account.language)
    return show_form(request, form, "park/login.html", ended=request.GET.get("ended"))


@require_POST
def log_out(request: OfficeRequest) -> HttpResponse:
    if request.user.is_authenticated:
        record("account.logged_out", request.user, by=request.user.person, at=request.at)
    logout(request)
    return redirect("login")


@sensitive_post_parameters("old", "new", "again")
def password(request: OfficeRequest) -> HttpResponse:
    form = PasswordForm(request.POST or None)

    def change(data: dict[str, str]) -> None:
        accounts.confirm_password(request.user, data["old"], address=address_of(request), at=request.at)
        accounts.change_password(request.user, data["new"], by=request.person, at=request.at)

    first = request.user.must_change_password
    if form.carry_out(change):  # type: ignore[arg-type]
        update_session_auth_hash(request, request.user)
        messages.success(request, _("密码已修改，其他设备上的登录已全部失效。"))
        return redirect(settings.LOGIN_REDIRECT_URL)
    intro = _("这是办公室给您的临时密码，请先换成自己的密码，再开始使用。") if first else ""
    return show_form(request, form, title=_("修改密码"), intro=intro, submit=_("修改密码"))


@require_POST
def language(request: OfficeRequest) -> HttpResponse:
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        raise Refused(_("没有“%(language)s”这种语言。") % {"language": chosen[:20]})
    known = request.user.is_authenticated and bool(posts_of(request.user.person, request.at))
    if known and request.user.language != chosen:
        accounts.choose_language(request.user, chosen, by=request.user.person, at=request.at)
    return _with_language(redirect(_next(request, request.POST.get("next", ""))), chosen)


def _with_language(response: HttpResponse, chosen: str) -> HttpResponse:
    if chosen:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME, chosen, max_age=_YEAR, samesite="Lax", secure=settings.HTTPS, httponly=True
        )
    return response


@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """For supervisors: 200 when the database answers and its tables are those of this version, else 503."""
    state = state_of_the_house()
    return JsonResponse(state, status=200 if state["ok"] else 503)
