"""Kill -9, cut lines, wrong clocks, a restored backup, all under load: nothing acknowledged is lost, doubled or wrong.

A few rounds of what `./run bench faults` does fifty times.
"""

from collections.abc import Iterator

import pytest

from parkkeeper.demo.bench.faults import COUNTS, FAULTS, pages_differ, people_for
from parkkeeper.demo.bench.faults_site import Site, faulty_site

POINTS, ROUNDS = 4, 2


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with faulty_site(people=people_for(ROUNDS, POINTS), points=POINTS) as site:
        yield site


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_stored_twice_or_shown_wrongly(site: Site, fault: str) -> None:
    found = FAULTS[fault](site, ROUNDS)
    assert found["told"] == found["acknowledged"] > 0
    assert {name: found[name] for name in COUNTS} == dict.fromkeys(COUNTS, 0), found
    if fault.endswith("_killed"):
        assert found["in_flight"] >= found["cut"] >= found["fewest_cut"] * ROUNDS > 0
    if fault == "duplicates_and_reorderings":
        assert found["fewest_batches_a_phone"] >= 4


def test_the_numbers_on_pages_are_what_the_phones_have_said(site: Site) -> None:
    if not site.done:
        FAULTS["requests_cut"](site, ROUNDS)
    assert pages_differ(site) == 0
    site.done.pop()  # a check that cannot fail tells nothing
    assert pages_differ(site) == 1
