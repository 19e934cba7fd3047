"""Official papers on the grid of GB/T 9704: one page, their code read back from the page as it is drawn."""

from itertools import pairwise
from typing import Any

import pypdfium2
import pytest
import zxingcpp

from parkkeeper.papers.pictures import qr_svg
from parkkeeper.papers.render import render

ADDRESS = "http://park.example/verify/abcDEF123456_-xy"
BASE = {
    "head": "测试高新技术产业园区", "issuer": "测试高新技术产业园区", "number": "园整改〔2022〕1号",
    "unit": "彩虹生物有限公司", "day": "2022 年 5 月 10 日", "check": {"svg": qr_svg(ADDRESS), "words": "扫码核验"},
}  # fmt: skip
ITEM = {"place": "一号楼", "text": "各区之间物理隔离完好", "todo": "修复隔离，封堵缺口"}


def notice(**more: Any) -> dict[str, Any]:
    return {**BASE, "found_on": "2022 年 5 月 10 日", "basis": "园区指导走访", "order": True,
            "due": "2022 年 5 月 11 日 18:30", "objection": "可以陈述、申辩。", "items": [ITEM],
            "unsigned": "", "refusal": "", "refused": [],
            "inspectors": [{"name": "王喆", "certificate": "C-1"}, {"name": "赵祎陈赟", "certificate": ""}],
            **more}  # fmt: skip


def paper(name: str, facts: dict[str, Any]) -> pypdfium2.PdfDocument:
    return pypdfium2.PdfDocument(render(name, facts))


def text_of(document: pypdfium2.PdfDocument) -> str:
    return "".join(page.get_textpage().get_text_range() for page in document).replace("\r\n", "")


def test_a_notice_is_one_a4_page_with_rare_names_and_a_code_that_leads_to_its_check() -> None:
    made = paper("notice", notice())
    assert len(made) == 1
    assert [made[0].get_width(), made[0].get_height()] == pytest.approx([595.28, 841.89], abs=0.1)
    picture = made[0].render(scale=200 / 72, grayscale=True).to_numpy()
    codes = [one.text for one in zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)]
    assert codes == [ADDRESS]
    shown = text_of(made)
    for words in ("责令整改通知书", "园整改〔2022〕1号", "王喆", "赵祎陈赟", "修复隔离"):
        assert words in shown.replace(" ", "")


def test_28_characters_stand_in_a_line_and_22_lines_on_a_page() -> None:
    """28 characters of 15.75 pt fill 155.6 of 156 mm; 22 lines of 28.95 pt fill 224.7 of 225 mm."""
    text = paper("notice", notice(items=[{**ITEM, "text": "字" * 28 * 30}]))[0].get_textpage()
    line = [text.get_charbox(n) for n in range(text.count_chars()) if text.get_text_range(n, 1) == "字"]
    rows: dict[int, list[float]] = {}
    for left, bottom, right, _top in line:
        rows.setdefault(round(bottom), []).append(round(right - left))
    full = [row for row in rows.values() if len(row) > 20]
    assert max(map(len, full)) == 28 and sum(len(row) == 28 for row in full) > 10
    heights = sorted(rows, reverse=True)
    steps = [a - b for a, b in pairwise(heights)]
    assert all(abs(step - 28.95) <= 1 for step in steps)


def test_without_a_paper_it_advises() -> None:
    shown = text_of(paper("notice", notice(order=False)))
    assert "整改建议书" in shown and "责令" not in shown


def test_an_ordinary_stop_is_in_force_from_its_service_and_an_emergency_one_since_it_was_imposed() -> None:
    facts = {**BASE, "scope": "车间", "reason": "反复", "conditions": "修好", "document": "《授权书》", "refusal": "",
             "objection": "可以申辩。"}  # fmt: skip
    assert "自本决定书送达之日起执行" in text_of(paper("stop_work", {**facts, "since": ""}))
    shown = text_of(paper("stop_work", {**facts, "since": "今天 18:55", "refusal": "拒签"}))
    assert (
        "停工已自今天18:55起执行" in shown.replace(" ", "")
        and "送达之日" not in shown
        and "企业拒绝签收：拒签" in shown
    )


def test_what_somebody_typed_is_shown_and_never_read_as_markup() -> None:
    wild = "#panic() *粗* $x$ [a] _b_ \\ <c> @d"
    assert "#panic()" in text_of(paper("notice", notice(items=[{**ITEM, "place": wild}])))


def test_the_other_papers_are_set_on_one_page() -> None:
    item = {"text": "隔离", "place": "", "outcome": "已整改", "on": "今天", "by": "陈赟"}
    more = {
        "notice": "园整改〔2022〕1号", "due": "今天", "items": [item], "passed": True,
        "paper": "通知书", "how": "直接送达",
        "place": "东门", "to": "梅", "refusal": "", "on": "今天", "by": "王喆", "scope": "车间", "reason": "反复",
        "conditions": "修好", "document": "《授权书》", "objection": "可以申辩。",
        "issued": "昨天", "stop": "《停工决定书》", "applied": "昨天", "accepted": "今天", "accepted_by": "陈赟",
        "lifted": "今天", "since": "",
    }  # fmt: skip
    titles = {
        "look_back": "整改复查意见书", "receipt": "送达回执", "stop_work": "停工决定书",
        "withdrawal": "整改通知书撤回决定书", "lift": "解除停工决定书",
    }  # fmt: skip
    for name, words in titles.items():
        made = paper(name, {**BASE, **more})
        assert len(made) == 1 and words in text_of(made), name
