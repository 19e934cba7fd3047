"""What stands on people's cards, as the facts of the paper `cards`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from parkkeeper.codes.signing import sign_codes
from parkkeeper.papers.coverage import GETA, with_getas
from parkkeeper.papers.pictures import qr_svg
from parkkeeper.park.models import Person

_REGIONS = {"zh-hans": ("zh", "cn"), "zh-hant": ("zh", "hk"), "en": ("en", "gb")}


def facts_of(people: Sequence[Person], *, park: str, at: datetime) -> dict[str, Any]:
    """The facts: park, words in the reader's language, and a card for each person (with `employer` loaded)."""
    codes = sign_codes(people, at=at)
    lang, region = _REGIONS.get(get_language() or "", ("zh", "cn"))
    cards = []
    for person in people:
        text, code = codes[person.pk]
        cards.append({
            "name": with_getas(person.name), "enterprise": with_getas(person.employer.short_name),
            "number": with_getas(person.staff_number), "until": code.last.isoformat(), "svg": qr_svg(text),
        })  # fmt: skip
    words = {"until": _("有效期至"), "hint": _("采样时出示，不含证件号"), "number": _("工号"), "code": _("个人码")}
    return {
        "park": with_getas(park), "title": _("采样卡"), "lang": lang, "region": region, "cards": cards, "words": words
    }  # fmt: skip


def to_write_by_hand(people: Sequence[Person]) -> list[str]:
    """The names in which a character stands as 〓 on the card, for want of it in the fonts."""
    return [person.name for person in people if GETA in with_getas(person.name) and GETA not in person.name]
