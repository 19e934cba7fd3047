"""Which column holds which field, when headings come in any order and any wording."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from parkkeeper.kernel.text import tidy

_REMARK = re.compile(r"\([^()]*\)|\[[^\[\]]*\]|【[^【】]*】|〔[^〔〕]*〕")
_MARKS = re.compile(r"[\s*:：、,，/_·.。-]+")


@dataclass(frozen=True)
class Field:
    """One thing a row may say, and the headings people give it (Chinese and English, the commonest first)."""

    name: str
    headings: list[str]
    required: bool = False


def match_columns(headings: Sequence[str], fields: Sequence[Field]) -> dict[str, int]:
    """Return the 0-based column of each field that was found; no column serves two fields.

    Equal headings win over headings that only contain a field's words (ignoring case, width, spaces, and remarks in
    brackets); among the latter the longest words and the least left over win, then the order of fields and columns.
    """
    found: dict[str, int] = {}
    taken: set[int] = set()
    for name, column in (*_equal(headings, fields), *_containing(headings, fields)):
        if name not in found and column not in taken:
            found[name] = column
            taken.add(column)
    return found


def missing_fields(fields: Iterable[Field], columns: Mapping[str, int]) -> list[Field]:
    """Return the required fields that have no column."""
    return [field for field in fields if field.required and field.name not in columns]


def _plain(heading: str) -> str:
    return _MARKS.sub("", tidy(heading).casefold())


def _bare(heading: str) -> str:
    return _MARKS.sub("", _REMARK.sub("", tidy(heading).casefold()))


def _equal(headings: Sequence[str], fields: Sequence[Field]) -> list[tuple[str, int]]:
    pairs: list[tuple[int, int, str, int]] = []
    for field in fields:
        for rank, wording in enumerate(field.headings):
            for column, heading in enumerate(headings):
                if _plain(heading) and _plain(wording) in (_plain(heading), _bare(heading)):
                    pairs.append((int(_plain(wording) != _plain(heading)), rank, field.name, column))
    pairs.sort(key=lambda pair: (pair[0], pair[1]))
    return [(name, column) for _, _, name, column in pairs]


def _containing(headings: Sequence[str], fields: Sequence[Field]) -> list[tuple[str, int]]:
    pairs: list[tuple[int, int, str, int]] = []
    for field in fields:
        for wording in map(_plain, field.headings):
            for column, heading in enumerate(map(_bare, headings)):
                if len(wording) >= 2 and wording in heading:
                    pairs.append((-len(wording), len(heading) - len(wording), field.name, column))
    pairs.sort(key=lambda pair: (pair[0], pair[1]))
    return [(name, column) for _, _, name, column in pairs]
