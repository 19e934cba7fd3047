"""Points of the starfield: the list of them, and one with its hours, slots, sessions, tubes and rolls."""

from datetime import datetime
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy, pgettext

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.park import access
from parkkeeper.park.errors import Refused
from parkkeeper.park.lists import Choice, Column, Day, List
from parkkeeper.park.models import Grid
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.rulebook import rule
from parkkeeper.park.scope import Scope
from parkkeeper.park.templatetags.park import dates, hours
from parkkeeper.sampling.links import link_to
from parkkeeper.sampling.models import Point, Reception, Result, Round, Slot, Test, Tube, TubeRoll
from parkkeeper.sampling.pointbook import as_known, duties_of, evening_of, flags_up, latest_round, points_now
from parkkeeper.sampling.reconciliation import Row, reconcile

RECENT_SESSIONS = 8


def _grids(request: HttpRequest) -> Any:
    return Grid.objects.order_by("code").values_list("pk", "name")


POINTS = List(
    name="points",
    title=gettext_lazy("采样点清单"),
    columns=(
        Column("code", gettext_lazy("编号"), order="code", main=True, link=lambda p: reverse("point", args=[p.pk])),
        Column("site", gettext_lazy("场所"), value="site__name", order="site__name"),
        Column("kind", gettext_lazy("类型"), value=lambda p: p.get_kind_display(), order="kind"),
        Column("grid", gettext_lazy("网格"), value="site__grid__name", order="site__grid__code"),
        Column("host", gettext_lazy("所在企业"), value="host__short_name", order="host__pinyin"),
        Column("desks", gettext_lazy("采样台"), kind="number", order="desks"),
        Column("hours", gettext_lazy("开放时间"), kind="day", value=lambda p: hours(p.hours)),
        Column("enterprises", gettext_lazy("来采企业"), kind="number", order="enterprises"),
        Column("people", gettext_lazy("申报人数"), kind="number", order="people"),
        Column("in_service", gettext_lazy("启用"), kind="day", value=lambda p: dates(p.in_service), order="in_service"),
    ),
    filters=(
        Choice("kind", gettext_lazy("类型"), choices=Point.Kind.choices, apply="kind"),
        Choice("grid", gettext_lazy("网格"), choices=_grids, apply="site__grid"),
        Day("day", gettext_lazy("当日启用"), apply="in_service__contains"),
    ),
    search=lambda rows, text: rows.filter(
        Q(code__istartswith=text) | Q(site__name__contains=text) | Q(host__short_name__contains=text)
    ),
    hint=gettext_lazy("编号、场所、企业"),
    order="code",
    empty=gettext_lazy("没有符合条件的采样点。"),
)  # fmt: skip


def point_list(request: OfficeRequest) -> HttpResponse:
    here = Slot.objects.filter(during__contains=timezone.localdate(request.at), point=OuterRef("pk")).order_by()
    by_point = here.values("point")
    rows = Point.objects.within(request.scopes).select_related("site__grid", "host").annotate(
        enterprises=Coalesce(Subquery(by_point.annotate(n=Count("enterprise", distinct=True)).values("n")), 0),
        people=Coalesce(Subquery(by_point.annotate(n=Sum("enterprise__head_count")).values("n")), 0),
    )  # fmt: skip
    context = {
        "crumbs": [(pgettext("menu", "采样点"), reverse("starfield"))],
        "may_plan": link_to(request, "point_new"),
    }
    return POINTS.page(request, rows, "sampling/points.html", context)


def point_page(request: OfficeRequest, pk: int) -> HttpResponse:
    """One point today: what comes when, who works, what was used."""
    found = get_object_or_404(Point.objects.within(request.scopes).select_related("site__grid", "host"), pk=pk)
    last_round, at = latest_round(Test.PCR, request.at), request.at
    (now,) = points_now(Point.objects.filter(pk=pk), last_round, at, request.scopes or [Scope(site=found.site_id)])
    slots = list(_slots(found, last_round, at))
    spans, marks = evening_of(found, slots, _rows(request, found, slots, last_round), _pace(at), now.minute)
    context = {
        "title": f"{found.code} {found.site.name}", "crumbs": [(pgettext("menu", "采样点"), reverse("starfield"))],
        "point": found,
        "round": last_round, "now": now, "spans": spans, "marks": marks, "tubes": _tubes(found, last_round, at),
        "later": _later_slots(found, at), "rolls": _rolls(found), "sessions": _sessions(request, found),
        "flags": flags_up(at).filter(point=found).select_related("tube"), "may": _rights(request, found),
        "links": _links(request, found, last_round),
    }  # fmt: skip
    return render(request, "sampling/point.html", context)


