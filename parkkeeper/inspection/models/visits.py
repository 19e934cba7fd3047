"""What was seen: visits on a legal basis, findings, photos, and the steps of a finding from noted to settled."""

from datetime import date, datetime, timedelta
from typing import Any, Never, Self
from uuid import UUID

from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from parkkeeper.inspection.models.checklists import Checklist, Item
from parkkeeper.inspection.models.notices import Notice
from parkkeeper.park.models import Enterprise, Person
from parkkeeper.park.models.journal import AppendOnly
from parkkeeper.park.scope import Scope


class Basis(models.TextChoices):
    """On what legal ground somebody looks: it decides wording, signers and what may follow.

    Guidance orders nobody anything: 国办发〔2024〕54号 leaves administrative inspection to authorities.
    """

    GUIDANCE = "guidance", _("园区指导走访")
    ENTRUSTED = "entrusted", _("受委托检查")
    AUTHORITY = "authority", _("行政检查")
    EMERGENCY = "emergency", _("应急指挥命令")


class AuthorisationQuerySet(models.QuerySet["Authorisation"]):
    def on(self, day: object) -> Self:
        return self.filter(during__contains=day)


class Authorisation(models.Model):
    """授权: the dated paper by which the park's teams may do more than guide."""

    basis = models.CharField(max_length=12, choices=Basis.choices)
    body = models.CharField(max_length=120, help_text="who authorises")
    document = models.CharField(max_length=200, help_text="name and number of the paper")
    may_stop_work = models.BooleanField(default=False)
    during = DateRangeField(help_text="local days; the end is exclusive")
    entered_at = models.DateTimeField()
    entered_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    objects = AuthorisationQuerySet.as_manager()

    class Meta:
        db_table = "inspection_authorisation"
        constraints = [
            models.CheckConstraint(condition=~Q(basis="guidance"), name="authorisation_is_above_guidance"),
            models.CheckConstraint(condition=~Q(body="") & ~Q(document=""), name="authorisation_has_paper"),
        ]

    def __str__(self) -> str:
        return self.document


class VisitQuerySet(models.QuerySet["Visit"]):
    def within(self, scopes: list[Scope] | None) -> Self:
        """Those that a reader with these scopes may see; None means the whole park."""
        return self if scopes is None else self.filter(enterprise__in=Enterprise.objects.within(scopes))


class Visit(models.Model):
    """检查: a team at an enterprise: on what basis, by which version of the checklist, and how it ended."""

    class Kind(models.TextChoices):
        FULL = "full", _("全面检查")
        SHORT = "short", _("日常巡查")
        LOOK_BACK = "look_back", _("复查")

    class End(models.TextChoices):
        FINISHED = "finished", _("已完成")
        NO_ACCESS = "no_access", _("未能进入")
        CANCELLED = "cancelled", _("已取消")

    id = models.UUIDField(primary_key=True)
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="visits")
    checklist = models.ForeignKey(Checklist, on_delete=models.PROTECT, related_name="visits")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    basis = models.CharField(max_length=12, choices=Basis.choices)
    authorisation = models.ForeignKey(
        Authorisation, null=True, blank=True, on_delete=models.PROTECT, related_name="visits"
    )
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="visits_made")
    second = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="visits_joined")
    began_at = models.DateTimeField()
    received_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_how = models.CharField(max_length=12, choices=End.choices, blank=True)
    end_received_at = models.DateTimeField(null=True, blank=True, help_text="when the park heard of the end")
    answers = models.JSONField(default=dict, help_text='what was looked at: {"A1": {"ok": true, "value": "35.9"}}')
    signed_by = models.CharField(max_length=60, blank=True, help_text="who signed for the enterprise")
    signature = models.CharField(max_length=64, blank=True, help_text="sha256 of the drawn signature")
    refusal = models.CharField(max_length=200, blank=True, help_text="why nobody signed")
    longitude = models.FloatField(null=True, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    accuracy = models.FloatField(null=True, blank=True, help_text="metres")
    placeless = models.CharField(max_length=120, blank=True, help_text="why the place is not known")
    phone_id = models.BigIntegerField(null=True, blank=True)

    objects = VisitQuerySet.as_manager()

    class Meta:
        db_table = "inspection_visit"
        constraints = [
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ended_how="", end_received_at__isnull=True)
                | Q(ended_at__isnull=False, end_received_at__isnull=False) & ~Q(ended_how=""),
                name="visit_end_says_how",
            ),
            models.CheckConstraint(
                condition=Q(signature="") | Q(refusal="", ended_how="finished"), name="visit_signed_or_refused"
            ),
            models.CheckConstraint(
                condition=Q(authorisation__isnull=True) | ~Q(basis="guidance"), name="visit_advice_needs_no_paper"
            ),
        ]
        indexes = [models.Index(fields=["enterprise", "-began_at"], name="visit_enterprise")]

    def __str__(self) -> str:
        return str(self.pk)

    def scope(self) -> Scope:
        return self.enterprise.scope()

    @property
    def orders(self) -> bool:
        """Whether what follows is an order; without a paper on file it is advice, whatever the phone said."""
        return self.authorisation_id is not None

    @property
    def team(self) -> set[int]:
        """Ids of those who looked."""
        return {self.by_id} | ({self.second_id} if self.second_id else set())


