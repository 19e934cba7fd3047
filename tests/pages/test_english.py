"""Every page in English, as the office sees it: no text of ours left in Chinese, nothing wider than its screen."""

import os
import re
from pathlib import Path
from typing import Any

import polib
import pytest

from parkkeeper.config.messages import LOCALE
from parkkeeper.config.prepare import compile_translations
from parkkeeper.inspection.checklistfiles import read_checklist
from parkkeeper.park.packs import pack_codes, read_pack
from tests.pages.conftest import NARROW, WIDE, LogIn, too_wide
from tests.pages.test_ways_everywhere import pages  # noqa: F401  (a fixture)

pytestmark = pytest.mark.django_db(transaction=True)

TEXTS = """() => {
  const found = [document.title];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) found.push(walk.currentNode.textContent.trim());
  for (const one of document.querySelectorAll('[aria-label],[placeholder],[title],[data-label],[data-confirm],[alt]'))
    for (const name of ['aria-label', 'placeholder', 'title', 'data-label', 'data-confirm', 'alt'])
      found.push(one.getAttribute(name) || '');
  return found;
}"""
MARKS = re.compile("[、，：（）；。]")
DATA = {"检测机构", "简体中文", "繁體中文", "姓名", "工号", "手机", "班次", "晨间抗原", "在岗状态"}
"""Texts of ours that a name in the small park or a heading of a table equals, and the languages' own names."""


def ours() -> set[str]:
    """The Chinese texts of the code, as they would stand on a page in one piece."""
    entries = polib.pofile(str(LOCALE / "en" / "LC_MESSAGES" / "django.po"))
    return {entry.msgid for entry in entries if re.search(r"[\u4e00-\u9fff]", entry.msgid)} - DATA


def quoted() -> set[str]:
    """Sources of rules, calendars and items, which are quoted as they are in every language."""
    packs = [read_pack(code) for code in pack_codes()]
    sources = {one.source for pack in packs for one in (*pack.rules, *pack.years)}
    return sources | {item.basis for item in read_checklist()}


def test_in_english_no_page_shows_a_text_of_ours_in_chinese_or_is_too_wide(w: Any, pages: Any, log_in: LogIn) -> None:  # noqa: F811
    compile_translations()
    page, wrong, known = log_in(w.office), {}, ours()
    page.goto("/")
    page.context.add_cookies([{"name": "django_language", "value": "en", "url": page.url}])
    seen, sources = set(), quoted()
    for name, address in pages:
        page.set_viewport_size(WIDE)
        page.goto(address)
        texts = set(page.evaluate(TEXTS))
        said = {text for text in texts if re.search(r"[\u4e00-\u9fff]", text)}
        marked = {text for text in texts if MARKS.search(text) and not any(source in text for source in sources)}
        seen |= {(name, text) for text in said | marked}
        shots = os.environ.get("PARKKEEPER_SHOTS")
        wide = too_wide(page)
        if shots:
            page.screenshot(path=Path(shots) / f"{name}-wide.png", full_page=True)
        page.set_viewport_size(NARROW)
        narrow = too_wide(page)
        if shots:
            page.screenshot(path=Path(shots) / f"{name}-narrow.png", full_page=True)
        if (left := sorted(said & known | marked)) or wide or narrow:
            wrong[name] = (left, wide, narrow)
    if shots:
        (Path(shots) / "seen.txt").write_text("\n".join(f"{n}\t{t!r}" for n, t in sorted(seen)))
    assert wrong == {}
