"""The phones that know the park, and the batches that they sent."""

from django.db import models
from django.db.models import F, Q

from parkkeeper.park.models import Grid, Person, Post
from parkkeeper.park.scope import Scope
from parkkeeper.sampling.models import Point

ONE_PLACE = Q(point__isnull=True) ^ Q(grid__isnull=True)


class Phone(models.Model):
    """手机: a phone enrolled for a point or a team's grid; it has a token of its own and a salt for documents on it."""

    name = models.CharField(max_length=80)
    point = models.ForeignKey(Point, null=True, blank=True, on_delete=models.PROTECT, related_name="phones")
    grid = models.ForeignKey(Grid, null=True, blank=True, on_delete=models.PROTECT, related_name="phones")
    holder = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="phones")
    token_hash = models.BinaryField(max_length=32, unique=True)
    salt = models.BinaryField(max_length=16)
    enrolled_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True, blank=True)
    app_version = models.CharField(max_length=20, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "sync_phone"
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True, revoked_by__isnull=True)
                | Q(revoked_at__isnull=False, revoked_by__isnull=False),
                name="phone_revoked_by_somebody",
            ),
            models.CheckConstraint(condition=ONE_PLACE, name="phone_of_a_point_or_a_grid"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def place(self) -> Point | Grid:
        """The point or the grid that it is enrolled for."""
        return _place(self)

    @property
    def site_id(self) -> int | None:
        """The site of its point; None for a phone of a grid."""
        return self.point.site_id if self.point is not None else None

    def scope(self) -> Scope:
        return self.place.scope()


class Enrolment(models.Model):
    """登记码: a one-time code with which a phone is enrolled for a point or a team's grid."""

    code_hash = models.BinaryField(max_length=32, unique=True)
    point = models.ForeignKey(Point, null=True, blank=True, on_delete=models.PROTECT, related_name="enrolments")
    grid = models.ForeignKey(Grid, null=True, blank=True, on_delete=models.PROTECT, related_name="enrolments")
    holder = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="enrolments")
    role = models.CharField(max_length=24, choices=Post.Role.choices)
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    phone = models.OneToOneField(Phone, null=True, blank=True, on_delete=models.PROTECT, related_name="enrolment")

    class Meta:
        db_table = "sync_enrolment"
        constraints = [
            models.CheckConstraint(
                condition=Q(used_at__isnull=True, phone__isnull=True) | Q(used_at__isnull=False, phone__isnull=False),
                name="enrolment_used_by_a_phone",
            ),
            models.CheckConstraint(condition=ONE_PLACE, name="enrolment_of_a_point_or_a_grid"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def place(self) -> Point | Grid:
        """The point or the grid that a phone is enrolled for with it."""
        return _place(self)


def _place(row: Phone | Enrolment) -> Point | Grid:
    place = row.point or row.grid
    assert place is not None  # the constraints see to it
    return place


class Batch(models.Model):
    """批次: what a phone sent at once, and the reply that it got; sent again it gets the same reply."""

    id = models.UUIDField(primary_key=True)
    phone = models.ForeignKey(Phone, on_delete=models.PROTECT, related_name="batches")
    received_at = models.DateTimeField()
    sent_at = models.DateTimeField(help_text="device time at sending")
    offset_ms = models.BigIntegerField(help_text="server time minus device time at receipt")
    operations = models.PositiveIntegerField()
    jumps = models.JSONField(default=list, help_text="[until sequence, milliseconds] that its clock was set")
    digest = models.BinaryField(max_length=32, help_text="of the operations: the same id with others is an incident")
    reply = models.JSONField()

    class Meta:
        db_table = "sync_batch"
        indexes = [models.Index(fields=["phone", "-received_at"], name="batch_phone")]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def offset_seconds(self) -> int:
        """How far the phone's clock was behind the server's when it sent, in whole seconds."""
        return round(self.offset_ms / 1000)


class PoisonOperation(models.Model):
    """问题操作: an operation that could not be understood, kept as it came for a person."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="poison")
    position = models.PositiveIntegerField()
    operation_id = models.CharField(max_length=64, blank=True)
    content_sealed = models.BinaryField(help_text="the operation as JSON, sealed")
    code = models.CharField(max_length=40)
    received_at = models.DateTimeField()
    taken_at = models.DateTimeField(null=True, blank=True, help_text="when somebody had it taken after all")
    taken_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "sync_poison_operation"
        constraints = [
            models.UniqueConstraint(F("batch"), F("position"), name="poison_once"),
            models.CheckConstraint(
                condition=Q(taken_at__isnull=True, taken_by__isnull=True)
                | Q(taken_at__isnull=False, taken_by__isnull=False),
                name="poison_taken_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return self.code
