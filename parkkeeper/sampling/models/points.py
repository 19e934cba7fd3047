"""The starfield: points, and who comes when, so that enterprises do not mix."""

from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateRangeField, IntegerRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from parkkeeper.park.models import Enterprise, Person, Site
from parkkeeper.park.scope import Scope, reached


class PointQuerySet(models.QuerySet["Point"]):
    def in_service(self, day: object) -> Self:
        return self.filter(in_service__contains=day)

    def within(self, scopes: list[Scope] | None) -> Self:
        """Those that a reader with these scopes may see, also where the own people go; None means the whole park."""
        if scopes is None:
            return self
        own = ("host_id", "slots__enterprise_id")
        return self.filter(reached(scopes, site="site_id", enterprise=own, grid="site__grid_id")).distinct()


class Point(models.Model):
    """采样点: a sampling point of the starfield: at an enterprise, or nearby for several small ones."""

    class Kind(models.TextChoices):
        ENTERPRISE = "enterprise", _("企业点")
        NEARBY = "nearby", _("就近点")

    code = models.CharField(max_length=16, unique=True)
    site = models.OneToOneField(Site, on_delete=models.PROTECT, related_name="point")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    host = models.ForeignKey(Enterprise, null=True, blank=True, on_delete=models.PROTECT, related_name="points")
    desks = models.PositiveSmallIntegerField(default=1)
    hours = IntegerRangeField(help_text="minutes of the local day, e.g. [1020, 1260) for 17:00-21:00")
    in_service = DateRangeField(help_text="local days; the end is exclusive")

    objects = PointQuerySet.as_manager()

    class Meta:
        db_table = "sampling_point"
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="enterprise", host__isnull=False) | Q(kind="nearby", host__isnull=True),
                name="point_enterprise_has_host",
            ),
            models.CheckConstraint(condition=Q(desks__gte=1), name="point_has_a_desk"),
        ]

    def __str__(self) -> str:
        return self.code

    def scope(self) -> Scope:
        return Scope(grid=self.site.grid_id, enterprise=self.host_id, site=self.site_id)


class Slot(models.Model):
    """时段: when an enterprise's shift comes to a point; two of them never meet there."""

    point = models.ForeignKey(Point, on_delete=models.PROTECT, related_name="slots")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="slots")
    site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    shift = models.CharField(max_length=16, blank=True, help_text="blank: everybody of the enterprise")
    minutes = IntegerRangeField(help_text="minutes of the local day; the end is exclusive")
    by_shuttle = models.BooleanField(default=False, help_text="短驳: fetched by shuttle from a construction site")
    during = DateRangeField(help_text="local days; the end is exclusive")

    class Meta:
        db_table = "sampling_slot"
        constraints = [
            ExclusionConstraint(
                name="slot_one_enterprise_at_a_time",
                expressions=[
                    (F("point"), RangeOperators.EQUAL),
                    (F("during"), RangeOperators.OVERLAPS),
                    (F("minutes"), RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="slot_one_point_a_shift",
                expressions=[
                    (F("enterprise"), RangeOperators.EQUAL),
                    (F("shift"), RangeOperators.EQUAL),
                    (F("during"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [models.Index(fields=["enterprise", "shift"], name="slot_enterprise")]

    def __str__(self) -> str:
        return f"{self.point_id} {self.minutes}"


class TubeRoll(models.Model):
    """试管码卷: a run of pre-printed tube codes issued to a point."""

    point = models.ForeignKey(Point, on_delete=models.PROTECT, related_name="rolls")
    prefix = models.CharField(max_length=8)
    serials = BigIntegerRangeField()
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "sampling_tube_roll"
        constraints = [
            ExclusionConstraint(
                name="tube_roll_issued_once",
                expressions=[(F("prefix"), RangeOperators.EQUAL), (F("serials"), RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.prefix} {self.serials}"
