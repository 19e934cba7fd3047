"""Papers as PDF: `render(name, facts)` sets templates/NAME.typ with the facts; the same facts give the same bytes.

Facts are plain JSON (dicts, lists, texts, numbers). A template shows texts as values, never as markup, so that nothing
that somebody typed can change the paper.
"""

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pylopdf_fonts_zh_cn
import typst

from parkkeeper.papers.coverage import missing

TEMPLATES = Path(__file__).parent / "templates"
FONTS = Path(pylopdf_fonts_zh_cn.sans_path()).parent
# A paper says itself when it is of; a time of making would make the same facts another file each time.
_NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)

_own = threading.local()


class PaperError(RuntimeError):
    """A paper cannot be set: no such template, a character that no font has, facts that the template does not know."""


def render(name: str, facts: Mapping[str, Any]) -> bytes:
    """The paper as PDF, A4. Raises PaperError for an unknown template and for anything that typst only warns about."""
    if name not in template_names():
        raise PaperError(f"There is no paper {name!r}; there are: {', '.join(sorted(template_names()))}.")
    lacking = missing("".join(_texts(facts)))
    if lacking:
        raise PaperError(f"The fonts of papers lack {' '.join(sorted(lacking))!r}; put with_getas(…) round the text.")
    inputs = {"facts": orjson.dumps(dict(facts)).decode()}
    try:
        made, warnings = _compiler().compile_with_warnings(
            input=str(TEMPLATES / f"{name}.typ"), format="pdf", sys_inputs=inputs, timestamp=_NO_TIME
        )
    except typst.TypstError as error:
        raise PaperError(f"The paper {name!r} cannot be set: {error.message}") from error
    if warnings:
        raise PaperError(f"The paper {name!r} is not as it should be: {'; '.join(w.message for w in warnings)}")
    if not isinstance(made, bytes):
        raise PaperError(f"The paper {name!r} came out as {type(made).__name__}, not as one file.")
    return made


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list | tuple):
        for inner in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(inner)


@cache
def template_names() -> frozenset[str]:
    """The names of all papers."""
    return frozenset(path.stem for path in TEMPLATES.glob("*.typ"))


def _compiler() -> typst.Compiler:
    # one a thread, kept: two threads in one raise "Already borrowed", and a new one reads 20 MB of fonts again
    compiler: typst.Compiler | None = getattr(_own, "compiler", None)
    if compiler is None:
        compiler = _own.compiler = typst.Compiler(
            root=str(TEMPLATES), font_paths=[str(FONTS)], ignore_system_fonts=True
        )
    return compiler
