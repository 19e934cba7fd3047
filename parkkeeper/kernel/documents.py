"""Numbers that people write down: identity documents, unified social credit codes, mobile phones.

Nothing here raises for bad input: a number from the field is kept, and its problem is named by a machine code.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from stdnum.cn import ric, uscc

from parkkeeper.kernel.text import tidy_code

# People put an apostrophe before a long number, to keep spreadsheets from counting with it.
_APOSTROPHES = "'`‘’"

Kind = Literal["resident_id", "passport", "hk_macau_permit", "taiwan_permit", "foreign_resident", "unknown"]

_CREDIT_ALPHABET = frozenset("0123456789ABCDEFGHJKLMNPQRTUWXY")
_RESIDENT = re.compile(r"\d{17}[\dX]", re.ASCII)
_OLD_RESIDENT = re.compile(r"\d{15}", re.ASCII)
# Someone wrote digits only, or a lost or added digit and a closing X: meant as a resident ID, not a passport.
_NEARLY_RESIDENT = re.compile(r"\d{10,}X?", re.ASCII)
_HK_MACAU = re.compile(r"[HM]\d{8}(\d{2})?", re.ASCII)
_TAIWAN = re.compile(r"\d{8}|\d{10}(\([A-Z0-9]\))?|T\d{8}", re.ASCII)
_OLD_FOREIGN = re.compile(r"[A-Z]{3}\d{12}", re.ASCII)
_PASSPORT = re.compile(r"(?=.*\d)[A-Z0-9]{6,9}", re.ASCII)
_PHONE = re.compile(r"1[3-9]\d{9}", re.ASCII)


@dataclass(frozen=True)
class Document:
    """A person's document as it was meant; `problem` is None when it can be relied on."""

    kind: Kind
    number: str
    """Canonical: half-width, no spaces or dashes, capitals; 18 digits for a resident ID. Empty for a blank."""
    problem: str | None = None
    """check_digit | birth_date | length | characters | blank | unknown_kind"""
    fixed: str | None = None
    """from_15: an ID of 15 digits, written with its 18."""
    expected: str | None = None
    """With check_digit: the check digit that the other 17 digits ask for."""

    @property
    def born(self) -> date | None:
        """The birth date that a sound resident ID or foreign permanent resident ID carries, else None."""
        if self.problem is None and self.kind in ("resident_id", "foreign_resident") and len(self.number) == 18:
            return _birth_date(self.number[6:14])
        return None


@dataclass(frozen=True)
class CreditCode:
    """A unified social credit code (统一社会信用代码); problem: blank | length | characters | check_digit."""

    number: str
    problem: str | None = None
    expected: str | None = None
    """With check_digit: the check character that the other 17 ask for."""


@dataclass(frozen=True)
class Phone:
    """A mainland mobile number of 11 digits; problem: blank | length | characters | prefix."""

    number: str
    problem: str | None = None


def tail(number: str, n: int = 4) -> str:
    """Return the last `n` characters, which may be shown where the whole number may not; never the whole number."""
    if n <= 0:
        return ""
    return number[-n:] if len(number) > n else ""


def read_document(raw: str, *, today: date | None = None) -> Document:
    """Return what kind of document `raw` is, its canonical number, and what is wrong with it; never raises.

    With `today`, a birth date after it counts as impossible.
    """
    number = tidy_code(raw).lstrip(_APOSTROPHES)
    if len(number) == 18 and number[-1] in "*×":
        number = number[:-1] + "X"
    if not number:
        return Document("unknown", "", "blank")
    if _RESIDENT.fullmatch(number):
        return _resident(number, today)
    if _OLD_RESIDENT.fullmatch(number):
        return _from_15(number)
    for kind, form in _OTHER_FORMS:
        if form.fullmatch(number):
            return Document(kind, number)
    if _NEARLY_RESIDENT.fullmatch(number):
        return Document("resident_id", number, "length")
    if len(number) == 18 and sum(map(str.isdigit, number)) >= 14:
        return Document("resident_id", number, "characters")
    return Document("unknown", number, "unknown_kind")


# Order matters: the narrower form first, a passport last since it may look like nearly anything.
_OTHER_FORMS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("hk_macau_permit", _HK_MACAU),
    ("taiwan_permit", _TAIWAN),
    ("foreign_resident", _OLD_FOREIGN),
    ("passport", _PASSPORT),
)


def _resident(number: str, today: date | None) -> Document:
    # Foreigners' permanent residence cards have 18 digits too since 2023; they begin with a 9.
    kind: Kind = "foreign_resident" if number[0] == "9" else "resident_id"
    expected = str(ric.calc_check_digit(number))
    if number[-1] != expected:
        return Document(kind, number, "check_digit", expected=expected)
    born = _birth_date(number[6:14])
    if born is None or (today and born > today):
        return Document(kind, number, "birth_date")
    return Document(kind, number)


def _from_15(number: str) -> Document:
    long = f"{number[:6]}19{number[6:]}0"
    long = long[:-1] + str(ric.calc_check_digit(long))
    problem = None if _birth_date(long[6:14]) else "birth_date"
    return Document("resident_id", number if problem else long, problem, None if problem else "from_15")


def _birth_date(digits: str) -> date | None:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
    # No clock here: a birth in a far century is a slip of the pen in any year this is read.
    return born if 1880 <= born.year <= 2099 else None


def read_credit_code(raw: str) -> CreditCode:
    """Return the credit code in `raw` (GB 32100: 18 characters, no I O S V Z, the last one a check character)."""
    number = tidy_code(raw).lstrip(_APOSTROPHES)
    if not number:
        return CreditCode("", "blank")
    if len(number) != 18:
        return CreditCode(number, "length")
    if not _CREDIT_ALPHABET.issuperset(number) or not (number[2:8].isascii() and number[2:8].isdigit()):
        return CreditCode(number, "characters")
    expected = str(uscc.calc_check_digit(number))
    return CreditCode(number) if number[-1] == expected else CreditCode(number, "check_digit", expected)


def read_phone(raw: str) -> Phone:
    """Return the mainland mobile number in `raw`, without +86 or 0086, spaces, dashes, dots and brackets."""
    number = tidy_code(raw).lstrip(_APOSTROPHES).translate(str.maketrans("", "", ".()"))
    for prefix in ("+86", "0086", "86"):
        if number.startswith(prefix) and len(number) - len(prefix) == 11:
            number = number.removeprefix(prefix)
            break
    if not number:
        return Phone("", "blank")
    if not (number.isascii() and number.removeprefix("+").isdigit()):
        return Phone(number, "characters")
    if len(number) != 11:
        return Phone(number, "length")
    return Phone(number) if _PHONE.fullmatch(number) else Phone(number, "prefix")
