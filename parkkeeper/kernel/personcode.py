"""Person codes: a short signed text that says who somebody is, checked on a phone without network and without a roster.

Text: "PK1:" and base45 (RFC 9285) of body and signature. Body, numbers big-endian:

    4 bytes   mark of the park
    1 byte    number of the signing key
    16 bytes  the person's id
    2 bytes   first day of validity, days since 2020-01-01
    2 bytes   last day of validity
    0-24      label in UTF-8: enterprise and staff number, for a phone that has no roster

The signature is Ed25519 (64 bytes) over the ASCII text "PK1:" followed by the body. docs/protocol.md has test vectors.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PREFIX = "PK1:"
MARK_BYTES = 4
GREATEST_KEY = 255
LABEL_BYTES = 24
_STAFF_NUMBER_BYTES = 12
_HEAD, _SIGNATURE = 25, 64
_EPOCH = date(2020, 1, 1)
_BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUE = {character: value for value, character in enumerate(_BASE45)}
_ANY_VERSION = re.compile(r"PK\d+:")

State = Literal[
    "good", "expired", "not_yet", "tampered", "unknown_key", "foreign_park", "damaged", "newer_version", "no_code"
]
BELIEVED: frozenset[State] = frozenset({"good", "expired", "not_yet"})
"""States in which the signature holds: who it is can be relied on."""


@dataclass(frozen=True, slots=True)
class PersonCode:
    """What a code says. `park` is the park's mark of 4 bytes, `key` 1-255, `first` and `last` local days, inclusive."""

    park: bytes
    key: int
    person: UUID
    first: date
    last: date
    label: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of a text: `code` is set when the signature holds; `claim` is what an unproven code says."""

    state: State
    code: PersonCode | None = None
    claim: PersonCode | None = None


def label_of(enterprise: str, staff_number: str) -> str:
    """The label for these two, at most 24 bytes of UTF-8: a long enterprise is cut, a long staff number left out.

    A staff number that was cut would be somebody else's.
    """
    number = staff_number if len(staff_number.encode()) <= _STAFF_NUMBER_BYTES else ""
    room = LABEL_BYTES - (len(number.encode()) + 1 if number else 0)
    short = enterprise.encode()[:room].decode(errors="ignore").strip()
    return f"{short} {number}".strip()


def sign(code: PersonCode, private: bytes) -> str:
    """The text of the code, signed with a private Ed25519 key of 32 bytes; the same code gives the same text.

    Raises ValueError for what has no place in it: a mark, key number, day or label out of bounds, last before first.
    """
    body = _body_of(code)
    signature = Ed25519PrivateKey.from_private_bytes(private).sign(PREFIX.encode() + body)
    return PREFIX + to_base45(body + signature)


def read(text: str, *, park: bytes, keys: Mapping[int, bytes], day: date) -> Reading:
    """Whether `text` is a code of the park with that mark, valid on the local `day`; never raises.

    `keys` are the park's public keys (32 bytes) by number. Nothing of a `claim` may be shown as true.
    """
    tidy = text.strip().upper()
    if not tidy.startswith(PREFIX):
        return Reading("newer_version" if _ANY_VERSION.match(tidy) else "no_code")
    try:
        data = from_base45(tidy[len(PREFIX) :])
        body, signature = data[:-_SIGNATURE], data[-_SIGNATURE:]
        code = _code_in(body)
    except (ValueError, OverflowError):
        return Reading("damaged")
    if code.park != park:
        return Reading("foreign_park", claim=code)
    if code.key not in keys:
        return Reading("unknown_key", claim=code)
    try:
        Ed25519PublicKey.from_public_bytes(keys[code.key]).verify(signature, PREFIX.encode() + body)
    except (InvalidSignature, ValueError):
        return Reading("tampered", claim=code)
    return Reading("not_yet" if day < code.first else "expired" if day > code.last else "good", code)


def new_key() -> tuple[bytes, bytes]:
    """A new pair of keys: private and public part, 32 bytes each."""
    private = Ed25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def public_of(private: bytes) -> bytes:
    """The public part of a private key. Raises ValueError when it has not 32 bytes."""
    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def _body_of(code: PersonCode) -> bytes:
    label = code.label.encode()
    if len(code.park) != MARK_BYTES:
        raise ValueError(f"The mark of a park has {MARK_BYTES} bytes, this one has {len(code.park)}.")
    if not 1 <= code.key <= GREATEST_KEY:
        raise ValueError(f"The number of a key is from 1 to {GREATEST_KEY}, not {code.key}.")
    if len(label) > LABEL_BYTES:
        raise ValueError(f"A label has at most {LABEL_BYTES} bytes, this one has {len(label)}; make it with label_of.")
    if code.last < code.first:
        raise ValueError(f"The last day {code.last} is before the first, {code.first}.")
    days = _days(code.first) + _days(code.last)
    return code.park + bytes([code.key]) + code.person.bytes + days + label


def _days(day: date) -> bytes:
    number = (day - _EPOCH).days
    if not 0 <= number < 2**16:
        raise ValueError(f"The day {day} is outside of 2020-01-01 to 2199-06-06.")
    return number.to_bytes(2, "big")


def _code_in(body: bytes) -> PersonCode:
    if not _HEAD <= len(body) <= _HEAD + LABEL_BYTES:
        raise ValueError("length")
    first, last = (_EPOCH + timedelta(days=int.from_bytes(body[at : at + 2], "big")) for at in (21, 23))
    return PersonCode(body[:4], body[4], UUID(bytes=body[5:21]), first, last, body[_HEAD:].decode())


def to_base45(data: bytes) -> str:
    """The bytes in the 45 characters that a QR code holds most closely (RFC 9285)."""
    parts = []
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        rest, characters = int.from_bytes(pair, "big"), []
        for _place in range(len(pair) + 1):
            rest, value = divmod(rest, 45)
            characters.append(_BASE45[value])
        parts.append("".join(characters))
    return "".join(parts)


def from_base45(text: str) -> bytes:
    """The bytes that `to_base45` wrote. Raises ValueError for other characters, lengths and values."""
    parts = []
    for at in range(0, len(text), 3):
        group = text[at : at + 3]
        if len(group) == 1 or any(character not in _VALUE for character in group):
            raise ValueError("This is not base45.")
        value = sum(_VALUE[character] * 45**place for place, character in enumerate(group))
        size = len(group) - 1
        if value >= 256**size:
            raise ValueError("This is not base45.")
        parts.append(value.to_bytes(size, "big"))
    return b"".join(parts)
