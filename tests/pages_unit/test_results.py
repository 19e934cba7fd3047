"""Results on the pages: three ways in, the report of each, and what follows from a positive."""

from datetime import timedelta
from typing import Any

import pytest

from parkkeeper.kernel import clock
from parkkeeper.park.models import JournalEntry, Site, StoredFile
from parkkeeper.sampling.actions.results import take_lab_file
from parkkeeper.sampling.models import Flag, Laboratory, LabReport, Obligation, Result
from tests.pages_unit.desk import Desk, filled
from tests.sampling.results_world import code, make_round, owing, report, tube
from tests.world import later, world

pytestmark = pytest.mark.django_db
HL7 = "MSH|^~\\&|LIS|LAB1|P|P|20220510220000+0800||ORU^R01^ORU_R01|M1|P|2.5.1|||||||UNICODE UTF-8"


@pytest.fixture
def w(settings: Any, tmp_path: Any) -> Any:
    settings.FILES_DIR = tmp_path
    w: Any = world()
    w.round = make_round(w, *w.workers, *w.lotus_workers)
    tube(w, 1, *w.workers[:2], w.lotus_workers[0], round=w.round)
    tube(w, 2, w.workers[2], round=w.round)
    return w


@pytest.fixture(autouse=True)
def _late() -> Any:
    with clock.at(later(300)):
        yield


def table(*rows: list[Any]) -> Any:
    return filled(
        [["样品", "试管条码", "检测结果", "检测时间"], *([n, *row] for n, row in enumerate(rows))], "结果.csv"
    )


def test_a_table_is_looked_at_before_it_is_taken(w: Any) -> None:
    desk = Desk(w.lab)
    file = table([code(1), "阳性", "2022-05-10 22:00"], [code(2), "阴性", ""], [code(9), "也许", ""])
    kept = desk.post("lab_file", laboratory=w.laboratory.pk, file=file)
    assert kept.status == 302 and Result.objects.count() == 0
    stored = StoredFile.objects.get()
    page = desk.get("lab_file_check", stored.pk, laboratory=w.laboratory.pk)
    assert "看不懂这个结果" in page.text and code(1) in page.text and Result.objects.count() == 0
    done = desk.post("lab_file_check", stored.pk, laboratory=w.laboratory.pk)
    assert done.status == 302 and Result.objects.count() == 2
    assert "也许" in desk.get("lab_report", LabReport.objects.get().pk).text


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_of_results_comes_back_unchanged(w: Any, form: str) -> None:
    report(w, (1, "positive"), (1, "indeterminate"), (2, "negative"), (9, "invalid"), minutes=100)
    before = list(Result.objects.order_by("pk").values())
    data = Desk(w.office).client.get(f"/results?export={form}").getvalue()
    taken = take_lab_file(data, f"检测结果.{form}", laboratory=w.laboratory, by=w.lab, at=later(200))
    assert list(Result.objects.order_by("pk").values()) == before
    assert (taken.counts["known"], taken.counts.get("new", 0)) == (len(before), 0), taken.counts


def test_the_reader_sets_a_wrong_column_right(w: Any) -> None:
    desk = Desk(w.office)
    file = filled([["甲", "乙"], [code(1), "阴性"]], "x.csv")
    desk.post("lab_file", laboratory=w.laboratory.pk, file=file)
    stored = StoredFile.objects.get()
    page = desk.get("lab_file_check", stored.pk, laboratory=w.laboratory.pk).text
    assert "缺少必需的列" in page and "确认导入" not in page
    right = {"laboratory": w.laboratory.pk, "c_tube_code": 0, "c_value": 1, "c_tested_at": ""}
    assert "确认导入" in desk.get("lab_file_check", stored.pk, **right).text
    assert desk.post("lab_file_check", stored.pk, **right).status == 302
    assert Result.objects.get().value == "negative"


def test_a_kept_table_opens_without_a_laboratory_in_its_address_and_asks_when_there_are_several(w: Any) -> None:
    desk = Desk(w.lab)
    desk.post("lab_file", laboratory=w.laboratory.pk, file=table([code(1), "阴性", ""]))
    stored = StoredFile.objects.get()
    assert "确认导入" in desk.get("lab_file_check", stored.pk).text
    site = Site.objects.create(code="L2", name="第二检测所", kind="laboratory", longitude=121.62, latitude=31.2)
    other = Laboratory.objects.create(code="LAB2", name="第二检测所", site=site)
    for asked in ({}, {"laboratory": "9999"}, {"laboratory": "x"}):
        page = desk.get("lab_file_check", stored.pk, **asked)
        assert page.status == 200 and "还没有选择检测机构" in page.text and "确认导入" not in page.text
        assert desk.post("lab_file_check", stored.pk, **asked).status == 422 and not Result.objects.exists()
    assert "确认导入" in desk.get("lab_file_check", stored.pk, laboratory=other.pk).text
    assert desk.post("lab_file_check", stored.pk, laboratory=other.pk).status == 302
    assert LabReport.objects.get().laboratory == other


def test_what_is_no_table_is_told_where_it_was_chosen(w: Any) -> None:
    answer = Desk(w.lab).post("lab_file", laboratory=w.laboratory.pk, file=filled(b"PK\x03\x04 broken", "x.xlsx"))
    assert answer.status == 422 and "表格文件已损坏" in answer.text and not StoredFile.objects.exists()


def test_nobody_takes_what_somebody_else_uploaded(w: Any) -> None:
    Desk(w.lab).post("lab_file", laboratory=w.laboratory.pk, file=table([code(1), "阴性", ""]))
    stored = StoredFile.objects.get()
    assert Desk(w.office).get("lab_file_check", stored.pk, laboratory=w.laboratory.pk).status == 404


