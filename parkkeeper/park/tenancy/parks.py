"""Making a park: its row, its host names, its schema with the tables of today's models (never by cloning)."""

from datetime import datetime

from django.apps import apps
from django.core.management.sql import emit_post_migrate_signal
from django.db import DEFAULT_DB_ALIAS, connection, router, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
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
) -> Park:
    """Make a park with its own schema and return it; hosts are names without port."""
    deactivate()
    with transaction.atomic():
        park = Park(schema_name=schema, name=name, name_en=name_en, time_zone=time_zone, created_at=at)
        park.save()
        park.create_schema(sync_schema=False, verbosity=0)
        with in_park(schema):
            _make_tables()
        Host.objects.bulk_create(Host(name=h, park=park) for h in hosts or [])
    forget_parks()
    return park


def in_park(schema: str) -> Schema:
    """A context manager that works inside that park: `with in_park("demo"): …`."""
    return Schema.create(schema)


def _make_tables() -> None:
    """Make the tables of the active park as its migrations would have, and note that they are done.

    Migrating an empty schema takes ten times as long, nearly all of it for Django's picture of the models at each step
    of their history. A test holds the two ways against each other.
    """
    with connection.schema_editor() as editor:
        for model in apps.get_models():
            if router.allow_migrate_model(DEFAULT_DB_ALIAS, model) and model._meta.can_migrate(connection):
                editor.create_model(model)
    note_migrations(of_every_app=True)
    emit_post_migrate_signal(verbosity=0, interactive=False, db=DEFAULT_DB_ALIAS)


def note_migrations(*, of_every_app: bool) -> None:
    """Note in the active schema that migrations are done: all of them, or those that make no tables here."""
    recorder = MigrationRecorder(connection)
    recorder.ensure_schema()
    done = [
        recorder.Migration(app=app, name=name)
        for app, name in sorted(MigrationLoader(None, replace_migrations=False).disk_migrations)
        if of_every_app or not router.allow_migrate(DEFAULT_DB_ALIAS, app)
    ]
    recorder.migration_qs.bulk_create(done)
