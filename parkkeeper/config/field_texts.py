"""The field app's traditional texts: written by the table that drafts the office's, so that both speak with one voice.

phone/src/texts/en.ts and its part en-inspect.ts are written by hand and name every text of the app (a test of phone/
sees to it); zh-hant.ts and zh-hant-inspect.ts are made of their keys.
"""

import re
from pathlib import Path

from parkkeeper.config.traditional import traditional
from parkkeeper.kernel.processes import CHECKOUT

TEXTS = CHECKOUT / "phone" / "src" / "texts"
_KEY = re.compile(r'^  "(.+?)": "', re.MULTILINE)
_HEAD = "/** Traditional Chinese by the simplified text of the code; `./run messages` writes it. */"


def tables(folder: Path = TEXTS) -> list[tuple[Path, Path]]:
    """Each English table with the traditional one that is made of it."""
    return [(path, path.with_name(path.name.replace("en", "zh-hant", 1))) for path in sorted(folder.glob("en*.ts"))]


def traditional_texts(english: str) -> str:
    """The whole of a traditional table for the texts that an English one names."""
    _head, *lines = english.splitlines()
    return "".join(f"{line}\n" for line in [_HEAD, *map(_line, lines)])


def _line(line: str) -> str:
    found = _KEY.match(line)
    if found:
        return f'  "{found[1]}": "{traditional(found[1])}",'
    return line.replace("EN", "HANT").replace("./en", "./zh-hant")


def update_field_texts(folder: Path = TEXTS) -> int:
    """Bring the traditional tables up to date with the English ones. Returns the number of texts."""
    count = 0
    for path, written in tables(folder):
        english = path.read_text("utf-8")
        wanted = traditional_texts(english)
        if not written.exists() or written.read_text("utf-8") != wanted:
            written.write_text(wanted, "utf-8")
        count += len(_KEY.findall(english))
    return count
