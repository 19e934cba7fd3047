"""`./run manage evidence`: whether photos and files are still what arrived; ends with 1 when one is not."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from parkkeeper.inspection.models import Photo
from parkkeeper.park.files import harm_of
from parkkeeper.park.models import JournalEntry, StoredFile
from parkkeeper.park.tenancy.models import Park
from parkkeeper.park.tenancy.parks import in_park

_SAID = {
    "missing": "its content is missing: restore files/ from the back-up",
    "changed": "its content is not what arrived: restore it from the back-up",
}


class Command(BaseCommand):
    help = "Hash every stored file anew, and hold the photos of findings against the journal, in every park."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--park", default="", help="the schema of one park; all parks without it")

    def handle(self, *args: Any, **options: Any) -> None:
        with in_park("public"):
            parks = list(Park.objects.order_by("pk").values_list("schema_name", "time_zone"))
        if options["park"] and options["park"] not in dict(parks):
            raise CommandError(f"There is no park {options['park']!r}: {', '.join(dict(parks))}.")
        harmed = 0
        for schema, zone in parks:
            if options["park"] in ("", schema):
                with in_park(schema), timezone.override(zone):
                    harmed += self._check(schema)
        if harmed:
            raise CommandError(f"{harmed:,} of the files and photos are not what arrived; the lines above name them.")

    def _check(self, schema: str) -> int:
        told = [*harmed_files(), *changed_photos()]
        for line in told:
            self.stdout.write(f"  {line}")
        files = StoredFile.objects.filter(destroyed_at__isnull=True).count()
        self.stdout.write(f"{schema}: {files:,} files, {Photo.objects.count():,} photos, {len(told):,} of them harmed")
        return len(told)


def harmed_files() -> Iterator[str]:
    """A line for each stored file whose content is missing or does not match its hash any more."""
    for stored in StoredFile.objects.filter(destroyed_at__isnull=True).order_by("pk").iterator(500):
        if harm := harm_of(stored):
            yield f"file {stored.pk} ({stored.sha256[:12]}, stored {_moment(stored.stored_at)}): {_SAID[harm]}"


def changed_photos() -> Iterator[str]:
    """A line for each photo whose row names another picture than the journal did when the photo arrived. The journal
    has its own seals; photos of lines that are past their period, or older than this, cannot be told."""
    lines = JournalEntry.objects.filter(verb__in=["photos.taken", "finding.reported"], facts__has_key="sha256")
    known: dict[str, str] = {}
    for facts in lines.order_by("pk").values_list("facts", flat=True).iterator(500):
        known |= facts["sha256"]
    for photo in Photo.objects.order_by("received_at", "pk").iterator(2000):
        said = known.pop(str(photo.pk), photo.sha256)
        if said != photo.sha256:
            yield (
                f"photo {photo.pk} (of finding {photo.finding_id}): its row says {photo.sha256[:12]}, the journal says "
                f"{said[:12]}"
            )
    for number in known:
        yield f"photo {number}: the journal knows it, its row is gone"


def _moment(moment: Any) -> str:
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"
