"""Codes that a phone could not settle: whom they prove is known, whom they do not prove is a doubt, none refused."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from parkkeeper.codes.actions import rotate_code_keys
from parkkeeper.codes.models import CodeKey
from parkkeeper.codes.signing import sign_codes
from parkkeeper.kernel.crypto import unseal
from parkkeeper.kernel.personcode import PREFIX, PersonCode, from_base45, new_key, sign, to_base45
from parkkeeper.kernel.tubes import tube_code
from parkkeeper.park.models import Anomaly
from parkkeeper.sampling.doubts import KINDS
from parkkeeper.sampling.models import Scan
from parkkeeper.sampling.showncodes import STATES
from tests.sampling.fieldkit import pcr_round
from tests.sync.handset import REHEARSAL, Handset, enrolled, json_of
from tests.world import DAY, EVENING, later, world

pytestmark = pytest.mark.django_db
TUBE = tube_code("YQ", 7)


@pytest.fixture
def w(settings: Any) -> Any:
    settings.REHEARSAL_TOKEN = REHEARSAL
    w = world()
    w.round = pcr_round(w.programme, [(one, "due", w.point) for one in w.workers], DAY)
    w.phone = enrolled(w.scanner, w.point, by=w.office)
    w.phone.send([w.phone.op("open_session"), w.phone.op("open_tube", tube=TUBE, pool_size=10)])
    return w


def shown(phone: Handset, text: str) -> dict[str, Any]:
    """Scan with the code as it was read; the verdict."""
    answer = phone.send([phone.op("scan", tube=TUBE, how="code", claimed=text)])
    assert answer.status_code == 200, answer.content
    [verdict] = json_of(answer)["verdicts"]
    assert verdict["verdict"] == "stored"
    found: dict[str, Any] = verdict
    return found


def code(w: Any, person: Any, at: Any = EVENING) -> str:
    return sign_codes([person], at=at)[person.pk][0]


def made(w: Any, *, person: Any = None, key: int | None = None, mark: bytes | None = None) -> str:
    """A code of somebody whom the park does not know, signed as the park does unless told otherwise."""
    code(w, w.workers[0])
    signing = CodeKey.objects.get(retired_at__isnull=True)
    from django.conf import settings

    private = bytes.fromhex(
        unseal(bytes(signing.private_sealed), settings.KEYS.data, context=f"code_key.private:{signing.number}")
    )
    days = (DAY, DAY + timedelta(days=9))
    return sign(
        PersonCode(mark or bytes(signing.mark), key or signing.number, person or uuid4(), *days, "远方 W1"), private
    )


def test_a_code_that_the_server_can_prove_names_the_person(w: Any) -> None:
    assert shown(w.phone, code(w, w.workers[0])).get("doubts", []) == []
    scan = Scan.objects.get()
    assert (scan.person, scan.how, scan.claimed) == (w.workers[0], "code", "")


def test_a_code_of_a_key_that_the_phone_had_not_heard_of_names_the_person(w: Any) -> None:
    code(w, w.workers[0])
    rotate_code_keys(by=w.office, at=EVENING)
    assert "unknown_person" not in shown(w.phone, code(w, w.workers[0])).get("doubts", [])


@pytest.mark.parametrize(("at", "state"), [(-400, "expired"), (2, "not_yet")])
def test_a_code_out_of_date_names_the_person_and_is_a_doubt(w: Any, at: int, state: str) -> None:
    from parkkeeper.park.models import Rule

    Rule.objects.filter(key="person_code_days").update(during=(None, None))
    text = code(w, w.workers[0], at=EVENING + timedelta(days=at))
    assert "code_out_of_date" in shown(w.phone, text)["doubts"]
    assert Scan.objects.get().person == w.workers[0]
    doubt = Anomaly.objects.get(kind="code_out_of_date")
    assert (doubt.evidence["shown"], doubt.person, doubt.owner_role) == (
        state,
        w.workers[0],
        KINDS[doubt.kind].owner_role,
    )


def test_a_code_that_proves_nobody_is_a_doubt_with_its_state_and_its_label(w: Any) -> None:
    good = code(w, w.workers[0])
    data = bytearray(from_base45(good.removeprefix(PREFIX)))
    data[30] ^= 1
    strange = sign(
        PersonCode(bytes(CodeKey.objects.get().mark), 1, uuid4(), date(2022, 5, 1), date(2022, 9, 1), "X"), new_key()[0]
    )
    cases = {
        "tampered": PREFIX + to_base45(bytes(data)), "foreign_park": made(w, mark=b"else"),
        "unknown_key": made(w, key=9), "damaged": good[:70], "newer_version": "PK2:ABC",
    }  # fmt: skip
    for state, text in [*cases.items(), ("tampered", strange)]:
        verdict = shown(w.phone, text)
        assert "unknown_person" in verdict["doubts"], state
        doubt = Anomaly.objects.get(noun="scan", noun_id=verdict["id"], kind="unknown_person")
        scan = Scan.objects.get(pk=verdict["id"])
        assert (doubt.evidence["shown"], scan.person) == (state, None)
        assert scan.claimed.startswith(f"code:{state}") and "PK" not in scan.claimed
    assert "远方 W1" in Scan.objects.get(claimed__startswith="code:foreign_park").claimed


def test_a_sound_code_of_somebody_whom_the_park_does_not_know_is_a_doubt(w: Any) -> None:
    verdict = shown(w.phone, made(w))
    assert "unknown_person" in verdict["doubts"]
    assert Anomaly.objects.get(noun_id=verdict["id"]).evidence["shown"] == "good"
    answer = w.phone.send([w.phone.op("scan", tube=TUBE, how="code", person=uuid4())])
    assert "unknown_person" in json_of(answer)["verdicts"][0]["doubts"]


def test_the_day_of_the_scan_decides_not_the_day_on_which_it_arrives(w: Any) -> None:
    text = made(w, person=w.workers[0].uuid)  # valid to the ninth day from now
    sent = w.phone.op("scan", tube=TUBE, how="code", claimed=text)
    late = EVENING + timedelta(days=30)
    [verdict] = json_of(w.phone.send([sent], at=late, clock=late))["verdicts"]
    assert "code_out_of_date" not in verdict.get("doubts", [])


def test_sent_again_it_hears_the_same_and_an_undone_one_asks_no_more(w: Any) -> None:
    scan = w.phone.op("scan", tube=TUBE, how="code", claimed=made(w))
    first = json_of(w.phone.send([scan]))["verdicts"][0]
    again = json_of(w.phone.send([scan, w.phone.op("undo_scan", scan=scan["id"])], at=later(1)))["verdicts"][0]
    assert (again["verdict"], set(again["doubts"]) >= {"unknown_person"}, "unknown_person" in first["doubts"]) == (
        "known",
        True,
        True,
    )
    assert Anomaly.objects.get(kind="unknown_person").evidence["holds"] is False


def test_every_state_that_leaves_a_doubt_has_its_words() -> None:
    from parkkeeper.kernel.personcode import BELIEVED

    assert set(STATES) >= BELIEVED | {"tampered", "unknown_key", "foreign_park", "damaged", "newer_version"}


def test_other_texts_are_read_as_before(w: Any) -> None:
    answer = w.phone.send([w.phone.op("scan", tube=TUBE, how="code", claimed=w.workers[1].staff_number)])
    assert answer.status_code == 200 and Scan.objects.get().person == w.workers[1]
