"""A person's own page: a shell that is the same for everybody and works without network; how a phone becomes known.

The data come from parkkeeper/board/views/own.py.
"""

import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_POST

from parkkeeper.codes.opening import in_its_language, open_link, problem
from parkkeeper.park.errors import Refused
from parkkeeper.park.requests import OfficeRequest, address_of

_LONGEST = 2000  # bytes of a request's body


@require_GET
def shell(request: HttpRequest) -> HttpResponse:
    """The page without anybody's data: no name, no token, no language of its own, so that a phone may keep it."""
    response = render(request, "codes/own.html")
    response["Cache-Control"] = "no-cache"
    return response


@require_GET
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker, which keeps the shell; a new version of any file makes a new worker."""
    files = [static("codes/own.css"), static("codes/own.js"), static("park/mark.svg")]
    response = render(request, "codes/own-worker.js", {"files": files}, content_type="text/javascript")
    response["Cache-Control"] = "no-cache"
    return response


@require_GET
def manifest(request: HttpRequest) -> HttpResponse:
    """What a phone needs to put the page on its home screen."""
    icon = {"src": static("park/mark.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"}
    facts = {
        "name": _("我的码"), "short_name": _("我的码"), "start_url": ".", "scope": ".", "display": "standalone",
        "background_color": "#ffffff", "theme_color": "#14213d", "icons": [icon],
    }  # fmt: skip
    return JsonResponse(facts, content_type="application/manifest+json", headers={"Cache-Control": "no-cache"})


@csrf_exempt
@require_POST
def open_own(request: OfficeRequest) -> HttpResponse:
    """A one-time code becomes the token of this phone. Nobody is logged in by it, so there is nothing to guard."""
    code, nonce = _code_and_nonce(request.read(_LONGEST))
    with in_its_language(request):
        try:
            token = open_link(code, nonce, address=address_of(request), at=request.at)
        except Refused as refusal:
            return problem(429, "too_often", str(refusal))
        if token is None:
            return problem(404, "unknown", _("链接无效、已用过或已过期。请向企业联络人或园区办公室要一个新的。"))
    return JsonResponse({"token": token}, status=201, headers={"Cache-Control": "no-store"})


def _code_and_nonce(raw: bytes) -> tuple[str, str]:
    try:
        facts: Any = json.loads(raw)
    except ValueError:
        return "", ""
    code, nonce = (facts.get("code"), facts.get("nonce")) if isinstance(facts, dict) else ("", "")
    if not isinstance(code, str) or not isinstance(nonce, str) or len(code) > 40 or not 16 <= len(nonce) <= 64:
        return "", ""
    return code, nonce