def _day(round: Round | None, at: datetime) -> Any:
    return max(round.day, timezone.localdate(at)) if round else timezone.localdate(at)


def _slots(point: Point, round: Round | None, at: datetime) -> Any:
    return point.slots.filter(during__contains=_day(round, at)).select_related("enterprise", "site").order_by("minutes")


def _later_slots(point: Point, at: datetime) -> Any:
    today = timezone.localdate(at)
    slots = point.slots.filter(during__startswith__gt=today).select_related("enterprise", "site")
    return slots.order_by("during", "minutes")


def _rows(request: OfficeRequest, point: Point, slots: list[Slot], round: Round | None) -> dict[int, Row]:
    """The round's counts of each slot (id). A point's slots never overlap, so that their beginnings tell them apart;
    who sees only some enterprises gets those enterprises' counts."""
    if round is None:
        return {}
    if request.scopes is None:
        rows = {row.key: row for row in reconcile(round, request.at, by="slot", scopes=[Scope(site=point.site_id)])}
        return {slot.pk: rows[slot.minutes.lower] for slot in slots if slot.minutes.lower in rows}
    rows = {row.key: row for row in reconcile(round, request.at, by="enterprise", scopes=request.scopes)}
    return {slot.pk: rows[slot.enterprise_id] for slot in slots if slot.enterprise_id in rows}


def _pace(at: datetime) -> float | None:
    try:
        return float(rule("people_a_desk_hour", at))
    except Refused:
        return None  # without the rule the page shows no capacity; the rulebook page says what is missing


def _tubes(point: Point, round: Round | None, at: datetime) -> dict[str, int]:
    tubes = Tube.objects.filter(point=point, round=round, first_heard_at__lte=at) if round else Tube.objects.none()
    seen = Exists(Reception.objects.filter(tube=OuterRef("pk"), received_at__lte=at))
    told = Exists(Result.objects.standing().filter(tube=OuterRef("pk"), received_at__lte=at))
    counts: dict[str, int] = tubes.annotate(seen=seen, told=told).aggregate(
        sealed=Count("pk", filter=Q(sealed_at__lte=at)), received=Count("pk", filter=Q(seen=True)),
        results=Count("pk", filter=Q(told=True)),
    )  # fmt: skip
    return counts


def _rolls(point: Point) -> list[dict[str, Any]]:
    rolls = TubeRoll.objects.filter(point=point).select_related("issued_by").annotate(used=Count("tubes"))
    return [
        {
            "first": tube_code(roll.prefix, roll.serials.lower), "last": tube_code(roll.prefix, roll.serials.upper - 1),
            "count": roll.serials.upper - roll.serials.lower, "used": roll.used, "at": roll.issued_at,
        }
        for roll in rolls.order_by("-issued_at", "-pk")
    ]  # fmt: skip


def _sessions(request: OfficeRequest, point: Point) -> Any:
    sessions = point.sessions.filter(received_at__lte=request.at).select_related("round", "opened_by", "closed_by")
    found = [as_known(one, request.at) for one in sessions.order_by("-opened_at")[:RECENT_SESSIONS]]
    duties = duties_of(found)
    return [{"session": one, "duties": duties.get(one.pk, []), "going": one.closed_at is None} for one in found]


def _rights(request: OfficeRequest, point: Point) -> dict[str, bool]:
    may = {verb: access.may(request.person, verb, at=request.at, on=point) for verb in ("plan_sampling", "work_point")}
    return {**may, "see_people": access.may(request.person, "see_people", at=request.at, on=point)}


def _links(request: OfficeRequest, point: Point, round: Round | None) -> dict[str, str]:
    of_round = {"round": round.pk if round else None, "point": point.pk}
    return {
        "round": link_to(request, "round", round.pk, query={"by": "point"}) if round else "",
        "missing": link_to(request, "missing", query={**of_round, "state": "not_sampled"}),
        "due": link_to(request, "missing", query=of_round), "tubes": link_to(request, "tubes", query=of_round),
        "boxes": link_to(request, "boxes", query=of_round),
        "phones": link_to(request, "phones", query={"q": point.code}),
        "phone_new": link_to(request, "phone_new", query={"point": point.pk}),
        "posts": link_to(request, "posts", query={"q": point.site.name}),
    }  # fmt: skip
