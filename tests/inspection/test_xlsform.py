"""XLSForm: a version goes out and comes back the same; a foreign form comes in, or each wrong cell is told."""

from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from parkkeeper.inspection.actions.setup import put_checklist_in_force
from parkkeeper.inspection.checklistfiles import RESUMPTION, read_aspects, read_checklist
from parkkeeper.inspection.models import Checklist, Item, Visit
from parkkeeper.inspection.xlsform import SURVEY, Form, item_row, read_xlsform, write_rows, write_xlsform
from parkkeeper.kernel import clock
from parkkeeper.kernel.expressions import holds
from parkkeeper.kernel.tables import BadTable, Sheet, read_table, write_xlsx
from parkkeeper.park.models import Anomaly
from tests.inspection.kit import inspected_world, later
from tests.pages_unit.desk import Desk
from tests.world import DAY, EVENING

HEADS = ("type", "name", "label", "label::English (en)", "hint", "required", "relevant", "constraint",
         "constraint_message", "remedy")  # fmt: skip
QUESTIONS = [
    ("begin_group", "site", "现场", "Site", "", "", "", "", "", ""),
    ("note", "intro", "请先出示检查依据", "", "", "", "", "", "", ""),
    ("select_one yn", "fever", "有人发热吗", "Fever?", "", "yes", "", "", "", "立即隔离"),
    ("integer", "people", "多少人", "", "", "", "${fever} = 'y'", ". >= 1 and . <= 500", "1 到 500", "逐人登记"),
    ("begin group", "deep", "细节", "", "", "", "${people} > 10", "", "", ""),
    ("select_multiple kinds", "where", "在哪里", "", "可多选", "", "", "count-selected(.) <= 2", "", "分区"),
    ("image", "proof", "照片", "", "", "", "", "", "", "补拍"),
    ("end_group", "", "", "", "", "", "", "", "", ""),
    ("decimal", "heat", "体温", "", "", "", "", ". < 45", "", "复测"),
    ("end group", "", "", "", "", "", "", "", "", ""),
    ("text", "say", "还有什么", "", "", "", "", "", "", "记录"),
    ("date", "since", "从哪天起", "", "", "", "", ". <= today()", "", "更正"),
]
CHOICES = [("yn", "y", "有"), ("yn", "n", "没有"), ("kinds", "works", "车间"), ("kinds", "dorm", "宿舍")]


def book(questions: Any = QUESTIONS, choices: Any = CHOICES, heads: Any = HEADS) -> bytes:
    return write_xlsx([
        Sheet("survey", heads, questions), Sheet("choices", ("list_name", "name", "label"), choices),
        Sheet("settings", ("form_title", "form_id"), [("晨检", "morning-check")]),
    ])  # fmt: skip


def told(form: Form) -> list[tuple[int, str, str]]:
    return [(one.row, one.column, one.words) for one in form.problems if one.stops]


def cells(data: bytes) -> list[list[list[str]]]:
    return [
        [row.cells for row in read_table(data, "a.xlsx", sheet=name).rows] for name in ("survey", "choices", "settings")
    ]


@pytest.mark.parametrize("name", ["nine-grids", RESUMPTION])
def test_our_own_checklists_come_back_the_same(name: str) -> None:
    rows = read_checklist(name)
    form = read_xlsform(write_rows(rows, title="表", code=name, version="1"), "a.xlsx")
    assert (form.problems, form.items, form.title, form.code) == ([], rows, "表", name)


def test_a_foreign_form_keeps_types_groups_choices_and_conditions_with_their_trees() -> None:
    form = read_xlsform(book(), "a.xlsx")
    assert form.problems == [] and (form.title, form.code) == ("晨检", "morning-check")
    by = {item.code: item for item in form.items}
    assert list(by) == ["intro", "fever", "people", "where", "proof", "heat", "say", "since"]
    assert by["fever"].question["required"] and by["fever"].question["choices"]["rows"][0]["label"] == "有"
    assert [group["name"] for group in by["where"].question["groups"]] == ["site", "deep"]
    assert by["where"].question["groups"][1]["relevant"] == "${people} > 10"
    people = by["people"].question
    assert holds(people["relevant_tree"], {"fever": "y"}, today=DAY) and people["message"] == "1 到 500"
    assert not holds(people["constraint_tree"], {}, own="501", today=DAY)
    assert [by[code].evidence for code in by] == ["I", "Y", "N", "Y", "P", "M", "I", "D"]


