"""What inspection rests on: the checklists in force, and the papers that authorise more than guidance."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from parkkeeper.inspection.checklistfiles import ItemRow
from parkkeeper.inspection.models import Authorisation, Basis, Checklist, Item
from parkkeeper.kernel.text import blank, tidy
from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.files import store_file
from parkkeeper.park.journal import record
from parkkeeper.park.models import Person, StoredFile


@transaction.atomic
def put_checklist_in_force(
    code: str, name: str, items: Sequence[ItemRow], *, start: date, source: str, aspects: Sequence[str] = (),
    by: Person, at: datetime,
) -> Checklist:  # fmt: skip
    """Enter the next version of a checklist from the local day `start`; the version before ends there and stays
    readable, and visits that began with it keep it.

    Raises Refused without items or source, or when a version begins on that day or later.
    """
    require(by, "manage_inspection", at=at)
    if not items or blank(source):
        raise Refused(_("请提供检查项，并写明依据。"))
    former = Checklist.objects.select_for_update().filter(code=code).order_by("-version").first()
    if former is not None and former.during.lower >= start:
        raise Refused(
            _("“%(name)s”自 %(day)s 起已有第 %(version)s 版，请选择更晚的日期。")
            % {"name": former.name, "day": former.during.lower, "version": former.version}
        )
    if former is not None:
        former.during = (former.during.lower, start)
        former.save(update_fields=["during"])
    made = Checklist.objects.create(
        code=code, version=former.version + 1 if former else 1, name=tidy(name), during=(start, None),
        source=tidy(source), aspects=list(aspects), entered_at=at,
    )  # fmt: skip
    rows = [row.item(position) for position, row in enumerate(items, start=1)]
    for row in rows:
        row.checklist = made
    Item.objects.bulk_create(rows)
    record("checklist.put_in_force", made, by=by, at=at, code=code, version=made.version, items=len(rows))
    return made


@transaction.atomic
def keep_checklist(data: bytes, name: str, *, by: Person, at: datetime) -> StoredFile:
    """Keep a checklist's workbook for a preview; nothing of it is in force yet. Raises Refused for an empty file."""
    require(by, "manage_inspection", at=at)
    if not data:
        raise Refused(_("文件里没有内容。请确认选对了文件，再次上传。"))
    stored = store_file(data, name=name, of_register=True, by=by, at=at)
    record("checklist.uploaded", stored, by=by, at=at, sha256=stored.sha256, size=stored.size)
    return stored


@transaction.atomic
def file_authorisation(
    basis: str, body: str, document: str, *, start: date, until: date | None = None, may_stop_work: bool = False,
    by: Person, at: datetime,
) -> Authorisation:  # fmt: skip
    """Put a dated authorisation on file; from then on visits on that basis may order, not only advise.

    Raises Refused for a basis that needs none, or without the paper.
    """
    require(by, "manage_inspection", at=at)
    if basis == Basis.GUIDANCE:
        raise Refused(_("园区指导走访不需要授权。"))
    if blank(body) or blank(document):
        raise Refused(_("请写明授权单位和文件（名称、文号）。"))
    if until is not None and until <= start:
        raise Refused(_("最后一天不能早于第一天。"))
    row = Authorisation.objects.create(
        basis=basis, body=tidy(body), document=tidy(document), may_stop_work=may_stop_work, during=(start, until),
        entered_at=at, entered_by=by,
    )  # fmt: skip
    record("authorisation.filed", row, by=by, at=at, basis=basis, document=row.document, stop_work=may_stop_work)
    return row
