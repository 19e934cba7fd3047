"""Random people do random things to findings, notices and stops: whatever the order, no notice closes without a
look-back by another person or a reason by two, and the journal alone tells the same as the rows, to the minute."""

import os
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from parkkeeper.inspection.actions import lookbacks, notices, stopwork
from parkkeeper.inspection.actions.deadlines import tell_deadlines
from parkkeeper.inspection.models import SETTLED, Extension, Finding, Notice, Step, StopWork, Visit
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import JournalEntry
from tests.inspection.kit import Inspector, found, inspected_world, later

pytestmark = pytest.mark.django_db
STEPS = 200
OUTCOMES = ("fixed", "partly", "not_fixed", "no_access")
PROPOSAL = {"extent": "site", "place": "全厂", "reason": "反复", "conditions": "修好"}
Deed = Callable[[], object]


def deeds(w: Any, chance: random.Random, minute: float) -> list[Deed]:
    """What somebody may try now with a finding, a notice or a stop; much of it is refused, and that is the point."""
    by, at = chance.choice([w.ann, w.ben, w.cai, w.office, w.mei, w.leader]), later(minute)
    finding = chance.choice(list(Finding.objects.select_related("visit", "item", "enterprise").order_by("pk")))
    phone, early = Inspector(w, by), minute - chance.randrange(chance.choice([30, 2000]))
    again, note = {"reason": "又坏", "by": by, "at": at}, chance.choice(["B3", "C6"])
    tried: list[Deed] = [
        lambda: notices.issue_notice(Visit.objects.get(pk=finding.visit_id), second=w.cai, by=by, at=at),
        lambda: lookbacks.report_fixed(finding, by=by, at=at),
        lambda: lookbacks.look_back(finding, chance.choice(OUTCOMES), by=by, at=at),
        lambda: phone.say(phone.look(finding, chance.choice(OUTCOMES), early), heard=minute),
        lambda: phone.say(phone.fix(finding, early), heard=minute) if chance.random() < 0.3 else None,
        lambda: lookbacks.propose_unfixed(finding, reason="拆除", by=by, at=at),
        lambda: lookbacks.confirm_unfixed(finding, reason="属实", by=by, at=at),
        lambda: lookbacks.reopen_finding(finding, **again),
        lambda: chance.random() < 0.3 and lookbacks.hang_up(finding, until=(at + timedelta(days=3)).date(), **again),
        lambda: stopwork.impose_stop_work(finding, **PROPOSAL, by=by, at=at),
        lambda: found(w, note, minutes=minute) if chance.random() < 0.2 else None,
    ]
    groups = [tried]
    if notices_ := list(Notice.objects.order_by("pk"))[-3:]:
        groups.append(notice_deeds(w, chance, chance.choice(notices_), by, minute))
    if stops := list(StopWork.objects.order_by("pk"))[-2:]:
        groups.append(stop_deeds(w, chance, chance.choice(stops), by, at))
    return chance.choice(groups)


def notice_deeds(w: Any, chance: random.Random, notice: Notice, by: Any, minute: float) -> list[Deed]:
    by, at = chance.choice([by, w.ann]), later(minute)  # she may do most of it
    phone, line = Inspector(w, w.cai), chance.choice(list(notice.lines.all()))
    early = minute - chance.random() * (at - notice.issued_at).total_seconds() // 60
    asked = notice.extensions.filter(decided_at=None).first() or Extension(notice=notice)
    return [
        lambda: notices.serve_notice(notice, "post", to="某人", by=by, at=at),
        lambda: notices.issue_second_notice(notice, second=w.cai, by=by, at=at),
        lambda: notices.hold_talk(notice, people="梅联络", minutes="已说明", held_at=at, by=by, at=at),
        lambda: notices.withdraw_notice(notice, reason="有误", by=by, at=at) if chance.random() < 0.2 else None,
        lambda: notices.ask_extension(notice, chance.randint(1, 40), reason="等料", by=w.mei, at=at),
        lambda: asked.pk and notices.decide_extension(asked, granted=chance.random() < 0.7, by=by, at=at),
        lambda: notices.stop_clock(notice, reason="封控", by=by, at=at),
        lambda: notices.resume_clock(notice, by=by, at=at),
        lambda: stopwork.propose_stop_work(notice, **PROPOSAL, by=by, at=at),
        lambda: phone.say(phone.look(line.finding, chance.choice(OUTCOMES), early), heard=minute),
        lambda: lookbacks.look_back(line.finding, "not_fixed", by=w.cai, at=at),
    ]


def stop_deeds(w: Any, chance: random.Random, stop: StopWork, by: Any, at: datetime) -> list[Deed]:
    leads, inspects, applies = (chance.choice([by, apt]) for apt in (w.leader, w.ben, w.mei))
    return [
        lambda: stopwork.decide_stop_work(stop, approved=chance.random() < 0.8, by=leads, at=at),
        lambda: stopwork.serve_stop_work(stop, "left", to="梅", by=inspects, at=at),
        lambda: stopwork.check_stop_work(stop, holds=True, by=inspects, at=at),
        lambda: stopwork.apply_to_resume(stop, note="已修", by=applies, at=at),
        lambda: stopwork.accept_resumption(stop, met=chance.random() < 0.6, note="看过", by=inspects, at=at),
        lambda: stopwork.lift_stop_work(stop, by=leads, at=at),
    ]


