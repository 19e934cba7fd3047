"""Files that people send: photos, documents, tables. Hashed at arrival, never changed."""

from django.db import models

from parkkeeper.park.models.emergency import Emergency
from parkkeeper.park.models.people import Person


class StoredFile(models.Model):
    """文件: a file as it arrived: its hash, its size, its name; the content is sealed on disk."""

    sha256 = models.CharField(max_length=64, db_index=True)
    size = models.PositiveBigIntegerField(help_text="bytes")
    name = models.CharField(max_length=200)
    media_type = models.CharField(max_length=100, blank=True)
    stored_at = models.DateTimeField()
    stored_by = models.ForeignKey(Person, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    emergency = models.ForeignKey(
        Emergency, null=True, on_delete=models.PROTECT, related_name="+", help_text="whose data key seals the content"
    )
    destroyed_at = models.DateTimeField(null=True, help_text="when its content was destroyed")

    class Meta:
        db_table = "park_stored_file"

    def __str__(self) -> str:
        return self.name
