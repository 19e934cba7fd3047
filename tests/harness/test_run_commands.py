"""The commands of `./run`: what they refuse, what they start, and that nothing of it remains."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from parkkeeper.config import commands, prepare
from parkkeeper.kernel.processes import CHECKOUT, child_env


def start(*arguments: str, **env: str) -> subprocess.Popen[str]:
    kept = {name: value for name, value in child_env().items() if not name.startswith(("PYTEST", "PARKKEEPER"))}
    return subprocess.Popen(
        [sys.executable, "-m", "parkkeeper.config.commands", *arguments],
        env=kept | env,
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def until(condition: Callable[[], bool], patience: float = 30.0) -> bool:
    end = time.monotonic() + patience
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def mentioning(text: str) -> list[str]:
    """The command lines of all processes that mention `text` there or in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = entry.read_bytes().replace(b"\0", b" ")
            told = line + entry.with_name("environ").read_bytes()
        except OSError:
            continue  # ended meanwhile, or somebody else's
        if text.encode() in told and entry.parent.name != str(os.getpid()):
            found.append(line.decode(errors="replace"))
    return found


def test_the_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main([]) == 0
    told = capsys.readouterr().out
    assert [name for name in commands.COMMANDS if f"./run {name}" not in told] == []


def test_an_unknown_command_is_refused_with_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["sevre"]) == 2
    told = capsys.readouterr()
    assert "no command 'sevre'" in told.err
    assert "./run serve" in told.out


def test_a_bench_without_a_name_is_told_the_names(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["bench", "--json", "out.json"]) == 2
    assert "reconcile | pages | import" in capsys.readouterr().err


def test_check_runs_every_step_and_fails_when_one_fails(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    steps: list[str] = []

    def pretend(argv: list[str], *, env: dict[str, str], cwd: Path | None = None, patience: float = 20.0) -> int:
        steps.append(" ".join(argv))
        return 1 if "mypy" in argv else 0

    monkeypatch.setattr(commands, "run_to_end", pretend)
    assert commands.main(["check"]) == 1
    assert "check: types failed" in capsys.readouterr().err
    for wanted in ("ruff format --check", "ruff check", "importlinter", "mypy", "makemigrations --check", "pytest"):
        assert any(wanted in step for step in steps), wanted
    whole, steps = steps, []
    assert commands.main(["check", "--static"]) == 1
    assert steps == [step for step in whole if "pytest" not in step] == whole[:-1]


def test_ci_leaves_tests_out_of_the_check_only_because_it_runs_all_of_them() -> None:
    ran = [line for line in (CHECKOUT / ".ci" / "run").read_text("utf-8").splitlines() if "./run" in line]
    assert ran == ["bash ./run check --static", "bash ./run test"]


def test_the_tests_get_a_throw_away_database_and_the_exit_code_of_pytest(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    (tmp_path / "test_it.py").write_text(
        f"import os, pathlib\ndef test_it():\n    pathlib.Path({str(seen)!r}).write_text(os.environ['DATABASE_URL'])\n"
        "    assert 'PARKKEEPER_HOSTS' not in os.environ\n    assert 0\n"
    )
    run = start(
        "test", "-p", "no:django", "-c", "/dev/null", str(tmp_path),
        DATABASE_URL="postgresql://precious.example/production", PARKKEEPER_HOSTS="x",
    )  # fmt: skip
    told, _ = run.communicate(timeout=60)
    assert run.returncode == 1
    assert "1 failed" in told
    assert "precious" not in seen.read_text()
    assert mentioning(seen.read_text().partition("host=")[2].removesuffix("/postgres/socket")) == []


@pytest.mark.parametrize(
    ("by", "more"), [(signal.SIGTERM, ()), (signal.SIGINT, ()), (signal.SIGKILL, ()), (signal.SIGKILL, ("-n", "1"))]
)
def test_interrupted_tests_leave_no_process(tmp_path: Path, by: signal.Signals, more: tuple[str, ...]) -> None:
    seen = tmp_path / "seen"
    (tmp_path / "test_it.py").write_text(
        "import os, pathlib, time\ndef test_it():\n"
        f"    pathlib.Path({str(seen)!r}).write_text(os.environ['DATABASE_URL'])\n    time.sleep(60)\n"
    )
    run = start("test", "-p", "no:django", "-c", "/dev/null", *more, str(tmp_path))
    assert until(lambda: seen.exists() and seen.read_text() != "")
    home = seen.read_text().partition("host=")[2].removesuffix("/postgres/socket")
    assert mentioning(home)
    run.send_signal(by)
    run.communicate(timeout=30)
    assert until(lambda: mentioning(home) == [])
    assert until(lambda: mentioning(str(tmp_path)) == [])
    shutil.rmtree(home, ignore_errors=True)  # SIGKILL leaves the folder, though nothing runs in it


def test_translations_are_compiled_only_when_they_are_newer(tmp_path: Path) -> None:
    po = tmp_path / "en" / "LC_MESSAGES" / "django.po"
    po.parent.mkdir(parents=True)
    po.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "园区"\nmsgstr "Park"\n')
    assert prepare.compile_translations(tmp_path) == 1
    import gettext

    with po.with_suffix(".mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("园区") == "Park"
    assert prepare.compile_translations(tmp_path) == 0
    later = time.time() + 10
    os.utime(po, (later, later))
    assert prepare.compile_translations(tmp_path) == 1
    assert prepare.compile_translations(tmp_path / "no such folder") == 0


def test_an_ordinary_user_is_told_how_to_get_the_browser(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare, "missing_browser_packages", lambda: ["chromium"])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    prepare.install_browser_packages()
    assert "apt-get update && apt-get install --yes --no-install-recommends chromium" in capsys.readouterr().err
