"""Which grid or enterprise is sealed or controlled, from when: it decides how often people are tested."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from parkkeeper.kernel.text import blank, tidy
from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import AreaLevel, Enterprise, Grid, Person


@transaction.atomic
def set_area_level(
    level: str, *, grid: Grid | None = None, enterprise: Enterprise | None = None, source: str, by: Person, at: datetime
) -> AreaLevel | None:
    """Put one grid or one enterprise under `level` from `at` on; "other" only ends what was. Returns the new row.

    Raises Refused without a source, for no place or two, or when it is under that level already.
    """
    require(by, "plan_sampling", at=at)
    if blank(source):
        raise Refused(_("请写明依据：哪份通告或决定。"))
    if (grid is None) == (enterprise is None):
        raise Refused(_("请选择一个网格，或填写一家企业（只选其一）。"))
    place = {"grid": grid} if grid else {"enterprise": enterprise}
    current = AreaLevel.objects.select_for_update().at(at).filter(**place).first()
    if (current.level if current else AreaLevel.Level.OTHER) == level:
        raise Refused(_("这里已经是“%(level)s”。") % {"level": AreaLevel.Level(level).label})
    if current is not None:
        current.during = (current.during.lower, at)
        current.save(update_fields=["during"])
    new = None
    if level != AreaLevel.Level.OTHER:
        new = AreaLevel.objects.create(level=level, during=(at, None), source=tidy(source), **place)
    record(
        "area.level_set", new or current, by=by, at=at, enterprise=enterprise.pk if enterprise else None,
        level=level, grid=grid.code if grid else "", source=tidy(source),
    )  # fmt: skip
    return new
