"""What the laboratory found, what the morning's antigen tests said, and what people owe because of it."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.models import Enterprise, Person, StoredFile
from parkkeeper.park.models.sealed import SealedTextField
from parkkeeper.park.scope import Scope
from parkkeeper.sampling.models.boxes import Laboratory
from parkkeeper.sampling.models.points import Point
from parkkeeper.sampling.models.tubes import Tube


class LabReport(models.Model):
    """检测报告: one message or file of results as it came, and what became of its rows."""

    class Kind(models.TextChoices):
        HAND = "hand", _("手工录入")
        TABLE = "table", _("表格文件")
        HL7 = "hl7", _("HL7 报文")

    laboratory = models.ForeignKey(Laboratory, null=True, on_delete=models.PROTECT, related_name="reports")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    file = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="lab_reports")
    received_at = models.DateTimeField()
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    counts = models.JSONField(default=dict)
    problems = models.JSONField(default=list, help_text="[{row, column, value, code, params}]")

    class Meta:
        db_table = "sampling_lab_report"

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class ResultQuerySet(models.QuerySet["Result"]):
    def within(self, scopes: list[Scope] | None) -> Self:
        """Those of the points that a reader with these scopes may see; None means the whole park."""
        return self if scopes is None else self.filter(tube__point__in=Point.objects.within(scopes))

    def standing(self) -> Self:
        return self.filter(struck_at__isnull=True)


class Result(models.Model):
    """检测结果: a laboratory's word on a tube; several words may stand, the most serious one rules."""

    class Value(models.TextChoices):
        NEGATIVE = "negative", _("阴性")
        POSITIVE = "positive", _("阳性")
        INDETERMINATE = "indeterminate", _("可疑")
        INVALID = "invalid", _("无效")

    tube = models.ForeignKey(Tube, null=True, on_delete=models.PROTECT, related_name="results")
    tube_code = models.CharField(max_length=40, db_index=True)
    value = models.CharField(max_length=14, choices=Value.choices)
    tested_at = models.DateTimeField()
    received_at = models.DateTimeField()
    report = models.ForeignKey(LabReport, on_delete=models.PROTECT, related_name="results")
    struck_at = models.DateTimeField(null=True, blank=True)
    struck_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    struck_reason = models.CharField(max_length=200, blank=True)

    objects = ResultQuerySet.as_manager()

    class Meta:
        db_table = "sampling_result"
        constraints = [
            models.UniqueConstraint(F("tube_code"), F("value"), F("tested_at"), name="result_said_once"),
            models.CheckConstraint(
                condition=Q(struck_at__isnull=True, struck_by__isnull=True)
                | (Q(struck_at__isnull=False, struck_by__isnull=False) & ~Q(struck_reason="")),
                name="result_struck_by_somebody_with_reason",
            ),
        ]
        indexes = [models.Index(fields=["-received_at"], name="result_received")]

    def __str__(self) -> str:
        return f"{self.tube_code} {self.value}"


class AntigenTest(models.Model):
    """抗原自测: one person's morning self-test."""

    id = models.UUIDField(primary_key=True)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="antigen_tests")
    day = models.DateField()
    value = models.CharField(max_length=14, choices=Result.Value.choices)
    taken_at = models.DateTimeField()
    received_at = models.DateTimeField()
    source = models.CharField(max_length=12, help_text="list, phone, file")
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    photo = models.ForeignKey(StoredFile, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "sampling_antigen_test"
        indexes = [
            models.Index(fields=["day", "person"], name="antigen_day_person"),
            models.Index(fields=["person", "-day"], name="antigen_person"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.value}"


class ObligationQuerySet(models.QuerySet["Obligation"]):
    def open(self) -> Self:
        return self.filter(closed_at__isnull=True)

    def open_at(self, moment: datetime) -> Self:
        return self.filter(opened_at__lte=moment).filter(Q(closed_at__isnull=True) | Q(closed_at__gt=moment))

    def newest(self) -> Self:
        """Of each cause the last row only: not those that were closed and, since what closed them fell, followed."""
        return self.filter(followers__isnull=True)


class Obligation(models.Model):
    """待办义务: what a person owes beyond the round: a single retest, a case to be released; closed by facts only.

    When the fact that closed it falls, it stays closed as it was and another row follows it: the past stays true.
    """

    class Kind(models.TextChoices):
        SINGLE_RETEST = "single_retest", _("单采单检")
        CASE = "case", _("阳性个案")

    id = models.UUIDField(primary_key=True, default=new_id)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="obligations")
    kind = models.CharField(max_length=14, choices=Kind.choices)
    cause = models.CharField(max_length=64, help_text="tube:CODE, antigen:ID, order:ID: the same cause makes it once")
    # its unique constraint is the index
    follows = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="followers", db_index=False,
        help_text="the closed one that this opens again",
    )  # fmt: skip
    tube = models.ForeignKey(Tube, null=True, on_delete=models.PROTECT, related_name="obligations")
    antigen = models.ForeignKey(AntigenTest, null=True, on_delete=models.PROTECT, related_name="obligations")
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    isolate = models.BooleanField(default=True, help_text="就地隔离: told to isolate on the spot until closed")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by_result = models.ForeignKey(Result, null=True, on_delete=models.PROTECT, related_name="obligations_closed")
    closed_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    closed_reason = SealedTextField(blank=True, moment="closed_at")

    objects = ObligationQuerySet.as_manager()

    class Meta:
        db_table = "sampling_obligation"
        constraints = [
            models.UniqueConstraint(
                F("person"), F("kind"), F("cause"), name="obligation_once_a_cause", condition=Q(follows__isnull=True)
            ),
            models.UniqueConstraint(
                F("person"),
                F("kind"),
                F("cause"),
                name="obligation_open_once_a_cause",
                condition=Q(closed_at__isnull=True),
            ),
            models.UniqueConstraint(F("follows"), name="obligation_followed_once"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by_result__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by_result__isnull=False)
                | (Q(closed_at__isnull=False, kind="case", closed_by__isnull=False) & ~Q(closed_reason="")),
                name="obligation_closed_by_result_or_release",
            ),
        ]
        indexes = [models.Index(fields=["person"], name="obligation_open", condition=Q(closed_at__isnull=True))]

    def __str__(self) -> str:
        return self.kind

    def scope(self) -> Scope:
        return self.person.scope()


class Flag(models.Model):
    """标记: that a point or an enterprise is flagged because of a positive tube."""

    tube = models.ForeignKey(Tube, on_delete=models.PROTECT, related_name="flags")
    point = models.ForeignKey(Point, null=True, on_delete=models.PROTECT, related_name="flags")
    enterprise = models.ForeignKey(Enterprise, null=True, on_delete=models.PROTECT, related_name="flags")
    raised_at = models.DateTimeField()
    lowered_at = models.DateTimeField(null=True, blank=True)
    lowered_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    lowered_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "sampling_flag"
        constraints = [
            models.UniqueConstraint(F("tube"), F("point"), name="flag_point_once", condition=Q(point__isnull=False)),
            models.UniqueConstraint(
                F("tube"), F("enterprise"), name="flag_enterprise_once", condition=Q(enterprise__isnull=False)
            ),
            models.CheckConstraint(
                condition=Q(point__isnull=True) ^ Q(enterprise__isnull=True), name="flag_on_one_thing"
            ),
            models.CheckConstraint(
                condition=Q(lowered_at__isnull=True, lowered_by__isnull=True)
                | (Q(lowered_at__isnull=False, lowered_by__isnull=False) & ~Q(lowered_reason="")),
                name="flag_lowered_by_somebody_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return str(self.tube_id)
