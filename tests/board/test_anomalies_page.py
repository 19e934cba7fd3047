"""A doubt is listed, told in words, and settled once, by a way that its kind has."""

from collections.abc import Iterator

import pytest
from django.test import Client

from parkkeeper.kernel import clock
from parkkeeper.park.models import Anomaly
from tests.world import EVENING, World, world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _evening() -> Iterator[None]:
    """The pages' moment is the evening of the small park."""
    with clock.at(EVENING):
        yield


def doubt(w: World, **more: object) -> Anomaly:
    facts = {
        "key": "late:1", "kind": "late_scan", "raised_at": EVENING, "happened_at": EVENING,
        "enterprise": w.enterprises[0], "noun": "tube", "noun_id": "0", "evidence": {"swabs": 9, "names": 10},
    }  # fmt: skip
    return Anomaly.objects.create(**{**facts, **more})


def test_the_list_shows_open_doubts_and_the_page_says_what_the_evidence_means(client: Client) -> None:
    w = world()
    found = doubt(w)
    w.login(client, w.office)
    listed = client.get("/anomalies").content.decode().split("<tbody>")[1]
    assert "扫码很久以后才传到" in listed
    page = client.get(f"/anomalies/{found.pk}").content.decode()
    assert "拭子数" in page and "扫码人数" in page


def test_a_doubt_that_a_later_message_explained_away_is_no_longer_open(client: Client) -> None:
    w = world()
    doubt(w, evidence={"holds": False})
    w.login(client, w.office)
    assert "<tbody>" not in client.get("/anomalies").content.decode()
    lapsed = client.get("/anomalies?state=lapsed").content.decode()
    assert "已自行消除" in lapsed.split("<tbody>")[1]


def test_settling_needs_a_reason_and_happens_once(client: Client) -> None:
    w = world()
    found = doubt(w)
    w.login(client, w.office)
    refused = client.post(f"/anomalies/{found.pk}/settle/accept", {"reason": ""})
    assert refused.status_code == 422
    assert client.post(f"/anomalies/{found.pk}/settle/accept", {"reason": "已电话核对"}).status_code == 302
    found.refresh_from_db()
    assert found.settled_by == w.office and found.settled_reason == "已电话核对"
    again = client.post(f"/anomalies/{found.pk}/settle/accept", {"reason": "再来"})
    assert again.status_code == 422 and "办公室甲" in again.content.decode()


def test_a_settled_doubt_is_opened_again_with_a_reason(client: Client) -> None:
    w = world()
    found = doubt(w)
    w.login(client, w.office)
    client.post(f"/anomalies/{found.pk}/settle/accept", {"reason": "已电话核对"})
    client.post(f"/anomalies/{found.pk}/reopen", {"reason": "核对有误"})
    found.refresh_from_db()
    assert found.settled_at is None


def test_a_liaison_settles_nothing_of_another_enterprise(client: Client) -> None:
    w = world()
    found = doubt(w, enterprise=w.enterprises[1])
    w.login(client, w.mei)
    assert client.get(f"/anomalies/{found.pk}").status_code == 404
    assert client.post(f"/anomalies/{found.pk}/settle/accept", {"reason": "看看"}).status_code == 404
