"""What a phone carries of its point: the people due there in the current round, hashed, and nothing else of them."""

import hashlib
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from parkkeeper.codes.signing import public_keys
from parkkeeper.kernel.crypto import device_hash, unseal
from parkkeeper.park import access
from parkkeeper.park.journal import listed
from parkkeeper.park.models import Post
from parkkeeper.sampling.models import Point, Round, Test
from parkkeeper.sync.lists import antigen_morning, boxes_to_receive, boxes_under_way, laboratories_of
from parkkeeper.sync.models import Phone
from parkkeeper.sync.outbox import horizon
from parkkeeper.sync.problems import no_post, revoked

# Those due at the point, and those of its list who owe a single retest, whatever their standing was at the freeze.
_PEOPLE = """
SELECT p.uuid::text, p.name, p.pinyin, p.staff_number, p.document_sealed, encode(p.document_index, 'hex'),
       p.document_tail, e.short_name, d.slot_from, d.standing = 'due', owes.person_id IS NOT NULL,
       EXISTS (SELECT FROM sampling_scan s
               WHERE s.round_id = d.round_id AND s.person_id = d.person_id AND s.undone_at IS NULL)
FROM sampling_due d
JOIN park_person p ON p.id = d.person_id
JOIN park_enterprise e ON e.id = d.enterprise_id
LEFT JOIN (SELECT DISTINCT person_id FROM sampling_obligation WHERE closed_at IS NULL) owes ON owes.person_id = p.id
WHERE d.round_id = %s AND d.point_id = %s AND (d.standing = 'due' OR owes.person_id IS NOT NULL)
ORDER BY d.slot_from NULLS LAST, e.short_name, p.pinyin, p.id
"""

Row = tuple[Any, ...]


def current_round(at: datetime) -> Round | None:
    """The nucleic-acid round of the local day, or one of the day before that is still at work past midnight."""
    day = timezone.localdate(at)
    at_work = Q(day=day) | Q(opens_at__lte=at, closes_at__gt=at)
    rounds = Round.objects.select_related("programme").filter(at_work, test=Test.PCR, closed_at__isnull=True)
    return rounds.order_by("-day").first()


def roster(phone: Phone, *, known: str = "", at: datetime) -> tuple[dict[str, Any] | None, str]:
    """The phone's roster and its ETag; None instead of the roster when `known` is that ETag already.

    Raises Problem 403 for a revoked phone, and when its holder has no post at the point any more.
    """
    if phone.revoked_at is not None:
        raise revoked()
    point = phone.point
    works = access.may(phone.holder, "work_point", at=at, on=point)
    if point is None or not (works or access.may(phone.holder, "carry_boxes", at=at, on=point)):
        raise no_post()
    receives = not works and access.may(phone.holder, "receive_tubes", at=at)
    cursor = horizon()  # before the rows are read: a change in between is seen twice rather than never
    current, day = current_round(at), timezone.localdate(at)
    # who only carries boxes needs to know none of the people in them
    people = _people(current, point) if works else []
    around = _around(current, point, day) | {
        "boxes": boxes_to_receive(at) if receives else boxes_under_way(point if works else None, at),
        "antigen": antigen_morning(point, day, at) if works else None,
        **({"laboratories": laboratories_of(phone.holder, at)} if receives else {}),
    }
    tag = f'"{hashlib.sha256(repr((phone.pk, people, around)).encode()).hexdigest()[:32]}"'
    if tag == known:
        return None, tag
    listed(_names(people, around), by=phone.holder, at=at, where="phone.roster", phone=phone.pk)
    salt = bytes(phone.salt)
    return {**around, "people": [_person(row, salt) for row in people], "cursor": cursor}, tag


def _names(people: list[Row], around: dict[str, Any]) -> int:
    """How many people's names the phone is told."""
    return max(len(people), len(around["antigen"]["people"]) if around["antigen"] else 0)


def _people(current: Round | None, point: Point) -> list[Row]:
    if current is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [current.pk, point.pk])
        return [(*row[:4], bytes(row[4]) if row[4] is not None else None, *row[5:]) for row in cursor.fetchall()]


def _person(row: Row, salt: bytes) -> dict[str, Any]:
    number, name, pinyin, staff, sealed, _index, tail, enterprise, slot, due, single, done = row
    document = unseal(sealed, settings.KEYS.data, context="person.document") if sealed is not None else ""
    return {
        "person": number,
        "name": name,
        "initials": pinyin.rpartition(" ")[2],
        "staff_number": staff,
        "enterprise": enterprise,
        "document_hash": device_hash(document, salt) if document else "",
        "tail": tail,
        "slot": slot,
        "due": due,
        "single": single,
        "done": done,
    }


def _around(current: Round | None, point: Point, day: date) -> dict[str, Any]:
    """The round, the point, its tube rolls and the specialists who may go on duty there on the day."""
    return {
        "round": _round(current) if current else None,
        "point": {"code": point.code, "name": point.site.name, "desks": point.desks},
        "specialists": _specialists(point, day),
        "rolls": [
            {"prefix": prefix, "from": serials.lower, "to": serials.upper - 1}
            for prefix, serials in point.rolls.order_by("prefix", "serials").values_list("prefix", "serials")
        ],
        "codes": public_keys(day),
    }


def _round(current: Round) -> dict[str, Any]:
    return {
        "id": str(current.uuid),
        "day": current.day.isoformat(),
        "opens_at": current.opens_at.isoformat(),
        "closes_at": current.closes_at.isoformat(),
        "pool_size": current.programme.pool_size,
        "rehearsal": current.rehearsal,
    }


def _specialists(point: Point, day: date) -> list[dict[str, str]]:
    here = Q(site_id=point.site_id) | (Q(enterprise_id=point.host_id) if point.host_id else Q(pk__in=[]))
    roles = [Post.Role.PREVENTION, Post.Role.SAMPLING, Post.Role.SCANNING]
    posts = Post.objects.on(day).certified_on(day).filter(here, role__in=roles)
    found = posts.order_by("role", "person__pinyin", "pk").values_list("person__uuid", "person__name", "role")
    return [{"person": str(number), "name": name, "role": role} for number, name, role in found]
