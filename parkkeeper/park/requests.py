"""What a request of a logged-in person carries once the middleware has let it through."""

from datetime import datetime

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from parkkeeper.park.models import Account, Person
from parkkeeper.park.scope import Scope
from parkkeeper.park.tenancy.models import Park


class OfficeRequest(HttpRequest):
    """For annotations of views: `person` acts, at `at`, and may see what `scopes` reach (None: the whole park)."""

    at: datetime
    person: Person
    scopes: list[Scope] | None
    user: Account
    park: Park
    htmx: HtmxDetails


def address_of(request: HttpRequest) -> str:
    """The address that the request came from; behind our own TLS proxy, what the proxy says."""
    if request.is_secure() and (forwarded := request.headers.get("X-Forwarded-For", "")):
        return forwarded.rsplit(",", 1)[-1].strip()[:64]
    return str(request.META.get("REMOTE_ADDR", ""))[:64]
