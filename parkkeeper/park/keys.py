"""Data keys of emergencies: half of each in the database, half in a file beside it.

Neither half opens anything alone. A copy of the database, of however long ago, therefore loses what was sealed for an
emergency in the moment in which the small file is destroyed: that is what crypto-shredding rests on.
"""

import base64
import binascii
import hashlib
import hmac
import os
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django_pgschemas.schema import get_current_schema

from parkkeeper.kernel.crypto import BadSeal, new_data_key, seal, unseal, unwrap_key, wrap_key
from parkkeeper.park.models.emergency import Emergency

DESTROYED = "—"
_MARK, _ID_BYTES = b"\x02", 8
_TEXT = "sealed:"
# schema and emergency -> the file whose being there allows the use, and the key: a key that another process destroyed
# is refused at the next use, without asking the database each time
_known: dict[tuple[str, int], tuple[Path, bytes]] = {}


def _folder() -> Path:
    return Path(settings.DATA_DIR) / "keys" / get_current_schema().schema_name


def key_file(data_key_sealed: bytes) -> Path:
    """Where the other half of that sealed data key lies."""
    return _folder() / hashlib.sha256(bytes(data_key_sealed)).hexdigest()[:32]


def _wrapping(half: bytes) -> bytes:
    return hmac.digest(settings.KEYS.data, b"emergency" + half, hashlib.sha256)


def make_key() -> bytes:
    """A new data key as the database keeps it; its other half is on disk (0600) when this returns. Raises OSError."""
    _known.clear()
    half = new_data_key()
    sealed = wrap_key(new_data_key(), _wrapping(half))
    path = key_file(sealed)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(half)
        file.flush()
        os.fsync(file.fileno())
    _sync(path.parent)
    return sealed


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def destroy_key_file(data_key_sealed: bytes) -> None:
    """Overwrite and remove the half on disk; done before the database forgets its own, so that a kill between the two
    leaves nothing that opens. Doing it again does no harm. Raises OSError."""
    path = key_file(data_key_sealed)
    if path.exists():
        with path.open("r+b") as file:
            file.write(os.urandom(path.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        _sync(path.parent)


def key_of(emergency: int) -> bytes | None:
    """The data key of the emergency of that id, or None when it was destroyed (or never made)."""
    where = (get_current_schema().schema_name, emergency)
    known = _known.get(where)
    if known and known[0].exists():
        return known[1]
    _known.pop(where, None)
    sealed = Emergency.objects.filter(pk=emergency).values_list("data_key_sealed", flat=True).first()
    if sealed is None:
        return None
    sealed = bytes(sealed)
    path = key_file(sealed)
    try:
        key = unwrap_key(sealed, _wrapping(path.read_bytes()) if path.exists() else settings.KEYS.data)
    except BadSeal:
        return None
    if path.exists():
        _known[where] = (path, key)
    return key


def emergency_for(at: datetime) -> int | None:
    """The id of the emergency to which what arrives at `at` belongs, if it has a data key that can be used."""
    found = Emergency.objects.owning(at).filter(data_key_sealed__isnull=False).values_list("pk", flat=True).first()
    return found if found is not None and key_of(found) else None


def seal_for(plain: str, *, context: str, at: datetime) -> bytes:
    """Seal a text for the emergency of that moment; outside of any with the park's own key."""
    emergency = emergency_for(at)
    key = key_of(emergency) if emergency is not None else None
    if emergency is None or key is None:
        return seal(plain, settings.KEYS.data, context=context)
    return _MARK + emergency.to_bytes(_ID_BYTES, "big") + seal(plain, key, context=context)


def open_sealed(sealed: bytes, *, context: str) -> str | None:
    """What `seal_for` sealed, or None when the emergency's key was destroyed. Raises BadSeal for anything else."""
    sealed = bytes(sealed)
    if sealed[:1] != _MARK:
        return unseal(sealed, settings.KEYS.data, context=context)
    key = key_of(int.from_bytes(sealed[1 : 1 + _ID_BYTES], "big"))
    return None if key is None else unseal(sealed[1 + _ID_BYTES :], key, context=context)


def text_to_keep(plain: str, *, context: str, at: datetime) -> str:
    """A note as its column keeps it: sealed for the emergency of that moment; plain outside of any, blank if blank."""
    if not plain or emergency_for(at) is None:
        return plain
    return _TEXT + base64.b64encode(seal_for(plain, context=context, at=at)).decode()


def text_kept(kept: str, *, context: str) -> str:
    """The note that `text_to_keep` kept; a dash when its key was destroyed."""
    if not kept.startswith(_TEXT):
        return kept
    try:
        found = open_sealed(base64.b64decode(kept[len(_TEXT) :], validate=True), context=context)
    except (BadSeal, binascii.Error, ValueError):
        return DESTROYED
    return DESTROYED if found is None else found
