"""docs/bad-input.md for inspection: what inspectors' phones and people at desks may send that should not be."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from parkkeeper.inspection.models import Checklist, Extension, Finding, Notice, Photo, Step, StopWork
from parkkeeper.kernel import clock
from parkkeeper.park.models import JournalEntry, StoredFile
from tests.inspection.kit import again, found, inspected_world, later, noticed
from tests.pages_unit.desk import Desk

pytestmark = pytest.mark.django_db
NIGHT = later(60)


@pytest.fixture
def w() -> Any:
    made = inspected_world()
    made.notice = noticed(made, "B3", "C6", serve=False)
    made.danger = Finding.objects.get(item__code="C6")
    return made


def told(who: Any, page: str, thing: Any, act: str, **data: Any) -> str:
    """What the form says when it is sent again to be put right: nothing is written, what was typed is there."""
    before = JournalEntry.objects.count()
    with clock.at(NIGHT):
        answer = Desk(who).post(page, thing, act, **data)
    assert answer.status == 422 and JournalEntry.objects.count() == before, (act, data)
    typed = [value for value in data.values() if isinstance(value, str) and value.strip()]
    assert [value for value in typed if value not in answer.text] == []
    return answer.text


def test_a_receipt_names_who_signed_or_why_nobody_did_and_never_both_or_nobody(w: Any) -> None:
    for words in ({}, {"to": "梅", "refusal": "拒收"}, {"to": "  ", "refusal": "　"}):
        assert "两者填一项" in told(w.ann, "notice_act", w.notice.pk, "serve", how="in_person", **words)
    assert "pigeon" in told(w.ann, "notice_act", w.notice.pk, "serve", how="pigeon", to="梅")
    assert again(w.notice).served_at is None and again(w.notice).due_at is not None


def test_more_time_is_a_number_above_nothing_and_at_most_a_year(w: Any) -> None:
    for amount in ("0", "-3", "1e12", "inf", "nan", "三天", "", "8785"):
        told(w.mei, "notice_act", w.notice.pk, "extend", amount=amount, reason="等材料")
    assert "最多一年" in told(w.mei, "notice_act", w.notice.pk, "extend", amount="8785", reason="等材料")
    told(w.mei, "notice_act", w.notice.pk, "extend", amount="2", reason=" ")
    assert not Extension.objects.exists()
    with clock.at(NIGHT):
        assert Desk(w.mei).post("notice_act", w.notice.pk, "extend", amount="8784", reason="等材料").status == 302


def test_a_stop_of_work_without_scope_reason_or_end_is_none(w: Any) -> None:
    whole = {"extent": "line", "place": "一号线", "reason": "锁闭", "conditions": "打开出口"}
    for lacking in whole:
        for nothing in ("", " ", "　"):
            told(w.ann, "finding_act", w.danger.pk, "impose", **{**whole, lacking: nothing})
    told(w.ann, "finding_act", w.danger.pk, "impose", **{**whole, "extent": "city"})
    told(w.ann, "finding_act", w.danger.pk, "impose", **{**whole, "place": "一" * 121})
    lesser = Finding.objects.get(item__code="B3")
    assert "只能针对未结的“紧急”检查项" in told(w.ann, "finding_act", lesser.pk, "impose", **whole)
    assert not StopWork.objects.exists() and again(w.rainbow).stopped_at is None


def test_a_finding_is_put_aside_until_a_day_that_is_one_and_lies_ahead(w: Any) -> None:
    for day in ("2022-05-10", "2021-01-01", "2022-02-30", "tomorrow", ""):
        told(w.ann, "finding_act", w.danger.pk, "hang", reason="等设备", until=day)
    assert "必须晚于今天" in told(w.ann, "finding_act", w.danger.pk, "hang", reason="等设备", until="2022-05-10")
    assert not Step.objects.exists()


def test_what_is_no_picture_or_too_big_proves_nothing_and_is_not_kept(w: Any, settings: Any, tmp_path: Any) -> None:
    settings.FILES_DIR = tmp_path
    wrong = (("a.pdf", b"%PDF-1.7", "application/pdf"), ("a.svg", b"<svg/>", "image/svg+xml"),
             ("大.png", b"x" * (20 * 1024 * 1024 + 1), "image/png"))  # fmt: skip
    for name, content, kind in wrong:
        picture = SimpleUploadedFile(name, content, content_type=kind)
        shown = told(w.mei, "finding_act", w.danger.pk, "report", note="已修", pictures=picture)
        assert f"“{name}”不是 20 MB 以内的" in shown
    assert not (Photo.objects.exists() or Step.objects.exists() or StoredFile.objects.exists())


def test_a_second_notice_before_any_look_and_one_for_nothing_are_refused(w: Any) -> None:
    told(w.ann, "notice_act", w.notice.pk, "second", second="")
    told(w.ann, "notice_act", w.notice.pk, "second", second="查无此人")
    (settled,) = found(w, "B4", minutes=30)
    w.team.say(w.team.fix(settled, 35))
    with clock.at(NIGHT):
        assert Desk(w.ann).post("visit_notice", settled.visit_id, second="").status == 422
    assert Notice.objects.count() == 1


def test_a_checklist_that_is_no_workbook_or_an_empty_one_is_told_where_it_was_chosen(w: Any) -> None:
    for name, content, words in (
        ("表.xlsx", b"PK\x03\x04 broken", "已损坏，无法打开"),
        ("表.pdf", b"%PDF-1.7", "不是表格"),
        ("表.xlsx", b"", "空"),
    ):
        with clock.at(NIGHT):
            answer = Desk(w.office).post("checklist_upload", file=SimpleUploadedFile(name, content))
        assert answer.status == 422 and words in answer.text, name
    assert Checklist.objects.count() == 1 and not StoredFile.objects.exists()
