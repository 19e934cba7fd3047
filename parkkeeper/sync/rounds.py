"""What an inspector's phone carries of its grid: the team's round, once, until something in it changes."""

import hashlib
from datetime import datetime
from typing import Any

import orjson
from django.utils import timezone

from parkkeeper.codes.signing import public_keys
from parkkeeper.inspection.carried import carried
from parkkeeper.park.journal import listed
from parkkeeper.park.models import Grid
from parkkeeper.sync.models import Phone
from parkkeeper.sync.outbox import horizon
from parkkeeper.sync.problems import no_post, revoked


def inspection(phone: Phone, *, known: str = "", at: datetime) -> tuple[dict[str, Any] | None, str]:
    """The round of the phone's grid (of its point's grid) and its ETag; None instead when `known` is that ETag already.

    Raises Problem 403 for a revoked phone, and when its holder has no post that inspects there.
    """
    if phone.revoked_at is not None:
        raise revoked()
    grid, cursor = _grid_of(phone), horizon()  # before the rows are read: a change is seen twice rather than never
    day = timezone.localdate(at)
    found = carried(grid, phone.holder, day, at) if grid is not None else None
    if found is None:
        raise no_post()
    found["codes"] = public_keys(day)
    tag = f'"{hashlib.sha256(str(phone.pk).encode() + orjson.dumps(found)).hexdigest()[:32]}"'
    if tag == known:
        return None, tag
    listed(len(found["team"]), by=phone.holder, at=at, where="phone.inspection", phone=phone.pk)
    return {**found, "cursor": cursor}, tag


def _grid_of(phone: Phone) -> Grid | None:
    return phone.grid if phone.point is None else phone.point.site.grid
