"""Templates: nothing that the content policy forbids, and no Chinese text that cannot be translated."""

import re
from pathlib import Path

import pytest

from tests.harness.source import CODE, relative

TEMPLATES = sorted(path for path in CODE.glob("*/templates/**/*") if path.is_file())
# Languages are named in themselves, whatever the page speaks.
NAMES_LANGUAGES = {"parkkeeper/park/templates/park/parts/language.html"}
# Official papers are Chinese for every reader: the language of the authority that signs them.
OFFICIAL = {
    f"parkkeeper/papers/templates/{name}.typ"
    for name in ("notice", "look_back", "receipt", "withdrawal", "stop_work", "lift", "minutes", "parts/official")
}
# Key numbers that lead nowhere: what they count stands below on the same page, or they count no rows.
NUMBERS_WITHOUT_LINK = {
    "parkkeeper/inspection/templates/inspection/debrief.html",
    "parkkeeper/park/templates/park/imports/import.html",
    "parkkeeper/sampling/templates/sampling/antigen.html",
    "parkkeeper/sampling/templates/sampling/antigen_file_check.html",
    "parkkeeper/sampling/templates/sampling/antigen_taken.html",
    "parkkeeper/sampling/templates/sampling/hl7_taken.html",
    "parkkeeper/sampling/templates/sampling/lab_file_check.html",
    "parkkeeper/sampling/templates/sampling/lab_report.html",
    "parkkeeper/sampling/templates/sampling/point.html",
    "parkkeeper/sampling/templates/sampling/workbook.html",
}
# The framework's own help texts (rules of passwords) are lists in HTML; ours are plain.
HELP_TEXT = "field.help_text|safe"
TRANSLATED = [
    re.compile(r"\{%\s*comment\b.*?\{%\s*endcomment\s*%\}", re.S),
    re.compile(r"\{#.*?#\}"),
    re.compile(r"\{%-?\s*(blocktranslate|blocktrans)\b.*?\{%\s*end\1\s*%\}", re.S),
    re.compile(r"\{%\s*translate\s.*?%\}"),
    re.compile(r"""_\(("[^"]*"|'[^']*')\)"""),
]
each_template = pytest.mark.parametrize("path", TEMPLATES, ids=relative)


@each_template
def test_a_template_has_no_inline_style_or_script(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle\s*=", text), "a class and a rule in the style sheet instead"
    assert not re.search(r"<[^>{}]*\son[a-z]+\s*=", text), "data-… and office.js instead"
    assert not re.search(r"<script(?![^>]*\ssrc=)", text), "a static file instead"
    assert "<style" not in text and "javascript:" not in text
    assert "autoescape off" not in text and "|safe" not in text.replace(HELP_TEXT, ""), "escape it"


@each_template
def test_every_chinese_text_of_a_template_can_be_translated(path: Path) -> None:
    if relative(path) in NAMES_LANGUAGES | OFFICIAL:
        return
    text = path.read_text(encoding="utf-8")
    for translated in TRANSLATED:
        text = translated.sub("", text)
    left = [line.strip() for line in text.splitlines() if re.search(r"[\u4e00-\u9fff]", line)]
    assert left == []


@each_template
def test_a_translated_text_stands_for_itself_with_named_places(path: Path) -> None:
    """What is filled in has a name, and a block with markup inside would put markup into the catalogue."""
    text = path.read_text(encoding="utf-8")
    for block in re.finditer(r"\{%\s*blocktranslate\b.*?%\}(.*?)\{%\s*endblocktranslate\s*%\}", text, re.S):
        assert not re.search(r"\{\{\s*[\w.]+[.|]", block[1]), f"name it with `with`: {block[1]}"


@each_template
def test_every_key_number_links_to_its_list(path: Path) -> None:
    stats = re.findall(r"\{%\s*stat\s.*?%\}", path.read_text(encoding="utf-8"), re.S)
    without = [stat for stat in stats if "href=" not in stat and not re.search(r'("–"|\s0)\s*%\}', stat)]
    assert without == [] or relative(path) in NUMBERS_WITHOUT_LINK


@each_template
def test_a_form_that_posts_carries_its_token(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for form in re.finditer(r"<form\b[^>]*method=\"post\"(.*?)</form>", text, re.S | re.I):
        assert "csrf_token" in form[1], f"{path.name}: {{% csrf_token %}} is missing"


def test_there_are_templates() -> None:
    assert len(TEMPLATES) > 50
