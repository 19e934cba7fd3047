"""What rows of the field said before a later word changed them, and until when: so that past moments stay true.

A row here is written when a fact that was known is overwritten, never when one is told for the first time. The row with
the smallest `until` after a moment says what was known then; without one, the row itself does (see asknown.py).
"""

from django.db import models
from django.db.models import F

from parkkeeper.park.models import Person
from parkkeeper.sampling.models.boxes import Box, Reception
from parkkeeper.sampling.models.points import Point
from parkkeeper.sampling.models.rounds import Round
from parkkeeper.sampling.models.tubes import Scan, Tube

_UNTIL = "until this moment it was known so; from then on otherwise"


class ScanBefore(models.Model):
    """扫码旧值: the tube, the round and the undoing of a scan, as they were known until a later word changed them."""

    # the unique constraint is the index
    scan = models.ForeignKey(Scan, on_delete=models.PROTECT, related_name="befores", db_index=False)
    tube = models.ForeignKey(Tube, on_delete=models.PROTECT, related_name="+")
    round = models.ForeignKey(Round, null=True, on_delete=models.PROTECT, related_name="+")
    undone_at = models.DateTimeField(null=True)
    undone_received_at = models.DateTimeField(null=True)
    until = models.DateTimeField(db_index=True, help_text=_UNTIL)

    class Meta:
        db_table = "sampling_scan_before"
        constraints = [models.UniqueConstraint(F("scan"), F("until"), name="scan_before_once_a_moment")]

    def __str__(self) -> str:
        return f"{self.scan_id} < {self.until}"


class TubeBefore(models.Model):
    """试管旧值: where, when and how a tube was used, as it was known until a later word changed it."""

    tube = models.ForeignKey(Tube, on_delete=models.PROTECT, related_name="befores", db_index=False)
    point = models.ForeignKey(Point, null=True, on_delete=models.PROTECT, related_name="+")
    round = models.ForeignKey(Round, null=True, on_delete=models.PROTECT, related_name="+")
    pool_size = models.PositiveSmallIntegerField()
    opening = models.UUIDField(null=True)
    opened_at = models.DateTimeField(null=True)
    sealing = models.UUIDField(null=True)
    sealed_at = models.DateTimeField(null=True)
    swabs = models.PositiveSmallIntegerField(null=True)
    until = models.DateTimeField(db_index=True, help_text=_UNTIL)

    class Meta:
        db_table = "sampling_tube_before"
        constraints = [models.UniqueConstraint(F("tube"), F("until"), name="tube_before_once_a_moment")]

    def __str__(self) -> str:
        return f"{self.tube_id} < {self.until}"


class BoxTubeBefore(models.Model):
    """装箱旧值: that a tube was on a box's list, until a person said that it is not."""

    box = models.ForeignKey(Box, on_delete=models.PROTECT, related_name="+")
    tube = models.ForeignKey(Tube, on_delete=models.PROTECT, related_name="+", db_index=False)
    heard_at = models.DateTimeField(null=True, help_text="since when it was known; null: since the box was")
    until = models.DateTimeField(db_index=True, help_text=_UNTIL)

    class Meta:
        db_table = "sampling_box_tube_before"
        constraints = [
            models.UniqueConstraint(F("tube"), F("box"), F("until"), name="box_tube_before_once_a_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.box_id} {self.tube_id} < {self.until}"


class ReceptionBefore(models.Model):
    """签收旧值: of which tube a reception was told, until its code was corrected."""

    reception = models.ForeignKey(Reception, on_delete=models.PROTECT, related_name="befores", db_index=False)
    tube = models.ForeignKey(Tube, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField(db_index=True, help_text=_UNTIL)

    class Meta:
        db_table = "sampling_reception_before"
        constraints = [models.UniqueConstraint(F("reception"), F("until"), name="reception_before_once_a_moment")]

    def __str__(self) -> str:
        return f"{self.reception_id} < {self.until}"


class LossBefore(models.Model):
    """遗失旧值: that a box was declared lost, until it was found."""

    box = models.ForeignKey(Box, on_delete=models.PROTECT, related_name="losses_before", db_index=False)
    lost_at = models.DateTimeField()
    lost_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    until = models.DateTimeField(db_index=True, help_text=_UNTIL)
    found_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "sampling_loss_before"
        constraints = [models.UniqueConstraint(F("box"), F("until"), name="loss_before_once_a_moment")]

    def __str__(self) -> str:
        return f"{self.box_id} < {self.until}"
