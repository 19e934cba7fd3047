"""Parks with phones at every point and what those phones send: written straight into the tables, for measurements."""

import gzip
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import orjson
from django.db import connection
from django.utils import timezone
from django_pgschemas.schema import deactivate

from parkkeeper.demo.bench.reconcile_park import FOR_EVER, LONG_AGO, fill_park, tell_the_planner
from parkkeeper.kernel import clock
from parkkeeper.kernel.tubes import tube_code
from parkkeeper.park.models import Person, Post, Rule
from parkkeeper.park.tenancy.models import Host, Park
from parkkeeper.park.tenancy.parks import in_park, make_park
from parkkeeper.sampling.actions.rounds import open_round
from parkkeeper.sampling.models import Point, Programme, Session, TubeRoll
from parkkeeper.sync.door import token_digest
from parkkeeper.sync.models import Phone

DAY = date(2022, 5, 18)
OPENED = datetime(2022, 5, 18, 1, 0, tzinfo=UTC)
MIDNIGHT = datetime.fromisoformat("2022-05-18T00:00+08:00")
NOW = datetime.fromisoformat("2022-05-18T23:00:00+08:00")
"""Where the measured servers' clock begins: every slot of the evening lies before it."""
POOL = 10
POINTS = 79
_SERIALS = 1_000_000  # of one point's roll
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


@dataclass
class BenchPark:
    """A park of the measurement: its schema, its host name, one desk a point."""

    schema: str
    host: str
    desks: list[Desk] = field(default_factory=list)


def make_bench_park(
    schema: str, *, people: int, points: int = POINTS, rules: dict[str, int] | None = None
) -> BenchPark:
    """Make the park: the register, an open round, a phone, a roll and an open session at every point."""
    park = BenchPark(schema, f"{schema}.localhost")
    make_park(schema, name=f"测速园区 {schema}", hosts=[park.host], at=OPENED)
    with in_park(schema), timezone.override("Asia/Shanghai"):
        office = fill_park(people, OPENED, points=points)
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
        _staff(park, office, due, opened.pk)
        tell_the_planner()
    return park


def _staff(park: BenchPark, office: Person, due: dict[int, list[tuple[str, int]]], round_id: int) -> None:
    for n, point in enumerate(Point.objects.order_by("pk")):
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
        Session.objects.create(point=point, round_id=round_id, opened_at=OPENED, opened_by=holder, received_at=OPENED)
        park.desks.append(Desk(token, point.pk, due[point.pk], first))


def drop_park(schema: str) -> None:
    """Take the park and all that is in it away, if it is there."""
    deactivate()
    Host.objects.filter(park__schema_name=schema).delete()
    Park.objects.filter(schema_name=schema).delete()
    with connection.cursor() as cursor:
        cursor.execute(f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')


def batches(park: BenchPark, scans: int, a_batch: int) -> list[list[bytes]]:
    """Requests with `scans` scans in batches of `a_batch`, by desk: tubes of ten, each opened, filled and sealed.

    Whoever was in a request is not in another one. Raises ValueError when the park has too few people left.
    """
    found: dict[str, list[bytes]] = defaultdict(list)
    for _batch in range(scans // a_batch):
        desk = max(park.desks, key=lambda one: len(one.people))
        found[desk.token].append(_request(park, desk, operations_of(desk, a_batch)))
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


def backlog(park: BenchPark, scans: int, most: int = 500) -> list[list[bytes]]:
    """What each desk's phone holds after hours offline, together `scans` scans: at most `most` operations a batch."""
    found = []
    for n, desk in enumerate(park.desks):
        share = scans // len(park.desks) + (n < scans % len(park.desks))
        operations = operations_of(desk, share)
        found.append([_request(park, desk, operations[at : at + most]) for at in range(0, len(operations), most)])
    return found


def operations_of(desk: Desk, scans: int) -> list[dict[str, Any]]:
    """What the desk's phone notes while it scans so many people of its list: tubes of ten, opened, filled, sealed.

    Raises ValueError when too few people are left.
    """
    people, desk.people = desk.people[:scans], desk.people[scans:]
    if len(people) < scans:
        raise ValueError("too few people are left at a point: make a park with more of them")
    told: list[dict[str, Any]] = []

    def tell(kind: str, at: datetime, **facts: Any) -> None:
        desk.sequence += 1
        told.append({"id": str(uuid4()), "seq": desk.sequence, "at": at.isoformat(), "kind": kind, **facts})

    for first in range(0, scans, POOL):
        tube, desk.serial = tube_code(_PREFIX, desk.serial), desk.serial + 1
        members = people[first : first + POOL]
        start = MIDNIGHT + timedelta(minutes=members[0][1], seconds=first % 900)
        tell("open_tube", start, tube=tube, pool_size=POOL)
        for n, (person, slot) in enumerate(members):
            at = MIDNIGHT + timedelta(minutes=slot, seconds=first % 900, milliseconds=2800 * n + 300)
            tell("scan", at, tube=tube, how="code", person=person)
        tell("seal_tube", max(at, start) + timedelta(seconds=20), tube=tube, swabs=len(members))
    return told


def _request(park: BenchPark, desk: Desk, operations: list[dict[str, Any]]) -> bytes:
    """A whole HTTP request, compressed as phones compress it."""
    body = orjson.dumps({"id": str(uuid4()), "sent_at": clock.now().isoformat(), "operations": operations})
    zipped = gzip.compress(body, 5, mtime=0)
    head = (
        f"POST /phone/v1/batches HTTP/1.1\r\nHost: {park.host}\r\nAuthorization: Bearer {desk.token}\r\n"
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\nAccept-Encoding: gzip\r\n"
        f"Parkkeeper-Protocol: 1\r\nAccept-Language: zh-Hans\r\nContent-Length: {len(zipped)}\r\n\r\n"
    )
    return head.encode() + zipped
