"""Ways that only one table of the register goes: keys, people, accounts, files, the journal."""

from collections import Counter
from datetime import datetime

from django.db import connection
from django.db.models import Exists, F, Max, OuterRef, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.files import path_of
from parkkeeper.park.imports.spool import Spool
from parkkeeper.park.keys import destroy_key_file
from parkkeeper.park.models import (
    Account,
    Emergency,
    Import,
    JournalEntry,
    JournalSeal,
    Person,
    Post,
    Presence,
    StoredFile,
)
from parkkeeper.park.retention.emptying import GONE, nobody
from parkkeeper.park.retention.past import Past, Rows, dated
from parkkeeper.park.retention.rules import Rule
from parkkeeper.park.retention.ways import add_way, some


def _counted(rule: Rule, number: int) -> Counter[str]:
    return Counter({rule.name: number} if number else {})


class Shred:
    """The data key of an emergency: the half on disk first, then the one in the database."""

    def kept(self, rule: Rule) -> Rows:
        return dated(Emergency.objects.filter(data_key_sealed__isnull=False), rule.since)

    def due(self, rule: Rule, past: Past) -> Rows:
        return self.kept(rule).filter(pk__in=[span.emergency.pk for span in past.due])

    def step(self, rule: Rule, past: Past, limit: int) -> Counter[str]:
        found = list(self.due(rule, past).order_by("pk")[:limit])
        for emergency in found:
            destroy_key_file(bytes(emergency.data_key_sealed))
            emergency.data_key_sealed, emergency.data_key_destroyed_at = None, past.at
            emergency.save(update_fields=["data_key_sealed", "data_key_destroyed_at"])
        return _counted(rule, len(found))


class People:
    """Somebody who left: the row stays for the counts, what it said of the person goes, and so does the account."""

    def kept(self, rule: Rule) -> Rows:
        left = Presence.objects.filter(person=OuterRef("pk"), state=Presence.State.LEFT, during__upper_inf=True)
        return Person.objects.filter(Exists(left)).annotate(
            _since=Max("presences__during__startswith", filter=Q(presences__state=Presence.State.LEFT))
        )

    def due(self, rule: Rule, past: Past) -> Rows:
        """Nobody who still holds a post."""
        appointed = Post.objects.filter(person=OuterRef("pk")).filter(
            Q(during__upper_inf=True) | Q(during__endswith__gt=timezone.localdate(past.cutoff))
        )
        return self.kept(rule).filter(past.q()).filter(~Exists(appointed))

    def step(self, rule: Rule, past: Past, limit: int) -> Counter[str]:
        found = list(Person.objects.filter(pk__in=some(self.due(rule, past), limit)).order_by("pk"))
        for person in found:
            person.uuid, person.name, person.pinyin, person.destroyed_at = new_id(), GONE, "", past.at
            person.document_kind = person.document_tail = person.phone = person.staff_number = person.shift = ""
            person.document_sealed = person.document_index = None
        columns = [
            "uuid", "name", "pinyin", "document_kind", "document_sealed", "document_index", "document_tail", "phone",
            "staff_number", "shift", "destroyed_at",
        ]  # fmt: skip
        Person.everybody.bulk_update(found, columns)
        Account.objects.filter(person__in=found).delete()
        return _counted(rule, len(found))


class Accounts:
    """An account that has been locked for its period."""

    def kept(self, rule: Rule) -> Rows:
        locked = Account.objects.filter(is_active=False)
        return locked.annotate(_since=Coalesce("locked_at", "last_login", "person__registered_at"))

    def due(self, rule: Rule, past: Past) -> Rows:
        return self.kept(rule).filter(past.q())

    def step(self, rule: Rule, past: Past, limit: int) -> Counter[str]:
        return _counted(rule, Account.objects.filter(pk__in=some(self.due(rule, past), limit)).delete()[0])


