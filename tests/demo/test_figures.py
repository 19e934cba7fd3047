"""Each figure follows the records: change a record, and the figure changes."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from parkkeeper.board.figures import BUILT, PLANNED, figures
from parkkeeper.demo.table import source_figures
from parkkeeper.inspection.actions.notices import withdraw_notice
from parkkeeper.inspection.actions.setup import put_checklist_in_force
from parkkeeper.inspection.checklistfiles import RESUMPTION, read_aspects, read_checklist
from parkkeeper.park.models import Certificate, Post, Rule
from parkkeeper.sampling.actions.rounds import open_round
from parkkeeper.sampling.models import Round, Scan, Tube
from tests.inspection.kit import inspected_world, later, noticed
from tests.world import DAY, EVENING, LONG_AGO, MORNING, world

pytestmark = pytest.mark.django_db


def told(name: str) -> Any:
    return figures(DAY)[name]


def evening(w: Any) -> Round:
    """The day's round with two of rainbow's workers scanned at its point, one of lotus at the nearby one."""
    Rule.objects.create(key="enterprise_point_people", value=100, during=(LONG_AGO, None), source="测试规则")
    round = open_round(w.programme, DAY, by=w.office, at=MORNING)
    for person, point in ((w.workers[0], w.point), (w.workers[1], w.point), (w.lotus_workers[0], w.nearby)):
        scan(person, point, round)
    return round


def scan(person: Any, point: Any, round: Round) -> Scan:
    tube = Tube.objects.create(code=f"T{uuid4().hex[:12]}", point=point, round=round, first_heard_at=EVENING)
    return Scan.objects.create(
        id=uuid4(), tube=tube, person=person, round=round, point=point, how="code", scanned_at=EVENING,
        device_at=EVENING, received_at=EVENING,
    )  # fmt: skip


def test_every_figure_of_the_report_is_either_computed_or_named_as_planned() -> None:
    assert {figure["id"] for figure in source_figures()} == {*BUILT, *PLANNED}


def test_a_point_counts_while_it_is_in_service() -> None:
    w: Any = world()
    evening(w)
    assert (told("points_total"), told("points_enterprise")) == (2, 1)
    w.point.in_service = (date(2022, 4, 1), DAY)
    w.point.save()
    assert (told("points_total"), told("points_enterprise")) == (1, 0)


def test_an_enterprise_point_needs_a_large_host_that_has_resumed() -> None:
    w: Any = world()
    evening(w)
    for change in ({"head_count": 99}, {"head_count": 100, "resumed_on": DAY + timedelta(days=1)}):
        type(w.rainbow).objects.filter(pk=w.rainbow.pk).update(**change)
        assert told("points_enterprise") == 0, change
    type(w.rainbow).objects.filter(pk=w.rainbow.pk).update(resumed_on=DAY)
    assert told("points_enterprise") == 1


def test_a_prevention_specialist_of_two_enterprises_is_one_person() -> None:
    w: Any = world()
    evening(w)
    before = told("specialists_prevention")
    w.post(w.mei, "prevention_specialist", enterprise=w.builders)
    assert told("specialists_prevention") == before
    Post.objects.filter(person=w.bo).update(during=(date(2022, 4, 1), DAY))
    assert told("specialists_prevention") == before - 1


@pytest.mark.parametrize(("who", "figure"), [("scanner", "specialists_scanning"), ("sampler", "specialists_sampling")])
def test_a_specialist_counts_with_a_certificate_in_date_only(who: str, figure: str) -> None:
    w: Any = world()
    evening(w)
    person = getattr(w, who)
    assert told(figure) == 1
    Certificate.objects.filter(person=person).update(during=(date(2022, 4, 1), DAY))
    assert told(figure) == 0
    Certificate.objects.filter(person=person).update(during=(date(2022, 4, 1), DAY + timedelta(days=1)))
    assert told(figure) == 1
    Certificate.objects.filter(person=person).update(revoked_at=MORNING, revoked_by=w.office, revoked_reason="测试")
    assert told(figure) == 0


def test_people_are_sampled_once_at_enterprise_points_by_live_scans_only() -> None:
    w: Any = world()
    round = evening(w)
    assert told("sampled_people") == 2
    again = scan(w.workers[0], w.point, round)
    assert told("sampled_people") == 2
    Scan.objects.filter(person=w.workers[1]).update(undone_at=EVENING, undone_received_at=EVENING)
    assert told("sampled_people") == 1
    Scan.objects.filter(pk=again.pk).update(undone_at=EVENING, undone_received_at=EVENING)
    assert told("sampled_people") == 1
    scan(w.office, w.point, round)
    assert told("sampled_people") == 1


def test_the_share_is_of_all_on_post_when_the_round_opened() -> None:
    w: Any = world()
    round = evening(w)
    on_post = round.dues.filter(on_post=True).count()
    assert told("sampled_share") == 2 / on_post
    w.person("新来", w.rainbow)
    assert told("sampled_share") == 2 / on_post


def test_without_a_round_nothing_is_said_about_the_sampled() -> None:
    world()
    Rule.objects.create(key="enterprise_point_people", value=100, during=(LONG_AGO, None), source="测试规则")
    assert (told("sampled_people"), told("sampled_share"), told("mode_running_since")) == (None, None, None)


def test_the_mode_runs_since_the_first_round_held_at_an_enterprise_point() -> None:
    w: Any = world()
    evening(w)
    earlier = open_round(w.programme, date(2022, 5, 9), by=w.office, at=datetime(2022, 5, 9, 0, 30, tzinfo=UTC))
    assert told("mode_running_since") == "2022-05-10"
    scan(w.lotus_workers[1], w.nearby, earlier)
    assert told("mode_running_since") == "2022-05-10"
    found = scan(w.workers[2], w.point, earlier)
    assert told("mode_running_since") == "2022-05-09"
    assert figures(date(2022, 5, 8))["mode_running_since"] is None
    Scan.objects.filter(pk=found.pk).update(undone_at=EVENING, undone_received_at=EVENING)
    assert told("mode_running_since") == "2022-05-10"


def test_grids_are_those_of_the_register() -> None:
    w: Any = world()
    evening(w)
    assert told("grids") == len(w.grids)


def test_a_team_is_whole_with_its_leader_a_concierge_and_a_member() -> None:
    w: Any = world()
    evening(w)
    before = told("teams")
    grid = w.grids[2]
    Post.objects.filter(grid=grid).delete()
    for role in ("team_leader", "concierge"):
        w.post(w.person(role, w.body), role, grid=grid)
    assert told("teams") == before
    w.post(w.person("member", w.body), "team_member", grid=grid)
    assert told("teams") == before + 1
    Post.objects.filter(role="concierge", grid=grid).update(during=(date(2022, 4, 1), DAY))
    assert told("teams") == before


def test_notices_count_from_the_day_of_issue_until_they_are_taken_back() -> None:
    w: Any = inspected_world()
    evening(w)
    assert told("rectification_notices") == 0
    notice = noticed(w, "A2")
    assert told("rectification_notices") == 1
    assert figures(DAY - timedelta(days=1))["rectification_notices"] == 0
    withdraw_notice(notice, reason="文书有误", by=w.office, at=later(60))
    assert told("rectification_notices") == 0


def test_what_no_system_tells_yet_is_none() -> None:
    w: Any = world()
    evening(w)
    assert {figures(DAY)[name] for name in PLANNED} == {None}


def test_aspects_and_measures_of_the_guideline_are_those_of_the_days_resumption_checklist() -> None:
    w: Any = world()
    evening(w)
    assert (told("guideline_aspects"), told("guideline_measures")) == (None, None)
    rows, aspects = read_checklist(RESUMPTION), read_aspects(RESUMPTION)

    def enter(start: date, items: int, headings: int) -> None:
        put_checklist_in_force(RESUMPTION, "复工", rows[:items], start=start, source="指引", aspects=aspects[:headings],
                               by=w.office, at=EVENING)  # fmt: skip

    enter(date(2022, 4, 16), 21, 5)
    assert (told("guideline_aspects"), told("guideline_measures")) == (5, 21)
    assert figures(date(2022, 4, 15))["guideline_measures"] is None
    enter(DAY, 20, 4)
    assert (told("guideline_aspects"), told("guideline_measures")) == (4, 20)
    assert figures(date(2022, 5, 9))["guideline_measures"] == 21
