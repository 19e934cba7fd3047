"""PostgreSQL's planner is told what an evening makes grow: it knows a round only after somebody has counted its rows.

Autovacuum counts a table when a tenth of it has changed, a minute later. Of a table that holds twenty rounds tonight's
is half of that: until tomorrow the planner would take a round of thousands for one of no row, and join it row by row.
"""

from datetime import datetime

from django.db import connection

_TABLES = (
    "sampling_due", "sampling_scan", "sampling_tube", "sampling_box", "sampling_box_tube", "sampling_reception",
    "sampling_result", "sampling_antigen_test",
)  # fmt: skip
ENOUGH = 2000
"""Rows that make it worth while: counting a table takes a fifth of a second, whatever its size."""
_GROWN = """
SELECT relname FROM pg_stat_user_tables
WHERE schemaname = current_schema() AND relname = ANY(%s) AND n_mod_since_analyze >= %s
  AND coalesce(greatest(last_analyze, last_autoanalyze), '-infinity') < now() - interval '30 seconds'
ORDER BY relname"""


def tell_of_growth(*, at: datetime) -> list[str]:
    """Have the tables counted of which many rows have changed since they were; returns their names."""
    with connection.cursor() as cursor:
        cursor.execute(_GROWN, [list(_TABLES), ENOUGH])
        grown = [str(name) for (name,) in cursor.fetchall()]
    for table in grown:
        count_rows_of(table)
    return grown


def count_lines() -> None:
    """Have the lists of rounds counted: one was frozen."""
    count_rows_of("sampling_due")


def count_rows_of(table: str) -> None:
    """Have this one of the tables that an evening makes grow counted at once."""
    if table not in _TABLES:
        raise ValueError(f"{table} is no table that an evening makes grow")
    with connection.cursor() as cursor:
        cursor.execute(f'ANALYZE "{table}"')
