"""Files that arrive in parts: what is there of each, sealed on disk, until the whole is there or nobody comes back.

A part file is a row of frames: 4 bytes length, 12 bytes nonce, AES-GCM ciphertext. What is there is the sum of the
whole frames; a frame that a full disk or a kill has cut short is taken off before the next one is written.
"""

import fcntl
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django_pgschemas.schema import get_current_schema

KEPT_FOR = 7 * 24 * 3600.0
"""Seconds for which parts wait for the rest: a phone that was away over a week begins anew."""
MOST_FILES, MOST_TOTAL = 32, 64 * 1024 * 1024
"""Unfinished files of one sender, and their bytes together: a phone that begins and never ends fills no disk."""
RESTING = 600.0
"""Seconds after its last part from which an unfinished file may make room for a newer one: no line is that slow."""
_HEAD, _NONCE, _TAG = 4, 12, 16


class Gap(Exception):
    """A part that begins after the end of what is there; `received` bytes are there."""

    def __init__(self, received: int) -> None:
        super().__init__(received)
        self.received = received


class Full(Exception):
    """A sender has as much unfinished as it may, and nothing of it is old enough to go: `files`, `total` bytes."""

    def __init__(self, files: int, total: int) -> None:
        super().__init__(files, total)
        self.files, self.total = files, total


def _folder() -> Path:
    return Path(settings.FILES_DIR) / get_current_schema().schema_name / "parts"


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of one file of `size` bytes from one sender; other names, senders and sizes are other files."""

    sender: int
    sha256: str
    size: int

    @property
    def path(self) -> Path:
        return _folder() / f"{self.sender}-{self.sha256}-{self.size}"

    def received(self) -> int:
        """How many bytes are there, from the beginning on."""
        try:
            with self.path.open("rb") as file:
                return sum(length for _at, length in _frames(file.fileno()))
        except FileNotFoundError:
            return 0

    def add(self, offset: int, data: bytes) -> int:
        """Put `data`, which begins at byte `offset`, behind what is there; returns how many bytes are there now.

        What is there already is not written again. When this returns it is on disk. Raises Gap, and OSError when the
        disk does not take it: then what was there before still is.
        """
        with self._locked() as descriptor:
            frames = list(_frames(descriptor))
            there = sum(length for _at, length in frames)
            if offset > there:
                raise Gap(there)
            fresh = data[there - offset :]
            if not fresh:
                return there
            end = frames[-1][0] + _HEAD + _NONCE + frames[-1][1] + _TAG if frames else 0
            os.ftruncate(descriptor, end)
            os.lseek(descriptor, end, os.SEEK_SET)
            try:
                _write(descriptor, self._sealed(fresh, there))
            except OSError:
                os.ftruncate(descriptor, end)
                raise
            return there + len(fresh)

    def whole(self) -> bytes:
        """Everything that is there, opened. Raises ValueError when the disk gives back something else."""
        parts, there = [], 0
        with self.path.open("rb") as file:
            for at, length in _frames(file.fileno()):
                frame = os.pread(file.fileno(), _NONCE + length + _TAG, at + _HEAD)
                try:
                    parts.append(self._cipher().decrypt(frame[:_NONCE], frame[_NONCE:], self._context(there)))
                except InvalidTag as error:
                    raise ValueError("A part does not open.") from error
                there += length
        return b"".join(parts)

    def forget(self) -> None:
        """Remove the parts, now that the whole is kept or proved to be something else."""
        self.path.unlink(missing_ok=True)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # the same part twice at once: the second finds it there
            yield descriptor
        finally:
            os.close(descriptor)

    def _cipher(self) -> AESGCM:
        return AESGCM(settings.KEYS.data)

    def _context(self, offset: int) -> bytes:
        return f"part:{self.sender}:{self.sha256}:{self.size}:{offset}".encode()

    def _sealed(self, data: bytes, offset: int) -> bytes:
        nonce = os.urandom(_NONCE)
        return struct.pack(">L", len(data)) + nonce + self._cipher().encrypt(nonce, data, self._context(offset))


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
    os.fsync(descriptor)


def _frames(descriptor: int) -> Iterator[tuple[int, int]]:
    """(place, bytes of content) of every whole frame."""
    at, end = 0, os.fstat(descriptor).st_size
    while at + _HEAD <= end:
        length: int = struct.unpack(">L", os.pread(descriptor, _HEAD, at))[0]
        following = at + _HEAD + _NONCE + length + _TAG
        if following > end:
            return
        yield at, length
        at = following


def parts_of(sender: int, sha256: str) -> list[Parts]:
    """What of that file is there from that sender, the furthest first (a sender that changed its mind on the size
    has two)."""
    found = [_named(path) for path in _folder().glob(f"{sender}-{sha256}-*")]
    return sorted(found, key=lambda parts: -parts.received())


def make_room(parts: Parts, fresh: int, *, now: float) -> int:
    """Let `parts` take `fresh` bytes more: its sender's unfinished files that rest the longest go, as many as need be.

    Returns how many went. `now` is in seconds since 1970. Raises Full, having removed nothing, when that would take a
    file that is still being sent, or one that is all there and only waits to be stored.
    """
    others = sorted(_others(parts), key=lambda found: found[0])
    there = {other: other.received() for _touched, other in others}
    files, total = len(others) + 1, sum(there.values()) + parts.received() + fresh
    gone = []
    for touched, other in others:
        if files <= MOST_FILES and total <= MOST_TOTAL:
            break
        if now - touched >= RESTING and there[other] < other.size:
            gone.append(other)
            files, total = files - 1, total - there[other]
    if files > MOST_FILES or total > MOST_TOTAL:
        raise Full(len(others), sum(there.values()))
    for other in gone:
        other.forget()
    return len(gone)


def _others(parts: Parts) -> Iterator[tuple[float, Parts]]:
    for path in _folder().glob(f"{parts.sender}-*"):
        if path != parts.path:
            with suppress(FileNotFoundError):  # another request has just finished it
                yield path.stat().st_mtime, _named(path)


def _named(path: Path) -> Parts:
    sender, sha256, size = path.name.split("-")
    return Parts(int(sender), sha256, int(size))


def forget_parts(*, before: float) -> int:
    """Remove the parts that nobody has added to since `before` (seconds since 1970); returns how many files."""
    gone = 0
    for path in _folder().glob("*-*-*"):
        if path.stat().st_mtime < before:
            path.unlink(missing_ok=True)
            gone += 1
    return gone
