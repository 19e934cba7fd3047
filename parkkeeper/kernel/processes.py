"""Child processes that never outlive their parent, and that stop in the order we choose.

Two kinds of child:

* a *service* (`Service`: the web server, the worker) has its own process group, so a Ctrl-C in the terminal reaches
  only the parent, which then stops its services in order;
* a *foreground program* (`run_to_end`: pytest, the demo) stays in the terminal's group, so that it can read keys.

Both get a signal from the kernel when the parent dies, even by SIGKILL. A service stands behind a guard (guard.py),
which sees to it that after its `patience` nothing of the service runs, also when we are gone by then.
"""

import ctypes
import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
GUARD = Path(__file__).with_name("guard.py")
WEB_APPLICATION = "parkkeeper.config.wsgi:application"

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class ProcessError(Exception):
    """A child process could not be started or kept alive; the text tells what to do."""


def dies_with_parent(by: signal.Signals) -> Callable[[], None]:
    """Return a `preexec_fn` that makes the kernel send `by` to the child when the thread that starts it ends.

    Raises ProcessError outside the main thread: the child would be ended together with that thread.
    """
    if threading.current_thread() is not threading.main_thread():
        raise ProcessError(
            "Start long-lived child processes from the main thread: they end together with their thread."
        )
    parent = os.getpid()

    def arrange() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(by), 0, 0, 0)
            # The parent may have died before the line above: then no signal will ever come.
            if os.getppid() != parent:
                os._exit(1)

    return arrange


def child_env(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return this process's environment plus `extra`, made so that a child finds our packages from any folder.

    libpq's own variables (PGHOST, PGPORT, …) are left out: they would silently redirect a DATABASE_URL.
    """
    env = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    env.update(extra or {})
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(CHECKOUT), os.environ.get("PYTHONPATH", "")]))
    env.setdefault("PYTHONUNBUFFERED", "1")
    return env


@contextmanager
def orderly_exit() -> Iterator[None]:
    """Inside, SIGTERM and SIGHUP unwind the stack like Ctrl-C does, so every `finally` runs and children are stopped.

    Leaves the process with 143 (SIGTERM) or 129 (SIGHUP). A SIGHUP that nohup ignores stays ignored; a SIGINT that a
    script's `&` ignores is heard again. Does nothing outside the main thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def leave(number: int, frame: FrameType | None) -> None:
        for one in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, signal.SIG_IGN)  # a second signal must not interrupt the stopping
        raise SystemExit(128 + number)

    wanted: dict[signal.Signals, Any] = {signal.SIGTERM: leave}
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        wanted[signal.SIGHUP] = leave
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        wanted[signal.SIGINT] = signal.default_int_handler
    before = {one: signal.signal(one, handler) for one, handler in wanted.items()}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """Inside, Ctrl-C, SIGTERM and SIGHUP are ignored: for stopping children, which must not be cut short."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {one: signal.signal(one, signal.SIG_IGN) for one in numbers}
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@dataclass
class Service:
    """A long-running child in its own process group: `start`, `alive`, `stop`.

    `log` is a file that its output is appended to (None: our own output). `patience` is seconds between the polite
    signal and SIGKILL. `process` is the guard that the program is a child of.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path | None = None
    patience: float = 10.0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start the program. Raises ProcessError when it cannot be started."""
        with ExitStack() as closing:
            output = closing.enter_context(self.log.open("ab")) if self.log else None
            try:
                self.process = subprocess.Popen(
                    [sys.executable, "-I", str(GUARD), str(self.patience), *self.argv],
                    env=dict(self.env),
                    cwd=CHECKOUT,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=output,
                    start_new_session=True,
                    preexec_fn=dies_with_parent(signal.SIGTERM),
                )
            except OSError as problem:
                raise ProcessError(f"{self.name}: {self.argv[0]} could not be started: {problem}") from problem

    def alive(self) -> bool:
        """Tell whether the program is running."""
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        """Begin to stop the program, without waiting: for several that shall stop at once."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def stop(self) -> None:
        """Stop the program and everything it started; returns when all of them are gone."""
        if self.process is None:
            return
        with undisturbed():
            self.ask_to_stop()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(self.patience + 1)
            # Also after a clean end: its own children must not keep the port.
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None


