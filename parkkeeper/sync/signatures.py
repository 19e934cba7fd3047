"""Files from phones, such as signatures drawn on the glass: named by their hash, so that each is stored once."""

import hashlib
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from parkkeeper.park.errors import Refused
from parkkeeper.park.files import store_file
from parkkeeper.park.models import StoredFile
from parkkeeper.sync.models import Phone
from parkkeeper.sync.problems import Problem, hash_mismatch, wrong_media_type

MEDIA_TYPES = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}


@transaction.atomic
def take_file(phone: Phone, data: bytes, sha256: str, media_type: str, *, at: datetime) -> dict[str, Any]:
    """Keep the file and return {"sha256", "size", "known"}.

    Raises Problem: 415 for a media type that is no picture, 422 when the bytes are not those of `sha256`, 507 when the
    disk does not take them.
    """
    if media_type not in MEDIA_TYPES:
        raise wrong_media_type(media_type)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise hash_mismatch()
    with connection.cursor() as cursor:  # the same file twice at once: one waits, then finds it
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || %s, 0))", [sha256])
    known = StoredFile.objects.filter(sha256=sha256, destroyed_at__isnull=True).exists()
    if not known:
        name = f"phone-{phone.pk}-{sha256[:12]}.{MEDIA_TYPES[media_type]}"
        try:
            store_file(data, name=name, media_type=media_type, by=phone.holder, at=at)
        except Refused as refusal:
            raise Problem(507, "disk_full", str(refusal), retry_after=300) from refusal
    return {"sha256": sha256, "size": len(data), "known": known}