def _destroy_content(files: list[StoredFile], at: datetime) -> None:
    """The bytes go before the row says so: a kill between the two leaves a row that is due again, never bytes."""
    for stored in files:
        same = StoredFile.objects.filter(
            sha256=stored.sha256, emergency=stored.emergency_id, destroyed_at__isnull=True
        ).exclude(pk__in=[one.pk for one in files])
        if not same.exists():
            path_of(stored.sha256, stored.emergency_id).unlink(missing_ok=True)
    found = StoredFile.objects.filter(pk__in=[stored.pk for stored in files])
    found.filter(stored_by__isnull=False).update(stored_by=nobody())
    found.update(name=GONE, destroyed_at=at)


class Files:
    """The content of a file that belongs to no import."""

    def kept(self, rule: Rule) -> Rows:
        files = StoredFile.objects.filter(destroyed_at__isnull=True)
        return dated(files.filter(~Exists(Import.objects.filter(file=OuterRef("pk")))), rule.since)

    def due(self, rule: Rule, past: Past) -> Rows:
        return self.kept(rule).filter(past.q())

    def step(self, rule: Rule, past: Past, limit: int) -> Counter[str]:
        found = list(self.due(rule, past).order_by("pk")[:limit])
        _destroy_content(found, past.at)
        return _counted(rule, len(found))


class ImportFiles:
    """The content of a table that was imported; an import that nobody finished is abandoned with it."""

    def kept(self, rule: Rule) -> Rows:
        return dated(Import.objects.filter(file__destroyed_at__isnull=True), rule.since)

    def due(self, rule: Rule, past: Past) -> Rows:
        return self.kept(rule).filter(past.q())

    def step(self, rule: Rule, past: Past, limit: int) -> Counter[str]:
        found = list(self.due(rule, past).select_related("file").order_by("pk")[:limit])
        _destroy_content([batch.file for batch in found], past.at)
        for batch in found:
            Spool(batch.pk).drop()
        unfinished = Import.objects.filter(pk__in=[batch.pk for batch in found]).exclude(state=Import.State.APPLIED)
        unfinished.update(state=Import.State.ABANDONED)
        return _counted(rule, len(found))


class Journal:
    """Whole sealed runs from the beginning, while their newest entry is past; the seals stay."""

    def kept(self, rule: Rule) -> Rows:
        return JournalEntry.objects.annotate(_since=F("at"))

    def due(self, rule: Rule, past: Past) -> Rows:
        return self.kept(rule).filter(xid__lt=self._horizon(past))

    def _horizon(self, past: Past) -> int:
        """The transaction up to which all sealed runs are past."""
        young = JournalEntry.objects.filter(at__gt=past.cutoff)
        runs = JournalSeal.objects.filter(to_xid__gt=0).order_by("to_xid")
        first_young = young.order_by("xid").values_list("xid", flat=True).first()
        if first_young is not None:
            runs = runs.filter(to_xid__lte=first_young)
        last = runs.order_by("-to_xid").values_list("to_xid", flat=True).first()
        return last or 0

    def step(self, rule: Rule, past: Past, limit: int) -> Counter[str]:
        """One seal at a time: a run is whole or gone."""
        first = JournalEntry.objects.filter(xid__lt=self._horizon(past)).order_by("xid").first()
        if first is None:
            return Counter()
        seal = JournalSeal.objects.filter(to_xid__gt=first.xid).order_by("to_xid").first()
        assert seal is not None  # the horizon is the end of one
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM park_journal_entry WHERE xid < %s::xid8", [str(seal.to_xid)])
            gone = cursor.rowcount
            cursor.execute("UPDATE park_journal_seal SET destroyed_at = %s WHERE id = %s", [past.at, seal.pk])
        return _counted(rule, gone)


add_way("shred", Shred())
add_way("person", People())
add_way("account", Accounts())
add_way("file", Files())
add_way("import_file", ImportFiles())
add_way("journal", Journal())
