"""Two posts of one change form in the same moment: the row is held while the form compares, so one of them passes."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test import Client
from django.urls import reverse

from parkkeeper.kernel import clock
from parkkeeper.park.models import JournalEntry
from parkkeeper.park.tenancy.models import Park
from tests.pages_unit.desk import Desk
from tests.world import EVENING, world

pytestmark = pytest.mark.django_db(transaction=True)
WAITING = (
    "SELECT count(DISTINCT l.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE NOT l.granted AND a.datname = current_database()"
)


def wait_for_lock(number: int) -> None:
    """Wait until so many connections to this database wait for somebody's lock."""
    for _turn in range(400):
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0] == number:
                return
        time.sleep(0.05)
    raise AssertionError(f"never were {number} connections waiting")


def both(row: Any, address: str, clients: list[Client], forms: list[dict[str, Any]]) -> list[int]:
    """Post each form from a connection of its own while somebody holds the row: all are under way before one may go."""

    def post(client: Client, form: dict[str, Any]) -> int:
        try:
            return client.post(address, form).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(forms)) as pool:
        with transaction.atomic():
            type(row)._base_manager.select_for_update().get(pk=row.pk)
            posts = [pool.submit(post, client, form) for client, form in zip(clients, forms, strict=True)]
            wait_for_lock(len(forms))
        return sorted(one.result(30) for one in posts)


def marks(desks: list[Desk], page: str, *args: Any) -> list[str]:
    """What each of them saw: the mark that their pages carry."""
    return [desk.get(page, *args).text.split('name="seen" value="')[1].split('"')[0] for desk in desks]


@pytest.fixture
def w(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(clock, "now", lambda: EVENING)  # in every thread
    return world()


def test_of_two_who_change_a_point_at_once_exactly_one_passes(w: Any) -> None:
    desks = [Desk(w.office), Desk(w.office)]
    forms = [
        {"desks": n, "opens": "17:00", "closes": "21:00", "seen": mark}
        for n, mark in zip((4, 7), marks(desks, "point_change", w.point.pk), strict=True)
    ]
    assert both(w.point, reverse("point_change", args=[w.point.pk]), [d.client for d in desks], forms) == [302, 422]
    w.point.refresh_from_db()
    assert w.point.desks in (4, 7)
    assert JournalEntry.objects.filter(verb="point.changed").count() == 1


def test_of_two_who_change_the_parks_data_at_once_exactly_one_passes(w: Any) -> None:
    desks, park = [Desk(w.office), Desk(w.office)], Park.objects.get()
    forms = [
        {"name": "测试园区", "name_en": name, "time_zone": "Asia/Shanghai", "seen": mark}
        for name, mark in zip(("One", "Two"), marks(desks, "park_data"), strict=True)
    ]
    assert both(park, reverse("park_data"), [d.client for d in desks], forms) == [302, 422]
    park.refresh_from_db()
    assert park.name_en in ("One", "Two")
    assert JournalEntry.objects.filter(verb="park.changed").count() == 1
