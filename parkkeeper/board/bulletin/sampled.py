"""The bulletin's figures of sampling: the evening's round, the morning's self-tests, positives, doubts."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.core.cache import cache
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.board.bulletin.figure import Section, Span, tell
from parkkeeper.park.models import Anomaly, Person
from parkkeeper.park.templatetags.park import exactly
from parkkeeper.sampling.models import AntigenTest, Obligation, Result, Round, Test
from parkkeeper.sampling.reconciliation import Row, reconcile
from parkkeeper.sampling.roundbook import TONES, add_rows
from parkkeeper.sampling.states import DUE_STATES, MEANINGS, State
from parkkeeper.sampling.tally import kept

KEPT_SECONDS = 3600
Link = Callable[..., str]
"""(name of a page, *arguments, query=) -> its address, "" when the reader may not open it."""


def round_of(test: Test, span: Span) -> Round | None:
    """The day's round of the test, if its list was frozen by then; rehearsals are no day's figures."""
    return Round.objects.filter(test=test, day=span.day, rehearsal=False, frozen_at__lte=span.at).first()


def counts_of(round: Round, span: Span, reader: Person | None) -> tuple[Row, Span]:
    """The round's counts as known at the day's end, and the span of which they tell.

    A past day's never change and are kept for an hour. While the day lasts, a reader is told those of a large round
    from its fresh tally: the span then ends at the tally's moment.
    """
    told = kept(round, span.at, scopes=None, reader=reader) if span.running and reader else None
    if told:
        return add_rows(told.evening[0]), replace(span, at=told.as_of)
    key = f"bulletin:{round.uuid}"
    found: Row | None = None if span.running else cache.get(key)
    if found is None:
        found = reconcile(round, span.at)[0]
        if not span.running:
            cache.set(key, found, KEPT_SECONDS)
    return found, span


def _kept_note(told: Span, span: Span) -> str:
    """Of which moment a section's counts are, when they were kept ready; "" when they are of the day's own."""
    return _("截至 %(time)s") % {"time": exactly(told.at)} if told.at != span.at else ""


def sampling(span: Span, link: Link, reader: Person | None) -> Section:
    """The evening's round: due, sampled, and each person's state: those of the due add up to the due."""
    round = round_of(Test.PCR, span)
    if round is None:
        return Section(_("核酸采样"), note=_("当日没有核酸轮次。"))
    (row, then), past = counts_of(round, span, reader), _at(span)
    page = link("round", round.pk, query=past)
    figures = [
        tell("due", row.due, then, row.population, href=page),
        tell("sampled", row.sampled, then, row.due, href=page, tone="ok"),
    ]
    for state in [state for state in State if row.counts.get(state)]:
        due = state in DUE_STATES
        people = link("missing", query={"round": round.pk, "state": state.value, **past}) if due else ""
        figures.append(
            tell(f"state_{state}", row.counts[state], then, row.due if due else row.population, href=people or page,
                 tone=TONES.get(state, ""), said="state_due" if due else "state_other", title=MEANINGS[state].title)
        )  # fmt: skip
    return Section(_("核酸采样"), figures, _kept_note(then, span))


def antigen(span: Span, link: Link, reader: Person | None) -> Section:
    """The morning's self-tests: told of due, and who tested positive."""
    round = round_of(Test.ANTIGEN, span)
    tests = AntigenTest.objects.filter(day=span.day, received_at__lte=span.at)
    people = tests.aggregate(
        told=Count("person", distinct=True),
        positive=Count("person", distinct=True, filter=Q(value=Result.Value.POSITIVE)),
    )
    figures, note = [], "" if round else _("当日没有抗原轮次。")
    if round is not None:
        (row, then), page = counts_of(round, span, reader), link("round", round.pk, query=_at(span))
        figures.append(tell("antigen", row.sampled, then, row.due, href=page, tone="ok"))
        note = _kept_note(then, span)
    page = link("antigen", query={"day": span.day.isoformat()})
    figures.append(tell("antigen_positive", people["positive"], span, people["told"], href=page, tone="bad"))
    return Section(_("晨间抗原"), figures, note)


def positives(span: Span, link: Link) -> Section:
    """Positive tubes that became known on the day; who owes what at its end."""
    told = Result.objects.filter(received_at__gt=span.start, received_at__lte=span.at)
    tubes = told.filter(Q(struck_at=None) | Q(struck_at__gt=span.at)).aggregate(
        positive=Count("tube_code", distinct=True, filter=Q(value=Result.Value.POSITIVE)),
        told=Count("tube_code", distinct=True),
    )
    single, case = Q(kind=Obligation.Kind.SINGLE_RETEST), Q(kind=Obligation.Kind.CASE)
    owed = Obligation.objects.open_at(span.at).aggregate(
        retests=Count("pk", filter=single), late=Count("pk", filter=single & Q(due_at__lt=span.at)),
        cases=Count("pk", filter=case), isolated=Count("person", filter=Q(isolate=True), distinct=True),
    )  # fmt: skip
    page = link("positives")
    results = link("results", query={"value": Result.Value.POSITIVE.value, "day": span.day.isoformat()})
    return Section(_("阳性与处置"), [
        tell("positive_tubes", tubes["positive"], span, tubes["told"], href=results, tone="bad"),
        tell("retests", owed["retests"], span, href=page, tone="bad"),
        tell("retests_late", owed["late"], span, owed["retests"], href=page, tone="bad"),
        tell("cases", owed["cases"], span, href=page, tone="bad"),
        tell("isolated", owed["isolated"], span, href=page),
    ])  # fmt: skip


def doubts(span: Span) -> Section:
    """Doubts that were raised on the day."""
    raised = Anomaly.objects.filter(raised_at__gt=span.start, raised_at__lte=span.at).order_by("raised_at", "pk")
    ids = list(raised.values_list("pk", flat=True))
    return Section(_("异常"), [tell("doubts", len(ids), span, noun="anomaly", ids=ids, tone="warn")])


def _at(span: Span) -> dict[str, Any]:
    """What a link carries so that its page speaks of the same moment; nothing while the day lasts."""
    return {} if span.running else {"at": timezone.localtime(span.at).strftime("%Y-%m-%dT%H:%M")}
