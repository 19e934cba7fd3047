"""The harness itself is strict: what would pass unseen elsewhere fails here."""

import re
import socket
import warnings
from datetime import datetime
from pathlib import Path

import pytest
from django.core.paginator import Paginator, UnorderedObjectListWarning
from django.db import transaction
from django.template import engines

from parkkeeper.park.models import Grid, LogInAttempt
from tests.world import EVENING


def test_no_test_talks_beyond_loopback() -> None:
    with socket.socket() as far, pytest.raises(OSError, match="beyond loopback"):
        far.connect(("192.0.2.1", 80))
    with socket.socket() as far, pytest.raises(OSError, match="beyond loopback"):
        far.connect_ex(("192.0.2.1", 80))


def test_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as near:
        near.connect(server.getsockname())


@pytest.mark.django_db
def test_a_time_without_its_zone_is_refused() -> None:
    with pytest.raises(RuntimeWarning, match="naive"), transaction.atomic():
        LogInAttempt.objects.create(username="a", address="b", succeeded=False, at=datetime(2022, 5, 10))  # noqa: DTZ001
    LogInAttempt.objects.create(username="a", address="b", succeeded=False, at=EVENING)


@pytest.mark.django_db
def test_pages_of_rows_in_no_order_are_refused() -> None:
    with pytest.raises(UnorderedObjectListWarning):
        Paginator(Grid.objects.all(), 10).page(1)
    assert list(Paginator(Grid.objects.order_by("pk"), 10).page(1)) == []


def test_a_variable_that_nobody_gave_fails_the_page(request: pytest.FixtureRequest) -> None:
    assert request.config.getini("FAIL_INVALID_TEMPLATE_VARS") is True
    template = engines["django"].from_string("{{ nobody_gave_this }}")
    with pytest.raises(pytest.fail.Exception, match="nobody_gave_this"):
        template.render({})


def test_a_fake_of_ours_that_is_asked_in_other_ways_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, fake in (
        ("parkkeeper.kernel.clock.now", lambda moment: moment),
        ("parkkeeper.park.rulebook.rule", lambda *anything, **more: 1),
        ("parkkeeper.park.access.may", True),
        ("parkkeeper.park.errors.Refused", lambda text: text),
    ):
        with pytest.raises(pytest.fail.Exception, match="unverified fake"):
            monkeypatch.setattr(name, fake)
    monkeypatch.setattr("parkkeeper.kernel.clock.now", lambda: EVENING)
    with pytest.raises(AttributeError):
        monkeypatch.setattr("parkkeeper.kernel.clock.no_such_function", lambda: EVENING)


def test_no_test_uses_fakes_that_answer_to_anything() -> None:
    answer_to_anything = re.compile(r"unittest.mock|\bMagicMock\b|\bmocker\b")
    here = Path(__file__)
    tests = [path for path in here.parents[1].rglob("*.py") if path != here]
    assert [str(path) for path in tests if answer_to_anything.search(path.read_text("utf-8"))] == []


def test_any_warning_is_an_error() -> None:
    with pytest.raises(DeprecationWarning):
        warnings.warn("old", DeprecationWarning, stacklevel=1)
