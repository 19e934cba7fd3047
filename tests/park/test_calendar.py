"""The working calendar of the park, its page, and the numbers of papers."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client

from parkkeeper.kernel import clock
from parkkeeper.park.actions.calendar import enter_calendar_year
from parkkeeper.park.actions.emergency import declare_emergency
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import CalendarYear, Emergency, JournalEntry, Rule, Series
from parkkeeper.park.numbering import next_number
from parkkeeper.park.workdays import due
from parkkeeper.planning.working_time import Term, Unit
from tests.world import EVENING, world

pytestmark = pytest.mark.django_db
HOLIDAYS = [date(2022, 4, 30) + timedelta(days=n) for n in range(5)]
MAKE_UP = [date(2022, 4, 24), date(2022, 5, 7)]
THREE_DAYS = Term(Unit.WORKING_DAYS, 3)
FRIDAY = datetime.fromisoformat("2022-04-29T15:00+08:00")


@pytest.fixture
def w() -> Any:
    return world()


def enter(w: Any, **more: Any) -> CalendarYear:
    facts: dict[str, Any] = {"year": 2022, "holidays": HOLIDAYS, "make_up_days": MAKE_UP, "source": "通知", **more}
    return enter_calendar_year(**facts, by=w.office, at=EVENING)


def test_a_year_that_nobody_entered_is_refused_and_one_that_was_is_counted(w: Any) -> None:
    with pytest.raises(Refused, match="没有 2022 年"):
        due(FRIDAY, THREE_DAYS)
    enter(w)
    assert due(FRIDAY, THREE_DAYS) == datetime.fromisoformat("2022-05-08T00:00+08:00")


def test_a_correction_replaces_the_year_and_the_journal_keeps_both(w: Any) -> None:
    enter(w)
    enter(w, make_up_days=[])
    assert due(FRIDAY, THREE_DAYS) == datetime.fromisoformat("2022-05-10T00:00+08:00")
    told = JournalEntry.objects.filter(verb="calendar.entered").order_by("pk").values_list("facts", flat=True)
    assert [facts["make_up_days"] for facts in told] == [["2022-04-24", "2022-05-07"], []]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"source": " "}, "依据"),
        ({"holidays": []}, "元旦"),
        ({"year": 2023}, "不在 2023 年"),
        ({"make_up_days": [HOLIDAYS[0]]}, "既是放假又是上班"),
        ({"make_up_days": [date(2022, 5, 6)]}, "不是周六或周日"),
    ],
)
def test_a_table_that_cannot_be_true_is_refused(w: Any, wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(Refused, match=told):
        enter(w, **wrong)
    assert not CalendarYear.objects.exists()


def test_only_the_office_enters_it(w: Any) -> None:
    with pytest.raises(Forbidden):
        enter_calendar_year(2022, HOLIDAYS, MAKE_UP, source="通知", by=w.mei, at=EVENING)


def test_the_pack_of_an_emergency_brings_its_year_and_leaves_what_the_park_wrote(w: Any) -> None:
    Emergency.objects.all().delete()
    Rule.objects.all().delete()
    enter(w, source="本园区")
    declare_emergency("疫情", basis="公告", pack="shanghai-2022", starts_at=EVENING, by=w.office, at=EVENING)
    assert CalendarYear.objects.get().source == "本园区"
    CalendarYear.objects.all().delete()
    Emergency.objects.all().delete()
    declare_emergency("疫情", basis="公告", pack="shanghai-2022", starts_at=EVENING, by=w.office, at=EVENING)
    assert due(FRIDAY + timedelta(days=30), THREE_DAYS) == datetime.fromisoformat("2022-06-02T00:00+08:00")


def test_the_page_takes_runs_of_days_and_names_what_is_no_day(w: Any, client: Client) -> None:
    w.login(client, w.office)
    form = {"year": 2022, "holidays": "1-1 04-30~05-04", "make_up_days": "04-24、05-07", "source": "通知"}
    with clock.at(EVENING):
        assert "“1-1”不是日期" in client.post("/settings/calendar", form).content.decode()
        assert client.post("/settings/calendar", {**form, "holidays": "04-30~05-04"}).status_code == 302
        assert "04-30~05-04" in client.get("/settings/calendar").content.decode()
    assert CalendarYear.objects.get().make_up_days == MAKE_UP


def test_numbers_of_papers_have_no_gap_when_a_paper_comes_to_nothing(w: Any) -> None:
    assert next_number("notice", EVENING) == (2022, 1)
    with pytest.raises(ValueError, match="the paper failed"), transaction.atomic():
        next_number("notice", EVENING)
        raise ValueError("the paper failed")
    assert next_number("notice", EVENING) == (2022, 2)
    assert next_number("stop_work", EVENING) == (2022, 1)


def test_the_year_of_a_number_is_the_parks_own(w: Any) -> None:
    assert next_number("notice", datetime.fromisoformat("2022-12-31T16:30+00:00"))[0] == 2023
    assert Series.objects.get().last == 1
