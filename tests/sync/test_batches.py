"""A batch goes in once, each operation gets its own verdict, and nothing that a phone sent is lost."""

import hashlib
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson
import pytest
from django.conf import settings

from parkkeeper.kernel.crypto import unseal
from parkkeeper.kernel.tubes import box_code, tube_code
from parkkeeper.park.models import Anomaly
from parkkeeper.sampling.models import AntigenTest, HandOver, Reception, Scan, Session, Tube
from parkkeeper.sync import inbox
from parkkeeper.sync.actions import revoke_phone
from parkkeeper.sync.models import Batch, PoisonOperation
from tests.sync.handset import Handset, enrolled, json_of, verdicts
from tests.world import EVENING, later, world

pytestmark = pytest.mark.django_db


def scene() -> tuple[Any, Handset]:
    w: Any = world()
    return w, enrolled(w.scanner, w.point, by=w.office)


def a_tube(w: Any, phone: Handset, serial: int = 7, people: list[Any] | None = None) -> list[dict[str, Any]]:
    """The operations of one tube: opened, its people scanned, sealed."""
    code, people = tube_code("YQ", serial), w.workers if people is None else people
    scans = [phone.op("scan", tube=code, person=p.uuid, how="code", at=later(n)) for n, p in enumerate(people)]
    return [
        phone.op("open_tube", tube=code, pool_size=10),
        *scans,
        phone.op("seal_tube", tube=code, swabs=len(people), at=later(len(people))),
    ]


def test_a_whole_tube_goes_in_with_a_verdict_for_each_operation() -> None:
    w, phone = scene()
    operations = [phone.op("open_session"), *a_tube(w, phone)]
    answer = phone.send(operations, at=later(10), zipped=True)
    assert verdicts(answer) == ["stored"] * 9
    told = json_of(answer)
    assert [v["id"] for v in told["verdicts"]] == [op["id"] for op in operations]
    assert told["server_time"] == later(10).isoformat()
    assert Scan.objects.filter(person__in=w.workers, tube__code=tube_code("YQ", 7)).count() == 6
    assert Tube.objects.get().swabs == 6
    assert Session.objects.get().opened_by == w.scanner


def test_the_same_batch_again_gets_the_same_reply_and_changes_nothing() -> None:
    w, phone = scene()
    operations, number = a_tube(w, phone), str(uuid4())
    first = phone.send(operations, number=number)
    again = phone.send(operations, number=number, at=later(3), zipped=True)
    assert json_of(again) == json_of(first)
    assert again["Parkkeeper-Repeated"] == "1"
    assert "Parkkeeper-Repeated" not in first.headers
    assert (Batch.objects.count(), Scan.objects.count()) == (1, 6)


def test_the_same_operations_in_another_batch_are_known() -> None:
    w, phone = scene()
    operations = a_tube(w, phone)
    phone.send(operations)
    again = phone.send(operations)
    assert verdicts(again) == ["known"] * 8
    assert Scan.objects.count() == 6


def test_a_batch_id_with_other_content_loses_nothing_and_is_an_anomaly() -> None:
    w, phone = scene()
    number = str(uuid4())
    phone.send(a_tube(w, phone, 7, w.workers[:3]), number=number)
    other = a_tube(w, phone, 8, w.workers[3:])
    answer = phone.send(other, number=number)
    assert verdicts(answer) == ["stored"] * 5
    assert json_of(answer)["warnings"] == ["batch_id_reused"]
    assert json_of(answer)["batch"] != number
    assert Anomaly.objects.get(kind="batch_id_reused").evidence["sent_as"] == number
    assert json_of(phone.send(other, number=number)) == json_of(answer)
    assert (Scan.objects.count(), Batch.objects.count()) == (6, 2)


