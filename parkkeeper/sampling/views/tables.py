"""A table between upload and taking: which column is what, as the reader sees it and may change it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.shortcuts import get_object_or_404
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from parkkeeper.kernel.tables import Field, column_letter
from parkkeeper.park.files import read_file
from parkkeeper.park.models import StoredFile
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.sampling.labwords import FIELDS as WORDS


@dataclass(frozen=True)
class Chooser:
    """One field of the column map: its name in the form, its title, and the columns with the chosen one."""

    name: str
    title: str | Promise
    required: bool
    options: list[tuple[str, str, bool]]


def choosers(fields: Sequence[Field], headings: Sequence[str], columns: Mapping[str, int]) -> list[Chooser]:
    """The column map as fields to choose: for each field the columns of the file, by their headings."""
    found = []
    for field in fields:
        options = [("", _("没有这一列"), field.name not in columns)]
        options += [(str(n), f"{column_letter(n)} {heading}".strip(), columns.get(field.name) == n)
                    for n, heading in enumerate(headings)]  # fmt: skip
        found.append(Chooser(f"c_{field.name}", WORDS.get(field.name, field.headings[0]), field.required, options))
    return found


def chosen(query: QueryDict, fields: Sequence[Field]) -> dict[str, int] | None:
    """The column map as the reader changed it; None while nothing was chosen."""
    if not any(f"c_{field.name}" in query for field in fields):
        return None
    texts = {field.name: query.get(f"c_{field.name}", "") for field in fields}
    return {name: int(text) for name, text in texts.items() if text.isdigit() and len(text) < 6}


def own_file(request: OfficeRequest, pk: int) -> tuple[StoredFile, bytes]:
    """A file that the reader uploaded, and its content; 404 for anybody else's."""
    stored = get_object_or_404(StoredFile, pk=pk, stored_by=request.person)
    return stored, read_file(stored)


def count_words(counts: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    """Counts of a report or a preview as (title, number, tone), those that are there."""
    words = (
        ("rows", _("总行数"), ""), ("readable", _("可导入"), "ok"), ("new", _("新结果"), "ok"),
        ("known", _("已有"), ""), ("negative", _("阴性"), "ok"), ("positive", _("阳性"), "bad"),
        ("indeterminate", _("可疑"), "warn"), ("invalid", _("无效"), "warn"),
        ("unknown_tube", _("未知试管"), "warn"), ("problems", _("没有收下"), "bad"),
    )  # fmt: skip
    return [(title, counts[key], tone if counts[key] else "") for key, title, tone in words if key in counts]
