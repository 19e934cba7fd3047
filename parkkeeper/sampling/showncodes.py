"""Person codes that a phone could not settle by itself: read again with all keys that the park has."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from parkkeeper.codes.signing import read_codes
from parkkeeper.kernel.personcode import Reading
from parkkeeper.sampling.field import Source, TakeScan
from parkkeeper.sampling.models import Scan
from parkkeeper.sampling.timing import happened

STATES: dict[str, Promise | str] = {
    "good": _("有效的个人码"),
    "expired": _("已过期的个人码"),
    "not_yet": _("尚未生效的个人码"),
    "tampered": _("签名不符的个人码，可能被篡改"),
    "unknown_key": _("用未知密钥签名的个人码"),
    "foreign_park": _("其他园区的个人码"),
    "damaged": _("读坏的个人码"),
    "newer_version": _("更新版本的个人码"),
}
OUT_OF_DATE = ("expired", "not_yet")


@dataclass(frozen=True, slots=True)
class Shown:
    """What a code said: its state (a key of STATES), the person's roster id when it can be relied on, what to keep."""

    state: str
    person: UUID | None
    kept: str


def shows_code(operation: TakeScan) -> bool:
    """Whether the scan brings a person code as it was read."""
    return (
        operation.how == Scan.How.CODE and operation.claimed.lstrip()[:2].upper() == "PK" and ":" in operation.claimed
    )


def shown_codes(operations: Iterable[TakeScan], source: Source) -> dict[UUID, Shown]:
    """What became of the codes of these scans (by their ids), judged on the local day of each scan."""
    asked = [op for op in operations if shows_code(op)]
    if not asked:
        return {}
    days = [timezone.localdate(happened(op.happened_at, source)) for op in asked]
    readings = read_codes((op.claimed, day) for op, day in zip(asked, days, strict=True))
    return {op.id: _shown(reading) for op, reading in zip(asked, readings, strict=True)}


def _shown(reading: Reading) -> Shown:
    code = reading.code or reading.claim
    # the label helps whoever settles the doubt to ask the right enterprise, though nothing proves it
    kept = f"code:{reading.state} {code.label if code else ''}".strip()
    return Shown(reading.state, reading.code.person if reading.code else None, kept)
