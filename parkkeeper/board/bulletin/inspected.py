"""The bulletin's figures of inspection: visits, findings, notices and their clocks, stops of work, rates of closing."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.board.bulletin.figure import Figure, Section, Span, tell
from parkkeeper.inspection.known import NoticeThen, Problem, closed_by, notices_at, problems_at, stops_in_force
from parkkeeper.inspection.models import Deadline, Finding, Item, Step, StopWork, Visit


def inspection(span: Span) -> list[Section]:
    """All sections of inspection; a fixed number of statements."""
    now, before = notices_at(span.at), closed_by(span.start)
    return [visits(span), notices(span, now, before), stops(span), closing(span, now)]


def visits(span: Span) -> Section:
    """What teams looked at and found; what a phone told late belongs to the day on which it was received."""
    heard = {"received_at__gt": span.start, "received_at__lte": span.at}
    seen = list(Visit.objects.filter(**heard).order_by("began_at", "pk").values_list("pk", "enterprise"))
    rows = Finding.objects.filter(**heard).order_by("noted_at", "pk")
    told = rows.with_last(span.at).values_list("pk", "last", "item__severity")  # type: ignore[misc]
    found: list[Any] = list(told)
    spot = [pk for pk, last, _severity in found if last == Step.Kind.ON_THE_SPOT]
    grave = [pk for pk, _last, severity in found if severity == Item.Severity.IMMEDIATE]
    at_all = [pk for pk, _enterprise in seen]
    return Section(_("检查"), [
        tell("visits", len(seen), span, noun="visit", ids=at_all),
        tell("visited", len({enterprise for _pk, enterprise in seen}), span, noun="visit", ids=at_all),
        tell("findings", len(found), span, noun="finding", ids=[row[0] for row in found]),
        tell("spot", len(spot), span, len(found), noun="finding", ids=spot),
        tell("grave", len(grave), span, len(found), noun="finding", ids=grave, tone="bad"),
    ])  # fmt: skip


def notices(span: Span, now: Sequence[NoticeThen], closed_before: Collection[int]) -> Section:
    """Notices of the day, and how all of them stood at its end; `closed_before`: those closed at its beginning."""
    live = [one for one in now if one.open]
    told = Deadline.objects.filter(kind=Deadline.Kind.LAPSED, told_at__gt=span.start, told_at__lte=span.at)
    lapsed = list(told.order_by("told_at", "pk").values_list("notice", flat=True))
    return Section(_("整改通知书"), [
        _set("issued", span, _pks(one for one in now if span.holds(one.issued_at))),
        _set("served", span, _pks(one for one in now if span.holds(one.served_at))),
        _set("due_today", span, _pks(one for one in now if not one.ended and span.holds(one.due_at))),
        _set("closed", span, _pks(one for one in now if one.closed and one.pk not in closed_before), tone="ok"),
        _set("open", span, _pks(live), len(now)),
        _set("overdue", span, _pks(one for one in live if one.overdue(span.at)), len(live), tone="bad"),
        _set("lapsed", span, lapsed, tone="bad"),
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


def closing(span: Span, now: Sequence[NoticeThen]) -> Section:
    """Rates of closing over problems: splitting findings or notices changes nothing, leaving out takes two people."""
    asked = problems_at(span.at, now)
    year = timezone.localtime(span.at).year
    own = [one for one in asked.problems if timezone.localtime(one.first_issued_at).year == year]
    judged, backlog = [one for one in own if one.due], [one for one in asked.problems if not one.closed]
    oldest = max(((span.at - one.first_issued_at).days for one in backlog), default=0)
    note = _("只列比率，不排名次。积压最久的已 %(n)s 天。") % {"n": oldest} if backlog else _("只列比率，不排名次。")
    return Section(_("办结"), [
        _rate("closed_rate", span, [one for one in own if one.closed], own),
        _rate("fixed_rate", span, [one for one in own if one.fixed], own),
        _rate("on_time_rate", span, [one for one in judged if one.on_time], judged),
        _rate("backlog", span, backlog, asked.problems),
        _set("excluded", span, asked.excluded, noun="finding"),
    ], note)  # fmt: skip


def _pks(rows: Iterable[NoticeThen]) -> list[int]:
    return [one.pk for one in rows]


def _set(
    key: str, span: Span, ids: Sequence[Any], whole: int | None = None, *, noun: str = "notice", tone: str = ""
) -> Figure:
    return tell(key, len(ids), span, whole, noun=noun, ids=ids, tone=tone)


def _rate(key: str, span: Span, part: Sequence[Problem], whole: Sequence[Problem]) -> Figure:
    """A rate over problems; its list shows the notices that asked for them."""
    numbers = sorted({number for one in part for number in one.notices})
    return tell(key, len(part), span, len(whole), noun="notice", ids=numbers)
