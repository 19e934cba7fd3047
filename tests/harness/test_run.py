"""`./run` makes its Python environment once, wherever it lies and whoever runs it, and says what is missing."""

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from parkkeeper.kernel.processes import CHECKOUT

# What stands in for the outside: uv and pip record how they were called instead of fetching packages.
FAKE_UV = """#!/bin/sh
echo "uv $* index=$UV_DEFAULT_INDEX downloads=$UV_PYTHON_DOWNLOADS" >>"$CALLS"
exit ${UV_EXIT:-0}
"""
FAKE_PYTHON = """#!/bin/sh
case "$*" in
  *"-m pip config get global.index-url") [ -n "$PIP_CONFIGURED" ] && echo "$PIP_CONFIGURED"; exit ;;
  *"-m pip config get "*) exit 1 ;;
  *"-m pip "*) echo "pip $*" >>"$CALLS"; [ -z "$NO_PIP" ]; exit ;;
  *"-m ensurepip"*) exit 1 ;;
esac
exec "$REAL_PYTHON" "$@"
"""
COMMANDS = "import sys; print(sys.argv[1:])\n"


class Machine:
    """A copy of the script in a checkout with a space in its path, and a machine with fake tools."""

    def __init__(self, folder: Path) -> None:
        self.checkout = folder / "a check out"
        package = self.checkout / "parkkeeper" / "config"
        package.mkdir(parents=True)
        (package / "commands.py").write_text(COMMANDS)
        shutil.copy(CHECKOUT / "run", self.checkout)
        self.lock = self.checkout / "requirements.lock"
        self.lock.write_text("nothing==1.0\n")
        self.tools = folder / "tools"
        self.tools.mkdir()
        self.calls = folder / "calls"
        self.calls.touch()
        self.calls.chmod(0o666)
        self.tool("uv", FAKE_UV)
        self.tool("python3", FAKE_PYTHON)
        base = Path("/usr/bin/python3") if Path("/usr/bin/python3").exists() else Path(sys.executable).resolve()
        self.env = {
            "PATH": f"{self.tools}:/usr/bin:/bin",
            "HOME": str(folder / "home"),
            "CALLS": str(self.calls),
            "REAL_PYTHON": str(base),
        }

    def tool(self, name: str, text: str) -> None:
        path = self.tools / name
        path.write_text(text)
        path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)

    def run(self, *arguments: str, user: str | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.checkout / "run", *arguments],
            env=self.env | env,
            cwd="/",
            capture_output=True,
            text=True,
            timeout=60,
            user=user,
            group="nogroup" if user else None,
            extra_groups=[] if user else None,
        )

    def called(self) -> list[str]:
        return self.calls.read_text().splitlines()


@pytest.fixture
def machine() -> Iterator[Machine]:
    folder = Path(tempfile.mkdtemp(prefix="pk-run-", dir="/tmp"))
    folder.chmod(0o755)
    yield Machine(folder)
    shutil.rmtree(folder)


def test_the_environment_is_made_once_and_arguments_arrive_whole(machine: Machine) -> None:
    first = machine.run("serve", "--data", "a b", "")
    assert first.stdout == "['serve', '--data', 'a b', '']\n"
    assert "Setting up" in first.stderr
    venv = machine.checkout / ".venv"
    assert machine.called() == [
        f"uv pip sync --python {venv}/bin/python --require-hashes {machine.lock} index= downloads=never"
    ]
    again = machine.run("check")
    assert (again.stdout, again.stderr) == ("['check']\n", "")
    assert len(machine.called()) == 1


def test_compiled_files_are_kept_though_the_machine_says_otherwise(machine: Machine) -> None:
    """Each of our many processes would compile everything anew."""
    (machine.checkout / "parkkeeper" / "config" / "commands.py").write_text(
        "import sys; print(sys.dont_write_bytecode)"
    )
    assert machine.run("help", PYTHONDONTWRITEBYTECODE="1").stdout == "False\n"


def test_a_changed_lock_file_is_installed_again(machine: Machine) -> None:
    machine.run("help")
    machine.lock.write_text("nothing==2.0\n")
    machine.run("help")
    assert len(machine.called()) == 2


def test_a_failed_set_up_is_not_taken_for_done(machine: Machine) -> None:
    failed = machine.run("help", UV_EXIT="2", NO_PIP="1")
    assert failed.returncode != 0
    assert failed.stdout == ""
    assert machine.run("help").stdout == "['help']\n"


def test_pip_installs_when_uv_cannot(machine: Machine) -> None:
    done = machine.run("help", UV_EXIT="2")
    assert done.stdout == "['help']\n"
    assert f"install --require-hashes --requirement {machine.lock}" in machine.called()[-1]


def test_uv_is_told_the_index_that_pip_uses(machine: Machine) -> None:
    machine.run("help", PIP_CONFIGURED="https://mirror.example/simple")
    machine.lock.write_text("nothing==2.0\n")
    machine.run("help", PIP_INDEX_URL="https://other.example/simple")
    machine.lock.write_text("nothing==3.0\n")
    machine.run("help", PIP_INDEX_URL="https://other.example/simple", UV_DEFAULT_INDEX="https://own.example/simple")
    assert [line.split("index=")[1].split()[0] for line in machine.called()] == [
        "https://mirror.example/simple",
        "https://other.example/simple",
        "https://own.example/simple",
    ]


def test_a_machine_without_pip_is_told_the_remedy(machine: Machine) -> None:
    (machine.tools / "uv").unlink()
    result = machine.run("help", NO_PIP="1")
    assert result.returncode != 0
    assert "apt-get install python3-pip" in result.stderr


def test_a_machine_without_a_new_python_is_told_the_remedy(machine: Machine) -> None:
    result = machine.run("help", PARKKEEPER_PYTHON="/no/such/python")
    assert result.returncode != 0
    assert "apt-get install python3 python3-pip" in result.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_somebody_else_s_checkout_gets_an_environment_of_one_s_own(machine: Machine) -> None:
    home = Path(machine.env["HOME"])
    home.mkdir()
    shutil.chown(home, "nobody")
    result = machine.run("help", user="nobody")
    assert result.stdout == "['help']\n", result.stderr
    assert not (machine.checkout / ".venv").exists()
    assert [path.name.partition("-")[0] for path in (home / ".cache" / "parkkeeper").iterdir() if path.is_dir()] == [
        "venv"
    ]


def test_no_address_of_a_package_index_is_in_the_lock_file_or_the_script() -> None:
    assert "://" not in (CHECKOUT / "requirements.lock").read_text()
    addresses = [word for word in (CHECKOUT / "run").read_text().split() if "://" in word]
    assert {address.removeprefix("PIP_INDEX_URL=") for address in addresses} <= {"https://…"}
