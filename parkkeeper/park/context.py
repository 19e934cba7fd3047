"""What every page's frame shows."""

from typing import Any

from django.http import HttpRequest

from parkkeeper.kernel import clock


def frame(request: HttpRequest) -> dict[str, Any]:
    """The park, the person, the rehearsal banner; cheap: no query of its own."""
    return {
        "park": getattr(request, "park", None),
        "person_here": getattr(request, "person", None),
        "rehearsing": clock.rehearsing(),
        "at": getattr(request, "at", None),
    }
