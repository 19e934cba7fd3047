"""What every page's frame shows."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from parkkeeper.kernel import clock
from parkkeeper.park.models import Message
from parkkeeper.park.nav import navigation

HTML_LANGUAGES = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant", "en": "en"}


def frame(request: HttpRequest) -> dict[str, Any]:
    """The park, the person, the navigation, the rehearsal banner; asks nothing of the database until it is shown."""
    person = getattr(request, "person", None)
    return {
        "park": getattr(request, "park", None),
        "person_here": person,
        "rehearsing": clock.rehearsing(),
        "at": getattr(request, "at", None),
        "html_language": HTML_LANGUAGES.get(getattr(request, "LANGUAGE_CODE", ""), "zh-Hans"),
        "navigation": SimpleLazyObject(lambda: navigation(request) if person else []),
        "unread_messages": SimpleLazyObject(lambda: Message.objects.unread().filter(to=person).count()),
    }
