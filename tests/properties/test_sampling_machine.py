"""Whatever phones and laboratories say, in any order, late or twice: nobody who owes is clear, and nothing is lost.

The machine keeps its own small memory of what was said and heard, and holds the park's records against it after every
step. It never looks at the park's own rules: whether somebody may be clear is worked out here from the messages alone.
"""

import random
from dataclasses import replace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, note, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.park.models import Anomaly, JournalEntry, Message, Person
from parkkeeper.sampling import field
from parkkeeper.sampling.actions.results import ResultIn, report_results, strike_result
from parkkeeper.sampling.actions.settle import settle
from parkkeeper.sampling.models import (
    Box,
    BoxTube,
    Flag,
    HandOver,
    LabReport,
    Obligation,
    Reception,
    Result,
    Scan,
    Tube,
    Undo,
)
from parkkeeper.sampling.reconciliation import reconcile
from parkkeeper.sampling.standing import standing_of, standings
from tests.sampling.fieldkit import FieldPhone, pcr_round
from tests.world import later, world

pytestmark = pytest.mark.django_db

PEOPLE = 4
POOLS, SINGLES = (1, 2, 3), (11, 12)
VALUES = ("negative", "positive", "indeterminate", "invalid")
somebody = st.integers(0, PEOPLE - 1)
pools = st.sampled_from(POOLS)
tubes = st.sampled_from(POOLS + SINGLES)
which = st.integers(0, 10**6)
STORED: list[Any] = [Anomaly, Box, BoxTube, Flag, HandOver, Message, Obligation, Reception, Result, Scan, Tube, Undo]


def digest(*, journal: bool) -> str:
    """Everything that was written, as text."""
    tables = [*STORED, JournalEntry, LabReport] if journal else STORED
    return repr([list(table.objects.order_by("pk").values_list()) for table in tables])


