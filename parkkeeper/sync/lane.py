"""The phones' own way through the web application: a park, a moment, a language, and nothing of what pages need.

No session, no account, no form's guard, no policy for scripts: a phone has none of these, and a batch of one scan costs
less than all of them together.
"""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from parkkeeper.park.middleware import LanguageMiddleware, MomentMiddleware
from parkkeeper.park.tenancy.middleware import ParkMiddleware

DOOR = "/phone/v1/"
"""Where config/urls.py has the door's addresses."""

Next = Callable[[HttpRequest], HttpResponseBase]


class LaneMiddleware:
    """Answers requests below /phone/ by itself; everything else, and unknown addresses, go on as ever."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response
        self.lane = ParkMiddleware(MomentMiddleware(LanguageMiddleware(_answer)))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(DOOR):
            return self.get_response(request)
        try:
            # only the door's own addresses: asking all of the park's costs as much as a statement
            request.resolver_match = resolve(request.path_info[len(DOOR) - 1 :], "parkkeeper.sync.urls")
        except Resolver404:
            return self.get_response(request)
        return self.lane(request)


def _answer(request: HttpRequest) -> HttpResponseBase:
    match = request.resolver_match
    assert match is not None
    response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    return response
