"""What every request of a person carries: its moment, its language, its rights."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation
from django.utils.crypto import constant_time_compare

from parkkeeper.kernel import clock
from parkkeeper.park import access
from parkkeeper.park.errors import Forbidden

Next = Callable[[HttpRequest], HttpResponseBase]


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
    """Denies what the tables of park/access.py do not grant; sets `request.person` and `request.scopes`."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponseBase | None:
        name = request.resolver_match.view_name if request.resolver_match else ""
        if name in access.OPEN_PAGES or name in access.PHONE_PAGES:
            return None
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        verb = access.PAGES.get(name)
        if verb is None:
            raise Forbidden(f"page {name}")
        person = request.user.person
        scopes = access.scopes(person, verb, at=request.at)  # type: ignore[attr-defined]
        if scopes == []:
            raise Forbidden(verb)
        request.person, request.scopes = person, scopes  # type: ignore[attr-defined]
        return None
