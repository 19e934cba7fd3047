"""Whether this process can serve: for supervisors and load balancers, not for people."""

from functools import cache
from typing import Any

from django.db import Error, connection
from django.db.migrations.loader import MigrationLoader

import parkkeeper


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def state_of_the_house() -> dict[str, Any]:
    """{"ok", "database", "migrations" ("current" or how many are missing), "version"}; never raises."""
    state: dict[str, Any] = {"ok": False, "database": False, "migrations": "unknown", "version": version()}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT app, name FROM django_migrations")
            applied = set(cursor.fetchall())
    except Error:
        return state
    apps = {app for app, _name in applied}
    missing = [key for key in _known_migrations() if key[0] in apps and key not in applied]
    state |= {"database": True, "migrations": f"{len(missing)} missing" if missing else "current", "ok": not missing}
    return state


def version() -> str:
    """The version of Parkkeeper that runs."""
    return str(getattr(parkkeeper, "__version__", "0.1.0"))