def hand(*rows: tuple[str, str], lab: Any) -> dict[str, Any]:
    sent: dict[str, Any] = {"laboratory": lab.pk, "r-TOTAL_FORMS": 6, "r-INITIAL_FORMS": 0}
    for number, (tube_code, value) in enumerate(rows):
        sent |= {f"r-{number}-tube_code": tube_code, f"r-{number}-value": value, f"r-{number}-tested_at": ""}
    return sent


def test_results_typed_by_hand_need_the_check_character(w: Any) -> None:
    desk = Desk(w.lab)
    wrong = code(1)[:-1] + ("A" if code(1)[-1] != "A" else "B")
    refused = desk.post("result_new", **hand((wrong, "negative"), lab=w.laboratory))
    assert refused.status == 422 and "校验字符" in refused.text
    assert desk.post("result_new", **hand((code(1), ""), lab=w.laboratory)).status == 422
    assert desk.post("result_new", **hand(lab=w.laboratory)).status == 422
    assert desk.post("result_new", **hand((code(1), "negative"), ("", ""), lab=w.laboratory)).status == 302
    assert Result.objects.get().report.kind == "hand"


def test_a_message_is_taken_and_answered(w: Any) -> None:
    order = f"OBR|1||{code(2)}|94500-6^^LN|||20220510190000+0800|||||||||||||||20220510220000+0800|||F"
    segments = [HL7, "PID|1", order,
                "OBX|1|CE|94500-6^^LN||260415000^Not detected^SCT||||||F|||20220510215000+0800",
                f"SPM|1|{code(2)}"]  # fmt: skip
    desk = Desk(w.lab)
    page = desk.post("hl7_new", text="\n".join(segments))
    assert page.status == 200 and "MSA|" in page.text and LabReport.objects.get().kind == "hl7"
    assert desk.post("hl7_new", text="").status == 422
    page = desk.post("hl7_new", text="hello")
    assert "MSA|AR" in page.text or "不是 HL7 报文" in page.text


def test_the_list_narrows_and_strikes_stay_readable(w: Any) -> None:
    report(w, (1, "positive"), (2, "negative"), (9, "negative"))
    desk = Desk(w.office)
    assert desk.get("results", value="positive", export="csv").text.strip().count("\n") == 1
    assert desk.get("results", state="unknown", export="csv").text.strip().count("\n") == 1
    assert desk.get("results", day="2022-05-11", export="csv").text.strip().count("\n") == 0
    assert "未知试管" in desk.get("lab_report", LabReport.objects.get().pk).text
    assert desk.get("lab_reports", trouble="yes").status == 200


def test_the_list_begins_with_the_last_week_and_finds_the_rest(w: Any) -> None:
    report(w, (1, "negative"), (2, "negative"))
    long_ago = Result.objects.order_by("pk")[0]
    Result.objects.filter(pk=long_ago.pk).update(received_at=later(300) - timedelta(days=8))
    desk = Desk(w.office)

    def lines(**query: Any) -> int:
        return desk.get("results", **query, export="csv").text.strip().count("\n")

    assert (lines(), lines(time="all")) == (1, 2)
    assert lines(q=long_ago.tube_code) == lines(day="2022-05-02") == 1
    assert "最近 7 天" in desk.get("results").text


def test_positives_show_who_owes_and_the_link_of_a_message_narrows_to_its_tube(w: Any) -> None:
    report(w, (1, "positive"))
    desk = Desk(w.office)
    page = desk.get("positives").text
    assert page.count("待单采") >= 3 and "0/3" in page and "混采人数建议" in page
    assert "孙一" in desk.get("positives", tube=code(1)).text
    assert JournalEntry.objects.filter(verb="people.listed", facts__where="positives").count() == 2
    file = desk.get("positives", q="sy", export="csv").text.strip()
    assert file.count("\n") == 1 and "2022-05-11 11:00:00" in file


def test_the_liaison_sees_whom_of_the_own_enterprise_and_nobody_else(w: Any) -> None:
    report(w, (1, "positive"))
    page = Desk(w.bo).get("positives", tube=code(1)).text
    assert "孙一" in page and "张伟" not in page and "混采人数建议" not in page
    assert Desk(w.leader).get("positives").status == 403


def test_a_case_is_released_with_a_reason_and_its_flag_comes_down(w: Any) -> None:
    report(w, (1, "positive"))
    person = w.workers[0]
    tube(w, 3, person, size=1, minutes=310, round=w.round)
    with clock.at(later(400)):
        report(w, (3, "positive"), minutes=390)
        assert ("case", f"case:{code(3)}") in owing(person)
        desk, case = Desk(w.office), Obligation.objects.open().get(kind="case")
        assert "解除个案" in desk.get("positives", kind="case").text
        assert "解除个案" not in Desk(w.mei).get("positives", kind="case").text
        assert desk.post("case_release", case.pk, reason=" ").status == 422
        assert desk.post("case_release", case.pk, reason="出院证明 12 号").status == 302
        assert desk.post("case_release", case.pk, reason="again").status == 422
        assert "出院证明" in desk.get("positives", state="closed").text
        flag = Flag.objects.get(tube__code=code(3), enterprise=w.rainbow)
        assert desk.post("flag_lower", flag.pk, reason="已消毒").status == 302
        early = Flag.objects.get(tube__code=code(1), enterprise=w.lotus)
        assert desk.post("flag_lower", early.pk, reason="已消毒").status == 422


def test_the_office_orders_a_single_retest(w: Any) -> None:
    desk, person = Desk(w.office), w.workers[4]
    assert desk.post("retest_order", person.pk, reason="密切接触", isolate="on").status == 302
    assert Obligation.objects.open().get(person=person).isolate
    assert Desk(w.mei).post("retest_order", person.pk, reason="x").status == 403
