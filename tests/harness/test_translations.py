"""The catalogues: every text of the code in English and in traditional Chinese, and nothing else."""

import re
from pathlib import Path

import polib
import pytest

from parkkeeper.config.field_texts import tables, traditional_texts
from parkkeeper.config.messages import DRAFTED, LANGUAGES, LOCALE, extract, traditional, update

BOTH = pytest.mark.parametrize("language", LANGUAGES)
NATIVE = {"简体中文", "繁體中文", "English"}
"""Names of languages stay in their own language, so that everybody finds the own one."""


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(LOCALE / language / "LC_MESSAGES" / "django.po"))


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)[a-z]|%%|\{\w*\}", text))


def texts(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


@BOTH
def test_a_catalogue_holds_exactly_the_texts_of_the_code(language: str) -> None:
    held = {(entry.msgctxt, entry.msgid) for entry in catalogue(language) if not entry.obsolete}
    wanted = set(extract())
    assert sorted(wanted - held, key=str) == [], "run ./run messages"
    assert sorted(held - wanted, key=str) == [], "run ./run messages"


@BOTH
def test_every_text_is_translated_and_none_is_a_guess(language: str) -> None:
    entries = catalogue(language)
    assert [entry.msgid for entry in entries if not all(texts(entry)) or not texts(entry)] == []
    assert [entry.msgid for entry in entries if entry.fuzzy or entry.obsolete] == []


@BOTH
def test_a_translation_keeps_the_placeholders(language: str) -> None:
    wrong = [
        (entry.msgid, text)
        for entry in catalogue(language)
        for text in texts(entry)
        if placeholders(text) != placeholders(entry.msgid)
    ]
    assert wrong == []


@BOTH
def test_each_plural_form_of_the_language_is_there(language: str) -> None:
    forms = 2 if language == "en" else 1
    assert [entry.msgid for entry in catalogue(language) if entry.msgid_plural and len(texts(entry)) != forms] == []


def test_english_holds_no_chinese_but_names_of_columns_and_languages() -> None:
    quoted = {"姓名", "结果", "证件号码"}  # a table's headings are Chinese in every language
    found = [
        (entry.msgid, text)
        for entry in catalogue("en")
        for text in texts(entry)
        if entry.msgid not in NATIVE and set(re.findall(r"[\u3400-\u9fff]+", text)) - quoted
    ]
    assert found == []


def test_english_uses_typographic_quotation_marks_and_apostrophes() -> None:
    straight = re.compile(r"""(?<!=)["']""")  # but in an attribute's value
    found = [text for entry in catalogue("en") for text in texts(entry) if straight.search(text)]
    assert found == []


def test_traditional_texts_hold_no_simplified_character() -> None:
    from opencc import OpenCC

    reduce, restore = OpenCC("t2s"), OpenCC("s2t")
    found = set()
    for entry in catalogue("zh_Hant"):
        for character in "".join(texts(entry)) if entry.msgid not in NATIVE else "":
            if reduce.convert(character) == character != restore.convert(character) and not _shared(character):
                found.add((character, entry.msgid))
    assert sorted(found) == []


def _shared(character: str) -> bool:
    """Characters that are also traditional ones, which a converter would change when they stand alone."""
    return character in "只里后干面台系制准注表余范布占舍周回采游划才了松郁向出几斗征克念升云谷丑尽价复卷杆致群托温"


def test_updating_keeps_a_persons_text_adds_new_ones_and_drops_gone_ones(tmp_path: Path) -> None:
    path = tmp_path / "django.po"
    assert update(path, "zh_Hant", {(None, "采样"): None, (None, "试管"): None}) == []
    po = polib.pofile(str(path))
    assert [(entry.msgstr, entry.comment) for entry in po] == [("試管", DRAFTED), ("採樣", DRAFTED)]
    po[1].msgstr, po[1].comment = "取樣", ""
    po.save()

    update(path, "zh_Hant", {(None, "采样"): None, (None, "箱"): None})

    assert [entry.msgstr for entry in polib.pofile(str(path))] == ["箱", "取樣"]
    first = path.read_bytes()
    update(path, "zh_Hant", {(None, "箱"): None, (None, "采样"): None})
    assert path.read_bytes() == first, "the order of reading must not show"


def test_a_text_without_english_is_told(tmp_path: Path) -> None:
    assert update(tmp_path / "django.po", "en", {(None, "采样"): None}) == ["采样"]


def test_an_apostrophe_typed_straight_becomes_one(tmp_path: Path) -> None:
    path = tmp_path / "django.po"
    update(path, "en", {(None, "本人手机"): None})
    po = polib.pofile(str(path))
    po[0].msgstr = "the holder's phone"
    po.save()
    update(path, "en", {(None, "本人手机"): None})
    assert polib.pofile(str(path))[0].msgstr == "the holder’s phone"


def test_texts_are_found_in_code_and_in_templates(tmp_path: Path) -> None:
    (tmp_path / "templates").mkdir()
    (tmp_path / "views.py").write_text('a = _("一")\nb = ngettext("%(n)s 个", "%(n)s 个们", n)\nc = "不译"\n')
    (tmp_path / "templates" / "page.html").write_text(
        '  <p>{% translate "二" %}\n    {% blocktranslate with n=3 %}三 {{ n }}{% endblocktranslate %}</p>'
        '\n {% include "x" with title=_("四") %}'
    )
    assert extract(tmp_path) == {
        (None, "一"): None,
        (None, "%(n)s 个"): "%(n)s 个们",
        (None, "二"): None,
        (None, "三 %(n)s"): None,
        (None, "四"): None,
    }


def test_where_the_converter_slips_the_draft_is_right() -> None:
    assert traditional("名单只能冻结，没有采用“刚被发放”") == "名單只能凍結，沒有採用「剛被發放」"
    assert traditional("批准并到期后前往复查") == "批准並到期後前往複查"


def test_the_field_app_speaks_with_the_words_of_the_office() -> None:
    pairs = [(english.read_text(), made.read_text()) for english, made in tables()]
    assert len(pairs) == 2
    assert all(made == traditional_texts(english) for english, made in pairs), "./run messages writes the tables"
    written = "".join(made for _english, made in pairs)
    said = "".join(re.findall(r'": "(.*)",$', written, re.MULTILINE))
    assert [word for word in ("設置", "刷新", "保存", "屏幕", "信息", "菜單") if word in said] == []


def test_the_draft_speaks_with_the_words_of_its_readers() -> None:
    for simplified, read in (
        ("登录名或密码不正确，或账号已停用。", "登入名稱或密碼不正確，或帳號已停用。"),
        ("文件“%(file)s”已损坏，请另存为新文件。", "檔案「%(file)s」已損壞，請另存為新文件。"),
        ("依据哪份文件（文件名称、文号）", "依據哪份文件（文件名稱、文號）"),  # a document of an authority is no file
        ("没有找到“%(columns)s”列，请导入下一列。", "沒有找到「%(columns)s」欄，請匯入下一欄。"),
        ("只列出前 20 人，不在候选之列。", "只列出前 20 人，不在候選之列。"),  # to list is no column
        ("已保存，按保存期限销毁", "已儲存，按保存期限銷毀"),
    ):
        assert traditional(simplified) == read
