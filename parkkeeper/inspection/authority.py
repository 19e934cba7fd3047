"""On what paper a visit or a stop of work rests."""

from datetime import date, datetime

from django.db.models import Q
from django.utils import timezone

from parkkeeper.inspection.models import Authorisation, Visit
from parkkeeper.park.models import Certificate, Person, Post

INSPECTING = (Post.Role.TEAM_LEADER, Post.Role.TEAM_MEMBER)
"""Roles whose certificates are those of inspectors."""


def authorisation_for(basis: str, day: date) -> Authorisation | None:
    """The paper on file for that basis on that local day, if there is one."""
    return Authorisation.objects.on(day).filter(basis=basis).order_by("pk").first()


def stop_work_paper(visit: Visit, day: date) -> Authorisation | None:
    """The paper that allows on that local day to stop work for what the visit found; None when it could only advise,
    or its basis does not go so far: what was found as a guest stops nobody."""
    papers = Authorisation.objects.on(day).filter(basis=visit.basis, may_stop_work=True)
    return papers.order_by("pk").first() if visit.orders else None


def certificate_of(person: Person, at: datetime) -> str:
    """The number of the person's certificate as an inspector that was valid at `at`; "" without one."""
    held = Certificate.objects.filter(person=person, role__in=INSPECTING, during__contains=timezone.localdate(at))
    held = held.filter(Q(revoked_at__isnull=True) | Q(revoked_at__gt=at))
    return held.order_by("pk").values_list("number", flat=True).first() or ""
