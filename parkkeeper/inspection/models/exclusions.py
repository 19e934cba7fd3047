"""不计考核: that a problem is left out of the rates of closing; one asks, another decides."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from parkkeeper.inspection.models.notices import GONE
from parkkeeper.inspection.models.visits import Finding
from parkkeeper.park.models import Person


class ExclusionQuerySet(models.QuerySet["Exclusion"]):
    def granted_at(self, at: datetime) -> Self:
        """Those that somebody had granted by `at`."""
        return self.filter(granted=True, decided_at__lte=at)


class Exclusion(models.Model):
    """不计考核: that somebody asked to leave a problem out of the rates of closing, and what somebody else decided."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="exclusions")
    reason = models.CharField(max_length=300)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    granted = models.BooleanField(null=True)
    decision_note = models.CharField(max_length=300, blank=True)

    objects = ExclusionQuerySet.as_manager()

    class Meta:
        db_table = "inspection_exclusion"
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="exclusion_has_reason"),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decided_by__isnull=True, granted__isnull=True)
                | Q(decided_at__isnull=False, decided_by__isnull=False, granted__isnull=False),
                name="exclusion_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")) | Q(reason=GONE),
                name="exclusion_decided_by_another",
            ),
            models.UniqueConstraint(
                F("finding"), name="exclusion_one_that_may_hold", condition=Q(granted__isnull=True) | Q(granted=True)
            ),
        ]

    def __str__(self) -> str:
        return self.reason
