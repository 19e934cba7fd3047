"""What a laboratory's message may say, and what is never turned into a result."""

from datetime import UTC, datetime

import pytest

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.sampling.hl7 import BadMessage, ack, parse_oru, split_messages

TUBE = tube_code("YQ", 12)
OTHER = tube_code("YQ", 13)


def header(
    *, kind: str = "ORU^R01^ORU_R01", processing: str = "P", version: str = "2.5.1", charset: str = "UNICODE UTF-8"
) -> str:
    sender = "LIS|云桥检验所^1.2.3^ISO|PARK|YQ|20220519213000+0800"
    return f"MSH|^~\\&|{sender}||{kind}|M0001|{processing}|{version}||||||{charset}"


def order(
    tube: str = TUBE,
    value: str = "260415000^Not detected^SCT",
    status: str = "F",
    *,
    spm: bool = True,
    test: str = "94500-6^SARS-CoV-2 RNA^LN",
    tested: str = "20220519203000+0800",
) -> list[str]:
    lines = [
        "ORC|RE",
        f"OBR|1|P77|{'F99' if spm else tube}|{test}|||20220519180000+0800",
        f"OBX|1|CWE|{test}||{value}||||||{status}|||||||{'' if not tested else '|' + tested}",
    ]
    return [*lines, f"SPM|1|{tube}&YQ|||258500001"] if spm else lines


def message(*segments: str, first: str = "") -> bytes:
    return "\r".join([first or header(), *segments]).encode() + b"\r"


def test_a_negative_tube_is_read_with_its_time_and_laboratory() -> None:
    report = parse_oru(message(*order()))
    assert (report.control_id, report.sending) == ("M0001", "云桥检验所")
    assert report.message_time == datetime(2022, 5, 19, 13, 30, tzinfo=UTC)
    [row] = report.rows
    assert (row.tube_code, row.value, row.code) == (TUBE, "negative", "260415000")
    assert row.tested_at == datetime(2022, 5, 19, 12, 30, tzinfo=UTC)
    assert not report.problems


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("260373001^Detected^SCT", "positive"),
        ("82334004^Indeterminate^SCT", "indeterminate"),
        ("125154007^Unsatisfactory^SCT", "invalid"),
        ("阴性", "negative"),
        ("阳性", "positive"),
        ("可疑", "indeterminate"),
        ("无效", "invalid"),
        ("L01^阴性（－）~阴性", "negative"),
        ("NEG^Negative^L", "negative"),
    ],
)
def test_codes_and_local_words_say_the_same_four_values(said: str, value: str) -> None:
    assert [row.value for row in parse_oru(message(*order(value=said))).rows] == [value]


def test_several_tubes_in_one_message_keep_their_own_values() -> None:
    report = parse_oru(message(*order(), *order(OTHER, "260373001^Detected^SCT")))
    assert [(row.tube_code, row.value) for row in report.rows] == [(TUBE, "negative"), (OTHER, "positive")]


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        ("P", "not_final"),
        ("I", "not_final"),
        ("", "no_status"),
        ("W", "withdrawn"),
        ("D", "withdrawn"),
        ("Q", "unknown_status"),
    ],
)
def test_a_value_that_is_not_final_is_listed_and_not_taken(status: str, problem: str) -> None:
    report = parse_oru(message(*order(status=status)))
    assert not report.rows
    assert [(one.code, one.tube_code) for one in report.problems] == [(problem, TUBE)]


def test_a_correction_says_so() -> None:
    assert parse_oru(message(*order(status="C"))).rows[0].corrected


def test_a_result_that_could_not_be_obtained_is_invalid() -> None:
    assert parse_oru(message(*order(value="", status="X"))).rows[0].value == "invalid"


def test_a_code_and_a_text_that_contradict_each_other_make_no_result() -> None:
    report = parse_oru(message(*order(value="260415000^阳性^SCT")))
    assert not report.rows
    assert report.problems[0].code == "contradiction"


def test_an_unknown_word_makes_no_result() -> None:
    assert parse_oru(message(*order(value="see remark"))).problems[0].code == "unknown_value"


def test_the_specimen_falls_back_to_the_order_number() -> None:
    assert parse_oru(message(*order(spm=False))).rows[0].tube_code == TUBE


def test_two_different_tubes_in_one_order_make_no_result() -> None:
    lines = order(spm=False)
    report = parse_oru(message(*lines, f"SPM|1|{OTHER}"))
    assert not report.rows
    assert report.problems[0].code == "several_specimens"


def test_a_mistyped_tube_is_not_replaced_by_the_one_beside_it() -> None:
    slip = TUBE[:-2] + ("1" if TUBE[-2] != "1" else "2") + TUBE[-1]
    report = parse_oru(message(*order(spm=False), f"SPM|1|{slip}"))
    assert not report.rows


def test_a_foreign_specimen_number_is_given_as_sent() -> None:
    assert parse_oru(message(*order("LAB-4711", spm=True))).rows[0].tube_code == "LAB-4711"


def test_an_order_without_any_specimen_is_listed() -> None:
    lines = ["OBR|1||", "OBX|1|CWE|94500-6||阴性||||||F"]
    assert [one.code for one in parse_oru(message(*lines)).problems] == ["no_specimen"]


