"""The lists behind the bulletin's figures: exactly the rows that a figure counted, in the order in which it did."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from parkkeeper.board.bulletin.figure import Figure
from parkkeeper.inspection.models import Finding, Notice, StopWork, Visit
from parkkeeper.park.lists import Column, List
from parkkeeper.park.models import Anomaly
from parkkeeper.sampling.doubts import KINDS


def _doubt(kind: str) -> str:
    return str(KINDS[kind].title) if kind in KINDS else kind


_ENTERPRISE = Column("enterprise", _("企业"), value="enterprise__short_name")
LISTS = {
    "visit": List(
        name="bulletin_visits", title=pgettext_lazy("menu", "检查"),
        columns=(
            Column("began_at", _("时间"), kind="moment", main=True, link=lambda v: reverse("visit", args=[v.pk])),
            _ENTERPRISE, Column("kind", _("类型"), value=lambda v: v.get_kind_display()),
        ),
    ),
    "finding": List(
        name="bulletin_findings", title=_("问题清单"),
        columns=(
            Column("item", _("检查项"), kind="code", value="item__code", main=True,
                   link=lambda f: reverse("finding", args=[f.pk])),
            Column("text", _("内容"), kind="note", value=lambda f: f.item.words), _ENTERPRISE,
            Column("noted_at", _("发现时间"), kind="moment"),
        ),
    ),
    "notice": List(
        name="bulletin_notices", title=pgettext_lazy("menu", "整改通知书"),
        columns=(
            Column("number", _("文号"), kind="code", main=True, link=lambda n: reverse("notice", args=[n.pk])),
            _ENTERPRISE, Column("issued_at", _("开具"), kind="moment"),
        ),
    ),
    "stop_work": List(
        name="bulletin_stops", title=pgettext_lazy("menu", "停工"),
        columns=(
            Column("enterprise", _("企业"), value="enterprise__short_name", main=True,
                   link=lambda s: reverse("stop_work", args=[s.pk])),
            Column("extent", _("范围"), value=lambda s: f"{s.get_extent_display()} {s.place}"),
            Column("in_force_at", _("生效"), kind="moment"),
        ),
    ),
    "anomaly": List(
        name="bulletin_doubts", title=pgettext_lazy("menu", "异常"),
        columns=(
            Column("kind", _("异常"), main=True, value=lambda a: _doubt(a.kind)),
            Column("raised_at", _("记下时间"), kind="moment"), _ENTERPRISE,
        ),
    ),
}  # fmt: skip
"""By the noun of a figure."""
_MODELS: dict[str, type[Model]] = {
    "visit": Visit, "finding": Finding, "notice": Notice, "stop_work": StopWork, "anomaly": Anomaly,
}  # fmt: skip
_ALONG = {"finding": ("enterprise", "item")}


class Counted(Sequence[Any]):
    """The rows of a figure, read by the slice that a page shows."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure

    def __len__(self) -> int:
        return len(self.figure.ids)

    def __getitem__(self, which: Any) -> Any:
        ids = list(self.figure.ids[which]) if isinstance(which, slice) else [self.figure.ids[which]]
        rows = _MODELS[self.figure.noun]._default_manager.select_related(*_ALONG.get(self.figure.noun, ("enterprise",)))
        found = rows.in_bulk(ids)
        listed = [found[pk] for pk in ids if pk in found]
        return listed if isinstance(which, slice) else listed[0]


def rows_of(figure: Figure) -> Counted:
    """What the figure counted, for a list."""
    return Counted(figure)
