"""Rounds: the list of them, one live or as it was known at any past moment, opening and closing."""

from dataclasses import replace
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy
from django.views.decorators.http import require_POST

from parkkeeper.park.forms import OfficeForm, day_field, show_form
from parkkeeper.park.lists import Choice, Column, Day, List
from parkkeeper.park.requests import OfficeRequest
from parkkeeper.park.templatetags.park import rate, share, when
from parkkeeper.sampling.actions.rounds import close_round, open_round
from parkkeeper.sampling.asof import AsOf, as_of
from parkkeeper.sampling.links import link_to
from parkkeeper.sampling.models import Programme, Round, Test
from parkkeeper.sampling.roundbook import Part, Rate, rate_of, tell_round
from parkkeeper.sampling.roundtables import TABLES, groups, table_of
from parkkeeper.sampling.tally import Kept, evening_now, evening_then, kept

PER_PAGE = 14  # a fortnight of one test


def state_of(round: Round, at: Any) -> tuple[str, str]:
    """(words, tone) of where the round is at that moment."""
    if round.closed_at and round.closed_at <= at:
        return _("已结束"), "plain"
    if at < round.opens_at:
        return _("名单已冻结，未开采"), "wait"
    return (_("采样中"), "ok") if at < round.closes_at else (_("已过结束时间"), "warn")


def _rows(request: OfficeRequest) -> "_Rated":
    """Rounds, each with the rate that its row shows; worked out when the row is drawn."""
    rounds = Round.objects.select_related("programme").order_by("-day", "-opens_at")
    return _Rated(rounds, partial(_rate, request), request.at)


def _rate(request: OfficeRequest, round: Round) -> Rate:
    told = kept(round, request.at, scopes=request.scopes, reader=request.person)
    if told is None:
        return rate_of(round, request.at, request.scopes)
    rows = told.evening[0]
    return Rate(sum(row.sampled for row in rows), sum(row.due for row in rows), told.as_of)


class _Rated:
    """A list's rows of rounds that carry `rate` and `state`; only the page's own are worked out."""

    def __init__(self, rounds: Any, of: Any, at: Any) -> None:
        self.rounds, self.of, self.at = rounds, of, at

    def count(self) -> int:
        """How many rounds there are."""
        return int(self.rounds.count())

    def __len__(self) -> int:
        return self.count()

    def __getitem__(self, asked: Any) -> list[Round]:
        return [self._rated(round) for round in self.rounds[asked]]

    def __iter__(self) -> Any:
        return iter(self[:])

    def _rated(self, round: Round) -> Round:
        round.rate, round.told_state = self.of(round), state_of(round, self.at)  # type: ignore[attr-defined]
        return round


ROUNDS = List(
    name="rounds",
    title=pgettext_lazy("menu", "轮次"),
    columns=(
        Column("day", gettext_lazy("日期"), kind="day", main=True, link=lambda r: reverse("round", args=[r.pk])),
        Column("test", gettext_lazy("检测"), value=lambda r: str(Test(r.test).label)),
        Column("programme", gettext_lazy("方案"), value="programme__name"),
        Column("state", gettext_lazy("状态"), kind="badge", value=lambda r: r.told_state[0],
               tone=lambda r: r.told_state[1]),
        Column("rehearsal", gettext_lazy("演练"), kind="badge", value=lambda r: _("演练") if r.rehearsal else None,
               tone=lambda r: "info"),
        Column("population", gettext_lazy("冻结名单"), kind="number"),
        Column("rate", gettext_lazy("已采/应检"), value=lambda r: rate(r.rate.sampled, r.rate.due),
               export=lambda r: share(r.rate.sampled, r.rate.due)),
        Column("as_of", gettext_lazy("状态截至"), kind="moment", value=lambda r: when(r.rate.as_of),
               export=lambda r: r.rate.as_of),
    ),
    filters=(
        Choice("test", gettext_lazy("检测"), choices=Test.choices, apply="test"),
        Day("day", gettext_lazy("日期"), apply="day"),
    ),
    per_page=PER_PAGE,
    empty=gettext_lazy("还没有开过轮次。"),
)  # fmt: skip


def round_list(request: OfficeRequest) -> HttpResponse:
    def rows(asked: Any) -> _Rated:
        found = _rows(request)
        found.rounds = found.rounds.filter(**asked.values)
        return found

    context = {"may_open": link_to(request, "round_open"), "may_plan": link_to(request, "programmes")}
    return ROUNDS.page(request, rows, "sampling/rounds.html", context)


