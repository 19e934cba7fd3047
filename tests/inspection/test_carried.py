"""What an inspector's phone carries: the own grid's round and what a visit needs, for those who inspect there alone."""

import inspect
import re
from datetime import date
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from parkkeeper.inspection.actions import lookbacks, stopwork
from parkkeeper.inspection.actions.setup import file_authorisation, put_checklist_in_force
from parkkeeper.inspection.carried import _question, carried
from parkkeeper.inspection.checklistfiles import read_checklist
from parkkeeper.inspection.ladder import rung_of
from parkkeeper.inspection.models import Finding
from parkkeeper.inspection.xlsform import read_xlsform
from parkkeeper.kernel.expressions import holds, parse
from parkkeeper.park.errors import Refused
from parkkeeper.park.models import JournalEntry, Post
from parkkeeper.sync.actions import issue_enrolment
from parkkeeper.sync.models import Phone
from parkkeeper.sync.outbox import WATCHED_IN_GRIDS
from tests.harness.source import ROOT
from tests.inspection.kit import Inspector, found, inspected_world, later, noticed
from tests.inspection.test_xlsform import book
from tests.sync.handset import REHEARSAL, Handset, enrolled, json_of
from tests.world import DAY, EVENING, MORNING

pytestmark = pytest.mark.django_db
TOMORROW = later(24 * 60)


@pytest.fixture(autouse=True)
def _rehearsal(settings: Any) -> None:
    settings.REHEARSAL_TOKEN = REHEARSAL


@pytest.fixture
def w() -> Any:
    return inspected_world()


def of(w: Any, person: Any = None, role: str = "team_leader", grid: int = 0) -> Handset:
    return enrolled(person or w.ann, w.grids[grid], by=w.office, role=role)


def round_of(phone: Handset, **more: Any) -> Any:
    answer = phone.ask("GET", "inspection", **more)
    assert answer.status_code == 200, answer.content
    return json_of(answer)


def firms(told: Any) -> list[str]:
    return [line["enterprise"] for line in told["round"]]


# ---- whose
def test_a_phone_of_a_grid_is_enrolled_without_any_point_and_sends_as_any_other(w: Any) -> None:
    phone = of(w)
    assert (phone.row.grid, phone.row.point, phone.row.site_id) == (w.grids[0], None, None)
    place = {"longitude": 121.605, "latitude": 31.205}
    visit = phone.op("begin_visit", enterprise=w.rainbow.credit_code, checklist=w.checklist.pk, visit_kind="short",
                     basis="emergency", place=place)  # fmt: skip
    told = json_of(phone.send([visit, {"kind": "nonsense"}]))
    assert [one["verdict"] for one in told["verdicts"]] == ["stored", "kept"]
    assert json_of(phone.ask("GET", "roster"))["error"]["code"] == "no_post"


def test_a_code_for_a_grid_needs_a_post_that_inspects_there(w: Any) -> None:
    guest = w.post(w.person("宋小二", w.body, state="away"), "concierge", enterprise=w.rainbow)
    assert issue_enrolment(w.grids[0], guest, "concierge", by=w.office, at=MORNING)
    for person, role, grid in (
        (w.ann, "team_leader", 1),
        (guest, "concierge", 1),
        (w.scanner, "scanning_specialist", 0),
    ):
        with pytest.raises(Refused, match=r"没有有效的“.*”岗位"):
            issue_enrolment(w.grids[grid], person, role, by=w.office, at=MORNING)


def test_the_round_is_of_the_own_grid_and_of_the_posts_that_reach_there(w: Any) -> None:
    assert firms(round_of(of(w))) == [w.rainbow.credit_code]
    guest = w.post(w.person("宋小二", w.body, state="away"), "concierge", enterprise=w.lotus)
    phone = of(w, guest, "concierge", grid=1)
    assert firms(round_of(phone)) == [w.lotus.credit_code]
    Post.objects.filter(person=guest).update(during=(date(2022, 4, 1), DAY))
    answer = phone.ask("GET", "inspection")
    assert (answer.status_code, json_of(answer)["error"]["code"]) == (403, "no_post")


def test_who_inspects_nothing_gets_no_round_and_a_revoked_phone_is_told_to_wipe(w: Any) -> None:
    scanner = enrolled(w.scanner, w.point, by=w.office)
    assert json_of(scanner.ask("GET", "inspection"))["error"]["code"] == "no_post"
    assert json_of(Handset().ask("GET", "inspection"))["error"]["code"] == "unknown_token"
    phone = of(w)
    Phone.objects.filter(pk=phone.row.pk).update(revoked_at=EVENING, revoked_by=w.office)
    assert json_of(phone.ask("GET", "inspection"))["error"] | {"message": ""} == {
        "code": "phone_revoked", "message": "", "wipe": True}  # fmt: skip


