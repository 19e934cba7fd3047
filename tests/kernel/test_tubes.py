"""A code that was misread names no other tube, and no kind of thing is taken for another."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkkeeper.kernel.documents import read_document
from parkkeeper.kernel.tubes import (
    ALPHABET,
    GREATEST_SERIAL,
    box_code,
    check_character,
    read_box_code,
    read_tube_code,
    tube_code,
)

PREFIXES = st.text(string.ascii_uppercase, min_size=2, max_size=2)
SERIALS = st.integers(0, GREATEST_SERIAL)
CODES = st.builds(tube_code, PREFIXES, SERIALS)


def test_the_check_character_is_the_standards() -> None:
    # Two well-known numbers of ISO 7064 MOD 37,2: a blood donation and one whose check character is the asterisk.
    assert check_character("G123489654321") == "Y"
    assert check_character("A999914123456") == "N"
    assert "*" in {check_character(f"TYQ{serial:08d}") for serial in range(200)}


@given(PREFIXES, SERIALS)
def test_a_code_is_read_as_itself(prefix: str, serial: int) -> None:
    read = read_tube_code(tube_code(prefix, serial))
    assert (read.code, read.prefix, read.serial, read.problem) == (tube_code(prefix, serial), prefix, serial, None)
    box = read_box_code(box_code(prefix, serial))
    assert (box.prefix, box.serial, box.problem) == (prefix, serial, None)


@given(CODES, st.integers(0, 11), st.sampled_from(ALPHABET + "*"))
def test_every_single_wrong_character_is_caught(code: str, at: int, wrong: str) -> None:
    changed = code[:at] + wrong + code[at + 1 :]
    assert (read_tube_code(changed).problem is None) == (changed == code)


@given(CODES, st.integers(0, 10))
def test_every_swap_of_two_neighbours_is_caught(code: str, at: int) -> None:
    changed = code[:at] + code[at + 1] + code[at] + code[at + 2 :]
    assert (read_tube_code(changed).problem is None) == (changed == code)


def test_every_single_error_and_swap_in_one_code_is_caught_without_exception() -> None:
    code = tube_code("YQ", 20220519)
    for at in range(len(code)):
        for wrong in ALPHABET + "*":
            if wrong != code[at]:
                assert read_tube_code(code[:at] + wrong + code[at + 1 :]).problem, (at, wrong)


@given(CODES, st.integers(0, 12), st.integers(0, 12))
def test_a_partial_read_is_no_code(code: str, start: int, end: int) -> None:
    part = code[start:end]
    assert part == code or read_tube_code(part).problem


@given(CODES)
def test_a_lost_or_doubled_character_is_a_wrong_length(code: str) -> None:
    assert read_tube_code(code[:-1]).problem == "length"
    assert read_tube_code(code + code[-1]).problem == "length"


@given(CODES)
def test_no_tube_reads_as_a_box_nor_as_a_sound_document(code: str) -> None:
    assert read_box_code(code).problem == "not_a_box"
    assert read_document(code).problem is not None
    assert read_tube_code("B" + code[1:]).problem == "not_a_tube"
    assert read_box_code("B" + code[1:]).problem == "check_character"


@pytest.mark.parametrize("person", ["11010519491231002X", "E12345678", "13800138000", "H12345678", "S00012", "张伟"])
def test_no_persons_code_reads_as_a_tube(person: str) -> None:
    assert read_tube_code(person).problem == "not_a_tube"


@given(CODES)
def test_a_code_is_the_same_however_it_is_typed(code: str) -> None:
    assert read_tube_code(f" {code[:3].lower()}-{code[3:7]} {code[7:]} ").code == code


@pytest.mark.parametrize(
    ("typed", "problem"),
    [("", "blank"), ("TYQ", "length"), ("TYQ0000O123I", "characters"), ("TYQ00000123J", "check_character")],
)
def test_problems_are_named(typed: str, problem: str) -> None:
    assert read_tube_code(typed).problem == problem


@given(st.text())
def test_nothing_that_is_scanned_raises(text: str) -> None:
    assert read_tube_code(text).problem or read_box_code(text).problem


@pytest.mark.parametrize(
    ("prefix", "serial"), [("yq", 1), ("Y", 1), ("YQX", 1), ("Y1", 1), ("云桥", 1), ("YQ", -1), ("YQ", 10**8)]
)
def test_a_code_outside_the_namespace_is_never_made(prefix: str, serial: int) -> None:
    with pytest.raises(ValueError, match="two capital letters|serial"):
        tube_code(prefix, serial)
