"""Logging in: passwords, growing waits, sessions that end, languages."""

import re
import time
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.sessions.models import Session
from django.test import Client, override_settings

from parkkeeper.config import settings as in_service
from parkkeeper.kernel import clock
from parkkeeper.park.actions import accounts
from parkkeeper.park.errors import Refused
from parkkeeper.park.models import Account, JournalEntry, LogInAttempt
from tests.world import EVENING, world

pytestmark = pytest.mark.django_db
GOOD = "湖边的老房子 1987"


@pytest.fixture
def w() -> Any:
    found = world()
    account, _password = accounts.make_account(found.office, "Office.One", by=found.office, at=EVENING)
    accounts.change_password(account, GOOD, by=found.office, at=EVENING)
    found.account = account
    return found


def sign_in(client: Client, password: str = GOOD, name: str = "office.one", **more: Any) -> Any:
    return client.post("/login", {"username": name, "password": password}, **more)


def test_the_right_password_opens_the_park_and_is_journalled(w: Any, client: Client) -> None:
    with clock.at(EVENING):
        response = sign_in(client)
        assert (response.status_code, response["Location"]) == (302, "/")
        assert client.get("/messages").status_code == 200
    assert JournalEntry.objects.filter(verb="account.logged_in", person_id=w.office.pk).count() == 1


def test_in_service_a_guess_at_a_password_costs_what_django_asks_of_argon2(w: Any) -> None:
    with override_settings(PASSWORD_HASHERS=in_service.PASSWORD_HASHERS):
        account, password = accounts.make_account(w.mei, "mei", by=w.office, at=EVENING)
        assert account.check_password(password)
    _none, kind, _version, cost, _rest = account.password.removeprefix("argon2").split("$", 4)
    plain = Argon2PasswordHasher
    assert (kind, cost) == ("argon2id", f"m={plain.memory_cost},t={plain.time_cost},p={plain.parallelism}")
    assert plain.memory_cost >= 100_000 and plain.time_cost >= 2


def test_wrong_password_and_unknown_name_are_answered_alike(w: Any, client: Client) -> None:
    with clock.at(EVENING):
        wrong, unknown = sign_in(client, "nope"), sign_in(client, "nope", name="nobody")
    assert wrong.status_code == unknown.status_code == 422
    told = [re.search(r"<li>(登录名或密码.*?)</li>", r.content.decode()) for r in (wrong, unknown)]
    assert told[0] and told[1] and told[0][1] == told[1][1]


def test_after_five_wrong_passwords_the_right_one_waits_and_is_told_until_when(w: Any, client: Client) -> None:
    for n in range(6):
        with clock.at(EVENING + timedelta(seconds=n)):
            response = sign_in(client, "wrong")
    with clock.at(EVENING + timedelta(seconds=7)):
        response = sign_in(client)
    assert response.status_code == 422
    assert "18:00:19" in response.content.decode()  # 18:00:04 and the first 15 seconds
    with clock.at(EVENING + timedelta(seconds=20)):
        assert sign_in(client).status_code == 302


def test_waits_grow_and_are_never_longer_than_a_quarter_of_an_hour(w: Any) -> None:
    def wait(failures: int) -> timedelta:
        LogInAttempt.objects.all().delete()
        for _n in range(failures):
            LogInAttempt.objects.create(username="x", address="1.2.3.4", at=EVENING, succeeded=False)
        return accounts._waiting_until("both", EVENING, username="x", address="1.2.3.4") - EVENING

    assert [wait(n).total_seconds() for n in (4, 5, 6, 7, 14)] == [0, 15, 30, 60, 900]


def test_a_wait_is_of_that_name_and_address_others_still_log_in(w: Any, client: Client) -> None:
    for _n in range(9):
        LogInAttempt.objects.create(username="office.one", address="10.0.0.9", at=EVENING, succeeded=False)
    with clock.at(EVENING), pytest.raises(Refused):
        accounts.log_in("office.one", GOOD, address="10.0.0.9", at=EVENING)
    assert accounts.log_in("office.one", GOOD, address="10.0.0.8", at=EVENING) == w.account


def test_log_in_gives_a_new_session_key(w: Any, client: Client) -> None:
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    with clock.at(EVENING):
        sign_in(client)
    assert client.session.session_key != planted
    assert not Session.objects.filter(session_key=planted).exists()


def test_a_new_password_ends_all_other_sessions(w: Any, client: Client) -> None:
    other = Client()
    with clock.at(EVENING):
        sign_in(client), sign_in(other)
        new = {"old": GOOD, "new": "山那边的海 2041", "again": "山那边的海 2041"}
        assert client.post("/password", new).status_code == 302
        assert client.get("/messages").status_code == 200
        assert other.get("/messages").status_code == 302