def test_a_concierge_of_one_enterprise_carries_nothing_of_its_neighbours(w: Any) -> None:
    w.lotus.grid = w.grids[0]
    w.lotus.save()
    found(w, "B3")
    guest = w.post(w.person("宋小二", w.body, state="away"), "concierge", enterprise=w.lotus)
    told = round_of(of(w, guest, "concierge"), at=TOMORROW)
    assert firms(told) == [w.lotus.credit_code] and told["findings"] == []
    assert sorted(firms(round_of(of(w), at=TOMORROW))) == sorted([w.lotus.credit_code, w.rainbow.credit_code])


# ---- what
def test_a_round_has_reasons_places_grounds_team_and_the_version_in_force(w: Any) -> None:
    told = round_of(of(w))
    [line] = told["round"]
    assert line["reasons"][0] == "从未检查" and line["drawn"] and line["places"] == [[121.605, 31.205]]
    assert told["grid"]["polygon"]["type"] == "Polygon" and line["initials"] == "chsw"
    assert [(one["basis"], one["orders"]) for one in told["bases"]] == [("guidance", False), ("emergency", True)]
    assert told["bases"][1]["paper"] == "授权书第 1 号"
    assert sorted(one["name"] for one in told["team"]) == sorted(["本组员", "蔡组员"])
    [sheet] = told["checklists"]
    items = {one["code"]: one for one in sheet["items"]}
    assert (sheet["id"], sheet["version"], len(items)) == (w.checklist.pk, 1, 59)
    assert items["B3"]["camera"] and not items["F2"]["camera"] and items["B3"]["text_en"]
    assert (items["C9"]["most"], items["H2"]["least"], items["B7"]["sample"]) == (37.2, 14, "20 人")
    assert told["rules"] == {
        "term": {"unit": "hours", "amount": 24}, "repeat_window_days": 30, "repeats_to_stop_work": 2}  # fmt: skip


def test_without_a_paper_on_file_only_guidance_is_offered() -> None:
    w = inspected_world(authorised=False)
    assert [one["basis"] for one in round_of(of(w))["bases"]] == ["guidance"]
    file_authorisation("entrusted", "区", "委托书", start=date(2022, 5, 12), by=w.office, at=EVENING)
    assert [one["basis"] for one in round_of(of(w))["bases"]] == ["guidance"]


def test_open_findings_and_notices_come_along_and_say_whose_work_they_are(w: Any) -> None:
    notice = noticed(w, "B3", "F2")
    seen = Inspector(w, w.cai)
    seen.say(seen.look(Finding.objects.get(item__code="F2"), "fixed", 40))
    mine = round_of(of(w), at=TOMORROW)
    other = round_of(of(w, w.cai, "team_member"), at=TOMORROW)
    [finding] = mine["findings"]
    assert (finding["item"]["code"], finding["area"], finding["state"], finding["own"]) == ("B3", "一号楼", "", True)
    assert other["findings"][0]["own"] is False
    assert mine["notices"][0]["talked_at"] is None and not mine["notices"][0]["second"]
    assert mine["notices"][0]["number"] == notice.number and mine["notices"][0]["due_at"] == notice.due_at.isoformat()
    assert finding["finding"] in mine["notices"][0]["findings"]
    assert any("通知书" in reason for reason in mine["round"][0]["reasons"])


def test_a_line_says_all_that_one_visit_does_who_may_not_look_back_and_what_the_week_has_cost(w: Any) -> None:
    (one,) = found(w, "C6")
    lookbacks.report_fixed(one, note="已修", by=w.mei, at=later(40))
    stopwork.impose_stop_work(
        one, extent="line", place="一号线", reason="锁闭", conditions="打开", by=w.ann, at=later(50)
    )
    [line] = round_of(of(w, w.cai, "team_member"), at=TOMORROW)["round"]
    assert line["purposes"] == ["复查 1 项", "停工巡查", "日常巡查"] and line["avoid"] == ["安组长", "本组员"]
    assert (line["visits"], line["minutes"]) == (1, 20)
    assert line["stopped"]  # one line of the works does


