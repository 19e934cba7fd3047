"""Files as they arrive: hashed, sealed on disk under their hash, never changed."""

import hashlib
import os
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.utils.translation import gettext as _
from django_pgschemas.schema import get_current_schema

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.errors import Refused
from parkkeeper.park.keys import emergency_for, key_of
from parkkeeper.park.models import Person, StoredFile

_NONCE = 12


def path_of(sha256: str, emergency: int | None = None) -> Path:
    """Where the sealed content of that hash lies, in the folder of the active park, or of one of its emergencies."""
    home = Path(settings.FILES_DIR) / get_current_schema().schema_name
    return (home if emergency is None else home / f"e{emergency}") / sha256[:2] / sha256


def store_file(
    data: bytes, *, name: str, media_type: str = "", of_register: bool = False, by: Person | None, at: datetime
) -> StoredFile:
    """Keep `data` for good and return its row. Raises Refused when the disk does not take it; then nothing is kept.

    In an emergency the content is sealed with the emergency's own key, unless it is `of_register` (a table to import).
    """
    sha256 = hashlib.sha256(data).hexdigest()
    emergency = None if of_register else emergency_for(at)
    key = _key(emergency)
    if key is None:  # destroyed in this very moment
        emergency, key = None, settings.KEYS.data
    target = path_of(sha256, emergency)
    if _opened(target, sha256, key) is None:  # not there, or left by another time with another key
        _write(target, data, sha256, key)
    return StoredFile.objects.create(
        sha256=sha256, size=len(data), name=name[:200], media_type=media_type[:100], stored_at=at, stored_by=by,
        emergency_id=emergency,
    )  # fmt: skip


def _key(emergency: int | None) -> bytes | None:
    return settings.KEYS.data if emergency is None else key_of(emergency)


def _opened(path: Path, sha256: str, key: bytes) -> bytes | None:
    try:
        sealed = path.read_bytes()
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], sha256.encode())
    except (OSError, InvalidTag, ValueError):
        return None


def _write(target: Path, data: bytes, sha256: str, key: bytes) -> None:
    nonce = os.urandom(_NONCE)
    sealed = nonce + AESGCM(key).encrypt(nonce, data, sha256.encode())
    draft = target.with_name(f".{new_id()}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with draft.open("wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise Refused(
            _("文件没有保存：磁盘写入失败（%(why)s）。请腾出空间后再次上传；已有的数据没有改变。")
            % {"why": error.strerror or str(error)}
        ) from error


def harm_of(stored: StoredFile) -> str:
    """Reads and hashes the content anew: "" when it is what arrived (or was destroyed by its period), else "missing" or
    "changed"."""
    key = _key(stored.emergency_id)
    if stored.destroyed_at is not None or key is None:
        return ""
    path = path_of(stored.sha256, stored.emergency_id)
    data = _opened(path, stored.sha256, key)
    if data is None:
        return "changed" if path.exists() else "missing"
    return "" if hashlib.sha256(data).hexdigest() == stored.sha256 else "changed"


def read_file(stored: StoredFile) -> bytes:
    """The content as it arrived. Raises Refused when it was destroyed, is missing or not what arrived."""
    key = _key(stored.emergency_id)
    if stored.destroyed_at is not None or key is None:
        raise Refused(_("文件“%(name)s”的内容已按保存期限销毁。") % {"name": stored.name})
    data = _opened(path_of(stored.sha256, stored.emergency_id), stored.sha256, key)
    if data is None or hashlib.sha256(data).hexdigest() != stored.sha256:
        raise Refused(_("文件“%(name)s”已损坏或丢失，请从备份恢复。") % {"name": stored.name})
    return data
