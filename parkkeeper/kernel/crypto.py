"""Sealing of personal data: keys of the installation, authenticated encryption, blind indexes.

A sealed value is one version byte, a nonce of 12 bytes, then AES-256-GCM ciphertext with its tag. The context (what the
value is and whose) is authenticated too, so that a sealed value moved to another row or column does not open.
"""

import base64
import binascii
import contextlib
import hashlib
import hmac
import json
import os
import secrets
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
INDEX_BYTES = 16
_VERSION = b"\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16
_DATA_KEY_CONTEXT = "parkkeeper.data-key"


class BadSeal(ValueError):
    """A sealed value does not open: wrong key, wrong context, damaged, or no sealed value at all."""


class KeyFileError(RuntimeError):
    """The file of keys cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Keys:
    """The secrets of one installation. They never show in a repr, so that they never reach a log."""

    secret: str = field(repr=False)
    """For Django: sessions, forms, links."""
    data: bytes = field(repr=False)
    """32 bytes, the master key that wraps the data keys of emergencies."""
    blind: bytes = field(repr=False)
    """32 bytes, the key of blind indexes."""


def load_or_make_keys(path: Path) -> Keys:
    """Read the keys of this installation from `path`, or make them there (mode 0600) on the first start.

    Two processes that start at once get the same keys. Raises KeyFileError when others may read the file, or when it
    is damaged: a damaged file is never replaced, since what it sealed could not be opened any more.
    """
    if not path.exists():
        _make(path)
    return _load(path)


def _make(path: Path) -> None:
    facts = {
        "version": 1,
        "secret": secrets.token_urlsafe(48),
        "data": base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode(),
        "blind": base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode(),
    }
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(facts, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        # A link, not a rename: whoever comes second must take the keys of the first, not replace them.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _load(path: Path) -> Keys:
    try:
        with path.open(encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                raise KeyFileError(
                    f"The file of keys {path} may be read by others (mode {mode:04o}). Run: chmod 600 '{path}'"
                )
            return _parse(json.load(file), path)
    except OSError as error:
        raise KeyFileError(f"The file of keys {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise _damaged(path, "it is not text") from error
    except json.JSONDecodeError as error:
        raise _damaged(path, "it is not JSON") from error


def _damaged(path: Path, why: str) -> KeyFileError:
    return KeyFileError(
        f"The file of keys {path} is damaged ({why}). Restore it from your backup; do not delete it: without these "
        "keys the stored documents cannot be opened."
    )


def _parse(facts: object, path: Path) -> Keys:
    if not isinstance(facts, Mapping) or facts.get("version") != 1:
        raise _damaged(path, "it is not version 1")
    secret = facts.get("secret")
    if not isinstance(secret, str) or len(secret) < 50:
        raise _damaged(path, "'secret' is missing or too short")
    return Keys(secret=secret, data=_key_of(facts, "data", path), blind=_key_of(facts, "blind", path))


def _key_of(facts: Mapping[str, object], name: str, path: Path) -> bytes:
    try:
        key = base64.b64decode(str(facts.get(name, "")), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _damaged(path, f"'{name}' is not base64") from error
    if len(key) != KEY_BYTES:
        raise _damaged(path, f"'{name}' is not {KEY_BYTES} bytes")
    return key


def _cipher(key: bytes) -> AESGCM:
    if len(key) != KEY_BYTES:
        raise ValueError(f"A key has {KEY_BYTES} bytes, this one has {len(key)}.")
    return AESGCM(key)


def _seal(plain: bytes, key: bytes, context: str) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return _VERSION + nonce + _cipher(key).encrypt(nonce, plain, _VERSION + context.encode())


def _unseal(sealed: bytes, key: bytes, context: str) -> bytes:
    sealed = bytes(sealed)
    if len(sealed) < 1 + _NONCE_BYTES + _TAG_BYTES or sealed[:1] != _VERSION:
        raise BadSeal("This is not a sealed value of version 1.")
    nonce, rest = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
    try:
        return _cipher(key).decrypt(nonce, rest, _VERSION + context.encode())
    except InvalidTag as error:
        raise BadSeal("The value does not open: wrong key, wrong context, or damaged.") from error


def seal(plain: str, key: bytes, *, context: str) -> bytes:
    """Encrypt `plain` with the 32-byte `key`; only the same key and the same `context` open it again.

    Two seals of the same text differ. Raises ValueError for a key of another length.
    """
    return _seal(plain.encode(), key, context)


def unseal(sealed: bytes, key: bytes, *, context: str) -> str:
    """Return the text that `seal` closed (bytes or a database's memoryview). Raises BadSeal when it does not open."""
    try:
        return _unseal(sealed, key, context).decode()
    except UnicodeDecodeError as error:
        raise BadSeal("The value opens, but it is not text.") from error


def new_data_key() -> bytes:
    """Return a new random key of 32 bytes, such as an emergency's own."""
    return secrets.token_bytes(KEY_BYTES)


def wrap_key(data_key: bytes, master: bytes) -> bytes:
    """Seal a data key with the master key, to be kept beside the data; destroying it destroys what it sealed."""
    if len(data_key) != KEY_BYTES:
        raise ValueError(f"A data key has {KEY_BYTES} bytes, this one has {len(data_key)}.")
    return _seal(data_key, master, _DATA_KEY_CONTEXT)


def unwrap_key(wrapped: bytes, master: bytes) -> bytes:
    """Return the data key that `wrap_key` sealed. Raises BadSeal when it does not open."""
    return _unseal(wrapped, master, _DATA_KEY_CONTEXT)


def blind_index(value: str, key: bytes, *, purpose: str) -> bytes:
    """Return 16 bytes that are equal for equal values, so that a sealed column can be searched and joined.

    `purpose` separates columns: the same number as a document and as a phone gives two indexes. The caller makes the
    value canonical first. Raises ValueError for an empty value, since blank never equals blank.
    """
    if not value.strip():
        raise ValueError("A blank value has no index: blank never equals blank.")
    label = purpose.encode()
    message = len(label).to_bytes(4, "big") + label + value.encode()
    return hmac.digest(key, message, hashlib.sha256)[:INDEX_BYTES]


def device_hash(value: str, salt: bytes) -> str:
    """Return 32 hex digits that stand for a document in a phone's roster.

    The salt is one enrolment's own, so two phones' rosters cannot be laid side by side. Whoever holds the phone and
    its salt can still try numbers one by one: rosters are short-lived and wiped, which is the real protection.
    Raises ValueError for an empty value or a salt under 16 bytes.
    """
    if not value.strip():
        raise ValueError("A blank document has no hash: blank never equals blank.")
    if len(salt) < 16:
        raise ValueError(f"A salt has at least 16 bytes, this one has {len(salt)}.")
    return hmac.digest(salt, value.encode(), hashlib.sha256).hex()[:32]
