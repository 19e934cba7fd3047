"""What happened, by whom, when: only ever added to, chained by hashes, without foreign keys."""

from typing import Any, Never

from django.db import models
from django.db.models import Func


class Xid8Field(models.Field[int, int]):
    """PostgreSQL's 64-bit transaction id; orders what a cursor reads without losing late committers."""

    def db_type(self, connection: Any) -> str:
        return "xid8"

    def rel_db_type(self, connection: Any) -> str:
        return "xid8"

    def get_prep_value(self, value: Any) -> Any:
        return None if value is None else str(value)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> int | None:
        return None if value is None else int(value)


class CurrentXact(Func):
    """The id of the transaction that is writing."""

    function = "pg_current_xact_id"
    template = "%(function)s()"
    output_field = Xid8Field()


class AppendOnly(models.QuerySet[Any]):
    """Rows that are added and read, never changed; retention has its own way with its own journal line.

    By this class and not by a trigger, which no table of a park has (docs/adr/0004)."""

    def update(self, **kwargs: Any) -> Never:
        raise TypeError(f"{self.model._meta.db_table} is only ever added to")

    def delete(self) -> Never:
        raise TypeError(f"{self.model._meta.db_table} is only ever added to")


class _Added(models.Model):
    """A row that is added once: saving it again or deleting it is refused like the same for many."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("the journal is only ever added to")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Never:
        raise TypeError("the journal is only ever added to")


class JournalEntry(_Added):
    """日志: one thing that happened; ids without foreign keys, so that it outlives what it speaks of."""

    xid = Xid8Field(db_default=CurrentXact(), editable=False)
    at = models.DateTimeField()
    by_id = models.BigIntegerField(null=True, help_text="Person, or null for the system itself")
    by_name = models.CharField(max_length=60, blank=True)
    verb = models.CharField(max_length=48)
    noun = models.CharField(max_length=48, blank=True)
    noun_id = models.CharField(max_length=64, blank=True)
    person_id = models.BigIntegerField(null=True, help_text="the person whom it concerns")
    enterprise_id = models.BigIntegerField(null=True)
    site_id = models.BigIntegerField(null=True)
    facts = models.JSONField(default=dict)

    objects = AppendOnly.as_manager()

    class Meta:
        db_table = "park_journal_entry"
        indexes = [
            models.Index(fields=["xid", "id"], name="journal_cursor"),
            models.Index(
                fields=["person_id", "-id"], name="journal_person", condition=models.Q(person_id__isnull=False)
            ),
            models.Index(fields=["site_id", "xid"], name="journal_site", condition=models.Q(site_id__isnull=False)),
            models.Index(fields=["noun", "noun_id"], name="journal_noun"),
            models.Index(fields=["verb", "-id"], name="journal_verb"),
            models.Index(fields=["-at"], name="journal_at"),
        ]

    def __str__(self) -> str:
        return f"{self.verb} {self.noun} {self.noun_id}"


class JournalSeal(_Added):
    """日志封签: the hash over a run of journal entries and over the seal before it."""

    from_xid = Xid8Field()
    to_xid = Xid8Field(help_text="exclusive")
    entries = models.PositiveIntegerField()
    previous = models.BinaryField(max_length=32)
    hash = models.BinaryField(max_length=32)
    sealed_at = models.DateTimeField()
    destroyed_at = models.DateTimeField(null=True, help_text="when its entries were deleted, their period being over")

    objects = AppendOnly.as_manager()

    class Meta:
        db_table = "park_journal_seal"
        constraints = [
            models.UniqueConstraint(models.F("from_xid"), name="journal_seal_once"),
            models.UniqueConstraint(models.F("previous"), name="journal_seal_does_not_fork"),
        ]

    def __str__(self) -> str:
        return f"{self.from_xid}-{self.to_xid}"
