"""The help page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from parkkeeper.board.guides import guides_for
from parkkeeper.park.access import posts_of
from parkkeeper.park.requests import OfficeRequest


def help_page(request: OfficeRequest) -> HttpResponse:
    """What each role does, the reader's own first."""
    guides = guides_for(post.role for post in posts_of(request.person, request.at))
    return render(request, "board/help.html", {"title": _("帮助"), "guides": guides, "language": get_language()})