BAD: dict[str, tuple[Any, str]] = {
    "number": (5, "not_an_object"),
    "null": (None, "not_an_object"),
    "unknown_kind": ({"kind": "dance"}, "unknown_kind"),
    "kind_is_a_list": ({"kind": []}, "unknown_kind"),
    "no_id": ({"id": None}, "missing_field"),
    "id_no_uuid": ({"id": "x" * 100}, "bad_field"),
    "no_time": ({"at": None}, "missing_field"),
    "naive_time": ({"at": "2022-05-10T18:00:00"}, "bad_field"),
    "time_out_of_range": ({"at": "9999-12-31T23:59:59-12:00"}, "bad_field"),
    "sequence_true": ({"seq": True}, "bad_field"),
    "sequence_negative": ({"seq": -1}, "bad_field"),
    "sequence_huge": ({"seq": 2**70}, "bad_field"),
    "no_tube": ({"tube": None}, "missing_field"),
    "tube_too_long": ({"tube": "T" * 41}, "bad_field"),
    "tube_with_nul": ({"tube": "T\0"}, "bad_field"),
    "nobody": ({"person": None}, "missing_field"),
    "claimed_half_a_pair": ({"person": None, "claimed": "\ud83d"}, "bad_field"),
    "how_unknown": ({"how": "telepathy"}, "bad_field"),
}


@pytest.mark.parametrize("case", BAD)
def test_one_bad_operation_is_kept_and_holds_no_other(case: str) -> None:
    w, phone = scene()
    change, code = BAD[case]
    operations: list[Any] = a_tube(w, phone, 7, w.workers[:2])
    bad = phone.op("scan", tube=tube_code("YQ", 7), person=w.workers[2].uuid, how="code")
    bad = {**bad, **change} if isinstance(change, dict) else change
    operations.insert(2, bad)
    body = {"id": str(uuid4()), "sent_at": EVENING.isoformat(), "operations": operations}
    answer = phone.ask("POST", "batches", data=json.dumps(body).encode())
    assert verdicts(answer) == ["stored", "stored", "kept", "stored", "stored"]
    told = json_of(answer)["verdicts"][2]
    assert told["code"] == code
    assert "人工处理" in told["message"]
    poison = PoisonOperation.objects.get()
    assert json.loads(unseal(bytes(poison.content_sealed), settings.KEYS.data, context="sync.poison")) == bad
    assert Anomaly.objects.get(kind="poison_operation").evidence["codes"] == {"2": code}


def test_one_id_twice_in_a_batch_is_done_once_and_another_content_is_kept() -> None:
    w, phone = scene()
    operations = a_tube(w, phone, 7, w.workers[:2])
    operations += [operations[1], {**operations[1], "person": str(w.workers[5].uuid)}]
    assert verdicts(phone.send(operations)) == ["stored"] * 4 + ["known", "kept"]
    assert Scan.objects.count() == 2


def test_an_error_of_ours_puts_one_operation_aside_and_stores_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    w, phone = scene()
    operations = a_tube(w, phone)
    take_scans = inbox.VERBS["scan"]

    def falls_over_one(scans: Any, source: Any, **rest: Any) -> Any:
        if any(str(scan.id) == operations[3]["id"] for scan in scans):
            raise ZeroDivisionError
        return take_scans(scans, source, **rest)

    monkeypatch.setitem(inbox.VERBS, "scan", falls_over_one)
    answer = phone.send(operations)
    assert verdicts(answer) == ["stored", "stored", "stored", "kept", "stored", "stored", "stored", "stored"]
    assert json_of(answer)["verdicts"][3]["code"] == "server_error"
    assert Scan.objects.count() == 5
    assert PoisonOperation.objects.get().operation_id == operations[3]["id"]


def test_a_verb_that_forgets_an_operation_does_not_make_it_pass_for_stored(monkeypatch: pytest.MonkeyPatch) -> None:
    w, phone = scene()
    take_scans = inbox.VERBS["scan"]
    monkeypatch.setitem(inbox.VERBS, "scan", lambda scans, source, **rest: take_scans(scans, source, **rest)[:-1])
    answer = phone.send(a_tube(w, phone, 7, w.workers[:2]))
    assert verdicts(answer)[1:3] == ["kept", "kept"]


