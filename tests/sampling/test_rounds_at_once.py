"""Two people at one thing in the same moment: one does it, the other is told who did."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone, translation
from django_pgschemas.schema import Schema, activate

from parkkeeper.park.errors import Refused
from parkkeeper.sampling.actions.gaps import excuse, withdraw
from parkkeeper.sampling.actions.points import issue_roll
from parkkeeper.sampling.actions.rounds import open_round
from parkkeeper.sampling.models import Disposition, Due, Round, TubeRoll
from tests.world import DAY, MORNING, later, world

pytestmark = pytest.mark.django_db(transaction=True)


def together(ask: Callable[[int], Any], times: int = 4) -> list[str]:
    """Run it in threads with connections of their own; "" for each that did it, the refusal's text for the others."""
    ready = threading.Barrier(times)

    def one(number: int) -> str:
        activate(Schema.create("world"))
        try:
            with timezone.override("Asia/Shanghai"), translation.override("zh-hans"):
                ready.wait(10)
                ask(number)
                return ""
        except Refused as refusal:
            return str(refusal)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(times) as pool:
        return sorted(pool.map(one, range(times)))


def test_of_several_who_open_a_round_at_once_one_does_and_the_others_are_told_which() -> None:
    w: Any = world()
    told = together(lambda _: open_round(w.programme, DAY, by=w.office, at=MORNING))
    assert told[0] == ""
    assert all("晚间核酸" in text and "13 人" in text for text in told[1:])
    assert (Round.objects.count(), Due.objects.count()) == (1, 13)


def test_of_several_who_excuse_a_line_at_once_one_does_and_the_others_are_told_who() -> None:
    w: Any = world()
    round = open_round(w.programme, DAY, by=w.office, at=MORNING)
    people = [w.mei, w.office, w.mei, w.office]
    told = together(lambda n: excuse(round, w.workers[0], reason=f"理由{n}", by=people[n], at=later(n)))
    said = Disposition.objects.get()
    assert told[0] == ""
    assert all(said.by.name in text and "撤回" in text for text in told[1:])
    again = together(lambda n: withdraw(said, by=people[n], at=later(10 + n)))
    said.refresh_from_db()
    assert again[0] == ""
    assert said.withdrawn_by is not None
    assert all(said.withdrawn_by.name in text for text in again[1:])


def test_of_several_who_issue_the_same_tubes_at_once_one_does() -> None:
    w: Any = world()
    told = together(lambda _: issue_roll(w.point, prefix="YQ", first=5000, count=100, by=w.office, at=MORNING))
    assert told[0] == ""
    assert all("P01" in text for text in told[1:])
    assert TubeRoll.objects.filter(serials__contains=5000).count() == 1
