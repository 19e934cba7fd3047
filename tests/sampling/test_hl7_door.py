"""Messages of laboratories: the raw message is always kept, the answer says what was taken and what was not."""

import pytest

from parkkeeper.park.files import read_file
from parkkeeper.park.models import Anomaly, StoredFile
from parkkeeper.sampling.actions.results import take_hl7
from parkkeeper.sampling.models import Laboratory, LabReport, Obligation, Result
from tests.sampling.results_world import code, later, owing, tube
from tests.world import world

pytestmark = pytest.mark.django_db


def message(*said: tuple[str, str], status: str = "F", control: str = "M1", sender: str = "LAB1") -> bytes:
    lines = [
        f"MSH|^~\\&|LIS|{sender}|PARK|YQ|20220510230000+0800||ORU^R01^ORU_R01|{control}|P|2.5.1||||||UNICODE UTF-8"
    ]
    for tube_code, word in said:
        lines += [
            f"OBR|1|P|{tube_code}|94500-6^RNA^LN",
            f"OBX|1|CWE|94500-6^RNA^LN||{word}||||||{status}||||||||20220510223000+0800",
        ]
    return ("\r".join(lines) + "\r").encode()


def answer(ack: bytes) -> tuple[str, str]:
    fields = ack.decode().split("\r")[1].split("|")
    return fields[1], fields[3]


def test_a_message_is_taken_kept_and_answered() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    raw = message((code(1), "260373001^Detected^SCT"))
    said, ack = take_hl7(raw, by=w.lab, at=later(320))
    assert answer(ack) == ("AA", "")
    assert said.laboratory == w.laboratory
    assert said.file is not None
    assert read_file(said.file) == raw
    assert owing(w.workers[0])


def test_a_message_sent_again_gets_the_same_answer_and_changes_nothing() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    raw = message((code(1), "阳性"), (code(50), "阴性"))
    answers = {answer(take_hl7(raw, by=w.lab, at=later(minutes))[1]) for minutes in (320, 330)}
    assert len(answers) == 1
    assert Result.objects.count() == 2
    assert Obligation.objects.count() == 1


def test_an_unknown_tube_is_refused_with_a_reason_and_its_result_is_kept() -> None:
    w = world()
    _, ack = take_hl7(message((code(50), "阳性")), by=w.lab, at=later(320))
    verdict, reason = answer(ack)
    assert verdict == "AE"
    assert code(50) in reason
    assert Result.objects.get().tube is None
    assert Anomaly.objects.filter(kind="result_unknown_tube").count() == 1


def test_one_unknown_word_does_not_hold_the_other_tubes() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    tube(w, 2, w.workers[1])
    said, ack = take_hl7(message((code(1), "阴性"), (code(2), "?")), by=w.lab, at=later(320))
    assert answer(ack)[0] == "AE"
    assert said.counts["new"] == 1
    assert [(p["column"], p["code"]) for p in said.problems] == [(code(2), "unknown_value")]


@pytest.mark.parametrize("share", [0.02, 0.3])
def test_a_message_cut_in_its_head_is_kept_and_not_taken(share: float) -> None:
    w = world()
    raw = message((code(1), "阳性"))[: int(len(message((code(1), "阳性"))) * share)]
    said, ack = take_hl7(raw, by=w.lab, at=later(320))
    assert answer(ack)[0] == "AR"
    assert said.problems
    assert not Result.objects.exists()
    assert read_file(StoredFile.objects.get()) == raw


def test_a_message_cut_at_any_byte_never_invents_a_result() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    whole = message((code(1), "阳性"), (code(2), "阴性"))
    for length in range(0, len(whole), 17):
        said, _ = take_hl7(whole[:length], by=w.lab, at=later(320))
        assert set(said.results.values_list("tube_code", "value")) <= {(code(1), "positive"), (code(2), "negative")}
    assert LabReport.objects.count() == len(range(0, len(whole), 17))


@pytest.mark.parametrize("raw", [b"", b"\x00\xff\xfe", "您好".encode(), b"MSH|", b"PID|1\r", b"\x0b\x1c\r"])
def test_what_is_no_message_is_kept_and_answered_ar(raw: bytes) -> None:
    w = world()
    said, ack = take_hl7(raw, by=w.lab, at=later(320))
    assert answer(ack)[0] == "AR"
    assert said.counts["rows"] == 0
    assert StoredFile.objects.count() == 1


def test_gb18030_and_framed_messages_are_read() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    text = message((code(1), "阳性")).decode().replace("UNICODE UTF-8", "GB 18030-2000")
    take_hl7(b"\x0b" + text.encode("gb18030") + b"\x1c\r", by=w.lab, at=later(320))
    assert owing(w.workers[0])


def test_several_messages_in_a_file_are_each_answered() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    raw = message((code(1), "阴性"), control="A") + message((code(9), "阴性"), control="B")
    said, ack = take_hl7(raw, by=w.lab, at=later(320))
    assert said.counts["new"] == 2
    verdicts = [line.split("|")[1:3] for line in ack.decode().split("\r") if line.startswith("MSA")]
    assert verdicts == [["AA", "A"], ["AE", "B"]]


def test_a_preliminary_word_is_listed_and_not_taken() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    said, ack = take_hl7(message((code(1), "阴性"), status="P"), by=w.lab, at=later(320))
    assert [p["code"] for p in said.problems] == ["not_final"]
    assert answer(ack)[0] == "AE"
    assert not Result.objects.exists()


def test_a_withdrawal_asks_a_person_and_strikes_nothing_by_itself() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    take_hl7(message((code(1), "阳性")), by=w.lab, at=later(320))
    take_hl7(message((code(1), "阳性"), status="W", control="M2"), by=w.lab, at=later(330))
    assert Result.objects.standing().count() == 1
    assert Anomaly.objects.open().get(kind="result_withdrawn").evidence["tube"] == code(1)


def test_a_correction_stands_beside_the_first_word_until_a_person_strikes_one() -> None:
    w = world()
    tube(w, 1, w.workers[0])
    take_hl7(message((code(1), "阳性")), by=w.lab, at=later(320))
    take_hl7(message((code(1), "阴性"), status="C", control="M2"), by=w.lab, at=later(330))
    assert owing(w.workers[0])
    assert Anomaly.objects.open().filter(kind="result_contradicts").count() == 1


def test_an_unknown_sender_is_kept_without_a_laboratory() -> None:
    w = world()
    said, _ = take_hl7(message((code(1), "阴性"), sender="别处"), by=w.lab, at=later(320))
    assert said.laboratory is None
    assert Laboratory.objects.count() == 1
