"""The nine grids at a glance, and a team's list of the day."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, F, Max, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.inspection.models import Deadline, Notice, Visit
from parkkeeper.inspection.worklist import WEEK, work_list
from parkkeeper.park import access
from parkkeeper.park.lists import begin_with
from parkkeeper.park.models import Enterprise, Grid, Post
from parkkeeper.park.requests import OfficeRequest


def grid_board(request: OfficeRequest) -> HttpResponse:
    """Each grid with its team, its visits of the week and its notices; how late deadlines were told."""
    at = request.at
    told = Deadline.objects.filter(told_at__gt=at - timedelta(days=1)).aggregate(late=Max(F("told_at") - F("due_at")))
    context = {
        "title": _("九宫格"), "grids": [_row(grid, request, _counts(request)) for grid in _grids(request)],
        "late": int(told["late"].total_seconds()) if told["late"] is not None else None,
        "late_minutes": round(told["late"].total_seconds() / 60) if told["late"] is not None else None,
    }  # fmt: skip
    return render(request, "inspection/grids.html", context)


def _grids(request: OfficeRequest) -> Any:
    rows = Grid.objects.order_by("code")
    if request.scopes is None:
        return rows
    reached = Enterprise.objects.within(request.scopes).values("grid")
    return rows.filter(Q(pk__in=[s.grid for s in request.scopes if s.grid]) | Q(pk__in=reached))


def _counts(request: OfficeRequest) -> dict[str, dict[int, int]]:
    kept: dict[str, dict[int, int]] | None = request.__dict__.get("_grid_counts")
    if kept is None:
        at, day = request.at, timezone.localdate(request.at)
        notices = Notice.objects.within(request.scopes)
        sets = {
            "open": notices.open(), "overdue": notices.overdue(at), "lapsed": notices.filter(lapsed_at__isnull=False),
            "visits": Visit.objects.within(request.scopes).filter(began_at__gt=at - WEEK, began_at__lte=at),
        }  # fmt: skip
        kept = {name: _by_grid(rows, "enterprise__grid") for name, rows in sets.items()}
        kept["team"] = _by_grid(Post.objects.on(day).filter(role__in=("team_leader", "team_member")), "grid")
        kept["enterprises"] = _by_grid(Enterprise.objects.within(request.scopes), "grid")
        request.__dict__["_grid_counts"] = kept
    return kept


def _by_grid(rows: Any, path: str) -> dict[int, int]:
    return dict(rows.order_by().values_list(path).annotate(n=Count("pk", distinct=True)))


def _row(grid: Grid, request: OfficeRequest, counts: dict[str, dict[int, int]]) -> dict[str, Any]:
    row: dict[str, Any] = {name: by.get(grid.pk, 0) for name, by in counts.items()}
    return {**row, "grid": grid, "works": access.may(request.person, "inspect", at=request.at, on=grid)}


def team_list(request: OfficeRequest) -> HttpResponse:
    """The list of one grid and today; the first grid that the reader works in, unless the address names one."""
    grids = Grid.objects.order_by("code")
    if request.scopes is not None:
        grids = grids.filter(pk__in=[s.grid for s in request.scopes if s.grid])
    chosen = request.GET.get("grid", "")
    grid = get_object_or_404(grids, pk=chosen) if chosen.isdecimal() else grids.first()
    if grid is None:
        return render(request, "inspection/worklist.html", {"title": _("今日检查"), "list": None, "grids": []})
    begin_with(request, grid=str(grid.pk))
    found = work_list(grid, timezone.localdate(request.at), request.at, request.person)
    context = {"title": _("今日检查：%(grid)s") % {"grid": grid.name}, "list": found, "grids": grids}
    return render(request, "inspection/worklist.html", context)
