"""Text as pasted, made comparable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkkeeper.kernel.text import blank, pinyin_initials, pinyin_key, tidy, tidy_code


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("　张　伟　", "张 伟"),
        ("ＡＢＣ１２３", "ABC123"),
        ("a\u200bb\ufeff", "ab"),
        ("\u202d310115\u202c", "310115"),
        ("a \t\r\n b", "a b"),
        ("", ""),
        ("喆祎赟䶮", "喆祎赟䶮"),
    ],
)
def test_tidy_keeps_what_was_meant(typed: str, meant: str) -> None:
    assert tidy(typed) == meant


@given(st.text())
def test_tidy_twice_is_tidy_once(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)
    assert tidy_code(tidy_code(text)) == tidy_code(text)


@pytest.mark.parametrize("typed", ["yq－0012 ａ", "YQ 0012A", "yq—0012a", "ＹＱ_0012A", "yq‑0012a"])
def test_a_code_is_the_same_however_it_is_typed(typed: str) -> None:
    assert tidy_code(typed) == "YQ0012A"


@pytest.mark.parametrize("nothing", ["", " ", "　", "\u200b", "\ufeff \t", None])
def test_what_shows_nothing_is_blank(nothing: str | None) -> None:
    assert blank(nothing)


def test_a_zero_is_not_blank() -> None:
    assert not blank("0")


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("张伟", "zhang wei"),
        ("单雄", "shan xiong"),
        ("曾小贤", "zeng xiao xian"),
        ("仇英", "qiu ying"),
        ("解放", "xie fang"),
        ("尉迟恭", "yu chi gong"),
        ("欧阳娜娜", "ou yang na na"),
        ("吕布", "lv bu"),
        ("李单", "li dan"),
        ("王䶮", "wang yan"),
        ("买买提·艾力", "mai mai ti ai li"),
        ("John Smith", "john smith"),
        ("", ""),
    ],
)
def test_names_sort_by_pinyin_with_surnames_read_as_surnames(name: str, key: str) -> None:
    assert pinyin_key(name) == key


def test_initials_are_the_first_letters() -> None:
    assert pinyin_initials("张伟") == "zw"
    assert pinyin_initials("单雄信") == "sxx"
    assert pinyin_initials("——") == ""


@given(st.text())
def test_pinyin_of_anything_is_lower_case_words_with_single_spaces(text: str) -> None:
    key = pinyin_key(text)
    assert key == " ".join(key.split())
    assert len(pinyin_initials(text)) == len(key.split())
