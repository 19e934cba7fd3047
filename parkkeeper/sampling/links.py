"""Links between pages: only to what exists and what the reader may open, so that no number leads to a refusal."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from parkkeeper.park.nav import may_open


def link_to(request: HttpRequest, page: str, *args: Any, query: Mapping[str, Any] | None = None) -> str:
    """The address of the page of that name, with a query of the values that are not None or ""; "" when it is closed
    to the reader."""
    if not may_open(request, page):
        return ""
    try:
        address = reverse(page, args=args)
    except NoReverseMatch:
        return ""
    asked = {key: value for key, value in (query or {}).items() if value not in (None, "")}
    return f"{address}?{urlencode(asked, doseq=True)}" if asked else address
