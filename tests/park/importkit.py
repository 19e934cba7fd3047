"""Short ways for the tests of imports: a table as a file, an import run to its end."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from parkkeeper.kernel.tables import Cell, Sheet, write_csv, write_xlsx
from parkkeeper.park.actions.imports import apply_import, choose_columns, step_import, upload_import
from parkkeeper.park.models import Import, ImportRow
from tests.world import EVENING

State = Import.State
ROSTER = ["姓名", "身份证号", "手机号", "工号", "企业名称", "类别", "状态"]


def xlsx(headings: Sequence[str], *rows: Sequence[Cell]) -> bytes:
    return write_xlsx([Sheet("名册", headings, rows)])


def csv(headings: Sequence[str], *rows: Sequence[Cell]) -> bytes:
    return write_csv(headings, rows)


def previewed(w: Any, kind: str, data: bytes, name: str = "名册.xlsx", **more: Any) -> Import:
    """The import after its preview, with the columns as they were guessed."""
    at = more.pop("at", EVENING)
    batch = upload_import(kind, data, name, by=w.office, at=at)
    batch = choose_columns(batch, batch.columns, by=w.office, at=at, **more)
    return stepped(w, batch, at)


def stepped(w: Any, batch: Import, at: datetime = EVENING) -> Import:
    while batch.state in (State.CHECKING, State.APPLYING):
        batch = step_import(batch, by=w.office, at=at)
    return batch


def imported(w: Any, kind: str, data: bytes, name: str = "名册.xlsx", **more: Any) -> Import:
    """The import after everything was written."""
    at = more.get("at", EVENING)
    batch = previewed(w, kind, data, name, **more)
    return stepped(w, apply_import(batch, by=w.office, at=at), at)


def told(batch: Import) -> dict[int, list[tuple[str, str]]]:
    """Row number -> (column, code) of its problems."""
    rows = ImportRow.objects.filter(batch=batch).order_by("number")
    return {row.number: [(p["column"], p["code"]) for p in row.problems] for row in rows}


def seen(counts: dict[str, int]) -> dict[str, int]:
    """The counts that are not nought."""
    return {key: count for key, count in counts.items() if count}
