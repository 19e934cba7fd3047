"""A roster becomes people; what is not sure waits for a person."""

import pytest

from parkkeeper.park.actions.imports import settle_row
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.imports.doubts import considered, ways
from parkkeeper.park.models import Enterprise, ImportRow, JournalEntry, Person, Presence
from parkkeeper.park.vault import document_of
from tests.park.importkit import ROSTER, csv, imported, previewed, seen, told, xlsx
from tests.world import EVENING, later, resident_id, world

pytestmark = pytest.mark.django_db
RAINBOW, LOTUS = "彩虹生物有限公司", "莲花电子"


def test_nothing_is_written_before_the_preview_is_confirmed() -> None:
    w = world()
    before = Person.objects.count()
    batch = previewed(w, "roster", xlsx(ROSTER, ["钱七", resident_id(501), "13800000001", "A01", RAINBOW, "生产", ""]))
    assert seen(batch.preview) == {"new": 1}
    assert Person.objects.count() == before


def test_a_new_person_is_registered_on_post_with_document_phone_and_pinyin() -> None:
    w = world()
    batch = imported(w, "roster", xlsx(ROSTER, ["单田", resident_id(501), "138 0000 0001", "007", RAINBOW, "生产", ""]))
    assert seen(batch.counts) == {"new": 1}
    person = Person.objects.get(name="单田")
    assert (person.employer, person.staff_number, person.phone) == (w.rainbow, "007", "13800000001")
    assert (person.registered_at, person.category, person.pinyin) == (EVENING, "production", "shan tian st")
    assert document_of(person) == resident_id(501)
    assert person.presences.get().state == "on_post"
    assert JournalEntry.objects.filter(verb="person.registered", person_id=person.pk).count() == 1


def test_a_status_column_says_who_is_not_on_post() -> None:
    w = world()
    imported(w, "roster", xlsx(ROSTER, ["钱七", resident_id(501), "", "A01", RAINBOW, "", "请假"]))
    assert Presence.objects.get(person__name="钱七").state == "away"


def test_headings_may_come_in_any_order_and_wording() -> None:
    w = world()
    data = csv(
        ["公司", "联系电话", "员工编号", "公民身份号码", "员工姓名（必填）"],
        [LOTUS, "13800000001", "7", resident_id(501), "钱七"],
    )
    imported(w, "roster", data, "a.csv")
    person = Person.objects.get(name="钱七")
    assert (person.employer, person.staff_number) == (w.lotus, "7")


def test_importing_the_same_file_again_changes_nothing() -> None:
    w = world()
    data = xlsx(
        ROSTER,
        ["钱七", resident_id(501), "13800000001", "A01", RAINBOW, "生产", "在岗"],
        ["孙八", "", "", "A02", LOTUS, "", ""],
    )
    imported(w, "roster", data)
    journal = JournalEntry.objects.filter(verb__startswith="person.").count()
    batch = imported(w, "roster", data, at=later(60))
    assert seen(batch.counts) == {"unchanged": 2}
    assert JournalEntry.objects.filter(verb__startswith="person.").count() == journal


def test_a_blank_cell_leaves_what_is_known() -> None:
    w = world()
    imported(w, "roster", xlsx(ROSTER, ["钱七", resident_id(501), "13800000001", "A01", RAINBOW, "生产", "离岗"]))
    batch = imported(w, "roster", xlsx(ROSTER, ["钱七", resident_id(501), "", "", "", "", ""]), at=later(60))
    assert seen(batch.counts) == {"unchanged": 1}
    person = Person.objects.get(name="钱七")
    assert (person.phone, person.staff_number, person.category) == ("13800000001", "A01", "production")


def test_zhang_wei_twice_with_different_documents_is_two_people() -> None:
    w = world()
    imported(
        w,
        "roster",
        xlsx(
            ROSTER,
            ["张三丰", resident_id(501), "", "", LOTUS, "", ""],
            ["张三丰", resident_id(502), "", "", LOTUS, "", ""],
        ),
    )
    assert Person.objects.filter(name="张三丰").count() == 2


def test_blank_never_matches_blank() -> None:
    w = world()
    batch = imported(
        w, "roster", xlsx(ROSTER, ["甲一", "", "", "", LOTUS, "", ""], ["乙二", "", "", "", LOTUS, "", ""])
    )
    assert seen(batch.counts) == {"new": 2}


def test_a_namesake_without_document_or_number_waits_for_a_person() -> None:
    w = world()
    batch = imported(w, "roster", xlsx(ROSTER, ["孙一", "", "", "", LOTUS, "", ""]))
    assert seen(batch.counts) == {"ambiguous": 1}
    assert told(batch) == {2: [("name", "same_name")]}
    assert ImportRow.objects.get().candidates == [w.lotus_workers[0].pk]


