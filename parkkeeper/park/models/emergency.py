"""The declared emergency and the rules in force: numbers that the next guideline will change, dated, with source."""

from datetime import datetime, timedelta
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q

LATE_ARRIVALS = timedelta(days=14)
"""How long after its end what still arrives (a result, a phone's messages) belongs to the emergency."""


class EmergencyQuerySet(models.QuerySet["Emergency"]):
    def owning(self, moment: datetime) -> Self:
        """The emergency (one at most) to which what arrives at that moment belongs: in force, or lately ended."""
        latest = self.filter(during__startswith__lte=moment).order_by("-during")[:1]
        return self.filter(pk__in=latest.values("pk")).filter(
            Q(during__upper_inf=True) | Q(during__endswith__gt=moment - LATE_ARRIVALS)
        )


class Emergency(models.Model):
    """应急状态: a declared emergency: its legal basis, its dates, its policy pack and its own data key."""

    name = models.CharField(max_length=120)
    basis = models.CharField(max_length=300)
    pack = models.CharField(max_length=40, help_text="code of the policy pack, e.g. shanghai-2022")
    during = DateTimeRangeField()
    data_key_sealed = models.BinaryField(
        null=True, help_text="the emergency's own key, sealed by the park's master key"
    )
    data_key_destroyed_at = models.DateTimeField(null=True, blank=True)

    objects = EmergencyQuerySet.as_manager()

    class Meta:
        db_table = "park_emergency"
        constraints = [
            ExclusionConstraint(name="emergency_one_at_a_time", expressions=[(F("during"), RangeOperators.OVERLAPS)]),
            models.CheckConstraint(condition=~Q(basis=""), name="emergency_has_basis"),
            models.CheckConstraint(
                condition=Q(data_key_sealed__isnull=True) | Q(data_key_destroyed_at__isnull=True),
                name="emergency_destroyed_key_is_gone",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class RuleQuerySet(models.QuerySet["Rule"]):
    def at(self, moment: datetime) -> Self:
        return self.filter(during__contains=moment)


class Rule(models.Model):
    """规则: one number or table of the rulebook, in force for a time, with its source."""

    key = models.CharField(max_length=60)
    value = models.JSONField()
    unit = models.CharField(max_length=24, blank=True)
    during = DateTimeRangeField()
    source = models.CharField(max_length=300)
    pack = models.CharField(max_length=40, blank=True)
    note = models.CharField(max_length=300, blank=True)

    objects = RuleQuerySet.as_manager()

    class Meta:
        db_table = "park_rule"
        constraints = [
            ExclusionConstraint(
                name="rule_one_value_at_a_time",
                expressions=[(F("key"), RangeOperators.EQUAL), (F("during"), RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(condition=~Q(source=""), name="rule_has_source"),
        ]

    def __str__(self) -> str:
        return self.key
