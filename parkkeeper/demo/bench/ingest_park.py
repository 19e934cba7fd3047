"""Parks with phones at every point and what those phones send: written straight into the tables, for measurements."""

import gzip
import math
import secrets
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.utils import timezone
from django_pgschemas.schema import deactivate

from parkkeeper.demo.bench.reconcile_park import (
    FOR_EVER,
    LONG_AGO,
    PEOPLE_AN_ENTERPRISE,
    fill_park,
    tell_the_planner,
)
from parkkeeper.kernel import clock
from parkkeeper.kernel.tubes import tube_code
from parkkeeper.park.models import Certificate, Enterprise, Person, Post, Rule
from parkkeeper.park.tenancy.models import Host, Park
from parkkeeper.park.tenancy.parks import in_park, make_park
from parkkeeper.sampling.actions.rounds import open_round
from parkkeeper.sampling.models import Point, Programme, Session, Slot, TubeRoll
from parkkeeper.sync.door import token_digest
from parkkeeper.sync.models import Phone
from parkkeeper.sync.outbox import horizon

DAY = date(2022, 5, 18)
OPENED = datetime(2022, 5, 18, 1, 0, tzinfo=UTC)
MIDNIGHT = datetime.fromisoformat("2022-05-18T00:00+08:00")
NOW = datetime.fromisoformat("2022-05-18T23:00:00+08:00")
"""Where the measured servers' clock begins: every slot of the evening lies before it."""
POOL = 10
POINTS = 79
_SERIALS = 100_000
_SOME_STAY_AWAY = 1.08  # so many on the register for one who comes
_PREFIX = "YQ"
# the evening's slots end long before the clock's moment: being late is not what is measured
_RULES = {"clock_tolerance_minutes": 5, "late_scan_minutes": 600, "slot_grace_minutes": 15}


@dataclass
class Desk:
    """A phone at a point with the people who are due there and not scanned yet: (uuid, minute of their slot)."""

    token: str
    point: int
    people: list[tuple[str, int]]
    serial: int
    sequence: int = 0
    crowd: int = 0
    staff: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class BenchPark:
    """A park of the measurement: its schema, its host name, one desk a point."""

    schema: str
    host: str
    desks: list[Desk] = field(default_factory=list)

    def at(self, point: int) -> list[Desk]:
        """The desks of that point."""
        return [desk for desk in self.desks if desk.point == point]