def test_a_phone_hears_of_whatever_becomes_of_a_stop_once_it_may_bind(w: Any) -> None:
    told = set(re.findall(r'"(stop_work\.\w+)"', inspect.getsource(stopwork)))
    assert told - {"stop_work.proposed"} == {verb for verb in WATCHED_IN_GRIDS if verb.startswith("stop_work.")} - {
        "stop_work.fell"}  # fmt: skip


def test_the_repeat_history_is_what_the_ladder_will_count(w: Any) -> None:
    [first] = found(w, "B3")
    assert round_of(of(w), at=TOMORROW)["repeats"] == []
    other = Inspector(w, w.cai)
    other.say(other.look(first, "fixed", 60))
    [told] = round_of(of(w), at=TOMORROW)["repeats"]
    assert (told["item"], told["area"], told["times"]) == ("B3", "一号楼", 1)
    [second] = found(w, "B3", minutes=24 * 60)
    assert rung_of(second).repeats == told["times"]
    assert round_of(of(w), at=later(31 * 24 * 60))["repeats"] == []  # outside of the window


def test_the_protocol_tells_it_as_it_is(w: Any) -> None:
    other = Inspector(w, w.cai)
    other.say(other.look(found(w, "B3")[0], "fixed", 60))
    noticed(w, "B3", minutes=60)
    text = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8").split("## GET inspection")[1]
    example = orjson.loads(text.split("```json\n")[1].split("```")[0])

    def shape(value: Any) -> Any:
        if isinstance(value, list):
            return shape(value[0]) if value else None
        return {key: shape(one) for key, one in value.items()} if isinstance(value, dict) else type(value).__name__

    told = round_of(of(w), at=TOMORROW)
    for one in (example, told):
        one["aspects"], one["grid"]["polygon"], one["codes"] = {}, {}, None
        one["round"][0]["last"] = one["checklists"][0]["items"] = None
        assert all(one[part] for part in ("round", "findings", "notices", "repeats", "team", "bases"))
    assert shape(told) == shape(example)


def test_a_form_s_questions_come_with_their_conditions_as_trees(w: Any) -> None:
    items = read_xlsform(book(), "a.xlsx").items
    put_checklist_in_force("morning", "晨检", items, start=DAY, source="园区", by=w.office, at=EVENING)
    lists = {one["code"]: one["items"] for one in round_of(of(w))["checklists"]}
    assert not any("question" in item for item in lists["nine-grids"])  # as every item is asked: nothing to say
    asked = {item["code"]: item["question"] for item in lists["morning"]}
    assert asked["people"] == {
        "type": "integer", "message": "1 到 500", "relevant": parse("${fever} = 'y'"),
        "constraint": parse(". >= 1 and . <= 500"),
    }  # fmt: skip
    assert asked["fever"]["required"] and [one["name"] for one in asked["fever"]["choices"]] == ["y", "n"]
    assert asked["where"]["relevant"] == parse("${people} > 10")  # its group's
    assert "relevant" not in asked["heat"] and asked["intro"] == {"type": "note"}


def test_a_condition_of_a_group_and_one_of_its_question_must_both_hold() -> None:
    said = {"type": "text", "groups": [{"relevant_tree": ["ref", "a"]}, {"name": "b"}], "relevant_tree": ["ref", "c"]}
    both = _question(said)["relevant"]
    assert [holds(both, told, today=DAY) for told in ({"a": "1"}, {"c": "1"}, {"a": "1", "c": "1"})] == [0, 0, 1]


# ---- how
def test_an_unchanged_round_is_not_sent_again_and_reading_it_is_written_down(w: Any) -> None:
    phone = of(w)
    tag = phone.ask("GET", "inspection")["ETag"]
    assert phone.ask("GET", "inspection", If_None_Match=tag).status_code == 304
    line = JournalEntry.objects.get(verb="people.listed")
    assert (line.by_id, line.facts["where"], line.facts["count"]) == (w.ann.pk, "phone.inspection", 2)
    put_checklist_in_force(
        "nine-grids", "新表", read_checklist()[:3], start=DAY, source="第二版", by=w.office, at=EVENING
    )
    assert phone.ask("GET", "inspection", If_None_Match=tag).status_code == 200


def test_more_enterprises_and_findings_take_no_more_questions(w: Any) -> None:
    found(w, "B3")

    def questions() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            carried(w.grids[0], w.ann, DAY, TOMORROW)
        return len(asked)

    few = questions()
    for firm in (w.lotus, w.builders):
        firm.grid = w.grids[0]
        firm.save()
    noticed(w, "B3", "F2", "C6", minutes=60)
    assert questions() == few
