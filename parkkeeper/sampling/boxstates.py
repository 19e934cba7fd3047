"""How boxes stood at a moment: their lists, receptions and losses as they were known then (models/before.py)."""

from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Case, CharField, Count, Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce, Least

from parkkeeper.sampling.models.before import BoxTubeBefore, LossBefore, ReceptionBefore
from parkkeeper.sampling.models.boxes import Box, BoxTube, HandOver, Reception

Boxes = TypeVar("Boxes", bound="QuerySet[Box]")
_HERE: dict[str, Any] = {"box": OuterRef("pk")}


def with_state(boxes: Boxes, at: datetime) -> Boxes:
    """What Box.objects.with_state(at) says: those known at `at` (aware), with what was known of each."""
    now, before = _lists(at)
    known = HandOver.objects.filter(received_at__lte=at, **_HERE).order_by("at")
    return boxes.filter(received_at__lte=at).annotate(
        tubes=Coalesce(_over(now, Count("pk")), 0) + Coalesce(_over(before, Count("pk")), 0),
        received=Coalesce(_over(now, Count("seen_at")), 0) + Coalesce(_over(before, Count("seen_at")), 0),
        left_at=Subquery(known.filter(leg=HandOver.Leg.TO_COURIER).values("at")[:1]),
        arrived_at=Least(
            Subquery(known.filter(leg=HandOver.Leg.TO_LAB).values("at")[:1]),
            _over(now, Min("seen_at")),
            _over(before, Min("seen_at")),
        ),
        state=Case(
            When(_lost(at), received__lt=F("tubes"), then=Value(Box.State.LOST)),
            When(tubes__gt=0, received__gte=F("tubes"), then=Value(Box.State.RECONCILED)),
            When(arrived_at__isnull=False, then=Value(Box.State.AT_LAB)),
            When(left_at__isnull=False, then=Value(Box.State.WITH_COURIER)),
            When(_not_sealed_yet(at), then=Value(Box.State.MENTIONED)),
            default=Value(Box.State.SEALED),
            output_field=CharField(),
        ),
    )


def _lists(at: datetime) -> tuple[QuerySet[Any], QuerySet[Any]]:
    """What stands on the box's list now and stood there then, and what was taken off since; with `seen_at`."""
    heard = Q(heard_at__isnull=True) | Q(heard_at__lte=at)
    now, before = BoxTube.objects.filter(heard, **_HERE), BoxTubeBefore.objects.filter(heard, until__gt=at, **_HERE)
    return now.annotate(seen_at=_seen(at)), before.annotate(seen_at=_seen(at))


def _seen(at: datetime) -> Least:
    """Of a line of a list: when a laboratory saw its tube first."""
    of_another = ReceptionBefore.objects.filter(reception=OuterRef("pk"), until__gt=at)
    earlier = ReceptionBefore.objects.filter(reception=OuterRef("reception"), until__gt=at, until__lt=OuterRef("until"))
    mine = Reception.objects.filter(~Exists(of_another), tube=OuterRef("tube"), received_at__lte=at)
    was_mine = ReceptionBefore.objects.filter(
        ~Exists(earlier), tube=OuterRef("tube"), until__gt=at, reception__received_at__lte=at
    )
    return Least(
        Subquery(mine.order_by("at").values("at")[:1]),
        Subquery(was_mine.order_by("reception__at").values("reception__at")[:1]),
    )


def _over(lines: QuerySet[Any], aggregate: Any) -> Subquery:
    return Subquery(lines.order_by().values("box").annotate(over=aggregate).values("over"))


def _lost(at: datetime) -> Q:
    found_since = LossBefore.objects.filter(lost_at__lte=at, until__gt=at, **_HERE)
    return Q(lost_at__lte=at) | Q(Exists(found_since))


def _not_sealed_yet(at: datetime) -> Q:
    # a box that was only mentioned at first: its sealing came with its list
    return Q(code="") | Q(Exists(BoxTube.objects.filter(heard_at__gt=at, **_HERE)), tubes=0)
