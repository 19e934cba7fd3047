"""The enterprise's and the person's pages show what their reader may see, and write down who looked."""

from collections.abc import Iterator

import pytest
from django.test import Client

from parkkeeper.kernel import clock
from parkkeeper.park.models import JournalEntry, Rule
from tests.inspection.kit import found, inspected_world
from tests.pages_unit.desk import Desk
from tests.sampling.results_world import make_round
from tests.world import EVENING, later, world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _evening() -> Iterator[None]:
    """The pages' moment is the evening of the small park."""
    with clock.at(EVENING):
        yield


def test_a_liaison_sees_the_own_enterprise_and_no_other(client: Client) -> None:
    w = world()
    w.login(client, w.mei)
    assert client.get(f"/enterprises/{w.rainbow.pk}").status_code == 200
    assert client.get(f"/enterprises/{w.lotus.pk}").status_code == 404
    listed = client.get("/enterprises").content.decode()
    assert "彩虹生物" in listed and "莲花电子" not in listed


def test_a_liaison_finds_own_people_by_pinyin_and_no_others(client: Client) -> None:
    w = world()
    w.login(client, w.mei)
    for typed in ("zw", "zhang wei", "zhangwei"):
        assert client.get(f"/people?q={typed}").content.decode().count("张伟") >= 2, typed
    assert "孙一" not in client.get("/people?q=孙").content.decode().split("<main")[1].split("<table")[-1]
    assert client.get(f"/people/{w.lotus_workers[0].pk}").status_code == 404


def test_looking_at_a_person_is_written_down_and_shown(client: Client) -> None:
    w = world()
    w.login(client, w.office)
    worker = w.workers[0]
    assert client.get(f"/people/{worker.pk}").status_code == 200
    line = JournalEntry.objects.get(verb="person.looked_at", person_id=worker.pk)
    assert line.by_id == w.office.pk
    assert "办公室甲" in client.get(f"/people/{worker.pk}").content.decode()


def test_the_document_is_shown_only_when_asked_for_and_that_is_written_down(client: Client) -> None:
    from parkkeeper.park.vault import document_of

    w = world()
    w.login(client, w.office)
    worker = w.workers[0]
    number = document_of(worker)
    assert number not in client.get(f"/people/{worker.pk}").content.decode()
    assert number in client.post(f"/people/{worker.pk}/document").content.decode()
    assert JournalEntry.objects.filter(person_id=worker.pk, facts__fields="document").count() == 1


def test_the_liaisons_day_names_the_own_missing_people_and_writes_that_down(client: Client) -> None:
    w = world()
    make_round(w, *w.workers, *w.lotus_workers)
    w.login(client, w.bo)
    page = client.get("/").content.decode()
    assert "孙一" in page and "李娜" not in page and "彩虹生物" not in page
    line = JournalEntry.objects.get(verb="people.listed")
    assert (line.by_id, line.facts["where"], line.facts["count"]) == (w.bo.pk, "today", 3)


def test_a_leader_reads_the_enterprise_in_counts_only(client: Client) -> None:
    w = world()
    w.login(client, w.leader)
    page = client.get(f"/enterprises/{w.rainbow.pk}").content.decode()
    assert "防疫专员" in page and "梅联络" not in page
    assert client.get(f"/people/{w.mei.pk}").status_code == 403


def test_an_enterprise_sees_how_often_and_how_long_it_was_visited_beside_the_cap() -> None:
    w = inspected_world()
    for n in range(6):
        found(w, "B3", minutes=30 * n)
    for pages in ([("enterprise", w.rainbow.pk)], [("today",)]):
        for page, *where in pages:
            with clock.at(later(400)):
                text = " ".join(Desk(w.mei).get(page, *where).text.split())
            assert "近 7 天检查（次）</dt><dd>6 / 7" in text and "共用时（分钟）</dt><dd>120" in text, page
            assert "已达上限" not in text
    found(w, "B3", minutes=200)
    with clock.at(later(400)):
        assert "已达上限" in Desk(w.mei).get("enterprise", w.rainbow.pk).text


def test_without_any_rule_the_page_of_an_enterprise_says_so_much_as_it_knows() -> None:
    w = world()
    Rule.objects.filter(key="visits_a_week").delete()
    assert "近 7 天检查（次）</dt><dd>0</dd>" in Desk(w.mei).get("enterprise", w.rainbow.pk).text
