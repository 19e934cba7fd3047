"""The own page: opened once by the own link, only the own data, ended when the phone is lost; its shell is nobody's."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from parkkeeper.board.own import tell_own
from parkkeeper.board.own_words import words
from parkkeeper.codes.actions import issue_own_link, revoke_own_links
from parkkeeper.codes.models import OwnLink
from parkkeeper.codes.opening import FAILURES
from parkkeeper.kernel import clock
from parkkeeper.park.errors import Forbidden
from parkkeeper.park.models import JournalEntry, Person
from parkkeeper.sampling.models import Due, Result
from parkkeeper.sampling.standing import REASONS
from tests.pages.evening import full_evening
from tests.world import EVENING, later, world

pytestmark = pytest.mark.django_db
NONCE = "0123456789abcdef0123"


@pytest.fixture
def w() -> Any:
    return world()


def link_of(w: Any, person: Person) -> str:
    return issue_own_link(person, by=w.office, at=EVENING)[1]


def opened(client: Client, code: str, *, nonce: str = NONCE, at: Any = EVENING) -> Any:
    with clock.at(at):
        return client.post("/me/v1/open", json.dumps({"code": code, "nonce": nonce}), content_type="application/json")


def data(client: Client, token: str = "", *, at: Any = EVENING) -> Any:
    with clock.at(at):
        return client.get("/me/v1/self", headers={"Authorization": f"Bearer {token}"} if token else {})


def token_for(client: Client, w: Any, person: Person) -> str:
    answer = opened(client, link_of(w, person))
    assert answer.status_code == 201, answer.content
    token: str = answer.json()["token"]
    return token


def test_a_link_opens_the_own_page_once_and_the_phone_stays_known(w: Any, client: Client) -> None:
    code = link_of(w, w.workers[0])
    typed = f" {code[:4].lower()}-{code[4:8]} {code[8:]}"
    answer = opened(client, typed)
    assert answer.status_code == 201
    told = data(client, answer.json()["token"]).json()
    assert (told["name"], told["enterprise"], told["staff_number"]) == (
        w.workers[0].name,
        "彩虹生物",
        w.workers[0].staff_number,
    )
    assert opened(client, code).json() == answer.json(), "the answer was lost: the same phone may ask again"
    assert opened(client, code, nonce="another phone's nonce").status_code == 404
    assert data(client, answer.json()["token"], at=EVENING + timedelta(days=179)).status_code == 200
    assert data(client, answer.json()["token"], at=EVENING + timedelta(days=181)).status_code == 401
    assert not client.cookies, "nobody is logged in by it"


def test_a_link_runs_out_and_a_newer_one_ends_it(w: Any, client: Client) -> None:
    first = link_of(w, w.workers[0])
    second = link_of(w, w.workers[0])
    assert opened(client, first).status_code == 404
    assert opened(client, second, at=EVENING + timedelta(hours=73)).status_code == 404
    assert opened(client, second, at=EVENING + timedelta(hours=71)).status_code == 201


def test_a_lost_phone_shows_nothing_once_its_link_is_revoked(w: Any, client: Client) -> None:
    token = token_for(client, w, w.workers[0])
    assert revoke_own_links(w.workers[0], by=w.mei, at=EVENING) == 1
    answer = data(client, token)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unknown")
    verbs = set(JournalEntry.objects.filter(person_id=w.workers[0].pk).values_list("verb", flat=True))
    assert {"own_link.issued", "own_link.opened", "own_link.revoked"} <= verbs


def test_only_office_and_the_own_liaison_give_links(w: Any, client: Client) -> None:
    for person in (w.bo, w.leader, w.workers[0], w.scanner):
        with pytest.raises(Forbidden):
            issue_own_link(w.workers[0], by=person, at=EVENING)
    w.login(client, w.mei)
    with clock.at(EVENING):
        assert client.get(reverse("own_link", args=[w.lotus_workers[0].pk])).status_code == 404
        page = client.post(reverse("own_link", args=[w.workers[0].pk]), {"do": "issue"})
        after = client.get(reverse("own_link", args=[w.workers[0].pk]))
    assert 'id="secret"' in page.content.decode() and page["Cache-Control"] == "no-store"
    assert 'id="secret"' not in after.content.decode()


def test_guessing_is_slowed_down_and_locks_out_nobody_else(w: Any, client: Client) -> None:
    code = link_of(w, w.workers[0])
    for number in range(FAILURES):
        assert opened(client, f"WRONG{number}").status_code == 404
    slowed = opened(client, code)
    assert (slowed.status_code, slowed.json()["error"]["code"]) == (429, "too_often")
    assert opened(client, code, at=later(11)).status_code == 201


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"1", b'{"code": 1, "nonce": 2}', b'{"code": "ABC", "nonce": "short"}', b"\xff" * 50,
     b'{"code": "' + b"A" * 5000 + b'"}'],
)  # fmt: skip
def test_a_body_that_is_none_opens_nothing(w: Any, client: Client, body: bytes) -> None:
    with clock.at(EVENING):
        assert client.post("/me/v1/open", body, content_type="application/json").status_code == 404


def test_the_page_tells_where_when_what_and_the_results_of_the_own_person(w: Any, client: Client) -> None:
    full_evening(w)
    told = tell_own(w.workers[1], later(330))  # sampled in the positive tube
    assert told["place"]["name"] == "彩虹厂区"
    assert told["round"]["standing"] == "due" and told["round"]["sampled_at"]
    assert told["clear"] is False and {one["kind"] for one in told["open"]} >= {"single_retest"}
    assert [(one["value"], one["pooled"]) for one in told["results"]] == [("positive", True)]
    assert len(told["code"]["rows"]) >= 41 and told["code"]["last"] == "2022-11-05"
    missing = tell_own(w.workers[3], later(330))
    assert missing["round"]["sampled_at"] is None and missing["results"] == []
    assert [one["role"] for one in tell_own(w.mei, later(330))["posts"]] == ["prevention_specialist"]


def test_without_a_round_the_slot_of_the_own_enterprise_is_told(w: Any) -> None:
    told = tell_own(w.lotus_workers[0], EVENING)
    assert (told["place"]["name"], told["place"]["from"], told["place"]["to"]) == ("莲花路口", 1020, 1080)
    assert told["round"] is None
    assert tell_own(w.office, EVENING)["place"] is None


def test_nobody_ever_sees_anybody_else_s_data(w: Any, client: Client) -> None:
    full_evening(w)
    people = [*w.workers, *w.lotus_workers, w.mei]
    for own in people:
        text = data(Client(), token_for(Client(), w, own), at=later(330)).content.decode()
        others = {p.name for p in people} | {p.staff_number for p in people}
        seen = {word for word in others if f'"{json.dumps(word)[1:-1]}"' in text}
        assert seen == {own.name, own.staff_number}
        for other in people:
            assert other.phone not in text and str(other.uuid) not in text


def test_a_token_counts_before_a_session_and_a_wrong_one_is_nobody(w: Any, client: Client) -> None:
    token = token_for(Client(), w, w.workers[0])
    w.login(client, w.mei)
    assert data(client).json()["name"] == w.mei.name
    assert data(client, token).json()["name"] == w.workers[0].name
    assert data(client, "0" * 64).status_code == 401
    assert data(Client()).status_code == 401
    with clock.at(EVENING):
        assert client.get("/me/v1/self", headers={"Authorization": "Basic x"}).status_code == 401


def test_a_first_password_that_was_not_changed_opens_nothing(w: Any, client: Client) -> None:
    w.login(client, w.mei)
    w.mei.account.must_change_password = True
    w.mei.account.save()
    assert data(client).status_code == 401


@pytest.mark.parametrize("page", ["me", "me_worker", "me_manifest", "me_words"])
def test_what_a_phone_keeps_is_the_same_for_everybody(w: Any, client: Client, page: str) -> None:
    w.login(client, w.mei)
    with clock.at(EVENING):
        here, there = client.get(reverse(page)), Client().get(reverse(page))
    assert here.status_code == 200 and here.content == there.content
    assert "Vary" not in here and "Set-Cookie" not in here and here["Cache-Control"] == "no-cache"
    assert w.mei.name not in here.content.decode()
    assert reverse(page).startswith("/me/"), "under the worker's scope"


def test_the_page_has_words_for_all_that_it_may_be_told_in_every_language() -> None:
    wanted = {f"open.{kind}" for kind in REASONS} | {f"value.{v}" for v in Result.Value.values}
    wanted |= {f"standing.{v}" for v in Due.Standing.values}
    for language, texts in words().items():
        assert wanted <= set(texts) and all(texts.values()), language
    assert set(words()) == {"zh-hans", "zh-hant", "en"}
    assert words()["en"]["title"] != words()["zh-hans"]["title"]


def test_links_are_forgotten_by_what_is_stored(w: Any, client: Client) -> None:
    code = link_of(w, w.workers[0])
    token = opened(client, code).json()["token"]
    link = OwnLink.objects.get()
    stored = repr([bytes(link.code_hash), bytes(link.token_hash or b"")])
    assert code not in stored and token not in stored
