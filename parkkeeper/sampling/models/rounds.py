"""Programmes, rounds and their frozen due lists."""

from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.models import Enterprise, Grid, Person, StoredFile
from parkkeeper.park.models.sealed import SealedTextField
from parkkeeper.park.scope import Scope, reached
from parkkeeper.sampling.models.points import Point


class Test(models.TextChoices):
    PCR = "pcr", _("核酸")
    ANTIGEN = "antigen", _("抗原")


class Programme(models.Model):
    """检测方案: what test, who is due how often, how many to a tube, at what hours; dated, with its source."""

    name = models.CharField(max_length=80)
    test = models.CharField(max_length=8, choices=Test.choices)
    every_days = models.JSONField(help_text='by area level: {"sealed": 1, "controlled": 1, "other": 1}')
    pool_size = models.PositiveSmallIntegerField(default=10)
    opens = models.PositiveSmallIntegerField(help_text="minute of the local day")
    closes = models.PositiveSmallIntegerField(help_text="minute of the local day")
    during = DateRangeField(help_text="local days; the end is exclusive")
    source = models.CharField(max_length=300)

    class Meta:
        db_table = "sampling_programme"
        constraints = [
            models.CheckConstraint(condition=Q(opens__lt=F("closes")), name="programme_opens_before_it_closes"),
            models.CheckConstraint(condition=Q(pool_size__in=[1, 5, 10, 20]), name="programme_pool_size"),
        ]

    def __str__(self) -> str:
        return self.name


class Round(models.Model):
    """轮次: one day's run of a programme; its due list is frozen when it opens."""

    uuid = models.UUIDField(default=new_id, unique=True)
    programme = models.ForeignKey(Programme, on_delete=models.PROTECT, related_name="rounds")
    test = models.CharField(max_length=8, choices=Test.choices)
    day = models.DateField()
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    frozen_at = models.DateTimeField()
    population = models.PositiveIntegerField(default=0, help_text="people on the frozen list, all classes")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    rehearsal = models.BooleanField(default=False, help_text="演练: real phones, no obligations")

    class Meta:
        db_table = "sampling_round"
        constraints = [
            models.UniqueConstraint(F("test"), F("day"), name="round_one_a_test_a_day"),
            models.CheckConstraint(condition=Q(opens_at__lt=F("closes_at")), name="round_opens_before_it_closes"),
            models.CheckConstraint(
                condition=Q(closed_at__isnull=True, closed_by__isnull=True)
                | Q(closed_at__isnull=False, closed_by__isnull=False),
                name="round_closed_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.test} {self.day}"


class DueQuerySet(models.QuerySet["Due"]):
    def due(self) -> Self:
        return self.filter(standing=Due.Standing.DUE)

    def within(self, scopes: list[Scope] | None) -> Self:
        """Those that a reader with these scopes may see; None means the whole park."""
        return self.filter(reached(scopes, enterprise="enterprise_id", grid="grid_id", site="point__site_id"))


class Due(models.Model):
    """应检名单: one person's line on the frozen list of a round, and how the person stood then."""

    class Standing(models.TextChoices):
        DUE = "due", _("应检")
        NOT_YET = "not_yet", _("未到频次")
        EXCUSED = "excused", _("已说明理由")
        SILENT = "silent", _("静默期（单独检测）")
        ISOLATED = "isolated", _("隔离")
        ELSEWHERE = "elsewhere", _("在外检测")
        AWAY = "away", _("离岗")
        LEFT = "left", _("离职")

    # Every question about lines names its round or its person; an index on each key would double the time of freezing.
    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="dues", db_index=False)
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="dues", db_index=False)
    standing = models.CharField(max_length=10, choices=Standing.choices)
    on_post = models.BooleanField()
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="+", db_index=False)
    grid = models.ForeignKey(Grid, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    point = models.ForeignKey(Point, null=True, on_delete=models.PROTECT, related_name="dues", db_index=False)
    slot_from = models.PositiveSmallIntegerField(null=True, help_text="minute of the local day")
    added_at = models.DateTimeField(null=True, help_text="set when joined after the freeze; not in the denominator")

    objects = DueQuerySet.as_manager()

    class Meta:
        db_table = "sampling_due"
        constraints = [models.UniqueConstraint(F("round"), F("person"), name="due_once_a_round")]
        indexes = [
            models.Index(fields=["round", "enterprise"], name="due_enterprise"),
            models.Index(fields=["round", "point"], name="due_point"),
            models.Index(fields=["person", "-round"], name="due_person"),
        ]

    def __str__(self) -> str:
        return f"{self.round_id} {self.person_id} {self.standing}"

    def scope(self) -> Scope:
        return Scope(grid=self.grid_id, enterprise=self.enterprise_id, site=self.point.site_id if self.point else None)


class DispositionQuerySet(models.QuerySet["Disposition"]):
    def standing(self) -> Self:
        return self.filter(withdrawn_at__isnull=True)

    def ahead(self) -> Self:
        """Those made in advance, for days whose rounds were not open yet."""
        return self.filter(round__isnull=True)


class Disposition(models.Model):
    """缺口处置: what was done about a gap on the due list: told, excused, sampled elsewhere, retest ordered.

    It speaks of one round, or, made in advance, of a test on some local days; rounds that open on them heed it.
    """

    class Kind(models.TextChoices):
        TOLD = "told", _("已通知联络人")
        EXCUSED = "excused", _("说明理由")
        ELSEWHERE = "elsewhere", _("在外采样")
        RETEST = "retest", _("安排补采")

    uuid = models.UUIDField(default=new_id, unique=True)
    round = models.ForeignKey(Round, null=True, on_delete=models.PROTECT, related_name="dispositions")
    test = models.CharField(max_length=8, choices=Test.choices, blank=True, help_text="in advance: of which test")
    days = DateRangeField(null=True, help_text="in advance: local days; the end is exclusive")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="dispositions")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reason = SealedTextField(blank=True, moment="at")
    place = models.CharField(max_length=120, blank=True, help_text="where, when sampled elsewhere")
    sampled_at = models.DateTimeField(null=True, blank=True)
    result = models.CharField(max_length=16, blank=True)
    evidence = models.ForeignKey(StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    objects = DispositionQuerySet.as_manager()

    class Meta:
        db_table = "sampling_disposition"
        constraints = [
            models.UniqueConstraint(
                F("round"),
                F("person"),
                F("kind"),
                name="disposition_one_of_a_kind",
                condition=Q(withdrawn_at__isnull=True) & ~Q(kind="told"),
            ),
            models.CheckConstraint(condition=~Q(kind="excused") | ~Q(reason=""), name="disposition_excuse_has_reason"),
            models.CheckConstraint(
                condition=~Q(kind="elsewhere") | (~Q(place="") & (Q(sampled_at__isnull=False) | Q(days__isnull=False))),
                name="disposition_elsewhere_says_where_and_when",
            ),
            models.CheckConstraint(
                condition=Q(round__isnull=False, test="", days__isnull=True)
                | (Q(round__isnull=True, days__isnull=False, kind__in=["excused", "elsewhere"]) & ~Q(test="")),
                name="disposition_of_a_round_or_of_days",
            ),
            ExclusionConstraint(
                name="disposition_ahead_once_a_day",
                expressions=[
                    (F("person"), RangeOperators.EQUAL),
                    (F("test"), RangeOperators.EQUAL),
                    (F("days"), RangeOperators.OVERLAPS),
                ],
                condition=Q(withdrawn_at__isnull=True, days__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True)
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False),
                name="disposition_withdrawn_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.kind
