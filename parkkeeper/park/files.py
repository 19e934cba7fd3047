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
from parkkeeper.park.models import Person, StoredFile

_NONCE = 12


def path_of(sha256: str) -> Path:
    """Where the sealed content of that hash lies, in the folder of the active park."""
    return Path(settings.FILES_DIR) / get_current_schema().schema_name / sha256[:2] / sha256


def store_file(data: bytes, *, name: str, media_type: str = "", by: Person | None, at: datetime) -> StoredFile:
    """Keep `data` for good and return its row. Raises Refused when the disk does not take it; then nothing is kept."""
    sha256 = hashlib.sha256(data).hexdigest()
    target = path_of(sha256)
    if not target.exists():
        _write(target, data, sha256)
    return StoredFile.objects.create(
        sha256=sha256, size=len(data), name=name[:200], media_type=media_type[:100], stored_at=at, stored_by=by
    )


def _write(target: Path, data: bytes, sha256: str) -> None:
    nonce = os.urandom(_NONCE)
    sealed = nonce + AESGCM(settings.KEYS.data).encrypt(nonce, data, sha256.encode())
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


def read_file(stored: StoredFile) -> bytes:
    """The content as it arrived. Raises Refused when it is missing or not what arrived."""
    try:
        sealed = path_of(stored.sha256).read_bytes()
        data = AESGCM(settings.KEYS.data).decrypt(sealed[:_NONCE], sealed[_NONCE:], stored.sha256.encode())
    except (OSError, InvalidTag) as error:
        raise Refused(_("文件“%(name)s”已损坏或丢失，请从备份恢复。") % {"name": stored.name}) from error
    if hashlib.sha256(data).hexdigest() != stored.sha256:
        raise Refused(_("文件“%(name)s”已损坏或丢失，请从备份恢复。") % {"name": stored.name})
    return data
