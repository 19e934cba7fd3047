"""Builds the sample park: its schema, its register, its starfield, the emergency and the programmes.

The register is written set by set, as a park's first import would; whatever an office decides (emergency, programmes)
goes through the verbs.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from itertools import chain

from django.conf import settings
from django.db import connection, transaction
from django_pgschemas.schema import deactivate

from parkkeeper.demo.invent import SourcePark
from parkkeeper.demo.invent import model as invented
from parkkeeper.demo.register import SCHEMA, Register, moment, person_uuid
from parkkeeper.inspection.actions.setup import file_authorisation, put_checklist_in_force
from parkkeeper.inspection.checklistfiles import RESUMPTION, SAMPLE, read_aspects, read_checklist
from parkkeeper.inspection.models import Basis
from parkkeeper.kernel.documents import read_document
from parkkeeper.kernel.text import pinyin_initials, pinyin_key
from parkkeeper.park.actions.emergency import declare_emergency
from parkkeeper.park.journal import record
from parkkeeper.park.models import (
    Account,
    Certificate,
    Enterprise,
    Grid,
    Person,
    Post,
    Presence,
    Road,
    Site,
)
from parkkeeper.park.tenancy.middleware import forget_parks
from parkkeeper.park.tenancy.models import Host, Park
from parkkeeper.park.tenancy.parks import in_park, make_park
from parkkeeper.park.vault import document_columns
from parkkeeper.sampling.actions.rounds import make_programme
from parkkeeper.sampling.models import Laboratory, Point, Slot, Test, TubeRoll

PACK = "shanghai-2022"
SHIFTS = {"day": "白班", "late": "晚班", "office": "行政班"}
CHUNK = 2000
ENTERPRISE_KINDS = {
    "enterprise": Enterprise.Kind.ENTERPRISE, "contractor": Enterprise.Kind.CONSTRUCTION,
    "park_office": Enterprise.Kind.BODY,
}  # fmt: skip
SITE_KINDS = {
    "works": Site.Kind.WORKS, "office": Site.Kind.WORKS, "dormitory": Site.Kind.DORMITORY,
    "construction": Site.Kind.CONSTRUCTION, "nearby": Site.Kind.NEARBY,
}  # fmt: skip
STATES = {
    "on_post": Presence.State.ON_POST, "away": Presence.State.AWAY, "isolated": Presence.State.ISOLATED,
    "silent_period": Presence.State.SILENT, "left": Presence.State.LEFT,
}  # fmt: skip
ROLES = {
    "prevention": Post.Role.PREVENTION, "sampling": Post.Role.SAMPLING, "scanning": Post.Role.SCANNING,
    "concierge": Post.Role.CONCIERGE, "leader": Post.Role.LEADER, "office": Post.Role.OFFICE, "lab": Post.Role.LAB,
    "courier": Post.Role.COURIER, "team_member": Post.Role.TEAM_MEMBER, "team_leader": Post.Role.TEAM_LEADER,
}  # fmt: skip
SHOWN = {
    "office": "office", "leader": "leader", "prevention": "prevention", "team_leader": "teamleader",
    "team_member": "team", "concierge": "concierge", "lab": "lab", "courier": "courier", "sampling": "sampling",
    "scanning": "scanning",
}  # fmt: skip
"""The roles that get a demo log-in, and its name."""

Step = Callable[[Register], None]


def demolish() -> None:
    """Remove the sample park with everything in it, if there is one."""
    deactivate()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE")
        Host.objects.filter(park__schema_name=SCHEMA).delete()
        Park.objects.filter(schema_name=SCHEMA).delete()
    forget_parks()


def build(park: SourcePark, first: date, progress: Callable[[str, float], None]) -> Register:
    """Make the schema and fill it with the park as it is when the replay begins on day `first`; returns who is who.

    `progress(what, share)` is told before each step.
    """
    began = moment(park.scenario.calendar.first_resumption, minute=9 * 60) - timedelta(days=1)
    progress("schema", 0.0)
    make_park(SCHEMA, name=park.place.name, name_en=park.place.name_en, time_zone=park.place.zone, at=began)
    register = Register(park, first)
    steps: list[tuple[str, Step]] = [
        ("grids, roads, enterprises, sites", _places), ("people", _people), ("presences", _presences),
        ("posts and certificates", _posts), ("accounts", _accounts), ("laboratories", _laboratories),
        ("points and slots", _starfield), ("tubes", _rolls), ("emergency and programmes", _emergency),
        ("checklist", _inspection),
    ]  # fmt: skip
    with in_park(SCHEMA):
        for number, (what, step) in enumerate(steps, start=1):
            progress(what, number / (len(steps) + 1))
            with transaction.atomic():
                step(register)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return register


def _began(register: Register) -> datetime:
    return moment(register.park.scenario.calendar.first_resumption, minute=9 * 60) - timedelta(days=1)


def _loaded(register: Register, what: str, count: int) -> None:
    record("demo.loaded", by=None, at=_began(register), what=what, count=count)


def _places(register: Register) -> None:
    park = register.park
    rings = {f["properties"]["key"]: f["geometry"] for f in park.grids_geojson()["features"]}
    lines = {f["properties"]["key"]: f["geometry"] for f in park.roads_geojson()["features"]}
    Road.objects.bulk_create(
        Road(name=road.name, line=lines[road.key], arterial=road.kind == "arterial") for road in park.roads
    )
    grids = Grid.objects.bulk_create(Grid(code=g.key, name=g.name, polygon=rings[g.key]) for g in park.grids)
    register.grids = {grid.code: grid for grid in grids}
    home = {site.enterprise: site.grid for site in reversed(park.sites) if site.kind != "dormitory"}
    enterprises = Enterprise.objects.bulk_create(
        Enterprise(
            credit_code=e.credit_code, name=e.name, short_name=e.short_name, pinyin=pinyin_key(e.short_name),
            kind=ENTERPRISE_KINDS[e.kind], industry=e.industry, address=e.address, head_count=e.head_count,
            resumed_on=e.resumed_on, grid=register.grids.get(home.get(e.key, "")),
        )
        for e in park.enterprises
    )  # fmt: skip
    register.enterprises = {e.key: row for e, row in zip(park.enterprises, enterprises, strict=True)}
    sites = Site.objects.bulk_create(
        Site(
            code=s.key, name=s.name, kind=SITE_KINDS[s.kind], grid=register.grids[s.grid], address=s.address,
            enterprise=register.enterprises[s.enterprise] if s.enterprise else None,
            longitude=s.position[0], latitude=s.position[1],
        )
        for s in park.sites
    )  # fmt: skip
    register.sites = {site.code: site for site in sites}
    _loaded(register, "places", len(park.roads) + len(grids) + len(enterprises) + len(sites))


def _people(register: Register) -> None:
    park, at = register.park, _began(register)
    by_site = {slot.site for slot in park.slots if slot.site}
    rows = Person.objects.bulk_create((_person(register, p, by_site, at) for p in park.people), batch_size=CHUNK)
    register.people = {p.key: row for p, row in zip(park.people, rows, strict=True)}
    _loaded(register, "people", len(rows))


def _person(register: Register, person: invented.Person, by_site: set[str], at: datetime) -> Person:
    document = read_document(person.document)
    return Person(
        uuid=person_uuid(register.park.seed, person.key), name=person.name, phone=person.phone,
        pinyin=f"{pinyin_key(person.name)} {pinyin_initials(person.name)}", staff_number=person.staff_number,
        employer=register.enterprises[person.enterprise], category=person.category,
        # a construction site comes by its own shuttle: to the enterprise it is a shift of its own
        shift=person.site if person.site in by_site else SHIFTS[person.shift],
        registered_at=at, **document_columns(document.kind, document.number),
    )  # fmt: skip


def _presences(register: Register) -> None:
    # What an incident will bring about is left to the replay: the interval before it stays open.
    told = {p.person: p.first for p in register.park.presences if p.because and p.first >= register.first}
    rows = [
        Presence(
            person=register.people[p.person], state=STATES[p.state], source="roster",
            during=(moment(p.first), moment(p.until) if p.until and told.get(p.person) != p.until else None),
        )
        for p in register.park.presences
        if not p.because or p.first < register.first
    ]  # fmt: skip
    Presence.objects.bulk_create(rows, batch_size=CHUNK)
    _loaded(register, "presences", len(rows))


def _posts(register: Register) -> None:
    posts = [post for post in register.park.posts if post.role in ROLES]
    rows = list(chain.from_iterable(_post(register, post) for post in posts))
    Post.objects.bulk_create(rows, batch_size=CHUNK)
    office = register.office
    certified = [(post, post.certificate) for post in posts if post.certificate]
    Certificate.objects.bulk_create(_certificate(register, post, c, office) for post, c in certified)
    _loaded(register, "posts", len(rows))


def _post(register: Register, post: invented.Post) -> Iterable[Post]:
    """One row a place: a specialist shared by several small enterprises is appointed at each."""
    person, role, during = register.people[post.person], ROLES[post.role], (post.first, None)
    if post.role == "prevention":
        return [Post(person=person, role=role, during=during, enterprise=register.enterprises[k]) for k in post.covers]
    site = register.sites[register.park.point[post.point].site] if post.point else None
    grid = register.grids[post.grid] if post.grid else None
    return [Post(person=person, role=role, during=during, site=site, grid=grid)]


def _certificate(register: Register, post: invented.Post, proof: invented.Certificate, office: Person) -> Certificate:
    revoked = proof.revoked_on is not None
    return Certificate(
        person=register.people[post.person], role=ROLES[post.role], number=proof.number, issuer=proof.issuer,
        during=(proof.issued_on, proof.valid_to + timedelta(days=1)),
        revoked_at=moment(proof.revoked_on, minute=9 * 60) if proof.revoked_on else None,
        revoked_by=office if revoked else None, revoked_reason=proof.revoked_why,
    )  # fmt: skip


def demo_password(username: str) -> str:
    """The password of a demo log-in: the same for this installation, unknown to any other."""
    digest = hmac.digest(settings.SECRET_KEY.encode(), f"demo log-in {username}".encode(), hashlib.sha256)
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(letters[byte % len(letters)] for byte in digest[n : n + 4]) for n in (0, 4, 8))


def _accounts(register: Register) -> None:
    holders = {username: shown_holder(register, role) for role, username in SHOWN.items()}
    holders["screen"] = _wall(register)
    for username, person in holders.items():
        account = Account(username=username, person=person)
        account.set_password(demo_password(account.username))
        account.save()
    _loaded(register, "accounts", len(holders))


def _wall(register: Register) -> Person:
    """Whose log-in stays open on the big screen: nobody's, as nobody sits there."""
    body, name = register.office.employer, "园区大屏"
    wall = Person.objects.create(
        name=name, pinyin=pinyin_key(name), employer=body, category="office_staff", registered_at=_began(register)
    )
    Post.objects.create(person=wall, role=Post.Role.SCREEN, during=(register.first, None))
    return wall


