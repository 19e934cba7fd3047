"""docs/bad-input.md stays honest: each item has its row, each named test exists, each word stands in the code."""

import re
from dataclasses import dataclass
from functools import cache

from tests.harness.source import CODE, ROOT, functions

ITEMS = (
    "Broken XLSX", "Wrong headings", "Merged cells", "Mixed encodings (GBK)", "Full-width digits",
    "Spaces in ID numbers", "15-digit IDs", "Wrong check digits", "Duplicates inside a file",
    "A result for an unknown tube", "Results twice and contradicting", "Results before scans", "A tube in two boxes",
    "A scan dated tomorrow", "A 10 MB batch", "Truncated JSON", "An unknown phone", "A revoked certificate",
    "A closed round", "Two people editing one thing", "The database stopped in mid-request",
    "A full disk on upload", "A checklist as XLSForm that is wrong", "A damaged picture for a case",
    "A checklist that is no workbook", "An inspector's words that cannot be read", "A visit that should not have been",
    "What an enterprise would not show",
    "A visit that nobody signed", "A visit's answers against the form", "A photo that proves little",
    "A look-back of the own work", "A receipt of nobody, or of two kinds", "More time without measure",
    "A stop of work without scope or end", "A finding put aside until no day", "A notice for nothing",
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A line of the table."""

    item: str
    happens: str
    reads: list[str]
    tests: list[str]


def table() -> list[Row]:
    """The lines of docs/bad-input.md below its heading."""
    text = (ROOT / "docs/bad-input.md").read_text(encoding="utf-8")
    cells = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")][1:]
    return [Row(c[0], c[1], re.findall("「([^」]+)」", c[2]), re.findall(r"`([^`]+)`", c[3])) for c in cells]


@cache
def told() -> str:
    """All text of the code and its templates, strings that stand on two lines joined."""
    files = sorted(path for path in CODE.rglob("*") if path.suffix in (".py", ".html"))
    joined = "\n".join(path.read_text(encoding="utf-8") for path in files)
    return re.sub(r'"\s*\n\s*"', "", joined)


def test_every_item_has_its_row() -> None:
    assert [row.item for row in table()] == list(ITEMS)
    assert [row.item for row in table() if not row.happens or not row.tests] == []


def test_every_named_test_exists() -> None:
    missing = []
    for named in [name for row in table() for name in row.tests]:
        file, _mark, test = named.partition("::")
        path = ROOT / file
        if not path.is_file() or test not in {function.name for function in functions(path)}:
            missing.append(named)
    assert missing == []


def test_every_item_is_tried_by_page_verb_or_door_and_not_only_inside() -> None:
    """Tests of the kernel read bytes; somebody who uses the park does not."""
    assert [row.item for row in table() if all(name.startswith("tests/kernel/") for name in row.tests)] == []


def test_what_the_user_reads_stands_in_the_code() -> None:
    assert [words for row in table() for words in row.reads if words not in told()] == []
