"""Inspectors' phones at the door: a visit goes in as one batch, comes twice, is kept when it cannot be placed."""

import hashlib
from datetime import date, datetime
from typing import Any

import pytest

from parkkeeper.inspection.actions.setup import put_checklist_in_force
from parkkeeper.inspection.checklistfiles import read_checklist
from parkkeeper.inspection.models import Finding, Photo, Step, Visit
from parkkeeper.park.models import StoredFile
from parkkeeper.sync.models import PoisonOperation
from tests.inspection.kit import again, inspected_world, later
from tests.sync.handset import REHEARSAL, Handset, enrolled, json_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _rehearsal(settings: Any) -> None:
    settings.REHEARSAL_TOKEN = REHEARSAL


@pytest.fixture
def w() -> Any:
    return inspected_world()


def of(w: Any, person: Any, role: str = "team_leader") -> Handset:
    return enrolled(person, w.point, by=w.office, role=role)


def words(w: Any, phone: Handset, **more: Any) -> list[dict[str, Any]]:
    """A visit with a finding that is photographed, put right, photographed again; signed."""
    place = {"longitude": 121.605, "latitude": 31.205, "accuracy": 6}
    visit = phone.op("begin_visit", at=later(0), **{
        "enterprise": w.rainbow.credit_code, "checklist": w.checklist.pk, "visit_kind": "short", "basis": "emergency",
        "second": w.ben.uuid, "place": place, **more})  # fmt: skip
    note = phone.op("note_finding", at=later(2), visit=visit["id"], item="B3", area="一号楼")
    shown = phone.op("photo", at=later(4), finding=note["id"], of="on_the_spot", sha256="a" * 64, place=place)
    fixed = phone.op("fix_on_spot", at=later(5), finding=note["id"])
    other = phone.op("note_finding", at=later(6), visit=visit["id"], item="F2")
    shot = {**shown, "at": later(3).isoformat(), "sha256": "c" * 64}
    end = phone.op("end_visit", at=later(20), visit=visit["id"], how="finished", signed_by="梅联络",
                   signature="b" * 64, answers={"B3": {"ok": False}, "H2": {"ok": True, "value": "15"},
                            "A4": {"ok": True, "photos": [shot]}})  # fmt: skip
    return [end, fixed, shown, note, other, visit]


def told(answer: Any) -> list[tuple[str, list[str]]]:
    return [(one["verdict"], one.get("doubts", [])) for one in json_of(answer)["verdicts"]]


def test_a_visit_goes_in_whatever_the_order_of_its_words_and_once(w: Any) -> None:
    phone = of(w, w.ann)
    sent = words(w, phone)
    first = phone.send(sent, at=later(30))
    assert first.status_code == 200, first.content
    assert {verdict for verdict, _d in told(first)} == {"stored"}
    assert {verdict for verdict, _d in told(phone.send(sent, at=later(40)))} == {"known"}
    visit = Visit.objects.get()
    assert (visit.ended_how, visit.signed_by, visit.answers["H2"]["value"]) == ("finished", "梅联络", "15")
    [shot] = visit.answers["A4"]["photos"]
    assert (shot["sha256"], shot["accuracy"], shot["missing"]) == ("c" * 64, 6, "")
    assert (Finding.objects.count(), Finding.objects.open().count(), Photo.objects.count()) == (2, 1, 1)


def test_a_picture_that_an_answer_names_is_set_right_by_the_phones_clock_as_its_visit_is(w: Any) -> None:
    phone = of(w, w.ann)
    assert phone.send(words(w, phone), at=later(30), clock=later(90)).status_code == 200
    visit = Visit.objects.get()
    [shot] = visit.answers["A4"]["photos"]
    assert (visit.ended_at, datetime.fromisoformat(shot["at"])) == (later(20 - 60), later(3 - 60))


def test_a_look_back_comes_from_another_phone(w: Any) -> None:
    mine = of(w, w.ann)
    mine.send(words(w, mine), at=later(30))
    one = Finding.objects.open().get()
    verdicts = []
    for phone in (mine, of(w, w.cai, "team_member")):
        answer = phone.send([phone.op("look_back", at=later(90), finding=one.pk, outcome="fixed")], at=later(91))
        verdicts += told(answer)
    assert verdicts == [("stored", ["look_back_of_own_work"]), ("stored", [])]
    assert not Finding.objects.open().exists() and Step.objects.filter(kind="fixed", counts=False).count() == 1


def test_the_picture_may_come_before_or_after_its_word(w: Any) -> None:
    phone, picture = of(w, w.ann), b"\x89PNG picture"
    sha256 = hashlib.sha256(picture).hexdigest()
    phone.send(words(w, phone), at=later(30))
    answer = phone.ask("PUT", f"files/{sha256}", at=later(31), data=picture, Content_Type="image/png")
    assert answer.status_code == 200 and StoredFile.objects.get().sha256 == sha256
    one = Finding.objects.open().get()
    photo = phone.op("photo", at=later(32), finding=one.pk, of="found", sha256=sha256, place=None, placeless="室内")
    assert told(phone.send([photo], at=later(33))) == [("stored", [])]


def test_a_visit_at_an_unknown_enterprise_is_kept_whole_and_the_rest_goes_in(w: Any) -> None:
    phone = of(w, w.ann)
    sent = [*words(w, phone), *words(w, phone, enterprise="91310000NOBODY0000")]
    kept = [verdict for verdict, _d in told(phone.send(sent, at=later(30)))]
    assert kept == ["stored"] * 6 + ["kept"] * 6
    assert PoisonOperation.objects.count() == 6 and Visit.objects.count() == 1


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("begin_visit", {"basis": "because"}), ("begin_visit", {"place": {"longitude": 999, "latitude": 1}}),
        ("begin_visit", {"place": 7}), ("begin_visit", {"checklist": "1"}), ("photo", {"sha256": ""}),
        ("photo", {"of": "me"}), ("end_visit", {"answers": [1]}), ("end_visit", {"answers": {"A1": {"ok": "yes"}}}),
        ("end_visit", {"answers": {"A1": {"ok": True, "photos": [{"sha256": "a" * 64}]}}}),
        ("end_visit", {"answers": {"A1": {"ok": True, "photos": [{"at": "2022-05-10T14:03:00+08:00"}]}}}),
        ("end_visit", {"answers": {"A1": {"ok": True, "photos": "a"}}}),
        ("end_visit", {"answers": {"A1": {"ok": None, "refused": 7}}}),
        ("note_finding", {"item": ""}), ("fix_on_spot", {"finding": "x"}),
    ],
)  # fmt: skip
def test_words_that_cannot_be_read_are_kept_for_a_person(w: Any, kind: str, wrong: dict[str, Any]) -> None:
    phone = of(w, w.ann)
    [one] = [word for word in words(w, phone) if word["kind"] == kind][:1]
    assert [verdict for verdict, _d in told(phone.send([{**one, **wrong}], at=later(30)))] == ["kept"]


def test_a_template_changed_in_mid_visit_leaves_the_visit_its_own(w: Any) -> None:
    phone = of(w, w.ann)
    end, *middle, visit = words(w, phone)
    phone.send([visit], at=later(1))
    put_checklist_in_force("nine-grids", "新表", read_checklist()[:3], start=date(2022, 5, 10), source="第二版",
                           by=w.office, at=later(2))  # fmt: skip
    assert {verdict for verdict, _d in told(phone.send([*middle, end], at=later(30)))} == {"stored"}
    assert {finding.item.checklist_id for finding in Finding.objects.select_related("item")} == {w.checklist.pk}
    assert again(w.checklist).version == 1
