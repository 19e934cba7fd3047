"""Random people do random things to findings and notices: whatever the order, no notice closes without a look-back by
another person or a reason by two, and the journal alone tells the same state as the rows."""

import os
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from parkkeeper.inspection.actions import lookbacks, notices
from parkkeeper.inspection.actions.deadlines import tell_deadlines
from parkkeeper.inspection.models import SETTLED, Finding, Notice, Step, Visit
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import JournalEntry
from tests.inspection.kit import Inspector, found, inspected_world, later

pytestmark = pytest.mark.django_db
STEPS = 120
OUTCOMES = ("fixed", "partly", "not_fixed", "no_access")


def deeds(w: Any, chance: random.Random, minute: float) -> list[Callable[[], object]]:
    """What somebody may try now; most of it is refused, and that is the point."""
    by, at = chance.choice([w.ann, w.ben, w.cai, w.office, w.mei, w.leader]), later(minute)
    finding = chance.choice(list(Finding.objects.select_related("visit", "item", "enterprise").order_by("pk")))
    notice = chance.choice([None, *Notice.objects.order_by("pk")])
    phone, early = Inspector(w, by), minute - chance.randrange(30)
    tried: list[Callable[[], object]] = [
        lambda: notices.issue_notice(Visit.objects.get(pk=finding.visit_id), second=w.cai, by=by, at=at),
        lambda: lookbacks.report_fixed(finding, by=by, at=at),
        lambda: lookbacks.look_back(finding, chance.choice(OUTCOMES), by=by, at=at),
        lambda: phone.say(phone.look(finding, chance.choice(OUTCOMES), early), heard=minute),
        lambda: phone.say(phone.fix(finding, early), heard=minute) if chance.random() < 0.1 else None,
        lambda: lookbacks.propose_unfixed(finding, reason="拆除", by=by, at=at),
        lambda: lookbacks.confirm_unfixed(finding, reason="属实", by=by, at=at),
        lambda: lookbacks.reopen_finding(finding, reason="又坏", by=by, at=at),
        lambda: found(w, chance.choice(["B3", "C6"]), minutes=minute) if chance.random() < 0.2 else None,
        lambda: tell_deadlines(at=at),
    ]
    if notice is not None:
        tried += [
            lambda: notices.serve_notice(notice, "post", to="某人", by=by, at=at),
            lambda: notices.issue_second_notice(notice, by=by, at=at),
            lambda: notices.withdraw_notice(notice, reason="有误", by=by, at=at) if chance.random() < 0.2 else None,
        ]
    return tried


@pytest.mark.parametrize("turn", [1, 2])
def test_nobody_closes_a_notice_alone_and_the_journal_tells_the_rows(turn: int) -> None:
    seed = int(os.environ.get("SEED", random.randrange(10**6)))
    print(f"SEED={seed}")
    chance, w, minute = random.Random(seed), inspected_world(), 100.0
    found(w, "B3", "B4")
    done = 0
    for _ in range(STEPS):
        minute += chance.choice([1, 1, 1, 40, 700])
        try:
            done += chance.choice(deeds(w, chance, minute))() is not None
        except (Refused, Forbidden):
            continue
    assert done > 10
    for notice in Notice.objects.order_by("pk"):
        own = Finding.objects.filter(lines__notice=notice)
        assert (notice.closed_at is not None) == all(kind in SETTLED for kind in own.kinds().values())
        if notice.closed_at is not None:
            assert all(properly_settled(finding) for finding in own)
    assert replayed() == as_stored()


def properly_settled(finding: Finding) -> bool:
    """Asked of the rows alone, step by step: who was it, and had somebody else a hand in it?"""
    steps = [s for s in finding.steps.order_by("at", "received_at", "pk") if s.counts and s.kind != "no_access"]
    ruling = [s for s in steps if s.kind != "proposed_unfixed"]
    last = ruling[-1]
    if last.kind == "fixed":
        doers = {s.by_id for s in steps if s.kind in ("on_the_spot", "reported") and s.at <= last.at}
        insider = last.by.employer_id == finding.enterprise_id
        return last.by_id not in finding.visit.team | doers and not insider
    if last.kind == "unfixed":
        proposals = [s for s in steps if s.kind == "proposed_unfixed" and s.at <= last.at]
        return bool(proposals) and proposals[-1].by_id != last.by_id and bool(last.note and proposals[-1].note)
    return last.kind == "on_the_spot"


# ---- the journal alone
VERB_STEPS = {"finding.fixed_on_spot": "on_the_spot", "finding.reported": "reported", "finding.hung_up": "hung_up",
              "finding.unfixed": "unfixed", "finding.reopened": "reopened"}  # fmt: skip


def replayed() -> tuple[dict[str, str], dict[str, str]]:
    """State of each finding and each notice, told from nothing but the journal's lines."""
    steps: dict[str, list[tuple[datetime, datetime, int, str]]] = defaultdict(list)
    lines: dict[str, list[str]] = {}
    ended: dict[str, str] = {}
    for entry in JournalEntry.objects.order_by("pk"):
        facts, number = entry.facts, entry.noun_id
        if entry.verb == "finding.noted":
            steps[number] = []
        elif entry.verb in VERB_STEPS or (entry.verb == "finding.looked_back" and facts["counts"]):
            kind = VERB_STEPS.get(entry.verb) or facts["outcome"]
            moment = datetime.fromisoformat(facts["happened"]) if "happened" in facts else entry.at
            steps[number] += [(moment, entry.at, entry.pk, kind)] if kind != "no_access" else []
        elif entry.verb == "notice.issued":
            lines[number] = facts["findings"]
            ended.update({str(facts["follows"]): "replaced"} if "follows" in facts else {})
        elif entry.verb == "notice.withdrawn":
            ended[number] = "withdrawn"
    last = {number: max(rows)[3] if rows else "" for number, rows in steps.items()}
    closed = {n: all(last[f] in SETTLED for f in own) for n, own in lines.items()}
    return last, {n: ended.get(n, "") + (" closed" if closed[n] else "") for n in lines}


def as_stored() -> tuple[dict[str, str], dict[str, str]]:
    last = {str(pk): kind for pk, kind in Finding.objects.all().kinds().items()}
    notices_: dict[str, str] = {}
    for notice in Notice.objects.order_by("pk"):
        replaced = "replaced" if Notice.objects.filter(follows=notice).exists() else ""
        ended = "withdrawn" if notice.withdrawn_at else replaced
        notices_[str(notice.pk)] = ended + (" closed" if notice.closed_at else "")
    return last, notices_


def test_a_step_is_told_from_the_kinds_that_there_are() -> None:
    assert set(VERB_STEPS.values()) | set(OUTCOMES) | {"proposed_unfixed"} == set(Step.Kind.values)
