"""A round freezes who is due, in named classes, and nothing moves its denominator afterwards."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models import Count

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import AreaLevel, Emergency, JournalEntry, Presence
from parkkeeper.sampling.actions.gaps import arrange_ahead, withdraw
from parkkeeper.sampling.actions.rounds import close_round, end_programme, join_round, make_programme, open_round
from parkkeeper.sampling.models import AntigenTest, Due, LabReport, Programme, Result, Round, Scan, Slot, Tube
from tests.world import ALWAYS, DAY, EVENING, LONG_AGO, MORNING, later, world

pytestmark = pytest.mark.django_db


def opened(w: Any, day: date = DAY, **more: Any) -> Round:
    return open_round(w.programme, day, by=w.office, at=MORNING, **more)


def standing_of(round: Round, person: Any) -> str:
    return Due.objects.get(round=round, person=person).standing


def scanned(person: Any, when: Any, *, code: str = "TYQ1", undone: Any = None) -> Scan:
    tube, _ = Tube.objects.get_or_create(code=code, defaults={"first_heard_at": when})
    return Scan.objects.create(
        id=new_id(),
        tube=tube,
        person=person,
        how="code",
        scanned_at=when,
        device_at=when,
        received_at=when,
        undone_at=undone,
        undone_received_at=undone,
    )


def sparse(w: Any) -> Programme:
    """A programme that tests every second day outside sealed areas."""
    w.programme.every_days = {"sealed": 1, "controlled": 2, "other": 3}
    w.programme.save()
    return w.programme


def test_everybody_with_a_presence_is_on_the_list_in_one_class_and_the_classes_sum_up() -> None:
    w = world()
    for person, state in zip(w.workers, ("away", "isolated", "silent", "left"), strict=False):
        Presence.objects.filter(person=person).update(state=state)
    round = opened(w)
    counts = dict(round.dues.values_list("standing").annotate(n=Count("pk")).order_by("standing"))
    assert {s: counts[s] for s in ("away", "isolated", "silent", "left")} == dict.fromkeys(
        ("away", "isolated", "silent", "left"), 1
    )
    assert sum(counts.values()) == round.population == 13
    assert round.dues.filter(on_post=True).count() == counts["due"] == 9


def test_people_without_presence_and_the_park_offices_own_are_not_population() -> None:
    w = world()
    ghost = w.person("影子", w.rainbow)
    Presence.objects.filter(person=ghost).delete()
    w.person("办事员", w.body)
    w.person("借调员", w.rainbow, category="office_staff")
    round = opened(w)
    assert round.population == 13
    assert not round.dues.filter(person=ghost).exists()
    assert not round.dues.filter(enterprise=w.body).exists()


def test_later_changes_of_the_register_do_not_move_the_frozen_list() -> None:
    w = world()
    round = opened(w)
    before = list(round.dues.order_by("person").values_list("person", "standing", "on_post", "enterprise"))
    Presence.objects.filter(person=w.workers[0]).update(state="left")
    w.workers[1].employer = w.lotus
    w.workers[1].save()
    w.person("新来的", w.rainbow)
    assert before == list(round.dues.order_by("person").values_list("person", "standing", "on_post", "enterprise"))


def test_the_presence_of_the_freezing_moment_counts_not_a_later_one() -> None:
    w = world()
    Presence.objects.filter(person=w.workers[0]).update(during=(LONG_AGO, MORNING))
    Presence.objects.create(person=w.workers[0], state="away", during=(MORNING, None))
    assert standing_of(opened(w), w.workers[0]) == "away"


def test_a_shifts_own_slot_goes_before_its_enterprises() -> None:
    w = world()
    w.workers[0].shift = "night"
    w.workers[0].save()
    w.workers[1].shift = "late"
    w.workers[1].save()
    Slot.objects.create(point=w.nearby, enterprise=w.rainbow, shift="night", minutes=(1200, 1230), during=ALWAYS)
    round = opened(w)
    lines = {line.person_id: (line.point_id, line.slot_from) for line in round.dues.order_by("pk")}
    assert lines[w.workers[0].pk] == (w.nearby.pk, 1200)
    assert lines[w.workers[1].pk] == lines[w.workers[2].pk] == (w.point.pk, 1020)


def test_a_slot_of_other_days_or_of_a_point_out_of_service_places_nobody() -> None:
    w = world()
    w.nearby.in_service = (date(2022, 4, 1), DAY)
    w.nearby.save()
    Slot.objects.filter(enterprise=w.rainbow).update(during=(DAY + timedelta(days=1), None))
    assert set(opened(w).dues.values_list("point", flat=True)) == {None}


def test_who_was_tested_within_the_frequency_of_the_place_is_not_due_yet() -> None:
    w = world()
    sparse(w)
    yesterday = EVENING - timedelta(days=1)
    AreaLevel.objects.create(enterprise=w.rainbow, level="controlled", during=(LONG_AGO, None), source="公告")
    AreaLevel.objects.create(grid=w.grids[0], level="sealed", during=(LONG_AGO, None), source="公告")
    scanned(w.workers[0], yesterday, code="A")
    scanned(w.workers[1], yesterday - timedelta(days=1), code="B")
    scanned(w.lotus_workers[0], yesterday - timedelta(days=1), code="C")
    scanned(w.lotus_workers[1], yesterday - timedelta(days=2), code="D")
    round = opened(w)
    assert standing_of(round, w.workers[0]) == "not_yet"  # controlled: every second day; its own level beats the grid's
    assert standing_of(round, w.workers[1]) == "due"
    assert standing_of(round, w.lotus_workers[0]) == "not_yet"  # other: every third day
    assert standing_of(round, w.lotus_workers[1]) == "due"


def test_in_a_sealed_grid_everybody_is_due_every_day() -> None:
    w = world()
    sparse(w)
    AreaLevel.objects.create(grid=w.grids[0], level="sealed", during=(LONG_AGO, None), source="公告")
    scanned(w.workers[0], EVENING - timedelta(days=1))
    assert standing_of(opened(w), w.workers[0]) == "due"


def test_a_test_that_was_undone_or_failed_or_made_on_the_day_itself_delays_nothing() -> None:
    w = world()
    sparse(w)
    yesterday = EVENING - timedelta(days=1)
    scanned(w.lotus_workers[0], yesterday, code="A", undone=yesterday + timedelta(minutes=1))
    failed = scanned(w.lotus_workers[1], yesterday, code="B")
    report = LabReport.objects.create(kind="hand", received_at=yesterday)
    Result.objects.create(
        tube=failed.tube, tube_code="B", value="invalid", tested_at=yesterday, received_at=yesterday, report=report
    )
    scanned(w.lotus_workers[2], MORNING - timedelta(minutes=5), code="C")
    round = opened(w)
    assert [standing_of(round, person) for person in w.lotus_workers] == ["due"] * 3


def test_an_antigen_programme_looks_at_antigen_tests() -> None:
    w = world()
    w.antigen.every_days = {"sealed": 1, "controlled": 1, "other": 2}
    w.antigen.save()
    AntigenTest.objects.create(
        id=new_id(),
        person=w.workers[0],
        day=DAY - timedelta(days=1),
        value="negative",
        taken_at=MORNING - timedelta(days=1),
        received_at=MORNING - timedelta(days=1),
        source="list",
    )
    round = open_round(w.antigen, DAY, by=w.office, at=MORNING)
    assert standing_of(round, w.workers[0]) == "not_yet"
    assert standing_of(round, w.workers[1]) == "due"
    assert set(round.dues.values_list("point", flat=True)) == {None}


def test_an_excuse_given_ahead_is_a_class_of_its_own_until_it_is_withdrawn() -> None:
    w = world()
    until = DAY + timedelta(days=3)
    arranged = arrange_ahead(
        w.workers[0], kind="excused", test="pcr", first=DAY, until=until, reason="鼻部手术", by=w.office, at=MORNING
    )
    arrange_ahead(
        w.workers[1],
        kind="elsewhere",
        test="pcr",
        first=DAY,
        until=until,
        reason="",
        place="张江驻点",
        by=w.mei,
        at=MORNING,
    )
    round = opened(w)
    assert standing_of(round, w.workers[0]) == "excused"
    assert standing_of(round, w.workers[1]) == "elsewhere"
    withdraw(arranged, by=w.office, at=later(60))
    assert standing_of(round, w.workers[0]) == "excused"  # frozen
    tomorrow = open_round(w.programme, DAY + timedelta(days=1), by=w.office, at=later(600))
    assert standing_of(tomorrow, w.workers[0]) == "due"
    assert standing_of(tomorrow, w.workers[1]) == "elsewhere"


def test_two_excuses_ahead_for_the_same_days_are_one_too_many() -> None:
    w = world()
    ahead: dict[str, Any] = {
        "kind": "excused",
        "test": "pcr",
        "first": DAY,
        "until": None,
        "reason": "手术",
        "at": MORNING,
    }
    arrange_ahead(w.workers[0], by=w.office, **ahead)
    with pytest.raises(Refused, match="办公室甲"):
        arrange_ahead(w.workers[0], by=w.mei, **ahead)


def test_a_round_of_a_test_opens_once_a_day_and_the_second_is_told_which() -> None:
    w = world()
    opened(w)
    with pytest.raises(Refused, match=r"2022-05-10.*晚间核酸.*08:30.*13 人"):
        opened(w)
    assert Round.objects.count() == 1
    open_round(w.antigen, DAY, by=w.office, at=MORNING)


def test_without_a_declared_emergency_only_a_rehearsal_opens() -> None:
    w = world()
    Emergency.objects.all().delete()
    with pytest.raises(Refused, match="应急状态"):
        opened(w)
    assert opened(w, rehearsal=True).rehearsal


def test_neither_a_past_day_nor_one_without_the_programme_opens() -> None:
    w = world()
    with pytest.raises(Refused, match="已经过去"):
        opened(w, DAY - timedelta(days=1))
    end_programme(w.programme, until=DAY, by=w.office, at=MORNING)
    with pytest.raises(Refused, match="不生效"):
        opened(w)


def test_only_the_office_opens_and_closes_rounds() -> None:
    w = world()
    with pytest.raises(Forbidden):
        open_round(w.programme, DAY, by=w.mei, at=MORNING)
    round = opened(w)
    with pytest.raises(Forbidden):
        close_round(round, by=w.leader, at=EVENING)


def test_a_round_closes_once_and_the_second_is_told_by_whom() -> None:
    w = world()
    round = close_round(opened(w), by=w.office, at=later(200))
    assert round.closed_at == later(200)
    with pytest.raises(Refused, match="办公室甲"):
        close_round(round, by=w.office, at=later(201))


def test_who_joins_after_the_freeze_is_marked_and_changes_no_population() -> None:
    w = world()
    round = opened(w)
    new = w.person("新来的", w.rainbow)
    line = join_round(round, new, point=w.point, by=w.mei, at=EVENING)
    assert (line.added_at, line.standing, line.on_post, line.grid_id) == (EVENING, "due", True, w.grids[0].pk)
    round.refresh_from_db()
    assert round.population == 13
    with pytest.raises(Refused, match="新来的"):
        join_round(round, new, by=w.office, at=EVENING)
    with pytest.raises(Forbidden):
        join_round(round, w.person("另一家", w.lotus), by=w.mei, at=EVENING)


def test_opening_tells_the_journal_the_classes() -> None:
    w = world()
    opened(w)
    entry = JournalEntry.objects.get(verb="round.opened")
    assert entry.facts["population"] == 13
    assert entry.facts["standings"] == {"due": 13}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"test": "xray"}, "xray"),
        ({"every_days": {"sealed": 1, "controlled": 1}}, "防范区"),
        ({"every_days": {"sealed": 0, "controlled": 1, "other": 1}}, "封控区"),
        ({"pool_size": 7}, "7"),
        ({"opens": 1300, "closes": 1200}, "开始时间"),
        ({"source": " "}, "依据"),
        ({"until": DAY}, "结束日"),
    ],
)
def test_a_programme_that_cannot_be_is_refused_naming_why(change: dict[str, Any], told: str) -> None:
    w = world()
    good: dict[str, Any] = {
        "name": "夜间核酸",
        "test": "pcr",
        "every_days": {"sealed": 1, "controlled": 2, "other": 5},
        "pool_size": 10,
        "opens": 1020,
        "closes": 1320,
        "first": DAY,
        "source": "方案",
    }
    assert make_programme(**good, by=w.office, at=MORNING).pool_size == 10
    with pytest.raises(Refused, match=told):
        make_programme(**{**good, **change}, by=w.office, at=MORNING)


def test_a_programme_does_not_end_under_an_opened_round() -> None:
    w = world()
    opened(w)
    with pytest.raises(Refused, match="已开轮次"):
        end_programme(w.programme, until=DAY, by=w.office, at=MORNING)
    end_programme(w.programme, until=DAY + timedelta(days=1), by=w.office, at=MORNING)
    with pytest.raises(Refused, match="已定于"):
        end_programme(w.programme, until=DAY + timedelta(days=1), by=w.office, at=MORNING)
