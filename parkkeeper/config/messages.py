"""`./run messages`: brings the catalogues up to date with the texts of code and templates; lists what lacks English.

The texts in the code are simplified Chinese. A catalogue is written the same way whoever runs this: sorted, without
dates and line numbers, so that it changes only when a text changes.
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import polib
from babel.messages.extract import extract_python
from django.utils.translation.template import templatize

from parkkeeper.config.field_texts import update_field_texts
from parkkeeper.config.traditional import traditional
from parkkeeper.kernel.processes import CHECKOUT

CODE = CHECKOUT / "parkkeeper"
LOCALE = CODE / "locale"
LANGUAGES = {"en": "nplurals=2; plural=(n != 1);", "zh_Hant": "nplurals=1; plural=0;"}
DRAFTED = "drafted by OpenCC; a person may better it and remove this line"
_STRAIGHT = re.compile(r"(?<=\w)'")
_CONTEXT, _PLURAL = "context", "plural"
_CALLS: dict[str, tuple[str, ...]] = {
    "_": (),
    "gettext": (),
    "gettext_lazy": (),
    "gettext_noop": (),
    "ngettext": (_PLURAL,),
    "ngettext_lazy": (_PLURAL,),
    "pgettext": (_CONTEXT,),
    "pgettext_lazy": (_CONTEXT,),
    "npgettext": (_CONTEXT, _PLURAL),
}
"""Functions that mark a text for translation, and which of their first arguments are not the text itself."""

Key = tuple[str | None, str]
"""Context (None without) and text."""


def extract(folder: Path = CODE) -> dict[Key, str | None]:
    """Every text to translate under `folder`: its key, and its plural form (None without).

    Raises ValueError when one text is asked for with two different plural forms.
    """
    found: dict[Key, str | None] = {}
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.html"), *folder.rglob("*.txt")]):
        if path.suffix != ".py" and "templates" not in path.parts:
            continue
        for key, plural in _texts_of(path):
            if plural and found.get(key) not in (None, plural):
                raise ValueError(f"{path}: {key[1]!r} has another plural elsewhere")
            found[key] = plural or found.get(key)
    for pack in sorted(folder.rglob("packs/*.toml")):
        found |= {(None, text): None for text in _texts_of_pack(pack)}
    return found


def _texts_of_pack(path: Path) -> Iterator[str]:
    """What a policy pack says in its own words; sources are quoted, never translated."""
    pack = tomllib.loads(path.read_text("utf-8"))
    yield from (pack["name"], pack["about"])
    for rule in pack["rule"]:
        yield from filter(None, (rule.get("note"), rule.get("unit")))


def _texts_of(path: Path) -> Iterator[tuple[Key, str | None]]:
    source = path.read_text("utf-8")
    if path.suffix != ".py":
        lines = templatize(source, origin=str(path)).splitlines()
        source = "\n".join(line.lstrip() for line in lines)  # else Python sees bad indentation
    for _line, name, arguments, _comments in extract_python(BytesIO(source.encode()), dict.fromkeys(_CALLS), [], {}):
        given = list(arguments) if isinstance(arguments, tuple) else [arguments]
        marks = _CALLS[str(name)]
        context = given.pop(0) if _CONTEXT in marks else None
        if given and isinstance(given[0], str) and given[0]:
            yield (context, given[0]), given[1] if _PLURAL in marks else None


def update(catalogue: Path, language: str, texts: dict[Key, str | None]) -> list[str]:
    """Bring one catalogue up to date: keep what translators wrote, add new texts, drop gone ones; write it sorted.

    Returns the texts that have no translation. Texts in zh_Hant are drafted by OpenCC, and say so, until a person
    has written one.
    """
    known = polib.pofile(str(catalogue)) if catalogue.exists() else polib.POFile()
    kept = {(entry.msgctxt, entry.msgid): entry for entry in known if not entry.obsolete}
    written = polib.POFile(wrapwidth=110)
    written.metadata = {
        "Language": language,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": LANGUAGES[language],
    }
    for key, plural in sorted(texts.items(), key=lambda item: (item[0][1], item[0][0] or "")):
        entry = _entry(key, plural, kept.get(key))
        if language == "zh_Hant" and (_is_blank(entry) or entry.comment == DRAFTED):
            _draft(entry)
        if language == "en":
            _curl(entry)
        written.append(entry)
    text = f"{written}\n"
    catalogue.parent.mkdir(parents=True, exist_ok=True)
    if not catalogue.exists() or catalogue.read_text("utf-8") != text:
        catalogue.write_text(text, "utf-8")
    return [entry.msgid for entry in written if _is_blank(entry)]


def _entry(key: Key, plural: str | None, kept: polib.POEntry | None) -> polib.POEntry:
    context, text = key
    entry = polib.POEntry(msgctxt=context, msgid=text, flags=["python-format"] if "%(" in text else [])
    if kept:
        entry.comment = kept.comment
    if plural:
        entry.msgid_plural = plural
        forms = dict(kept.msgstr_plural) if kept else {}
        entry.msgstr_plural = forms or {0: (kept.msgstr if kept else "")}
    elif kept:
        entry.msgstr = kept.msgstr or kept.msgstr_plural.get(0, "")
    return entry


def _is_blank(entry: polib.POEntry) -> bool:
    return not all(entry.msgstr_plural.values()) if entry.msgid_plural else not entry.msgstr


def _draft(entry: polib.POEntry) -> None:
    text = traditional(entry.msgid)
    if entry.msgid_plural:
        entry.msgstr_plural = {0: text}
    else:
        entry.msgstr = text
    entry.comment = DRAFTED


def _curl(entry: polib.POEntry) -> None:
    """What keyboards give as an apostrophe becomes one."""
    entry.msgstr = _STRAIGHT.sub("’", entry.msgstr)
    entry.msgstr_plural = {form: _STRAIGHT.sub("’", text) for form, text in entry.msgstr_plural.items()}


def main() -> int:
    """Update every catalogue; tell on stdout what lacks English. Returns 1 when something does."""
    texts = extract()
    missing = []
    for language in LANGUAGES:
        blank = update(LOCALE / language / "LC_MESSAGES" / "django.po", language, texts)
        print(f"{language}: {len(texts)} texts, {len(blank)} without a translation", file=sys.stderr)
        missing += blank
    print(f"field app: {update_field_texts()} texts in traditional Chinese", file=sys.stderr)
    for text in missing:
        print(repr(text))
    return 1 if missing else 0
