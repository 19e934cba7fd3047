"""From the point to the laboratory: boxes, hand-overs with two signatures, reception tube by tube."""

from datetime import datetime, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.models import Person, Site, StoredFile
from parkkeeper.park.scope import Scope
from parkkeeper.sampling.models.points import Point
from parkkeeper.sampling.models.rounds import Round
from parkkeeper.sampling.models.tubes import Tube


class Laboratory(models.Model):
    """检测机构: a laboratory that receives tubes and sends results."""

    code = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=120)
    site = models.OneToOneField(Site, on_delete=models.PROTECT, related_name="laboratory")

    class Meta:
        db_table = "sampling_laboratory"

    def __str__(self) -> str:
        return self.name

    def scope(self) -> Scope:
        return Scope(site=self.site_id)


class BoxQuerySet(models.QuerySet["Box"]):
    def within(self, scopes: list[Scope] | None) -> Self:
        """Those of the points that a reader with these scopes may see; None means the whole park."""
        return self if scopes is None else self.filter(point__in=Point.objects.within(scopes))

    def with_state(self, at: datetime) -> Self:
        """Each box with what was known of it at that moment: `state` (Box.State), `tubes` on its list, `received`
        of them at a laboratory, `left_at` the point and `arrived_at` the laboratory (null: not yet)."""
        from parkkeeper.sampling.boxstates import with_state  # reads what lists were before, which knows of boxes

        return with_state(self, at)

    def late(self, at: datetime, limit: timedelta) -> Self:
        """Those that at that moment had come to the laboratory too late, or not yet (`limit` since sealing)."""
        due = F("sealed_at") + limit
        return self.with_state(at).filter(
            Q(arrived_at__gt=due) | (Q(arrived_at__isnull=True) & Q(sealed_at__lt=at - limit))
        )


class Box(models.Model):
    """转运箱: sealed tubes with a sealed list, on their way to a laboratory."""

    id = models.UUIDField(primary_key=True, default=new_id)
    code = models.CharField(max_length=40, db_index=True)
    point = models.ForeignKey(Point, null=True, on_delete=models.PROTECT, related_name="boxes")
    round = models.ForeignKey(Round, null=True, on_delete=models.PROTECT, related_name="boxes")
    sealed_at = models.DateTimeField()
    sealed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField(help_text="server receipt")
    lost_at = models.DateTimeField(null=True, blank=True)
    lost_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = BoxQuerySet.as_manager()

    class State(models.TextChoices):
        MENTIONED = "mentioned", _("没有封箱记录")
        SEALED = "sealed", _("已封箱")
        WITH_COURIER = "with_courier", _("转运中")
        AT_LAB = "at_lab", _("已到检测机构")
        RECONCILED = "reconciled", _("已核对")
        LOST = "lost", _("遗失")

    class Meta:
        db_table = "sampling_box"
        constraints = [
            models.CheckConstraint(
                condition=Q(lost_at__isnull=True, lost_by__isnull=True)
                | Q(lost_at__isnull=False, lost_by__isnull=False),
                name="box_lost_by_somebodys_word",
            ),
        ]
        indexes = [
            models.Index(fields=["-sealed_at"], name="box_sealed"),
            models.Index(fields=["lost_at"], name="box_lost", condition=Q(lost_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.code

    def scope(self) -> Scope:
        return self.point.scope() if self.point else Scope()


class BoxTube(models.Model):
    """箱内试管: a tube on a box's sealed list."""

    box = models.ForeignKey(Box, on_delete=models.PROTECT, related_name="contents")
    tube = models.ForeignKey(Tube, on_delete=models.PROTECT, related_name="boxings")
    heard_at = models.DateTimeField(null=True, help_text="since when it is known; null: since the box is")

    class Meta:
        db_table = "sampling_box_tube"
        constraints = [models.UniqueConstraint(F("box"), F("tube"), name="box_tube_once")]

    def __str__(self) -> str:
        return f"{self.box_id} {self.tube_id}"


class HandOver(models.Model):
    """交接: a box goes from one hand to another; both sign."""

    class Leg(models.TextChoices):
        TO_COURIER = "to_courier", _("点位 → 转运员")
        TO_LAB = "to_lab", _("转运员 → 检测机构")

    id = models.UUIDField(primary_key=True, default=new_id)
    box = models.ForeignKey(
        Box,
        null=True,
        on_delete=models.PROTECT,
        related_name="hand_overs",
        help_text="null: not sealed yet, as far as is known",
    )
    box_code = models.CharField(max_length=40, blank=True, help_text="as read off the box by who did not seal it")
    leg = models.CharField(max_length=12, choices=Leg.choices)
    at = models.DateTimeField()
    given_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    taken_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    given_signature = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    taken_signature = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField(help_text="server receipt")

    class Meta:
        db_table = "sampling_hand_over"
        constraints = [
            models.CheckConstraint(
                condition=Q(box__isnull=False) | ~Q(box_code=""), name="hand_over_of_a_box_by_id_or_code"
            ),
        ]
        indexes = [models.Index(fields=["box_code"], name="hand_over_by_code", condition=~Q(box_code=""))]

    def __str__(self) -> str:
        return self.leg


class Reception(models.Model):
    """签收: what the laboratory says of a tube at its door."""

    class Condition(models.TextChoices):
        GOOD = "good", _("完好")
        DAMAGED = "damaged", _("破损")
        LEAKED = "leaked", _("渗漏")
        MISSING = "missing", _("缺失")
        REJECTED = "rejected", _("拒收")

    id = models.UUIDField(primary_key=True, default=new_id)
    tube = models.ForeignKey(Tube, on_delete=models.PROTECT, related_name="receptions")
    box = models.ForeignKey(Box, null=True, on_delete=models.PROTECT, related_name="receptions")
    box_code = models.CharField(
        max_length=40, blank=True, db_default="", help_text="as read off the box by who had no list of it"
    )
    laboratory = models.ForeignKey(
        Laboratory, null=True, on_delete=models.PROTECT, related_name="receptions", help_text="null: code not known"
    )
    condition = models.CharField(max_length=10, choices=Condition.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField(help_text="server receipt")

    class Meta:
        db_table = "sampling_reception"
        constraints = [
            models.UniqueConstraint(F("tube"), F("laboratory"), F("condition"), name="reception_said_once"),
        ]
        indexes = [models.Index(fields=["box_code"], name="reception_by_box_code", condition=~Q(box_code=""))]

    def __str__(self) -> str:
        return self.condition
