"""`./run manage park NAME`: makes a park with its first office account, whose password is printed once."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from parkkeeper.kernel import clock
from parkkeeper.park.errors import Refused
from parkkeeper.park.founding import found_office
from parkkeeper.park.tenancy.models import Host, Park
from parkkeeper.park.tenancy.parks import in_park, make_park


class Command(BaseCommand):
    help = "Make a park (schema, tables, host names) and the first account of its office."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("schema", help="short name: a-z, 0-9, _; the database schema of the park")
        parser.add_argument("--name", required=True, help="the park's name as people say it, e.g. 东方园区")
        parser.add_argument("--name-en", default="", help="its English name")
        parser.add_argument("--host", action="append", default=[], help="host name without port; may be repeated")
        parser.add_argument("--time-zone", default="Asia/Shanghai")
        parser.add_argument("--credit-code", default="", help="统一社会信用代码 of the park's own body")
        parser.add_argument("--person", default="园区管理员", help="name of the first member of the office")
        parser.add_argument("--username", default="office", help="log-in name of the first account")

    def handle(self, *args: Any, **options: Any) -> None:
        schema, at = options["schema"], clock.now()
        if not schema.isidentifier() or not schema.isascii() or schema != schema.lower() or schema.startswith("pg_"):
            raise CommandError(f"{schema!r} is no name for a schema: small letters a-z, digits, _; a letter first.")
        if schema in ("public", "information_schema") or Park.objects.filter(schema_name=schema).exists():
            raise CommandError(f"There is a park (or a schema) {schema!r} already. Choose another name.")
        if taken := Host.objects.filter(name__in=options["host"]).values_list("name", flat=True):
            raise CommandError(f"Another park answers at {', '.join(taken)}. Choose other host names.")
        self.stdout.write(f"Making the park {schema} …")
        make_park(
            schema, name=options["name"], name_en=options["name_en"], hosts=[h.lower() for h in options["host"]],
            time_zone=options["time_zone"], at=at,
        )  # fmt: skip
        with in_park(schema), transaction.atomic():
            try:
                account, password = found_office(
                    body=options["name"], credit_code=options["credit_code"], person=options["person"],
                    username=options["username"], at=at,
                )  # fmt: skip
            except Refused as refusal:
                raise CommandError(str(refusal)) from refusal
        self.stdout.write(
            f"Log-in name: {account.username}\nPassword:    {password}  (shown once; change it at the first log-in)"
        )
