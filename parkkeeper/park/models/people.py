"""Who is in the park, whether they are on post, and what they are appointed to."""

from datetime import datetime
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.models.places import Enterprise, Grid, Site
from parkkeeper.park.scope import Scope, reached


class PersonQuerySet(models.QuerySet["Person"]):
    def in_state(self, state: str, at: datetime) -> Self:
        return self.filter(presences__state=state, presences__during__contains=at)

    def on_post(self, at: datetime) -> Self:
        return self.in_state(Presence.State.ON_POST, at)

    def silent_on(self, at: datetime) -> Self:
        return self.in_state(Presence.State.SILENT, at)

    def within(self, scopes: list[Scope] | None) -> Self:
        """Those whom a reader with these scopes may see; None means the whole park."""
        return self.filter(reached(scopes, enterprise="employer_id", grid="employer__grid_id"))


class KnownPeople(models.Manager["Person"]):
    """People who can be known; rows that stand for destroyed ones are only reached through what points to them."""

    def get_queryset(self) -> PersonQuerySet:
        return PersonQuerySet(self.model, using=self._db).filter(destroyed_at__isnull=True)


class Person(models.Model):
    """人员: a person of the park, employed by one enterprise; the document is encrypted."""

    class DocumentKind(models.TextChoices):
        RESIDENT_ID = "resident_id", _("居民身份证")
        PASSPORT = "passport", _("护照")
        HK_MACAU_PERMIT = "hk_macau_permit", _("港澳居民来往内地通行证")
        TAIWAN_PERMIT = "taiwan_permit", _("台湾居民来往大陆通行证")
        FOREIGN_RESIDENT = "foreign_resident", _("外国人永久居留身份证")
        UNKNOWN = "unknown", _("未知证件")

    class Category(models.TextChoices):
        PRODUCTION = "production", _("生产")
        OFFICE = "office", _("办公")
        GATE = "gate", _("门卫")
        LOGISTICS = "logistics", _("物流")
        CONSTRUCTION = "construction", _("施工")
        CANTEEN = "canteen", _("食堂")
        OFFICE_STAFF = "office_staff", _("园区工作人员")
        OTHER = "other", _("其他")

    uuid = models.UUIDField(default=new_id, unique=True)
    name = models.CharField(max_length=60)
    pinyin = models.CharField(max_length=160, blank=True, help_text="sort key: full pinyin, then initials")
    document_kind = models.CharField(max_length=20, choices=DocumentKind.choices, blank=True)
    document_sealed = models.BinaryField(null=True, help_text="AES-256-GCM, key of the park")
    document_index = models.BinaryField(max_length=16, null=True, help_text="HMAC-SHA256, for search by equality")
    document_tail = models.CharField(max_length=4, blank=True)
    phone = models.CharField(max_length=20, blank=True)
    staff_number = models.CharField(max_length=32, blank=True)
    employer = models.ForeignKey(Enterprise, on_delete=models.PROTECT, related_name="people")
    category = models.CharField(max_length=16, choices=Category.choices, default=Category.OTHER)
    shift = models.CharField(max_length=16, blank=True, help_text="day, night … as the enterprise names it")
    registered_at = models.DateTimeField()
    changed_at = models.DateTimeField(null=True, blank=True)
    destroyed_at = models.DateTimeField(null=True, help_text="since when the row tells of nobody who can be known")

    objects = KnownPeople.from_queryset(PersonQuerySet)()
    everybody = PersonQuerySet.as_manager()

    class Meta:
        db_table = "park_person"
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="person_has_name"),
            models.UniqueConstraint(
                F("document_index"), name="person_document_once", condition=Q(document_index__isnull=False)
            ),
            models.UniqueConstraint(
                F("employer"), F("staff_number"), name="person_staff_number_once", condition=~Q(staff_number="")
            ),
            models.CheckConstraint(
                condition=Q(document_sealed__isnull=True, document_index__isnull=True)
                | Q(document_sealed__isnull=False, document_index__isnull=False),
                name="person_document_sealed_with_index",
            ),
            models.CheckConstraint(
                condition=Q(destroyed_at__isnull=True)
                | Q(name="—", pinyin="", document_sealed__isnull=True, document_tail="", phone="", staff_number=""),
                name="person_destroyed_tells_nothing",
            ),
        ]
        indexes = [
            GinIndex(fields=["name"], name="person_name_trgm", opclasses=["gin_trgm_ops"]),
            models.Index(fields=["pinyin"], name="person_pinyin"),
            models.Index(fields=["phone"], name="person_phone", condition=~Q(phone="")),
        ]

    def __str__(self) -> str:
        return self.name

    def scope(self) -> Scope:
        return Scope(grid=self.employer.grid_id, enterprise=self.employer_id)


