"""From the operations of a batch to its sheaves: what is in perfect form about a tube, taken out in columns.

Nothing is refused here. Whatever is not as the app writes it every evening stays behind; parsing.py says what it is.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from parkkeeper.kernel.tubes import read_tube_code
from parkkeeper.sampling.models import Scan
from parkkeeper.sampling.sheaves import Columns, Sheaf
from parkkeeper.sync.parsing import GREATEST

# typed from paper has its own rules of time, and comes from the office
_HOWS = frozenset(Scan.How.values) - {Scan.How.PAPER}
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_UUIDS = re.compile(f"{_UUID}(?:,{_UUID})*")
_SHORTEST, _LONGEST = 16, 32  # of a moment in ISO 8601, to the microsecond at most
_PLACE = {"open_tube": "opening", "seal_tube": "seal"}
_MOST_POOLED, _MOST_SWABS = 100, 1000


@dataclass(slots=True)
class Sifted:
    """The sheaves of a batch, their scans in columns, and the positions of all that is left."""

    sheaves: list[Sheaf] = field(default_factory=list)
    columns: Columns | None = None
    left: list[int] = field(default_factory=list)


def sift(operations: list[Any], holder: str, offset: timedelta) -> Sifted:
    """Take out of a batch what is in perfect form; `holder` is the roster id of the phone's, who scans unless said."""
    everything = Sifted(left=list(range(len(operations))))
    try:
        ids = [raw["id"] for raw in operations]
        if len(set(ids)) < len(ids) or not _UUIDS.fullmatch(",".join(ids)):
            return everything
    except (TypeError, KeyError):
        return everything
    found, undone = _by_tube(operations)
    if not undone <= set(ids):  # an undo of an earlier scan comes before the seal of its tube, whichever tube that is
        found = [sheaf for sheaf in found if sheaf.opening is not None]
    sheaves = [sheaf for sheaf in found if _is_whole(sheaf, operations, holder, undone)]
    sheaves = _each_tube_and_person_once(sheaves, operations)
    columns = _columns(sheaves, operations, offset) if sheaves else None
    if columns is None:
        return everything
    taken = {position for sheaf in sheaves for position in sheaf.positions()}
    return Sifted(sheaves, columns, [n for n in everything.left if n not in taken])


def _by_tube(operations: list[Any]) -> tuple[list[Sheaf], set[Any]]:
    """Sheaves by the code as it was read, and the scans that the batch itself takes back."""
    found: dict[str, Sheaf] = {}
    undone = set()
    odd = set()
    for n, raw in enumerate(operations):
        kind, code = raw.get("kind"), raw.get("tube")
        if type(kind) is not str:
            continue
        if kind == "undo_scan":
            undone.add(str(raw.get("scan")))
        elif type(code) is str and (kind == "scan" or kind in _PLACE):
            sheaf = found.get(code)
            if sheaf is None:
                sheaf = found[code] = Sheaf(code)
            if kind == "scan":
                sheaf.scans.append(n)
            elif getattr(sheaf, _PLACE[kind]) is None:
                setattr(sheaf, _PLACE[kind], n)
            else:
                odd.add(code)
    return [sheaf for code, sheaf in found.items() if code not in odd], undone


def _is_whole(sheaf: Sheaf, operations: list[Any], holder: str, undone: set[Any]) -> bool:
    read = read_tube_code(sheaf.code)
    sheaf.code, sheaf.prefix, sheaf.serial = read.code, read.prefix, read.serial
    return (
        read.problem is None
        and all(_is_plain_scan(operations[n], holder) for n in sheaf.scans)
        and (sheaf.opening is None or _opened(sheaf, operations[sheaf.opening]))
        and (sheaf.seal is None or _sealed(sheaf, operations[sheaf.seal]))
        and not (undone and any(operations[n]["id"] in undone for n in sheaf.scans))
    )


def _is_plain_scan(raw: dict[str, Any], holder: str) -> bool:
    how, by = raw.get("how"), raw.get("by")
    return (
        type(how) is str
        and how in _HOWS
        and type(raw.get("person")) is str
        and not raw.get("claimed", "")
        and (by is None or by == holder)
        and _is_ordered(raw)
    )


def _is_ordered(raw: dict[str, Any]) -> bool:
    sequence, at = raw.get("seq"), raw.get("at")
    return type(sequence) is int and 0 <= sequence <= GREATEST and type(at) is str and _SHORTEST <= len(at) <= _LONGEST


def _opened(sheaf: Sheaf, raw: dict[str, Any]) -> bool:
    size, session = raw.get("pool_size"), raw.get("session")
    if type(size) is not int or not 1 <= size <= _MOST_POOLED or not (session is None or type(session) is str):
        return False
    if not _is_ordered(raw):
        return False
    sheaf.open_id, sheaf.open_at, sheaf.pool_size, sheaf.session = raw["id"], raw["at"], size, session
    return True


def _sealed(sheaf: Sheaf, raw: dict[str, Any]) -> bool:
    swabs = raw.get("swabs")
    if type(swabs) is not int or not 0 <= swabs <= _MOST_SWABS or not _is_ordered(raw):
        return False
    sheaf.seal_id, sheaf.seal_at, sheaf.swabs = raw["id"], raw["at"], swabs
    return True


def _each_tube_and_person_once(sheaves: list[Sheaf], operations: list[Any]) -> list[Sheaf]:
    """Without tubes that were read in two ways, and without the tubes of people who are in the batch twice."""
    codes = Counter(sheaf.code for sheaf in sheaves)
    people = [raw.get("person") for raw in operations if raw.get("kind") == "scan"]
    people = [person.lower() for person in people if type(person) is str]
    twice = set()
    if len(set(people)) < len(people):
        twice = {person for person, times in Counter(people).items() if times > 1}
    return [
        sheaf
        for sheaf in sheaves
        if codes[sheaf.code] == 1 and not (twice and any(operations[n]["person"] in twice for n in sheaf.scans))
    ]


def _columns(sheaves: list[Sheaf], operations: list[Any], offset: timedelta) -> Columns | None:
    """The scans in columns, or None when a person or a moment is not in the form that the database takes as it is."""
    rows = sorted((operations[n]["person"], n, k) for k, sheaf in enumerate(sheaves) for n in sheaf.scans)
    raws = [operations[n] for _person, n, _k in rows]
    ids, people, moments = [raw["id"] for raw in raws], [row[0] for row in rows], [raw["at"] for raw in raws]
    named = people + [sheaf.session for sheaf in sheaves if sheaf.session is not None]
    if named and not _UUIDS.fullmatch(",".join(named)):
        return None
    told = moments + [at for s in sheaves for at in (s.open_at, s.seal_at) if at is not None]
    try:
        heard = list(map(datetime.fromisoformat, told))
        first, last = min(heard), max(heard)
    except (ValueError, TypeError):  # TypeError: with and without an offset to UTC
        return None
    if first.tzinfo is None:
        return None
    return Columns(
        [n for _person, n, _k in rows], [k for _person, _n, k in rows], ids, people, [raw["how"] for raw in raws],
        moments, [raw["seq"] for raw in raws], first, last, offset,
    )  # fmt: skip
