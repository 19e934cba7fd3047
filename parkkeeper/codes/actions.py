"""Verbs on codes: print people's cards, change the key, give a link to the own page, open it, revoke it."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from parkkeeper.codes.cards import facts_of, link_facts_of
from parkkeeper.codes.models import CodeKey, OwnLink
from parkkeeper.codes.signing import add_key, last_day_of
from parkkeeper.kernel.crypto import blind_index
from parkkeeper.kernel.personcode import GREATEST_KEY
from parkkeeper.kernel.text import tidy_code
from parkkeeper.papers.render import render
from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import looked, record
from parkkeeper.park.models import Person
from parkkeeper.park.rulebook import hours, rule

MOST_CARDS = 1000
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0 O, 1 I L, U: read aloud and typed without a slip
_LENGTH = 12


@transaction.atomic
def print_cards(people: Sequence[Person], *, park: str, by: Person, at: datetime) -> bytes:
    """Cards of these people (with `employer` loaded) as PDF, ten an A4 page; whose, is written to the journal.

    Raises Forbidden for somebody of another enterprise, Refused for nobody or more than a thousand.
    """
    for person in people:
        require(by, "print_cards", at=at, on=person)
    _require_a_sheetful(people)
    paper = render("cards", facts_of(people, park=park, at=at))
    looked([person.pk for person in people], by=by, at=at, where="cards")
    record("cards.printed", by=by, at=at, enterprise=_enterprise_of(people), count=len(people))
    return paper


def _require_a_sheetful(people: Sequence[Person]) -> None:
    if not people:
        raise Refused(_("没有选中任何人。"))
    if len(people) > MOST_CARDS:
        raise Refused(_("一次最多打印 %(most)s 张采样卡，请分批打印。") % {"most": MOST_CARDS})


def _enterprise_of(people: Sequence[Person]) -> int | None:
    """The one that all of them belong to, if there is one."""
    enterprises = {person.employer_id for person in people}
    return enterprises.pop() if len(enterprises) == 1 else None


@transaction.atomic
def rotate_code_keys(*, by: Person, at: datetime) -> CodeKey:
    """Sign with a new key from now on. The private part of the old one is gone; its codes stay valid to their last day.

    Raises Refused when no code was ever made, and after 255 keys.
    """
    require(by, "administer", at=at)
    former = CodeKey.objects.select_for_update().filter(retired_at__isnull=True).first()
    if former is None:
        raise Refused(_("还没有生成过个人码，不需要更换密钥。"))
    if former.number >= GREATEST_KEY:
        raise Refused(_("密钥编号已用完（%(most)s 个）。") % {"most": GREATEST_KEY})
    former.retired_at, former.retired_by, former.until = at, by, last_day_of(former, at=at)
    former.private_sealed = None
    former.save()
    new = add_key(bytes(former.mark), by=by, at=at)
    record("codes.rotated", new, by=by, at=at, number=new.number, former=former.number, until=former.until.isoformat())
    return new


def link_index(code: str) -> bytes:
    """What of a link's code is stored: 16 bytes, keyed, so that a copied database opens nobody's page."""
    return blind_index(tidy_code(code), settings.KEYS.blind, purpose="own_link")


@transaction.atomic
def issue_own_link(person: Person, *, by: Person, at: datetime) -> tuple[OwnLink, str]:
    """Make a one-time code that opens the person's own page; it is returned here and never again.

    A link that the person had and has not opened ends with it. Raises Forbidden.
    """
    require(by, "issue_own_link", at=at, on=person)
    OwnLink.objects.filter(person=person, opened_at__isnull=True, revoked_at__isnull=True).update(
        revoked_at=at, revoked_by=by
    )
    code = _new_code()
    open_until, expires_at = _terms(at)
    link = OwnLink.objects.create(
        person=person, code_hash=link_index(code), issued_at=at, issued_by=by, open_until=open_until,
        expires_at=expires_at,
    )  # fmt: skip
    record("own_link.issued", link, by=by, at=at, person=person.pk, enterprise=person.employer_id)
    return link, code


@transaction.atomic
def print_own_links(people: Sequence[Person], *, park: str, address: str, by: Person, at: datetime) -> bytes:
    """Slips to hand out, ten an A4 page: each opens one person's own page at `address` ("https://HOST/me/"), once.

    Links that these people had and have not opened end with it. Whose, is written to the journal; the codes stand on
    the paper only. Raises Forbidden for somebody of another enterprise, Refused for nobody or more than a thousand.
    """
    for person in people:
        require(by, "issue_own_link", at=at, on=person)
    _require_a_sheetful(people)
    OwnLink.objects.filter(person__in=people, opened_at__isnull=True, revoked_at__isnull=True).update(
        revoked_at=at, revoked_by=by
    )
    codes = {person.pk: _new_code() for person in people}
    open_until, expires_at = _terms(at)
    OwnLink.objects.bulk_create(
        OwnLink(
            person=person, code_hash=link_index(codes[person.pk]), issued_at=at, issued_by=by, open_until=open_until,
            expires_at=expires_at,
        )
        for person in people
    )  # fmt: skip
    paper = render("cards", link_facts_of(people, codes, park=park, address=address, until=open_until))
    looked([person.pk for person in people], by=by, at=at, where="own_links")
    record("own_links.printed", by=by, at=at, enterprise=_enterprise_of(people), count=len(people))
    return paper


def _new_code() -> str:
    return "".join(secrets.choice(_ALPHABET) for _place in range(_LENGTH))


def _terms(at: datetime) -> tuple[datetime, datetime]:
    """Until when a link made now can be opened for the first time, and until when the phone is known after that."""
    return at + hours("own_link_hours", at), at + timedelta(days=int(rule("person_code_days", at)))


@transaction.atomic
def open_own_link(code: str, nonce: str, *, at: datetime) -> tuple[OwnLink, str] | None:
    """Open the page with the code; returns the link and the phone's token, or None when the code opens nothing now.

    The same `nonce` (random, of the phone) may ask again when the answer was lost, and gets the same token.
    """
    link = OwnLink.objects.select_for_update(of=("self",)).filter(code_hash=link_index(code)).first()
    if link is None or link.revoked_at is not None or link.open_until <= at:
        return None
    token = hmac.digest(settings.KEYS.blind, f"own:{link.pk}:{nonce}:{tidy_code(code)}".encode(), hashlib.sha256).hex()
    digest = token_digest(token)
    if link.opened_at is not None:
        return (link, token) if link.token_hash is not None and bytes(link.token_hash) == digest else None
    link.opened_at, link.token_hash = at, digest
    link.save(update_fields=["opened_at", "token_hash"])
    record("own_link.opened", link, by=link.person, at=at, person=link.person_id)
    return link, token


def token_digest(token: str) -> bytes:
    """What of a token is stored: its SHA-256, 32 bytes."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


@transaction.atomic
def revoke_own_links(person: Person, *, by: Person, at: datetime) -> int:
    """End every link of the person: a phone that was lost shows nothing new any more. Returns how many."""
    require(by, "issue_own_link", at=at, on=person)
    ended = OwnLink.objects.filter(person=person, revoked_at__isnull=True).update(revoked_at=at, revoked_by=by)
    record("own_link.revoked", by=by, at=at, person=person.pk, enterprise=person.employer_id, count=ended)
    return ended
