"""The verbs of imports: upload, choose columns, step (check or write a piece), apply, settle a row, abandon."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import connection, transaction
from django.utils.translation import gettext as _

from parkkeeper.kernel.tables import BadTable
from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.files import store_file
from parkkeeper.park.imports.columns import guess_columns, missing_columns, needs_employer
from parkkeeper.park.imports.doubts import decided, row_of
from parkkeeper.park.imports.kinds import LOADERS, WHOLE_AT_MOST
from parkkeeper.park.imports.lines import Plan
from parkkeeper.park.imports.reading import read_sheet, short_notes
from parkkeeper.park.imports.spool import Spool
from parkkeeper.park.imports.stages import next_lines, spool_lines, spool_sheet
from parkkeeper.park.imports.wording import gravest, say_bad_file
from parkkeeper.park.imports.writing import Writer
from parkkeeper.park.journal import record
from parkkeeper.park.models import Import, ImportRow, Person
from parkkeeper.park.words import joined

State = Import.State


@transaction.atomic
def upload_import(kind: str, data: bytes, name: str, *, by: Person, at: datetime) -> Import:
    """Keep a file that somebody brought and guess its columns; nothing of it is written into the register.

    Raises Refused when it is no table of that kind, too big, or the disk does not take it.
    """
    require(by, "import_tables", at=at)
    try:
        sheet = read_sheet(data, name, kind)
    except BadTable as error:
        raise Refused(say_bad_file(error, name)) from error
    if LOADERS[kind].whole and len(sheet.rows) > WHOLE_AT_MOST:
        raise Refused(say_bad_file(BadTable("too_many_rows", limit=WHOLE_AT_MOST), name))
    stored = store_file(data, name=name, of_register=True, by=by, at=at)
    batch = Import.objects.create(
        kind=kind, file=stored, headings=sheet.headings, columns=guess_columns(kind, sheet.headings),
        total=len(sheet.rows), notes=short_notes(sheet.notes), at=at, by=by,
    )  # fmt: skip
    spool_sheet(batch, sheet)
    record("import.uploaded", batch, by=by, at=at, kind=kind, rows=batch.total, size=len(data))
    return batch


@transaction.atomic
def choose_columns(
    batch: Import, columns: Mapping[str, int], *, fixed: Mapping[str, str] | None = None, by: Person, at: datetime
) -> Import:
    """Read all rows with these columns (field -> 0-based column; `fixed` for all rows) and begin the preview.

    Raises Refused when a required field has no column, or when the import was already started.
    """
    require(by, "import_tables", at=at)
    batch = _locked(batch)
    _require_state(batch, State.UPLOADED, State.CHECKING, State.PREVIEWED)
    missing = missing_columns(batch.kind, columns)
    if missing:
        raise Refused(_("请为必填的列选择对应的表头：%(names)s。") % {"names": joined(c.label for c in missing)})
    if needs_employer(batch.kind, {*columns, *(fixed or {})}):
        raise Refused(_("表中没有企业列：请选择“所属企业”或“企业信用代码”对应的表头，或指定整张表属于哪家企业。"))
    batch.columns = {**columns, **({"fixed": dict(fixed)} if fixed else {})}
    batch.state, batch.done, batch.preview, batch.counts = State.CHECKING, 0, {}, {}
    batch.save()
    ImportRow.objects.filter(batch=batch).delete()
    spool_lines(batch)
    record("import.columns_chosen", batch, by=by, at=at, columns=sorted(columns))
    return batch


@transaction.atomic
def apply_import(batch: Import, *, by: Person, at: datetime) -> Import:
    """Begin to write what the preview showed; `step_import` goes on. Raises Refused when somebody already began."""
    require(by, "import_tables", at=at)
    batch = _locked(batch)
    _require_state(batch, State.PREVIEWED)
    batch.state, batch.done, batch.counts = State.APPLYING, 0, {}
    batch.save()
    record("import.started", batch, by=by, at=at, rows=batch.total)
    return batch


@transaction.atomic
def step_import(batch: Import, *, by: Person, at: datetime) -> Import:
    """Deal with the next 2,000 rows: look them up (preview) or write them (apply). Does nothing when none are left.

    What a step wrote and how far it came are one transaction: after a crash the next step goes on where the last ended.
    """
    require(by, "import_tables", at=at)
    batch = _locked(batch)
    if batch.state not in (State.CHECKING, State.APPLYING):
        return batch
    applying = batch.state == State.APPLYING
    if applying:
        _one_import_at_a_time()
    lines = next_lines(batch) if batch.done < batch.total else []
    plans = LOADERS[batch.kind].plan(lines, at=at) if lines else []
    if applying:
        Writer(batch, by=by, at=at).write(plans)
    _keep_doubts(batch, plans)
    counts = Counter(batch.counts if applying else batch.preview) + _counted(plans)
    batch.done += len(lines)
    if applying:
        batch.counts = dict(counts)
    else:
        batch.preview = dict(counts)
    if batch.done >= batch.total:
        _finish(batch, at)
    batch.save()
    record("import.applied" if applying else "import.checked", batch, by=by, at=at, done=batch.done, rows=batch.total)
    return batch


@transaction.atomic
def settle_row(row: ImportRow, how: str, *, candidate: int | None = None, by: Person, at: datetime) -> ImportRow:
    """Settle a doubtful row of an import: skip, retry, as_is, new, or same (with the candidate's id).

    Raises Refused when somebody already settled it, or when it cannot be written that way (the text says why).
    """
    require(by, "import_tables", at=at)
    row = ImportRow.objects.select_for_update(of=("self",)).select_related("batch").get(pk=row.pk)
    if row.batch.state != State.APPLIED:
        raise Refused(_("导入完成后才能处理有疑问的行。请先导入其余各行。"))
    if row.settled_at is not None:
        raise Refused(_("第 %(row)s 行已由%(name)s处理过。") % {"row": row.number, "name": row.settled_by or ""})
    if how != "skip":
        _one_import_at_a_time()
        Writer(row.batch, by=by, at=at).write([decided(row, how, candidate, at)])
    row.settled_at, row.settled_by, row.settled_how = at, by, how
    row.save()
    record("import.row_settled", row.batch, by=by, at=at, row=row.number, how=how, candidate=candidate)
    return row


@transaction.atomic
def abandon_import(batch: Import, *, by: Person, at: datetime) -> Import:
    """Give an import up before it is applied; the file stays as it arrived. Raises Refused once it has begun."""
    require(by, "import_tables", at=at)
    batch = _locked(batch)
    _require_state(batch, State.UPLOADED, State.CHECKING, State.PREVIEWED)
    batch.state = State.ABANDONED
    batch.save()
    ImportRow.objects.filter(batch=batch).delete()
    Spool(batch.pk).drop()
    record("import.abandoned", batch, by=by, at=at)
    return batch


def _locked(batch: Import) -> Import:
    return Import.objects.select_for_update(of=("self",)).select_related("file", "by").get(pk=batch.pk)


def _require_state(batch: Import, *allowed: str) -> None:
    if batch.state not in allowed:
        raise Refused(
            _("这次导入现在是“%(state)s”，不能再做这一步。请刷新页面查看进展。") % {"state": State(batch.state).label}
        )


def _one_import_at_a_time() -> None:
    # two imports may bring the same new person at once: the second must see what the first wrote
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.import'))")


def _counted(plans: Sequence[Plan]) -> Counter[str]:
    counts = Counter(str(plan.verdict) for plan in plans)
    counts["warning"] = sum(gravest(plan.line.problems) == "warning" for plan in plans)
    return counts


def _keep_doubts(batch: Import, plans: Sequence[Plan]) -> None:
    """Keep each row that is wrong, doubtful or was corrected; a step that is done again replaces its own."""
    numbers = [plan.line.number for plan in plans]
    ImportRow.objects.filter(batch=batch, number__in=numbers, settled_at__isnull=True).delete()
    ImportRow.objects.bulk_create([row_of(batch, plan) for plan in plans if plan.line.problems], batch_size=1000)


def _finish(batch: Import, at: datetime) -> None:
    if batch.state == State.APPLYING:
        batch.state, batch.applied_at = State.APPLIED, at
        transaction.on_commit(Spool(batch.pk).drop)
    else:
        batch.state = State.PREVIEWED
