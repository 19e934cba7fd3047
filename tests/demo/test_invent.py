"""Rules that the invented source park keeps, whatever the seed."""

import os
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from hashlib import sha256
from itertools import pairwise

import pytest
from stdnum.cn import ric, uscc

from parkkeeper.demo.invent import invent
from parkkeeper.demo.invent.enterprises import OFFICE
from parkkeeper.demo.invent.names import NAMESAKES, RARE
from parkkeeper.demo.invent.scenario import read_scenario
from parkkeeper.demo.invent.staffing import share_out, targets
from parkkeeper.planning.geometry import GridMap, gap_and_overlap, metres_between, metres_to_line

SEEDS = (20220427, 7)


@pytest.fixture(scope="module", params=SEEDS)
def park(request):
    print("seed", request.param)
    return invent(request.param)


def digest_program() -> str:
    return (
        "from hashlib import sha256; from parkkeeper.demo.invent import invent; p = invent(7); "
        "print(sha256(repr((p, p.evening(p.first_day), p.morning(p.last_day))).encode()).hexdigest())"
    )


def test_the_same_seed_gives_the_same_park_in_another_process_and_another_one_differs():
    ours = invent(7)
    facts = repr((ours, ours.evening(ours.first_day), ours.morning(ours.last_day)))
    environment = os.environ | {"PYTHONHASHSEED": "99", "PYTHONPATH": os.pathsep.join(sys.path)}
    theirs = subprocess.run(
        [sys.executable, "-c", digest_program()], env=environment, capture_output=True, text=True, check=True
    )
    assert theirs.stdout.strip() == sha256(facts.encode()).hexdigest()
    assert invent(8).people[0] != ours.people[0]


def test_a_days_plan_does_not_depend_on_which_days_were_asked_before():
    forwards, backwards = invent(7), invent(7)
    days = forwards.days()[:3]
    assert [forwards.evening(day) for day in days] == [backwards.evening(day) for day in reversed(days)][::-1]


def test_a_day_outside_the_story_is_refused(park):
    with pytest.raises(ValueError, match="2022-05-20"):
        park.evening(park.last_day + timedelta(days=1))


def test_nine_grids_are_bounded_by_the_roads_without_gap_or_overlap(park):
    assert len(park.grids) == 9
    assert gap_and_overlap(grid.ring for grid in park.grids) == pytest.approx((0, 0), abs=1)
    arterial = [road.line for road in park.roads if road.kind == "arterial"]
    for grid in park.grids:
        for a, b in pairwise(grid.ring):
            middle = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
            assert min(metres_to_line(middle, line) for line in arterial) < 1


def test_every_site_lies_in_its_grid_and_off_the_roads(park):
    chart = GridMap({grid.key: grid.ring for grid in park.grids})
    for site in park.sites:
        assert chart.grid_of(site.position) == site.grid
        assert min(metres_to_line(site.position, road.line) for road in park.roads) > 10


def test_geojson_carries_every_feature_with_its_key(park):
    for collection, things in (
        (park.roads_geojson(), park.roads),
        (park.grids_geojson(), park.grids),
        (park.sites_geojson(), park.sites),
    ):
        assert [feature["properties"]["key"] for feature in collection["features"]] == [thing.key for thing in things]
    ring = park.grids_geojson()["features"][0]["geometry"]["coordinates"][0]
    assert ring[0] == ring[-1]


def test_just_the_resumed_enterprises_of_100_people_host_a_point(park):
    large = {e.key for e in park.enterprises if e.head_count >= 100 and e.resumed_on and e.kind == "enterprise"}
    hosts = [point.host for point in park.points if point.host]
    assert sorted(large) == sorted(hosts)
    assert len(hosts) == park.scenario.enterprises.hosts
    on_post = Counter(park.person[key].enterprise for key in park.in_state(park.last_day))
    assert {key for key, people in on_post.items() if people >= 100} == large
    assert sum(e.head_count >= 100 and e.resumed_on is None for e in park.enterprises if e.kind == "enterprise") == (
        park.scenario.enterprises.waiting_large
    )
    assert len([e for e in park.enterprises if e.kind != "park_office"]) == park.scenario.enterprises.total


