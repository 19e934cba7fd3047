"""Bodies that cannot be read as a batch are kept as they came: what a phone has sent is never thrown away."""

import hashlib
import logging
from datetime import datetime, timedelta

from django.db import transaction

from parkkeeper.park.errors import Refused
from parkkeeper.park.files import store_file
from parkkeeper.park.models import Anomaly
from parkkeeper.sampling.doubts import Doubt, raise_doubts
from parkkeeper.sync.models import Phone

MOST_A_DAY = 50  # bodies of one phone: a broken app that sends without end must not fill the disk

log = logging.getLogger(__name__)


@transaction.atomic
def keep_unreadable(phone: Phone, raw: bytes, code: str, *, at: datetime) -> bool:
    """Keep the body of a request that failed with `code` as a sealed file with an anomaly, once for the same bytes.

    Returns whether it is kept now (False: empty, the day's bound is reached, or the disk took it not).
    """
    if not raw.strip():
        return False
    sha256 = hashlib.sha256(raw).hexdigest()
    key = f"unreadable_batch:{phone.pk}:{sha256}"
    if Anomaly.objects.filter(key=key).exists():
        return True
    lately = Anomaly.objects.filter(kind="unreadable_batch", noun="phone", noun_id=str(phone.pk))
    if lately.filter(raised_at__gt=at - timedelta(days=1)).count() >= MOST_A_DAY:
        return False
    try:
        stored = store_file(raw, name=f"phone-{phone.pk}-{code}.bin", by=phone.holder, at=at)
    except Refused:
        log.exception("an unreadable body of phone %s was not kept", phone.pk)
        return False
    evidence = {"phone": phone.pk, "code": code, "bytes": len(raw), "file": stored.pk, "sha256": sha256}
    raise_doubts([Doubt(
        kind="unreadable_batch", key=key, happened_at=at, raised_at=at, person_id=phone.holder_id,
        site_id=phone.site_id, noun="phone", noun_id=str(phone.pk), evidence=evidence,
    )])  # fmt: skip
    return True
