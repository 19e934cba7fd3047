"""The bulletin's figures of inspection: visits, findings, notices and their clocks, stops of work, rates of closing."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext as _

from parkkeeper.board.bulletin.figure import Figure, Section, Span, tell
from parkkeeper.inspection.known import Asked, NoticesThen, Part, known_at, stops_in_force
from parkkeeper.inspection.models import Deadline, Finding, Item, Step, StopWork, Visit


def inspection(span: Span) -> list[Section]:
    """All sections of inspection; a fixed number of statements."""
    known = known_at(span.at, span.start)
    return [visits(span), notices(span, known.notices), stops(span), closing(span, known.problems)]


def visits(span: Span) -> Section:
    """What teams looked at and found; what a phone told late belongs to the day on which it was received."""
    heard = {"received_at__gt": span.start, "received_at__lte": span.at}
    seen = list(Visit.objects.filter(**heard).order_by("began_at", "pk").values_list("pk", "enterprise"))
    rows = Finding.objects.filter(**heard).order_by("noted_at", "pk")
    settled = Step.objects.filter(kind=Step.Kind.ON_THE_SPOT).values("finding")
    last = Case(When(pk__in=settled, then=F("last")), default=Value(""))  # asked of those alone that it may be
    found = list(rows.with_last(span.at).annotate(spot=last).values_list("pk", "spot", "item__severity"))
    spot = [pk for pk, kind, _severity in found if kind == Step.Kind.ON_THE_SPOT]
    grave = [pk for pk, _kind, severity in found if severity == Item.Severity.IMMEDIATE]
    at_all = [pk for pk, _enterprise in seen]
    return Section(_("检查"), [
        tell("visits", len(seen), span, noun="visit", ids=at_all),
        tell("visited", len({enterprise for _pk, enterprise in seen}), span, noun="visit", ids=at_all),
        tell("findings", len(found), span, noun="finding", ids=[row[0] for row in found]),
        tell("spot", len(spot), span, len(found), noun="finding", ids=spot),
        tell("grave", len(grave), span, len(found), noun="finding", ids=grave, tone="bad"),
    ])  # fmt: skip


def notices(span: Span, now: NoticesThen) -> Section:
    """Notices of the day, and how all of them stood at its end."""
    day = Q(told_at__gt=span.start, told_at__lte=span.at) | Q(taken_back_at__gt=span.start, taken_back_at__lte=span.at)
    rows = Deadline.objects.filter(day, kind=Deadline.Kind.LAPSED).order_by("told_at", "pk")
    told = list(rows.values_list("notice", "told_at", "taken_back_at"))
    lapsed = [notice for notice, told_at, _back_at in told if span.start < told_at <= span.at]
    taken_back = [notice for notice, _told_at, back in told if back is not None and span.start < back <= span.at]
    return Section(_("整改通知书"), [
        _set("issued", span, now.issued),
        _set("served", span, now.served),
        _set("due_today", span, now.due),
        _set("closed", span, now.closed, tone="ok"),
        _set("open", span, now.open, now.total),
        _set("overdue", span, now.overdue, len(now.open), tone="bad"),
        _set("lapsed", span, lapsed, tone="bad"),
        _set("lapses_back", span, taken_back),
    ])  # fmt: skip


def stops(span: Span) -> Section:
    """Stops of work that bound at the day's end, and those of the day."""
    of_day = StopWork.objects.order_by("pk").values_list("pk", flat=True)
    begun = of_day.filter(in_force_at__gt=span.start, in_force_at__lte=span.at)
    lifted = of_day.filter(lifted_at__gt=span.start, lifted_at__lte=span.at)
    return Section(_("停工"), [
        _set("stops", span, [stop.pk for stop in stops_in_force(span.at)], noun="stop_work", tone="bad"),
        _set("stops_begun", span, list(begun), noun="stop_work"),
        _set("stops_lifted", span, list(lifted), noun="stop_work"),
    ])  # fmt: skip


def closing(span: Span, asked: Asked) -> Section:
    """Rates of closing over problems: splitting findings or notices changes nothing, leaving out takes two people."""
    note = _("只列比率，不排名次。")
    if asked.oldest is not None:
        note = _("只列比率，不排名次。积压最久的已 %(n)s 天。") % {"n": (span.at - asked.oldest).days}
    return Section(_("办结"), [
        _rate("closed_rate", span, asked.rates.closed, asked.own),
        _rate("fixed_rate", span, asked.rates.fixed, asked.own),
        _rate("on_time_rate", span, asked.rates.on_time, asked.judged),
        _rate("backlog", span, asked.rates.backlog, asked.total),
        _set("excluded", span, asked.excluded, noun="finding"),
    ], note)  # fmt: skip


def _set(
    key: str, span: Span, ids: Sequence[Any], whole: int | None = None, *, noun: str = "notice", tone: str = ""
) -> Figure:
    return tell(key, len(ids), span, whole, noun=noun, ids=ids, tone=tone)


def _rate(key: str, span: Span, part: Part, whole: int) -> Figure:
    """A rate over problems; its list shows the notices that asked for them."""
    return tell(key, part.count, span, whole, noun="notice", ids=part.notices)