def test_a_phone_whose_clock_is_three_hours_off_is_set_right_by_its_sending_time() -> None:
    w, phone = scene()
    wrong = later(-180)
    code = tube_code("YQ", 7)
    scan = phone.op("scan", tube=code, person=w.workers[0].uuid, how="code", at=wrong)
    phone.send([scan], at=later(5), clock=wrong + timedelta(minutes=5))
    stored = Scan.objects.get()
    assert stored.scanned_at == EVENING
    assert stored.device_at == wrong
    assert Batch.objects.get().offset_ms == 3 * 3600 * 1000


@pytest.mark.parametrize("year", ["0001", "1970", "9999"])
def test_no_time_is_a_reason_to_lose_a_scan(year: str) -> None:
    w, phone = scene()
    scan = phone.op("scan", tube=tube_code("YQ", 7), person=w.workers[0].uuid, how="code")
    scan["at"] = f"{year}-06-01T00:00:00+00:00"
    body = {"id": str(uuid4()), "sent_at": f"{year}-06-01T00:01:00+00:00", "operations": [scan]}
    assert verdicts(phone.ask("POST", "batches", data=orjson.dumps(body))) == ["stored"]
    assert Scan.objects.get().scanned_at == later(-1)


def test_a_revoked_phones_work_is_taken_marked_and_the_phone_is_told_to_wipe() -> None:
    w, phone = scene()
    before = a_tube(w, phone, 7, w.workers[:2])
    revoke_phone(phone.row, by=w.office, at=later(60))
    after = [phone.op("scan", tube=tube_code("YQ", 8), person=w.workers[2].uuid, how="code", at=later(90))]
    answer = phone.send(before + after, at=later(95))
    told = json_of(answer)
    assert verdicts(answer) == ["stored"] * 5
    assert told["wipe"] is True
    assert "phone_revoked" in told["verdicts"][4]["doubts"]
    assert "phone_revoked" not in told["verdicts"][1].get("doubts", [])
    doubt = Anomaly.objects.get(kind="phone_revoked")
    assert doubt.evidence["after"] == [after[0]["id"]]
    assert Scan.objects.count() == 3


def test_doubts_come_back_with_the_verdict() -> None:
    _w, phone = scene()
    told = json_of(phone.send([phone.op("scan", tube="T???", claimed="没有这个人", how="search")]))
    assert {"unknown_person", "unknown_tube"} <= set(told["verdicts"][0]["doubts"])


def test_an_unknown_or_foreign_phone_gets_nothing_in() -> None:
    _w, _phone = scene()
    stranger = Handset(token="x" * 43)
    assert stranger.send([stranger.op("open_session")]).status_code == 401
    assert Session.objects.count() == Batch.objects.count() == 0


def test_the_phone_is_seen() -> None:
    _w, phone = scene()
    phone.send([phone.op("open_session")], at=later(30))
    assert phone.row.last_seen_at == later(30)