def test_the_old_password_is_asked_and_weak_new_ones_are_refused(w: Any, client: Client) -> None:
    with clock.at(EVENING):
        sign_in(client)
        for old, new in (("wrong", "山那边的海 2041"), (GOOD, "kurz"), (GOOD, "password123"), (GOOD, GOOD)):
            assert client.post("/password", {"old": old, "new": new, "again": new}).status_code == 422
    w.account.refresh_from_db()
    assert w.account.check_password(GOOD)


def test_a_given_password_must_be_changed_before_anything_else(w: Any, client: Client) -> None:
    _account, password = accounts.make_account(w.mei, "mei", by=w.office, at=EVENING)
    with clock.at(EVENING):
        sign_in(client, password, "mei")
        assert client.get("/messages")["Location"] == "/password"
        client.post("/password", {"old": password, "new": "山那边的海 2041", "again": "山那边的海 2041"})
        assert client.get("/messages").status_code == 200


def test_a_locked_account_is_out_at_once(w: Any, client: Client) -> None:
    account, _password = accounts.make_account(w.mei, "mei", by=w.office, at=EVENING)
    Account.objects.filter(pk=account.pk).update(must_change_password=False)
    account.refresh_from_db()
    client.force_login(account)
    with clock.at(EVENING):
        assert client.get("/messages").status_code == 200
        accounts.lock_account(account, by=w.office, at=EVENING)
        assert client.get("/messages").status_code == 302


def test_nobody_locks_the_own_account(w: Any) -> None:
    with pytest.raises(Refused, match="自己的账号"):
        accounts.lock_account(w.account, by=w.office, at=EVENING)


def test_a_session_left_alone_ends_and_says_so(w: Any, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    with clock.at(EVENING):
        sign_in(client)
        later = time.time() + settings.SESSION_IDLE_SECONDS + 60
        monkeypatch.setattr("parkkeeper.park.middleware.time.time", lambda: later)
        response = client.get("/messages")
    assert response.status_code == 302
    assert response["Location"].endswith("ended=1")


def test_a_session_in_use_still_ends_after_twelve_hours(
    w: Any, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = time.time()
    with clock.at(EVENING):
        sign_in(client)
        for hour in range(1, 14):
            monkeypatch.setattr("parkkeeper.park.middleware.time.time", lambda at=real + hour * 3600: at)
            response = client.get("/messages")
            if response.status_code == 302:
                break
    assert hour == 13


def test_logging_out_needs_a_post_and_ends_the_session(w: Any, client: Client) -> None:
    with clock.at(EVENING):
        sign_in(client)
        assert client.get("/logout").status_code == 405
        client.post("/logout")
        assert client.get("/messages").status_code == 302


def test_after_log_in_nobody_is_sent_to_a_foreign_site(w: Any, client: Client) -> None:
    with clock.at(EVENING):
        for evil in ("https://evil.example/", "//evil.example", "javascript:alert(1)"):
            response = client.post(f"/login?next={evil}", {"username": "office.one", "password": GOOD})
            assert response["Location"] == "/"


def test_a_form_from_a_foreign_page_is_refused_in_plain_words(w: Any) -> None:
    strict = Client(enforce_csrf_checks=True)
    response = strict.post("/login", {"username": "office.one", "password": GOOD})
    assert response.status_code == 403
    assert "页面已过期" in response.content.decode()


def test_the_language_is_remembered_by_browser_and_account(w: Any, client: Client) -> None:
    with clock.at(EVENING):
        sign_in(client)
        response = client.post("/language", {"language": "en", "next": "/messages"})
        assert (response["Location"], response.cookies["django_language"].value) == ("/messages", "en")
        assert 'lang="en"' in client.get("/messages").content.decode()
        elsewhere = Client()
        assert sign_in(elsewhere).cookies["django_language"].value == "en"
        assert client.post("/language", {"language": "tlh"}).status_code == 422


def test_a_refresh_in_place_without_a_session_moves_the_whole_page_to_the_log_in(w: Any, client: Client) -> None:
    response = client.get("/journal", headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/journal?q=a"})
    assert response.status_code == 401
    assert response["HX-Redirect"].startswith("/login?next=/journal")


def test_pages_with_personal_data_stay_in_no_cache_and_allow_no_inline_code(w: Any, client: Client) -> None:
    with clock.at(EVENING):
        response = w.login(client, w.office).get("/settings/accounts")
    policy = response["Content-Security-Policy"]
    assert response["Cache-Control"] == "no-store"
    assert "unsafe" not in policy and "default-src 'none'" in policy
    html = response.content.decode()
    assert not re.search(r'\sstyle="|\son[a-z]+="|<script(?![^>]*src=)|<style', html)