def test_the_park_grows_to_its_last_day_number_exactly(park):
    growth = park.scenario.growth
    assert len(park.in_state(park.first_day)) == pytest.approx(growth.at_first_round, abs=250)
    assert len(park.in_state(park.last_day)) == growth.at_last_round
    counts = [len(park.in_state(day)) for day in park.days()]
    assert all(later > earlier for earlier, later in pairwise(counts))
    curve = targets(read_scenario())
    assert list(curve.values()) == sorted(curve.values())


def test_a_persons_presences_never_overlap_and_nobody_is_on_post_before_work_resumes(park):
    mine: dict[str, list] = {}
    for presence in park.presences:
        mine.setdefault(presence.person, []).append(presence)
    for key, presences in mine.items():
        presences.sort(key=lambda presence: presence.first)
        assert all(p.until is None or p.first < p.until for p in presences), presences
        assert all(a.until is not None and a.until <= b.first for a, b in pairwise(presences)), presences
        first = next((p.first for p in presences if p.state == "on_post"), None)
        person = park.person[key]
        assert first == person.joined_on
        assert first is None or first >= park.enterprise[person.enterprise].resumed_on


def test_the_parks_own_people_are_nowhere_on_post(park):
    office = {person.key for person in park.people if person.enterprise == OFFICE}
    assert office == {p.person for p in park.posts if p.role not in ("prevention", "sampling", "scanning")}
    assert not office & {presence.person for presence in park.presences}


def test_documents_and_codes_are_valid_unique_and_nobodys(park):
    ids = [person.document for person in park.people if person.document_kind == "resident_id"]
    assert all(ric.is_valid(number) and number[2:6] == "0000" for number in ids)
    assert len({person.document for person in park.people}) == len(park.people)
    assert len({person.phone for person in park.people}) == len(park.people)
    assert all(len(person.phone) == 11 and person.phone.startswith("199000") for person in park.people)
    assert len({(person.enterprise, person.staff_number) for person in park.people}) == len(park.people)
    codes = [enterprise.credit_code for enterprise in park.enterprises]
    assert all(uscc.is_valid(code) for code in codes) and len(set(codes)) == len(codes)
    assert len({enterprise.name for enterprise in park.enterprises}) == len(park.enterprises)


def test_there_are_namesakes_also_inside_one_enterprise_rare_signs_and_people_from_abroad(park):
    names = Counter(person.name for person in park.people)
    assert sum(names[name] for name in NAMESAKES) >= 30
    assert any(number > 1 for (name, _), number in Counter((p.name, p.enterprise) for p in park.people).items()
               if name == NAMESAKES[0])  # fmt: skip
    assert all(any(sign in name for name in names) for sign in RARE)
    kinds = Counter(person.document_kind for person in park.people)
    assert (kinds["passport"], kinds["hk_macau_permit"] + kinds["taiwan_permit"]) == (
        park.scenario.people.foreigners,
        park.scenario.people.permits,
    )


def test_specialists_in_date_are_as_many_as_the_scenario_says_and_void_ones_come_on_top(park):
    day, table = park.last_day, park.scenario.posts
    held = [post for post in park.posts if post.certificate and post.role in ("prevention", "scanning", "sampling")]
    in_date = Counter(post.role for post in held if post.certificate.in_date(day))
    assert in_date == {"prevention": table.prevention, "scanning": table.scanning, "sampling": table.sampling}
    void = [post.certificate for post in held if not post.certificate.in_date(day)]
    assert sum(c.revoked_on is not None for c in void) == table.revoked
    assert sum(c.valid_to < day for c in void) == table.lapsed
    assert len({post.certificate.number for post in held}) == len(held)
    assert len({post.person for post in park.posts}) == len(park.posts)


def test_specialists_are_certified_on_post_and_never_in_the_future(park):
    on_post = {day: set(park.in_state(day)) for day in park.days()}
    for post in park.posts:
        if post.certificate and post.role in ("prevention", "scanning", "sampling"):
            person = park.person[post.person]
            assert person.joined_on <= post.certificate.issued_on <= post.first <= park.last_day
            assert all(post.person in on_post[day] for day in park.days() if day >= post.first)


