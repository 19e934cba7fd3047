"""The harness: one database, one park `world` in it; each test in its own transaction inside that park."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.utils import timezone, translation
from django_pgschemas.schema import Schema, deactivate


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Two runs at once on one server need two databases: PYTEST_DB names this run's."""
    suffix = os.environ.get("PYTEST_DB", "")
    if suffix:
        from django.conf import settings

        settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = f"test_parkkeeper_{suffix}"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    from parkkeeper.park.tenancy.models import Park
    from parkkeeper.park.tenancy.parks import make_park

    with django_db_blocker.unblock():
        deactivate()
        if not Park.objects.filter(schema_name="world").exists():
            make_park("world", name="测试园区", name_en="Test Park", at=datetime(2022, 4, 1, tzinfo=UTC))


@pytest.fixture(autouse=True)
def _inside_the_world(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that use the database work inside the park `world`, in its time zone, in simplified Chinese."""
    if "db" not in request.fixturenames and "transactional_db" not in request.fixturenames:
        marker = request.node.get_closest_marker("django_db")
        if marker is None:
            yield
            return
    request.getfixturevalue("transactional_db" if "transactional_db" in request.fixturenames else "db")
    from parkkeeper.park.tenancy.middleware import forget_parks

    forget_parks()
    with Schema.create("world"), timezone.override("Asia/Shanghai"), translation.override("zh-hans"):
        yield
    deactivate()
