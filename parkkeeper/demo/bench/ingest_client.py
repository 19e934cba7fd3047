"""Phones that send as fast as they are answered, in a process of their own so that their processor time stays apart.

`python -m parkkeeper.demo.bench.ingest_client` reads a pickled Errand from stdin and writes a pickled Outcome to
stdout; `send` does both. Requests are made beforehand, byte for byte.
"""

import gzip
import pickle
import random
import resource
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from parkkeeper.kernel.processes import child_env

MOST_TRIES = 60
_END = b"\r\n\r\n"
_ZIPPED = b"\x1f\x8b"


@dataclass
class Errand:
    """Where to, and what: the requests of each phone, in order. All phones begin in the same moment."""

    host: str
    port: int
    phones: list[list[bytes]]


@dataclass
class Outcome:
    """Seconds from the first request to the last answer, of each request alone, and of the processor of the phones.

    `refused` counts 429 and 503 by code, each of which was sent again after its Retry-After; `failed` every other.
    """

    seconds: float = 0.0
    waited: list[float] = field(default_factory=list)
    cpu: float = 0.0
    refused: Counter[int] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)
    doubted: int = 0


def send(address: str, phones: Iterable[list[bytes]]) -> Outcome:
    """Let these phones send to `host` at `port`, and wait for the last answer."""
    host, _colon, port = address.removeprefix("http://").rpartition(":")
    errand = pickle.dumps(Errand(host, int(port), list(phones)))
    argv = [sys.executable, "-m", "parkkeeper.demo.bench.ingest_client"]
    done = subprocess.run(argv, input=errand, stdout=subprocess.PIPE, env=child_env(), check=True)
    outcome: Outcome = pickle.loads(done.stdout)
    return outcome


class _Phone(threading.Thread):
    def __init__(self, errand: Errand, requests: list[bytes], begin: threading.Barrier) -> None:
        super().__init__(daemon=True)
        self.place, self.requests, self.begin = (errand.host, errand.port), requests, begin
        self.outcome = Outcome()
        self.socket: socket.socket | None = None

    def run(self) -> None:
        self.begin.wait()
        for request in self.requests:
            started = time.perf_counter()
            self._until_answered(request)
            self.outcome.waited.append(time.perf_counter() - started)
        if self.socket is not None:
            self.socket.close()

    def _until_answered(self, request: bytes) -> None:
        for _attempt in range(MOST_TRIES):
            try:
                status, head, body = self._ask(request)
            except OSError as error:
                self.outcome.failed.append(repr(error))
                self.socket = None
                return
            if status == 200:
                self.outcome.doubted += b'"doubts"' in body
                return
            if status not in (429, 503):
                self.outcome.failed.append(f"{status} {body[:200]!r}")
                return
            self.outcome.refused[status] += 1
            time.sleep(_seconds(head, b"retry-after", 1) * random.uniform(1, 1.5))
        self.outcome.failed.append("never taken")

    def _ask(self, request: bytes) -> tuple[int, bytes, bytes]:
        if self.socket is None:
            self.socket = socket.create_connection(self.place, timeout=120)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(request)
        got = b""
        while _END not in got:
            got += self._more()
        head, _end, body = got.partition(_END)
        length = _seconds(head, b"content-length", 0)
        parts, have = [body], len(body)
        while have < length:
            parts.append(self._more())
            have += len(parts[-1])
        body = b"".join(parts)
        return int(head[9:12]), head, gzip.decompress(body) if body[:2] == _ZIPPED else body

    def _more(self) -> bytes:
        assert self.socket is not None
        part = self.socket.recv(262_144)
        if not part:
            raise ConnectionError("cut off")
        return part


def _seconds(head: bytes, name: bytes, default: int) -> int:
    for line in head.split(b"\r\n"):
        if line[: len(name)].lower() == name:
            return int(line.partition(b":")[2])
    return default


def main() -> None:
    errand: Errand = pickle.load(sys.stdin.buffer)
    threading.stack_size(256 * 1024)
    begin = threading.Barrier(len(errand.phones) + 1)
    phones = [_Phone(errand, requests, begin) for requests in errand.phones]
    for phone in phones:
        phone.start()
    used = _used()
    begin.wait()
    started = time.perf_counter()
    for phone in phones:
        phone.join()
    whole = Outcome(seconds=time.perf_counter() - started, cpu=_used() - used)
    for phone in phones:
        whole.waited += phone.outcome.waited
        whole.refused += phone.outcome.refused
        whole.failed += phone.outcome.failed
        whole.doubted += phone.outcome.doubted
    sys.stdout.buffer.write(pickle.dumps(whole))


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    # unpickling names the classes by the module's own name, not by __main__
    from parkkeeper.demo.bench import ingest_client

    ingest_client.main()
