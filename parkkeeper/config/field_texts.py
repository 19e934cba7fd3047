"""The field app's traditional texts: written by the table that drafts the office's, so that both speak with one voice.

phone/src/texts/en.ts is written by hand and names every text of the app (a test of phone/ sees to it); zh-hant.ts is
made of its keys.
"""

import re
from pathlib import Path

from parkkeeper.config.traditional import traditional
from parkkeeper.kernel.processes import CHECKOUT

TEXTS = CHECKOUT / "phone" / "src" / "texts"
_KEY = re.compile(r'^  "(.+?)": "', re.MULTILINE)
_HEAD = """/** Traditional Chinese by the simplified text of the code; `./run messages` writes it. */

export const HANT: Record<string, string> = {
"""


def traditional_texts(english: str) -> str:
    """The whole of zh-hant.ts for the texts that en.ts names."""
    rows = (f'  "{key}": "{traditional(key)}",\n' for key in _KEY.findall(english))
    return f"{_HEAD}{''.join(rows)}}};\n"


def update_field_texts(folder: Path = TEXTS) -> int:
    """Bring zh-hant.ts up to date with en.ts. Returns the number of texts."""
    english = (folder / "en.ts").read_text("utf-8")
    written, wanted = folder / "zh-hant.ts", traditional_texts(english)
    if not written.exists() or written.read_text("utf-8") != wanted:
        written.write_text(wanted, "utf-8")
    return len(_KEY.findall(english))
