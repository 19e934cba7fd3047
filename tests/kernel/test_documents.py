"""Numbers as people write them: kept, made canonical, and their problem named."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from parkkeeper.kernel.documents import Document, read_credit_code, read_document, read_phone, tail

SOUND = "11010519491231002X"

BIRTHS = st.dates(date(1930, 1, 1), date(2022, 12, 31))


@st.composite
def resident_ids(draw: st.DrawFn) -> str:
    region, order = draw(st.integers(110000, 659999)), draw(st.integers(1, 999))
    body = f"{region}{draw(BIRTHS):%Y%m%d}{order:03d}"
    return body + ric.calc_check_digit(body + "0")


@given(resident_ids())
def test_a_sound_id_is_read_as_itself(number: str) -> None:
    assert read_document(number) == Document("resident_id", number)
    assert read_document(number).born == date(int(number[6:10]), int(number[10:12]), int(number[12:14]))


@given(resident_ids(), st.data())
def test_one_wrong_digit_is_always_noticed(number: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, 16))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != number[at]]))
    assert read_document(number[:at] + other + number[at + 1 :]).problem == "check_digit"


@given(resident_ids(), st.integers(0, 16))
def test_two_swapped_neighbours_are_always_noticed(number: str, at: int) -> None:
    swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
    assert swapped == number or read_document(swapped).problem in {"check_digit", "characters"}


@pytest.mark.parametrize(
    "typed",
    [
        "11010519491231002x",
        "１１０１０５１９４９１２３１００２Ｘ",
        " 110105 19491231 002X ",
        "110105-19491231-002X",
        "\u202d11010519491231002X\u202c",
        "'11010519491231002X",
        "11010519491231002*",
        "11010519491231002Ⅹ",
    ],
)
def test_an_id_is_the_same_however_it_is_typed(typed: str) -> None:
    assert read_document(typed) == Document("resident_id", SOUND)


def test_an_id_of_15_digits_gets_its_18_and_says_so() -> None:
    assert read_document("110105491231002") == Document("resident_id", SOUND, fixed="from_15")
    assert read_document("110105491331002").problem == "birth_date"


def test_a_wrong_check_digit_tells_the_expected_one() -> None:
    read = read_document("110105194912310021")
    assert (read.problem, read.expected, read.born) == ("check_digit", "X", None)


@pytest.mark.parametrize("born", ["19491331", "19490230", "17990101", "00000000"])
def test_an_impossible_birth_date_is_named(born: str) -> None:
    body = f"110105{born}002"
    assert read_document(body + ric.calc_check_digit(body + "0")).problem == "birth_date"


def test_a_birth_after_today_is_impossible() -> None:
    body = "11010520300101002"
    number = body + ric.calc_check_digit(body + "0")
    assert read_document(number).problem is None
    assert read_document(number, today=date(2022, 5, 19)).problem == "birth_date"


@pytest.mark.parametrize(
    ("typed", "kind", "problem"),
    [
        ("E12345678", "passport", None),
        ("ea1234567", "passport", None),
        ("H12345678", "hk_macau_permit", None),
        ("M1234567801", "hk_macau_permit", None),
        ("12345678", "taiwan_permit", None),
        ("1234567890(B)", "taiwan_permit", None),
        ("ABC123456789012", "foreign_resident", None),
        ("1101051949123100", "resident_id", "length"),
        ("11010519491231002", "resident_id", "length"),
        ("1101051949123100211", "resident_id", "length"),
        ("1101O519491231002X", "resident_id", "characters"),
        ("3.10115E+17", "unknown", "unknown_kind"),
        ("无", "unknown", "unknown_kind"),
        ("", "unknown", "blank"),
        ("　", "unknown", "blank"),
    ],
)
def test_kinds_and_problems(typed: str, kind: str, problem: str | None) -> None:
    read = read_document(typed)
    assert (read.kind, read.problem) == (kind, problem)


@given(st.text())
def test_nothing_that_is_typed_raises(text: str) -> None:
    for read in (read_document(text), read_credit_code(text), read_phone(text)):
        assert read.number or read.problem == "blank"
        tail(read.number)


@given(st.text("0123456789XxABC -１２"))
def test_a_canonical_number_is_read_as_itself(text: str) -> None:
    read = read_document(text)
    if read.problem is None:
        assert read_document(read.number).number == read.number


@given(st.text("0123456789ABCDEFGHJKLMNPQRTUWXY", min_size=9, max_size=9), st.integers(100000, 999999), st.data())
def test_credit_codes_catch_one_wrong_character(organisation: str, region: int, data: st.DataObject) -> None:
    body = f"91{region}{organisation}"
    number = body + uscc.calc_check_digit(body)
    assert read_credit_code(number.lower()).problem is None
    at = data.draw(st.integers(8, 17))
    wrong = data.draw(st.sampled_from([c for c in "0123456789ABCDEFGHJKLMNPQRTUWXY" if c != number[at]]))
    read = read_credit_code(number[:at] + wrong + number[at + 1 :])
    assert read.problem == "check_digit"
    assert read.expected is not None


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("91350100M000100Y43", None),
        ("９１３５０１００ M000100Y43", None),
        ("91350100M000100Y4", "length"),
        ("91350100M000100Y4333", "length"),
        ("91350100I000100Y43", "characters"),
        ("91A50100M000100Y43", "characters"),
        ("91350100M000100Y42", "check_digit"),
        ("", "blank"),
    ],
)
def test_credit_codes_and_their_problems(typed: str, problem: str | None) -> None:
    assert read_credit_code(typed).problem == problem


@pytest.mark.parametrize(
    "typed",
    [
        "13800138000",
        "+86 138-0013-8000",
        "(+86)13800138000",
        "8613800138000",
        "0086 138 0013 8000",
        "１３８００１３８０００",
    ],
)
def test_a_phone_is_the_same_however_it_is_typed(typed: str) -> None:
    read = read_phone(typed)
    assert (read.number, read.problem) == ("13800138000", None)


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("1380013800", "length"),
        ("138001380000", "length"),
        ("12800138000", "prefix"),
        ("1380013800O", "characters"),
        ("13800138000 / 13900139000", "characters"),
        ("", "blank"),
    ],
)
def test_phones_and_their_problems(typed: str, problem: str) -> None:
    assert read_phone(typed).problem == problem


def test_a_tail_never_shows_the_whole_number() -> None:
    assert tail(SOUND) == "002X"
    assert tail(SOUND, 2) == "2X"
    assert tail("1234") == ""
    assert tail("") == ""
