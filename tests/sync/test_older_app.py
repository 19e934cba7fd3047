"""What an app of an earlier release sends, byte for byte as it lay frozen on a phone, today's door takes.

tests/sync/older/ holds bodies of POST batches as a browser sent them (.gz: compressed by it, here in base64), named
after the app's version. A release that changes what the app sends adds its own; none is ever changed.
"""

import base64
import gzip
from pathlib import Path
from typing import Any

import orjson
import pytest
from django.db import connection

from parkkeeper.demo.bench.faults_ledger import held_against
from parkkeeper.demo.bench.faults_phones import FieldPhone
from parkkeeper.sampling.models import Box, Duty, HandOver, Scan, Session, Tube
from tests.sync.handset import enrolled, json_of
from tests.world import EVENING, world

pytestmark = pytest.mark.django_db
OLDER = Path(__file__).parent / "older"
PEOPLE = {"sampler": "01a20b33-8a17-77af-88eb-564e9ca73b47", "scanner": "01a20b33-8a1a-7776-a3db-e2ec63e7b3dd"}
WORKERS = ("01a20b33-8a00-7430-83b4-7f528960520d", "01a20b33-8a01-7455-9cb5-e0e224b209f8")
FROZEN = sorted(OLDER.iterdir())


def park() -> Any:
    """The park whose people the frozen batches speak of."""
    w: Any = world()
    named = [(getattr(w, name), number) for name, number in PEOPLE.items()]
    for person, number in [*named, *zip(w.workers[2:4], WORKERS, strict=True)]:
        type(person).objects.filter(pk=person.pk).update(uuid=number)
    return w


@pytest.mark.parametrize("backwards", [False, True])
def test_a_batch_that_an_older_app_froze_is_taken_as_it_is(backwards: bool) -> None:
    w = park()
    phone = enrolled(w.scanner, w.point, by=w.office)
    book = FieldPhone(None, ("", 0), "")  # type: ignore[arg-type]
    for file in sorted(FROZEN, reverse=backwards):
        zipped = file.name.endswith(".gz.base64")
        body = base64.b64decode(file.read_bytes()) if zipped else file.read_bytes()
        headers = {"Content_Encoding": "gzip"} if zipped else {}
        answer = phone.ask("POST", "batches", at=EVENING, data=body, **headers)
        assert answer.status_code == 200, (file.name, answer.content)
        book.told += orjson.loads(gzip.decompress(body) if zipped else body)["operations"]
        book.verdicts |= {one["id"]: one["verdict"] for one in json_of(answer)["verdicts"]}
    assert set(book.verdicts.values()) == {"stored"}
    assert (Session.objects.count(), Duty.objects.count(), Scan.objects.live().count()) == (1, 2, 1)
    assert (Tube.objects.get().swabs, Box.objects.count(), HandOver.objects.count()) == (1, 1, 1)
    found = held_against([book], connection.connection)
    assert (found["acknowledged_and_lost"], found["stored_twice"], found["shown_wrongly"]) == (0, 0, 0)
