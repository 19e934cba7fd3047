"""Cards as a printer sees them: every code is read back from the drawn page, every name stands on its card."""

import threading
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pypdfium2
import pytest
import zxingcpp

from parkkeeper.kernel.personcode import PersonCode, label_of, new_key, read, sign
from parkkeeper.papers import render as papers
from parkkeeper.papers.coverage import GETA, missing, with_getas
from parkkeeper.papers.pictures import qr_rows, qr_svg
from parkkeeper.papers.render import PaperError, render, template_names

PRIVATE, PUBLIC = new_key()
WORDS = {"until": "有效期至", "hint": "采样时出示", "number": "工号", "code": "个人码"}
NAMES = [
    "王喆", "赵祎", "陈赟", "阿卜杜热西提·买买提江·艾合买提", "Alexandra Konstantinopoulou", "张伟", "*_[李]_*",
    "马騳骉", "N", "欧阳娜娜", "尉迟恭",
]  # fmt: skip


def code_of(person: UUID, enterprise: str, number: str) -> str:
    days = (date(2022, 5, 1), date(2022, 10, 31))
    return sign(PersonCode(b"park", 1, person, *days, label_of(enterprise, number)), PRIVATE)


def card(name: str, text: str, enterprise: str = "彩虹生物", number: str = "W0007") -> dict[str, str]:
    return {"name": name, "enterprise": enterprise, "number": number, "until": "2022-10-31", "svg": qr_svg(text)}


def facts(*cards: dict[str, str], **more: Any) -> dict[str, Any]:
    return {"park": "测试园区", "title": "采样卡", "lang": "zh", "region": "cn", "cards": cards, "words": WORDS, **more}


def codes_on(page: Any) -> list[str]:
    picture = page.render(scale=200 / 72, grayscale=True).to_numpy()
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    return [one.text for one in found]


def test_every_card_s_code_is_read_from_the_page_and_names_its_person() -> None:
    people = [uuid4() for _name in NAMES]
    cards = [card(name, code_of(one, "一个名字特别特别长的生物医药有限公司", f"W{n:04d}"), number=f"W{n:04d}",
                  enterprise="一个名字特别特别长的生物医药有限公司")
             for n, (name, one) in enumerate(zip(NAMES, people, strict=True))]  # fmt: skip
    paper = pypdfium2.PdfDocument(render("cards", facts(*cards)))
    assert len(paper) == 2, "ten cards a page"
    assert [paper[0].get_width(), paper[0].get_height()] == pytest.approx([595.28, 841.89], abs=0.1), "A4"
    texts = [text for page in paper for text in codes_on(page)]
    readings = [read(text, park=b"park", keys={1: PUBLIC}, day=date(2022, 5, 10)) for text in texts]
    assert {r.state for r in readings} == {"good"}
    assert sorted(r.code.person for r in readings if r.code) == sorted(people)
    shown = "".join(page.get_textpage().get_text_range() for page in paper).replace("\r\n", "").replace("\n", "")
    for name in NAMES:
        assert name.replace(" ", "") in shown.replace(" ", "")


def test_rare_characters_of_names_are_drawn_not_boxed() -> None:
    assert missing("喆祎赟㛃䶮龘靐齉犇堃昇珺璟﨑") == set()
    pages = [pypdfium2.PdfDocument(render("cards", facts(card(name, "PK1:A"))))[0] for name in ("喆", "赟", "祎")]
    pictures = [page.render(scale=2, grayscale=True).to_numpy().tobytes() for page in pages]
    assert len(set(pictures)) == 3, "an empty box looks the same for every character"


@pytest.mark.parametrize("name", ["王😀", "𠮷野", "a\0b", "王\u200b"])
def test_a_character_that_no_font_has_is_refused_by_name_never_set_as_a_box(name: str) -> None:
    with pytest.raises(PaperError, match="lack"):
        render("cards", facts(card(name, "PK1:A")))
    assert GETA in with_getas(name)
    assert render("cards", facts(card(with_getas(name), "PK1:A")))


def test_a_card_never_runs_out_of_its_place() -> None:
    for name, enterprise, number in (("王" * 60, "企" * 40, "9" * 32), ("W" * 60, "E" * 40, "W" * 32)):
        paper = pypdfium2.PdfDocument(
            render("cards", facts(*[card(name, "PK1:" + "A" * 170, enterprise, number)] * 10))
        )
        assert len(paper) == 1
        assert len(codes_on(paper[0])) == 10, "no text lies over a code"


def test_the_same_facts_give_the_same_paper() -> None:
    assert render("cards", facts(card("王喆", "PK1:A"))) == render("cards", facts(card("王喆", "PK1:A")))


def test_what_a_template_is_not_told_and_what_typst_only_warns_of_fail() -> None:
    with pytest.raises(PaperError, match="no paper"):
        render("../cards", {})
    with pytest.raises(PaperError, match="park"):
        render("cards", {key: value for key, value in facts(card("王", "PK1:A")).items() if key != "park"})
    assert "cards" in template_names()


def test_what_typst_only_warns_of_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cards.typ").write_text('#set text(font: "No Such Font")\nA')
    monkeypatch.setattr(papers, "TEMPLATES", tmp_path)
    monkeypatch.setattr(papers, "_own", threading.local())
    with pytest.raises(PaperError, match="unknown font family"):
        render("cards", {})


def test_threads_set_papers_at_once() -> None:
    made: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: made.append(render("cards", facts(card("王喆", "PK1:A"))))) for _n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(made) == 4 and len(set(made)) == 1


def test_a_page_draws_the_same_picture_from_rows() -> None:
    rows = qr_rows("PK1:ABC")
    assert len({len(row) for row in rows} | {len(rows)}) == 1 and set("".join(rows)) == {"0", "1"}