def _ruling(field: str, at: datetime | None = None) -> Subquery:
    steps = Step.objects.ruling().filter(finding=OuterRef("pk"))
    if at is not None:
        steps = steps.filter(received_at__lte=at)
    return Subquery(steps.order_by("-at", "-received_at", "-pk").values(field)[:1])


def _last(at: datetime | None) -> Coalesce:
    return Coalesce(_ruling("kind", at), Value(""))


class FindingQuerySet(models.QuerySet["Finding"]):
    def within(self, scopes: list[Scope] | None) -> Self:
        return self if scopes is None else self.filter(enterprise__in=Enterprise.objects.within(scopes))

    def with_last(self, at: datetime | None = None) -> Self:
        """With `last`: the kind of the step that rules the state (now, or as known at `at`), "" before the first."""
        return self.annotate(last=_last(at))

    def kinds(self) -> dict[UUID, str]:
        """The kind of the ruling step of each, by id: "" before the first."""
        return dict(self.annotate(last=_last(None)).values_list("pk", "last"))

    def open(self) -> Self:
        """Those that nothing has settled."""
        return self.with_last().exclude(last__in=SETTLED)

    def waiting(self, day: date) -> Self:
        """Those that a second look is due at on that local day: reported as fixed, failed, or hung up until then."""
        return self.with_last().filter(
            Q(last__in=[Step.Kind.REPORTED, *FAILED]) | Q(pk__in=self.awaited(day).values("pk"))
        )

    def awaited(self, day: date) -> Self:
        """Hung-up ones whose day has come."""
        once = Step.objects.filter(kind=Step.Kind.HUNG_UP, until__lte=day)  # few: so that the others are not asked
        rows = self.filter(pk__in=once.values("finding")).with_last().alias(until=_ruling("until"))
        return rows.filter(last=Step.Kind.HUNG_UP, until__lte=day)

    def same_problem(self, finding: "Finding", *, days: float) -> Self:
        """Earlier findings of the same item and area at the same enterprise within that many days that count as a
        repeat: their look-back passed, or nobody looked in time."""
        same = self.filter(enterprise=finding.enterprise_id, item__code=finding.item.code, area=finding.area)
        return same.exclude(pk=finding.pk).repeating(finding.noted_at, days=days)

    def repeating(self, at: datetime, *, days: float) -> Self:
        """Those of the last `days` before `at` that make the same problem again a repeat."""
        rows = self.filter(noted_at__gte=at - timedelta(days=days), noted_at__lt=at)
        passed = Step.objects.filter(kind=Step.Kind.FIXED, counts=True, at__lte=at)
        lapsed = NoticeLine.objects.filter(lapsed=True, notice__lapsed_at__lte=at)
        return rows.filter(Q(pk__in=passed.values("finding")) | Q(pk__in=lapsed.values("finding")))


class Finding(models.Model):
    """问题: that an item was found not as it should be, somewhere at an enterprise."""

    id = models.UUIDField(primary_key=True)
    visit = models.ForeignKey(Visit, on_delete=models.PROTECT, related_name="findings")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="findings")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="findings")
    area = models.CharField(max_length=60, blank=True, help_text="where at the enterprise, as the team names it")
    note = models.CharField(max_length=300, blank=True)
    noted_at = models.DateTimeField()
    received_at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="findings_noted")

    objects = FindingQuerySet.as_manager()

    class Meta:
        db_table = "inspection_finding"
        indexes = [models.Index(fields=["enterprise", "item", "-noted_at"], name="finding_enterprise_item")]

    def __str__(self) -> str:
        return self.item.code

    def scope(self) -> Scope:
        return self.enterprise.scope()


