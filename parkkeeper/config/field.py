"""Serves the field app under /field/ and the big screen's program under /wall/: files only, the same for everybody,
before any park, session or language."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware

from parkkeeper.config.field_build import BUILT, WALL

PREFIX = "/field/"
SCREEN = "/wall/"  # the program of the big screen; its page and its data are behind a log-in (board/views/screen.py)
# 'wasm-unsafe-eval': the reader of codes is WebAssembly; blob: pictures that were just taken
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; worker-src 'self'; manifest-src 'self'; media-src 'self' blob:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
SCREEN_POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'"
_NOT_BUILT = """<!doctype html><html lang="zh-Hans"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>守园人</title>
<h1>现场应用尚未构建</h1><p>请管理员在能访问 npm 的网络中重新运行 ./run serve。手机上已安装的应用不受影响。</p>
<p lang="en">The field app is not built yet: run ./run serve where npm's registry can be reached.
Phones that have it already are not affected.</p></html>"""


class FilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise for the office's static files, and beside them the field app with its own headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse], settings: Any = settings) -> None:
        super().__init__(get_response, settings=settings)
        if BUILT.is_dir():
            self.media_types.types_map[".webmanifest"] = "application/manifest+json"
            self.add_files(str(BUILT), prefix="field/")
            self.files[PREFIX] = self.files.pop(PREFIX + "index.html")
            self.files[PREFIX.rstrip("/")] = self.redirect(PREFIX.rstrip("/"), PREFIX)
        if WALL.built.is_dir():
            self.add_files(str(WALL.built), prefix="wall/")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer with the file, else ask the application; /field/ without a build says so."""
        if request.path_info.startswith(SCREEN) and request.path_info not in self.files:
            return HttpResponse(b"", status=404, headers={"Cache-Control": "no-store"})
        if request.path_info.startswith(PREFIX) and request.path_info not in self.files:
            built = PREFIX in self.files
            body = b"" if built else _NOT_BUILT.encode()
            return HttpResponse(body, status=404 if built else 503, headers={"Cache-Control": "no-store"})
        response: HttpResponse = super().__call__(request)
        return response

    def add_cache_headers(self, headers: Any, path: str, url: str) -> None:
        """Hashed files for ever; the rest is asked for each time, and answered with 304 when it is the same."""
        if not url.startswith((PREFIX, SCREEN)):
            super().add_cache_headers(headers, path, url)
            return
        hashed = url.startswith((PREFIX + "assets/", SCREEN + "assets/"))
        headers["Cache-Control"] = f"max-age={self.FOREVER}, public, immutable" if hashed else "no-cache"
        headers["Content-Security-Policy"] = POLICY if url.startswith(PREFIX) else SCREEN_POLICY
        headers["Permissions-Policy"] = "camera=(self), microphone=(), geolocation=(self)"
        headers["X-Frame-Options"] = "DENY"
