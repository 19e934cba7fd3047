"""Policy packs: readable files with the rules of one emergency. `shanghai-2022.toml` is the sample."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


class BadPack(ValueError):
    """A pack's file cannot be used; the message names file, row and remedy."""


@dataclass(frozen=True)
class PackRule:
    """One row: in force on local days [start, end), end None for until replaced."""

    key: str
    value: Any
    unit: str
    start: date
    end: date | None
    source: str
    note: str


@dataclass(frozen=True)
class PackYear:
    """The holidays and make-up working days of one year, as they were published."""

    year: int
    holidays: tuple[date, ...]
    make_up: tuple[date, ...]
    source: str


@dataclass(frozen=True)
class Pack:
    """A pack as its file tells it."""

    code: str
    name: str
    about: str
    rules: tuple[PackRule, ...]
    years: tuple[PackYear, ...] = ()


def pack_codes() -> list[str]:
    """The codes of the packs that this installation brings."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def read_pack(code: str) -> Pack:
    """The pack of that code. Raises BadPack when there is none, or a row lacks what a rule needs."""
    if code not in pack_codes():
        raise BadPack(f"There is no policy pack {code!r}; there are: {', '.join(pack_codes())}.")
    path = FOLDER / f"{code}.toml"
    try:
        facts = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadPack(f"{path.name} is no TOML: {error}") from error
    rows = tuple(_row(row, number, path.name) for number, row in enumerate(facts.get("rule", []), start=1))
    years = tuple(_year(row, path.name) for row in facts.get("calendar", []))
    return Pack(code=code, name=facts["name"], about=facts.get("about", ""), rules=rows, years=years)


def _year(row: dict[str, Any], file: str) -> PackYear:
    year, days = row.get("year"), [*row.get("holidays", []), *row.get("make_up", [])]
    if not row.get("source") or not row.get("holidays") or any(day.year != year for day in days):
        raise BadPack(f"{file}, calendar {year}: holidays, make_up and source of that one year are needed.")
    return PackYear(row["year"], tuple(row["holidays"]), tuple(row["make_up"]), row["source"])


def _row(row: dict[str, Any], number: int, file: str) -> PackRule:
    for field in ("key", "value", "from", "source"):
        if row.get(field) in (None, ""):
            raise BadPack(f"{file}, rule {number} ({row.get('key', 'without key')}): {field!r} is missing; add it.")
    start, end = row["from"], row.get("to")
    if not isinstance(start, date) or (end is not None and not (isinstance(end, date) and start < end)):
        raise BadPack(f"{file}, rule {number} ({row['key']}): from and to must be days, from before to.")
    return PackRule(
        key=row["key"], value=row["value"], unit=row.get("unit", ""), start=start, end=end, source=row["source"],
        note=row.get("note", ""),
    )  # fmt: skip
