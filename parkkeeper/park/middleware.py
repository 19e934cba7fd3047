"""What every request of a person carries: its moment, its language, its rights."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation
from django.utils.crypto import constant_time_compare

from parkkeeper.kernel import clock
from parkkeeper.park import access
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.views.errors import refused

Next = Callable[[HttpRequest], HttpResponseBase]
_NOTE_EVERY = 300.0  # seconds between two notes of when a session was last used: a write, so not at every request


class MomentMiddleware:
    """Gives the request its moment: `request.at`. In a rehearsal the caller who knows the token may set it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        told = request.headers.get("Parkkeeper-Rehearsal-Time", "")
        token = request.headers.get("Parkkeeper-Rehearsal-Token", "")
        if told and settings.REHEARSAL_TOKEN and constant_time_compare(token, settings.REHEARSAL_TOKEN):
            with clock.at(datetime.fromisoformat(told)):
                return self._go(request)
        return self._go(request)

    def _go(self, request: HttpRequest) -> HttpResponseBase:
        request.at = clock.now()  # type: ignore[attr-defined]
        return self.get_response(request)


class LanguageMiddleware:
    """The account's language, else the cookie's, else the browser's; never on the phones' door."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if chosen not in dict(settings.LANGUAGES):
            chosen = translation.get_language_from_request(request)
        with translation.override(chosen):
            request.LANGUAGE_CODE = chosen
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", chosen)
            return response


class AccessMiddleware:
    """Denies what the tables of park/access.py do not grant; sets `request.person` and `request.scopes`.

    A session ends when it is left alone too long or is too old, by real time whatever the park's clock says.
    """

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if hasattr(request, "person"):
            response.headers.setdefault("Cache-Control", "no-store")  # personal data stays in no cache, shared or own
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in access.OPEN_PAGES or name in access.PHONE_PAGES or name in access.OWN_PAGES:
            return None
        if not request.user.is_authenticated:
            return _to_log_in(request)
        if not session_is_fresh(request):
            logout(request)
            return _to_log_in(request, ended=True)
        verb = access.PAGES.get(name)
        if verb is None:
            raise Forbidden(f"page {name}")
        if request.user.must_change_password and name != "password":
            return redirect("password")
        person = request.user.person
        scopes = access.scopes(person, verb, at=request.at)  # type: ignore[attr-defined]
        if scopes == []:
            if name == "today" and access.may(person, "see_screen", at=request.at):  # type: ignore[attr-defined]
                return redirect("screen")  # where a log-in of a wall begins
            raise Forbidden(verb)
        request.person, request.scopes = person, scopes  # type: ignore[attr-defined]
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        """A refusal that no form shows becomes a page of its own."""
        return refused(request, str(exception)) if isinstance(exception, Refused) else None


def session_is_fresh(request: HttpRequest) -> bool:
    """Whether the session is neither left alone too long nor too old, by real time; notes that it was used."""
    real, session = time.time(), request.session
    since, seen = session.get("since", real), session.get("seen", real)
    if real - seen > settings.SESSION_IDLE_SECONDS or real - since > settings.SESSION_COOKIE_AGE:
        return False
    if "seen" not in session or real - seen > _NOTE_EVERY:
        session["since"], session["seen"] = since, real
    return True


def _to_log_in(request: HttpRequest, ended: bool = False) -> HttpResponseBase:
    """To the log-in page, and from there back; a refresh in place is told to take the whole page there."""
    back = request.headers.get("HX-Current-URL") or request.get_full_path()
    path = urlsplit(back)._replace(scheme="", netloc="").geturl() if request.method == "GET" else "/"
    response = redirect_to_login(path)
    if ended:
        response["Location"] += "&ended=1"
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(status=401, headers={"HX-Redirect": response["Location"]})
    return response
