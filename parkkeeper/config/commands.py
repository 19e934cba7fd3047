"""The commands of `./run`: each sets up what it needs, does its work, and leaves no process behind."""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from parkkeeper.config.field_build import build_apps
from parkkeeper.config.prepare import compile_translations, install_browser_packages, prepare_site, say
from parkkeeper.config.supervise import serve, site_env
from parkkeeper.kernel.postgres import PostgresError, data_home, database, running_url, throwaway
from parkkeeper.kernel.postgres_programs import wheel_programs
from parkkeeper.kernel.processes import CHECKOUT, ProcessError, orderly_exit, run_to_end

SLOW = ("tests/pages", "tests/phone", "tests/faults")  # a browser, or servers that are stopped
# A file's tests together in one process, in the order of tests/conftest.py; one process a core. Tests with a browser or
# servers wait as long as they work: with them one process more.
TOGETHER = ("--dist", "loadfile", "--no-loadscope-reorder")
EVERY_CORE = ("-n", "auto", *TOGETHER)
ONE_MORE = ("-n", str((os.cpu_count() or 1) + 1), *TOGETHER)
HELP = """\
./run demo [--days N] [--no-serve] [--json FILE]   replay the sample park's weeks, print its figures, serve it
./run serve [--port N] [--host H]                  run Parkkeeper for your own park
./run test [arguments of pytest]                   every test
./run check [--static]                             format, lint, imports, types, migrations, browser apps, unit tests;
                                                   --static: without the unit tests, which ./run test runs as well
./run bench NAME [--json FILE]                     measure reconcile, pages, import, ingest, growth, faults, deadlines,
                                                   camera
./run messages                                     update the translation catalogues, list what lacks English
./run manage COMMAND …                             a command of Django, on the data of serve

demo, serve and bench take --data DIR: where everything is kept ($PARKKEEPER_DATA; now {home}).
DATABASE_URL=postgresql://… makes serve and manage use that server instead of their own.
docs/operations.md tells more.
"""


def main(arguments: Sequence[str]) -> int:
    """Run one command and return its exit code: 1 for a refusal (told on stderr), 130 after Ctrl-C."""
    name, rest = (arguments[0], list(arguments[1:])) if arguments else ("help", [])
    command = COMMANDS.get(name)
    if command is None:
        print(HELP.format(home=data_home()), end="")
        if name in ("help", "--help", "-h"):
            return 0
        say(f"run: there is no command {name!r}.")
        return 2
    try:
        with orderly_exit():
            return command(rest)
    except (PostgresError, ProcessError) as problem:
        say(f"run: {problem}")
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
        return 130


def run_serve(arguments: list[str]) -> int:
    """Serve the user's own park until interrupted."""
    parser = argparse.ArgumentParser("./run serve", allow_abbrev=False)
    parser.add_argument("--port", type=int, help="the port to listen at (the first free one from 8000)")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (127.0.0.1)")
    parser.add_argument("--data", type=Path, help="the data directory")
    chosen = parser.parse_args(arguments)
    return serve(_absolute(chosen.data) or data_home(), host=chosen.host, port=chosen.port)


def run_demo(arguments: list[str]) -> int:
    """Build, replay and serve the sample park, in a data directory and a database of its own."""
    data, rest = _take_data(arguments)
    home = data or data_home() / "demo"
    if os.environ.get("DATABASE_URL"):
        say("The demo leaves DATABASE_URL alone and uses a database of its own.")
    compile_translations()
    build_apps()
    say(f"The demo keeps its data in {home}")
    home.parent.mkdir(parents=True, exist_ok=True)
    with database(home, {}, say=say) as found:
        env = site_env(home, found["DATABASE_URL"])
        prepare_site(env)
        return run_to_end([sys.executable, "-m", "parkkeeper.demo", *rest], env=env)


def run_bench(arguments: list[str]) -> int:
    """Measure one thing on a durable server that is thrown away afterwards, or on that of --data DIR."""
    data, rest = _take_data(arguments)
    if not rest or rest[0].startswith("-"):
        say(
            "run: name what to measure: ./run bench reconcile | pages | import | ingest | growth | faults | "
            "deadlines | camera"
        )
        return 2
    if rest[0] in ("camera", "faults"):  # these show the field app to a browser
        install_browser_packages()
        build_apps()
    with _bench_env(data) as env:
        prepare_site(env)
        return run_to_end([sys.executable, "-m", "parkkeeper.demo.bench", *rest], env=env)


@contextmanager
def _bench_env(data: Path | None) -> Iterator[dict[str, str]]:
    if data:
        with database(data, {}, say=say) as found:
            yield site_env(data, found["DATABASE_URL"])
    else:
        with throwaway(durable=True, say=say) as server:
            yield site_env(_files_of(server.home), server.url)


