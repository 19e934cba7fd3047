"""Rules of the slot plan."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parkkeeper.planning.geometry import metres_between
from parkkeeper.planning.points import Booking, Group, Venue, desks_needed, minutes_needed, plan_slots

WEST, MIDDLE, EAST = (121.58, 31.20), (121.60, 31.20), (121.62, 31.20)
PACE = 128


def venue(key, position, *, desks=1, opens=1020, closes=1260):
    return Venue(key, position, desks, opens, closes)


def test_a_group_goes_to_the_nearest_point_with_room():
    plan = plan_slots([Group("a", 50, WEST)], [venue("east", EAST), venue("west", WEST)], pace=PACE)
    assert plan.bookings == (Booking("west", "a", 1020, 1045, 50),)


def test_a_full_point_sends_the_smaller_group_to_the_next_one():
    groups = [Group("small", 100, WEST), Group("large", 450, WEST)]
    plan = plan_slots(groups, [venue("west", WEST), venue("middle", MIDDLE), venue("east", EAST)], pace=PACE)
    assert (plan.venue_of("large"), plan.venue_of("small")) == ("west", "middle")


def test_groups_do_not_mix():
    plan = plan_slots([Group(key, 60, WEST) for key in "abc"], [venue("west", WEST)], pace=PACE)
    assert [(b.group, b.starts, b.ends) for b in plan.at("west")] == [
        ("a", 1020, 1050),
        ("b", 1050, 1080),
        ("c", 1080, 1110),
    ]


def test_a_group_too_large_for_any_gap_is_split_at_one_point():
    kept = [Booking("west", "old", 1130, 1150, 40)]
    plan = plan_slots([Group("a", 300, WEST)], [venue("west", WEST)], pace=PACE, kept=kept)
    parts = [b for b in plan.bookings if b.group == "a"]
    assert [(b.starts, b.ends) for b in parts] == [(1020, 1130), (1150, 1185)]
    assert sum(b.people for b in parts) == 300


def test_kept_bookings_stay_and_their_groups_are_not_booked_again():
    kept = [Booking("west", "a", 1100, 1120, 40)]
    plan = plan_slots([Group("a", 40, WEST), Group("b", 40, WEST)], [venue("west", WEST)], pace=PACE, kept=kept)
    assert kept[0] in plan.bookings
    assert [b.group for b in plan.bookings] == ["b", "a"]


def test_a_group_without_room_is_named_with_what_it_needs_and_what_is_free():
    plan = plan_slots([Group("a", 600, WEST), Group("z", 0, WEST)], [venue("west", WEST)], pace=PACE)
    assert not plan.bookings
    assert [(u.group, u.why, u.needed, u.free) for u in plan.unplaced] == [
        ("a", "no_room", 285, 240),
        ("z", "nobody", 0, 0),
    ]
    assert plan_slots([Group("a", 1, WEST)], [], pace=PACE).unplaced[0].why == "no_venue"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"groups": [Group("a", 1, WEST)] * 2}, "a"),
        ({"venues": [venue("w", WEST, desks=0)]}, "w"),
        ({"pace": 0}, "pace"),
        ({"kept": [Booking("west", "x", 1030, 1060, 1), Booking("west", "y", 1050, 1070, 1)]}, "1050"),
    ],
)
def test_nonsense_is_refused_by_name(arguments, says):
    call = {"groups": [], "venues": [venue("west", WEST)], "pace": PACE} | arguments
    with pytest.raises(ValueError, match=says):
        plan_slots(call.pop("groups"), call.pop("venues"), **call)


def test_desks_and_minutes_follow_the_pace():
    assert minutes_needed(128, 1, PACE) == 60
    assert minutes_needed(129, 1, PACE) == 65
    assert minutes_needed(512, 4, PACE) == 60
    assert [desks_needed(people, 240, PACE) for people in (1, 512, 513)] == [1, 1, 2]


places = st.tuples(st.floats(121.57, 121.63), st.floats(31.18, 31.22))
groups_of = st.lists(st.tuples(st.integers(1, 700), places), max_size=14).map(
    lambda rows: [Group(f"g{n:02}", *row) for n, row in enumerate(rows)]
)
venues_of = st.lists(st.tuples(places, st.integers(1, 3), st.integers(0, 12)), min_size=1, max_size=5).map(
    lambda rows: [Venue(f"v{n}", at, desks, 1000, 1000 + 30 * length) for n, (at, desks, length) in enumerate(rows)]
)


@given(groups_of, venues_of)
def test_in_any_plan_nobody_is_lost_mixed_or_overbooked(groups, venues):
    plan = plan_slots(groups, venues, pace=PACE)
    by_key = {v.key: v for v in venues}
    for v in venues:
        booked = plan.at(v.key)
        assert all(v.opens <= b.starts < b.ends <= v.closes for b in booked)
        assert all(a.ends <= b.starts for a, b in pairwise(booked))
    for booking in plan.bookings:
        assert booking.people * 60 <= (booking.ends - booking.starts) * by_key[booking.venue].desks * PACE
    unplaced = {u.group for u in plan.unplaced}
    for group in groups:
        mine = [b for b in plan.bookings if b.group == group.key]
        assert sum(b.people for b in mine) == (0 if group.key in unplaced else group.people)
        assert len({b.venue for b in mine}) <= 1
    shuffled = random.Random(7).sample(groups, len(groups))
    assert plan_slots(shuffled, venues, pace=PACE) == plan


def gaps_left(plan, v):
    edges = [v.opens, *(edge for b in plan.at(v.key) for edge in (b.starts, b.ends)), v.closes]
    return [(ends - starts) // 5 * 5 for starts, ends in zip(edges[::2], edges[1::2], strict=True)]


@given(groups_of, venues_of)
def test_a_group_is_left_out_or_sent_on_only_for_want_of_room(groups, venues):
    plan = plan_slots(groups, venues, pace=PACE)
    position = {v.key: v.position for v in venues}
    for group in groups:
        mine = plan.venue_of(group.key)
        for v in venues:
            needed = minutes_needed(group.people, v.desks, PACE)
            if mine is None:
                assert sum(gaps_left(plan, v)) < needed
            elif metres_between(group.position, v.position) < metres_between(group.position, position[mine]):
                assert max(gaps_left(plan, v)) < needed


def test_a_kept_booking_outside_the_hours_takes_no_minutes():
    kept = [Booking("west", "early", 900, 1000, 9), Booking("west", "late", 1250, 1300, 9)]
    plan = plan_slots([Group("a", 480, WEST)], [venue("west", WEST)], pace=PACE, kept=kept)
    assert [(b.starts, b.ends) for b in plan.bookings if b.group == "a"] == [(1020, 1245)]
