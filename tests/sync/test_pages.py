"""The office enrols phones on a page, sees them, revokes them, and reads what was kept aside."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_pgschemas.schema import Schema, activate

from parkkeeper.kernel import clock
from parkkeeper.kernel.tubes import tube_code
from parkkeeper.park.errors import Refused
from parkkeeper.park.models import JournalEntry
from parkkeeper.sampling.models import Scan
from parkkeeper.sync import inbox
from parkkeeper.sync.actions import retake_kept
from parkkeeper.sync.models import Enrolment, PoisonOperation
from tests.sync.handset import Handset, enrolled, verdicts
from tests.world import EVENING, later, world

pytestmark = pytest.mark.django_db


class Office:
    """A browser of the office; after each request the test goes on in its own park."""

    def __init__(self, w: Any) -> None:
        self.client = w.login(Client(), w.office)

    def get(self, page: str, *args: Any) -> Any:
        return self._home(self.client.get(reverse(page, args=args)))

    def post(self, page: str, *args: Any, **data: Any) -> Any:
        return self._home(self.client.post(reverse(page, args=args), data))

    def _home(self, response: Any) -> Any:
        activate(Schema.create("world"))
        return response


@pytest.fixture(autouse=True)
def _in_the_rehearsals_time() -> Any:
    with clock.at(EVENING):
        yield


def test_the_office_gets_a_code_once_as_text_and_as_a_picture() -> None:
    w: Any = world()
    office = Office(w)
    assert office.get("phone_new").status_code == 200
    answer = office.post("phone_new", point=w.point.pk, holder=w.scanner.staff_number, role="scanning_specialist")
    page = answer.content.decode()
    code = re.search(r'id="secret">([0-9A-Z-]+)<', page)
    assert answer.status_code == 200 and code
    assert "<svg" in page and "style=" not in page
    assert answer["Cache-Control"] == "no-store"
    assert Handset().ask("POST", "enrol", data=b'{"code": "%s", "name": "x"}' % code[1].encode()).status_code == 201
    assert Enrolment.objects.count() == 1


def test_a_refusal_is_shown_where_the_office_typed() -> None:
    w: Any = world()
    answer = Office(w).post("phone_new", point=w.nearby.pk, holder=w.scanner.staff_number, role="scanning_specialist")
    assert answer.status_code == 422
    assert "先在“设置 · 岗位”中任命" in answer.content.decode()


def test_a_phone_of_a_team_is_enrolled_for_a_grid_and_never_for_both_or_neither() -> None:
    w: Any = world()
    office, ann = Office(w), w.post(w.person("安组长", w.body), "team_leader", grid=w.grids[0])
    typed = {"holder": ann.staff_number, "role": "team_leader"}
    for places in ({}, {"point": w.point.pk, "grid": w.grids[0].pk}):
        answer = office.post("phone_new", **places, **typed)
        assert answer.status_code == 422 and "只选一个" in answer.content.decode()
    page = office.post("phone_new", grid=w.grids[0].pk, **typed).content.decode()
    assert "第1网格" in page and Enrolment.objects.get().grid == w.grids[0]
    phone = enrolled(ann, w.grids[0], by=w.office, role="team_leader")
    assert "第1网格" in office.get("phones").content.decode()
    assert "第1网格" in office.get("phone", phone.row.pk).content.decode()
    assert office.post("phone", phone.row.pk, do="revoke").status_code == 302


def test_a_phone_is_listed_shown_and_revoked() -> None:
    w: Any = world()
    office, phone = Office(w), enrolled(w.scanner, w.point, by=w.office)
    phone.send([phone.op("open_session"), 5])
    assert "测试机" in office.get("phones").content.decode()
    assert "操作应为一个对象" in office.get("phone", phone.row.pk).content.decode()
    assert office.post("phone", phone.row.pk, do="revoke").status_code == 302
    assert phone.row.revoked_by == w.office
    assert "已撤销" in office.get("phone", phone.row.pk).content.decode()


def test_reading_what_was_kept_aside_is_written_to_the_journal() -> None:
    w: Any = world()
    office, phone = Office(w), enrolled(w.scanner, w.point, by=w.office)
    phone.send([{"kind": "scan", "claimed": "<b>某人"}])
    page = office.get("phone_kept", PoisonOperation.objects.get().pk).content.decode()
    assert "&lt;b&gt;某人" in page
    assert JournalEntry.objects.filter(verb="operation.read", by_id=w.office.pk).count() == 1


def test_an_operation_that_failed_for_a_fault_of_ours_is_taken_after_all(monkeypatch: pytest.MonkeyPatch) -> None:
    w: Any = world()
    office, phone = Office(w), enrolled(w.scanner, w.point, by=w.office)
    scan = phone.op("scan", tube=tube_code("YQ", 7), person=w.workers[0].uuid, how="code", at=later(-170))
    with monkeypatch.context() as broken:
        broken.setitem(inbox.VERBS, "scan", lambda *_all, **_named: 1 / 0)
        assert verdicts(phone.send([scan], clock=later(-180))) == ["kept"]
    kept = PoisonOperation.objects.get()
    assert office.post("phone_kept", kept.pk, do="retake").status_code == 302
    stored = Scan.objects.get()
    assert (str(stored.id), stored.person, stored.by) == (scan["id"], w.workers[0], w.scanner)
    assert stored.received_at == EVENING
    kept.refresh_from_db()
    assert kept.taken_by == w.office
    with pytest.raises(Refused, match="办公室甲"):
        retake_kept(kept, by=w.office, at=EVENING)


def test_what_still_makes_no_sense_is_not_taken_and_says_so() -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    phone.send([{"kind": "dance"}])
    with pytest.raises(Refused, match="手工补录"):
        retake_kept(PoisonOperation.objects.get(), by=w.office, at=EVENING)
