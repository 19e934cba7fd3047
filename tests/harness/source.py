"""The checkout as the tests of the habits read it: its files, and what they define."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
CODE = ROOT / "parkkeeper"


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def python_files(*folders: Path) -> list[Path]:
    """Every Python file below these folders (all code without folders), migrations left out."""
    found = [path for folder in folders or (CODE,) for path in folder.rglob("*.py")]
    return sorted(path for path in found if "migrations" not in path.parts)


def action_files() -> list[Path]:
    """The files whose public functions are verbs: `actions.py` and `actions/*.py` of every system."""
    found = [*CODE.glob("*/actions.py"), *CODE.glob("*/actions/*.py")]
    return sorted(path for path in found if path.name != "__init__.py")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path: Path) -> list[ast.FunctionDef]:
    """The module's own functions, without those inside of classes and functions."""
    return [node for node in tree(path).body if isinstance(node, ast.FunctionDef)]


def verbs() -> Iterator[tuple[str, ast.FunctionDef, Path]]:
    """Every public function of the action files as ("park.actions.accounts.make_account", its tree, its file)."""
    for path in action_files():
        module = relative(path).removeprefix("parkkeeper/").removesuffix(".py").replace("/", ".")
        for function in functions(path):
            if not function.name.startswith("_"):
                yield f"{module}.{function.name}", function, path


def called(node: ast.AST) -> set[str]:
    """Names that are called anywhere inside: `record(…)` is "record", `x.save()` is "save"."""
    found = set()
    for call in ast.walk(node):
        if isinstance(call, ast.Call):
            if isinstance(call.func, ast.Name):
                found.add(call.func.id)
            elif isinstance(call.func, ast.Attribute):
                found.add(call.func.attr)
    return found


def tracked_files() -> list[Path]:
    """Every text file of the repository: what git knows, or, in a copy without git, what lies beside it."""
    try:
        listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=30)
        names = [name for name in listed.stdout.decode().split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        names = [relative(path) for path in ROOT.rglob("*") if ".venv" not in path.parts and ".git" not in path.parts]
    pictures = (".png", ".jpg", ".mo", ".pyc", ".woff2")
    return sorted(path for name in names if (path := ROOT / name).is_file() and not name.endswith(pictures))
