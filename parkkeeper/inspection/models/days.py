"""The day's reconciliation by grid: what the books say of each enterprise, what was found there, who signed for it."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from parkkeeper.park.models import Enterprise, Grid, Person
from parkkeeper.park.scope import Scope


class GridDay(models.Model):
    """日清: one grid's day, counted once at its end (or when the team signs) and never again; then signed for."""

    grid = models.ForeignKey(Grid, on_delete=models.PROTECT, related_name="days")
    day = models.DateField(help_text="local day")
    counted_at = models.DateTimeField(help_text="as it was known then")
    mismatches = models.PositiveIntegerField(default=0)
    signed_at = models.DateTimeField(null=True, blank=True)
    signed_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=500, blank=True, help_text="what the team says of the mismatches")

    class Meta:
        db_table = "inspection_grid_day"
        constraints = [
            models.UniqueConstraint(F("grid"), F("day"), name="grid_day_once"),
            models.CheckConstraint(
                condition=Q(signed_at__isnull=True, signed_by__isnull=True, note="")
                | Q(signed_at__isnull=False, signed_by__isnull=False) & (Q(mismatches=0) | ~Q(note="")),
                name="grid_day_signed_by_somebody_who_explains",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.grid_id} {self.day}"

    def scope(self) -> Scope:
        return Scope(grid=self.grid_id)


class DayLine(models.Model):
    """日清明细: what the books say of one enterprise on a day, and what was found there."""

    grid_day = models.ForeignKey(GridDay, on_delete=models.PROTECT, related_name="lines")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="day_lines")
    on_post = models.PositiveIntegerField(help_text="people on post by the roster")
    due = models.PositiveIntegerField(null=True, blank=True, help_text="people of the evening's list; null: no round")
    sampled = models.PositiveIntegerField(null=True, blank=True)
    beyond = models.PositiveIntegerField(default=0, help_text="sampled though not due")
    silent = models.PositiveIntegerField(help_text="people in their silent period by the register")
    found = models.PositiveIntegerField(null=True, blank=True, help_text="people whom a visit counted (item A3)")
    found_silent = models.PositiveIntegerField(null=True, blank=True, help_text="as a visit counted (item B5)")
    beds = models.PositiveIntegerField(null=True, blank=True, help_text="beds in use, as a visit counted (item C4)")
    visits = models.PositiveIntegerField(default=0)
    notices = models.PositiveIntegerField(default=0, help_text="open ones")
    overdue = models.PositiveIntegerField(default=0)
    mismatches = models.JSONField(default=list, help_text='[{"kind": "found", "expected": 31, "found": 29}]')

    class Meta:
        db_table = "inspection_day_line"
        constraints = [models.UniqueConstraint(F("grid_day"), F("enterprise"), name="day_line_once")]

    def __str__(self) -> str:
        return str(self.pk)


class ComplaintQuerySet(models.QuerySet["Complaint"]):
    def within(self, scopes: list[Scope] | None) -> Self:
        return self if scopes is None else self.filter(enterprise__in=Enterprise.objects.within(scopes))

    def open(self) -> Self:
        return self.filter(settled_at__isnull=True)


class Complaint(models.Model):
    """投诉: that somebody said something is wrong at an enterprise; a reason to go there until it is settled."""

    class Source(models.TextChoices):
        HOTLINE = "hotline", _("热线")
        EMPLOYEE = "employee", _("员工")
        NEIGHBOUR = "neighbour", _("周边单位")
        SUPERIOR = "superior", _("上级转办")
        OTHER = "other", _("其他")

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="complaints")
    source = models.CharField(max_length=10, choices=Source.choices)
    text = models.CharField(max_length=500)
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    settled_note = models.CharField(max_length=500, blank=True)

    objects = ComplaintQuerySet.as_manager()

    class Meta:
        db_table = "inspection_complaint"
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="complaint_says_what"),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, settled_by__isnull=True, settled_note="")
                | Q(settled_at__isnull=False, settled_by__isnull=False) & ~Q(settled_note=""),
                name="complaint_settled_by_somebody_somehow",
            ),
        ]
        indexes = [
            models.Index(fields=["enterprise"], name="complaint_open", condition=Q(settled_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return self.text

    def scope(self) -> Scope:
        return self.enterprise.scope()
