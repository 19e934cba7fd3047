"""“Faults tried” in docs/protocol.md stays honest: each fault has its row, each named test exists."""

import re

from parkkeeper.demo.bench.faults import FAULTS
from parkkeeper.demo.bench.faults_browser import IN_BROWSER
from tests.harness.source import ROOT, functions

ITEMS = (
    "kill -9 of the web server", "kill -9 of one of its processes", "kill -9 of the worker", "kill -9 of PostgreSQL",
    "Reply dropped after the commit", "Request cut in the middle", "Duplicates and reorderings",
    "Two phones with the same tube", "Phone clock three hours off", "Clock jumps in mid-shift",
    "Server restored from yesterday's backup", "Enrolment revoked with unsent work",
    "Browser killed (SIGKILL) while scanning, and after “saved”", "Storage quota reached", "Update with a full queue",
    "A city's rush",
    "“Saved” said before the transaction", "Ids made by the server", "A refused row dropped", "A cursor on ids",
)  # fmt: skip


def rows() -> list[list[str]]:
    """The cells of both tables of that section, without their headings."""
    text = (ROOT / "docs/protocol.md").read_text(encoding="utf-8")
    section = text.split("\n## Faults tried\n")[1].split("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return [cells for cells in lines if cells[0] not in ("Fault", "Mutant")]


def test_every_fault_has_its_row() -> None:
    assert [cells[0] for cells in rows()] == list(ITEMS)


def test_every_fault_of_the_bench_is_told() -> None:
    told = [cells[1].strip("`") for cells in rows() if len(cells) == 4 and cells[1] != "–"]
    assert told == [*FAULTS, *IN_BROWSER]


def test_every_test_that_the_bench_lets_a_browser_do_is_named_at_its_fault() -> None:
    named = {cells[1].strip("`"): cells[-1] for cells in rows() if len(cells) == 4}
    missing = [
        test for name, tests in IN_BROWSER.items() for test in tests if f"`tests/phone/{test}`" not in named[name]
    ]
    assert missing == []


def test_every_named_test_exists() -> None:
    missing = []
    for cells in rows():
        named = re.findall(r"`(tests/[^`]+)`", cells[-1])
        assert named, f"{cells[0]}: no test is named"
        for name in named:
            file, _mark, test = name.partition("::")
            path = ROOT / file
            if not path.is_file() or test not in {function.name for function in functions(path)}:
                missing.append(name)
    assert missing == []
