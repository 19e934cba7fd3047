"""One way only to write a value as bytes, so that a hash over it means the same for ever."""

import hashlib
import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from uuid import UUID

import orjson

_GREATEST_INTEGER = 2**53 - 1


def canonical_json(value: object) -> bytes:
    """Return `value` as JSON bytes: keys sorted, no spaces, UTF-8, moments in UTC with six decimals and Z.

    Takes None, bool, int, str, finite float, Decimal, UUID, date, aware datetime, bytes (hex), enums by value, and
    lists, tuples, mappings with text keys of these. A float that is a whole number is written as that integer; a
    Decimal as text with its digits. Raises TypeError for anything else, ValueError for a naive moment, a float that
    is not finite, or an integer beyond 2**53 - 1, which other readers would round.
    """
    return orjson.dumps(_plain(value), option=orjson.OPT_SORT_KEYS)


def chain_hash(previous: bytes, payload: bytes) -> bytes:
    """Return the SHA-256 (32 bytes) that ties `payload` to the hash before it (32 bytes, or empty for the first)."""
    if len(previous) not in (0, 32):
        raise ValueError(f"The hash before has 32 bytes, or none for the first; this one has {len(previous)}.")
    # The length tells the first link from a payload that begins with the bytes of a hash.
    return hashlib.sha256(bytes([len(previous)]) + bytes(previous) + payload).digest()


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return _plain(value.value)
    if value is None or isinstance(value, bool):
        return value
    # str(…) of subclasses: translated and safe strings are text like any other.
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int | float):
        return _number(value)
    if isinstance(value, Mapping):
        return {_key(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return _text_of(value)


def _number(value: float) -> int | float:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value!r} has no place in canonical JSON.")
        if not value.is_integer():
            return float(value)
        value = int(value)
    if abs(value) > _GREATEST_INTEGER:
        raise ValueError(f"{value} is beyond 2**53 - 1; write it as text.")
    return int(value)


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise TypeError(f"The key {key!r} is not text.")
    return str(key)


def _text_of(value: object) -> str:
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError(f"The moment {value.isoformat()} has no time zone.")
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value!r} has no place in canonical JSON.")
        return format(value, "f")
    if isinstance(value, bytes | memoryview):
        return value.hex()
    raise TypeError(f"{type(value).__name__} has no canonical form.")
