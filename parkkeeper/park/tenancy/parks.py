"""Making a park: its row, its host names, its schema by migration (never by cloning)."""

from datetime import datetime

from django_pgschemas.schema import Schema, deactivate

from parkkeeper.park.tenancy.middleware import forget_parks
from parkkeeper.park.tenancy.models import Host, Park


def make_park(
    schema: str,
    *,
    name: str,
    name_en: str = "",
    hosts: list[str] | None = None,
    time_zone: str = "Asia/Shanghai",
    at: datetime,
    verbosity: int = 0,
) -> Park:
    """Make a park with its own schema (a few seconds of migrations) and return it; hosts are names without port."""
    deactivate()
    park = Park(schema_name=schema, name=name, name_en=name_en, time_zone=time_zone, created_at=at)
    park.save()
    park.create_schema(verbosity=verbosity)
    Host.objects.bulk_create(Host(name=h, park=park) for h in hosts or [])
    forget_parks()
    return park


def in_park(schema: str) -> Schema:
    """A context manager that works inside that park: `with in_park("demo"): …`."""
    return Schema.create(schema)
