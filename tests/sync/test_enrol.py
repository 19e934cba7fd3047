"""A phone comes in with a one-time code; the office gives it out and can take the phone's rights back."""

from datetime import timedelta

import orjson
import pytest

from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import JournalEntry, LogInAttempt
from parkkeeper.sync.actions import issue_enrolment, revoke_phone
from parkkeeper.sync.models import Enrolment, Phone
from tests.sync.handset import Handset, enrolled, json_of
from tests.world import EVENING, MORNING, World, world

pytestmark = pytest.mark.django_db


def show(code: str, *, at=MORNING, phone: Handset | None = None, **more: str):
    facts = {"code": code, "name": "一号机", "app_version": "0.1"} | more
    return (phone or Handset()).ask("POST", "enrol", at=at, data=orjson.dumps(facts))


def code_for(w: World) -> str:
    return issue_enrolment(w.point, w.scanner, "scanning_specialist", by=w.office, at=MORNING)[1]


def test_a_code_becomes_a_token_whose_hash_alone_is_stored() -> None:
    w = world()
    code = code_for(w)
    told = json_of(show(f" {code[:5].lower()}-{code[5:].lower()} "))
    assert len(told["token"]) >= 43
    assert told["point"]["code"] == "P01"
    assert told["holder"]["person"] == str(w.scanner.uuid)
    phone = Phone.objects.get(pk=told["phone"])
    assert told["token"].encode() not in bytes(phone.token_hash)
    assert code.encode() not in bytes(Enrolment.objects.get().code_hash)
    assert Handset(token=told["token"]).ask("GET", "roster").status_code == 200
    assert JournalEntry.objects.filter(verb="phone.enrolled", site_id=w.point.site_id).count() == 1


def test_a_code_enrols_one_phone_only() -> None:
    w = world()
    code = code_for(w)
    assert show(code).status_code == 201
    again = show(code)
    assert again.status_code == 410
    assert json_of(again)["error"]["code"] == "code_used"
    assert "新的登记码" in json_of(again)["error"]["message"]
    assert Phone.objects.count() == 1


def test_a_lost_answer_is_given_again_to_the_same_nonce_only() -> None:
    w = world()
    code = code_for(w)
    first, second = show(code, nonce="n" * 32), show(code, nonce="n" * 32)
    assert json_of(first)["token"] == json_of(second)["token"]
    assert show(code, nonce="m" * 32).status_code == 410
    assert Phone.objects.count() == 1


def test_a_code_lives_as_long_as_the_rule_says() -> None:
    w = world()
    code = code_for(w)
    late = show(code, at=MORNING + timedelta(hours=24))
    assert (late.status_code, json_of(late)["error"]["code"]) == (410, "code_expired")
    assert show(code, at=MORNING + timedelta(hours=23, minutes=59)).status_code == 201


def test_wrong_codes_are_throttled_and_the_office_is_not() -> None:
    w = world()
    for _time in range(10):
        assert show("WRONGCODE2").status_code == 404
    held = show(code := code_for(w))
    assert held.status_code == 429
    assert 0 < int(held["Retry-After"]) <= 600
    assert LogInAttempt.objects.filter(address="127.0.0.1").count() == 0
    assert show(code, at=MORNING + timedelta(minutes=11)).status_code == 201


@pytest.mark.parametrize("facts", [[], {}, {"code": 5, "name": "x"}, {"code": "A" * 41, "name": "x"}, {"code": "AB"}])
def test_a_wrong_request_names_its_field(facts: object) -> None:
    world()
    answer = Handset().ask("POST", "enrol", data=orjson.dumps(facts))
    assert answer.status_code == 400
    assert json_of(answer)["error"]["field"] in ("code", "name")


def test_a_code_is_for_somebody_with_a_post_at_the_point() -> None:
    w = world()
    with pytest.raises(Refused, match="扫码专员"):
        issue_enrolment(w.nearby, w.scanner, "scanning_specialist", by=w.office, at=MORNING)
    with pytest.raises(Refused):
        issue_enrolment(w.point, w.scanner, "sampling_specialist", by=w.office, at=MORNING)
    with pytest.raises(Forbidden):
        issue_enrolment(w.point, w.scanner, "scanning_specialist", by=w.mei, at=MORNING)
    issue_enrolment(w.point, w.mei, "prevention_specialist", by=w.office, at=MORNING)


def test_a_phone_is_revoked_once_and_gets_no_roster_after() -> None:
    w = world()
    phone = enrolled(w.scanner, w.point, by=w.office)
    revoke_phone(phone.row, by=w.office, at=EVENING)
    with pytest.raises(Refused, match="办公室甲"):
        revoke_phone(phone.row, by=w.office, at=EVENING)
    for path in ("roster", "changes"):
        denied = phone.ask("GET", path)
        assert denied.status_code == 403
        assert json_of(denied)["error"]["wipe"] is True


def test_an_unknown_token_is_told_so_and_then_held_off() -> None:
    world()
    phone = Handset(token="nobody-knows-this-one")
    assert [phone.ask("GET", "roster").status_code for _time in range(6)] == [401] * 5 + [429]
    assert Handset().ask("GET", "roster").status_code == 401


def test_messages_come_in_the_phones_language_and_never_vary() -> None:
    world()
    answer = Handset(language="en").ask("GET", "hello")
    assert "Vary" not in answer.headers
    assert not answer.cookies
    told = json_of(answer)
    assert told["protocol"] == {"oldest": 1, "newest": 1}
    assert told["time_zone"] == "Asia/Shanghai"
    assert told["server_time"] == EVENING.isoformat()


def test_a_protocol_that_the_server_does_not_speak_is_named() -> None:
    world()
    for sent in ("0", "2", "one", "-1", "9" * 30):
        answer = Handset().ask("GET", "hello", Parkkeeper_Protocol=sent)
        assert answer.status_code == 426
        assert json_of(answer)["error"]["newest"] == 1
    assert Handset().ask("GET", "hello", Parkkeeper_Protocol="1").status_code == 200


def test_a_wrong_method_is_answered_in_json() -> None:
    world()
    answer = Handset().ask("GET", "batches")
    assert (answer.status_code, json_of(answer)["error"]["code"]) == (405, "wrong_method")