def test_document_of_one_and_number_of_another_waits_for_a_person() -> None:
    w = world()
    one, two = w.lotus_workers[:2]
    data = xlsx(ROSTER, ["孙一", document_of(one), "", two.staff_number, LOTUS, "", ""])
    batch = imported(w, "roster", data)
    assert told(batch) == {2: [("staff_number", "two_people")]}
    assert ImportRow.objects.get().candidates == [one.pk, two.pk]


def test_another_name_for_a_known_document_waits_for_a_person_who_may_say_it_is_the_same() -> None:
    w = world()
    worker = w.lotus_workers[0]
    batch = imported(w, "roster", xlsx(ROSTER, ["孙壹", document_of(worker), "", "", LOTUS, "", ""]))
    row = ImportRow.objects.get(batch=batch)
    assert told(batch) == {2: [("name", "name_differs")]}
    settle_row(row, "same", candidate=worker.pk, by=w.office, at=later(5))
    worker.refresh_from_db()
    assert (worker.name, worker.pinyin) == ("孙壹", "sun yi sy")


def test_a_number_that_now_has_another_document_waits_for_a_person() -> None:
    w = world()
    worker = w.lotus_workers[0]
    batch = imported(w, "roster", xlsx(ROSTER, ["孙一", resident_id(700), "", worker.staff_number, LOTUS, "", ""]))
    assert told(batch) == {2: [("document", "document_differs")]}
    settle_row(ImportRow.objects.get(), "same", candidate=worker.pk, by=w.office, at=later(5))
    worker.refresh_from_db()
    assert document_of(worker) == resident_id(700)


def test_the_later_of_two_equal_rows_is_wrong_and_names_the_first() -> None:
    w = world()
    data = xlsx(
        ROSTER, ["钱七", resident_id(501), "", "", LOTUS, "", ""], ["钱七", resident_id(501), "", "", LOTUS, "", ""]
    )
    batch = imported(w, "roster", data)
    assert seen(batch.counts) == {"new": 1, "error": 1}
    assert ImportRow.objects.get().problems == [{"column": "document", "code": "repeated", "params": {"row": 2}}]


def test_one_staff_number_twice_in_an_enterprise_is_wrong_however_its_name_is_written() -> None:
    w = world()
    data = xlsx(
        ROSTER,
        ["甲", "", "", "X1", "莲花电子", "", ""],
        ["乙", "", "", "X1", "莲花电子有限公司", "", ""],
        ["丙", "", "", "X1", RAINBOW, "", ""],
    )
    batch = imported(w, "roster", data)
    assert told(batch) == {3: [("staff_number", "repeated")]}
    assert Person.objects.filter(staff_number="X1").count() == 2


def test_an_unknown_enterprise_is_told_and_the_row_can_be_tried_again_later() -> None:
    w = world()
    batch = imported(w, "roster", xlsx(ROSTER, ["钱七", resident_id(501), "", "", "云上科技有限公司", "", ""]))
    assert told(batch) == {2: [("employer", "enterprise_unknown")]}
    row = ImportRow.objects.get()
    with pytest.raises(Refused, match="先导入企业名录"):
        settle_row(row, "retry", by=w.office, at=later(5))
    Enterprise.objects.create(credit_code="91310000TEST000062", name="云上科技有限公司", short_name="云上")
    settle_row(row, "retry", by=w.office, at=later(6))
    assert Person.objects.get(name="钱七").employer.short_name == "云上"


def test_the_credit_code_is_stronger_than_the_name_but_may_not_contradict_it() -> None:
    w = world()
    headings = ["姓名", "工号", "企业名称", "统一社会信用代码"]
    data = xlsx(headings, ["甲", "X1", "彩虹集团", w.rainbow.credit_code], ["乙", "X2", LOTUS, w.rainbow.credit_code])
    batch = imported(w, "roster", data)
    assert Person.objects.get(name="甲").employer == w.rainbow
    assert told(batch) == {3: [("employer", "enterprise_conflict")]}


def test_a_wrong_check_digit_is_told_and_may_be_taken_as_it_is() -> None:
    w = world()
    wrong = resident_id(501)[:-1] + ("0" if resident_id(501)[-1] != "0" else "1")
    data = xlsx(ROSTER, ["钱七", wrong, "", "", LOTUS, "", ""])
    batch = imported(w, "roster", data)
    row = ImportRow.objects.get()
    assert row.problems[0]["code"] == "document_check_digit"
    assert row.problems[0]["params"] == {"expected": resident_id(501)[-1]}
    assert wrong.encode() not in bytes(row.content_sealed) and wrong not in str(row.problems)
    assert ways(considered(row, at=EVENING)) == ["as_is"]
    settle_row(row, "as_is", by=w.office, at=later(5))
    person = Person.objects.get(name="钱七")
    assert (document_of(person), person.document_kind) == (wrong, "unknown")
    assert seen(imported(w, "roster", data, at=later(60)).counts) == {"unchanged": 1}
    assert batch.kind == "roster"


