"""The data of a person's own page, and its words; the shell around them is of parkkeeper/codes/views/own.py.

Whoever asks is known by the token of a link that was opened on this phone, or by a log-in; each sees the own data only.
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from parkkeeper.board.own import tell_own
from parkkeeper.board.own_words import words
from parkkeeper.codes.opening import person_of_token, unknown_asker
from parkkeeper.park.middleware import session_is_fresh
from parkkeeper.park.models import Person
from parkkeeper.park.requests import OfficeRequest


@require_GET
def own_words(request: HttpRequest) -> HttpResponse:
    """The page's texts in every language, to be kept with it."""
    return JsonResponse(words(), headers={"Cache-Control": "no-cache"})


@require_GET
def own_data(request: OfficeRequest) -> HttpResponse:
    """The asker's own data. 401 tells a phone to forget what it holds: its link was revoked or ran out."""
    person = _asker(request)
    if person is None:
        return unknown_asker(request)
    return JsonResponse(tell_own(person, request.at), headers={"Cache-Control": "private, no-store"})


def _asker(request: OfficeRequest) -> Person | None:
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    if kind:  # whoever shows a token is that person or nobody, whatever session the browser has beside it
        return person_of_token(token, at=request.at) if kind.lower() == "bearer" and len(token) <= 100 else None
    user = request.user
    known = user.is_authenticated and session_is_fresh(request) and not user.must_change_password
    return user.person if known else None