class NoticeLine(models.Model):
    """通知事项: that a notice asks for a finding to be put right, what is to be done; and whether nobody looked."""

    notice = models.ForeignKey(Notice, on_delete=models.PROTECT, related_name="lines")
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="lines")
    todo = models.CharField(max_length=200)
    lapsed = models.BooleanField(default=False, help_text="its part in the notice's lapsed_at")

    class Meta:
        db_table = "inspection_notice_line"
        constraints = [models.UniqueConstraint(F("notice"), F("finding"), name="notice_line_once")]

    def __str__(self) -> str:
        return self.todo


class StepQuerySet(models.QuerySet["Step"]):
    def ruling(self) -> Self:
        """Those that decide the state: not what does not count, a shut gate, or a mere proposal."""
        return self.filter(counts=True).exclude(kind__in=(Step.Kind.NO_ACCESS, Step.Kind.PROPOSED_UNFIXED))


class Step(models.Model):
    """处置: one thing that happened to a finding; the last one that counts is its state."""

    class Kind(models.TextChoices):
        ON_THE_SPOT = "on_the_spot", _("当场整改")
        REPORTED = "reported", _("企业自报已整改")
        FIXED = "fixed", _("复查：已整改")
        PARTLY = "partly", _("复查：部分整改")
        NOT_FIXED = "not_fixed", _("复查：未整改")
        NO_ACCESS = "no_access", _("复查：未能进入")
        HUNG_UP = "hung_up", _("挂账")
        PROPOSED_UNFIXED = "proposed_unfixed", _("提出销项（未整改）")
        UNFIXED = "unfixed", _("销项（未整改）")
        REOPENED = "reopened", _("重新打开")

    id = models.UUIDField(primary_key=True)
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=20, choices=Kind.choices)
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=300, blank=True)
    until = models.DateField(null=True, blank=True, help_text="a hung-up finding: when it is looked at again")
    counts = models.BooleanField(default=True, help_text="false: of the own work, or told when a notice was out")

    objects = StepQuerySet.as_manager()

    class Meta:
        db_table = "inspection_step"
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="hung_up") | Q(until__isnull=False), name="step_hung_up_until_a_day"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=("hung_up", "proposed_unfixed", "unfixed", "reopened")) | ~Q(note=""),
                name="step_says_why",
            ),
        ]
        indexes = [models.Index(fields=["finding", "-at"], name="step_finding")]

    def __str__(self) -> str:
        return self.kind


SETTLED = (Step.Kind.ON_THE_SPOT, Step.Kind.FIXED, Step.Kind.UNFIXED)
LOOKED = (Step.Kind.FIXED, Step.Kind.PARTLY, Step.Kind.NOT_FIXED)
FAILED = (Step.Kind.PARTLY, Step.Kind.NOT_FIXED)


class Photo(models.Model):
    """照片: a picture of a finding, known by the hash that the phone made when it was taken."""

    class Of(models.TextChoices):
        FOUND = "found", _("问题")
        ON_THE_SPOT = "on_the_spot", _("当场整改")
        REPORTED = "reported", _("企业自报")
        LOOK_BACK = "look_back", _("复查")

    id = models.UUIDField(primary_key=True)
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="photos")
    of = models.CharField(max_length=12, choices=Of.choices)
    sha256 = models.CharField(max_length=64, help_text="the file comes by itself, perhaps later")
    taken_at = models.DateTimeField()
    received_at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    longitude = models.FloatField(null=True, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    accuracy = models.FloatField(null=True, blank=True, help_text="metres")
    placeless = models.CharField(max_length=120, blank=True, help_text="why the place is not known")

    objects = AppendOnly.as_manager()

    class Meta:
        db_table = "inspection_photo"
        constraints = [
            models.CheckConstraint(condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="photo_has_hash"),
            models.UniqueConstraint(F("finding"), F("of"), F("sha256"), name="photo_once_a_finding"),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A photo is added once and shows what it showed: retention alone takes away who took it where."""
        if not self._state.adding:
            raise TypeError("a photo is never changed")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        """Evidence stays; what of it tells of people goes with its period."""
        raise TypeError("a photo is never deleted")