class PresenceQuerySet(models.QuerySet["Presence"]):
    def at(self, moment: datetime) -> Self:
        return self.filter(during__contains=moment)


class Presence(models.Model):
    """在岗状态: whether a person is on post, away, isolated, in a silent period or gone, from when to when."""

    class State(models.TextChoices):
        ON_POST = "on_post", _("在岗")
        AWAY = "away", _("离岗")
        ISOLATED = "isolated", _("隔离")
        SILENT = "silent", _("静默期")
        LEFT = "left", _("离职")

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="presences")
    state = models.CharField(max_length=10, choices=State.choices)
    during = DateTimeRangeField()
    reason = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=60, blank=True)

    objects = PresenceQuerySet.as_manager()

    class Meta:
        db_table = "park_presence"
        constraints = [
            ExclusionConstraint(
                name="presence_one_state_at_a_time",
                expressions=[(F("person"), RangeOperators.EQUAL), (F("during"), RangeOperators.OVERLAPS)],
            ),
        ]

    def __str__(self) -> str:
        return self.state


class Certificate(models.Model):
    """上岗证: that an issuer has trained and certified a person for a role, from when to when."""

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="certificates")
    role = models.CharField(max_length=24)
    number = models.CharField(max_length=40)
    issuer = models.CharField(max_length=120)
    during = DateRangeField(help_text="local days of the park; the end is exclusive")
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="certificates_revoked"
    )
    revoked_reason = models.CharField(max_length=200, blank=True)

    class Meta:
        db_table = "park_certificate"
        constraints = [
            models.UniqueConstraint(F("issuer"), F("number"), name="certificate_number_once_an_issuer"),
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="certificate_revoked_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class PostQuerySet(models.QuerySet["Post"]):
    def on(self, day: object) -> Self:
        return self.filter(during__contains=day)

    def certified_on(self, day: object) -> Self:
        """Posts whose holder has a certificate for the role, in date on that local day and not revoked by then."""
        certificates = Certificate.objects.filter(
            person=models.OuterRef("person"), role=models.OuterRef("role"), during__contains=day
        ).filter(Q(revoked_at__isnull=True) | Q(revoked_at__date__gt=day))
        return self.filter(models.Exists(certificates))


class Post(models.Model):
    """岗位: that a person holds a role at a place, from when to when; rights follow from it."""

    class Role(models.TextChoices):
        OFFICE = "office", _("园区办公室")
        LEADER = "leader", _("领导")
        PREVENTION = "prevention_specialist", _("防疫专员")
        SAMPLING = "sampling_specialist", _("采样专员")
        SCANNING = "scanning_specialist", _("扫码专员")
        CONCIERGE = "concierge", _("驻企店小二")
        TEAM_LEADER = "team_leader", _("检查组组长")
        TEAM_MEMBER = "team_member", _("检查组成员")
        LAB = "lab_member", _("检测机构人员")
        COURIER = "courier", _("转运员")
        SCREEN = "screen", _("大屏")

    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="posts")
    role = models.CharField(max_length=24, choices=Role.choices)
    grid = models.ForeignKey(Grid, null=True, blank=True, on_delete=models.PROTECT, related_name="posts")
    enterprise = models.ForeignKey(Enterprise, null=True, blank=True, on_delete=models.PROTECT, related_name="posts")
    site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.PROTECT, related_name="posts")
    during = DateRangeField(help_text="local days of the park; the end is exclusive")

    objects = PostQuerySet.as_manager()

    class Meta:
        db_table = "park_post"
        constraints = [
            ExclusionConstraint(
                name="post_once_a_place_at_a_time",
                expressions=[
                    (F("person"), RangeOperators.EQUAL),
                    (F("role"), RangeOperators.EQUAL),
                    (Coalesce(F("site"), 0), RangeOperators.EQUAL),
                    (Coalesce(F("enterprise"), 0), RangeOperators.EQUAL),
                    (Coalesce(F("grid"), 0), RangeOperators.EQUAL),
                    (F("during"), RangeOperators.OVERLAPS),
                ],
            ),
        ]
        indexes = [models.Index(fields=["role", "enterprise"], name="post_role_enterprise")]

    def __str__(self) -> str:
        return self.role

    def scope(self) -> Scope:
        """Where the post reaches: the narrowest place that it names, or the whole park."""
        return Scope(grid=self.grid_id, enterprise=self.enterprise_id, site=self.site_id)
