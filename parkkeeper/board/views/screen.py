"""The big screen: an empty page that its own program fills, and what that asks for."""

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render

from parkkeeper.board import screen as board
from parkkeeper.park.requests import OfficeRequest


def screen(request: OfficeRequest) -> HttpResponse:
    """The page; what is on it is drawn by screen/ (built into /wall/)."""
    return render(request, "board/screen.html", {})


def screen_data(request: OfficeRequest) -> HttpResponse:
    """The numbers of now as JSON."""
    return JsonResponse(board.screen_data(request.at, request.person))


def screen_map(request: OfficeRequest) -> HttpResponse:
    """The outlines of the map as GeoJSON."""
    return JsonResponse(board.screen_map())
