"""Pages for what went wrong: each says what happened and where to go. No frame: they must not ask the database."""

import sys

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from parkkeeper.park.context import HTML_LANGUAGES

PHONES = "/phone/"
"""Where the phones' door is (config/urls.py): its answers are JSON, also before a park was found."""


def _page(request: HttpRequest, name: str, status: int, told: str = "") -> HttpResponse:
    """Errors may come before the language was chosen, so that is done here; a refresh in place gets only the words."""
    language = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if language not in dict(settings.LANGUAGES):
        language = translation.get_language_from_request(request)
    part = request.headers.get("HX-Request") == "true"
    with translation.override(language):
        context = {"told": told, "html_language": HTML_LANGUAGES.get(language, "zh-Hans"), "name": name, "part": part}
        html = render_to_string("park/errors/part.html" if part else f"park/errors/{name}.html", context)
    return HttpResponse(html, status=status, headers={"Content-Language": language})


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, "400", 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, "403", 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, "404", 404)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The form's guard against foreign pages did not fit: mostly a page left open over a new log-in."""
    return _page(request, "403", 403, _("页面已过期：请返回上一页，刷新后再提交。填写的内容没有保存。"))


def refused(request: HttpRequest, told: str) -> HttpResponse:
    """A rule forbids it now; `told` says why and what to do."""
    return _page(request, "refused", 422, told)


def _to_a_phone() -> HttpResponse:
    # as the door itself says it (docs/protocol.md); it does not come so far when no park could be found
    told = _("服务器暂时无法保存数据，本次内容尚未确认。手机会自动重新发送，请勿清除应用数据。")
    return JsonResponse({"error": {"code": "database_away", "message": told}}, status=503)


def server_error(request: HttpRequest) -> HttpResponse:
    """503 while the database does not answer (it comes back by itself), else 500; a phone gets it as JSON."""
    if isinstance(sys.exc_info()[1], OperationalError | InterfaceError):
        response = _to_a_phone() if request.path.startswith(PHONES) else _page(request, "503", 503)
        response["Retry-After"] = "10"
        return response
    return _page(request, "500", 500)
