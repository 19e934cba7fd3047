"""What docs/retention.toml promises is done: each rule at its hour, in batches, held, ordered by two, shown before."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models import CharField, CheckConstraint, Q, TextField

from parkkeeper.park.actions import retention
from parkkeeper.park.actions.retention import (
    approve_destruction,
    destroy_due,
    lift_hold,
    place_hold,
    propose_destruction,
    withdraw_destruction,
)
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.files import path_of
from parkkeeper.park.models import (
    Account,
    DestructionOrder,
    Emergency,
    Hold,
    JournalEntry,
    LogInAttempt,
    Person,
    Presence,
)
from parkkeeper.park.retention.emptying import NOBODY, columns_of, fill, tells
from parkkeeper.park.retention.outlook import outlooks
from parkkeeper.park.retention.past import past, spans
from parkkeeper.park.retention.rules import Rule, periods, rules
from parkkeeper.park.retention.ways import WAYS, way_of
from parkkeeper.park.views import retention as page
from tests.park.retention_rows import ENDED, ROWS, attempt, attempts, ended
from tests.world import EVENING, world

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)
DUE = ENDED + timedelta(days=60)


def journalled(rule: str) -> int:
    lines = JournalEntry.objects.filter(verb="retention.destroyed", facts__rule=rule)
    return sum(line.facts["n"] for line in lines)


# ---- every rule
@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.name)
def test_a_rule_can_be_executed_on_its_table(rule: Rule) -> None:
    """Its moment is there, its columns can be emptied, its questions can be asked; a run over no rows does nothing."""
    world()
    way, orders = WAYS[rule.way], past(rule.period, EVENING)
    assert way.kept(rule).count() >= way.due(rule, orders).count() == 0
    assert way.step(rule, orders, 10) == {}
    if rule.way in ("blank", "stand_in"):
        columns = columns_of(rule.model, tuple(name for name in rule.goes if name != "person"))
        fill(rule.model._base_manager.filter(pk__in=[]), columns)


def test_a_rule_of_an_own_way_or_on_a_column_with_a_constraint_is_seen_to_destroy_a_row() -> None:
    without = [rule.name for rule in rules() if rule.name not in ROWS and _needs_a_row(rule)]
    assert without == [], "give the rule a row in tests/park/retention_rows.py"
    assert [name for name in ROWS if name not in {rule.name for rule in rules()}] == []


def _needs_a_row(rule: Rule) -> bool:
    if rule.way not in ("blank", "stand_in", "delete", "follows"):
        return True
    checks = [c for c in rule.model._meta.constraints if isinstance(c, CheckConstraint)]
    told = {name for check in checks for name in _names(check.condition)}
    harmless = (CharField, TextField)  # a dash stands where a text was: blank stays blank, and filled stays filled
    columns = [c for c in columns_of(rule.model, rule.goes) if c.related_model is not Person]
    return rule.way != "delete" and any(c.name in told and (c.choices or not isinstance(c, harmless)) for c in columns)


def _names(condition: Any) -> set[str]:
    found: set[str] = set()
    for child in condition.children:
        found |= _names(child) if isinstance(child, Q) else {child[0].split("__")[0]}
    return found


SEEN = [rule for rule in rules() if rule.name in ROWS]


@pytest.mark.parametrize("rule", SEEN, ids=lambda rule: rule.name)
def test_a_rule_destroys_at_its_second_and_not_one_before(rule: Rule) -> None:
    w = world()
    maker, moment = ROWS[rule.name]
    row = maker(w)
    ended(w)
    due = moment + timedelta(days=rule.period.days)
    assert way_of(rule).kept(rule).filter(pk=row.pk).exists(), "the row tells of nobody before it is destroyed"
    destroy_due(at=due - SECOND, only=rule.name)
    assert way_of(rule).kept(rule).filter(pk=row.pk).exists(), "destroyed a second too early"
    assert destroy_due(at=due, only=rule.name)[rule.name] >= 1
    assert not way_of(rule).kept(rule).filter(pk=row.pk).exists()
    _is_gone(rule, row)
    assert journalled(rule.name) >= 1
    assert destroy_due(at=due, only=rule.name) == {}, "what is destroyed is not found again"


def _is_gone(rule: Rule, row: Any) -> None:
    rows = rule.model._base_manager.filter(pk=row.pk)
    if rule.way in ("delete", "account", "journal"):
        assert not rows.exists()
    elif rule.way == "blank":
        telling = [c.name for c in columns_of(rule.model, rule.goes) if rows.filter(tells(c)).exists()]
        assert telling == []
    elif rule.way == "stand_in":
        _is_somebody_made_up(rule, row)


def _is_somebody_made_up(rule: Rule, row: Any) -> None:
    """Nothing of the row leads to the person; stand-ins have enterprise and category only."""
    assert not rule.model._base_manager.filter(person=row.person_id).exists()
    there = rule.model._base_manager.filter(person__destroyed_at__isnull=False).exclude(person__uuid=NOBODY)
    like = {"person__employer": row.person.employer_id, "person__category": row.person.category}
    assert there.filter(**like, person__name="—").exists()
    others = columns_of(rule.model, tuple(name for name in rule.goes if name != "person"))
    assert [column.name for column in others if there.filter(tells(column)).exists()] == []


def test_a_rule_for_a_table_of_tomorrow_must_name_a_way_that_there_is() -> None:
    assert {rule.way for rule in rules()} <= set(WAYS)
    assert set(page.WAYS) == set(WAYS) and set(page.PERIODS) == {period.name for period in periods()}


def test_who_left_is_known_no_more_and_the_account_goes_too() -> None:
    w = world()
    person = ROWS["park.Person:register"][0](w)
    ended(w)
    before = Person.everybody.get(pk=person.pk)
    destroy_due(at=EVENING + timedelta(days=365), only="park.Person:register")
    after = Person.everybody.get(pk=person.pk)
    assert (after.name, after.phone, after.staff_number, after.document_tail) == ("—", "", "", "")
    assert after.document_sealed is None and after.document_index is None and after.uuid != before.uuid
    assert (after.employer_id, after.category) == (before.employer_id, before.category)
    assert not Account.objects.filter(username="left").exists()
    assert not Person.objects.filter(pk=person.pk).exists(), "no list shows a row of nobody"


def test_who_left_but_holds_a_post_stays_known() -> None:
    w = world()
    person = ROWS["park.Person:register"][0](w)
    w.post(person, "courier")
    destroy_due(at=EVENING + timedelta(days=400), only="park.Person:register")
    assert Person.objects.filter(pk=person.pk).exists()


def test_presence_that_lasts_is_kept() -> None:
    w = world()
    ended(w)
    before = Presence.objects.count()
    destroy_due(at=DUE + timedelta(days=400), only="park.Presence:emergency")
    assert Presence.objects.count() == before


def test_what_came_in_the_fortnight_after_the_end_goes_with_the_emergency() -> None:
    w = world()
    late = ROWS["sampling.Scan:emergency"][0](w)
    type(late).objects.filter(pk=late.pk).update(received_at=ENDED + timedelta(days=13))
    ended(w)
    destroy_due(at=DUE, only="sampling.Scan:emergency")
    assert not type(late).objects.filter(person=w.mei).exists()


def test_what_belongs_to_a_later_emergency_waits_for_its_end() -> None:
    w = world()
    ended(w)
    Emergency.objects.create(name="第二次", basis="公告", pack="test", during=(ENDED + timedelta(days=5), None))
    row = ROWS["sampling.Scan:emergency"][0](w)
    type(row).objects.filter(pk=row.pk).update(received_at=ENDED + timedelta(days=6))
    destroy_due(at=DUE + timedelta(days=3000), only="sampling.Scan:emergency")
    assert type(row).objects.filter(person=w.mei).exists()


def test_a_person_gets_another_stand_in_for_each_emergency() -> None:
    w = world()
    first = ended(w)
    second = Emergency.objects.create(
        name="第二次", basis="公告", pack="test", during=(ENDED + timedelta(days=20), ENDED + timedelta(days=30))
    )
    DestructionOrder.objects.create(
        emergency=second, reason="通告", proposed_at=ENDED, proposed_by=w.leader, approved_at=ENDED,
        approved_by=w.office,
    )  # fmt: skip
    one, other = ROWS["sampling.Scan:emergency"][0](w), ROWS["sampling.AntigenTest:emergency"][0](w)
    type(other).objects.update(received_at=second.during[0])
    destroy_due(at=DUE + timedelta(days=400))
    given = {type(one).objects.get().person_id, type(other).objects.get().person_id}
    assert len(given) == 2 and w.mei.pk not in given and first.pk != second.pk


# ---- four eyes
def test_nothing_of_an_emergency_goes_before_a_second_person_approves() -> None:
    w = world()
    row = ROWS["sampling.Scan:emergency"][0](w)
    found = ended(w, approved=False)
    far = DUE + timedelta(days=3000)
    assert [o.waiting for o in outlooks(far, only="sampling.Scan:emergency")] == [1]
    destroy_due(at=far, only="sampling.Scan:emergency")
    order = propose_destruction(found, reason="通告", by=w.office, at=ENDED)
    with pytest.raises(Refused, match="不能自己批准"):
        approve_destruction(order, by=w.office, at=ENDED)
    destroy_due(at=far, only="sampling.Scan:emergency")
    assert type(row).objects.filter(person=w.mei).exists()
    second = w.post(w.person("办公室庚", w.body), "office")
    approve_destruction(order, by=second, at=ENDED)
    destroy_due(at=ENDED + timedelta(days=61), only="sampling.Scan:emergency")
    assert not type(row).objects.filter(person=w.mei).exists()


def test_an_order_is_made_once_for_what_has_ended_and_by_the_office_only() -> None:
    w = world()
    found = Emergency.objects.get()
    with pytest.raises(Refused, match="尚未结束"):
        propose_destruction(found, reason="通告", by=w.office, at=EVENING)
    ended(w, approved=False)
    found.refresh_from_db()
    with pytest.raises(Refused, match="依据"):
        propose_destruction(found, reason=" ", by=w.office, at=ENDED)
    with pytest.raises(Forbidden):
        propose_destruction(found, reason="通告", by=w.leader, at=ENDED)
    order = propose_destruction(found, reason="通告", by=w.office, at=ENDED)
    with pytest.raises(Refused, match="已有人"):
        propose_destruction(found, reason="通告", by=w.office, at=ENDED)
    withdraw_destruction(order, by=w.office, at=ENDED)
    with pytest.raises(Refused, match="撤回"):
        approve_destruction(order, by=w.office, at=ENDED)
    assert propose_destruction(found, reason="又一次", by=w.office, at=ENDED).pk != order.pk


# ---- holds
@pytest.mark.parametrize("period", ["", "attempt"])
def test_a_hold_stops_it_until_its_end(period: str) -> None:
    w = world()
    attempt(w)
    due = EVENING + timedelta(days=30)
    until = due + timedelta(days=5)
    place_hold(period, reason="（2022）某民初 1 号", until=until, by=w.office, at=EVENING)
    assert destroy_due(at=until - SECOND) == {}
    assert LogInAttempt.objects.count() == 1
    assert destroy_due(at=until)["park.LogInAttempt:attempt"] == 1


def test_a_hold_of_one_period_leaves_the_others_and_is_lifted_before_its_end() -> None:
    w = world()
    attempt(w)
    due = EVENING + timedelta(days=30)
    hold = place_hold("emergency", reason="检查", until=due + timedelta(days=99), by=w.office, at=EVENING)
    assert destroy_due(at=due)["park.LogInAttempt:attempt"] == 1
    ROWS["sampling.Scan:emergency"][0](w)
    ended(w)
    assert destroy_due(at=DUE, only="sampling.Scan:emergency") == {}
    lift_hold(hold, by=w.office, at=DUE)
    assert destroy_due(at=DUE, only="sampling.Scan:emergency") == {"sampling.Scan:emergency": 1}
    with pytest.raises(Refused, match="已经结束"):
        lift_hold(hold, by=w.office, at=DUE)


@pytest.mark.parametrize(
    ("changes", "told"),
    [({"reason": " "}, "理由"), ({"until": EVENING}, "之后"), ({"period": "for ever"}, "没有")],
)
def test_a_hold_has_a_reason_an_end_and_a_period_that_there_is(changes: dict[str, Any], told: str) -> None:
    w = world()
    given = {"period": "", "reason": "检查", "until": EVENING + SECOND, **changes}
    with pytest.raises(Refused, match=told):
        place_hold(given.pop("period"), **given, by=w.office, at=EVENING)
    assert not Hold.objects.exists()


# ---- batches
def test_a_run_that_is_killed_in_the_middle_of_a_batch_goes_on_where_it_stood(monkeypatch: pytest.MonkeyPatch) -> None:
    world()
    attempts(25)
    due = EVENING + timedelta(days=30)
    real, told = retention.record, []

    def killed_at_the_third(
        verb: str, noun: Any = None, *, by: Person | None, at: datetime, person: int | None = None,
        enterprise: int | None = None, site: int | None = None, **facts: Any,
    ) -> None:  # fmt: skip
        told.append(facts["n"])
        if len(told) == 3:
            raise KeyboardInterrupt
        real(verb, noun, by=by, at=at, **facts)

    with monkeypatch.context() as patch:
        patch.setattr(retention, "record", killed_at_the_third, raising=True)
        with pytest.raises(KeyboardInterrupt):
            destroy_due(at=due, limit=7)
    assert (LogInAttempt.objects.count(), journalled("park.LogInAttempt:attempt")) == (11, 14)
    assert destroy_due(at=due, limit=7) == {"park.LogInAttempt:attempt": 11}
    assert (LogInAttempt.objects.count(), journalled("park.LogInAttempt:attempt")) == (0, 25)


def test_a_run_ends_between_batches_when_it_is_told_to() -> None:
    world()
    attempts(25)
    assert destroy_due(at=EVENING + timedelta(days=30), limit=10, go_on=lambda: False) == {
        "park.LogInAttempt:attempt": 10
    }


def test_bytes_that_went_before_a_kill_leave_a_row_that_is_due_again() -> None:
    w = world()
    stored = ROWS["park.StoredFile:emergency"][0](w)
    ended(w)
    path_of(stored.sha256).unlink()
    assert destroy_due(at=DUE, only="park.StoredFile:emergency") == {"park.StoredFile:emergency": 1}
    stored.refresh_from_db()
    assert stored.destroyed_at == DUE and stored.name == "—" and stored.stored_by.uuid == NOBODY


def test_bytes_that_another_row_still_needs_stay() -> None:
    w = world()
    first = ROWS["park.StoredFile:emergency"][0](w)
    second = ROWS["park.StoredFile:emergency"][0](w)
    type(second).objects.filter(pk=second.pk).update(stored_at=DUE)
    ended(w)
    destroy_due(at=DUE, only="park.StoredFile:emergency")
    assert path_of(first.sha256).exists()
    destroy_due(at=DUE + timedelta(days=62), only="park.StoredFile:emergency")
    assert not path_of(first.sha256).exists()


def test_the_journal_tells_counts_and_rules_never_values() -> None:
    w = world()
    ROWS["sampling.Scan:emergency"][0](w)
    ended(w)
    destroy_due(at=DUE, only="sampling.Scan:emergency")
    line = JournalEntry.objects.get(verb="retention.destroyed")
    assert line.by_id is None and line.person_id is None
    assert line.facts == {"rule": "sampling.Scan:emergency", "n": 1, "emergencies": [Emergency.objects.get().pk]}


def test_a_park_that_has_had_no_emergency_has_none_to_destroy_by() -> None:
    assert spans() == []
