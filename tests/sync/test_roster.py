"""The roster: the people due at the phone's point in the current round, hashed, and no more."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from parkkeeper.kernel.crypto import device_hash
from parkkeeper.kernel.tubes import box_code
from parkkeeper.park.models import JournalEntry, Person, Post, Site
from parkkeeper.park.vault import document_of
from parkkeeper.sampling.models import (
    AntigenTest,
    Box,
    BoxTube,
    Due,
    HandOver,
    Laboratory,
    Obligation,
    Point,
    Reception,
    Round,
    Scan,
    Tube,
)
from parkkeeper.sync.lists import laboratories_of
from tests.sync.handset import enrolled, json_of
from tests.world import EVENING, MORNING, World, world

pytestmark = pytest.mark.django_db


def a_round(w: Any, *, day: date = date(2022, 5, 10), **more: Any) -> Round:
    begin = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    facts = {"opens_at": begin, "closes_at": begin + timedelta(hours=5), "frozen_at": begin} | more
    return Round.objects.create(programme=w.programme, test="pcr", day=day, **facts)


def due(w: World, run: Round, person: Person, point: Point | None, standing: str = "due") -> None:
    Due.objects.create(
        round=run, person=person, standing=standing, on_post=True, enterprise=person.employer, point=point,
        slot_from=1020,
    )  # fmt: skip


def filled(w: Any) -> Round:
    run = a_round(w)
    for person in w.workers:
        due(w, run, person, w.point)
    for person in w.lotus_workers:
        due(w, run, person, w.nearby)
    return run


def test_the_roster_holds_the_points_people_and_nobody_elses() -> None:
    w: Any = world()
    filled(w)
    told = json_of(enrolled(w.scanner, w.point, by=w.office).ask("GET", "roster"))
    assert sorted(p["person"] for p in told["people"]) == sorted(str(p.uuid) for p in w.workers)
    assert told["round"]["pool_size"] == 10
    assert told["rolls"] == [{"prefix": "YQ", "from": 1, "to": 999}]
    assert {s["name"] for s in told["specialists"]} == {"采样戊", "扫码己"}


def test_documents_are_hashed_with_the_phones_own_salt() -> None:
    w: Any = world()
    filled(w)
    first, second = enrolled(w.scanner, w.point, by=w.office), enrolled(w.scanner, w.point, by=w.office)
    answers = [phone.ask("GET", "roster") for phone in (first, second)]
    document = document_of(w.workers[0])
    hashes = [
        next(p["document_hash"] for p in json_of(a)["people"] if p["person"] == str(w.workers[0].uuid)) for a in answers
    ]
    assert hashes[0] == device_hash(document, bytes(first.row.salt))
    assert hashes[0] != hashes[1]
    assert document.encode() not in answers[0].content
    assert set(json_of(answers[0])["people"][0]) == {
        "person", "name", "initials", "staff_number", "enterprise", "document_hash", "tail", "slot", "due", "single",
        "done",
    }  # fmt: skip


def test_done_and_not_to_be_pooled_are_marked() -> None:
    w: Any = world()
    run = filled(w)
    swabbed, owing, isolated = w.workers[0], w.workers[1], w.mei
    tube = Tube.objects.create(code="T1", first_heard_at=EVENING)
    Scan.objects.create(
        id=uuid4(), tube=tube, person=swabbed, round=run, how="code", scanned_at=EVENING, device_at=EVENING,
        received_at=EVENING,
    )  # fmt: skip
    due(w, run, isolated, w.point, "isolated")
    for person in (owing, isolated):
        Obligation.objects.create(
            person=person, kind="single_retest", cause="tube:T0", opened_at=MORNING, due_at=EVENING
        )
    people = {p["person"]: p for p in json_of(enrolled(w.scanner, w.point, by=w.office).ask("GET", "roster"))["people"]}
    assert [people[str(p.uuid)]["done"] for p in (swabbed, owing)] == [True, False]
    assert [people[str(p.uuid)]["single"] for p in (swabbed, owing, isolated)] == [False, True, True]
    assert people[str(isolated.uuid)]["due"] is False


def test_an_unchanged_roster_is_not_sent_again() -> None:
    w: Any = world()
    run = filled(w)
    phone = enrolled(w.scanner, w.point, by=w.office)
    first = phone.ask("GET", "roster", Accept_Encoding="gzip")
    assert first["Content-Encoding"] == "gzip"
    assert "Vary" not in first.headers
    again = phone.ask("GET", "roster", If_None_Match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    due(w, run, w.mei, w.point)
    assert phone.ask("GET", "roster", If_None_Match=first["ETag"]).status_code == 200


def a_box(w: Any, number: int, point: Point | None, *, sealed: datetime = EVENING, **more: Any) -> Box:
    return Box.objects.create(code=box_code("YQ", number), point=point, sealed_at=sealed, received_at=sealed, **more)


def boxes_of(told: dict[str, Any]) -> list[str]:
    return sorted(box["code"] for box in told["boxes"])


def test_a_phone_at_a_point_knows_the_points_boxes_and_a_couriers_those_of_all_points() -> None:
    w: Any = world()
    filled(w)
    own, other = a_box(w, 1, w.point), a_box(w, 2, w.nearby)
    a_box(w, 3, w.point, sealed=EVENING - timedelta(hours=37))
    a_box(w, 4, w.point, lost_at=EVENING, lost_by=w.office)
    HandOver.objects.create(box=own, leg="to_courier", at=EVENING, received_at=EVENING)
    told = json_of(enrolled(w.scanner, w.point, by=w.office).ask("GET", "roster"))
    assert boxes_of(told) == [own.code]
    carried = json_of(enrolled(w.courier, w.point, by=w.office, role="courier").ask("GET", "roster"))
    assert boxes_of(carried) == [own.code, other.code]
    assert (carried["people"], carried["antigen"]) == ([], None)
    first = next(box for box in carried["boxes"] if box["code"] == own.code)
    assert first == {
        "box": str(own.pk), "code": own.code, "point": "P01", "place": w.point.site.name, "tubes": 0,
        "sealed_at": first["sealed_at"], "left_at": first["left_at"], "arrived_at": None,
    }  # fmt: skip
    assert datetime.fromisoformat(first["left_at"]) == EVENING


def test_a_laboratorys_phone_knows_what_is_in_the_boxes_and_whose_word_it_may_send() -> None:
    w: Any = world()
    filled(w)
    box = a_box(w, 1, w.nearby)
    for code, said in {"T1": ["good", "damaged"], "T2": []}.items():
        tube = Tube.objects.create(code=code, first_heard_at=EVENING)
        BoxTube.objects.create(box=box, tube=tube, heard_at=EVENING)
        for minute, condition in enumerate(said):
            moment = EVENING + timedelta(minutes=minute)
            Reception.objects.create(tube=tube, condition=condition, at=moment, received_at=EVENING)
    told = json_of(enrolled(w.lab, w.point, by=w.office, role="lab_member").ask("GET", "roster"))
    [one] = told["boxes"]
    assert one["contents"] == [{"tube": "T1", "condition": "damaged"}, {"tube": "T2", "condition": None}]
    assert (told["people"], told["laboratories"]) == ([], [{"code": "LAB1", "name": "东方检测"}])
    for person, role in ((w.courier, "courier"), (w.scanner, "scanning_specialist")):
        other = json_of(enrolled(person, w.point, by=w.office, role=role).ask("GET", "roster"))
        assert "laboratories" not in other and not any("contents" in box for box in other["boxes"])


def test_a_post_at_a_laboratory_speaks_for_that_one_alone() -> None:
    w: Any = world()
    second = Site.objects.create(code="L2", name="西方检测", kind="laboratory", longitude=121.6, latitude=31.2)
    Laboratory.objects.create(code="LAB2", name="西方检测", site=second)
    codes = [one["code"] for one in laboratories_of(w.lab, EVENING)]
    Post.objects.filter(person=w.lab).update(site=second)
    assert codes == ["LAB1", "LAB2"]
    assert [one["code"] for one in laboratories_of(Person.objects.get(pk=w.lab.pk), EVENING)] == ["LAB2"]


def test_the_mornings_list_is_of_the_enterprises_that_come_to_the_point() -> None:
    w: Any = world()
    morning = a_round(w, frozen_at=MORNING)
    Round.objects.filter(pk=morning.pk).update(test="antigen", programme=w.antigen)
    for person in (*w.workers, *w.lotus_workers):
        due(w, morning, person, None)
    due(w, morning, w.mei, None, "isolated")
    for value in ("negative", "positive", "invalid"):
        AntigenTest.objects.create(
            id=uuid4(), person=w.workers[0], day=date(2022, 5, 10), value=value, taken_at=MORNING, received_at=MORNING,
            source="phone",
        )  # fmt: skip
    told = json_of(enrolled(w.scanner, w.point, by=w.office).ask("GET", "roster"))
    assert (told["round"], told["people"], told["antigen"]["day"]) == (None, [], "2022-05-10")
    listed = {one["person"]: one["value"] for one in told["antigen"]["people"]}
    assert listed == {str(p.uuid): "positive" if p == w.workers[0] else None for p in w.workers}
    assert JournalEntry.objects.get(verb="people.listed").facts["count"] == len(w.workers)


def test_reading_a_roster_is_written_to_the_journal() -> None:
    w: Any = world()
    filled(w)
    enrolled(w.scanner, w.point, by=w.office).ask("GET", "roster")
    line = JournalEntry.objects.get(verb="people.listed")
    assert (line.by_id, line.facts["count"], line.facts["where"]) == (w.scanner.pk, 6, "phone.roster")


def test_without_a_round_the_roster_is_empty_and_says_so() -> None:
    w: Any = world()
    a_round(w, day=date(2022, 5, 9))
    told = json_of(enrolled(w.scanner, w.point, by=w.office).ask("GET", "roster"))
    assert (told["round"], told["people"]) == (None, [])


def test_a_round_that_works_past_midnight_is_still_the_current_one() -> None:
    w: Any = world()
    run = a_round(w, closes_at=datetime(2022, 5, 10, 17, tzinfo=UTC))
    due(w, run, w.workers[0], w.point)
    after_midnight = datetime(2022, 5, 10, 16, 30, tzinfo=UTC)
    told = json_of(enrolled(w.scanner, w.point, by=w.office).ask("GET", "roster", at=after_midnight))
    assert told["round"]["day"] == "2022-05-10"


def test_a_holder_without_a_post_gets_no_roster() -> None:
    w: Any = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    Post.objects.filter(person=w.scanner).update(during=(date(2022, 4, 1), date(2022, 5, 10)))
    answer = phone.ask("GET", "roster")
    assert (answer.status_code, json_of(answer)["error"]["code"]) == (403, "no_post")