def test_what_came_in_goes_out_the_same_again_and_again() -> None:
    first = read_xlsform(book(), "a.xlsx")
    out = write_rows(first.items, title=first.title, code=first.code, version="1")
    second = read_xlsform(out, "b.xlsx")
    assert second.items == first.items and second.problems == []
    assert cells(write_rows(second.items, title="晨检", code="morning-check", version="1")) == cells(out)
    types = [row[SURVEY.index("type")] for row in cells(out)[0]]
    assert [kind.replace("_group", " group") for kind in (one[0] for one in QUESTIONS)] == types


def changed(*wrong: tuple[int, str, str]) -> list[tuple[str, ...]]:
    rows = [list(one) for one in QUESTIONS]
    for row, column, value in wrong:
        rows[row - 2][HEADS.index(column)] = value
    return [tuple(one) for one in rows]


def test_what_is_wrong_is_told_all_at_once_with_its_row_and_column() -> None:
    form = read_xlsform(book(changed(
        (3, "type", "geotrace"), (4, "type", "select_one nothing"), (5, "name", "2 people"), (5, "label", ""),
        (5, "relevant", "${fevr} = 'y'"), (7, "name", "proof"), (10, "constraint", "regex(., 'a')"),
        (10, "remedy", ""), (11, "type", "text"),
    )), "a.xlsx")  # fmt: skip
    assert form.stopped and {(row, column) for row, column, _words in told(form)} >= {
        (3, "type"), (4, "type"), (5, "name"), (5, "label"), (5, "relevant"), (8, "name"), (10, "constraint"),
        (10, "remedy"), (11, "name"), (2, "type"),
    }  # fmt: skip
    words = " ".join(one[2] for one in told(form))
    assert all(part in words for part in ("不认识的题型", "没有这组选项", "名称重复", "${fevr}", "没有结束", "remedy"))


def test_a_group_that_ends_without_having_begun_is_told() -> None:
    assert told(read_xlsform(book(changed((12, "type", "end group"))), "a.xlsx"))[0][:2] == (12, "type")


def test_choices_are_held_to_their_rules_and_what_is_not_kept_is_said() -> None:
    form = read_xlsform(book(choices=[*CHOICES, ("yn", "y", "又"), ("yn", "a b", "空"), ("yn", "z", "")]), "a.xlsx")
    assert [one[0] for one in told(form)] == [6, 7, 8]
    extra = [(*row, "numbers") for row in QUESTIONS]
    form = read_xlsform(book(extra, heads=(*HEADS, "appearance")), "a.xlsx")
    assert not form.stopped and [one.column for one in form.problems] == ["appearance"]
    assert (
        read_xlsform(write_xlsx([Sheet("other", ("a",), [("b",)])]), "a.xlsx")
        .problems[0]
        .words.startswith("没有 survey")
    )
    with pytest.raises(BadTable):
        read_xlsform(b"%PDF-1.7", "a.xlsx")


# ---- by pages
@pytest.fixture
def w(settings: Any, tmp_path: Any) -> Any:
    settings.FILES_DIR = tmp_path
    made = inspected_world()
    with clock.at(later(120)):
        yield made


