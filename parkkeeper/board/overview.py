"""The day at a glance: what the first page of office, leaders, grid teams, points and laboratories shows."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q

from parkkeeper.park.errors import Refused
from parkkeeper.park.models import Anomaly, Enterprise, Person, Post
from parkkeeper.park.rulebook import hours
from parkkeeper.park.scope import Scope, reached
from parkkeeper.park.words import ROLES
from parkkeeper.sampling.charts import Curve, evening_curve
from parkkeeper.sampling.doubts import KINDS
from parkkeeper.sampling.models import Box, Obligation, Point, Reception, Result, Round, Test, Tube
from parkkeeper.sampling.pointbook import flags_up, latest_round, sessions_on
from parkkeeper.sampling.reconciliation import Row, reconcile, reconcile_evening
from parkkeeper.sampling.roundbook import BUNDLES, add_rows
from parkkeeper.sampling.states import State
from parkkeeper.sampling.tally import kept

RECENT_ROUNDS = 3


@dataclass
class RoundNow:
    """A round at a moment: the whole, the grids, the curve."""

    round: Round
    as_of: datetime
    whole: Row
    grids: list[Row] = field(default_factory=list)
    curve: Curve | None = None

    def count(self, *states: State) -> int:
        """People on the frozen list in these states."""
        return sum(self.whole.counts.get(state, 0) for state in states)

    @property
    def not_sampled(self) -> int:
        return self.count(State.NOT_SAMPLED)

    @property
    def waiting(self) -> int:
        return self.count(*BUNDLES["waiting"][1])

    @property
    def overdue(self) -> int:
        return self.count(*BUNDLES["overdue"][1])

    @property
    def again(self) -> int:
        return self.count(*BUNDLES["again"][1])


def round_now(test: Test, at: datetime, scopes: list[Scope] | None, *, reader: Person) -> RoundNow | None:
    """The newest round of the test by grid, with its curve when it is sampling; None before the first."""
    found = latest_round(test, at)
    if found is None:
        return None
    told = kept(found, at, scopes=scopes, reader=reader)
    if test != Test.PCR:
        rows = told.evening[0] if told else reconcile(found, at, by="grid", scopes=scopes)
        return RoundNow(found, told.as_of if told else at, add_rows(rows), rows)
    rows, sampled = told.evening if told else reconcile_evening(found, at, by="grid", scopes=scopes)
    whole = add_rows(rows)
    curve = evening_curve(sampled, whole.due, until=found.closes_at)
    return RoundNow(found, told.as_of if told else at, whole, rows, curve)


@dataclass(frozen=True)
class Doubts:
    """Open doubts of one kind."""

    kind: str
    count: int

    @property
    def title(self) -> str:
        return str(KINDS[self.kind].title) if self.kind in KINDS else self.kind

    @property
    def owner(self) -> str:
        return str(ROLES.get(KINDS[self.kind].owner_role, "")) if self.kind in KINDS else ""


def doubts_open(at: datetime, scopes: list[Scope] | None) -> list[Doubts]:
    """Open doubts by kind, the most frequent first."""
    found = Anomaly.objects.open_at(at).holding().within(scopes).order_by().values("kind").annotate(n=Count("pk"))
    rows = [Doubts(row["kind"], row["n"]) for row in found]
    return sorted(rows, key=lambda row: (-row.count, row.kind))


@dataclass(frozen=True)
class OnTheWay:
    """Tubes of the last rounds that are sealed and not yet at a laboratory, or there without a result."""

    on_the_way: int
    late: int
    at_lab: int


def tubes_on_the_way(at: datetime, scopes: list[Scope] | None) -> OnTheWay:
    """What is between points and results now; late is longer than the rule allows since sealing."""
    seen = Exists(Reception.objects.filter(tube=OuterRef("pk"), received_at__lte=at))
    told = Exists(Result.objects.standing().filter(tube=OuterRef("pk"), received_at__lte=at))
    tubes = Tube.objects.filter(_at_points(scopes), round__in=_recent_rounds(at), sealed_at__lte=at)
    try:
        limit = at - hours("tube_to_lab_hours", at)
    except Refused:
        limit = at - timedelta(days=365)  # without the rule nothing is late; the rulebook page says it is missing
    counts = tubes.annotate(seen=seen, told=told).filter(told=False).aggregate(
        on_the_way=Count("pk", filter=Q(seen=False)), late=Count("pk", filter=Q(seen=False, sealed_at__lt=limit)),
        at_lab=Count("pk", filter=Q(seen=True)),
    )  # fmt: skip
    return OnTheWay(**counts)


def _recent_rounds(at: datetime) -> list[int]:
    rounds = Round.objects.filter(test=Test.PCR, frozen_at__lte=at).order_by("-day")
    return list(rounds.values_list("pk", flat=True)[:RECENT_ROUNDS])


def boxes_now(at: datetime, *states: str) -> list[Any]:
    """Boxes of the last rounds that are in these states (Box.State), the oldest first."""
    boxes = Box.objects.filter(Q(round__in=_recent_rounds(at)) | Q(round__isnull=True, sealed_at__gt=at - timedelta(2)))
    known = boxes.with_state(at).select_related("point__site").order_by("sealed_at", "pk")
    return list(known.filter(Q(("state__in", states))))


def obligations_open(at: datetime, scopes: list[Scope] | None) -> dict[str, int]:
    """Open single retests, those past their time, open cases, and people told to isolate; within the scopes."""
    seen = reached(scopes, enterprise="person__employer_id", grid="person__employer__grid_id")
    owed = Obligation.objects.open_at(at).filter(seen)
    counts: dict[str, int] = owed.aggregate(
        retests=Count("pk", filter=Q(kind=Obligation.Kind.SINGLE_RETEST)),
        late=Count("pk", filter=Q(kind=Obligation.Kind.SINGLE_RETEST, due_at__lt=at)),
        cases=Count("pk", filter=Q(kind=Obligation.Kind.CASE)),
        isolated=Count("person", filter=Q(isolate=True), distinct=True),
    )  # fmt: skip
    return counts


def _at_points(scopes: list[Scope] | None) -> Q:
    return Q() if scopes is None else Q(point__in=Point.objects.within(scopes).values("pk"))


def flags_now(at: datetime, scopes: list[Scope] | None) -> dict[str, int]:
    """How many points and enterprises are flagged, within the scopes."""
    flags = flags_up(at).order_by()
    if scopes is not None:
        flags = flags.filter(_at_points(scopes) | Q(enterprise__in=Enterprise.objects.within(scopes).values("pk")))
    counts: dict[str, int] = flags.aggregate(
        points=Count("point", distinct=True), enterprises=Count("enterprise", distinct=True)
    )  # fmt: skip
    return counts


def sessions_now(round: Round | None, at: datetime, scopes: list[Scope] | None) -> dict[str, int]:
    """How many points have opened on the round's day, and how many of them are at work."""
    if round is None:
        return {"opened": 0, "working": 0}
    found = sessions_on(round.day, at).filter(_at_points(scopes))
    counts: dict[str, int] = found.order_by().aggregate(
        opened=Count("point", distinct=True),
        working=Count("point", distinct=True, filter=Q(closed_at__isnull=True) | Q(closed_at__gt=at)),
    )
    return counts


def point_scopes(posts: list[Post]) -> list[Scope]:
    """The points' places of somebody who works at points."""
    roles = {Post.Role.SAMPLING, Post.Role.SCANNING}
    return [post.scope() for post in posts if post.role in roles and post.scope() != Scope()]
