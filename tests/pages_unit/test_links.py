"""No page leads its reader to a refusal: every link that somebody sees can be opened by them."""

import re
from typing import Any

import pytest
from django.urls import reverse

from parkkeeper.kernel import clock
from parkkeeper.park import access
from parkkeeper.park.models import Person
from parkkeeper.sampling.models import Tube
from tests.pages_unit.desk import Desk
from tests.sampling.fieldkit import FieldPhone
from tests.sampling.results_world import code, make_round, report, tube
from tests.world import later, world

pytestmark = pytest.mark.django_db
LISTS = (
    "missing", "missing_groups", "missing_calls", "tubes", "boxes", "results", "lab_reports", "positives", "antigen",
    "antigen_tests",
)  # fmt: skip
_HREF = re.compile(r'href="(/[^"#]*)"')


def links(desk: Desk, address: str) -> set[str]:
    answer = desk.client.get(address)
    assert answer.status_code == 200, address
    desk.home()
    return set(_HREF.findall(answer.content.decode().split("<main", 1)[1]))


def kind_of(address: str) -> str:
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+", "N", address.split("?")[0])


@pytest.mark.parametrize("who", ["office", "leader", "mei", "lab", "courier", "scanner", "team"])
def test_every_link_that_a_reader_sees_opens(who: str, settings: Any, tmp_path: Any) -> None:
    settings.FILES_DIR = tmp_path
    w: Any = world()
    w.team = w.post(w.person("网格长", w.body, state="away"), "team_leader", grid=w.grids[0])
    w.round = make_round(w, *w.workers)
    tube(w, 1, *w.workers[:3], round=w.round)
    phone = FieldPhone(w.scanner, w.point)
    phone.say(phone.box(1, 1))
    report(w, (1, "positive"), minutes=100)
    with clock.at(later(120)):
        bad = refusals(w, getattr(w, who))
    assert bad == []


def refusals(w: Any, person: Person) -> list[tuple[str, str, int]]:
    desk, bad, seen = Desk(person), [], set()
    starts = [reverse(name) for name in LISTS if access.may(person, access.PAGES[name], at=later(120))]
    if access.may(person, "see_tubes", at=later(120)):
        starts.append(reverse("tube", args=[Tube.objects.get(code=code(1)).pk]))
    for start in starts:
        for address in sorted(links(desk, start)):
            if kind_of(address) in seen:
                continue
            seen.add(kind_of(address))
            if address.startswith("/boxes/"):
                starts.append(address)
            status = desk.client.get(address.replace("&amp;", "&")).status_code
            desk.home()
            if status not in (200, 302):
                bad.append((start, address, status))
    # the leader opens none of these pages; everybody else is led somewhere
    assert bool(seen) is (person != w.leader)
    print(sorted(seen))
    return bad
