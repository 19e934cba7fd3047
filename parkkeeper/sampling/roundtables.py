"""The tables under a round: who was due, sampled and missing by grid, enterprise, point or time of the evening."""

from dataclasses import dataclass
from functools import cache

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from parkkeeper.park.lists import Asked, Column, List
from parkkeeper.park.models import Enterprise
from parkkeeper.park.search import enterprises_matching
from parkkeeper.park.templatetags.park import bar, rate
from parkkeeper.sampling.asof import AsOf
from parkkeeper.sampling.links import link_to
from parkkeeper.sampling.models import Point, Round
from parkkeeper.sampling.reconciliation import Row
from parkkeeper.sampling.states import State

TABLES = {
    "grid": gettext_lazy("按网格"),
    "enterprise": gettext_lazy("按企业"),
    "point": gettext_lazy("按采样点"),
    "slot": gettext_lazy("按时段"),
}
_LABELS = {
    "grid": gettext_lazy("网格"),
    "enterprise": gettext_lazy("企业"),
    "point": gettext_lazy("采样点"),
    "slot": gettext_lazy("时段开始"),
}
_NOWHERE = {
    "grid": gettext_lazy("没有网格"),
    "enterprise": gettext_lazy("没有企业"),
    "point": gettext_lazy("没有安排采样点"),
    "slot": gettext_lazy("没有安排时段"),
}


@dataclass(frozen=True)
class Group:
    """One line of a table: the counts, and where its numbers lead ("" nowhere); worked out for the lines of a page."""

    row: Row
    name: str
    request: HttpRequest
    round: Round
    moment: AsOf
    by: str

    @property
    def href(self) -> str:
        """The page of what the line is about."""
        if self.row.key is None or self.by == "slot":
            return ""
        if self.by == "grid":
            return link_to(self.request, "starfield", query={"grid": self.row.key})
        return link_to(self.request, self.by, self.row.key)

    @property
    def missing(self) -> str:
        """The list of those who were due and have no sample at all."""
        return self._people(state=State.NOT_SAMPLED.value)

    @property
    def gaps(self) -> str:
        """The list of all on whom somebody must act."""
        return self._people()

    def _people(self, **more: str) -> str:
        if self.row.key is None or self.by == "slot":
            return ""
        query = {"round": self.round.pk, self.by: self.row.key, **self.moment.query, **more}
        return link_to(self.request, "missing", query=query)

    @property
    def not_sampled(self) -> int:
        """Lines of people who were due and have no sample at all."""
        return self.row.counts.get(State.NOT_SAMPLED, 0)

    @property
    def share(self) -> float:
        """Sampled of due, 0 to 1; of nobody due it is 1, for nothing is missing there."""
        return self.row.sampled / self.row.due if self.row.due else 1.0


_ORDERS = {
    "name": lambda g: (g.row.key is None, g.name),
    "due": lambda g: g.row.due,
    "rate": lambda g: g.share,
    "not_sampled": lambda g: g.not_sampled,
    "gaps": lambda g: g.row.gaps,
    "population": lambda g: g.row.population,
}


@cache
def table_of(by: str) -> List:
    """The list that shows the round's groups by grid, enterprise, point or slot."""
    return List(
        name="groups",
        title=TABLES[by],
        columns=(
            Column("name", _LABELS[by], link=lambda g: g.href, order="name", main=True),
            Column("due", gettext_lazy("应检"), kind="number", value="row__due", order="due"),
            Column("rate", gettext_lazy("已采/应检"), value=lambda g: rate(g.row.sampled, g.row.due), order="rate",
                   export=lambda g: g.row.sampled),
            Column("bar", gettext_lazy("进度"), value=lambda g: bar(g.row.sampled, g.row.due, g.name), export=False),
            Column("not_sampled", gettext_lazy("未采样"), kind="number", link=lambda g: g.missing, order="not_sampled"),
            Column("gaps", gettext_lazy("需处理"), kind="number", value="row__gaps", link=lambda g: g.gaps,
                   order="gaps"),
            Column("population", gettext_lazy("冻结名单"), kind="number", value="row__population", order="population"),
        ),
        search=(lambda rows, text: rows) if by in ("enterprise", "point") else None,
        hint=_LABELS[by],
        order="name",
        row_tone=lambda g: "bad" if g.not_sampled else "warn" if g.row.gaps else "ok" if g.row.due else "",
        empty=gettext_lazy("名单上没有人。"),
    )  # fmt: skip


def groups(request: HttpRequest, round: Round, moment: AsOf, by: str, rows: list[Row], asked: Asked) -> list[Group]:
    """Of the round's rows by `by` those that the reader asks for, in the order asked for."""
    places = dict(Point.objects.order_by("pk").values_list("pk", "site__name")) if by == "point" else {}
    found = [Group(row, _name(by, row, places), request, round, moment, by) for row in rows]
    if asked.text:
        keys = _enterprises(asked.text) if by == "enterprise" else None
        found = [g for g in found if (g.row.key in keys if keys is not None else asked.text.lower() in g.name.lower())]
    return sorted(found, key=_ORDERS[asked.order.lstrip("-")], reverse=asked.order.startswith("-"))


def _enterprises(text: str) -> set[int]:
    return set(Enterprise.objects.filter(enterprises_matching(text)).values_list("pk", flat=True))


def _name(by: str, row: Row, places: dict[int, str]) -> str:
    return f"{row.label} {places.get(row.key, '')}".strip() if row.key is not None else _(str(_NOWHERE[by]))
