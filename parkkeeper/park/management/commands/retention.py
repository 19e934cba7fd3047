"""`./run manage retention`: destroys what is past its period; with --dry-run shows what would go, and when."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from parkkeeper.kernel import clock
from parkkeeper.park.actions.retention import destroy_due
from parkkeeper.park.retention.kept import keep_outlooks
from parkkeeper.park.retention.outlook import Outlook, outlooks
from parkkeeper.park.retention.rules import rules
from parkkeeper.park.tenancy.models import Park
from parkkeeper.park.tenancy.parks import in_park


class Command(BaseCommand):
    help = "Destroy what is past its period by docs/retention.toml, in every park."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="destroy nothing; show what would go, and when")
        parser.add_argument("--park", default="", help="the schema of one park; all parks without it")
        parser.add_argument("--rule", default="", help="one rule, as --dry-run names it")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["rule"] and options["rule"] not in {rule.name for rule in rules()}:
            raise CommandError(f"There is no rule {options['rule']!r}. Their names: --dry-run shows them.")
        with in_park("public"):
            parks = list(Park.objects.order_by("pk").values_list("schema_name", "time_zone"))
        if options["park"] and options["park"] not in dict(parks):
            raise CommandError(f"There is no park {options['park']!r}: {', '.join(dict(parks))}.")
        for schema, zone in parks:
            if options["park"] in ("", schema):
                with in_park(schema), timezone.override(zone):
                    self.stdout.write(f"{schema}")
                    self._show(options["rule"]) if options["dry_run"] else self._destroy(options["rule"])

    def _show(self, only: str) -> None:
        for one in outlooks(clock.now(), only=only):
            self.stdout.write(f"  {one.rule.name:34} {one.rule.way:12} due now {one.due:>9,}  {_told(one)}".rstrip())

    def _destroy(self, only: str) -> None:
        done = destroy_due(at=clock.now(), only=only)
        keep_outlooks(at=clock.now(), anew=True)
        for name, count in done.items():
            self.stdout.write(f"  {name:34} {count:>9,} destroyed")
        if not done:
            self.stdout.write("  nothing was due")


def _told(one: Outlook) -> str:
    parts = []
    if one.held:
        parts.append("held")
    if one.waiting:
        parts.append(f"{one.waiting:,} wait for an approved order")
    if one.next_at:
        parts.append(f"next {timezone.localtime(one.next_at):%Y-%m-%d %H:%M}")
    return "; ".join(parts)
