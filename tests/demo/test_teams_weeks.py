"""The teams' weeks of the replay alone, in this process: long enough for what takes days, a lifted stop and a case."""

import gzip
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from http.client import HTTPMessage
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django_pgschemas.schema import Schema, activate, get_current_schema

from parkkeeper.demo import build
from parkkeeper.demo.debriefs import Debriefs
from parkkeeper.demo.inspections import Inspections
from parkkeeper.demo.invent import SourcePark, invent
from parkkeeper.demo.invent.scenario import read_scenario
from parkkeeper.demo.phones import Door, Fleet
from parkkeeper.demo.register import Register
from parkkeeper.inspection.models import CaseOffer, CaseReading, Debrief, GoodPractice, Notice, StopWork, Visit
from parkkeeper.park.models import Anomaly
from parkkeeper.sync.models import PoisonOperation
from tests.sync.handset import REHEARSAL

SCENARIO = Path(__file__).with_name("small_park.toml")
SEED = 7
STEPS: tuple[Callable[[Register], None], ...] = (
    build._places, build._people, build._posts, build._emergency, build._inspection,
)  # fmt: skip


class Inside(Door):
    """The door of this process: requests go to the application itself, over no network."""

    def exchange(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, HTTPMessage, bytes]:
        here, more = get_current_schema().schema_name, dict(headers)
        kind = more.pop("Content-Type")
        try:
            answer = Client().generic(method, path, body, content_type=kind, headers=more)
        finally:
            activate(Schema.create(here))  # as Handset: the request has left its park
        zipped = answer.headers.get("Content-Encoding") == "gzip"
        return answer.status_code, HTTPMessage(), gzip.decompress(answer.content) if zipped else answer.content


def park_of_the_weeks() -> SourcePark:
    """The small park with inspections alone, from a week earlier and more of what is found."""
    scenario = read_scenario(SCENARIO)
    table = replace(scenario.inspections, first=date(2022, 5, 8), visits_a_day=0, notices=13)
    return invent(SEED, replace(scenario, inspections=table))


@pytest.fixture
def replayed(db: None, settings: Any, tmp_path: Path) -> Inspections:
    """The weeks, replayed to their end."""
    settings.REHEARSAL_TOKEN, settings.FILES_DIR = REHEARSAL, tmp_path
    park = park_of_the_weeks()
    table = park.scenario.inspections
    register = Register(park, table.first)
    for step in STEPS:
        step(register)
    weeks = Inspections(register, Fleet(Inside("http://testserver", REHEARSAL)), table.first, lambda: None)
    debriefs = Debriefs(register, weeks)
    for n in range((table.last - table.first).days + 1):
        day = date.fromordinal(table.first.toordinal() + n)
        weeks.day(day)
        debriefs.night(day)
    return weeks


def test_the_weeks_lift_a_stop_publish_good_practice_and_leave_nothing_that_no_story_tells(
    replayed: Inspections,
) -> None:
    _a_stop_is_applied_for_accepted_and_lifted(replayed)
    _good_practice_is_published_offered_and_read()
    assert not PoisonOperation.objects.exists() and not Anomaly.objects.filter(noun="inspection").exists()
    assert Visit.objects.count() == len(replayed.plan.visits) and not Visit.objects.filter(ended_at=None).exists()
    lapsed = sum(case.fate == "lapsed" for case in replayed.cases())
    assert Notice.objects.filter(lapsed_at__isnull=False).count() == lapsed > 0
    assert Debrief.objects.filter(closed_at__isnull=False).count() == 12


def _a_stop_is_applied_for_accepted_and_lifted(replayed: Inspections) -> None:
    [stopped] = [case for case in replayed.cases() if case.fate == "stopped"]
    stop = StopWork.objects.select_related("enterprise", "notice").get()
    firm = replayed.register.enterprises[stopped.enterprise]
    assert (stop.enterprise, stop.approved) == (firm, True)
    days = [moment and moment.date() for moment in (stop.served_at, stop.applied_at, stop.accepted_at, stop.lifted_at)]
    proposed, accepted = stopped.looks[1][0], stopped.looks[2][0]
    assert days[0] == proposed and days[2:] == [accepted, accepted] and proposed < (days[1] or proposed) < accepted
    assert stop.checks.count() == (accepted - proposed).days - 1
    assert stop.enterprise.stopped_at is None and stop.notice is not None and stop.notice.closed_at is not None


def _good_practice_is_published_offered_and_read() -> None:
    published = GoodPractice.objects.filter(published_at__isnull=False, withdrawn_at=None)
    assert published.count() == GoodPractice.objects.count() > 0
    assert all(case.photos.count() == 2 for case in published)
    assert CaseOffer.objects.exists() and CaseReading.objects.exists()
