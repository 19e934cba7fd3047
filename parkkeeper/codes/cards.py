"""What stands on people's cards, and on enterprises' at their gates, as the facts of the paper `cards`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from parkkeeper.codes.signing import sign_codes
from parkkeeper.papers.coverage import GETA, with_getas
from parkkeeper.papers.pictures import qr_svg
from parkkeeper.park.models import Enterprise, Person

_REGIONS = {"zh-hans": ("zh", "cn"), "zh-hant": ("zh", "hk"), "en": ("en", "gb")}


def facts_of(people: Sequence[Person], *, park: str, at: datetime) -> dict[str, Any]:
    """The facts: park, words in the reader's language, and a card for each person (with `employer` loaded)."""
    codes = sign_codes(people, at=at)
    cards = [_card(person, codes[person.pk][0], codes[person.pk][1].last.isoformat()) for person in people]
    words = {"until": _("有效期至"), "hint": _("采样时出示，不含证件号"), "number": _("工号"), "code": _("个人码")}
    return _paper(park, _("采样卡"), cards, words)


def link_facts_of(
    people: Sequence[Person], codes: Mapping[int, str], *, park: str, address: str, until: datetime
) -> dict[str, Any]:
    """The facts of the slips with links to the own page: `codes` by person id, `address` of the page, until when."""
    last = timezone.localtime(until).strftime("%Y-%m-%d %H:%M")
    cards = [
        _card(person, f"{address}#link={codes[person.pk]}", last) | {"code": in_groups(codes[person.pk])}
        for person in people
    ]
    hint = _("扫码打开本人的个人页，只能用一次；或打开 %(address)s 输入：") % {"address": address.split("://")[-1]}
    words = {"until": _("请在此前打开"), "hint": hint, "number": _("工号"), "code": _("个人链接的二维码")}
    return _paper(park, _("个人链接"), cards, words)


def gate_facts_of(enterprise: Enterprise, *, park: str) -> dict[str, Any]:
    """The facts of the cards for an enterprise's gates (with `grid` loaded), one a site and at least one.

    The picture is the credit code alone: an inspector's phone finds the enterprise of its round by it, without network.
    """
    grid = enterprise.grid.name if enterprise.grid else "–"
    sites = list(enterprise.sites.order_by("code").values_list("name", flat=True)) or [enterprise.name]
    cards = [
        {"name": with_getas(enterprise.short_name), "enterprise": with_getas(site), "number": enterprise.credit_code,
         "until": with_getas(grid), "svg": qr_svg(enterprise.credit_code)}
        for site in sites
    ]  # fmt: skip
    hint = _("张贴在大门口。检查组进门时用检查手机扫，没有网络也能读。")
    words = {"until": _("网格"), "hint": hint, "number": _("信用代码"), "code": _("企业码")}
    return _paper(park, _("企业码"), cards, words)


def in_groups(code: str) -> str:
    """A link's code as it is shown and read out: four characters at a time."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def _card(person: Person, text: str, until: str) -> dict[str, str]:
    return {
        "name": with_getas(person.name), "enterprise": with_getas(person.employer.short_name),
        "number": with_getas(person.staff_number), "until": until, "svg": qr_svg(text),
    }  # fmt: skip


def _paper(park: str, title: str, cards: list[dict[str, str]], words: dict[str, str]) -> dict[str, Any]:
    lang, region = _REGIONS.get(get_language() or "", ("zh", "cn"))
    return {
        "park": with_getas(park), "title": title, "lang": lang, "region": region, "cards": cards, "words": words
    }  # fmt: skip


def to_write_by_hand(people: Sequence[Person]) -> list[str]:
    """The names in which a character stands as 〓 on the card, for want of it in the fonts."""
    return [person.name for person in people if GETA in with_getas(person.name) and GETA not in person.name]
