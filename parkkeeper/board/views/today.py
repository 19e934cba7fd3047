"""Today: for each role what concerns it now; every number leads to its list."""

from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.board import overview
from parkkeeper.board.liaison import tell_own
from parkkeeper.board.views.enterprises import links_of
from parkkeeper.park import access
from parkkeeper.park.journal import listed
from parkkeeper.park.models import Message, Post
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.scope import Scope
from parkkeeper.park.templatetags.park import exactly
from parkkeeper.sampling.links import link_to
from parkkeeper.sampling.models import Box, Point, Test
from parkkeeper.sampling.pointbook import duties_of, latest_round, points_now, slots_of
from parkkeeper.sampling.states import State

SHOWN_MESSAGES = 5
SHOWN_BOXES = 20


def today(request: OfficeRequest) -> HttpResponse:
    """One page of parts: which of them, follows from the person's posts."""
    posts = access.posts_of(request.person, request.at)
    roles = {post.role for post in posts}
    counts = access.scopes(request.person, "see_counts", at=request.at)
    wide = counts is None or any(scope.grid and not scope.enterprise for scope in counts)
    context: dict[str, Any] = {
        "title": _("今日"), "day": timezone.localdate(request.at), "roles": roles,
        "office": _office(request, counts) if wide else None,
        "liaison": _liaison(request, posts), "points": _points(request, posts),
        "lab": _lab(request) if Post.Role.LAB in roles else None,
        "courier": _courier(request) if Post.Role.COURIER in roles else None, "messages_of_mine": _messages(request),
    }  # fmt: skip
    if _refreshing(request):
        return render(request, "board/parts/today.html", context)
    return render(request, "board/today.html", context)


def _messages(request: OfficeRequest) -> list[Message]:
    mine = Message.objects.filter(to=request.person, sent_at__lte=request.at)
    return list(mine.order_by("-sent_at", "-pk")[:SHOWN_MESSAGES])


def _office(request: OfficeRequest, scopes: list[Scope] | None) -> dict[str, Any]:
    """The park (or the own grids) as a whole."""
    at = request.at
    pcr, antigen = (overview.round_now(test, at, scopes, reader=request.person) for test in (Test.PCR, Test.ANTIGEN))
    round_pk = pcr.round.pk if pcr else None
    here = Point.objects.within(scopes).in_service(timezone.localdate(at)).count()
    tubes, owed = overview.tubes_on_the_way(at, scopes), overview.obligations_open(at, scopes)
    morning = antigen.round.day if antigen and antigen.round.day != timezone.localdate(at) else None
    notes = {
        "points": _("共 %(n)s 个启用") % {"n": here}, "late": _("超时 %(n)s") % {"n": tubes.late},
        "antigen": " · ".join(filter(None, (morning.isoformat() if morning else "", _as_of(antigen, at)))),
        "pcr": _as_of(pcr, at), "owed": owed["retests"] + owed["cases"],
    }  # fmt: skip
    return {
        "pcr": pcr, "antigen": antigen, "doubts": _doubts(request, scopes), "tubes": tubes, "owed": owed,
        "notes": notes, "flags": overview.flags_now(at, scopes),
        "sessions": overview.sessions_now(pcr.round if pcr else None, at, scopes),
        "grids": [_grid(request, round_pk, row) for row in pcr.grids] if pcr else [],
        "links": _links(request, pcr, antigen),
    }  # fmt: skip


def _as_of(told: overview.RoundNow | None, at: datetime) -> str:
    """Of which moment the counts are, when they were kept ready; "" when they are of the page's own."""
    return _("截至 %(time)s") % {"time": exactly(told.as_of)[11:]} if told and told.as_of != at else ""


def _liaison(request: OfficeRequest, posts: list[Post]) -> list[dict[str, Any]]:
    """The own enterprises with the names of who is missing; reading the names is written down."""
    own = [] if any(post.role == Post.Role.OFFICE for post in posts) else tell_own(posts, request.at)
    names = sum(len(one.gaps) for one in own)
    if names and not _refreshing(request):
        listed(names, by=request.person, at=request.at, where="today")
    return [{"own": one, "links": links_of(request, one.enterprise, one.told)} for one in own]