def shown_holder(register: Register, role: str) -> Person:
    """Whose log-in shows the role: the liaison of the largest host, the specialists of its point, else the first."""
    park = register.park
    hosts = {point.host for point in park.points if point.host}
    host = max(hosts, key=lambda key: (park.enterprise[key].head_count, key))
    point = next(point.key for point in park.points if point.host == host)
    for post in park.posts:
        if post.role == role and (post.enterprise == host or post.point == point):
            return register.people[post.person]
    return register.holder(role)


def _laboratories(register: Register) -> None:
    park = register.park
    for number, lab in enumerate(park.labs):
        longitude, latitude = park.place.centre
        site = Site.objects.create(
            code=lab.key, name=lab.name, kind=Site.Kind.LABORATORY,
            longitude=longitude + 0.03 + number * 0.01, latitude=latitude + 0.02,
        )  # fmt: skip
        register.laboratories[lab.key] = Laboratory.objects.create(code=lab.key, name=lab.name, site=site)


def _starfield(register: Register) -> None:
    park = register.park
    points = Point.objects.bulk_create(
        Point(
            code=p.key, site=register.sites[p.site], kind=p.kind, desks=p.desks, hours=(p.opens, p.closes),
            host=register.enterprises[p.host] if p.host else None, in_service=(p.opened_on, None),
        )
        for p in park.points
    )  # fmt: skip
    register.points = {point.code: point for point in points}
    slots = Slot.objects.bulk_create(_slot(register, slot) for slot in park.slots if slot.enterprise is not None)
    _loaded(register, "points", len(points))
    _loaded(register, "slots", len(slots))


