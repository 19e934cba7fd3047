"""Codes of tubes and boxes: one namespace a kind of thing, so that no tube ever scans as a person or as a box.

T (tube) or B (box) + the park's letter pair + a serial of eight digits + a check character (ISO 7064 MOD 37,2 over all
that stands before it). The check character catches every wrong character and every swap of two neighbours, so that a
partial read or a slip in typing names no other tube.
"""

from dataclasses import dataclass

from parkkeeper.kernel.text import tidy_code

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
GREATEST_SERIAL = 99_999_999
_CHECK_ALPHABET = ALPHABET + "*"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}
_LENGTH = 12
_KINDS = frozenset("TB")


@dataclass(frozen=True)
class TubeCode:
    """A tube's code as it was read; problem: blank | not_a_tube | length | characters | check_character."""

    code: str
    prefix: str = ""
    """The park's letter pair; empty when there is a problem."""
    serial: int = 0
    problem: str | None = None


@dataclass(frozen=True)
class BoxCode:
    """A box's code as it was read; problem: blank | not_a_box | length | characters | check_character."""

    code: str
    prefix: str = ""
    serial: int = 0
    problem: str | None = None


def check_character(body: str) -> str:
    """Return the ISO 7064 MOD 37,2 check character (0-9, A-Z or *) of digits and capitals.

    Raises ValueError for any other character.
    """
    total = 0
    for character in body:
        if character not in _VALUES:
            raise ValueError(f"{character!r} cannot stand in a code.")
        total = (total + _VALUES[character]) * 2 % 37
    return _CHECK_ALPHABET[(38 - total) % 37]


def tube_code(prefix: str, serial: int) -> str:
    """Return the code of a tube: the park's two letters and a serial from 0 to 99,999,999. ValueError otherwise."""
    return _make("T", prefix, serial)


def box_code(prefix: str, serial: int) -> str:
    """Return the code of a box, likewise."""
    return _make("B", prefix, serial)


def read_tube_code(raw: str) -> TubeCode:
    """Return what a scanner or a person gave as a tube's code; never raises, the problem is named."""
    code, prefix, serial, problem = _read("T", raw)
    return TubeCode(code, prefix, serial, "not_a_tube" if problem == "other_kind" else problem)


def read_box_code(raw: str) -> BoxCode:
    """Return what a scanner or a person gave as a box's code; never raises, the problem is named."""
    code, prefix, serial, problem = _read("B", raw)
    return BoxCode(code, prefix, serial, "not_a_box" if problem == "other_kind" else problem)


def _make(kind: str, prefix: str, serial: int) -> str:
    if len(prefix) != 2 or not (prefix.isascii() and prefix.isalpha() and prefix.isupper()):
        raise ValueError(f"A park's prefix is two capital letters, not {prefix!r}.")
    if not 0 <= serial <= GREATEST_SERIAL:
        raise ValueError(f"A serial is from 0 to {GREATEST_SERIAL}, not {serial}.")
    body = f"{kind}{prefix}{serial:08d}"
    return body + check_character(body)


def _read(kind: str, raw: str) -> tuple[str, str, int, str | None]:
    code = tidy_code(raw)
    problem = _problem(kind, code)
    return (code, "", 0, problem) if problem else (code, code[1:3], int(code[3:11]), None)


def _problem(kind: str, code: str) -> str | None:
    if not code:
        return "blank"
    # A wrong first letter with the rest in form is still a slip of the tube's own code, unless it names another kind.
    if code[0] in _KINDS - {kind} or not (code[0] == kind or _in_form(code)):
        return "other_kind"
    if len(code) != _LENGTH:
        return "length"
    if not _in_form(code):
        return "characters"
    return None if code[0] == kind and check_character(code[:-1]) == code[-1] else "check_character"


def _in_form(code: str) -> bool:
    letters, serial = code[:3], code[3:-1]
    return (
        len(code) == _LENGTH
        and code.isascii()
        and letters.isalpha()
        and serial.isdigit()
        and code[-1] in _CHECK_ALPHABET
    )