def test_other_tests_are_no_results_but_the_table_may_name_them() -> None:
    raw = message(*order(test="94558-4^Antigen^LN"))
    assert [one.code for one in parse_oru(raw).problems] == ["no_result"]
    assert parse_oru(raw, tests={"94558-4"}).rows[0].value == "negative"


def test_a_time_without_offset_is_the_parks_time_and_a_missing_one_the_messages() -> None:
    assert parse_oru(message(*order(tested="20220519203000"))).rows[0].tested_at == datetime(
        2022, 5, 19, 12, 30, tzinfo=UTC
    )
    assert parse_oru(message(*order(tested=""))).rows[0].tested_at == datetime(2022, 5, 19, 13, 30, tzinfo=UTC)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("ends", ["\r", "\n", "\r\n"])
def test_encodings_line_ends_and_frames_do_not_matter(encoding: str, ends: str) -> None:
    charset = "GB 18030-2000" if encoding == "gb18030" else "UNICODE UTF-8"
    text = message(*order(value="阳性"), first=header(charset=charset)).decode().replace("\r", ends)
    plain = text.encode(encoding)
    for raw in (plain, b"\x0b" + plain + b"\x1c\r", b"\xef\xbb\xbf" + plain if encoding == "utf-8" else plain):
        report = parse_oru(raw)
        assert ([row.value for row in report.rows], report.sending) == (["positive"], "云桥检验所")
        assert not report.problems


def test_an_encoding_other_than_declared_is_read_and_told() -> None:
    raw = message(*order(value="阴性")).decode().encode("gb18030")
    report = parse_oru(raw)
    assert [row.value for row in report.rows] == ["negative"]
    assert [one.code for one in report.problems] == ["encoding_differs"]


def test_a_gb18030_character_with_a_separator_inside_does_not_shift_fields() -> None:
    # 硘 is B3 7C in GB 18030, and 7C alone is the field separator.
    first = header(charset="GB18030").replace("云桥检验所", "硘桥检验所")
    assert b"\x7c" in "硘".encode("gb18030")
    report = parse_oru(message(*order(value="阴性"), first=first).decode().encode("gb18030"))
    assert report.sending == "硘桥检验所"
    assert [row.value for row in report.rows] == ["negative"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "empty"),
        (b"\x0b\x1c\r", "empty"),
        (b"PID|1||", "not_hl7"),
        ("管码,结果\r\n".encode(), "not_hl7"),
        (b"MSH", "not_hl7"),
        (b"MSH|^~\\&|LIS", "missing_field"),
        (message(*order(), first=header(kind="ADT^A01")), "not_oru"),
        (message(*order(), first=header(processing="T")), "not_production"),
        (message(*order(), first=header(version="3")), "version"),
        (message(*order(), first=header().replace("20220519213000+0800", "20221319")), "bad_time"),
        (message(*order()) + message(*order(OTHER)), "several_messages"),
        (message(*order()) + b"\xff\xff\xff", "encoding"),
    ],
)
def test_a_message_that_cannot_be_read_says_why(raw: bytes, code: str) -> None:
    with pytest.raises(BadMessage) as caught:
        parse_oru(raw)
    assert caught.value.code == code


def test_a_message_cut_off_at_any_byte_never_gives_another_value_or_tube() -> None:
    whole = message(*order(), *order(OTHER, "260373001^Detected^SCT"))
    truth = {(TUBE, "negative"), (OTHER, "positive")}
    for length in range(len(whole)):
        try:
            report = parse_oru(whole[:length])
        except BadMessage:
            continue
        for row in report.rows:
            # The specimen may be cut in its middle: then it is no sound code, and no tube of the park answers to it.
            known = row.tube_code in (TUBE, OTHER)
            assert (row.tube_code, row.value) in truth or not known, (length, row)


def test_a_file_of_several_messages_is_split() -> None:
    one, two = message(*order()), message(*order(OTHER))
    batch = b"FHS|^~\\&\rBHS|^~\\&\r" + one + two + b"BTS|2\rFTS|1\r"
    assert [parse_oru(raw).rows[0].tube_code for raw in split_messages(batch)] == [TUBE, OTHER]
    frames = b"\x0b" + one + b"\x1c\r\x0b" + two + b"\x1c\r"
    assert len(split_messages(frames)) == 2


def test_an_acknowledgement_names_the_message_and_turns_the_parties_round() -> None:
    at = datetime(2022, 5, 19, 13, 31, tzinfo=UTC)
    answer = ack(message(*order()), "AE", "管码|不明", at=at).decode()
    first, second = answer.split("\r")[:2]
    assert first.split("|")[2:7] == ["PARK", "YQ", "LIS", "云桥检验所^1.2.3^ISO", "20220519133100+0000"]
    assert first.split("|")[8] == "ACK^R01^ACK"
    assert second == "MSA|AE|M0001|管码\\F\\不明"


def test_an_acknowledgement_of_garbage_still_refuses_it() -> None:
    assert b"MSA|AR||broken" in ack(b"garbage", "AR", "broken", at=datetime(2022, 5, 10, tzinfo=UTC))
