"""The evening's meeting: why things went wrong, what was decided, who does what by when."""

from datetime import date
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from parkkeeper.inspection.models.visits import Finding
from parkkeeper.park.models import Person
from parkkeeper.park.scope import Scope


class Cause(models.Model):
    """原因: why a finding came about, as a team sees it; the last one that was named holds."""

    class Kind(models.TextChoices):
        AWARENESS = "awareness", _("意识不到位")
        RULES = "rules", _("制度流程缺失")
        FACILITIES = "facilities", _("设施设备不足")
        SUPPLIES = "supplies", _("物资不足")
        STAFF = "staff", _("人手不足")
        OUTSIDE = "outside", _("外部条件")
        OTHER = "other", _("其他原因")

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="causes")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    note = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "inspection_cause"
        constraints = [
            models.CheckConstraint(condition=~Q(kind="other") | ~Q(note=""), name="cause_other_is_told"),
        ]
        indexes = [models.Index(fields=["finding", "-at"], name="cause_finding")]

    def __str__(self) -> str:
        return self.kind


class Debrief(models.Model):
    """例会: the meeting of all teams at a day's end; closed, it keeps the agenda that it saw."""

    day = models.DateField(help_text="local day whose work was talked about")
    held_at = models.DateTimeField()
    held_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    attendance = models.CharField(max_length=500, blank=True, help_text="who took part, as written in the minutes")
    notes = models.TextField(max_length=4000, blank=True)
    agenda = models.JSONField(null=True, blank=True, help_text="what the meeting saw; null while it goes on")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "inspection_debrief"
        constraints = [
            models.UniqueConstraint(F("day"), name="debrief_once_a_day"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True, agenda__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False, agenda__isnull=False),
                name="debrief_closed_by_somebody_with_agenda",
            ),
        ]

    def __str__(self) -> str:
        return self.day.isoformat()

    def scope(self) -> Scope:
        """All teams sit together: it is the whole park's."""
        return Scope()


class Decision(models.Model):
    """议定事项: what a debrief decided."""

    debrief = models.ForeignKey(Debrief, on_delete=models.PROTECT, related_name="decisions")
    text = models.CharField(max_length=500)
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "inspection_decision"
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="decision_says_what")]

    def __str__(self) -> str:
        return self.text


class MeasureQuerySet(models.QuerySet["Measure"]):
    def open(self) -> Self:
        return self.filter(done_at__isnull=True)

    def overdue(self, day: date) -> Self:
        """Open ones whose last day is over on that local day."""
        return self.open().filter(due_on__lt=day)


class Measure(models.Model):
    """措施: what somebody does by a day because a debrief decided so; it comes up again until it is done."""

    debrief = models.ForeignKey(Debrief, on_delete=models.PROTECT, related_name="measures")
    text = models.CharField(max_length=500)
    owner = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="measures")
    due_on = models.DateField(help_text="local day by whose end it is done")
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)
    done_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    done_note = models.CharField(max_length=300, blank=True)

    objects = MeasureQuerySet.as_manager()

    class Meta:
        db_table = "inspection_measure"
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="measure_says_what"),
            models.CheckConstraint(
                condition=Q(done_at__isnull=True, done_by__isnull=True, done_note="")
                | Q(done_at__isnull=False, done_by__isnull=False) & ~Q(done_note=""),
                name="measure_done_by_somebody_somehow",
            ),
        ]
        indexes = [models.Index(fields=["due_on"], name="measure_open_due", condition=Q(done_at__isnull=True))]

    def __str__(self) -> str:
        return self.text
