"""A new database and a new park are made at once, and are as their migrations would have made them."""

from typing import Any

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from parkkeeper.park.tenancy.models import Park
from parkkeeper.park.tenancy.parks import in_park, make_park
from tests.world import LONG_AGO

pytestmark = pytest.mark.django_db

# Of a table of Django's that we never fill, its history and its model say different types: let that be.
_COLUMNS = """
SELECT table_name, column_name, data_type, udt_name, character_maximum_length, is_nullable, column_default,
       is_identity, identity_generation
FROM information_schema.columns WHERE table_schema = current_schema()
  AND (table_name, column_name) <> ('auth_group_permissions', 'id')"""
_CONSTRAINTS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), condeferrable, condeferred FROM pg_constraint
WHERE connamespace = current_schema()::regnamespace AND contype <> 'n'"""
_INDEXES = """
SELECT tablename, indexname, replace(indexdef, current_schema(), 'park') FROM pg_indexes
WHERE schemaname = current_schema()"""
_OTHERS = """
SELECT c.relname, c.relkind::text, c.reloptions::text, obj_description(c.oid), c.relpersistence::text
FROM pg_class c WHERE relnamespace = current_schema()::regnamespace"""


def tables_of(schema: str) -> dict[str, set[Any]]:
    found: dict[str, set[Any]] = {}
    with in_park(schema), connection.cursor() as cursor:
        for name, question in {"columns": _COLUMNS, "constraints": _CONSTRAINTS, "indexes": _INDEXES,
                               "others": _OTHERS}.items():  # fmt: skip
            cursor.execute(question)
            found[name] = set(cursor.fetchall())
        found["migrations"] = set(MigrationRecorder.Migration.objects.values_list("app", "name"))
        found["content types"] = set(ContentType.objects.values_list("app_label", "model"))
    return found


def test_a_park_is_made_as_its_migrations_would_have_made_it() -> None:
    make_park("at_once", name="一步建成", at=LONG_AGO)
    stepwise = Park(schema_name="stepwise", name="逐步迁移", created_at=LONG_AGO)
    stepwise.save()
    stepwise.create_schema(verbosity=0)
    at_once, by_steps = tables_of("at_once"), tables_of("stepwise")
    assert all(by_steps.values())
    differing = {what: sorted(rows ^ at_once[what], key=repr) for what, rows in by_steps.items()}
    assert not any(differing.values()), differing


@pytest.mark.parametrize("schema", ["public", "world"])
def test_nothing_is_left_to_migrate(schema: str) -> None:
    with in_park(schema):
        migrating = MigrationExecutor(connection)
        assert migrating.migration_plan(migrating.loader.graph.leaf_nodes()) == []
        migrating.loader.check_consistent_history(connection)


def test_outside_of_parks_there_are_only_the_parks_and_their_names() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
        assert {name for (name,) in cursor.fetchall()} == {"django_migrations", "tenancy_park", "tenancy_host"}
