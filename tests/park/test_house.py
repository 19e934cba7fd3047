"""The parts around the pages: errors, health, files, founding a park, the worker."""

import os
import re
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError
from django.test import Client, RequestFactory

import parkkeeper
from parkkeeper.kernel import clock
from parkkeeper.park import words
from parkkeeper.park.files import store_file
from parkkeeper.park.founding import found_office
from parkkeeper.park.management.commands import worker
from parkkeeper.park.models import JournalEntry, LogInAttempt
from parkkeeper.park.views import errors
from tests.world import EVENING, world


@pytest.mark.parametrize(("language", "told"), [("zh-hans", "没有找到"), ("en", ""), ("zh-hant", "")])
def test_error_pages_answer_without_the_database_in_the_readers_language(language: str, told: str) -> None:
    request = RequestFactory().get("/x", headers={"Cookie": f"django_language={language}"})
    for view, status in (
        (errors.bad_request, 400),
        (errors.forbidden, 403),
        (errors.not_found, 404),
        (errors.server_error, 500),
    ):
        response = view(request)
        assert response.status_code == status and response["Content-Language"] == language
    assert told in errors.not_found(request).content.decode()


def test_a_database_that_does_not_answer_is_a_503_that_says_nothing_is_lost() -> None:
    request = RequestFactory().get("/x")
    try:
        raise OperationalError("gone")
    except OperationalError:
        response = errors.server_error(request)
    assert (response.status_code, response["Retry-After"]) == (503, "10")
    assert "没有丢失" in response.content.decode()


def test_a_refresh_in_place_gets_the_words_of_an_error_only() -> None:
    response = errors.forbidden(RequestFactory().get("/x", headers={"HX-Request": "true"}))
    assert "没有权限" in response.content.decode() and "<html" not in response.content.decode()


@pytest.mark.django_db
def test_health_tells_database_and_migrations(client: Client) -> None:
    world()
    state = client.get("/health").json()
    assert (state["ok"], state["database"], state["migrations"]) == (True, True, "current")


@pytest.mark.django_db
def test_health_is_bad_when_a_migration_is_missing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("parkkeeper.park.health._known_migrations", lambda: frozenset({("park", "9999_later")}))
    response = client.get("/health")
    assert response.status_code == 503 and response.json()["migrations"] == "1 missing"


@pytest.mark.django_db
def test_a_file_is_given_to_its_sender_and_the_office_only_and_written_down(
    client: Client, settings: Any, tmp_path: Any
) -> None:
    settings.FILES_DIR = tmp_path
    w = world()
    stored = store_file("名单".encode(), name="名单 5月.csv", by=w.mei, at=EVENING)
    with clock.at(EVENING):
        for person, status in ((w.mei, 200), (w.office, 200), (w.bo, 403), (w.leader, 403)):
            w.login(client, person)
            assert client.get(f"/files/{stored.pk}").status_code == status, person
        w.login(client, w.mei)
        response = client.get(f"/files/{stored.pk}")
    assert response.content == "名单".encode()
    assert (
        response["Content-Disposition"].startswith("attachment")
        and response["Content-Type"] == "application/octet-stream"
    )
    assert JournalEntry.objects.filter(verb="file.opened").count() == 3


@pytest.mark.django_db
def test_a_new_park_has_one_office_account_that_must_change_its_password(client: Client) -> None:
    account, password = found_office(body="东方园区", credit_code="", person="陆主任", username="Office", at=EVENING)
    assert account.username == "office" and account.must_change_password and account.check_password(password)
    with clock.at(EVENING):
        client.post("/login", {"username": "office", "password": password})
        assert client.get("/settings")["Location"] == "/password"


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Park", "1park", "a-b", "public", "pg_x", "world"])
def test_a_park_needs_a_new_name_that_a_schema_may_have(name: str) -> None:
    with pytest.raises(CommandError):
        call_command("park", name, name="x")


@pytest.mark.django_db
def test_the_worker_forgets_old_attempts_and_keeps_new_ones() -> None:
    world()
    with clock.at(EVENING):
        for days in (31, 1):
            LogInAttempt.objects.create(username="x", address="", at=EVENING - timedelta(days=days), succeeded=False)
        assert worker.go_round(clean=True)
    assert LogInAttempt.objects.count() == 1


def test_the_worker_ends_cleanly_on_sigterm() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "django", "worker"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=os.environ.copy(),
    )
    assert process.stdout is not None and b"Working" in process.stdout.readline()
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    _out, told = process.communicate(timeout=20)
    assert (process.returncode, b"Traceback" in told) == (0, False)


def test_every_verb_that_the_code_journals_has_a_title() -> None:
    code = Path(parkkeeper.__file__).parent
    written = re.compile(r'(?:record\(\s*|\bverb=)"([a-z_]+\.[a-z_]+)"')
    used = {verb for path in code.rglob("*.py") for verb in written.findall(path.read_text(encoding="utf-8"))}
    assert len(used) > 30
    assert used - set(words.VERBS) == set()


def test_a_message_or_verb_without_a_text_still_says_what_there_is() -> None:
    assert words.say_message("never_heard_of", {"tube": "YQ1"}) == "never_heard_of：tube YQ1"
    assert words.say_verb("never.heard") == "never.heard"
    words.add_messages({"_t": "试管 %(tube)s"})
    assert words.say_message("_t", {"tube": "YQ1"}) == "试管 YQ1"
    assert "试管" in words.say_message("_t", {"other": 1})
