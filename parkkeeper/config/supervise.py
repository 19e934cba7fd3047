"""`./run serve`: PostgreSQL, the web server and the worker, started in order, kept alive, stopped in reverse order."""

import os
import sys
import time
from collections import deque
from contextlib import ExitStack
from pathlib import Path

import psycopg

from parkkeeper.config.field_build import build_apps
from parkkeeper.config.prepare import prepare_site, say
from parkkeeper.kernel.postgres import PostgresError, Server, check_server, data_home, prepare_home
from parkkeeper.kernel.processes import (
    CHECKOUT,
    ProcessError,
    Service,
    child_env,
    free_port,
    port_is_free,
    wait_for_port,
    web_service,
)
from parkkeeper.park.tenancy.checks import refuse_unsafe_pooler

DEFAULT_PORT = 8000
RESTARTS, WITHIN = 5, 60.0
"""A part that ended more often than this within so many seconds is broken: then everything stops."""


def serve(home: Path, *, host: str, port: int | None) -> int:
    """Serve the data home `home` at `host`:`port` (None: the first free port from 8000) until interrupted.

    Returns 1 when a part keeps failing. Raises PostgresError and ProcessError when something cannot start.
    """
    started = time.monotonic()
    with ExitStack() as stopping:
        env, postgres = _database(home, stopping)
        port = _choose_port(host, port)
        build_apps()
        prepare_site(env)
        services = [web_service(host=host, port=port, env=env)]
        if worker_exists():
            services.append(Service("worker", [sys.executable, "-m", "django", "worker"], env))
        for service in services:
            stopping.callback(service.stop)
            service.start()
        stopping.callback(_ask_to_stop, services)  # the first of what is done at the end: one patience for all
        wait_for_port(services[0], host, port)
        _tell(home, host, port, time.monotonic() - started)
        _tell_the_first_step(home, env["DATABASE_URL"])
        return _keep_alive(services, postgres)


def _ask_to_stop(services: list[Service]) -> None:
    for service in services:
        service.ask_to_stop()


def _choose_port(host: str, port: int | None) -> int:
    if port is None:
        port = free_port(host, DEFAULT_PORT)
        if port != DEFAULT_PORT:
            say(f"Port {DEFAULT_PORT} is in use by another program; taking {port}.")
    elif not port_is_free(host, port):
        raise ProcessError(
            f"Port {port} at {host} is in use by another program (or needs root). Stop that program, or choose another "
            f"port: ./run serve --port {free_port(host, port + 1) if port < 65000 else DEFAULT_PORT}"
        )
    return port


def _database(home: Path, stopping: ExitStack) -> tuple[dict[str, str], Server | None]:
    postgres = None
    if url := os.environ.get("DATABASE_URL"):
        check_server(url)
        refuse_unsafe_pooler(url)
        prepare_home(home)
    else:
        postgres = Server(home, say=say)
        stopping.callback(postgres.stop)
        url = postgres.start().url
    return site_env(home, url), postgres


def site_env(home: Path, url: str) -> dict[str, str]:
    """Return the environment of a program that uses the site of the data home `home` and the database at `url`."""
    return child_env(
        {"PARKKEEPER_DATA": str(home), "DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "parkkeeper.config.settings"}
    )


def worker_exists() -> bool:
    """Tell whether there is a management command `worker` to run."""
    return any(CHECKOUT.glob("parkkeeper/**/management/commands/worker.py"))


def _tell(home: Path, host: str, port: int, seconds: float) -> None:
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    say(f"Parkkeeper answers at http://{shown}:{port}/ after {seconds:.1f} s. Ctrl-C stops it.")
    say(f"Everything it keeps is in {home}")
    if host in ("0.0.0.0", "::") and not os.environ.get("PARKKEEPER_HOSTS"):
        say("From other machines: name this one in PARKKEEPER_HOSTS, for example PARKKEEPER_HOSTS=park.example")


def _tell_the_first_step(home: Path, url: str) -> None:
    """Say how to make a park while there is none: until then every page only says so."""
    with psycopg.connect(url) as connection:
        if connection.execute("select exists (select from tenancy_park)").fetchone() == (True,):
            return
    place = "" if home == data_home() else f"PARKKEEPER_DATA='{home}' "
    say(f"There is no park yet. Make one in another terminal: {place}./run manage park mypark --name 我的园区")


def _keep_alive(services: list[Service], postgres: Server | None) -> int:
    """Start again what ended. Returns 1 when that does not help."""
    ends: deque[float] = deque(maxlen=RESTARTS)
    while True:
        time.sleep(0.5)
        parts: list[Service | Server] = [*services, *([postgres] if postgres else [])]
        ended = [part for part in parts if not part.alive()]
        for part in reversed(ended):  # PostgreSQL first
            name = part.name if isinstance(part, Service) else "PostgreSQL"
            if len(ends) == RESTARTS and time.monotonic() - ends[0] < WITHIN:
                say(f"{name} keeps ending; stopping everything. The lines above and {_log(part)} say why.")
                return 1
            ends.append(time.monotonic())
            say(f"{name} ended; starting it again.")
            part.stop() if isinstance(part, Service) else None
            try:
                part.start()
            except (PostgresError, ProcessError) as problem:  # killed while it recovers: once more, it counts
                say(f"{name} did not start: {problem}")


def _log(part: Service | Server) -> str:
    return "the log" if isinstance(part, Service) else str(part.home / "log" / "postgres.log")
