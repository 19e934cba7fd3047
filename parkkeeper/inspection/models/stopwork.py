"""停工: proposed, decided by the authority, served, checked daily, and lifted; never without an end in sight."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from parkkeeper.inspection.models.notices import GONE, Notice, Service
from parkkeeper.inspection.models.visits import Authorisation, Finding
from parkkeeper.park.models import Enterprise, Person
from parkkeeper.park.scope import Scope


class StopWorkQuerySet(models.QuerySet["StopWork"]):
    def within(self, scopes: list[Scope] | None) -> Self:
        return self if scopes is None else self.filter(enterprise__in=Enterprise.objects.within(scopes))

    def running(self, at: datetime) -> Self:
        """Those that have not come to their end by `at`: not lifted, not turned down, and no emergency one that fell
        because nobody decided on it in time."""
        fell = Q(decided_at__isnull=True, review_due_at__lte=at)
        return self.filter(Q(approved=True) | Q(approved__isnull=True), lifted_at__isnull=True).exclude(fell)

    def in_force(self, at: datetime) -> Self:
        """Those of them that bind at `at`."""
        return self.running(at).filter(in_force_at__lte=at)


class StopWork(models.Model):
    """停工: that a line, a workshop or a site stops until its conditions are met."""

    class Extent(models.TextChoices):
        LINE = "line", _("生产线")
        WORKSHOP = "workshop", _("车间")
        SITE = "site", _("厂区")

    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="stop_works")
    notice = models.ForeignKey(Notice, null=True, blank=True, on_delete=models.PROTECT, related_name="stop_works")
    finding = models.ForeignKey(
        Finding, null=True, blank=True, on_delete=models.PROTECT, related_name="stop_works",
        help_text="what an emergency one was imposed for",
    )  # fmt: skip
    authorisation = models.ForeignKey(Authorisation, on_delete=models.PROTECT, related_name="stop_works")
    extent = models.CharField(max_length=10, choices=Extent.choices)
    place = models.CharField(max_length=120, help_text="which line, workshop or site")
    reason = models.CharField(max_length=300)
    conditions = models.CharField(max_length=500, help_text="when it is lifted")
    emergency = models.BooleanField(default=False, help_text="in force first, reviewed within set hours")
    proposed_at = models.DateTimeField()
    proposed_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="stop_works_proposed")
    review_due_at = models.DateTimeField(null=True, blank=True, help_text="an emergency one falls without a decision")
    year = models.PositiveSmallIntegerField(null=True, blank=True)
    serial = models.PositiveIntegerField(null=True, blank=True)
    code = models.CharField(max_length=32, unique=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    approved = models.BooleanField(null=True)
    decision_note = models.CharField(max_length=300, blank=True)
    in_force_at = models.DateTimeField(null=True, blank=True)
    served_at = models.DateTimeField(null=True, blank=True)
    served_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    served_how = models.CharField(max_length=12, choices=Service.choices, blank=True)
    served_to = models.CharField(max_length=60, blank=True)
    receipt_refused = models.CharField(max_length=200, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    applied_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    applied_note = models.CharField(max_length=300, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = StopWorkQuerySet.as_manager()

    class Meta:
        db_table = "inspection_stop_work"
        constraints = [
            models.CheckConstraint(
                condition=~Q(place="") & ~Q(conditions="") & ~Q(reason=""), name="stop_work_has_scope_and_conditions"
            ),
            models.CheckConstraint(
                condition=Q(decided_at__isnull=True, decided_by__isnull=True, approved__isnull=True)
                | Q(decided_at__isnull=False, decided_by__isnull=False, approved__isnull=False),
                name="stop_work_decided_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("proposed_by")) | Q(code__startswith=GONE),
                name="stop_work_decided_by_another",
            ),
            models.CheckConstraint(
                condition=Q(emergency=True, review_due_at__isnull=False)
                | Q(emergency=False, review_due_at__isnull=True),
                name="stop_work_emergency_is_reviewed",
            ),
            models.CheckConstraint(
                condition=Q(in_force_at__isnull=True) | Q(emergency=True) | Q(approved=True, served_at__isnull=False),
                name="stop_work_in_force_once_served",
            ),
            models.CheckConstraint(
                condition=Q(served_at__isnull=True, served_by__isnull=True, served_how="")
                | Q(served_at__isnull=False, served_by__isnull=False) & ~Q(served_how=""),
                name="stop_work_served_by_somebody_somehow",
            ),
            models.CheckConstraint(
                condition=Q(applied_at__isnull=True, applied_by__isnull=True)
                | Q(applied_at__isnull=False, applied_by__isnull=False),
                name="stop_work_applied_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at__isnull=True, accepted_by__isnull=True)
                | Q(accepted_at__isnull=False, accepted_by__isnull=False, applied_at__isnull=False),
                name="stop_work_accepted_after_application",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at__isnull=True, lifted_by__isnull=True)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False, accepted_at__isnull=False),
                name="stop_work_lifted_after_acceptance",
            ),
            models.CheckConstraint(
                condition=Q(lifted_by__isnull=True) | ~Q(lifted_by=F("accepted_by")) | Q(code__startswith=GONE),
                name="stop_work_lifted_by_another",
            ),
            models.UniqueConstraint(F("year"), F("serial"), name="stop_work_number_once"),
        ]

    def __str__(self) -> str:
        return self.number or str(self.pk)

    @property
    def number(self) -> str:
        """The number of the decision (文号); "" before it is decided."""
        return f"园停工〔{self.year}〕{self.serial}号" if self.serial else ""

    def fell(self, at: datetime) -> bool:
        """Whether it is an emergency one that nobody decided on, or lifted, while there was time: `at` is too late."""
        ended = self.decided_at is not None or self.lifted_at is not None
        return not ended and self.review_due_at is not None and self.review_due_at <= at

    def binds(self, at: datetime) -> bool:
        """Whether it is in force at `at` (StopWorkQuerySet.in_force asks the same of many)."""
        begun = self.in_force_at is not None and self.in_force_at <= at
        return begun and self.lifted_at is None and self.approved is not False and not self.fell(at)

    def scope(self) -> Scope:
        return self.enterprise.scope()


class StopCheck(models.Model):
    """停工巡查: the daily look whether what was stopped stands still."""

    stop_work = models.ForeignKey(StopWork, on_delete=models.PROTECT, related_name="checks")
    day = models.DateField()
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    holds = models.BooleanField()
    note = models.CharField(max_length=300, blank=True)

    class Meta:
        db_table = "inspection_stop_check"
        constraints = [
            models.UniqueConstraint(F("stop_work"), F("day"), name="stop_check_once_a_day"),
            models.CheckConstraint(condition=Q(holds=True) | ~Q(note=""), name="stop_check_breach_is_told"),
        ]

    def __str__(self) -> str:
        return str(self.day)


class Deadline(models.Model):
    """到期提醒: that a deadline was told, once, and how late: what the worker does is not done twice."""

    class Kind(models.TextChoices):
        SOON = "soon", _("即将到期")
        OVERDUE = "overdue", _("逾期未整改")
        LAPSED = "lapsed", _("逾期未复查")
        REVIEW = "review", _("紧急停工未复核")

    kind = models.CharField(max_length=8, choices=Kind.choices)
    notice = models.ForeignKey(Notice, null=True, blank=True, on_delete=models.PROTECT, related_name="deadlines")
    stop_work = models.ForeignKey(StopWork, null=True, blank=True, on_delete=models.PROTECT, related_name="deadlines")
    due_at = models.DateTimeField(help_text="when it was to be told")
    told_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(
        null=True, blank=True, help_text="a lapse: when the park heard that somebody had looked in time after all"
    )

    class Meta:
        db_table = "inspection_deadline"
        constraints = [
            models.CheckConstraint(
                condition=Q(taken_back_at__isnull=True) | Q(kind="lapsed"), name="deadline_taken_back_is_a_lapse"
            ),
            models.CheckConstraint(
                condition=Q(notice__isnull=True) ^ Q(stop_work__isnull=True), name="deadline_of_one_thing"
            ),
            models.UniqueConstraint(
                F("kind"), F("notice"), F("due_at"), name="deadline_notice_once", condition=Q(notice__isnull=False)
            ),
            models.UniqueConstraint(
                F("kind"), F("stop_work"), F("due_at"), name="deadline_stop_work_once",
                condition=Q(stop_work__isnull=False),
            ),
        ]  # fmt: skip
        indexes = [models.Index(fields=["-told_at"], name="deadline_told")]

    def __str__(self) -> str:
        return self.kind
