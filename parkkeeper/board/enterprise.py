"""What an enterprise's page tells: today's rounds, its points and slots, specialists, results in counts, flags."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils import timezone

from parkkeeper.inspection.burden import Meter, meter_of
from parkkeeper.park.models import Anomaly, Certificate, Enterprise, Message, Post, Presence
from parkkeeper.park.scope import Scope
from parkkeeper.sampling.models import Flag, Obligation, Result, Round, Slot, Test
from parkkeeper.sampling.roundbook import Told, tell_round

# A certificate that runs out this soon is shown so that the training is booked in time.
RUNS_OUT_IN = timedelta(days=14)
SHOWN_AT_ONCE = 3


@dataclass(frozen=True)
class Specialist:
    """A post at the enterprise, its certificate in date (or None), and whether that one runs out soon."""

    post: Post
    certificate: Certificate | None
    ends_soon: bool


@dataclass(frozen=True)
class Crew:
    """The specialists of one role; those without a certificate in date first, then those whose runs out soon."""

    title: str
    rows: list[Specialist]

    @property
    def lacking(self) -> int:
        return sum(row.certificate is None for row in self.rows)

    @property
    def ending(self) -> int:
        return sum(row.ends_soon for row in self.rows)

    @property
    def shown(self) -> bool:
        """Whether the names stand there at once: when they are few, or a certificate needs somebody."""
        return len(self.rows) <= SHOWN_AT_ONCE or self.lacking + self.ending > 0


@dataclass(frozen=True)
class ToldEnterprise:
    """Everything on the page, as known at `at`."""

    at: datetime
    round: Told | None
    antigen: Told | None
    on_post: int
    registered: int
    crews: list[Crew]
    slots: list[Slot]
    flags: list[Flag]
    retests: int
    anomalies: int
    results: dict[str, int]
    burden: Meter
    messages: list[Message]


def tell_enterprise(enterprise: Enterprise, at: datetime) -> ToldEnterprise:
    """Read everything that the page of `enterprise` shows at `at`; the number of statements does not grow with it."""
    day = timezone.localdate(at)
    people = enterprise.people.aggregate(
        registered=Count("pk"),
        on_post=Count("pk", filter=Q(presences__state=Presence.State.ON_POST, presences__during__contains=at)),
    )
    slots = Slot.objects.filter(enterprise=enterprise, during__contains=day)
    liaisons = Post.objects.on(day).filter(enterprise=enterprise, role=Post.Role.PREVENTION).values("person")
    newest = _newest(enterprise, at)
    return ToldEnterprise(
        at=at,
        round=newest.get(Test.PCR),
        antigen=newest.get(Test.ANTIGEN),
        on_post=people["on_post"],
        registered=people["registered"],
        crews=_crews(_specialists(enterprise, at)),
        slots=list(slots.select_related("point__site").order_by("minutes")),
        flags=list(Flag.objects.filter(enterprise=enterprise, lowered_at__isnull=True).select_related("tube")),
        retests=Obligation.objects.open_at(at).filter(person__employer=enterprise).count(),
        anomalies=Anomaly.objects.open_at(at).holding().filter(enterprise=enterprise).count(),
        results=_results(enterprise, at),
        burden=meter_of(enterprise, at),
        messages=list(Message.objects.filter(to__in=liaisons).order_by("-sent_at")[:5]),
    )


def _newest(enterprise: Enterprise, at: datetime) -> dict[str, Told]:
    """The newest round of each test."""
    rounds = Round.objects.filter(frozen_at__lte=at).select_related("programme").order_by("test", "-day", "pk")
    return {one.test: tell_round(one, at, scopes=[Scope(enterprise=enterprise.pk)]) for one in rounds.distinct("test")}


def _specialists(enterprise: Enterprise, at: datetime) -> list[Specialist]:
    day = timezone.localdate(at)
    posts = list(
        Post.objects.on(day)
        .filter(Q(enterprise=enterprise) | Q(site__enterprise=enterprise))
        .select_related("person", "site")
        .order_by("role", "person__pinyin", "pk")
    )
    valid = Certificate.objects.filter(person__in=[p.person_id for p in posts], during__contains=day)
    valid = valid.filter(Q(revoked_at__isnull=True) | Q(revoked_at__gt=at)).order_by("during")
    found: dict[Any, Certificate] = {(c.person_id, c.role): c for c in valid}
    rows = []
    for post in posts:
        certificate = found.get((post.person_id, post.role))
        until = certificate.during.upper if certificate and certificate.during else None
        rows.append(Specialist(post, certificate, until is not None and until <= day + RUNS_OUT_IN))
    return rows


def _crews(specialists: list[Specialist]) -> list[Crew]:
    crews: dict[str, Crew] = {}
    for row in sorted(specialists, key=lambda s: (s.certificate is not None, not s.ends_soon)):
        crews.setdefault(row.post.role, Crew(row.post.get_role_display(), [])).rows.append(row)
    order = list(Post.Role.values)
    return [crews[role] for role in sorted(crews, key=order.index)]


def _results(enterprise: Enterprise, at: datetime) -> dict[str, int]:
    """Standing results of the last seven days, by value: tubes with people of the enterprise in them, never names."""
    rows = (
        Result.objects.standing()
        .filter(received_at__lte=at, received_at__gt=at - timedelta(days=7))
        .filter(tube__scans__person__employer=enterprise, tube__scans__undone_at__isnull=True)
        .values("value")
        .annotate(tubes=Count("tube", distinct=True))
        .order_by("value")
    )
    return {str(Result.Value(row["value"]).label): row["tubes"] for row in rows}
