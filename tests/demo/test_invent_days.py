"""Rules that the invented evenings and mornings keep."""

from collections import Counter
from dataclasses import replace
from datetime import date
from itertools import pairwise
from math import ceil

import pytest

from parkkeeper.demo.invent import DEFAULT_SEED, invent
from parkkeeper.demo.invent.scenario import read_scenario

DAYS = (date(2022, 4, 27), date(2022, 5, 2), date(2022, 5, 8), date(2022, 5, 19))


@pytest.fixture(scope="module")
def park():
    return invent(DEFAULT_SEED)


@pytest.fixture(scope="module", params=DAYS, ids=str)
def evening(request, park):
    return park.evening(request.param)


def kinds(park):
    return {point.key: point.kind for point in park.points}


def test_on_the_last_evening_the_scenarios_number_is_sampled_at_enterprise_points(park):
    evening = park.evening(park.last_day)
    sampled = evening.sampled(kinds(park), "enterprise")
    assert len(sampled) == park.scenario.evening.sampled_at_enterprise_points
    assert sampled <= set(park.in_state(park.last_day))
    read = {
        arrival.person
        for point in evening.points
        if park.point[point.point].kind == "enterprise"
        for arrival in point.arrivals
        if arrival.person and arrival.fate != "undone"
    }
    assert read == sampled


def test_no_more_are_sampled_at_an_enterprise_point_than_are_expected_there_and_walk_in(park, evening):
    expected = Counter(park.point_of(key, evening.day) for key in park.in_state(evening.day))
    for point in evening.points:
        kept = {a.person for a in point.arrivals if a.fate == "kept"}
        walk_ins = sum(p.kind == "walk_in" for p in point.peculiarities)
        assert len(kept) <= expected[point.point] + walk_ins


def test_everybody_due_is_sampled_once_or_missing_or_excused(park, evening):
    day = evening.day
    kept = Counter(a.person for point in evening.points for a in point.arrivals if a.fate == "kept")
    missing = {missing.person for missing in evening.missing}
    excused = {e.person for e in park.excusals if e.first <= day and (e.until is None or day < e.until)}
    assert max(kept.values()) == 1
    assert not missing & set(kept)
    assert set(kept) | missing == set(park.in_state(day)) - excused
    assert 0.002 < len(missing) / len(kept) < 0.03


def test_the_open_points_of_the_day_are_served_by_certified_people_and_no_one_serves_twice(park, evening):
    assert [p.point for p in evening.points] == [p.key for p in park.points if p.opened_on <= evening.day]
    posts = {post.person: post for post in park.posts}
    serving = []
    for point in evening.points:
        desks = park.point[point.point].desks
        void = {p.person for p in point.peculiarities if p.kind == "duty_without_certificate"}
        assert len(point.duty.scanning) == desks
        assert len(set(point.duty.sampling) - void) == desks * park.scenario.posts.samplers_a_desk
        assert posts[point.duty.prevention].role == "prevention"
        for role in ("scanning", "sampling"):
            for person in set(getattr(point.duty, role)) - void:
                assert posts[person].role == role
                assert posts[person].first <= evening.day
                assert posts[person].certificate.in_date(evening.day)
                serving.append(person)
    assert len(serving) == len(set(serving))


def test_arrivals_are_in_order_one_after_another_at_each_desk_and_before_the_courier(park, evening):
    for point in evening.points:
        times = [(a.second, a.desk) for a in point.arrivals]
        assert times == sorted(times)
        for desk in range(1, park.point[point.point].desks + 1):
            seconds = [a.second for a in point.arrivals if a.desk == desk]
            assert all(a < b for a, b in pairwise(seconds))
        last = max((a.second for a in (*point.arrivals, *point.silent)), default=0)
        assert last < point.closes * 60 <= point.collected * 60


def test_enterprises_do_not_mix_but_for_walk_ins_and_second_readings(park, evening):
    table = park.timetable(evening.day)
    strays = {p.person for point in evening.points for p in point.peculiarities}
    for point in evening.points:
        for arrival in point.arrivals:
            if arrival.fate == "kept" and arrival.person not in strays:
                slots = table.kept[table.who(park.person[arrival.person])]
                assert any(slot.starts * 60 <= arrival.second < slot.ends * 60 for slot in slots)


def test_the_silent_come_last_to_nearby_points_and_are_not_on_post(park, evening):
    silent = [a.person for point in evening.points for a in point.silent]
    assert sorted(silent) == park.in_state(evening.day, "silent_period")
    for point in evening.points:
        assert not point.silent or park.point[point.point].kind == "nearby"


