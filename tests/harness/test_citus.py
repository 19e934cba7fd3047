"""A park's schema could be a shard of Citus tomorrow: the rules of docs/adr/0004, asked of the catalog itself."""

import pytest
from django.db import connection

pytestmark = pytest.mark.django_db


def asked(query: str) -> list[tuple[str, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def test_no_foreign_key_leaves_the_schema_of_a_park() -> None:
    assert asked("SELECT count(*) > 50 FROM pg_constraint WHERE contype = 'f'") == [(True,)]
    leaving = asked(
        """SELECT c.conname, f.relnamespace::regnamespace::text, t.relnamespace::regnamespace::text
           FROM pg_constraint c JOIN pg_class f ON f.oid = c.conrelid JOIN pg_class t ON t.oid = c.confrelid
           WHERE c.contype = 'f' AND f.relnamespace <> t.relnamespace"""
    )
    assert leaving == []


def test_no_table_of_a_park_has_a_trigger_or_a_rule() -> None:
    triggers = asked(
        """SELECT g.tgname FROM pg_trigger g JOIN pg_class c ON c.oid = g.tgrelid
           WHERE NOT g.tgisinternal AND c.relnamespace = 'world'::regnamespace"""
    )
    rules = asked("SELECT rulename FROM pg_rules WHERE schemaname = 'world'")
    assert (triggers, rules) == ([], [])


def test_a_table_is_in_a_park_or_outside_never_both() -> None:
    both = asked(
        """SELECT tablename FROM pg_tables WHERE schemaname = 'world'
           INTERSECT SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"""
    )
    assert both == [("django_migrations",)]
    assert asked("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1") == [
        ("django_migrations",),
        ("tenancy_host",),
        ("tenancy_park",),
    ]


def test_every_table_has_a_primary_key() -> None:
    without = asked(
        """SELECT c.oid::regclass::text FROM pg_class c
           WHERE c.relkind IN ('r', 'p') AND c.relnamespace IN ('world'::regnamespace, 'public'::regnamespace)
             AND NOT EXISTS (SELECT FROM pg_constraint p WHERE p.conrelid = c.oid AND p.contype = 'p')"""
    )
    assert without == []


def test_a_park_is_tables_only_so_that_migrations_can_make_it_anywhere() -> None:
    """Functions, views and types of its own would have to be carried to each shard by hand."""
    others = asked(
        """SELECT 'function', proname::text FROM pg_proc WHERE pronamespace = 'world'::regnamespace
           UNION ALL SELECT 'view', viewname::text FROM pg_views WHERE schemaname = 'world'
           UNION ALL SELECT 'type', typname::text FROM pg_type
               WHERE typnamespace = 'world'::regnamespace AND typtype IN ('e', 'd', 'r')"""
    )
    assert others == []


def test_nothing_is_left_unlogged_or_inherited() -> None:
    odd = asked(
        """SELECT c.oid::regclass::text FROM pg_class c
           WHERE c.relnamespace = 'world'::regnamespace AND c.relkind = 'r'
             AND (c.relpersistence <> 'p' OR c.relhassubclass OR c.relispartition)"""
    )
    assert odd == []
