"""manage migrate: as the library's, for the public schema and every park; quick on a new database."""

from typing import Any

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django_pgschemas.management.commands.migrateschema import MigrateSchemaCommand
from django_pgschemas.schema import Schema

from parkkeeper.park.tenancy.parks import note_migrations


class Command(MigrateSchemaCommand):
    """Migrates; a new database is not led through the history of tables that only parks have."""

    def handle(self, *args: Any, **options: Any) -> None:
        """Note in the public schema of a new database what makes nothing there, then migrate."""
        with Schema.create("public"):
            if not MigrationRecorder(connection).has_table():
                note_migrations(of_every_app=False)
        super().handle(*args, **options)  # type: ignore[no-untyped-call]
