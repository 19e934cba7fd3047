"""The phones' own entrance: token instead of session, JSON instead of pages, a problem instead of an error page."""

import gzip
import hashlib
import logging
import time
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

import orjson
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django_pgschemas.schema import get_current_schema
from psycopg_pool import PoolTimeout

from parkkeeper.park.access import POSTS_TOLD, remember_posts
from parkkeeper.park.models import Person, Site
from parkkeeper.park.statements import run
from parkkeeper.sampling.models import Point
from parkkeeper.sync.envelope import received
from parkkeeper.sync.gate import gate
from parkkeeper.sync.models import Phone
from parkkeeper.sync.problems import Problem, bad_token, database_away, too_often, wrong_method, wrong_protocol

OLDEST, NEWEST = 1, 1
PROTOCOL_HEADER = "Parkkeeper-Protocol"
_UNSAID = "1"  # who names no version speaks the first, for ever
_GZIP_FROM = 1024  # bytes; below that compressing costs more than it saves
_UNKNOWN_FOR = 60.0  # seconds for which an unknown token is remembered
_UNKNOWN_TIMES = 5
_UNKNOWN_MOST = 4096

log = logging.getLogger(__name__)
_unknown: dict[tuple[str, bytes], tuple[float, int]] = {}

View = Callable[..., HttpResponse]


def json_response(
    body: Any, *, request: HttpRequest | None = None, status: int = 200, headers: dict[str, str] | None = None
) -> HttpResponse:
    """`body` as JSON, compressed when the request takes gzip; never cached by others, never with Vary."""
    content = orjson.dumps(body)
    response = HttpResponse(status=status, content_type="application/json", headers=headers)
    if request is not None and len(content) >= _GZIP_FROM and "gzip" in request.headers.get("Accept-Encoding", ""):
        content = gzip.compress(content, 1, mtime=0)
        response["Content-Encoding"] = "gzip"
    response.content = content
    response["Content-Length"] = str(len(content))
    response.setdefault("Cache-Control", "private, no-store")
    response[PROTOCOL_HEADER] = str(NEWEST)
    return response


def problem_response(problem: Problem) -> HttpResponse:
    response = json_response(problem.body(), status=problem.status)
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    # in a rush a line of the log for every phone that is told to wait would cost more than telling it
    response._has_been_logged = problem.status == 429  # type: ignore[attr-defined]
    return response


