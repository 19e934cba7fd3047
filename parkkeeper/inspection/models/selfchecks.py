"""What an enterprise says of itself, before anybody of the park comes."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery

from parkkeeper.inspection.models.checklists import Checklist
from parkkeeper.park.models import Enterprise, Person
from parkkeeper.park.scope import Scope


class SelfCheckQuerySet(models.QuerySet["SelfCheck"]):
    def within(self, scopes: list[Scope] | None) -> Self:
        """Those that a reader with these scopes may see; None means the whole park."""
        return self if scopes is None else self.filter(enterprise__in=Enterprise.objects.within(scopes))

    def newest(self, at: datetime) -> Self:
        """Of each enterprise the last one made by `at`."""
        own = SelfCheck.objects.filter(enterprise=OuterRef("enterprise"), at__lte=at).order_by("-at", "-pk")
        return self.alias(latest=Subquery(own.values("pk")[:1])).filter(pk=F("latest"))


class SelfCheck(models.Model):
    """自查: that an enterprise went through the checklist by itself, and what it found not as it should be."""

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="self_checks")
    checklist = models.ForeignKey(Checklist, on_delete=models.PROTECT, related_name="self_checks")
    failed = ArrayField(models.CharField(max_length=40), default=list, blank=True, help_text="codes of items")
    note = models.CharField(
        max_length=500, blank=True, help_text="what is wrong, and what the enterprise does about it"
    )
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    objects = SelfCheckQuerySet.as_manager()

    class Meta:
        db_table = "inspection_self_check"
        constraints = [
            models.CheckConstraint(condition=Q(failed=[]) | ~Q(note=""), name="self_check_says_what_failed"),
        ]
        indexes = [models.Index(fields=["enterprise", "-at"], name="self_check_enterprise")]

    def __str__(self) -> str:
        return str(self.pk)

    def scope(self) -> Scope:
        return self.enterprise.scope()
