"""Chooses the park of a request by its host name; with only one park, that one."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django_pgschemas.schema import Schema

from parkkeeper.park.tenancy.models import Host, Park

FRESH_FOR = 10.0  # seconds for which the list of parks is remembered
UNKNOWN_FOR = 1.0  # seconds after which a name that is not on it is looked up again: it may be a new park's
_remembered: dict[str, Any] = {"until": 0.0, "unknown_until": 0.0, "by_host": {}, "only": None}


def forget_parks() -> None:
    """Reads the list of parks anew at the next request (after a park was made, and in tests)."""
    _remembered["until"] = 0.0


def park_of(host: str) -> Park | None:
    """The park that answers under this host name (without port), or None."""
    now = time.monotonic()
    if now > _remembered["until"] or (host not in _remembered["by_host"] and now > _remembered["unknown_until"]):
        _read_parks()
    found: Park | None = _remembered["by_host"].get(host) or _remembered["only"]
    return found


def _read_parks() -> None:
    """Read the list of parks. While the database is away, the list that was known before goes on to serve."""
    try:
        with Schema.create("public"):
            parks = list(Park.objects.order_by("pk")[:2])
            by_host = {h.name: h.park for h in Host.objects.select_related("park").order_by("pk")}
    except (OperationalError, InterfaceError):
        connection.close()
        if not _remembered["by_host"] and _remembered["only"] is None:
            raise
    else:
        _remembered["by_host"], _remembered["only"] = by_host, parks[0] if len(parks) == 1 else None
    now = time.monotonic()
    _remembered["until"], _remembered["unknown_until"] = now + FRESH_FOR, now + UNKNOWN_FOR


class ParkMiddleware:
    """Activates the park's schema and time zone for the request; after it all is as before (outside: no park)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        park = park_of(request.get_host().rsplit(":", 1)[0].lower())
        if park is None:
            return HttpResponse(_("这个地址没有对应的园区。请检查网址，或用 manage park 新建园区。"), status=404)
        request.park = park  # type: ignore[attr-defined]
        # a fresh Schema object a request: the remembered Park is shared by threads
        with Schema.create(park.schema_name), timezone.override(park.time_zone or settings.TIME_ZONE):
            return self.get_response(request)