@pytest.mark.parametrize("turn", [1, 2])
def test_nobody_closes_a_notice_alone_and_the_journal_tells_the_rows(turn: int) -> None:
    seed = int(os.environ.get("SEED", random.randrange(10**6)))
    print(f"SEED={seed}")
    chance, w, minute = random.Random(seed), inspected_world(), 100.0
    found(w, "B3", "B4")
    found(w, "C6", minutes=50)
    done = 0
    for _ in range(STEPS):
        minute += chance.choice([1, 1, 1, 40, 400])
        if chance.random() < 0.2:
            tell_deadlines(at=later(minute))
        try:
            done += chance.choice(deeds(w, chance, minute))() is not None
        except (Refused, Forbidden):
            continue
    tell_deadlines(at=later(minute))
    assert done > 10
    for notice in Notice.objects.order_by("pk"):
        own = Finding.objects.filter(lines__notice=notice)
        assert (notice.closed_at is not None) == all(kind in SETTLED for kind in own.kinds().values())
        if notice.closed_at is not None:
            assert all(properly_settled(finding) for finding in own)
    for finding in Finding.objects.with_last().filter(last="on_the_spot"):
        assert properly_settled(finding)
    for of in ("finding", "notice"):  # never two stops for the same
        ids = StopWork.objects.running(later(minute)).exclude(**{of: None}).values_list(of, flat=True)
        assert len(set(ids)) == len(ids)
    log = Log()
    assert log.findings() == stored_findings()
    assert log.notices() == stored_notices()
    assert log.stops() == stored_stops(later(minute))


def properly_settled(finding: Finding) -> bool:
    """Asked of the rows alone, step by step: who was it, and had somebody else a hand in it?"""
    steps = [s for s in finding.steps.order_by("at", "received_at", "pk") if s.counts and s.kind != "no_access"]
    ruling = [s for s in steps if s.kind != "proposed_unfixed"]
    last = ruling[-1]
    if last.kind == "on_the_spot":  # while the team was there (five minutes of a clock), before anything was known
        ended_at, known = finding.visit.ended_at, [s for s in ruling if s.received_at < last.received_at]
        there = ended_at is None or last.at <= ended_at + timedelta(minutes=5)
        noticed = finding.lines.filter(notice__issued_at__lt=last.received_at).exists()
        return there and not noticed and all(s.kind == "on_the_spot" for s in known if s.at <= last.at)
    if last.kind == "fixed":
        doers = {s.by_id for s in steps if s.kind in ("on_the_spot", "reported") and s.at <= last.at}
        insider = last.by.employer_id == finding.enterprise_id
        return last.by_id not in finding.visit.team | doers and not insider
    proposals = [s for s in steps if s.kind == "proposed_unfixed" and s.at <= last.at]
    other = bool(proposals) and proposals[-1].by_id != last.by_id
    return last.kind == "unfixed" and other and bool(last.note and proposals[-1].note)


# ---- the journal alone
VERB_STEPS = {"finding.fixed_on_spot": "on_the_spot", "finding.reported": "reported", "finding.hung_up": "hung_up",
              "finding.unfixed": "unfixed", "finding.reopened": "reopened"}  # fmt: skip


class Log:
    """State of everything, told from nothing but the journal's lines."""

    def __init__(self) -> None:
        self.lines = list(JournalEntry.objects.order_by("pk"))

    def _last(self) -> dict[str, tuple[str, str | None]]:
        steps: dict[str, list[tuple[datetime, datetime, int, str, str | None]]] = defaultdict(list)
        for entry in self.lines:
            facts = entry.facts
            if entry.verb == "finding.noted":
                steps[entry.noun_id] = []
            elif (entry.verb in VERB_STEPS or entry.verb == "finding.looked_back") and facts.get("counts", True):
                kind = VERB_STEPS.get(entry.verb) or facts["outcome"]
                moment = datetime.fromisoformat(facts["happened"]) if "happened" in facts else entry.at
                told = (moment, entry.at, entry.pk, kind, facts.get("until"))
                steps[entry.noun_id] += [told] if kind != "no_access" else []
        return {number: max(rows)[3:] if rows else ("", None) for number, rows in steps.items()}

    def findings(self) -> dict[str, tuple[str, str | None]]:
        return self._last()

    def notices(self) -> dict[str, dict[str, Any]]:
        last, found = self._last(), dict[str, dict[str, Any]]()
        for entry in self.lines:
            facts = entry.facts
            name = str(facts["notice"]) if entry.noun == "extension" else entry.noun_id
            if entry.verb == "notice.issued":
                found[name] = {"ended": "", "served": None, "lapsed": False, "talked": None, "lines": facts["findings"],
                               "issued": entry.at, "more": [], "stops": []}  # fmt: skip
                if "follows" in facts:
                    found[str(facts["follows"])]["ended"] = "replaced"
            if name in found and entry.noun in ("notice", "extension"):
                tell_notice(found[name], entry)
        for one in found.values():
            one["closed"] = all(last[number][0] in SETTLED for number in one.pop("lines"))
        return found

    def stops(self) -> dict[str, dict[str, Any]]:
        found: dict[str, dict[str, Any]] = {}
        for entry in self.lines:
            verb = entry.verb.removeprefix("stop_work.")
            if verb == entry.verb:
                continue
            if verb in ("proposed", "imposed"):
                begun = dict.fromkeys(("approved", "force", "applied", "accepted", "lifted"))
                found[entry.noun_id] = {**begun, "checks": 0, "fell": False}
                found[entry.noun_id]["force"] = entry.at if verb == "imposed" else None
            one = found[entry.noun_id]
            if verb == "decided":
                one["approved"] = entry.facts["approved"]
            elif verb == "served":
                one["force"] = one["force"] or entry.at
            elif verb == "returned":
                one["applied"] = None
            elif verb == "checked":
                one["checks"] += 1
            elif verb == "fell":
                one["fell"] = True
            elif verb in one:
                one[verb] = entry.at
        return found


