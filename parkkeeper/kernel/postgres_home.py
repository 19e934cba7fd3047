"""A data home: the directory with everything that Parkkeeper keeps, and who may enter which part of it."""

import hashlib
import os
import pwd
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from parkkeeper.kernel.postgres_programs import Account, PostgresError, Programs

DATABASE = "parkkeeper"
PORT = 5432  # only names the socket file: the server listens on no network
SOCKET_PATH_LIMIT = 107 - len(f"/.s.PGSQL.{PORT}.lock")


def data_home(env: Mapping[str, str] = os.environ) -> Path:
    """Return the data home: $PARKKEEPER_DATA, or /var/lib/parkkeeper (root), or ~/.local/share/parkkeeper."""
    if chosen := env.get("PARKKEEPER_DATA"):
        return Path(chosen).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/parkkeeper")
    return Path(env.get("XDG_DATA_HOME") or Path.home() / ".local" / "share").absolute() / "parkkeeper"


class Layout:
    """The places inside a data home that belong to the server."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.lock = home / "lock"  # held by the one supervisor
        self.programs = home / "programs"  # copies, when the wheel cannot be read by the server's account
        self.access = home / "access"  # pg_hba.conf, pg_ident.conf: ours, not writable by the server's account
        self.server = home / "postgres"  # belongs to the server's account, 0700
        self.data = self.server / "data"
        self.log = home / "log" / "postgres.log"


def prepare_home(home: Path) -> None:
    """Make the data home if there is none: private to us, except that root lets the server's account pass through.

    The permissions of an existing directory are left alone. Raises PostgresError when it cannot be made.
    """
    try:
        if not home.is_dir():
            home.mkdir(parents=True)
            home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    except OSError as problem:
        raise PostgresError(
            f"The data directory {home} cannot be used: {problem.strerror}. Choose another one with --data DIR or "
            "the environment variable PARKKEEPER_DATA."
        ) from problem


def write_access_rules(layout: Layout, account: Account, programs: Programs) -> None:
    """Let in whoever started us, and the server's account, by the kernel's word: there is no password to lose."""
    names = {account.name, pwd.getpwuid(os.geteuid()).pw_name}
    roles = "all" if programs.major >= 16 else DATABASE  # 15 knows no "all" in this file
    lines = "".join(f'owner "{name}" {roles}\n' for name in sorted(names))
    for path, text in (
        (layout.access / "pg_hba.conf", "local all all peer map=owner\n"),
        (layout.access / "pg_ident.conf", lines),
    ):
        path.write_text(text)
        path.chmod(0o644)


def socket_folder(layout: Layout, account: Account) -> Path:
    """Return an empty folder for the socket, 0700 for the account, its path short and plain enough for libpq.

    Call only when no server of this home runs: what a killed one left in it is removed.
    """
    inside = layout.server / "socket"
    if len(os.fsencode(inside)) <= SOCKET_PATH_LIMIT and not set(str(inside)) & set(',"\\'):
        folder = inside
    else:
        short = hashlib.sha256(os.fsencode(layout.home.resolve())).hexdigest()[:12]
        runtime = os.environ.get("XDG_RUNTIME_DIR", "")
        above = Path(runtime if runtime and os.geteuid() == account.uid else "/tmp")
        folder = above / f"parkkeeper-{account.uid}-{short}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
        os.chown(folder, account.uid, account.gid)
    found = folder.lstat()
    # In /tmp anybody could have made a folder of this name to listen in our place.
    if not folder.is_dir() or folder.is_symlink() or found.st_uid != account.uid or found.st_mode & 0o077:
        raise PostgresError(f"{folder} should be a folder of {account.name} alone, and is not. Remove it.")
    # A stale lock blocks the start when its process id is a zombie's or somebody else's by now.
    for left in folder.glob(".s.PGSQL.*"):
        left.unlink()
    return folder


def run_as(argv: list[str], account: Account) -> subprocess.CompletedProcess[str]:
    """Run a short program as the account and return its outcome (text); never raises for its exit code."""
    return subprocess.run(
        argv, capture_output=True, text=True, cwd="/", env=plain_env(), timeout=300, **account.popen_arguments()
    )


def plain_env() -> dict[str, str]:
    """Return an environment without PG*, LC_* and LANGUAGE, which would change what the server does."""
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "LC_ALL": "C.UTF-8"}