def _refreshing(request: OfficeRequest) -> bool:
    """Only the numbers are asked for, in place."""
    return request.headers.get("HX-Target", "").endswith("#today")


def _doubts(request: OfficeRequest, scopes: list[Scope] | None) -> dict[str, Any]:
    kinds = overview.doubts_open(request.at, scopes)
    rows = [(d, link_to(request, "anomalies", query={"kind": d.kind})) for d in kinds]
    return {"total": sum(d.count for d in kinds), "kinds": rows}


def _grid(request: OfficeRequest, round: int | None, row: Any) -> dict[str, Any]:
    query = {"round": round, "grid": row.key}
    missing = {**query, "state": State.NOT_SAMPLED.value}
    return {
        "row": row, "missing": row.counts.get(State.NOT_SAMPLED, 0), "name": row.label or _("没有网格"),
        "href": link_to(request, "starfield", query={"grid": row.key}) if row.key else "",
        "missing_href": link_to(request, "missing", query=missing) if row.key else "",
    }  # fmt: skip


def _links(request: OfficeRequest, pcr: Any, antigen: Any) -> dict[str, str]:
    def people(state: str) -> str:
        return link_to(request, "missing", query={"round": pcr.round.pk if pcr else None, "state": state})

    return {
        "round": link_to(request, "round", pcr.round.pk) if pcr else "",
        "missing": people("not_sampled"), "waiting": people("waiting"), "overdue": people("overdue"),
        "again": people("again"),
        "antigen": link_to(request, "antigen") or (link_to(request, "round", antigen.round.pk) if antigen else ""),
        "positives": link_to(request, "positives"), "anomalies": link_to(request, "anomalies"),
        "tubes": link_to(request, "tubes"),
        "late": link_to(request, "tubes", query={"round": "all", "late": "to_lab"}),
        "at_lab": link_to(request, "tubes", query={"round": "all", "state": "at_lab"}),
        "boxes": link_to(request, "boxes"),
        "starfield": link_to(request, "starfield"), "messages": link_to(request, "messages"),
        "open": link_to(request, "round_open"),
    }  # fmt: skip


def _points(request: OfficeRequest, posts: list[Post]) -> list[dict[str, Any]]:
    """The points where the person samples or scans."""
    scopes = overview.point_scopes(posts)
    if not scopes:
        return []
    round = latest_round(Test.PCR, request.at)
    points = Point.objects.within(scopes).in_service(timezone.localdate(request.at))
    sites = [Scope(site=site) for site in points.values_list("site", flat=True)]
    found = [(now, _running(now)) for now in points_now(points, round, request.at, sites)]
    duties = duties_of(session for _now, session in found if session)
    slots = slots_of(points, round.day if round else timezone.localdate(request.at))
    return [
        {"now": now, "href": link_to(request, "point", now.point.pk), "session": session,
         "slots": slots.get(now.point.pk, []), "duties": duties.get(session.pk, []) if session else []}
        for now, session in found
    ]  # fmt: skip


def _running(now: Any) -> Any:
    return next((session for session in now.sessions if session.closed_at is None), None)


def _lab(request: OfficeRequest) -> dict[str, Any]:
    boxes = overview.boxes_now(request.at, Box.State.SEALED, Box.State.WITH_COURIER, Box.State.AT_LAB)
    links = {name: link_to(request, name) for name in ("tubes", "boxes", "results")}
    return {
        "tubes": overview.tubes_on_the_way(request.at, None), "boxes": _shown(request, boxes), "links": links,
        "total": len(boxes),
    }  # fmt: skip


def _courier(request: OfficeRequest) -> dict[str, Any]:
    boxes = overview.boxes_now(request.at, Box.State.SEALED, Box.State.WITH_COURIER)
    return {"boxes": _shown(request, boxes), "total": len(boxes)}


def _shown(request: OfficeRequest, boxes: list[Any]) -> list[dict[str, Any]]:
    return [
        {"box": box, "state": str(Box.State(box.state).label), "href": link_to(request, "box", box.pk)}
        for box in boxes[:SHOWN_BOXES]
    ]
