"""Which characters the fonts of papers have: typst sets an empty box for one that is missing, and says nothing."""

import struct
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pylopdf_fonts_zh_cn

GETA = "〓"
"""What printers set where a character is missing, to be written in by hand."""
_SET_AS_NOTHING = frozenset("\n\t\r")


def missing(text: str) -> set[str]:
    """The characters of `text` that a paper cannot show."""
    if text.isascii() and text.isprintable():
        return set()
    return set(text) - _characters() - _SET_AS_NOTHING


def with_getas(text: str) -> str:
    """`text` with 〓 for each character that a paper cannot show."""
    lacking = missing(text)
    return "".join(GETA if character in lacking else character for character in text) if lacking else text


@cache
def _characters() -> frozenset[str]:
    return frozenset(map(chr, _code_points(Path(pylopdf_fonts_zh_cn.sans_path()).read_bytes())))


def _code_points(font: bytes) -> Iterable[int]:
    """Every code point of the font's full Unicode table (OpenType `cmap`, format 12). Raises ValueError without one."""
    tables = {font[at : at + 4]: struct.unpack_from(">L", font, at + 8)[0] for at in range(12, 12 + 16 * font[5], 16)}
    start = tables[b"cmap"]
    for number in range(struct.unpack_from(">H", font, start + 2)[0]):
        part = start + struct.unpack_from(">L", font, start + 4 + 8 * number + 4)[0]
        if struct.unpack_from(">H", font, part)[0] == 12:
            groups = struct.unpack_from(">L", font, part + 12)[0]
            for group in range(groups):
                first, last, glyph = struct.unpack_from(">LLL", font, part + 16 + 12 * group)
                yield from range(first + (glyph == 0), last + 1)  # the first of a group at glyph 0 is the empty box
            return
    raise ValueError("The font of papers has no full table of characters.")
