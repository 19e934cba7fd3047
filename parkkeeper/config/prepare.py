"""What must be ready before a command can work: translations, tables, static files, tools of the tests.

As a program (`python -m parkkeeper.config.prepare`, DATABASE_URL and PARKKEEPER_DATA set) it brings the tables and the
static files up to date in one Django process, since starting Django costs most of the time.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from parkkeeper.kernel.processes import CHECKOUT, ProcessError, run_to_end

Say = Callable[[str], None]
BROWSER_PACKAGES = ("chromium", "fonts-noto-cjk")


def say(text: str) -> None:
    """Tell the person at the terminal what happens, on stderr: stdout belongs to results."""
    print(text, file=sys.stderr, flush=True)


def compile_translations(folder: Path = CHECKOUT / "parkkeeper" / "locale") -> int:
    """Compile each .po under `folder` that is newer than its .mo, and return how many were compiled.

    A folder that we may not write to is left as it is: texts without a translation show in simplified Chinese.
    """
    stale = [po for po in sorted(folder.rglob("*.po")) if _older(po.with_suffix(".mo"), po)]
    if not stale or not all(os.access(po.parent, os.W_OK) for po in stale):
        return 0
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    say(f"Compiling {len(stale)} translation catalogues …")
    for po in stale:
        with po.open("rb") as source, tempfile.NamedTemporaryFile(dir=po.parent, delete=False) as part:
            write_mo(part, read_po(source))
        Path(part.name).chmod(0o644)
        Path(part.name).replace(po.with_suffix(".mo"))  # another run may be reading the old one
    return len(stale)


def _older(made: Path, source: Path) -> bool:
    return not made.exists() or made.stat().st_mtime < source.stat().st_mtime


def prepare_site(env: Mapping[str, str]) -> None:
    """Bring the tables and the static files up to date in a child process. Raises ProcessError when that fails."""
    compile_translations()
    started = time.monotonic()
    if run_to_end([sys.executable, "-m", "parkkeeper.config.prepare"], env=env) != 0:
        raise ProcessError("The tables or the static files could not be brought up to date; the lines above say why.")
    say(f"Tables and static files are up to date ({time.monotonic() - started:.1f} s).")


def _tables_and_static_files() -> None:
    import django
    from django.core.management import call_command

    django.setup()
    from django.conf import settings

    call_command("migrate", interactive=False, verbosity=0)
    target = Path(settings.STATIC_ROOT)
    mark, made_of = target / ".made-of", _static_sources()
    if not mark.exists() or mark.read_text() != made_of:
        call_command("collectstatic", interactive=False, verbosity=0)
        mark.write_text(made_of)


def _static_sources() -> str:
    """Return a fingerprint of everything that the static files are made of."""
    digest = hashlib.sha256((CHECKOUT / "requirements.lock").read_bytes())
    for path in sorted((CHECKOUT / "parkkeeper").glob("**/static/**/*")):
        if path.is_file():
            state = path.stat()
            digest.update(f"{path.relative_to(CHECKOUT)} {state.st_size} {state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def missing_browser_packages() -> list[str]:
    """Return the Debian packages of the page tests that this machine lacks."""
    missing = [] if shutil.which("chromium") else [BROWSER_PACKAGES[0]]
    if not any(Path("/usr/share/fonts").rglob("NotoSansCJK*")):
        missing.append(BROWSER_PACKAGES[1])
    return missing


def install_browser_packages() -> None:
    """Install what the page tests need when root on Debian; else name the command. Never fails: those tests skip."""
    missing = missing_browser_packages()
    if not missing:
        return
    command = f"apt-get install --yes --no-install-recommends {' '.join(missing)}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        say(f"The page tests are skipped: {' and '.join(missing)} missing. As root: apt-get update && {command}")
        return
    say(f"Installing {' and '.join(missing)} for the page tests …")
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with tempfile.TemporaryFile() as output:
        for step in (["apt-get", "--quiet", "update"], command.split()):
            code = subprocess.run(step, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output).returncode
            if code != 0:
                output.seek(0)
                say(output.read().decode(errors="replace")[-2000:])
                say(f"The page tests are skipped: `{' '.join(step)}` failed (exit code {code}).")
                return


if __name__ == "__main__":
    _tables_and_static_files()
