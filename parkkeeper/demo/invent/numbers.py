"""Numbers that pass every check and belong to nobody: identity documents, credit codes, phones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from stdnum.cn import ric, uscc

# Province-level codes: in the official table, so they are valid in form, yet no card bears one.
AREAS = ("310000", "320000", "330000", "340000", "350000", "360000", "370000", "410000", "420000", "430000",
         "510000", "520000", "610000", "620000")  # fmt: skip
CREDIT_AREA = "319900"
PHONE_RANGE = "199000"
FIRST_BIRTH = date(1963, 1, 1)
LAST_BIRTH = date(2003, 12, 31)

_CREDIT_SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)


class Numbers:
    """Draws numbers, each once."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.taken: set[str] = set()
        self.phones = rng.sample(range(100_000), 40_000)

    def phone(self) -> str:
        """An 11-digit mobile number of the range 199 000x xxxx."""
        return f"{PHONE_RANGE}{self.phones.pop():05}"

    def resident_id(self, male: bool) -> str:
        """An 18-digit resident identity number with a right check digit."""
        while True:
            born = FIRST_BIRTH + timedelta(days=int(self.rng.random() * (LAST_BIRTH - FIRST_BIRTH).days))
            order = int(self.rng.random() * 499) * 2 + (1 if male else 2)
            body = f"{AREAS[int(self.rng.random() * len(AREAS))]}{born:%Y%m%d}{order:03}"
            if body not in self.taken:
                self.taken.add(body)
                return body + ric.calc_check_digit(body + "0")

    def passport(self) -> str:
        """A passport number in form: two letters, seven digits."""
        return self._fresh(lambda: "Z" + self.rng.choice("XYZ") + f"{self.rng.randrange(10**7):07}")

    def hk_macau_permit(self) -> str:
        """A travel permit of a Hong Kong or Macau resident: H or M and eight digits."""
        return self._fresh(lambda: self.rng.choice("HM") + f"{self.rng.randrange(10**8):08}")

    def taiwan_permit(self) -> str:
        """A travel permit of a Taiwan resident: eight digits."""
        return self._fresh(lambda: f"{self.rng.randrange(10**8):08}")

    def credit_code(self) -> str:
        """An 18-sign unified social credit code; both its check characters are right."""
        organisation = self._fresh(lambda: "MA" + "".join(self.rng.choice(_CREDIT_SIGNS) for _ in range(6)))
        body = f"91{CREDIT_AREA}{organisation}{_organisation_check(organisation)}"
        return str(body + uscc.calc_check_digit(body))

    def _fresh(self, draw: Callable[[], str]) -> str:
        while (number := draw()) in self.taken:
            pass
        self.taken.add(number)
        return number


def _organisation_check(organisation: str) -> str:
    values = (int(sign, 36) for sign in organisation)
    rest = 11 - sum(value * weight for value, weight in zip(values, _ORGANISATION_WEIGHTS, strict=True)) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))
