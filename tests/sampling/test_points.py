"""Points, slots that never mix enterprises, rolls that are issued once; refusals name who stands in the way."""

from datetime import date, timedelta
from typing import Any

import pytest

from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import JournalEntry, Site
from parkkeeper.sampling.actions.points import (
    assign_slot,
    change_point,
    close_point,
    end_slot,
    issue_roll,
    next_serial,
    open_point,
)
from parkkeeper.sampling.models import Point, Slot, TubeRoll
from tests.world import DAY, MORNING, world

pytestmark = pytest.mark.django_db


def a_site(w: Any, code: str = "S9", **more: Any) -> Site:
    return Site.objects.create(
        code=code, name="远山工地", kind="construction", grid=w.grids[2], longitude=121.62, latitude=31.2, **more
    )


def test_a_point_opens_at_a_site_as_its_hosts_or_as_a_nearby_one() -> None:
    w = world()
    near = open_point(a_site(w), code="P03", desks=2, hours=(1020, 1260), first=DAY, by=w.office, at=MORNING)
    own = open_point(
        a_site(w, "S8"), code="P04", desks=1, hours=(1020, 1260), first=DAY, host=w.lotus, by=w.office, at=MORNING
    )
    assert (near.kind, own.kind) == ("nearby", "enterprise")
    assert JournalEntry.objects.filter(verb="point.opened").count() == 2


def test_a_second_point_with_the_code_or_at_the_site_is_refused_by_name() -> None:
    w = world()
    more: dict[str, Any] = {"desks": 1, "hours": (1020, 1260), "first": DAY, "by": w.office, "at": MORNING}
    with pytest.raises(Refused, match="P01"):
        open_point(a_site(w), code="P01", **more)
    with pytest.raises(Refused, match="彩虹厂区.*P01"):
        open_point(w.point.site, code="P07", **more)
    with pytest.raises(Refused, match="编号"):
        open_point(a_site(w, "S7"), code=" ", **more)


def test_a_point_without_desks_or_with_hours_that_end_before_they_begin_is_refused() -> None:
    w = world()
    with pytest.raises(Refused, match="采样台"):
        change_point(w.point, desks=0, by=w.office, at=MORNING)
    with pytest.raises(Refused, match="21:00–17:00"):
        change_point(w.point, hours=(1260, 1020), by=w.office, at=MORNING)


def test_new_hours_must_hold_the_slots_that_still_count() -> None:
    w = world()
    with pytest.raises(Refused, match="彩虹生物"):
        change_point(w.point, hours=(1080, 1260), by=w.office, at=MORNING)
    w.point.refresh_from_db()
    assert w.point.hours.lower == 1020
    changed = change_point(w.point, desks=5, hours=(1000, 1150), by=w.office, at=MORNING)
    assert (changed.desks, changed.hours.upper) == (5, 1150)


def test_a_point_closes_only_when_no_enterprise_is_expected_there_any_more() -> None:
    w = world()
    until = DAY + timedelta(days=1)
    with pytest.raises(Refused, match=r"2 个时段.*莲花电子"):
        close_point(w.nearby, until=until, by=w.office, at=MORNING)
    for slot in w.nearby.slots.order_by("pk"):
        end_slot(slot, until=until, by=w.office, at=MORNING)
    close_point(w.nearby, until=until, by=w.office, at=MORNING)
    assert not Point.objects.in_service(until).filter(pk=w.nearby.pk).exists()
    with pytest.raises(Refused, match="停用"):
        close_point(w.nearby, until=until, by=w.office, at=MORNING)


def test_two_enterprises_never_meet_at_a_point_and_the_second_hears_who_is_there() -> None:
    w = world()
    with pytest.raises(Refused, match="17:00–19:00.*彩虹生物"):
        assign_slot(w.point, w.builders, minutes=(1130, 1160), first=DAY, shift="day", by=w.office, at=MORNING)
    slot = assign_slot(w.point, w.builders, minutes=(1140, 1160), first=DAY, shift="day", by=w.office, at=MORNING)
    assert slot.by_shuttle is False
    assert Slot.objects.count() == 4


def test_a_shift_is_expected_at_one_point_only_and_the_second_hears_where() -> None:
    w = world()
    with pytest.raises(Refused, match="莲花电子.*P02.*17:00"):
        assign_slot(w.point, w.lotus, minutes=(1200, 1260), first=DAY, by=w.office, at=MORNING)
    end_slot(Slot.objects.get(enterprise=w.lotus), until=DAY, by=w.office, at=MORNING)
    assign_slot(w.point, w.lotus, minutes=(1200, 1260), first=DAY, by=w.office, at=MORNING)


def test_a_slot_outside_the_points_hours_or_days_that_cannot_be_is_refused() -> None:
    w = world()
    with pytest.raises(Refused, match="17:00–21:00"):
        assign_slot(w.point, w.lotus, minutes=(1000, 1020), first=DAY, shift="x", by=w.office, at=MORNING)
    with pytest.raises(Refused, match="结束日"):
        assign_slot(w.point, w.lotus, minutes=(1200, 1220), first=DAY, until=DAY, shift="x", by=w.office, at=MORNING)


def test_a_slot_ends_once_and_not_before_it_began() -> None:
    w = world()
    slot = Slot.objects.get(enterprise=w.lotus)
    with pytest.raises(Refused, match="开始日"):
        end_slot(slot, until=date(2022, 3, 1), by=w.office, at=MORNING)
    end_slot(slot, until=DAY, by=w.office, at=MORNING)
    with pytest.raises(Refused, match="已经结束"):
        end_slot(slot, until=DAY, by=w.office, at=MORNING)


def test_tubes_are_issued_once_for_ever_and_the_refusal_names_the_roll() -> None:
    w = world()
    assert next_serial("YQ") == 2000
    roll = issue_roll(w.point, prefix="YQ", first=2000, count=500, by=w.office, at=MORNING)
    assert (roll.serials.lower, roll.serials.upper) == (2000, 2500)
    with pytest.raises(Refused, match=r"YQ 1000–1999 已发给采样点 P02.*2500"):
        issue_roll(w.point, prefix="YQ", first=1990, count=10, by=w.office, at=MORNING)
    issue_roll(w.point, prefix="AB", first=1990, count=10, by=w.office, at=MORNING)
    assert TubeRoll.objects.count() == 4
    assert next_serial("ZZ") == 1


@pytest.mark.parametrize(
    ("prefix", "first", "count"), [("yq", 1, 5), ("YQX", 1, 5), ("YQ", 0, 5), ("YQ", 5, 0), ("YQ", 99_999_999, 2)]
)
def test_a_roll_that_no_code_can_name_is_refused(prefix: str, first: int, count: int) -> None:
    w = world()
    with pytest.raises(Refused):
        issue_roll(w.point, prefix=prefix, first=first, count=count, by=w.office, at=MORNING)


def test_only_the_office_shapes_the_starfield() -> None:
    w = world()
    for person in (w.mei, w.leader, w.sampler):
        with pytest.raises(Forbidden):
            assign_slot(w.point, w.lotus, minutes=(1200, 1260), first=DAY, by=person, at=MORNING)
        with pytest.raises(Forbidden):
            issue_roll(w.point, prefix="YQ", first=5000, count=1, by=person, at=MORNING)
