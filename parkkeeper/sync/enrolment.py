"""A phone shows its one-time code and becomes a phone of the park."""

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _
from django_pgschemas.schema import get_current_schema

from parkkeeper.kernel.text import tidy_code
from parkkeeper.park.journal import record
from parkkeeper.park.models import LogInAttempt
from parkkeeper.sync.actions import code_index
from parkkeeper.sync.door import token_digest
from parkkeeper.sync.models import Enrolment, Phone
from parkkeeper.sync.problems import Problem, too_often

FAILURES, WITHIN = 10, timedelta(minutes=10)


def enrol(facts: Any, *, address: str, at: datetime) -> tuple[Phone, str]:
    """Enrol the phone that shows {"code", "name", "app_version", "nonce"?}; returns it and its token, for ever secret.

    With the same `nonce` the same code may be shown again when the answer was lost, and gives the same token.
    Raises Problem: 400 a field is missing, 404 unknown code, 410 used or expired, 429 too many wrong codes.
    """
    code, name, version, nonce = _read(facts)
    _throttle(address, at)
    try:
        return _redeem(code, name, version, nonce, at=at)
    except Problem:
        LogInAttempt.objects.create(username="", address=_throttled(address), at=at, succeeded=False)
        raise


def _read(facts: Any) -> tuple[str, str, str, str]:
    if not isinstance(facts, dict):
        raise _bad("code")
    values = []
    for key, most, needed in (("code", 40, True), ("name", 80, True), ("app_version", 20, False), ("nonce", 64, False)):
        value = facts.get(key) or ""
        if not isinstance(value, str) or len(value) > most or "\0" in value or (needed and not value.strip()):
            raise _bad(key)
        values.append(value.strip())
    code, name, version, nonce = values
    return tidy_code(code), name, version, nonce


def _bad(field: str) -> Problem:
    return Problem(
        400,
        "bad_enrolment",
        _("登记请求缺少字段 %(field)s，或其值无法识别。请重新扫描登记码。") % {"field": field},
        field=field,
    )


def _throttled(address: str) -> str:
    # apart from people's log-ins: a phone's wrong codes must not lock out the office behind the same address
    return f"phone:{address}"[:64]


def _throttle(address: str, at: datetime) -> None:
    failed = LogInAttempt.objects.filter(address=_throttled(address), at__gt=at - WITHIN, succeeded=False)
    times = list(failed.order_by("-at").values_list("at", flat=True)[:FAILURES])
    if len(times) >= FAILURES:
        raise too_often(max(1, int((times[-1] + WITHIN - at).total_seconds())))


@transaction.atomic
def _redeem(code: str, name: str, version: str, nonce: str, *, at: datetime) -> tuple[Phone, str]:
    found = Enrolment.objects.select_for_update(of=("self",)).filter(code_hash=code_index(code)).first()
    if found is None:
        raise Problem(404, "code_unknown", _("登记码不存在。请核对每一位，或向园区办公室索取新的登记码。"))
    token = _token(code, nonce) if nonce else secrets.token_urlsafe(32)
    if found.phone is not None:
        if nonce and hmac.compare_digest(bytes(found.phone.token_hash), token_digest(token)):
            return found.phone, token
        raise Problem(410, "code_used", _("这个登记码已经用过，只能登记一台手机。请向园区办公室索取新的登记码。"))
    if found.expires_at <= at:
        raise Problem(410, "code_expired", _("登记码已过期。请向园区办公室索取新的登记码。"))
    phone = Phone.objects.create(
        name=name,
        point=found.point,
        grid=found.grid,
        holder=found.holder,
        token_hash=token_digest(token),
        salt=secrets.token_bytes(16),
        enrolled_at=at,
        last_seen_at=at,
        app_version=version,
    )
    found.used_at, found.phone = at, phone
    found.save(update_fields=["used_at", "phone"])
    record("phone.enrolled", phone, by=found.holder, at=at, person=found.holder_id, site=phone.site_id)
    return phone, token


def _token(code: str, nonce: str) -> str:
    """256 bits that only this installation makes of code and nonce: not stored, made again for a repeated request."""
    message = "\0".join((get_current_schema().schema_name, code, nonce))
    return hmac.digest(settings.SECRET_KEY.encode(), b"phone token\0" + message.encode(), hashlib.sha256).hex()
