"""The park's keys at work: signing people's codes, publishing the public parts, reading a code that came in."""

import secrets
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from parkkeeper.codes.models import CodeKey
from parkkeeper.kernel.crypto import seal, unseal
from parkkeeper.kernel.personcode import MARK_BYTES, PersonCode, Reading, label_of, new_key, read, sign
from parkkeeper.park.models import Person, Rule
from parkkeeper.park.rulebook import rule

RULE = "person_code_days"


def sign_codes(people: Iterable[Person], *, at: datetime) -> dict[int, tuple[str, PersonCode]]:
    """For each person (with `employer` loaded) the text of a code that begins to be valid today, and what it says.

    The park's first key is made when it is first needed. Raises Refused when no rule says how long codes are valid.
    """
    first, days = timezone.localdate(at), int(rule("person_code_days", at))
    key = _signing_key(at)
    private, mark = _private_of(key), bytes(key.mark)
    found = {}
    for person in people:
        label = label_of(person.employer.short_name, person.staff_number)
        code = PersonCode(mark, key.number, person.uuid, first, first + timedelta(days=days - 1), label)
        found[person.pk] = (sign(code, private), code)
    return found


def public_keys(day: date) -> dict[str, Any] | None:
    """What phones need to read codes on that local day ("codes" of docs/protocol.md), or None without any key."""
    keys = list(CodeKey.objects.filter(Q(until__isnull=True) | Q(until__gte=day)).order_by("number"))
    if not keys:
        return None
    return {
        "park": bytes(keys[-1].mark).hex(),
        "keys": [
            {"number": k.number, "public": bytes(k.public).hex(), "until": k.until.isoformat() if k.until else None}
            for k in keys
        ],
    }


def read_codes(codes: Iterable[tuple[str, date]]) -> list[Reading]:
    """What became of each (text, local day of the scan); one statement. Keys that ran out still prove who it was."""
    keys = list(CodeKey.objects.order_by("number"))
    mark = bytes(keys[0].mark) if keys else b""
    public = {key.number: bytes(key.public) for key in keys}
    return [read(text, park=mark, keys=public, day=day) for text, day in codes]


def add_key(mark: bytes, *, by: Person | None, at: datetime) -> CodeKey:
    """A new key that signs from now on; the one before is retired already."""
    private, public = new_key()
    newest = CodeKey.objects.order_by("-number").values_list("number", flat=True).first() or 0
    return CodeKey.objects.create(
        number=newest + 1, mark=mark, public=public, made_at=at, made_by=by,
        private_sealed=seal(private.hex(), settings.KEYS.data, context=_context(newest + 1)),
    )  # fmt: skip


def last_day_of(key: CodeKey, *, at: datetime) -> date:
    """The last day on which a code can be valid that the key signed until `at`, by every rule in force meanwhile."""
    rules = Rule.objects.filter(key=RULE, during__overlap=(key.made_at, at + timedelta(microseconds=1)))
    longest = max((int(value) for value in rules.values_list("value", flat=True)), default=1)
    return timezone.localdate(at) + timedelta(days=longest - 1)


@transaction.atomic
def _signing_key(at: datetime) -> CodeKey:
    found = CodeKey.objects.filter(retired_at__isnull=True).first()
    if found is not None:
        return found
    with connection.cursor() as cursor:  # two first codes at once: the second waits for the key of the first
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.code_key', 0))")
    found = CodeKey.objects.filter(retired_at__isnull=True).first()
    return found or add_key(secrets.token_bytes(MARK_BYTES), by=None, at=at)


def _private_of(key: CodeKey) -> bytes:
    return bytes.fromhex(unseal(bytes(key.private_sealed or b""), settings.KEYS.data, context=_context(key.number)))


def _context(number: int) -> str:
    return f"code_key.private:{number}"
