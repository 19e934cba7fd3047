"""What ./run demo prints besides its log-ins: links that work, and papers that are there."""

from pathlib import Path
from typing import Any

import pytest

from parkkeeper.codes.actions import open_own_link
from parkkeeper.demo.examples import examples
from parkkeeper.park.models import Account
from parkkeeper.park.tenancy.models import Park
from parkkeeper.sync.actions import code_index
from parkkeeper.sync.models import Enrolment
from tests.codes.test_keys_and_cards import texts_in
from tests.sync.test_roster import filled
from tests.world import EVENING, world

pytestmark = pytest.mark.django_db


def test_the_demo_shows_an_own_page_phones_cards_and_slips(tmp_path: Path) -> None:
    w: Any = world()
    Account.objects.create(person=w.office, username="office")
    filled(w)
    found = dict(examples(Park(name="测试园区"), "http://park.example", tmp_path, at=EVENING))
    own = next(where for what, where in found.items() if what.startswith("个人页"))
    opened = open_own_link(own.removeprefix("http://park.example/me/#link="), "n", at=EVENING)
    assert opened is not None and opened[0].person in w.workers
    enrolments = [where.partition("#enrol=")[2] for where in found.values() if "/field/#enrol=" in where]
    holders = [Enrolment.objects.get(code_hash=code_index(code)).holder for code in enrolments]
    assert holders == [w.scanner, w.courier]
    assert len(texts_in(Path(found["采样卡 P01"]).read_bytes())) == len(w.workers)
    slips = texts_in((tmp_path / "own-links.pdf").read_bytes())
    assert len(slips) == len(w.workers) - 1
    assert all(text.startswith("http://park.example/me/#link=") for text in slips)


def test_a_demo_without_a_round_shows_none(tmp_path: Path) -> None:
    world()
    assert examples(Park(name="测试园区"), "http://park.example", tmp_path, at=EVENING) == []
