"""Many parks for a measurement: the first is migrated, the others get the very statements that migrating it took.

Most of a migration's time goes into Django's picture of the models at every step, which is the same for each park.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django_pgschemas.schema import deactivate

from parkkeeper.park.tenancy.middleware import forget_parks
from parkkeeper.park.tenancy.models import Host, Park
from parkkeeper.park.tenancy.parks import in_park, make_park

_WRITING = ("SET CONSTRAINTS ", "CREATE ", "ALTER ", "INSERT ", "UPDATE ", "DROP ", "COMMENT ")
_THINGS = """
SELECT c.relname::text, a.attname::text, a.atttypid::regtype::text FROM pg_class c
LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 WHERE c.relnamespace = %(schema)s::regnamespace
UNION ALL SELECT conname, contype::text, '' FROM pg_constraint WHERE connamespace = %(schema)s::regnamespace
"""


class Mould:
    """Makes parks: `make` as `make_park`, quicker from the second on."""

    def __init__(self) -> None:
        self.statements: list[tuple[str, Any]] = []
        self.things: set[tuple[str, ...]] = set()

    def make(self, schema: str, *, name: str, hosts: list[str], at: datetime) -> None:
        """Make the park with its schema and host names."""
        if self.statements:
            self._again(schema, name, hosts, at)
        else:
            deactivate()
            with connection.execute_wrapper(self._note):
                make_park(schema, name=name, hosts=hosts, at=at)
            # the rows of the park itself and its schema come before the migration, the hosts' after it
            self.statements = [pair for pair in self.statements if "tenancy_" not in pair[0] and schema not in pair[0]]
            self.things = _things(schema)

    def _note(self, execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        if str(sql).startswith(_WRITING):
            if many:
                raise NotImplementedError("a migration that writes many rows at once")
            self.statements.append((str(sql), parameters))
        return execute(sql, parameters, many, context)

    def _again(self, schema: str, name: str, hosts: list[str], at: datetime) -> None:
        deactivate()
        with transaction.atomic():
            park = Park.objects.create(schema_name=schema, name=name, created_at=at)
            Host.objects.bulk_create(Host(name=host, park=park) for host in hosts)
            with connection.cursor() as cursor:
                cursor.execute(f'CREATE SCHEMA "{schema}"')
            with in_park(schema), connection.cursor() as cursor:
                for sql, parameters in self.statements:
                    cursor.execute(sql, parameters)
        forget_parks()
        if differing := self.things ^ _things(schema):
            raise AssertionError(f"{schema} is not made as the first park was: {sorted(differing)}")


def _things(schema: str) -> set[tuple[str, ...]]:
    """Columns, relations and constraints of a schema."""
    with connection.cursor() as cursor:
        cursor.execute(_THINGS, {"schema": schema})
        return set(cursor.fetchall())
