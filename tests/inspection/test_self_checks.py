"""自查: what an enterprise says of itself is written down, read by the next team, and has no other consequence."""

from typing import Any

import pytest

from parkkeeper.inspection.actions.selfchecks import check_oneself
from parkkeeper.inspection.burden import meter_of
from parkkeeper.inspection.ladder import rung_of
from parkkeeper.inspection.models import Checklist, Finding, Notice, SelfCheck, Visit
from parkkeeper.inspection.worklist import work_list
from parkkeeper.kernel import clock
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import JournalEntry
from tests.inspection.kit import DAY, again, found, inspected_world, later
from tests.pages_unit.desk import Desk

pytestmark = pytest.mark.django_db
NOTE = "隔离标识破损，今天更换"


@pytest.fixture
def w() -> Any:
    return inspected_world()


def reasons(w: Any, at: Any) -> tuple[int, list[str]]:
    (line,) = [one for one in work_list(w.grids[0], DAY, at, w.ann).lines if one.enterprise == w.rainbow]
    return line.score, [reason for reason in line.reasons if "自查" in reason]


def test_it_is_no_visit_no_finding_and_no_repeat_and_the_next_team_reads_it_at_no_cost(w: Any) -> None:
    before, _none = reasons(w, later(5))
    made = check_oneself(w.rainbow, failed=["C3", "B3"], note=NOTE, by=w.mei, at=later(0))
    assert (made.failed, made.checklist) == (["B3", "C3"], w.checklist)  # in the checklist's order
    assert not Visit.objects.exists() and not Finding.objects.exists() and not Notice.objects.exists()
    assert meter_of(w.rainbow, later(5)).week == 0
    assert reasons(w, later(5)) == (before, ["企业自查：B3、C3 不符合"])
    (finding,) = found(w, "B3", minutes=10)
    assert rung_of(finding).repeats == 0
    assert reasons(w, later(60))[1] == []  # a team has been there since
    line = JournalEntry.objects.get(verb="self_check.made")
    assert (line.enterprise_id, line.facts) == (w.rainbow.pk, {"items": 2, "checklist": 1})


def test_only_the_last_one_is_told_and_one_without_faults_is_no_reason(w: Any) -> None:
    check_oneself(w.rainbow, failed=["B3"], note=NOTE, by=w.mei, at=later(0))
    check_oneself(w.rainbow, by=w.mei, at=later(10))
    assert reasons(w, later(20))[1] == [] and reasons(w, later(5))[1] == ["企业自查：B3 不符合"]


def test_it_needs_a_checklist_items_of_it_words_about_what_failed_and_the_own_enterprise(w: Any) -> None:
    for facts, words in (({"failed": ["B3"]}, "写明情况"), ({"failed": ["Z9"], "note": NOTE}, "没有 Z9 项")):
        with pytest.raises(Refused, match=words):
            check_oneself(w.rainbow, **facts, by=w.mei, at=later(0))
    for who in (w.bo, w.ann):  # another enterprise's liaison; a team checks, it does not check itself
        with pytest.raises(Forbidden):
            check_oneself(w.rainbow, by=who, at=later(0))
    Checklist.objects.update(code="resumption")
    with pytest.raises(Refused, match="还没有启用"):
        check_oneself(w.rainbow, by=w.mei, at=later(0))


def test_a_liaison_does_it_on_a_page_and_others_see_it_where_they_may(w: Any) -> None:
    with clock.at(later(0)):
        page = Desk(w.mei).get("self_check_new").text
        assert page.count('name="failed"') == 59 and w.rainbow.short_name in page
        told = Desk(w.mei).post("self_check_new", enterprise="彩虹生物", failed=["B3"])
        assert told.status == 422 and "写明情况" in told.text
        told = Desk(w.mei).post("self_check_new", enterprise="彩虹生物", failed=["B3", "C3"], note=NOTE)
        assert told.status == 302 and SelfCheck.objects.get().failed == ["B3", "C3"]
        assert Desk(w.mei).post("self_check_new", enterprise="莲花电子", failed=[]).status == 403
        assert Desk(w.ann).get("self_check_new").status == 403
        for who, sees in ((w.mei, True), (w.ann, True), (w.office, True), (w.bo, False)):
            assert ("B3、C3" in Desk(who).get("self_checks").text) is sees
        assert "B3、C3" not in Desk(w.office).get("self_checks", state="fine").text
        assert "企业自查：B3、C3 不符合" in Desk(w.ann).get("work_list", grid=w.grids[0].pk).text
    assert again(SelfCheck.objects.get()).by == w.mei
