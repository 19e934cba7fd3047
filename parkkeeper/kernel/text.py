"""Text as people type and paste it, made comparable; Chinese names as pinyin for sorting and searching."""

import re
import unicodedata
from functools import lru_cache

_INVISIBLE = {"Cf", "Cc"}
_SPACES = re.compile(r"\s+")
_DASHES = str.maketrans("", "", "-‐‑‒–—―−﹣－_ ")

# The reading as a surname, where it differs from the character's common reading.
_SURNAMES = {
    "单": "shan", "仇": "qiu", "曾": "zeng", "解": "xie", "查": "zha", "区": "ou", "朴": "piao", "盖": "ge",
    "乐": "yue", "翟": "zhai", "覃": "qin", "秘": "bi", "繁": "po", "员": "yun", "种": "chong", "召": "shao",
    "洗": "xian", "祭": "zhai", "隗": "wei", "缪": "miao", "黑": "he", "折": "she", "乜": "nie", "佴": "nai",
    "重": "chong", "能": "nai", "都": "du", "句": "gou", "尉迟": "yu chi", "长孙": "zhang sun", "万俟": "mo qi",
    "澹台": "tan tai", "欧阳": "ou yang",
}  # fmt: skip


def tidy(text: str) -> str:
    """Return `text` with full-width forms made half-width (NFKC), invisible characters out, inner spaces single."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    shown = "".join(
        character
        for character in unicodedata.normalize("NFKC", text)
        if character.isspace() or unicodedata.category(character) not in _INVISIBLE
    )
    # Again, since a letter and its accent may stand side by side only now.
    return unicodedata.normalize("NFC", _SPACES.sub(" ", shown).strip())


def tidy_code(text: str) -> str:
    """Return a code (document, tube, staff number) as `tidy`, without spaces, dashes or underscores, in capitals."""
    return unicodedata.normalize("NFC", tidy(text).upper().translate(_DASHES))


def blank(text: str | None) -> bool:
    """Say whether nothing visible is written; None counts as blank."""
    return text is None or not tidy(text)


def pinyin_key(name: str) -> str:
    """Return the pinyin of a Chinese name, lower-case syllables with single spaces: 张伟 is 'zhang wei'.

    Surnames are read as surnames (单 is shan, 曾 is zeng); letters stay letters; a lone mark is left out.
    """
    return " ".join(_syllables(tidy(name)))


def pinyin_initials(name: str) -> str:
    """Return the first letter of each syllable of `pinyin_key`: 张伟 is 'zw'."""
    return "".join(syllable[0] for syllable in _syllables(tidy(name)))


@lru_cache(maxsize=65536)
def _syllables(name: str) -> tuple[str, ...]:
    # Its dictionaries take a quarter of a second to load, which the many users of `tidy` need not wait for.
    from pypinyin import Style, lazy_pinyin

    surname = next((name[:length] for length in (2, 1) if name[:length] in _SURNAMES), "")
    head = _SURNAMES[surname].split() if surname else []
    words = (word for part in lazy_pinyin(name[len(surname) :], style=Style.NORMAL) for word in part.lower().split())
    cleaned = ("".join(filter(str.isalnum, word)).replace("ü", "v") for word in words)
    return (*head, *(word for word in cleaned if word))
