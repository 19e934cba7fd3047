"""What follows from a stop of work beyond its own row: the register says that a site stands still, people are told."""

from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from parkkeeper.inspection.models import StopWork
from parkkeeper.park.models import Enterprise, Message, Person, Post

_DECIDERS, _TEAM = frozenset({Post.Role.LEADER, Post.Role.OFFICE}), frozenset({Post.Role.TEAM_LEADER})
_LIAISONS = frozenset({Post.Role.PREVENTION})
_EVERYBODY = _DECIDERS | _TEAM | _LIAISONS
TOLD: dict[str, frozenset[Post.Role]] = {
    "stop_proposed": _DECIDERS,
    "stop_imposed": _EVERYBODY,
    "stop_review_soon": _DECIDERS,
    "stop_fell": _EVERYBODY,
    "stop_approved": _EVERYBODY,
    "stop_turned_down": _EVERYBODY,
    "stop_applied": _DECIDERS | _TEAM,
    "stop_returned": _LIAISONS,
    "stop_accepted": _DECIDERS,
    "stop_lifted": _EVERYBODY,
}
"""Which roles hear of what; the proposer, too, of whatever becomes of it."""


def write_down(stop: StopWork, at: datetime) -> None:
    """Bring `stopped_at` of the enterprise in line with the stops of its whole site that are in force at `at`."""
    sites = StopWork.objects.in_force(at).filter(enterprise=stop.enterprise_id, extent=StopWork.Extent.SITE)
    since = sites.order_by("in_force_at").values_list("in_force_at", flat=True).first()
    Enterprise.objects.filter(pk=stop.enterprise_id).update(stopped_at=since)


def tell_stop(kind: str, stop: StopWork, *, at: datetime, by: Person | None = None) -> None:
    """Tell whom it concerns (TOLD) what has become of a stop; `by` did it and knows."""
    roles, firm = TOLD[kind], stop.enterprise
    here = Q(role=Post.Role.PREVENTION, enterprise=firm)
    if firm.grid_id is not None:  # else it would be every leader whose post is of no grid
        here |= Q(role=Post.Role.TEAM_LEADER, grid=firm.grid_id)
    posts = Post.objects.on(timezone.localdate(at)).filter(here | Q(role__in=_DECIDERS), role__in=roles)
    people = {*posts.values_list("person", flat=True), stop.proposed_by_id} - {by.pk if by else None}
    due = timezone.localtime(stop.review_due_at).strftime("%m-%d %H:%M") if stop.review_due_at else ""
    params = {"enterprise": str(firm), "place": stop.place, "due": due}
    Message.objects.bulk_create(
        Message(kind=kind, to_id=person, sent_at=at, link=f"/stops/{stop.pk}", params=params)
        for person in sorted(one for one in people if one)
    )