def tell_notice(one: dict[str, Any], entry: JournalEntry) -> None:
    """Bring a notice's state up to date with one line of the journal."""
    facts = entry.facts
    if entry.verb == "notice.served":
        one["served"] = entry.at
    elif entry.verb == "notice.withdrawn":
        one["ended"] = "withdrawn"
    elif entry.verb in ("notice.lapsed", "notice.lapse_taken_back"):
        one["lapsed"] = entry.verb == "notice.lapsed"
    elif entry.verb == "notice.talk_held":
        one["talked"] = datetime.fromisoformat(facts["happened"])
    elif entry.verb == "extension.asked":
        one["more"].append((facts["amount"], None))
    elif entry.verb == "extension.decided":
        one["more"][-1] = (one["more"][-1][0], facts["granted"])
    elif entry.verb == "clock.stopped":
        one["stops"].append((entry.at, None))
    elif entry.verb == "clock.resumed":
        one["stops"][-1] = (one["stops"][-1][0], entry.at)
    if "due_at" in facts and entry.verb in ("notice.issued", "notice.served", "extension.decided", "clock.resumed"):
        one["due"] = datetime.fromisoformat(facts["due_at"]) if facts["due_at"] else None
    elif entry.verb == "clock.stopped":
        one["due"] = None


def stored_findings() -> dict[str, tuple[str, str | None]]:
    rows = Step.objects.ruling().order_by("at", "received_at", "pk")
    until = {step.finding_id: step.until.isoformat() if step.until else None for step in rows}
    return {str(pk): (kind, until.get(pk)) for pk, kind in Finding.objects.all().kinds().items()}


def stored_notices() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for notice in Notice.objects.order_by("pk"):
        replaced = "replaced" if Notice.objects.filter(follows=notice).exists() else ""
        stops = [(stop.during.lower, stop.during.upper) for stop in notice.stops.order_by("during")]
        more = list(notice.extensions.order_by("pk").values_list("amount", "granted"))
        found[str(notice.pk)] = {
            "ended": "withdrawn" if notice.withdrawn_at else replaced, "served": notice.served_at, "due": notice.due_at,
            "lapsed": notice.lapsed_at is not None, "talked": notice.talked_at, "issued": notice.issued_at,
            "closed": notice.closed_at is not None, "more": more, "stops": stops,
        }  # fmt: skip
        assert notice.due_at == counted(notice, more, stops)
    return found


def counted(notice: Notice, more: list[Any], stops: list[Any]) -> datetime | None:
    """The due time by hand: the term from service, else issue, with what was granted, pushed on by every stop."""
    start = notice.served_at or notice.issued_at
    due = start + timedelta(hours=notice.amount + sum(amount for amount, granted in more if granted))
    for begin, end in stops:
        if begin < due and (end is None or end > start):
            if end is None:
                return None
            due += end - max(begin, start)
    return due


def stored_stops(at: datetime) -> dict[str, dict[str, Any]]:
    return {
        str(stop.pk): {
            "approved": stop.approved, "force": stop.in_force_at, "applied": stop.applied_at,
            "accepted": stop.accepted_at, "lifted": stop.lifted_at, "checks": stop.checks.count(),
            "fell": bool(stop.review_due_at and stop.review_due_at <= at and not (stop.decided_at or stop.lifted_at)),
        } for stop in StopWork.objects.order_by("pk")
    }  # fmt: skip


def test_a_step_is_told_from_the_kinds_that_there_are() -> None:
    assert set(VERB_STEPS.values()) | set(OUTCOMES) | {"proposed_unfixed"} == set(Step.Kind.values)
