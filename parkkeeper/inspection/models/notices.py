"""整改通知书: the numbered paper with a clock, and what moves the clock."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from parkkeeper.park.models import Enterprise, Person
from parkkeeper.park.scope import Scope
from parkkeeper.planning.working_time import Term, Unit

GONE = "—"
"""Stands in a text whose row's people were destroyed (docs/retention.toml): all of them are the same nobody then."""


class Service(models.TextChoices):
    """How a paper reached whom it is for."""

    IN_PERSON = "in_person", _("直接送达")
    LEFT = "left", _("留置送达")
    POST = "post", _("邮寄送达")
    ELECTRONIC = "electronic", _("电子送达")


class NoticeQuerySet(models.QuerySet["Notice"]):
    def within(self, scopes: list[Scope] | None) -> Self:
        """Those that a reader with these scopes may see; None means the whole park."""
        return self if scopes is None else self.filter(enterprise__in=Enterprise.objects.within(scopes))

    def open(self) -> Self:
        return self.filter(closed_at__isnull=True, withdrawn_at__isnull=True, followed_by__isnull=True)

    def overdue(self, at: datetime) -> Self:
        """Open ones whose time is up."""
        return self.open().filter(due_at__lte=at)


class Notice(models.Model):
    """整改通知书: a numbered paper that orders (or advises) an enterprise to put findings right by a time."""

    class Wording(models.TextChoices):
        ORDER = "order", _("责令整改")
        ADVICE = "advice", _("整改建议")

    year = models.PositiveSmallIntegerField()
    serial = models.PositiveIntegerField()
    code = models.CharField(max_length=32, unique=True, help_text="in the QR picture; not to be guessed")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="notices")
    visit = models.ForeignKey("inspection.Visit", on_delete=models.PROTECT, related_name="notices")
    wording = models.CharField(max_length=8, choices=Wording.choices)
    follows = models.OneToOneField("self", null=True, blank=True, on_delete=models.PROTECT, related_name="followed_by")
    unit = models.CharField(max_length=16)
    amount = models.FloatField()
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="notices_issued")
    second = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="notices_signed")
    due_at = models.DateTimeField(null=True, blank=True, help_text="from service, stops, extensions; null: it stands")
    served_at = models.DateTimeField(null=True, blank=True)
    served_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    served_how = models.CharField(max_length=12, choices=Service.choices, blank=True)
    served_to = models.CharField(max_length=60, blank=True)
    served_place = models.CharField(max_length=120, blank=True)
    receipt_refused = models.CharField(max_length=200, blank=True, help_text="why nobody signed the receipt")
    lapsed_at = models.DateTimeField(null=True, blank=True, help_text="since when the park owes the look-back")
    talked_at = models.DateTimeField(null=True, blank=True, help_text="when the talk (约谈) was held")
    talked_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    talked_with = models.CharField(max_length=120, blank=True, help_text="who spoke for the enterprise")
    talk_minutes = models.CharField(max_length=2000, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True, help_text="when the last of its findings was settled")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_reason = models.CharField(max_length=300, blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        db_table = "inspection_notice"
        constraints = [
            models.UniqueConstraint(F("year"), F("serial"), name="notice_number_once"),
            models.CheckConstraint(
                condition=~Q(issued_by=F("second")) | Q(code__startswith=GONE), name="notice_has_two_inspectors"
            ),
            models.CheckConstraint(
                condition=Q(served_at__isnull=True, served_by__isnull=True, served_how="")
                | Q(served_at__isnull=False, served_by__isnull=False) & ~Q(served_how=""),
                name="notice_served_by_somebody_somehow",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True, withdrawn_reason="")
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_reason=""),
                name="notice_withdrawn_by_somebody_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(talked_at__isnull=True, talked_by__isnull=True, talked_with="", talk_minutes="")
                | Q(talked_at__isnull=False, talked_by__isnull=False) & ~Q(talked_with="") & ~Q(talk_minutes=""),
                name="notice_talk_by_somebody_with_minutes",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="notice_open_due",
                condition=Q(closed_at__isnull=True, withdrawn_at__isnull=True),
            ),
            models.Index(fields=["enterprise", "-issued_at"], name="notice_enterprise"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        """The number as it stands on the paper (文号)."""
        return f"园整改〔{self.year}〕{self.serial}号"

    def scope(self) -> Scope:
        return self.enterprise.scope()

    @property
    def term(self) -> Term:
        """The time that the paper gives, without extensions."""
        return Term(Unit(self.unit), self.amount)


class Extension(models.Model):
    """延期: that an enterprise asked for more time, and what somebody else decided."""

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="extensions")
    amount = models.FloatField(help_text="in the unit of the notice")
    reason = models.CharField(max_length=300)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    granted = models.BooleanField(null=True)
    decision_note = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "inspection_extension"
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0) & ~Q(reason=""), name="extension_has_amount_and_reason"),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decided_by__isnull=True, granted__isnull=True)
                | Q(decided_at__isnull=False, decided_by__isnull=False, granted__isnull=False),
                name="extension_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")) | Q(reason=GONE),
                name="extension_decided_by_another",
            ),
            models.UniqueConstraint(F("notice"), name="extension_one_undecided", condition=Q(decided_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return str(self.amount)


class ClockStop(models.Model):
    """中止计时: that a notice's clock stands still, because the enterprise cannot act (sealed, no access)."""

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="stops")
    during = DateTimeRangeField()
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    ended_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "inspection_clock_stop"
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="clock_stop_has_reason"),
            ExclusionConstraint(
                name="clock_stop_one_at_a_time",
                expressions=[(F("notice"), RangeOperators.EQUAL), (F("during"), RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)