def run_manage(arguments: list[str]) -> int:
    """Run a Django command on the data of `./run serve`, whether it is running now or not."""
    home = data_home()
    if not os.environ.get("DATABASE_URL") and (url := running_url(home)):
        return _django(arguments, site_env(home, url))
    with database(home, say=say) as found:
        return _django(arguments, site_env(home, found["DATABASE_URL"]))


def _django(arguments: list[str], env: dict[str, str]) -> int:
    if programs := wheel_programs():  # `dbshell` needs a psql, and this machine may have none
        env["PATH"] = os.pathsep.join([env.get("PATH", os.defpath), str(programs)])
    return run_to_end([sys.executable, "-m", "django", *arguments], env=env)


def run_messages(arguments: list[str]) -> int:
    """Bring the translation catalogues up to date with the code; return 1 when a text lacks English."""
    from parkkeeper.config.messages import main as update_catalogues

    if arguments:
        say("run: messages takes no arguments")
        return 2
    return update_catalogues()


def run_test(arguments: list[str]) -> int:
    """Run pytest on everything (or on what `arguments` say) with a throw-away PostgreSQL."""
    folders = [argument for argument in arguments if argument.startswith("tests/")]
    if not folders or any(folder.startswith(("tests/pages", "tests/phone")) for folder in folders):
        install_browser_packages()
        build_apps()
    with _test_env() as env:
        return run_to_end([*_pytest(), *([] if arguments else ONE_MORE), *arguments], env=env, cwd=CHECKOUT)


def run_check(arguments: list[str]) -> int:
    """Run every static check and, unless `arguments` is --static, the unit tests; tell which of them failed."""
    if arguments not in ([], ["--static"]):
        say("run: check takes --static or nothing; for some tests only: ./run test tests/…")
        return 2
    python = [sys.executable, "-m"]
    imports = "from importlinter.cli import lint_imports_command as run; run()"
    steps = {
        "format": [*python, "ruff", "format", "--check", "--quiet", "."],
        "lint": [*python, "ruff", "check", "--quiet", "."],
        "imports": [sys.executable, "-c", imports, "--no-cache", "--no-logo"],
        "types": [*python, "mypy"],
        "migrations": [*python, "django", "makemigrations", "--check", "--dry-run"],
        "browser apps": [*python, "parkkeeper.config.field_build"],
        "unit tests": [*_pytest(), *EVERY_CORE, "--quiet", *(f"--ignore={folder}" for folder in SLOW)],
    }
    if arguments:
        del steps["unit tests"]
    failed = []
    with _test_env() as env:
        for title, step in steps.items():
            started = time.monotonic()
            say(f"── {title}")
            code = run_to_end(step, env=env, cwd=CHECKOUT)
            say(f"── {title}: {'ok' if code == 0 else 'FAILED'} ({time.monotonic() - started:.1f} s)")
            failed += [title] if code else []
    say(f"check: {', '.join(failed)} failed" if failed else "check: all is well")
    return 1 if failed else 0


def _pytest() -> list[str]:
    return [sys.executable, "-m", "pytest"]


@contextmanager
def _test_env() -> Iterator[dict[str, str]]:
    """A new PostgreSQL, an empty data home, and none of the user's own settings of Parkkeeper."""
    compile_translations()
    if os.environ.get("DATABASE_URL"):
        say("The tests leave DATABASE_URL alone and use a throw-away PostgreSQL.")
    with throwaway(say=say) as server:
        env = site_env(_files_of(server.home), server.url)
        for name in [name for name in env if name.startswith("PARKKEEPER_")]:
            if name not in ("PARKKEEPER_DATA", "PARKKEEPER_PG_BIN"):
                del env[name]
        if not os.access(CHECKOUT, os.W_OK):  # somebody else's checkout: the tools' caches go elsewhere
            caches = Path(tempfile.gettempdir()) / f"parkkeeper-caches-{os.geteuid()}"
            env |= {
                "RUFF_CACHE_DIR": str(caches / "ruff"),
                "MYPY_CACHE_DIR": str(caches / "mypy"),
                "PYTEST_ADDOPTS": f"{env.get('PYTEST_ADDOPTS', '')} -p no:cacheprovider",
                "HYPOTHESIS_STORAGE_DIRECTORY": str(caches / "hypothesis"),
            }
        yield env


def _files_of(home: Path) -> Path:
    """Return a data home for programs beside a throw-away server, private to us."""
    files = home / "site"
    files.mkdir(mode=0o700)
    return files


def _take_data(arguments: list[str]) -> tuple[Path | None, list[str]]:
    parser = argparse.ArgumentParser("./run", allow_abbrev=False, add_help=False)
    parser.add_argument("--data", type=Path)
    chosen, rest = parser.parse_known_args(arguments)
    return _absolute(chosen.data), rest


def _absolute(path: Path | None) -> Path | None:
    return path.expanduser().absolute() if path else None


COMMANDS: dict[str, Callable[[list[str]], int]] = {
    "bench": run_bench,
    "check": run_check,
    "demo": run_demo,
    "manage": run_manage,
    "messages": run_messages,
    "serve": run_serve,
    "test": run_test,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