def test_every_enterprise_has_a_liaison(park):
    covered = {enterprise for post in park.posts for enterprise in post.covers}
    assert covered == {e.key for e in park.enterprises if e.kind != "park_office"}
    assert any(len(post.covers) > 1 for post in park.posts)


def test_points_open_over_the_weeks_after_training_and_all_are_open_in_the_end(park):
    table = park.scenario.points
    opened = Counter(point.kind for point in park.points)
    assert opened == {"enterprise": park.scenario.enterprises.hosts, "nearby": table.nearby}
    at_first = Counter(point.kind for point in park.points if point.opened_on == park.first_day)
    assert at_first == {"enterprise": table.enterprise_at_first, "nearby": table.nearby_at_first}
    for point in park.points:
        assert park.first_day <= point.opened_on <= park.last_day
        if point.host:
            ready = park.enterprise[point.host].resumed_on + timedelta(days=table.training_days)
            assert point.opened_on >= ready


def test_slots_of_a_point_never_overlap_and_lie_in_its_hours(park):
    for day in park.days():
        for point in park.points:
            slots = sorted((s.starts, s.ends) for s in park.slots if s.point == point.key and s.covers(day))
            assert all(a[1] <= b[0] for a, b in pairwise(slots)), (day, point.key)
            assert not slots or (point.opens <= slots[0][0] and slots[-1][1] <= point.closes)
            assert not slots or day >= point.opened_on


def test_everybody_on_post_has_a_point_and_hosts_people_their_own_as_soon_as_it_is_open(park):
    own = {point.host: point for point in park.points if point.host}
    for day in (park.first_day, date(2022, 5, 7), park.last_day):
        used: set[str] = set()
        for key in park.in_state(day):
            point = park.point_of(key, day)
            host = own.get(park.person[key].enterprise)
            assert point is not None
            assert (host is not None and host.opened_on <= day) == (park.point[point].kind == "enterprise")
            used.add(point)
        opened = {point.key for point in park.points if point.opened_on <= day}
        assert used <= opened
        # Early on a nearby point may still wait for its first enterprise.
        assert day < park.last_day or used == {point.key for point in park.points if point.opened_on <= day}


def test_construction_sites_are_fetched_by_shuttle_and_no_driver_is_on_two_trips(park):
    sites = {site.key for site in park.sites if site.kind == "construction"}
    assert len(sites) == park.scenario.enterprises.construction_sites
    for day in park.days():
        trips = [trip for trip in park.shuttles if trip.first <= day and (trip.until is None or day < trip.until)]
        working = {park.person[key].site for key in park.in_state(day)} & sites
        assert working <= {trip.site for trip in trips}
        for driver in {trip.driver for trip in trips}:
            times = sorted((trip.departs, trip.returns) for trip in trips if trip.driver == driver)
            assert all(a[1] <= b[0] for a, b in pairwise(times))
    for trip in park.shuttles:
        assert trip.departs < trip.arrives < trip.returns
        assert metres_between(park.site[trip.site].position, park.point[trip.point].position) < 6000


def test_tube_rolls_never_share_a_serial(park):
    rolls = sorted(park.rolls, key=lambda roll: roll.first_serial)
    assert all(a.last_serial < b.first_serial for a, b in pairwise(rolls))
    assert {roll.point for roll in rolls} == {point.key for point in park.points}
    assert all(roll.issued_on >= park.point[roll.point].opened_on for roll in rolls)


@pytest.mark.parametrize(("total", "weights", "least", "most"), [(10, [1, 1, 1], 0, None), (100, [9, 1, 0.1], 3, 60)])
def test_shares_sum_up_and_keep_their_limits(total, weights, least, most):
    shares = share_out(total, weights, least, most)
    assert sum(shares) == total
    assert min(shares) >= least and (most is None or max(shares) <= most)


def test_an_impossible_share_is_refused():
    with pytest.raises(ValueError, match="100 cannot be shared by 2"):
        share_out(100, [1, 1], 0, 40)
