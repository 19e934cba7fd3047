"""Files, functions and views stay short. What is too long today is listed in ratchet.json and may only shrink."""

import ast
import json
from collections.abc import Iterator
from pathlib import Path

from tests.harness.source import CODE, ROOT, python_files, relative, tree

FILE, FUNCTION, VIEW = 400, 40, 20
RATCHET = Path(__file__).parent / "ratchet.json"
REMEDY = "make it shorter; tests/harness/ratchet.json only falls"


def too_long() -> dict[str, int]:
    """Lines of each file, function and view that is over its limit, by "path" or "path::name"."""
    found = {}
    for path in python_files(CODE, ROOT / "tests"):
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > FILE:
            found[relative(path)] = lines
        for name, function in _functions(tree(path), ""):
            length = (function.end_lineno or 0) - function.lineno + 1
            if length > (VIEW if _is_view(path, function) else FUNCTION):
                found[f"{relative(path)}::{name}"] = length
    return found


def _functions(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if not isinstance(child, ast.ClassDef):
                yield prefix + child.name, child
            yield from _functions(child, f"{prefix}{child.name}.")


def _is_view(path: Path, function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it answers a request: a function of a module of views that takes one first."""
    first = function.args.args[0].arg if function.args.args else ""
    return ("views" in path.parts or path.name == "views.py") and first == "request"


def test_nothing_grows_over_the_limits() -> None:
    allowed: dict[str, int] = json.loads(RATCHET.read_text(encoding="utf-8"))
    now = too_long()
    grown = {name: lines for name, lines in now.items() if lines > allowed.get(name, 0)}
    assert grown == {}, REMEDY


def test_what_became_shorter_stays_shorter() -> None:
    allowed: dict[str, int] = json.loads(RATCHET.read_text(encoding="utf-8"))
    now = too_long()
    slack = {name: now.get(name, 0) for name, lines in allowed.items() if now.get(name, 0) < lines}
    assert slack == {}, "write these numbers into tests/harness/ratchet.json (0: take the line out)"


def test_a_long_function_is_noticed(tmp_path: Path) -> None:
    body = "\n".join("    pass" for _line in range(FUNCTION))
    [(name, function)] = list(_functions(ast.parse(f"class A:\n  def long(self):\n{body}"), ""))
    assert name == "A.long" and (function.end_lineno or 0) - function.lineno + 1 == FUNCTION + 1
