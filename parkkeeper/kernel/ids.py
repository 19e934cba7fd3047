"""Ids of rows: ordered by time, so that indexes grow at one end, and safe to make on a phone or in two processes."""

import os
import secrets
import threading
import time
import uuid

# Names our own family of ids; changing it changes every deterministic id.
NAMESPACE = uuid.UUID("6f1d3c52-0b0e-5c1a-9c57-2f6e6a6b9d01")

_RANDOM_BITS = 74
_STEP_BITS = 32


class _Sequence:
    """The last id's parts, so that ids of one process never go backwards, even when the machine's clock does."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self.millisecond = -1
        self.random = 0

    def advance(self) -> tuple[int, int]:
        millisecond = time.time_ns() // 1_000_000
        if millisecond > self.millisecond:
            self.millisecond, self.random = millisecond, secrets.randbits(_RANDOM_BITS)
            return self.millisecond, self.random
        self.random += 1 + secrets.randbits(_STEP_BITS)
        if self.random >> _RANDOM_BITS:
            self.millisecond, self.random = self.millisecond + 1, secrets.randbits(_RANDOM_BITS)
        return self.millisecond, self.random


_sequence = _Sequence()


def _after_fork() -> None:
    # A forked worker inherits the parent's sequence, and its lock perhaps held: both must start anew.
    _sequence.lock = threading.Lock()
    _sequence.forget()


os.register_at_fork(after_in_child=_after_fork)


def new_id() -> uuid.UUID:
    """Return a new UUIDv7 (RFC 9562): later calls in this process always give a greater id."""
    with _sequence.lock:
        millisecond, random = _sequence.advance()
    high, low = random >> 62, random & ((1 << 62) - 1)
    return uuid.UUID(int=(millisecond & ((1 << 48) - 1)) << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def deterministic_id(*parts: str) -> uuid.UUID:
    """Return the same UUIDv5 for the same parts, always; ("ab", "c") and ("a", "bc") differ.

    Raises ValueError without parts.
    """
    if not parts:
        raise ValueError("A deterministic id needs at least one part.")
    return uuid.uuid5(NAMESPACE, "".join(f"{len(part)}:{part}" for part in parts))