def make_bench_park(
    schema: str,
    *,
    people: int = 0,
    points: int = POINTS,
    crowds: Sequence[Sequence[int]] = (),
    rules: dict[str, int] | None = None,
) -> BenchPark:
    """Make the park: the register, an open round, a phone, a roll and an open session at every point.

    `crowds` instead of `people` and `points`: for each point how many come to each of its desks, which have a phone
    each and no session yet.
    """
    needed = [math.ceil(sum(desks) * _SOME_STAY_AWAY / PEOPLE_AN_ENTERPRISE) for desks in crowds]
    if crowds:
        people, points = sum(needed) * PEOPLE_AN_ENTERPRISE, len(crowds)
    park = BenchPark(schema, f"{schema}.localhost")
    make_park(schema, name=f"测速园区 {schema}", hosts=[park.host], at=OPENED)
    with in_park(schema), timezone.override("Asia/Shanghai"):
        office = fill_park(people, OPENED, points=points)
        firms = Enterprise.objects.exclude(kind="body").count()
        _give_slots(needed or [(firms + n) // points for n in range(points)])
        Rule.objects.bulk_create(
            Rule(key=key, value=value, during=(LONG_AGO, None), source="测速")
            for key, value in (_RULES | (rules or {})).items()
        )
        opened = open_round(Programme.objects.get(), DAY, by=office, at=OPENED)
        due: dict[int, list[tuple[str, int]]] = defaultdict(list)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT d.point_id, p.uuid::text, d.slot_from FROM sampling_due d "
                "JOIN park_person p ON p.id = d.person_id "
                "WHERE d.round_id = %s AND d.standing = 'due' ORDER BY d.point_id, d.slot_from, p.id",
                [opened.pk],
            )
            for point, person, slot in cursor.fetchall():
                due[point].append((person, slot))
        _staff(park, office, due, opened.pk, crowds)
        tell_the_planner()
    return park


def _give_slots(enterprises: Sequence[int]) -> None:
    """Give each point so many enterprises, one after the other from 17:00 to 21:00."""
    names = iter(Enterprise.objects.exclude(kind="body").order_by("pk"))
    Slot.objects.all().delete()
    Slot.objects.bulk_create(
        Slot(
            point=point, enterprise=next(names), during=FOR_EVER,
            minutes=(1020 + 240 * place // number, 1020 + 240 * (place + 1) // number),
        )
        for point, number in zip(Point.objects.order_by("pk"), enterprises, strict=True)
        for place in range(number)
    )  # fmt: skip


def _shared(people: list[tuple[str, int]], crowd: Sequence[int]) -> list[list[tuple[str, int]]]:
    """The people of a point by desk, in the order of their slots: each desk gets its part of each slot."""
    found: list[list[tuple[str, int]]] = [[] for _desk in crowd]
    for one in people:
        min(zip(found, crowd, strict=True), key=lambda desk: len(desk[0]) / desk[1])[0].append(one)
    return found


def _staff(
    park: BenchPark,
    office: Person,
    due: dict[int, list[tuple[str, int]]],
    round_id: int,
    crowds: Sequence[Sequence[int]],
) -> None:
    points = list(Point.objects.order_by("pk"))
    desks = [
        (point, people)
        for place, point in enumerate(points)
        for people in (_shared(due[point.pk], crowds[place]) if crowds else [due[point.pk]])
    ]
    for n, (point, people) in enumerate(desks):
        holder = Person.objects.create(
            name=f"扫码{n}", employer=office.employer, category="office_staff", registered_at=LONG_AGO
        )
        Post.objects.create(person=holder, role=Post.Role.SCANNING, site_id=point.site_id, during=FOR_EVER)
        token, first = f"bench-{park.schema}-{n}", n * _SERIALS
        Phone.objects.create(
            name=f"{n}", point=point, holder=holder, token_hash=token_digest(token), salt=bytes(16), enrolled_at=OPENED
        )
        TubeRoll.objects.create(
            point=point, prefix=_PREFIX, serials=(first, first + _SERIALS), issued_at=OPENED, issued_by=office
        )
        desk = Desk(token, point.pk, people, first)
        if crowds:
            desk.crowd, desk.staff = crowds[points.index(point)][len(park.at(point.pk))], _on_duty(n, holder)
        else:
            Session.objects.create(
                point=point, round_id=round_id, opened_at=OPENED, opened_by=holder, received_at=OPENED
            )
        park.desks.append(desk)


def _on_duty(desk: int, scanner: Person) -> list[tuple[str, str]]:
    """(uuid, role) of the scanner and two samplers of a desk, all with a certificate in date."""
    samplers = [
        Person.objects.create(
            name=f"采样{desk}-{n}", employer=scanner.employer, category="office_staff", registered_at=LONG_AGO
        )
        for n in (1, 2)
    ]
    found = []
    for person, role in ((scanner, Post.Role.SCANNING), *((one, Post.Role.SAMPLING) for one in samplers)):
        Certificate.objects.create(
            person=person, role=role, number=f"{desk}-{person.pk}", issuer="测速", during=FOR_EVER
        )
        found.append((str(person.uuid), role.value))
    return found


def drop_park(schema: str) -> None:
    """Take the park and all that is in it away, if it is there."""
    deactivate()
    Host.objects.filter(park__schema_name=schema).delete()
    Park.objects.filter(schema_name=schema).delete()
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


def batches(park: BenchPark, scans: int, a_batch: int, *, odd: bool = False) -> list[list[bytes]]:
    """Requests with `scans` scans in batches of `a_batch`, by desk: tubes of ten, each opened, filled and sealed.

    `odd`: three scans of a hundred are doubtful: nobody whom the register knows, somebody of another point, somebody
    who is in another tube already.
    Whoever was in a request is not in another one. Raises ValueError when the park has too few people left.
    """
    found: dict[str, list[bytes]] = defaultdict(list)
    for _batch in range(scans // a_batch):
        desk = max(park.desks, key=lambda one: len(one.people))
        operations = operations_of(desk, a_batch)
        if odd:
            _make_odd(operations, max((d for d in park.desks if d is not desk), key=lambda one: len(one.people)))
        found[desk.token].append(_request(park, desk, operations))
    return list(found.values())


def singles(park: BenchPark, scans: int) -> tuple[list[list[bytes]], list[list[bytes]]]:
    """(preparing, requests): tubes that are opened beforehand, then one scan a request."""
    desks = sorted(park.desks, key=lambda one: -len(one.people))[:8]
    preparing, found = [], []
    for desk in desks:
        operations = operations_of(desk, scans // len(desks) // POOL * POOL)
        preparing.append([_request(park, desk, [o for o in operations if o["kind"] == "open_tube"])])
        found.append([_request(park, desk, [o]) for o in operations if o["kind"] == "scan"])
    return preparing, found


def _make_odd(operations: list[dict[str, Any]], elsewhere: Desk) -> None:
    scans = [operation for operation in operations if operation["kind"] == "scan"]
    for n, scan in enumerate(scans):
        if n % 100 == 20:
            del scan["person"]
            scan |= {"how": "search", "claimed": f"路人{scan['seq']}"}
        elif n % 100 == 50:
            scan["person"] = elsewhere.people.pop()[0]
        elif n % 100 == 80:
            scan["person"] = scans[n - 15]["person"]  # of the tube before


def backlog(park: BenchPark, most: int = 500) -> tuple[list[list[bytes]], int]:
    """What each desk's phone holds after hours offline, at most `most` operations a batch; and how many tubes that is.

    First it says hello, for an application that slept asks what time it is; then the session and who is on duty, then
    its crowd. Beside it, on a line of its own as in a browser, each phone
    asks what happened meanwhile and for the list.
    """
    found, tubes = [], 0
    for desk in park.desks:
        session, begins = _new_id(MIDNIGHT), MIDNIGHT + timedelta(minutes=1010)
        said = [_said(desk, "open_session", begins, id=session)]
        said += [
            _said(desk, "go_on_duty", begins, session=session, person=person, role=role) for person, role in desk.staff
        ]
        operations = said + operations_of(desk, desk.crowd, session=session)
        tubes += sum(operation["kind"] == "seal_tube" for operation in operations)
        sent = [_request(park, desk, operations[at : at + most]) for at in range(0, len(operations), most)]
        found.append([_question(park, desk, "hello"), *sent])
    with in_park(park.schema):
        since = horizon()
    asked = [[_question(park, desk, f"changes?cursor={since}"), _question(park, desk, "roster")] for desk in park.desks]
    return found + asked, tubes


def _new_id(at: datetime) -> str:
    """An id as phones make them (UUID version 7): by time, so that new rows stand together in an index."""
    chance = secrets.randbits(74)
    return str(
        UUID(int=int(at.timestamp() * 1000) << 80 | 7 << 76 | chance >> 62 << 64 | 2 << 62 | chance & (1 << 62) - 1)
    )


def _said(desk: Desk, kind: str, at: datetime, **facts: Any) -> dict[str, Any]:
    desk.sequence += 1
    return {"id": _new_id(at), "seq": desk.sequence, "at": at.isoformat(), "kind": kind, **facts}


def operations_of(desk: Desk, scans: int, **session: str) -> list[dict[str, Any]]:
    """What the desk's phone notes while it scans so many people of its list: tubes of ten, opened, filled, sealed.

    Raises ValueError when too few people are left.
    """
    people, desk.people = desk.people[:scans], desk.people[scans:]
    if len(people) < scans:
        raise ValueError("too few people are left at a point: make a park with more of them")
    told: list[dict[str, Any]] = []

    def tell(kind: str, at: datetime, **facts: Any) -> None:
        told.append(_said(desk, kind, at, **facts))

    for first in range(0, scans, POOL):
        tube, desk.serial = tube_code(_PREFIX, desk.serial), desk.serial + 1
        members = people[first : first + POOL]
        start = MIDNIGHT + timedelta(minutes=members[0][1], seconds=first % 900)
        tell("open_tube", start, tube=tube, pool_size=POOL, **session)
        for n, (person, slot) in enumerate(members):
            at = MIDNIGHT + timedelta(minutes=slot, seconds=first % 900, milliseconds=2800 * n + 300)
            tell("scan", at, tube=tube, how="code", person=person)
        tell("seal_tube", max(at, start) + timedelta(seconds=20), tube=tube, swabs=len(members))
    return told


def _request(park: BenchPark, desk: Desk, operations: list[dict[str, Any]]) -> bytes:
    """A whole HTTP request, compressed as phones compress it."""
    body = orjson.dumps({"id": _new_id(now := clock.now()), "sent_at": now.isoformat(), "operations": operations})
    zipped = gzip.compress(body, 5, mtime=0)
    head = (
        f"POST /phone/v1/batches HTTP/1.1\r\nHost: {park.host}\r\nAuthorization: Bearer {desk.token}\r\n"
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\nAccept-Encoding: gzip\r\n"
        f"Parkkeeper-Protocol: 1\r\nAccept-Language: zh-Hans\r\nContent-Length: {len(zipped)}\r\n\r\n"
    )
    return head.encode() + zipped


def _question(park: BenchPark, desk: Desk, what: str) -> bytes:
    return (
        f"GET /phone/v1/{what} HTTP/1.1\r\nHost: {park.host}\r\nAuthorization: Bearer {desk.token}\r\n"
        "Accept-Encoding: gzip\r\nParkkeeper-Protocol: 1\r\nAccept-Language: zh-Hans\r\n\r\n"
    ).encode()
