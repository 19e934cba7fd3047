"""What tests of tests/phone tell of themselves: each run in a process of its own, read back line by line."""

import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parkkeeper.kernel.processes import CHECKOUT, child_env

FOLDER = CHECKOUT / "tests" / "phone"
PATIENCE = 600
"""Seconds after which a run counts as failed."""
BROWSER = "apt-get install chromium fonts-noto-cjk"


def lacking() -> str:
    """What is missing to show the field app to a browser, with its remedy; "" when nothing is."""
    if not FOLDER.is_dir() or importlib.util.find_spec("playwright") is None:
        return f"needs {FOLDER} and playwright: run it in a checkout, by ./run"
    return "" if shutil.which("chromium") else f"no browser: {BROWSER}"


def told_by(tests: Sequence[str], variable: str) -> tuple[bool, list[dict[str, Any]]]:
    """Run tests (FILE::NAME in tests/phone) once; whether they passed, and what they wrote to the file of `variable`.

    Their own words go to stderr; their database is one of the server of DATABASE_URL, and goes with them.
    """
    with tempfile.TemporaryDirectory(prefix="pk-phone-") as folder:
        into = Path(folder) / "told"
        argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
        argv += [str(FOLDER / test) for test in tests]
        env = child_env({variable: str(into)})
        try:
            passed = not subprocess.run(argv, cwd=CHECKOUT, env=env, stdout=sys.stderr, timeout=PATIENCE).returncode
        except subprocess.TimeoutExpired:
            passed = False
        lines = into.read_text(encoding="utf-8").splitlines() if into.is_file() else []
    return passed, [json.loads(line) for line in lines]