def run_to_end(argv: Sequence[str], *, env: Mapping[str, str], cwd: Path | None = None, patience: float = 20.0) -> int:
    """Run a foreground program in `cwd` and return its exit code (128 + signal number when a signal ended it).

    When we are interrupted it gets time to clean up (`patience` seconds), then SIGTERM, then SIGKILL; after that our
    own interruption goes on.
    """
    child = subprocess.Popen(argv, env=dict(env), cwd=cwd, preexec_fn=dies_with_parent(signal.SIGTERM))
    try:
        code = child.wait()
    except KeyboardInterrupt:
        _end_foreground(child, None if _terminal_told_everybody() else signal.SIGINT, patience)
        raise
    except BaseException:
        _end_foreground(child, signal.SIGTERM, patience)
        raise
    return code if code >= 0 else 128 - code


def _terminal_told_everybody() -> bool:
    """Tell whether a Ctrl-C came from our terminal, which then sent it to the child, too."""
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


def _end_foreground(child: subprocess.Popen[bytes], first: signal.Signals | None, patience: float) -> None:
    with undisturbed():
        for number in (first, signal.SIGTERM, signal.SIGKILL):
            if number is not None and child.poll() is None:
                child.send_signal(number)
            with suppress(subprocess.TimeoutExpired):
                child.wait(patience)
                return


def port_is_free(host: str, port: int) -> bool:
    """Tell whether a server could listen at `host`:`port`. Raises ProcessError for a host that is not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as problem:
            if problem.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise ProcessError(
                f"Cannot listen at {host}: {problem.strerror or problem}. Use --host 127.0.0.1 for this machine only, "
                "or --host 0.0.0.0 for the whole network."
            ) from problem
    return True


def free_port(host: str = "127.0.0.1", first: int = 0, tries: int = 50) -> int:
    """Return a port that is free now: the first from `first` upwards, or any when `first` is 0.

    Raises ProcessError when none of `tries` ports is free.
    """
    if first == 0:
        with socket.socket() as probe:
            probe.bind((host, 0))
            return int(probe.getsockname()[1])
    for port in range(first, min(first + tries, 65536)):
        if port_is_free(host, port):
            return port
    raise ProcessError(f"No free port from {first} to {first + tries - 1} at {host}; name one with --port.")


def wait_for_port(service: Service, host: str, port: int, patience: float = 30.0) -> None:
    """Return when something accepts connections at `host`:`port`.

    Raises ProcessError when the service ends before, or after `patience` seconds.
    """
    reach = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if not service.alive():
            code = service.process.returncode if service.process else None
            raise ProcessError(f"{service.name} ended while starting (exit code {code}).{_log_tail(service.log)}")
        with suppress(OSError), socket.create_connection((reach, port), timeout=1):
            return
        time.sleep(0.03)
    raise ProcessError(f"{service.name} did not answer within {patience:.0f} s.{_log_tail(service.log)}")


def _log_tail(log: Path | None, lines: int = 15) -> str:
    if log is None or not log.exists():
        return ""
    tail = log.read_text(errors="replace").splitlines()[-lines:]
    return "\n".join(["", f"The last lines of {log}:", *tail])


def web_service(
    *,
    port: int,
    env: Mapping[str, str],
    host: str = "127.0.0.1",
    workers: int = 2,
    threads: int = 8,
    log: Path | None = None,
) -> Service:
    """Return the web server as a Service, not yet started; each of `workers` processes has `threads` threads."""
    argv = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        host,
        "--port",
        str(port),
        "--workers",
        str(workers),
        "--blocking-threads",
        str(threads),
        "--respawn-failed-workers",
        "--workers-kill-timeout",
        "5",
        "--log-level",
        "error",  # its warning about threads does not know that most of them wait (parkkeeper/sync/gate.py)
        "--no-ws",
        WEB_APPLICATION,
    ]
    return Service("web server", argv, env, log=log)


@contextmanager
def web_server(
    env: Mapping[str, str],
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    workers: int = 2,
    threads: int = 8,
    log: Path | None = None,
) -> Iterator[str]:
    """Run the web server as a child while inside; gives its address (`http://127.0.0.1:41234`).

    `env` is the child's whole environment (see `child_env`; it must hold DATABASE_URL and PARKKEEPER_DATA); port 0
    takes a free one. Raises ProcessError when it does not come up.
    """
    port = port or free_port(host)
    service = web_service(host=host, port=port, env=env, workers=workers, threads=threads, log=log)
    service.start()
    try:
        wait_for_port(service, host, port)
        yield f"http://{host}:{port}"
    finally:
        service.stop()
