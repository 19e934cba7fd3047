"""Tubes as a list shows them: how many are in each, where it is, what the laboratory said; all in one statement."""

from datetime import datetime

from django.db.models import (
    Case,
    CharField,
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from parkkeeper.park.rulebook import hours
from parkkeeper.sampling.models import BoxTube, Reception, Result, Scan, Tube


class TubeState(TextChoices):
    """Where a tube is on its way; the furthest step that is known."""

    HEARD = "heard", _("没有开管记录")
    OPEN = "open", _("采样中")
    SEALED = "sealed", _("已封管")
    BOXED = "boxed", _("已装箱")
    AT_LAB = "at_lab", _("已签收")
    SPOILED = "spoiled", _("损毁或缺失")
    LOST = "lost", _("随箱遗失")
    POSITIVE = "positive", _("阳性")
    INDETERMINATE = "indeterminate", _("可疑")
    INVALID = "invalid", _("无效")
    NEGATIVE = "negative", _("阴性")


TONES = {
    "heard": "warn", "open": "wait", "sealed": "wait", "boxed": "wait", "at_lab": "info", "spoiled": "bad",
    "lost": "bad", "positive": "bad", "indeterminate": "warn", "invalid": "warn", "negative": "ok",
}  # fmt: skip
_GRAVEST = Case(
    When(value="positive", then=3), When(value="indeterminate", then=2), When(value="invalid", then=1), default=0
)


# Where a tube is of which no result stands.
_DOOR = Case(
    When(Q(condition="good"), then=Value("at_lab")),
    When(lost=True, then=Value("lost")),
    When(Q(condition__isnull=False), then=Value("spoiled")),
    When(box_pk__isnull=False, then=Value("boxed")),
    When(sealed_at__isnull=False, then=Value("sealed")),
    When(opened_at__isnull=False, then=Value("open")),
    default=Value("heard"),
    output_field=CharField(),
)


def with_way(tubes: QuerySet[Tube]) -> QuerySet[Tube]:
    """Each tube with `people` (live scans), `ruling` (the most serious standing word), `condition` (the laboratory's
    latest word at its door), `box_pk`, `box_code`, `way` (a value of TubeState)."""
    live = Scan.objects.live().filter(tube=OuterRef("pk")).order_by().values("tube")
    word = Result.objects.standing().filter(tube=OuterRef("pk")).annotate(weight=_GRAVEST).order_by("-weight")
    seen = Reception.objects.filter(tube=OuterRef("pk")).order_by("-at", "-pk")
    boxed = BoxTube.objects.filter(tube=OuterRef("pk")).order_by("pk")
    return tubes.annotate(
        people=Coalesce(Subquery(live.annotate(n=Count("pk")).values("n")), 0),
        ruling=Subquery(word.values("value")[:1]),
        condition=Subquery(seen.values("condition")[:1]),
        box_pk=Subquery(boxed.values("box")[:1]),
        box_code=Subquery(boxed.values("box__code")[:1]),
        lost=Exists(boxed.filter(box__lost_at__isnull=False)),
        # the ruling is looked for once: a list that is narrowed by the way asks this of every tube of a round
        way=Coalesce("ruling", _DOOR, output_field=CharField()),
    )


def _since() -> Coalesce:
    return Coalesce("sealed_at", "opened_at", "first_heard_at")


def late_to_lab(tubes: QuerySet[Tube], at: datetime) -> QuerySet[Tube]:
    """Those that no laboratory has received in the time that the rulebook gives."""
    return _waiting(tubes, at - hours("tube_to_lab_hours", at)).exclude(
        Exists(Reception.objects.filter(tube=OuterRef("pk")))
    )


def late_result(tubes: QuerySet[Tube], at: datetime) -> QuerySet[Tube]:
    """Those without any result in the time that the rulebook gives."""
    return _waiting(tubes, at - hours("result_hours", at))


def _waiting(tubes: QuerySet[Tube], since: datetime) -> QuerySet[Tube]:
    used = Exists(Scan.objects.live().filter(tube=OuterRef("pk")))
    said = Exists(Result.objects.standing().filter(tube=OuterRef("pk")))
    return tubes.alias(since=_since()).filter(~said, used, since__lt=since)