def test_each_evening_has_the_mishaps_of_the_scenario_and_each_is_in_the_arrivals(park, evening):
    noted = [(point, p) for point in evening.points for p in point.peculiarities]
    numbers = Counter(p.kind for _, p in noted)
    table = park.scenario.peculiarities
    for kind in ("same_tube_again", "undo", "unknown_code", "two_phones", "overfull_tube", "late_phone", "clock_skew"):
        assert numbers[kind] == getattr(table, kind)
    fates = Counter(a.fate for point in evening.points for a in point.arrivals)
    assert fates["undone"] == numbers["undo"]
    assert fates["unknown"] == numbers["unknown_code"]
    assert fates["same_tube_again"] == numbers["same_tube_again"]
    assert fates["other_tube_again"] == numbers["other_tube_again"] + numbers["two_phones"]
    for point, peculiarity in noted:
        here = {a.person: a for a in point.arrivals if a.fate == "kept"}
        if peculiarity.kind not in ("two_phones", "duty_without_certificate") and peculiarity.person:
            assert here[peculiarity.person].desk == peculiarity.desk or peculiarity.kind == "other_tube_again"
        if peculiarity.kind == "walk_in":
            assert park.point_of(peculiarity.person, evening.day) == peculiarity.other != point.point
    for point in evening.points:
        for arrival in point.arrivals:
            assert (arrival.person is None) == (arrival.fate == "unknown") == bool(arrival.raw)


def test_an_unknown_code_belongs_to_nobody(park, evening):
    known = {p.document for p in park.people} | {p.staff_number for p in park.people}
    assert not known & {a.raw for point in evening.points for a in point.arrivals if a.raw}


def test_the_person_of_an_incident_is_sampled_that_evening_without_any_mishap(park):
    for incident in park.incidents:
        point = next(p for p in park.evening(incident.day).points if p.point == incident.point)
        assert any(a.person == incident.person and a.fate == "kept" for a in point.arrivals)
        assert incident.person not in {p.person for p in point.peculiarities}


def test_three_pools_are_positive_with_at_most_one_really_positive_who_is_isolated_next_day(park):
    positive = [incident for incident in park.incidents if incident.trouble == "positive"]
    assert len(positive) == 3
    assert {incident.trouble for incident in park.incidents} == {"positive", "indeterminate", "damaged", "lost"}
    for incident in positive:
        if incident.truly_positive:
            assert incident.truly_positive in park.in_state(incident.day)
            assert incident.truly_positive in park.in_state(incident.retest_on, "isolated")
    because = {p.because for p in park.presences if p.because}
    confirmed = {i.key for i in park.incidents if i.truly_positive}
    assert because == confirmed | {a.key for a in park.antigen_positives if a.confirmed}


def test_antigen_mornings_name_everybody_once_and_four_are_positive_in_all(park):
    positive = []
    for day in park.days():
        morning = park.morning(day)
        named = [key for e in morning.enterprises for key in (*e.negative, *e.positive, *e.unreported)]
        assert sorted(named) == sorted([*park.in_state(day), *park.in_state(day, "silent_period")])
        positive += [(day, key) for e in morning.enterprises for key in e.positive]
    assert sorted(positive) == sorted((a.day, a.person) for a in park.antigen_positives)
    assert len(positive) == 4


def test_a_confirmed_antigen_positive_does_not_come_in_the_evening(park):
    found = next(a for a in park.antigen_positives if a.confirmed)
    missing = {m.person: m.reason for m in park.evening(found.day).missing}
    assert missing[found.person] == "antigen_positive"


def test_a_void_certificate_turns_up_for_duty_the_day_after(park):
    found = [
        (evening.day, p.person)
        for evening in map(park.evening, park.days())
        for point in evening.points
        for p in point.peculiarities
        if p.kind == "duty_without_certificate"
    ]
    assert found
    posts = {post.person: post for post in park.posts}
    assert all(not posts[person].certificate.in_date(day) for day, person in found)


def test_a_point_has_tubes_for_every_evening_with_its_rolls(park):
    used: Counter[str] = Counter()
    for day in park.days():
        for point in park.evening(day).points:
            desks = Counter(a.desk for a in point.arrivals if a.fate in ("kept", "other_tube_again", "unknown"))
            used[point.point] += sum(ceil(n / 10) + 1 for n in desks.values()) + len(point.silent)
            issued = sum(
                roll.last_serial - roll.first_serial + 1
                for roll in park.rolls
                if roll.point == point.point and roll.issued_on <= day
            )
            assert used[point.point] <= issued, (day, point.point)


def test_another_scenario_makes_another_evening_and_an_impossible_one_says_so(park):
    scenario = read_scenario()

    def sampled(number):
        fewer = replace(scenario, evening=replace(scenario.evening, sampled_at_enterprise_points=number))
        other = invent(DEFAULT_SEED, fewer)
        return len(other.evening(other.last_day).sampled(kinds(other), "enterprise"))

    assert sampled(15_000) == 15_000
    with pytest.raises(ValueError, match="people can come to enterprise points on 2022-05-19"):
        sampled(18_000)
