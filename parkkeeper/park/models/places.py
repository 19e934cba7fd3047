"""Where things are: roads, grids, enterprises, sites, and which area is sealed or controlled."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from parkkeeper.park.scope import Scope, reached


class Road(models.Model):
    """道路: a road of the park; the arterial ones bound the grids."""

    name = models.CharField(max_length=80, unique=True)
    line = models.JSONField(help_text="GeoJSON geometry (LineString or MultiLineString), WGS 84")
    arterial = models.BooleanField(default=False)

    class Meta:
        db_table = "park_road"

    def __str__(self) -> str:
        return self.name


class Grid(models.Model):
    """网格: one of the areas bounded by the arterial roads; it has one inspection team."""

    code = models.CharField(max_length=16, unique=True)
    name = models.CharField(max_length=80)
    polygon = models.JSONField(help_text="GeoJSON geometry (Polygon or MultiPolygon), WGS 84")

    class Meta:
        db_table = "park_grid"

    def __str__(self) -> str:
        return self.name

    def scope(self) -> Scope:
        return Scope(grid=self.pk)


class EnterpriseQuerySet(models.QuerySet["Enterprise"]):
    def resumed_on(self, day: object) -> Self:
        """Enterprises at work on that local day: resumed, and not stopped."""
        return self.filter(resumed_on__lte=day, stopped_at__isnull=True)

    def within(self, scopes: list[Scope] | None) -> Self:
        """Those that a reader with these scopes may see; None means the whole park."""
        return self.filter(reached(scopes, enterprise="pk", grid="grid_id"))


class Enterprise(models.Model):
    """企业: an enterprise of the park, known by its unified social credit code."""

    class Kind(models.TextChoices):
        ENTERPRISE = "enterprise", _("企业")
        CONSTRUCTION = "construction", _("建设单位")
        BODY = "body", _("园区机构")

    credit_code = models.CharField(max_length=18, unique=True)
    name = models.CharField(max_length=120)
    short_name = models.CharField(max_length=40)
    pinyin = models.CharField(max_length=240, blank=True, db_index=True)
    kind = models.CharField(max_length=16, choices=Kind.choices, default=Kind.ENTERPRISE)
    industry = models.CharField(max_length=40, blank=True)
    address = models.CharField(max_length=160, blank=True)
    grid = models.ForeignKey(Grid, null=True, blank=True, on_delete=models.PROTECT, related_name="enterprises")
    head_count = models.PositiveIntegerField(default=0, help_text="people, as declared by the enterprise")
    resumed_on = models.DateField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    changed_at = models.DateTimeField(null=True, blank=True)

    objects = EnterpriseQuerySet.as_manager()

    class Meta:
        db_table = "park_enterprise"
        constraints = [
            models.CheckConstraint(condition=~Q(credit_code=""), name="enterprise_has_credit_code"),
            models.CheckConstraint(condition=~Q(name=""), name="enterprise_has_name"),
        ]

    def __str__(self) -> str:
        return self.short_name or self.name

    def scope(self) -> Scope:
        return Scope(grid=self.grid_id, enterprise=self.pk)


class Site(models.Model):
    """场所: a located place: works, construction site, dormitory, or a place for sampling."""

    class Kind(models.TextChoices):
        WORKS = "works", _("厂区")
        CONSTRUCTION = "construction", _("工地")
        DORMITORY = "dormitory", _("宿舍")
        NEARBY = "nearby", _("就近采样场地")
        LABORATORY = "laboratory", _("检测机构")

    code = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    enterprise = models.ForeignKey(Enterprise, null=True, blank=True, on_delete=models.PROTECT, related_name="sites")
    grid = models.ForeignKey(Grid, null=True, blank=True, on_delete=models.PROTECT, related_name="sites")
    address = models.CharField(max_length=160, blank=True)
    longitude = models.FloatField(help_text="degrees, WGS 84")
    latitude = models.FloatField(help_text="degrees, WGS 84")

    class Meta:
        db_table = "park_site"
        constraints = [
            models.CheckConstraint(
                condition=Q(longitude__gte=-180, longitude__lte=180, latitude__gte=-90, latitude__lte=90),
                name="site_is_on_earth",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def scope(self) -> Scope:
        return Scope(grid=self.grid_id, enterprise=self.enterprise_id, site=self.pk)


class AreaLevelQuerySet(models.QuerySet["AreaLevel"]):
    def at(self, moment: datetime) -> Self:
        return self.filter(during__contains=moment)


class AreaLevel(models.Model):
    """管控等级: that an enterprise or a grid is sealed or controlled for a time; all else is 'other'."""

    class Level(models.TextChoices):
        SEALED = "sealed", _("封控区")
        CONTROLLED = "controlled", _("管控区")
        OTHER = "other", _("防范区")

    grid = models.ForeignKey(Grid, null=True, blank=True, on_delete=models.PROTECT, related_name="levels")
    enterprise = models.ForeignKey(Enterprise, null=True, blank=True, on_delete=models.PROTECT, related_name="levels")
    level = models.CharField(max_length=12, choices=Level.choices)
    during = DateTimeRangeField()
    source = models.CharField(max_length=200)

    objects = AreaLevelQuerySet.as_manager()

    class Meta:
        db_table = "park_area_level"
        constraints = [
            models.CheckConstraint(
                condition=Q(grid__isnull=True) ^ Q(enterprise__isnull=True), name="area_level_has_one_place"
            ),
            ExclusionConstraint(
                name="area_level_one_a_grid_at_a_time",
                expressions=[(F("grid"), RangeOperators.EQUAL), (F("during"), RangeOperators.OVERLAPS)],
                condition=Q(grid__isnull=False),
            ),
            ExclusionConstraint(
                name="area_level_one_an_enterprise_at_a_time",
                expressions=[(F("enterprise"), RangeOperators.EQUAL), (F("during"), RangeOperators.OVERLAPS)],
                condition=Q(enterprise__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.level