def test_every_kind_of_operation_goes_in() -> None:
    w, phone = scene()
    tube, code = a_tube(w, phone), tube_code("YQ", 7)
    session = phone.op("open_session")
    signature = hashlib.sha256(b"a signature").hexdigest()
    assert phone.ask("PUT", f"files/{signature}", data=b"a signature", Content_Type="image/png").status_code == 200
    box = phone.op("seal_box", box=box_code("YQ", 1), tubes=[code], at=later(20))
    scan = phone.op("scan", tube=tube_code("YQ", 8), person=w.mei.uuid, how="staff_number")
    operations = [
        session,
        phone.op("go_on_duty", session=session["id"], person=w.sampler.uuid, role="sampling_specialist"),
        *tube,
        scan,
        phone.op("undo_scan", scan=scan["id"], at=later(1)),
        box,
        phone.op(
            "hand_over_box", box=box["id"], leg="to_courier", given_by=w.scanner.uuid, taken_by=w.courier.uuid,
            given_signature=signature, taken_signature=signature, at=later(21),
        ),
        phone.op("receive_tube", tube=code, condition="good", laboratory="LAB1", box=box["id"], at=later(60)),
        phone.op("antigen", person=w.workers[0].uuid, value="negative"),
        phone.op("close_session", session=session["id"], at=later(70)),
    ]  # fmt: skip
    inspecting = {"begin_visit", "note_finding", "photo", "fix_on_spot", "look_back", "end_visit"}
    # those go in by tests/inspection/test_door.py
    assert {operation["kind"] for operation in operations} == set(inbox.VERBS) - inspecting
    answer = phone.send(operations[::-1], at=later(75))
    assert set(verdicts(answer)) == {"stored"}, json_of(answer)
    assert HandOver.objects.get().given_signature.sha256 == signature
    assert Scan.objects.live().count() == 6
    assert AntigenTest.objects.get().person == w.workers[0]
    assert Session.objects.get().closed_at == later(70)
    assert set(verdicts(phone.send(operations, at=later(76)))) == {"known"}


@pytest.mark.parametrize("sealed_first", [True, False])
def test_a_tube_is_received_out_of_a_box_by_what_is_printed_on_it(sealed_first: bool) -> None:
    w, phone = scene()
    code = box_code("YQ", 1)
    box = phone.op("seal_box", box=code, tubes=[tube_code("YQ", 7)], at=later(20))
    came = phone.op(
        "receive_tube", tube=tube_code("YQ", 7), condition="good", laboratory="LAB1", box_code=f" {code.lower()}",
        at=later(60),
    )  # fmt: skip
    phone.send(a_tube(w, phone), at=later(15))
    for word in (box, came) if sealed_first else (came, box):
        assert verdicts(phone.send([word], at=later(70))) == ["stored"]
    seen = Reception.objects.get()
    assert (str(seen.pk), seen.box_code, str(seen.box_id)) == (came["id"], code, box["id"])
    bad = json_of(phone.send([{**came, "id": str(uuid4()), "box_code": 7}], at=later(71)))["verdicts"][0]
    assert (bad["verdict"], bad["code"]) == ("kept", "bad_field")


def test_a_file_is_known_by_its_hash_and_kept_once() -> None:
    _w, phone = scene()
    name = hashlib.sha256(b"ink").hexdigest()
    answers = [json_of(phone.ask("PUT", f"files/{name}", data=b"ink", Content_Type="image/png")) for _n in range(2)]
    assert [told["known"] for told in answers] == [False, True]
    wrong = phone.ask("PUT", f"files/{name}", data=b"other", Content_Type="image/png")
    assert (wrong.status_code, json_of(wrong)["error"]["code"]) == (422, "hash_mismatch")
    script = phone.ask("PUT", f"files/{name}", data=b"ink", Content_Type="text/html")
    assert script.status_code == 415


def test_a_queue_that_was_handed_to_another_phone_is_stored_once() -> None:
    w, phone = scene()
    other = enrolled(w.sampler, w.point, by=w.office, role="sampling_specialist")
    operations, number = a_tube(w, phone), str(uuid4())
    first = phone.send(operations, number=number)
    handed = other.send(operations, number=number)
    assert json_of(handed) == json_of(first)
    assert verdicts(other.send(operations)) == ["known"] * 8
    assert Scan.objects.count() == 6


def test_without_the_rehearsals_token_nobody_sets_the_clock(settings: Any) -> None:
    _w, phone = scene()
    settings.REHEARSAL_TOKEN = ""
    phone.send([phone.op("open_session")])
    assert Batch.objects.get().received_at != EVENING