def sent(data: bytes, name: str = "表.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, data)


@pytest.mark.django_db
def test_a_workbook_is_looked_at_before_it_is_in_force(w: Any) -> None:
    desk = Desk(w.office)
    there = desk.post("checklist_upload", file=sent(book()))
    number = int(there.href.rsplit("/", 1)[1])
    page = desk.get("checklist_preview", number)
    assert "有人发热吗" in page.text and "新增" in page.text and Checklist.objects.count() == 1
    form = {"code": "morning-check", "name": "晨检", "start": "2022-05-11", "source": "园区"}
    assert desk.post("checklist_preview", number, **{**form, "source": ""}).status == 422
    made = desk.post("checklist_preview", number, **form)
    checklist = Checklist.objects.get(code="morning-check")
    assert made.href == f"/inspection/checklists/{checklist.pk}" and checklist.items.count() == 8
    assert Item.objects.get(code="people").question["constraint_tree"][1] == "and"
    again = read_xlsform(desk.get("checklist_file", checklist.pk).content, "a.xlsx")
    assert again.items == read_xlsform(book(), "a.xlsx").items
    assert Desk(w.ann).get("checklist_preview", number).status == 403


@pytest.mark.django_db
def test_a_wrong_workbook_is_shown_and_cannot_be_put_in_force(w: Any) -> None:
    desk = Desk(w.office)
    there = desk.post("checklist_upload", file=sent(book(changed((5, "constraint", "regex(., 'a')")))))
    number = int(there.href.rsplit("/", 1)[1])
    assert "不认识的条件" in desk.get("checklist_preview", number).text
    form = {"code": "morning-check", "name": "晨检", "start": "2022-05-11", "source": "园区"}
    desk.post("checklist_preview", number, **form)
    assert not Checklist.objects.filter(code="morning-check").exists()
    assert desk.post("checklist_upload", file=sent(b"%PDF-1.7", "a.pdf")).status == 422


@pytest.mark.django_db
def test_a_version_exported_changed_and_imported_is_compared_with_the_last(w: Any) -> None:
    desk = Desk(w.office)
    out = desk.get("checklist_file", w.checklist.pk).content
    assert read_xlsform(out, "a.xlsx").items == [item_row(item) for item in w.checklist.items.order_by("position")]
    assert write_xlsform(w.checklist)[:2] == b"PK"
    rows = [item_row(item) for item in w.checklist.items.order_by("position")][:-1]
    rows[0].__dict__["text"] = "改过的"
    there = desk.post("checklist_upload", file=sent(write_rows(rows, title="九宫格", code="nine-grids", version="2")))
    text = desk.get("checklist_preview", int(there.href.rsplit("/", 1)[1])).text
    shown = {words: text.count(f">{words}<") for words in ("有改动", "不变", "新增")}
    assert shown == {"有改动": 1, "不变": 57, "新增": 0} and "H5" in text


@pytest.mark.django_db
def test_the_resumption_checklist_says_of_each_measure_that_its_text_is_not_at_hand() -> None:
    w = inspected_world()
    rows, aspects = read_checklist(RESUMPTION), read_aspects(RESUMPTION)
    made = put_checklist_in_force(RESUMPTION, "复工", rows, start=date(2022, 4, 16), source="指引", aspects=aspects,
                                  by=w.office, at=EVENING)  # fmt: skip
    assert (len(made.aspects), made.items.count()) == (5, 21)
    assert all("不在手边" in item.text and "not at hand" in item.text_en for item in made.items.all())
    assert all("不在手边" in aspect for aspect in made.aspects)


@pytest.mark.django_db
def test_answers_that_break_their_conditions_are_kept_and_doubted_by_name() -> None:
    w = inspected_world()
    items = read_xlsform(book(), "a.xlsx").items
    w.checklist = put_checklist_in_force("morning", "晨检", items, start=DAY, source="园区", by=w.office, at=EVENING)
    told = {
        "kept": {"fever": {"ok": False, "value": "y"}, "people": {"value": "12"}, "where": {"value": "works dorm"}},
        "not asked": {"fever": {"ok": True, "value": "n"}, "people": {"value": "900"}},
        "broken": {"fever": {"value": "y"}, "people": {"value": "900"}, "where": {"value": "works dorm gate"},
                   "since": {"value": "2022-06-01"}},
        "refused": {"fever": {"ok": None, "value": "", "refused": ""}},
        "required": {},
    }  # fmt: skip
    found = {}
    for minutes, (name, answers) in enumerate(told.items()):
        visit = w.team.visit(minutes * 30)
        w.team.say(visit, w.team.end(visit, minutes=minutes * 30 + 20, answers=answers))
        kept = Visit.objects.get(pk=visit.id)
        rows = Anomaly.objects.filter(kind="visit_answers_break_rules", enterprise=w.rainbow).order_by("-pk")
        found[name] = rows[0].evidence["items"] if rows.count() > sum(map(bool, found.values())) else []
        assert kept.answers == answers
    assert found == {"kept": [], "not asked": [], "broken": ["people", "where", "since"], "refused": [],
                     "required": ["fever"]}  # fmt: skip


@pytest.mark.django_db
def test_what_a_kind_of_visit_does_not_ask_is_missed_by_nobody() -> None:
    w = inspected_world()
    items = read_xlsform(book(), "a.xlsx").items
    w.checklist = put_checklist_in_force("morning", "晨检", items, start=DAY, source="园区", by=w.office, at=EVENING)
    for minutes, kind in enumerate(("short", "look_back")):  # "fever" is required, and of the full round alone
        visit = w.team.visit(minutes * 30, visit_kind=kind)
        w.team.say(visit, w.team.end(visit, minutes=minutes * 30 + 20, answers={}))
    assert not Anomaly.objects.filter(kind="visit_answers_break_rules").exists()
    visit = w.team.visit(60, visit_kind="short")
    w.team.say(visit, w.team.end(visit, minutes=80, answers={"heat": {"value": "46"}}))
    assert Anomaly.objects.get(kind="visit_answers_break_rules").evidence["items"] == ["heat"]