def test_an_id_of_15_digits_is_converted_and_told() -> None:
    w = world()
    batch = imported(w, "roster", xlsx(ROSTER, ["钱七", "310101900101001", "", "", LOTUS, "", ""]))
    assert seen(batch.counts) == {"new": 1, "warning": 1}
    assert told(batch) == {2: [("document", "document_from_15")]}
    assert document_of(Person.objects.get(name="钱七")).startswith("31010119900101001")


def test_full_width_digits_and_spaces_mean_the_same_document() -> None:
    w = world()
    number = resident_id(501)
    wide = number.translate({ord(c): ord(c) + 0xFEE0 for c in "0123456789X"})
    imported(w, "roster", xlsx(ROSTER, ["钱七", f" {wide[:6]} {wide[6:]} ", "", "", LOTUS, "", ""]))
    assert document_of(Person.objects.get(name="钱七")) == number
    again = xlsx(ROSTER, ["钱七", f"{number[:6]} {number[6:14]} {number[14:]}", "", "", LOTUS, "", ""])
    assert seen(imported(w, "roster", again, at=later(60)).counts) == {"unchanged": 1}


def test_a_move_to_another_enterprise_is_done_and_told_and_leaves_the_old_number_behind() -> None:
    w = world()
    worker = w.lotus_workers[0]
    batch = imported(w, "roster", xlsx(ROSTER, [worker.name, document_of(worker), "", "", RAINBOW, "", ""]))
    worker.refresh_from_db()
    assert (worker.employer, worker.staff_number) == (w.rainbow, "")
    assert told(batch) == {2: [("employer", "employer_changed")]}


def test_a_changed_state_ends_the_former_one() -> None:
    w = world()
    worker = w.lotus_workers[0]
    imported(w, "roster", xlsx(ROSTER, [worker.name, document_of(worker), "", "", "", "", "离职"]))
    states = list(Presence.objects.filter(person=worker).order_by("during").values_list("state", "during"))
    assert [state for state, _during in states] == ["on_post", "left"]
    assert states[0][1].upper == states[1][1].lower == EVENING


def test_a_roster_never_ends_an_isolation() -> None:
    w = world()
    worker = w.person("赵隔离", w.lotus, state="isolated")
    batch = imported(w, "roster", xlsx(ROSTER, [worker.name, document_of(worker), "", "", "", "", "在岗"]))
    assert Presence.objects.at(later(1)).get(person=worker).state == "isolated"
    assert told(batch) == {2: [("state", "state_kept")]}


def test_a_whole_table_may_belong_to_one_enterprise() -> None:
    w = world()
    data = xlsx(["姓名", "工号"], ["甲", "X1"])
    with pytest.raises(Refused, match="没有企业列"):
        previewed(w, "roster", data)
    imported(w, "roster", data, fixed={"employer_code": w.lotus.credit_code})
    assert Person.objects.get(staff_number="X1").employer == w.lotus


def test_a_settled_row_is_settled_once() -> None:
    w = world()
    imported(w, "roster", xlsx(ROSTER, ["孙一", "", "", "", LOTUS, "", ""]))
    row = ImportRow.objects.get()
    with pytest.raises(Refused, match="不能这样处理"):
        settle_row(row, "as_is", by=w.office, at=later(5))
    with pytest.raises(Refused, match="候选"):
        settle_row(row, "same", candidate=w.workers[0].pk, by=w.office, at=later(5))
    settle_row(row, "new", by=w.office, at=later(5))
    assert Person.objects.filter(name="孙一", employer=w.lotus).count() == 2
    with pytest.raises(Refused, match="已由办公室甲处理"):
        settle_row(row, "skip", by=w.office, at=later(6))


def test_only_the_office_imports() -> None:
    w = world()
    w.office = w.mei
    with pytest.raises(Forbidden):
        previewed(w, "roster", xlsx(ROSTER, ["甲", "", "", "X1", LOTUS, "", ""]))


def test_text_that_looks_like_a_formula_stays_text() -> None:
    w = world()
    for data, name in (
        (xlsx(ROSTER, ["=1+1", "", "", "00123", LOTUS, "", ""]), "a.xlsx"),
        (csv(ROSTER, ["=1+1", "", "", "00123", LOTUS, "", ""]), "a.csv"),
    ):
        imported(w, "roster", data, name)
        assert Person.objects.get(staff_number="00123").name == "=1+1"
