"""The park's web server as a process of its own, on the test's database: it can be killed and started again."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from parkkeeper.kernel.clock import ENVIRONMENT
from parkkeeper.kernel.processes import child_env, free_port, wait_for_port, web_service
from tests.world import EVENING

HOST = "127.0.0.1"


class ServerProcess:
    """`./run serve`'s web server at 18:00 of the small park's day, at an address that stays."""

    def __init__(self, began: float) -> None:
        self.port = free_port(HOST)
        env = child_env({
            "DATABASE_URL": _address(connection.settings_dict), "DJANGO_SETTINGS_MODULE": "parkkeeper.config.settings",
            ENVIRONMENT: f"{EVENING.isoformat()}@{began!r}",
        })  # fmt: skip
        self.service = web_service(host=HOST, port=self.port, env=env, workers=1)

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        self.service.start()
        wait_for_port(self.service, HOST, self.port)

    def kill(self) -> None:
        """kill -9 of all its processes: nobody says goodbye to a phone."""
        assert self.service.process is not None
        os.killpg(self.service.process.pid, signal.SIGKILL)
        self.service.process.wait()


@contextmanager
def server_process(began: float) -> Iterator[ServerProcess]:
    """The server while inside; its clock shows 18:00 at `began` (seconds of time.time())."""
    found = ServerProcess(began)
    found.start()
    try:
        yield found
    finally:
        found.service.stop()


def _address(settings: dict[str, Any]) -> str:
    return f"postgresql://{settings['USER']}@/{settings['NAME']}?host={settings['HOST']}"
