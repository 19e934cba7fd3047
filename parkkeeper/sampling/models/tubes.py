"""At the point: sessions and duty, tubes and scans. Ids and times come from the phones; nothing is refused."""

from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.models import Certificate, Person
from parkkeeper.park.scope import Scope
from parkkeeper.sampling.models.points import Point, TubeRoll
from parkkeeper.sampling.models.rounds import Round


class Session(models.Model):
    """场次: a point at work for a round, from opening to closing."""

    id = models.UUIDField(primary_key=True, default=new_id)
    point = models.ForeignKey(Point, on_delete=models.PROTECT, related_name="sessions")
    round = models.ForeignKey(Round, null=True, on_delete=models.PROTECT, related_name="sessions")
    opened_at = models.DateTimeField()
    opened_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    received_at = models.DateTimeField()

    class Meta:
        db_table = "sampling_session"

    def __str__(self) -> str:
        return str(self.pk)

    def scope(self) -> Scope:
        return self.point.scope()


class Duty(models.Model):
    """当班: that a specialist is on duty at a session, with the certificate that allows it."""

    id = models.UUIDField(primary_key=True, default=new_id)
    session = models.ForeignKey(Session, on_delete=models.PROTECT, related_name="duties")
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="duties")
    role = models.CharField(max_length=24)
    certificate = models.ForeignKey(Certificate, null=True, on_delete=models.PROTECT, related_name="duties")
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        db_table = "sampling_duty"
        constraints = [models.UniqueConstraint(F("session"), F("person"), F("role"), name="duty_once_a_session")]

    def __str__(self) -> str:
        return self.role


class TubeQuerySet(models.QuerySet["Tube"]):
    def within(self, scopes: list[Scope] | None) -> Self:
        """Those of the points that a reader with these scopes may see; None means the whole park."""
        return self if scopes is None else self.filter(point__in=Point.objects.within(scopes))

    def sealed(self) -> Self:
        return self.filter(sealed_at__isnull=False)


class Tube(models.Model):
    """试管: a pre-printed tube, known by its code for ever; a row is made when the code is first heard of."""

    code = models.CharField(max_length=40, unique=True)
    roll = models.ForeignKey(TubeRoll, null=True, on_delete=models.PROTECT, related_name="tubes")
    point = models.ForeignKey(Point, null=True, on_delete=models.PROTECT, related_name="tubes")
    round = models.ForeignKey(Round, null=True, on_delete=models.PROTECT, related_name="tubes")
    session = models.ForeignKey(Session, null=True, on_delete=models.PROTECT, related_name="tubes")
    opening = models.UUIDField(null=True, help_text="device-made id of the opening; another one is an incident")
    pool_size = models.PositiveSmallIntegerField(default=10)
    opened_at = models.DateTimeField(null=True)
    opened_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    phone_id = models.BigIntegerField(null=True, help_text="which opened it")
    sealing = models.UUIDField(null=True, help_text="device-made id of the sealing")
    sealed_at = models.DateTimeField(null=True)
    sealed_by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    seal_phone_id = models.BigIntegerField(null=True, help_text="which sealed it; null: not known")
    swabs = models.PositiveSmallIntegerField(null=True, help_text="swabs counted at sealing")
    first_heard_at = models.DateTimeField(help_text="server receipt of the first word of it")

    objects = TubeQuerySet.as_manager()

    class Meta:
        db_table = "sampling_tube"
        constraints = [
            models.CheckConstraint(condition=~Q(code=""), name="tube_has_code"),
            models.CheckConstraint(
                condition=Q(opening=None, opened_at=None) | Q(opening__isnull=False, opened_at__isnull=False),
                name="tube_opened_by_a_word",
            ),
            models.CheckConstraint(
                condition=Q(sealing=None, sealed_at=None) | Q(sealing__isnull=False, sealed_at__isnull=False),
                name="tube_sealed_by_a_word",
            ),
        ]
        indexes = [models.Index(fields=["round", "point"], name="tube_round_point")]

    def __str__(self) -> str:
        return self.code

    def scope(self) -> Scope:
        return self.point.scope() if self.point else Scope()


class ScanQuerySet(models.QuerySet["Scan"]):
    def live(self) -> Self:
        return self.filter(undone_at__isnull=True)


class Scan(models.Model):
    """扫码: that a person's swab went into a tube; stored whatever it says, undone but never removed."""

    class How(models.TextChoices):
        CODE = "code", _("个人码")
        DOCUMENT = "document", _("证件号")
        STAFF_NUMBER = "staff_number", _("工号")
        SEARCH = "search", _("姓名查找")
        PAPER = "paper", _("纸质名单")

    id = models.UUIDField(primary_key=True)
    tube = models.ForeignKey(Tube, on_delete=models.PROTECT, related_name="scans")
    # no index of their own: the composite ones below begin with them, and this is the table with the most inserts
    person = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="scans", db_index=False)
    # nor a constraint in the database, which is a question to it for every scan: rounds and points are never deleted,
    # people only by retention, and the verb has just read them (docs/adr/0006)
    round = models.ForeignKey(
        Round, null=True, on_delete=models.PROTECT, related_name="scans", db_index=False, db_constraint=False
    )
    point = models.ForeignKey(
        Point, null=True, on_delete=models.PROTECT, related_name="scans", db_index=False, db_constraint=False
    )
    how = models.CharField(max_length=12, choices=How.choices)
    claimed = models.CharField(max_length=120, blank=True, help_text="what was read, when no person is known by it")
    identified_at = models.DateTimeField(null=True, help_text="when staff said who it is; null: known from the first")
    scanned_at = models.DateTimeField(help_text="device time corrected by the offset at sending")
    device_at = models.DateTimeField()
    received_at = models.DateTimeField()
    phone_id = models.BigIntegerField(null=True)
    sequence = models.BigIntegerField(default=0, help_text="order inside the device")
    by = models.ForeignKey(
        Person, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    undone_at = models.DateTimeField(null=True, help_text="when it was undone at the point")
    undone_received_at = models.DateTimeField(null=True, help_text="when the server heard of it")

    objects = ScanQuerySet.as_manager()

    class Meta:
        db_table = "sampling_scan"
        constraints = [
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True, undone_received_at__isnull=True)
                | Q(undone_at__isnull=False, undone_received_at__isnull=False),
                name="scan_undone_and_heard",
            ),
        ]
        indexes = [
            models.Index(fields=["round", "person"], name="scan_round_person"),
            models.Index(fields=["person", "-scanned_at"], name="scan_person"),
            models.Index(fields=["point", "-received_at"], name="scan_point"),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Undo(models.Model):
    """撤销: a phone's word that a scan was a mistake; it may arrive before the scan itself."""

    id = models.UUIDField(primary_key=True)
    scan_id = models.UUIDField(db_index=True)
    at = models.DateTimeField()
    received_at = models.DateTimeField()
    phone_id = models.BigIntegerField(null=True)
    by = models.ForeignKey(Person, null=True, on_delete=models.PROTECT, related_name="+")
    ordered = models.BooleanField(default=False, help_text="by the office, settling a doubt: counts after the seal too")

    class Meta:
        db_table = "sampling_undo"

    def __str__(self) -> str:
        return str(self.pk)
