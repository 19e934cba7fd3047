"""Good practice: a finding put right, told to others with the enterprise's consent and with redacted pictures."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from parkkeeper.inspection.models.visits import Finding, Photo
from parkkeeper.park.models import Enterprise, Person
from parkkeeper.park.scope import Scope


class GoodPracticeQuerySet(models.QuerySet["GoodPractice"]):
    def published(self) -> Self:
        return self.filter(published_at__isnull=False, withdrawn_at__isnull=True)

    def visible(self, scopes: list[Scope] | None) -> Self:
        """Published ones, and those under way that a reader with these scopes works on; None: the whole park."""
        if scopes is None:
            return self
        return self.filter(
            Q(published_at__isnull=False, withdrawn_at__isnull=True)
            | Q(enterprise__in=Enterprise.objects.within(scopes))
        )


class GoodPractice(models.Model):
    """案例: how an enterprise put a finding right, published for others once it has said yes."""

    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="cases")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="cases")
    title = models.CharField(max_length=80)
    text = models.TextField(max_length=2000, help_text="what was wrong, what was done, what others can copy")
    drafted_at = models.DateTimeField()
    drafted_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    agreed = models.BooleanField(null=True, help_text="whether the enterprise lets it be published")
    answer_note = models.CharField(max_length=300, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    published_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    withdrawn_reason = models.CharField(max_length=300, blank=True)

    objects = GoodPracticeQuerySet.as_manager()

    class Meta:
        db_table = "inspection_good_practice"
        constraints = [
            models.UniqueConstraint(F("finding"), name="case_one_a_finding", condition=Q(withdrawn_at__isnull=True)),
            models.CheckConstraint(condition=~Q(title="") & ~Q(text=""), name="case_says_what"),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, answered_by__isnull=True, agreed__isnull=True)
                | Q(answered_at__isnull=False, answered_by__isnull=False, agreed__isnull=False),
                name="case_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=Q(published_at__isnull=True, published_by__isnull=True)
                | Q(published_at__isnull=False, published_by__isnull=False, agreed=True),
                name="case_published_with_consent",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True, withdrawn_by__isnull=True, withdrawn_reason="")
                | Q(withdrawn_at__isnull=False, withdrawn_by__isnull=False) & ~Q(withdrawn_reason=""),
                name="case_withdrawn_by_somebody_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def scope(self) -> Scope:
        return self.enterprise.scope()


class CasePhoto(models.Model):
    """案例照片: the copy of a photo that a case shows: drawn anew, without camera data, with areas blacked out."""

    class Side(models.TextChoices):
        BEFORE = "before", _("整改前")
        AFTER = "after", _("整改后")

    case = models.ForeignKey(GoodPractice, on_delete=models.PROTECT, related_name="photos")
    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="published")
    side = models.CharField(max_length=6, choices=Side.choices)
    areas = models.JSONField(default=list, help_text="blacked out: [left, top, width, height] each, shares of 1")
    sha256 = models.CharField(max_length=64, help_text="of the copy")
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "inspection_case_photo"
        constraints = [
            models.UniqueConstraint(F("case"), F("photo"), name="case_photo_once"),
            models.CheckConstraint(condition=Q(sha256__regex="^[0-9a-f]{64}$"), name="case_photo_has_hash"),
        ]

    def __str__(self) -> str:
        return self.sha256[:12]


class CaseOffer(models.Model):
    """案例推送: that a case was put before an enterprise because the same item is open there."""

    case = models.ForeignKey(GoodPractice, on_delete=models.PROTECT, related_name="offers")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="case_offers")
    finding = models.ForeignKey(Finding, on_delete=models.PROTECT, related_name="case_offers")
    at = models.DateTimeField()
    by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "inspection_case_offer"
        constraints = [models.UniqueConstraint(F("case"), F("enterprise"), name="case_offered_once")]

    def __str__(self) -> str:
        return str(self.pk)


class CaseReading(models.Model):
    """案例阅读: who of which enterprise has opened a case, and when first."""

    case = models.ForeignKey(GoodPractice, on_delete=models.PROTECT, related_name="readings")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    enterprise = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "inspection_case_reading"
        constraints = [models.UniqueConstraint(F("case"), F("person"), name="case_read_once")]

    def __str__(self) -> str:
        return str(self.pk)
