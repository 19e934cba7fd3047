"""A problem is left out of the rates of closing only when two people say so; nothing else changes by it."""

from typing import Any

import pytest

from parkkeeper.inspection.actions.exclusions import ask_exclusion, decide_exclusion
from parkkeeper.inspection.models import Exclusion, Finding
from parkkeeper.kernel import clock
from parkkeeper.park.errors import Forbidden, Refused
from tests.inspection.kit import again, found, inspected_world, later, noticed
from tests.pages_unit.desk import Desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def w() -> Any:
    return inspected_world()


def test_one_asks_with_a_reason_and_another_whom_no_team_answers_to_grants(w: Any) -> None:
    [finding] = found(w)
    with pytest.raises(Refused, match="为何"):
        ask_exclusion(finding, reason=" ", by=w.ann, at=later(60))
    asked = ask_exclusion(finding, reason="园区停电", by=w.office, at=later(60))
    with pytest.raises(Refused, match="另一人"):
        decide_exclusion(asked, granted=True, by=w.office, at=later(61))
    with pytest.raises(Forbidden):
        decide_exclusion(asked, granted=True, by=w.ann, at=later(61))
    decide_exclusion(asked, granted=True, note="属实", by=w.leader, at=later(62))
    assert again(asked).granted and Exclusion.objects.granted_at(later(62)).get() == asked
    assert not Exclusion.objects.granted_at(later(61)).exists()
    with pytest.raises(Refused, match="已有决定"):
        decide_exclusion(asked, granted=False, by=w.leader, at=later(63))


def test_it_is_asked_once_and_again_only_after_a_refusal(w: Any) -> None:
    [finding] = found(w)
    asked = ask_exclusion(finding, reason="停电", by=w.ann, at=later(60))
    with pytest.raises(Refused, match="已经申请过"):
        ask_exclusion(finding, reason="又停电", by=w.ben, at=later(61))
    decide_exclusion(asked, granted=False, by=w.leader, at=later(62))
    assert ask_exclusion(finding, reason="停水", by=w.ben, at=later(63)).granted is None


def test_the_enterprise_has_no_say_and_the_clock_goes_on(w: Any) -> None:
    notice = noticed(w)
    finding, due_at = Finding.objects.get(), notice.due_at
    with pytest.raises(Forbidden):
        ask_exclusion(finding, reason="停电", by=w.mei, at=later(60))
    decide_exclusion(ask_exclusion(finding, reason="停电", by=w.ann, at=later(60)), granted=True, by=w.leader,
                     at=later(61))  # fmt: skip
    assert again(notice).due_at == due_at and Finding.objects.open().count() == 1


def test_both_acts_stand_on_the_page_of_the_problem(w: Any) -> None:
    [finding] = found(w)
    with clock.at(later(60)):
        assert Desk(w.ann).post("finding_act", finding.pk, "exclude", reason="停电").status == 302
        assert Desk(w.ann).post("finding_act", finding.pk, "decide", granted="yes").status == 403
        assert Desk(w.leader).post("finding_act", finding.pk, "decide", granted="yes").status == 302
        shown = Desk(w.leader).get("finding", finding.pk).text
        assert Desk(w.leader).post("finding_act", finding.pk, "decide", granted="yes").status == 422
    assert "不计考核" in shown and "同意" in shown and "领导乙" in shown