def _slot(register: Register, slot: invented.Slot) -> Slot:
    return Slot(
        point=register.points[slot.point], enterprise=register.enterprises[slot.enterprise or ""],
        site=register.sites[slot.site] if slot.site else None,
        shift=slot.site or (SHIFTS[slot.shift] if slot.shift else ""),
        minutes=(slot.starts, slot.ends), by_shuttle=slot.site is not None, during=(slot.first, slot.until),
    )  # fmt: skip


def _rolls(register: Register) -> None:
    TubeRoll.objects.bulk_create(
        TubeRoll(
            point=register.points[roll.point], prefix=roll.letters, serials=(roll.first_serial, roll.last_serial + 1),
            issued_at=moment(roll.issued_on, minute=9 * 60), issued_by=register.office,
        )
        for roll in register.park.rolls
    )  # fmt: skip
    _loaded(register, "rolls", len(register.park.rolls))


def _emergency(register: Register) -> None:
    park, at, office = register.park, _began(register), register.office
    begins = moment(date(2022, 4, 16))
    declare_emergency(
        "2022 年春季疫情",
        basis="市疫情防控工作领导小组办公室通告（演示）",
        pack=PACK,
        starts_at=begins,
        by=office,
        at=at,
    )
    daily = {"sealed": 1, "controlled": 1, "other": 1}
    wanted = {
        Test.PCR: ("晚间核酸", park.scenario.evening.pool, 990, 1320),
        Test.ANTIGEN: ("晨间抗原自测", 1, 360, 720),
    }
    for test, (name, pool, opens, closes) in wanted.items():
        register.programmes[test.value] = make_programme(
            name=name, test=test.value, every_days=daily, pool_size=pool, opens=opens, closes=closes,
            first=park.first_day, source="园区在岗人员每日“晨抗原、晚核酸”安排（演示）", by=office, at=at,
        )  # fmt: skip


def _inspection(register: Register) -> None:
    """The checklist of the nine grids, and the paper by which the teams may order and stop."""
    office, at, first = register.office, _began(register), register.park.scenario.inspections.first
    checklist = put_checklist_in_force(
        SAMPLE, "九宫格检查表", read_checklist(), start=first, source="园区检查标准（演示）", by=office, at=at
    )
    file_authorisation(
        Basis.EMERGENCY, "园区疫情防控工作领导小组", "关于开展企业疫情防控九宫格检查的通知（演示）", start=first,
        may_stop_work=True, by=office, at=at,
    )  # fmt: skip
    put_checklist_in_force(
        RESUMPTION, "复工指引检查表（条文待补）", read_checklist(RESUMPTION), start=date(2022, 4, 16),
        source="上海市工业企业复工复产疫情防控指引第一版（2022-04-16）", aspects=read_aspects(RESUMPTION),
        by=office, at=at,
    )  # fmt: skip
    register.checklist = checklist.pk
    register.items = dict(checklist.items.order_by("position").values_list("code", "short_round"))
