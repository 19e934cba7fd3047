"""Opening a personal link, and knowing the phone by its token afterwards; who guesses is slowed down."""

from datetime import datetime, timedelta

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.translation import gettext as _

from parkkeeper.codes.actions import open_own_link, token_digest
from parkkeeper.codes.models import OwnLink
from parkkeeper.park.errors import Refused
from parkkeeper.park.models import LogInAttempt, Person

FAILURES, WITHIN = 10, timedelta(minutes=10)


def open_link(code: str, nonce: str, *, address: str, at: datetime) -> str | None:
    """The token for the phone that shows `code`, or None; Refused after ten wrong codes from one address."""
    # apart from log-ins: a phone's wrong codes must not lock out the office behind the same address
    name = f"own:{address}"[:64]
    failed = LogInAttempt.objects.filter(address=name, at__gt=at - WITHIN, succeeded=False).count()
    if failed >= FAILURES:
        raise Refused(_("失败次数过多，请 10 分钟后再试。"))
    opened = open_own_link(code, nonce, at=at) if code.strip() else None
    if opened is None:
        LogInAttempt.objects.create(username="", address=name, at=at, succeeded=False)
        return None
    return opened[1]


def person_of_token(token: str, *, at: datetime) -> Person | None:
    """Whose phone it is: None for an unknown token, and for a link that was revoked or has run out."""
    if not token.strip():
        return None
    link = OwnLink.objects.usable(at).select_related("person__employer").filter(token_hash=token_digest(token)).first()
    return link.person if link else None


def unknown_asker(request: HttpRequest) -> HttpResponse:
    """401: neither a token that is known nor a log-in."""
    with in_its_language(request):
        return problem(401, "unknown", _("请打开个人链接，或登录。"))


def problem(status: int, code: str, message: str) -> HttpResponse:
    """An answer that says why not: a machine word for the page, a sentence for the person."""
    told = {"error": {"code": code, "message": message}}
    return JsonResponse(told, status=status, headers={"Cache-Control": "no-store"})


def in_its_language(request: HttpRequest) -> translation.override:
    """The language that the page is shown in, which may be another than the browser's."""
    asked = request.headers.get("Parkkeeper-Language", "")
    return translation.override(asked if asked in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE)
