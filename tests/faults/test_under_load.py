"""Kill -9, cut lines, wrong clocks, a restored backup, all under load: nothing acknowledged is lost, doubled or wrong.

A few rounds of what `./run bench faults` does fifty times.
"""

from collections.abc import Iterator

import pytest

from parkkeeper.demo.bench.faults import COUNTS, FAULTS
from parkkeeper.demo.bench.faults_site import Site, faulty_site


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with faulty_site(people=4_400, points=4) as site:
        yield site


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_stored_twice_or_shown_wrongly(site: Site, fault: str) -> None:
    found = FAULTS[fault](site, 2)
    assert found["told"] == found["acknowledged"] > 0
    assert {name: found[name] for name in COUNTS} == dict.fromkeys(COUNTS, 0)