class SamplingMachine(RuleBasedStateMachine):
    """An evening at two points and a laboratory, message by message."""

    w: Any

    def __init__(self) -> None:
        super().__init__()
        self.before = transaction.savepoint()
        self.minute = 0
        self.phones = [FieldPhone(self.w.scanner, self.w.point), FieldPhone(self.w.sampler, self.w.point, phone_id=2)]
        self.waiting: list[tuple[FieldPhone, field.Operation]] = []
        self.heard: list[tuple[FieldPhone, field.Operation]] = []
        self.scans: list[tuple[FieldPhone, field.TakeScan]] = []
        self.words: dict[tuple[str, str], ResultIn] = {}
        self.struck: set[str] = set()
        self.named = False

    def teardown(self) -> None:
        """At the end all that was heard is told once more from the beginning, in another order."""
        try:
            if self.heard and not self.struck and not self.named:
                first = self.end()
                transaction.savepoint_rollback(self.before)
                self.tell_everything_in_another_order()
                assert self.end() == first, "another order ended otherwise"
        finally:
            transaction.savepoint_rollback(self.before)

    def tell_everything_in_another_order(self) -> None:
        told: list[Any] = [*self.heard, *self.words.values()]
        random.Random(len(told) * 1000 + self.minute).shuffle(told)
        for one in told:
            self.minute += 1
            if isinstance(one, ResultIn):
                self.report(one)
            else:
                note(f"{self.minute}: again {one[1]}")
                one[0].say(one[1], heard=self.minute)

    def end(self) -> dict[str, Any]:
        """What must not depend on the order: not receipts, not what somebody owed before a scan was taken back."""
        scans = Scan.objects.order_by("pk").values_list("pk", "tube__code", "person", "round", "point", "undone_at")
        tubes = Tube.objects.order_by("code").values_list(
            "code", "roll", "point", "round", "opening", "opened_at", "pool_size", "sealing", "sealed_at", "swabs"
        )
        by_moment = ["pooled_though_single", "late_scan"]
        doubts = Anomaly.objects.all().holding().exclude(kind__in=by_moment).values_list("kind", flat=True)
        found: dict[str, Any] = {"scans": list(scans), "tubes": list(tubes), "doubts": sorted(doubts)}
        if not Undo.objects.exists():
            owed = Obligation.objects.newest().values_list("person", "kind", "cause")
            found["owed"] = sorted(owed)
            found["clear"] = [standing_of(person, self.now()).clear for person in self.w.workers[:PEOPLE]]
        return found

    # what is said at the points; it is heard at once or waits on the phone

    def tell(self, phone: FieldPhone, operation: Any, at_once: bool) -> None:
        self.minute += 1
        operation = replace(operation, device_at=later(self.minute), happened_at=later(self.minute))
        if isinstance(operation, field.TakeScan):
            self.scans.append((phone, operation))
        if at_once:
            self.hear(phone, operation)
        else:
            self.waiting.append((phone, operation))

    def hear(self, phone: FieldPhone, operation: field.Operation) -> None:
        note(f"{self.minute}: {operation}")
        phone.say(operation, heard=self.minute)
        self.heard.append((phone, operation))

    @rule(tube=tubes, phone=st.booleans(), at_once=st.booleans())
    def open_tube(self, tube: int, phone: bool, at_once: bool) -> None:
        told = self.phones[phone]
        self.tell(told, told.open(tube, pool=1 if tube in SINGLES else 10), at_once)

    @rule(person=somebody, tube=tubes, phone=st.booleans(), at_once=st.booleans())
    def scan(self, person: int, tube: int, phone: bool, at_once: bool) -> None:
        told = self.phones[phone]
        self.tell(told, told.scan(self.w.workers[person], tube), at_once)

    @rule(tube=pools, at_once=st.booleans())
    def scan_a_stranger(self, tube: int, at_once: bool) -> None:
        self.tell(self.phones[0], self.phones[0].scan("没有此人", tube, how="search"), at_once)

    @precondition(lambda self: self.scans)
    @rule(n=which, at_once=st.booleans())
    def undo(self, n: int, at_once: bool) -> None:
        phone, scan = self.scans[n % len(self.scans)]
        self.tell(phone, phone.undo(scan), at_once)

    @rule(tube=tubes, swabs=st.integers(0, 4), phone=st.booleans(), at_once=st.booleans())
    def seal(self, tube: int, swabs: int, phone: bool, at_once: bool) -> None:
        told = self.phones[phone]
        self.tell(told, told.seal(tube, swabs), at_once)

    @rule(box=st.integers(1, 2), inside=st.lists(tubes, min_size=1, max_size=3, unique=True), at_once=st.booleans())
    def box(self, box: int, inside: list[int], at_once: bool) -> None:
        self.tell(self.phones[0], self.phones[0].box(box, *inside), at_once)

    @rule(tube=tubes, condition=st.sampled_from(["good", "leaked", "missing"]))
    def receive(self, tube: int, condition: str) -> None:
        lab = FieldPhone(self.w.lab, None, phone_id=3)
        self.tell(lab, lab.receive(tube, condition), at_once=True)

    @precondition(lambda self: self.waiting)
    @rule(n=which)
    def a_late_message_comes(self, n: int) -> None:
        self.minute += 1
        self.hear(*self.waiting.pop(n % len(self.waiting)))

    @precondition(lambda self: self.heard)
    @rule(n=which)
    def a_message_comes_again(self, n: int) -> None:
        self.minute += 1
        phone, operation = self.heard[n % len(self.heard)]
        before = digest(journal=True)
        verdict = phone.say(operation, heard=self.minute)[operation.id]
        assert not verdict.stored
        assert digest(journal=True) == before, f"sent again, it changed something: {operation}"

    # what the laboratory and the office say

    @rule(tube=tubes, value=st.sampled_from(VALUES))
    def result(self, tube: int, value: str) -> None:
        self.minute += 1
        word = self.words.setdefault(
            (tube_code("YQ", tube), value), ResultIn(tube_code("YQ", tube), value, later(self.minute - 1))
        )
        known = (word.tube_code, word.value, word.tested_at) in set(
            Result.objects.values_list("tube_code", "value", "tested_at")
        )
        before = digest(journal=False)
        self.report(word)
        assert not known or digest(journal=False) == before, f"reported again, it changed something: {word}"

    def report(self, word: ResultIn) -> None:
        note(f"{self.minute}: {word}")
        report_results([word], laboratory=self.w.laboratory, kind="table", by=self.w.lab, at=later(self.minute))

    @precondition(lambda self: Result.objects.standing().exists())
    @rule(n=which)
    def strike(self, n: int) -> None:
        self.minute += 1
        standing = list(Result.objects.standing().order_by("pk"))
        chosen = standing[n % len(standing)]
        note(f"{self.minute}: strike {chosen}")
        strike_result(chosen, reason="录入错误", by=self.w.office, at=later(self.minute))
        self.struck.add(f"{chosen.tube_code} {chosen.value}")

    @precondition(lambda self: Anomaly.objects.open().filter(kind="unknown_person").exists())
    @rule(person=somebody)
    def somebody_is_named(self, person: int) -> None:
        self.minute += 1
        doubt = Anomaly.objects.open().filter(kind="unknown_person").order_by("pk")[0]
        who, self.named = self.w.workers[person], True
        settle(doubt, "assign_person", reason="核对监控", person=who, by=self.w.office, at=later(self.minute))

    # what must hold after every step

    def now(self) -> Any:
        return later(self.minute)

    @invariant()
    def who_owes_is_not_clear(self) -> None:
        people = self.w.workers[:PEOPLE]
        found = standings([p.pk for p in people], self.now())
        for person in people:
            owing = Obligation.objects.open().filter(person=person).exists()
            assert not (owing and found[person.pk].clear), f"{person.pk} owes and is clear"
            assert not (self.in_an_unanswered_positive(person) and found[person.pk].clear), f"{person.pk} is clear"
            assert found[person.pk].clear == standing_of(person, self.now()).clear

    @invariant()
    def every_member_of_a_positive_tube_owed_for_it(self) -> None:
        positive = {code for code, value in self.words if value == "positive" and self.says(code, value)}
        for scan in Scan.objects.live().filter(tube__code__in=positive, person__isnull=False).select_related("tube"):
            cause = ("case:" if scan.tube.pool_size == 1 else "tube:") + scan.tube.code
            owed = set(Obligation.objects.filter(person=scan.person).values_list("cause", flat=True))
            assert cause in owed, f"{scan.person_id} is in the positive tube {scan.tube} and owes nothing for it"

    def in_an_unanswered_positive(self, person: Person) -> bool:
        """From the messages alone: a live scan in a positive tube, and no later negative sample of that person."""
        mine = [s for _, s in self.heard if isinstance(s, field.TakeScan) and s.person == person.uuid]
        taken_back = {u.scan for _, u in self.heard if isinstance(u, field.UndoScan)}
        bad = [s.happened_at for s in mine if s.id not in taken_back and self.says(s.tube_code, "positive")]
        good = [s.happened_at for s in mine if self.says(s.tube_code, "negative")]
        return bool(bad) and not any(moment > max(bad) for moment in good)

    def says(self, code: str, value: str) -> bool:
        return (code, value) in self.words and f"{code} {value}" not in self.struck

    @invariant()
    def no_scan_disappears(self) -> None:
        told = {s.id: s for _, s in self.heard if isinstance(s, field.TakeScan)}
        stored = {s.pk: s for s in Scan.objects.select_related("tube", "person")}
        assert stored.keys() == told.keys()
        for pk, scan in told.items():
            assert stored[pk].tube.code == scan.tube_code
            assert scan.person is None or stored[pk].person.uuid == scan.person
        undone = {u.scan for _, u in self.heard if isinstance(u, field.UndoScan)}
        assert {pk for pk, s in stored.items() if s.undone_at} <= undone

    @invariant()
    def the_classes_of_the_round_sum_to_the_frozen_denominator(self) -> None:
        for by in ("park", "enterprise", "point"):
            assert sum(sum(row.counts.values()) for row in reconcile(self.w.round, self.now(), by=by)) == PEOPLE + 1

    @invariant()
    def a_sealed_tubes_count_is_doubted_exactly_when_it_differs(self) -> None:
        kinds = ("name_without_swab", "swab_without_name")
        doubted = set(Anomaly.objects.filter(kind__in=kinds).holding().values_list("noun_id", flat=True))
        for tube in Tube.objects.sealed():
            live = tube.scans.live()
            names = live.filter(person__isnull=False).values("person").distinct().count()
            names += live.filter(person__isnull=True).count()
            assert (names != tube.swabs) == (str(tube.pk) in doubted), f"{tube}: {names} names, {tube.swabs} swabs"


def test_no_order_of_messages_shows_somebody_clear_who_owes() -> None:
    w: Any = world()
    lines = [(p, "due", w.point) for p in w.workers[:PEOPLE]] + [(w.lotus_workers[0], "away", w.nearby)]
    w.round = pcr_round(w.programme, lines)
    w.round.frozen_at = later(-100)
    w.round.save()
    SamplingMachine.w = w
    chosen = random.randrange(2**32)
    print(f"seed {chosen}")
    run_state_machine_as_test(
        seeded(chosen)(SamplingMachine),
        settings=settings(
            max_examples=15, stateful_step_count=25, deadline=None, print_blob=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )  # fmt: skip