def open_door(*methods: str) -> Callable[[View], View]:
    """A view of the door that needs no token: `view(request) -> HttpResponse`."""

    def wrap(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return _guarded(lambda: view(request, *args, **kwargs), request, methods)

        return answer

    return wrap


def phone_door(*methods: str) -> Callable[[View], View]:
    """A view of the door for enrolled phones: `view(request, phone) -> HttpResponse`; revoked ones come through too."""

    def wrap(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return _guarded(lambda: view(request, phone_of(request), *args, **kwargs), request, methods)

        return answer

    return wrap


def gated_door(method: str) -> Callable[[View], View]:
    """As phone_door, for what a rush consists of: `view(request, phone, body) -> HttpResponse`, only so many at once.

    The body is taken in first: a phone on a slow line must not hold a place, nor be cut off while it is sending.
    """

    def wrap(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def answer(request: HttpRequest) -> HttpResponse:
            bodies: list[bytes] = []

            def go() -> HttpResponse:
                if not bodies:  # when it is done again on a new connection, the body has been read
                    bodies.append(received(request))
                with gate.passed():
                    return view(request, phone_of(request), bodies[0])

            return _guarded(go, request, (method,))

        return answer

    return wrap


def _guarded(go: Callable[[], HttpResponse], request: HttpRequest, methods: tuple[str, ...]) -> HttpResponse:
    try:
        if request.method not in methods:
            raise wrong_method(", ".join(methods))
        _speak(request)
        return _with_database(go)
    except Problem as problem:
        return problem_response(problem)
    except Exception:
        log.exception("the door failed at %s", request.path)
        return problem_response(
            Problem(
                500, "server_error", _("服务器处理时出错，本次内容尚未确认。手机会保留并稍后重新发送。"), retry_after=60
            )
        )


def _with_database(go: Callable[[], HttpResponse]) -> HttpResponse:
    """Run `go`; once more on a new connection when the old one is dead, since all that phones ask is repeatable."""
    for last in (False, True):
        try:
            return go()
        except (OperationalError, InterfaceError) as error:
            log.warning("the database is away: %s", error)
            if connection.in_atomic_block:  # a caller's own transaction: it alone can begin anew
                raise database_away() from error
            close_quietly()
            if last or isinstance(error.__cause__, PoolTimeout):  # the pool itself has tried for a while
                raise database_away() from error
    raise AssertionError("unreachable")


def close_quietly() -> None:
    """Give a dead connection back, so that the next query opens another."""
    try:
        connection.close()
    except DatabaseError:
        connection.connection = None


def _speak(request: HttpRequest) -> None:
    sent = request.headers.get(PROTOCOL_HEADER, _UNSAID).strip()
    if not (sent.isascii() and sent.isdigit() and OLDEST <= int(sent[:9]) <= NEWEST):
        raise wrong_protocol(sent[:20], OLDEST, NEWEST)


def phone_of(request: HttpRequest) -> Phone:
    """The phone whose token the request bears. Raises Problem 401, then 429 when the unknown token comes again."""
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not token or len(token) > 100:
        raise bad_token()
    digest = token_digest(token)
    key = (get_current_schema().schema_name, digest)
    until, times = _unknown.get(key, (0.0, 0))
    if time.monotonic() >= until:
        times = 0
    if times >= _UNKNOWN_TIMES:
        raise too_often(int(_UNKNOWN_FOR))
    day = timezone.localdate(moment_of(request))
    rows = run(_PHONE, [day, digest])
    if not rows:
        if len(_unknown) >= _UNKNOWN_MOST:
            _unknown.clear()
        _unknown[key] = (time.monotonic() + _UNKNOWN_FOR, times + 1)
        raise bad_token()
    posts, *row = rows[0]
    phone = _phone(tuple(row))
    remember_posts(phone.holder, day, posts)
    return phone


# The phone with its holder and the holder's posts of the day, its point and the point's site (null for a phone of a
# grid): whole, as the ORM would bring them, but planned once.
_PARTS = (Phone, Point, Site, Person)
_COLUMNS = [[field.attname for field in part._meta.concrete_fields] for part in _PARTS]
_PHONE = f"""
SELECT {POSTS_TOLD.format(person="p0.holder_id", day="%s::date")},
  {", ".join(f"p{n}.{column}" for n, columns in enumerate(_COLUMNS) for column in columns)}
FROM sync_phone p0 JOIN park_person p3 ON p3.id = p0.holder_id
LEFT JOIN sampling_point p1 ON p1.id = p0.point_id LEFT JOIN park_site p2 ON p2.id = p1.site_id
WHERE p0.token_hash = %s
"""


def _phone(row: tuple[Any, ...]) -> Phone:
    parts: list[Any] = []
    for part, columns in zip(_PARTS, _COLUMNS, strict=True):
        parts.append(part.from_db("default", columns, row[: len(columns)]))
        row = row[len(columns) :]
    phone, point, site, phone.holder = parts
    if phone.point_id is not None:  # else it is a grid's
        phone.point, phone.point.site = point, site
    found: Phone = phone
    return found


def token_digest(token: str) -> bytes:
    """What of a token is stored: its SHA-256, 32 bytes."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def moment_of(request: HttpRequest) -> datetime:
    """When the server heard the request (MomentMiddleware)."""
    at: datetime = request.at  # type: ignore[attr-defined]
    return at
