"""Destroying what is past its period: what two people ordered, and what an authority wants kept for a time."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from parkkeeper.park.models.emergency import Emergency
from parkkeeper.park.models.people import Person


class OrderQuerySet(models.QuerySet["DestructionOrder"]):
    def standing(self) -> Self:
        return self.filter(withdrawn_at__isnull=True)

    def approved(self, at: datetime) -> Self:
        return self.standing().filter(approved_at__lte=at)


class DestructionOrder(models.Model):
    """销毁令: that an ended emergency's personal data be destroyed; one person proposes it, another approves."""

    emergency = models.ForeignKey(Emergency, on_delete=models.PROTECT, related_name="orders")
    reason = models.CharField(max_length=300)
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = OrderQuerySet.as_manager()

    class Meta:
        db_table = "park_destruction_order"
        constraints = [
            models.UniqueConstraint(
                F("emergency"), name="order_one_an_emergency", condition=Q(withdrawn_at__isnull=True)
            ),
            models.CheckConstraint(
                condition=Q(approved_at__isnull=True, approved_by__isnull=True)
                | Q(approved_at__isnull=False, approved_by__isnull=False),
                name="order_approved_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(approved_by__isnull=True) | ~Q(approved_by=F("proposed_by")),
                name="order_approved_by_another",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="order_withdrawn_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return str(self.emergency_id)


class HoldQuerySet(models.QuerySet["Hold"]):
    def at(self, moment: datetime) -> Self:
        return self.filter(placed_at__lte=moment, until__gt=moment).exclude(lifted_at__lte=moment)


class Hold(models.Model):
    """暂缓销毁: nothing of a period (or of any) is destroyed until its end, for a lawsuit or an inspection."""

    period = models.CharField(max_length=16, blank=True, help_text="of docs/retention.toml; blank: all of them")
    reason = models.CharField(max_length=300)
    placed_at = models.DateTimeField()
    placed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = HoldQuerySet.as_manager()

    class Meta:
        db_table = "park_hold"
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="hold_has_reason"),
            models.CheckConstraint(condition=Q(until__gt=F("placed_at")), name="hold_ends_after_it_began"),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False),
                name="hold_lifted_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.period or "*"


class RetentionTally(models.Model):
    """保存期限计数: how every rule of retention stood at a moment, so that the page need not read every table."""

    as_of = models.DateTimeField()
    state = models.CharField(max_length=64, help_text="digest of the rules, the emergencies and the orders counted by")
    rules = models.JSONField(help_text="{name of a rule: [due, waiting, next, last, gone], …}")

    class Meta:
        db_table = "park_retention_tally"

    def __str__(self) -> str:
        return f"{self.as_of}"
