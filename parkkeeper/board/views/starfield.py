"""The starfield (满天星): every sampling point on the map and in a list, as it stands at a moment."""

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parkkeeper.board.map import draw_map
from parkkeeper.park.lists import Asked, Choice, Column, List, Only
from parkkeeper.park.models import Grid, Road
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.templatetags.park import bar, rate
from parkkeeper.sampling.asof import AsOf, as_of
from parkkeeper.sampling.links import link_to
from parkkeeper.sampling.models import Point, Round, Test
from parkkeeper.sampling.pointbook import STATES, PointNow, latest_round, points_now
from parkkeeper.sampling.reconciliation import Row
from parkkeeper.sampling.tally import Kept, kept

_ORDERS: dict[str, Any] = {
    "code": lambda n: n.point.code,
    "site": lambda n: n.point.site.name,
    "grid": lambda n: str(n.point.site.grid or ""),
    "due": lambda n: n.due,
    "rate": lambda n: n.sampled / n.due if n.due else 1.0,
    "not_sampled": lambda n: n.not_sampled,
    "desks": lambda n: n.point.desks,
}


def _grid_name(text: str) -> str:
    return Grid.objects.filter(pk=int(text)).values_list("name", flat=True).first() or ""


STARFIELD = List(
    name="starfield",
    title=gettext_lazy("采样点（满天星）"),
    columns=(
        Column("code", gettext_lazy("编号"), value="point__code", order="code", main=True,
               link=lambda n: reverse("point", args=[n.point.pk])),
        Column("site", gettext_lazy("场所"), value="point__site__name", order="site"),
        Column("kind", gettext_lazy("类型"), value=lambda n: n.point.get_kind_display()),
        Column("grid", gettext_lazy("网格"), value="point__site__grid__name", order="grid"),
        Column("state", gettext_lazy("状态"), kind="badge", value="words", tone=lambda n: n.tone),
        Column("flag", gettext_lazy("标记"), kind="badge", value=lambda n: _("阳性标记") if n.flagged else None,
               tone=lambda n: "bad"),
        Column("rate", gettext_lazy("已采/应检"), value=lambda n: rate(n.sampled, n.due), order="rate",
               export=lambda n: n.sampled),
        Column("bar", gettext_lazy("进度"), value=lambda n: bar(n.sampled, n.due, n.point.code), export=False),
        Column("due", gettext_lazy("应检"), kind="number", order="due"),
        Column("not_sampled", gettext_lazy("未采样"), kind="number", order="not_sampled", link=lambda n: n.missing),
        Column("desks", gettext_lazy("采样台"), kind="number", value="point__desks", order="desks"),
    ),
    filters=(
        Choice("state", gettext_lazy("状态"), choices=[(key, words) for key, (words, _tone) in STATES.items()]),
        Choice("kind", gettext_lazy("类型"), choices=Point.Kind.choices),
        Only("grid", gettext_lazy("网格"), say=_grid_name),
    ),
    search=lambda rows, text: rows,
    hint=gettext_lazy("编号、场所、企业"),
    order="code",
    row_tone=lambda n: n.tone if n.tone in ("bad", "warn") else "",
    empty=gettext_lazy("没有符合条件的采样点。"),
)  # fmt: skip


def starfield(request: OfficeRequest) -> HttpResponse:
    """The map and the list; `?grid=` zooms to one grid, `?at=` shows a past moment."""
    asked_moment = as_of(request)
    round = latest_round(Test.PCR, asked_moment.moment)
    told = _told(request, round, asked_moment)
    moment = replace(asked_moment, moment=told.as_of) if told else asked_moment
    points = _points(request, round, moment, told.evening[0] if told else None)
    asked = STARFIELD.asked(request)
    grid = int(asked.values["grid"]) if "grid" in asked.values else None
    counts = Counter(now.state for now in points)
    context = {
        "moment": moment, "round": round, "round_href": link_to(request, "round", round.pk) if round else "",
        "map": SimpleLazyObject(partial(_map, points, grid)), "grids": SimpleLazyObject(lambda: _grids(grid)),
        "legend": [(key, *STATES[key], counts[key]) for key in STATES], "grid": grid,
        "state": asked.values.get("state", ""), "register": link_to(request, "points"),
        "flagged": sum(now.flagged for now in points), "total": len(points),
    }  # fmt: skip
    return STARFIELD.page(request, partial(_chosen, points), "board/starfield.html", context)


def _told(request: OfficeRequest, round: Round | None, moment: AsOf) -> Kept | None:
    if round is None or moment.past:
        return None
    return kept(round, moment.moment, by="point", scopes=request.scopes, reader=request.person)


def _points(request: OfficeRequest, round: Round | None, moment: AsOf, rows: list[Row] | None) -> list[PointNow]:
    day = round.day if round else timezone.localdate(request.at)
    here = Point.objects.within(request.scopes).in_service(day)
    found = points_now(here, round, moment.moment, request.scopes, rows)
    query = {"round": round.pk if round else None, "point": 0, "state": "not_sampled", **moment.query}
    anywhere = link_to(request, "missing", query=query)
    for now in found:
        now.missing = anywhere.replace("point=0&", f"point={now.point.pk}&")
    return found


def _map(points: list[PointNow], grid: int | None) -> Any:
    return draw_map(points, list(Grid.objects.order_by("code")), list(Road.objects.order_by("arterial", "pk")), grid)


def _grids(now: int | None) -> list[tuple[str, int | None, bool]]:
    grids = Grid.objects.order_by("code").values_list("name", "pk")
    return [(_("全园"), None, now is None), *((name, pk, pk == now) for name, pk in grids)]


def _chosen(points: list[PointNow], asked: Asked) -> list[PointNow]:
    """Those that the filters and the search leave, in the order asked for."""
    text, values = asked.text.lower(), asked.values
    found = [
        now for now in points
        if values.get("state", now.state) == now.state and values.get("kind", now.point.kind) == now.point.kind
        and values.get("grid", str(now.point.site.grid_id)) == str(now.point.site.grid_id)
        and any(text in str(words).lower() for words in (now.point.code, now.point.site.name, now.point.host or ""))
    ]  # fmt: skip
    order = asked.order
    return sorted(found, key=_ORDERS[order.lstrip("-")], reverse=order.startswith("-"))