def _head(request: OfficeRequest, round: Round, moment: AsOf, counts: Kept) -> dict[str, Any]:
    """The refreshed part of the page: figures, and where each number leads."""
    told = tell_round(round, counts.as_of, evening=counts.evening, strays=counts.strays, scopes=request.scopes)

    def people(state: str) -> str:
        return link_to(request, "missing", query={"round": round.pk, "state": state, **moment.query})

    def shown(parts: list[Part]) -> list[dict[str, Any]]:
        return [{"title": p.title, "tone": p.tone, "count": p.count, "href": people(p.state.value)} for p in parts]

    links = {name: people(name) for name in ("not_sampled", "waiting", "due", "listed")} | {"gaps": people("")}
    links["rate"] = link_to(request, "round", round.pk, query={"by": "enterprise", **moment.query})
    tones = {"not_sampled": "bad" if told.not_sampled else "ok", "gaps": "warn" if told.row.gaps else "ok"}
    return {
        "told": told, "links": links, "tones": tones, "parts": shown(told.due_parts), "others": shown(told.other_parts),
    }  # fmt: skip


def _tabs(request: HttpRequest, round: Round, now: str, moment: AsOf) -> list[tuple[str, str, bool]]:
    query = {"by": "", **moment.query}
    page = partial(link_to, request, "round", round.pk)
    return [(str(title), page(query={**query, "by": by}), by == now) for by, title in TABLES.items()]


def _counts(request: OfficeRequest, round: Round, by: str) -> tuple[Kept, AsOf]:
    """The round's counts and the moment that they speak of: the tally's when now is asked for and there is one."""
    asked = as_of(request)
    if asked.past:
        return evening_then(round, asked.moment, request.at, by=by, scopes=request.scopes), asked
    counts = evening_now(round, asked.moment, by=by, scopes=request.scopes, reader=request.person)
    return counts, replace(asked, moment=counts.as_of)


def round_page(request: OfficeRequest, pk: int) -> HttpResponse:
    """The round at a moment: its head refreshes itself; below, one table of groups."""
    found = get_object_or_404(Round.objects.select_related("programme", "closed_by"), pk=pk)
    by = request.GET.get("by", "grid") if request.GET.get("by") in TABLES else "grid"
    counts, moment = _counts(request, found, by)
    if request.headers.get("HX-Target", "").endswith("#live"):
        live = {"moment": moment, "live": True, "head": _head(request, found, moment, counts)}
        return render(request, "sampling/parts/round_live.html", live)
    context = {
        "title": _("%(test)s轮次 %(day)s") % {"test": found.get_test_display(), "day": found.day.isoformat()},
        "round": found, "moment": moment, "state": state_of(found, moment.moment),
        "head": SimpleLazyObject(partial(_head, request, found, moment, counts)),
        "crumbs": [(pgettext("menu", "轮次"), reverse("rounds"))],
        "missing": link_to(request, "missing", query={"round": found.pk}),
        "may_close": not found.closed_at and link_to(request, "round_close", found.pk),
        "live": not moment.past and not found.closed_at, "tabs": _tabs(request, found, by, moment),
    }  # fmt: skip
    table = partial(groups, request, found, moment, by, counts.evening[0])
    return table_of(by).page(request, table, "sampling/round.html", context)


class OpenForm(OfficeForm):
    programme = forms.ModelChoiceField(
        label=pgettext_lazy("field", "检测方案"), queryset=Programme.objects.order_by("test", "name"), empty_label=None
    )
    day = day_field(gettext_lazy("日期"), help_text=gettext_lazy("名单按此刻的登记冻结，之后的变动不再改变分母。"))
    rehearsal = forms.BooleanField(
        label=gettext_lazy("演练"), required=False, help_text=gettext_lazy("用真手机练习，不产生任何义务。")
    )


def round_open(request: OfficeRequest) -> HttpResponse:
    today = timezone.localdate(request.at)
    form = OpenForm(request.POST or None, initial={"day": today})
    form.fields["programme"].queryset = Programme.objects.filter(during__endswith__gt=today) | Programme.objects.filter(  # type: ignore[attr-defined]
        during__endswith__isnull=True
    )
    if form.carry_out(lambda data: open_round(**data, by=request.person, at=request.at)):
        messages.success(request, _("轮次已开，名单已冻结：%(people)s 人。") % {"people": form.result.population})
        return redirect("round", form.result.pk)
    crumbs, back = [(pgettext("menu", "轮次"), reverse("rounds"))], reverse("rounds")
    return show_form(request, form, title=_("开启轮次"), crumbs=crumbs, back=back, submit=_("冻结名单并开启"))


@require_POST
def round_close(request: OfficeRequest, pk: int) -> HttpResponse:
    close_round(get_object_or_404(Round, pk=pk), by=request.person, at=request.at)
    messages.success(request, _("轮次已结束。迟到的扫码和结果仍会计入，缺口仍可处置。"))
    return redirect("round", pk)
