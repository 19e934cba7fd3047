"""What a person has to settle, and what people are told."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import F, Q

from parkkeeper.park.models.people import Person, Post
from parkkeeper.park.models.places import Enterprise, Site
from parkkeeper.park.scope import Scope, reached


class AnomalyQuerySet(models.QuerySet["Anomaly"]):
    def open(self) -> Self:
        return self.filter(settled_at__isnull=True)

    def open_at(self, moment: datetime) -> Self:
        return self.filter(raised_at__lte=moment).filter(Q(settled_at__isnull=True) | Q(settled_at__gt=moment))

    def holding(self) -> Self:
        """Those that a later message has not explained away (evidence says `"holds": false` when one has)."""
        return self.exclude(evidence__has_key="holds")

    def within(self, scopes: list[Scope] | None) -> Self:
        """Those that a reader with these scopes may see; None means the whole park."""
        grids = ("enterprise__grid_id", "site__grid_id")
        return self.filter(reached(scopes, enterprise="enterprise_id", site="site_id", grid=grids))


class Anomaly(models.Model):
    """异常: something from the field that raises a doubt; it is stored, and a person settles it."""

    key = models.CharField(max_length=160, help_text="what it is about, so that the same doubt is raised once")
    kind = models.CharField(max_length=40)
    raised_at = models.DateTimeField()
    happened_at = models.DateTimeField()
    person = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="anomalies")
    enterprise = models.ForeignKey(
        Enterprise, null=True, blank=True, on_delete=models.PROTECT, related_name="anomalies"
    )
    site = models.ForeignKey(Site, null=True, blank=True, on_delete=models.PROTECT, related_name="anomalies")
    noun = models.CharField(max_length=40, blank=True, help_text="scan, tube, box, result …")
    noun_id = models.CharField(max_length=64, blank=True)
    evidence = models.JSONField(default=dict)
    owner_role = models.CharField(max_length=24, choices=Post.Role.choices, default=Post.Role.OFFICE)
    owner = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="anomalies_owned")
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(
        Person, null=True, blank=True, on_delete=models.PROTECT, related_name="anomalies_settled"
    )
    settled_how = models.CharField(max_length=40, blank=True)
    settled_reason = models.CharField(max_length=300, blank=True)

    objects = AnomalyQuerySet.as_manager()

    class Meta:
        db_table = "park_anomaly"
        constraints = [
            models.UniqueConstraint(F("key"), name="anomaly_raised_once"),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, settled_by__isnull=True, settled_how="")
                | (Q(settled_at__isnull=False, settled_by__isnull=False) & ~Q(settled_how="")),
                name="anomaly_settled_by_somebody_somehow",
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "-raised_at"], name="anomaly_open_kind", condition=Q(settled_at__isnull=True)),
            models.Index(fields=["noun", "noun_id"], name="anomaly_noun"),
        ]

    def __str__(self) -> str:
        return self.kind

    def scope(self) -> Scope:
        return Scope(
            grid=(self.enterprise.grid_id if self.enterprise else None) or (self.site.grid_id if self.site else None),
            enterprise=self.enterprise_id,
            site=self.site_id,
        )


class MessageQuerySet(models.QuerySet["Message"]):
    def unread(self) -> Self:
        return self.filter(read_at__isnull=True)


class Message(models.Model):
    """消息: something that a person is told, in the person's language when it is shown."""

    kind = models.CharField(max_length=40)
    params = models.JSONField(default=dict)
    to = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="messages")
    about = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    link = models.CharField(max_length=200, blank=True)
    sent_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        db_table = "park_message"
        indexes = [models.Index(fields=["to", "-sent_at"], name="message_to")]

    def __str__(self) -> str:
        return self.kind
