"""Reading single cells of a table: days, counts, yes and no, a word of some; never guessing."""

import re
from collections.abc import Mapping
from datetime import date, timedelta

from parkkeeper.kernel.text import tidy

_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]\d{1,2}:\d{2}(?::\d{2})?)?")
_COMPACT_DAY = re.compile(r"(\d{4})(\d{2})(\d{2})")
_SERIAL_DAY = re.compile(r"\d{5}")
_SERIAL_BEGIN = date(1899, 12, 30)
_COUNT = re.compile(r"(\d{1,9})(?:\.0+)?\s*(?:人|名|个)?")
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?[Ee]\+?\d{2}")
_YES = {"true", "yes", "y", "是", "1", "arterial", "primary", "trunk", "主干道", "主干"}


def read_day(text: str) -> date | None:
    """The day that a cell says: 2022-05-19, 2022/5/19, 2022年5月19日, 20220519, or a spreadsheet's day number."""
    shown = tidy(text)
    try:
        if found := _DAY.fullmatch(shown) or _COMPACT_DAY.fullmatch(shown):
            return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None
    if _SERIAL_DAY.fullmatch(shown):
        return _SERIAL_BEGIN + timedelta(days=int(shown))
    return None


def read_count(text: str) -> int | None:
    """The whole number that a cell says: 120, 1,200, 120人; None when it says none."""
    found = _COUNT.fullmatch(tidy(text).replace(",", "").replace("，", ""))
    return int(found[1]) if found else None


def read_degrees(text: str) -> float | None:
    """A coordinate in degrees, None when it is none."""
    try:
        found = float(tidy(text).rstrip("°"))
    except ValueError:
        return None
    return found if found == found and abs(found) != float("inf") else None


def is_yes(text: str) -> bool:
    """Whether a cell says yes."""
    return tidy(text).casefold() in _YES


def is_scientific(text: str) -> bool:
    """Whether a spreadsheet has made a long number 3.10101E+17, so that its last digits are lost."""
    return bool(_SCIENTIFIC.fullmatch(text.strip()))


def word_of(text: str, words: Mapping[str, str]) -> str | None:
    """The code of a word (ignoring case and spaces), None when the word is not known."""
    return words.get(tidy(text).casefold().replace(" ", ""))
