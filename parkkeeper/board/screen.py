"""What the big screen shows, as plain JSON: one address that it asks again and again, in the reader's language.

People stand in it as numbers at points, never as people: the screen draws densities.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.board.overview import obligations_open
from parkkeeper.inspection.models import Notice, StopWork, Visit
from parkkeeper.park.models import Grid, Person, Road
from parkkeeper.sampling.models import Point, Round, Test
from parkkeeper.sampling.pointbook import latest_round
from parkkeeper.sampling.reconciliation import Row, reconcile
from parkkeeper.sampling.roundbook import add_rows
from parkkeeper.sampling.states import State
from parkkeeper.sampling.tally import evening_now, kept

CLOCKS = 10


def screen_data(at: datetime, reader: Person) -> dict[str, Any]:
    """Everything but the map's outlines; the same number of statements whatever the park's size."""
    round = latest_round(Test.PCR, at)
    told = evening_now(round, at, by="grid", scopes=None, reader=reader) if round else None
    rows = told.evening[0] if told else []
    notices = _notices(at)
    return {
        "at": _ms(at), "words": words(),
        "round": _round(round, told.as_of, rows, told.evening[1]) if round and told else None,
        "grids": _grids(rows, at), "points": _points(round, at, reader) if round else [],
        "numbers": _numbers(add_rows(rows) if rows else None, notices, at), "clocks": _clocks(at),
    }  # fmt: skip


def screen_map() -> dict[str, Any]:
    """Outlines of grids and roads as GeoJSON; asked once and then every hour."""
    grids = [
        {"type": "Feature", "id": grid.pk, "geometry": grid.polygon, "properties": {"name": grid.name, "pk": grid.pk}}
        for grid in Grid.objects.order_by("code") if _drawable(grid.polygon)
    ]  # fmt: skip
    roads = [
        {"type": "Feature", "geometry": road.line, "properties": {"arterial": road.arterial}}
        for road in Road.objects.order_by("arterial", "pk") if _drawable(road.line)
    ]  # fmt: skip
    return {"grids": _collection(grids), "roads": _collection(roads)}


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


def _drawable(geometry: Any) -> bool:
    return isinstance(geometry, dict) and bool(geometry.get("coordinates"))


def _round(round: Round, as_of: datetime, rows: list[Row], curve: list[tuple[datetime, int]]) -> dict[str, Any]:
    whole = add_rows(rows)
    return {
        "title": f"{round.get_test_display()} {round.day.isoformat()}", "as_of": _ms(as_of), "due": whole.due,
        "sampled": whole.sampled, "opens": _ms(round.opens_at), "closes": _ms(round.closes_at),
        "curve": [[_ms(moment), count] for moment, count in curve],
    }  # fmt: skip


def _grids(rows: list[Row], at: datetime) -> list[dict[str, Any]]:
    """Each grid: sampled of due, missing, notices open and overdue, visits of the last seven days."""
    sampled = {row.key: row for row in rows}
    open_ones = Notice.objects.open().order_by().values_list("enterprise__grid")
    notices = {grid: (n, late) for grid, n, late in
               open_ones.annotate(n=Count("pk"), late=Count("pk", filter=Q(due_at__lte=at)))}  # fmt: skip
    week = Visit.objects.filter(began_at__gt=at - timedelta(days=7), began_at__lte=at).order_by()
    visits = dict(week.values_list("enterprise__grid").annotate(n=Count("pk")))
    found = []
    for grid in Grid.objects.order_by("code").defer("polygon"):
        row, (n, late) = sampled.get(grid.pk), notices.get(grid.pk, (0, 0))
        found.append({
            "pk": grid.pk, "name": grid.name, "due": row.due if row else 0, "sampled": row.sampled if row else 0,
            "missing": row.counts.get(State.NOT_SAMPLED, 0) if row else 0, "open": n, "overdue": late,
            "visits": visits.get(grid.pk, 0),
        })  # fmt: skip
    return found


def _points(round: Round, at: datetime, reader: Person) -> list[list[float]]:
    """[longitude, latitude, due, sampled] of each point that somebody of the list comes to."""
    told = kept(round, at, by="point", scopes=None, reader=reader)
    rows = {row.key: row for row in (told.evening[0] if told else reconcile(round, at, by="point"))}
    places = Point.objects.filter(pk__in=[key for key in rows if key]).order_by("pk")
    return [
        [lon, lat, rows[pk].due, rows[pk].sampled]
        for pk, lon, lat in places.values_list("pk", "site__longitude", "site__latitude")
    ]


def _notices(at: datetime) -> dict[str, int]:
    found: dict[str, int] = Notice.objects.open().aggregate(
        open=Count("pk"), overdue=Count("pk", filter=Q(due_at__lte=at))
    )
    return found


def _numbers(whole: Row | None, notices: dict[str, int], at: datetime) -> list[dict[str, Any]]:
    """The five numbers of the leader's page."""
    owed = obligations_open(at, None)
    stops = StopWork.objects.in_force(at).count()
    missing = whole.counts.get(State.NOT_SAMPLED, 0) if whole else None
    told = [
        (_("采样率"), whole.sampled if whole else None, whole.due if whole else None, "ok"),
        (_("未采样"), missing, None, "bad" if missing else "ok"),
        (_("阳性处置中"), owed["retests"] + owed["cases"], None, "bad" if owed["retests"] + owed["cases"] else "ok"),
        (_("逾期通知书"), notices["overdue"], notices["open"], "bad" if notices["overdue"] else "ok"),
        (_("停工中"), stops, None, "bad" if stops else "ok"),
    ]
    return [{"title": title, "value": value, "whole": of, "tone": tone} for title, value, of, tone in told]


def _clocks(at: datetime) -> list[dict[str, Any]]:
    """Open notices whose time runs out next, the soonest first, after those that ran out last."""
    rows = Notice.objects.open().filter(due_at__isnull=False).select_related("enterprise")
    running = list(rows.filter(due_at__gt=at).order_by("due_at", "pk")[:CLOCKS])
    late = list(rows.filter(due_at__lte=at).order_by("-due_at", "-pk")[: max(CLOCKS - len(running), CLOCKS // 2)])
    shown = [*late[::-1], *running][:CLOCKS]
    return [{"number": one.number, "enterprise": str(one.enterprise), "due": _ms(one.due_at)} for one in shown]


def words() -> dict[str, str]:
    """Every text of the screen, so that it needs no catalogue of its own."""
    return {
        "curve": _("晚间采样进度"),
        "grids": _("九宫格"),
        "clocks": _("即将到期"),
        "map": _("采样密度"),
        "due": _("应检"),
        "sampled": _("已采样"),
        "missing": _("未采样"),
        "open": _("未办结"),
        "overdue": _("逾期"),
        "visits": _("近 7 天检查"),
        "left": _("剩"),
        "over": _("已逾期"),
        "stale": _("连接中断，以下停在"),
        "no_round": _("还没有开过轮次"),
        "no_clocks": _("没有未办结的通知书"),
        "as_of": _("状态截至"),
        "hours": _("小时"),
        "minutes": _("分"),
    }


def _ms(moment: datetime | None) -> int:
    return round(timezone.localtime(moment).timestamp() * 1000) if moment else 0
