"""The one small park of the tests: three grids, four enterprises, named people, two points. Times are of 2022-05.

w = world()            # inside a database test
w.mei                  # liaison (防疫专员) of w.rainbow
w.office, w.leader     # park office, leader
w.login(client, w.mei) # client logged in as her
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.test import Client

from parkkeeper.kernel.text import pinyin_initials, pinyin_key
from parkkeeper.park.models import (
    Account,
    Certificate,
    Emergency,
    Enterprise,
    Grid,
    Person,
    Post,
    Presence,
    Rule,
    Site,
)
from parkkeeper.park.vault import put_document
from parkkeeper.sampling.models import Laboratory, Point, Programme, Slot, TubeRoll

DAY = date(2022, 5, 10)
MORNING = datetime(2022, 5, 10, 0, 30, tzinfo=UTC)  # 08:30 in the park
EVENING = datetime(2022, 5, 10, 10, 0, tzinfo=UTC)  # 18:00 in the park
LONG_AGO = datetime(2022, 4, 1, tzinfo=UTC)
ALWAYS = (date(2022, 4, 1), date(2023, 4, 1))

# valid credit codes and documents of nobody, with their check characters
CREDIT_CODES = ["91310000TEST000011", "91310000TEST00002Y", "91310000TEST00003W", "91310000TEST00004U"]


def resident_id(serial: int) -> str:
    """A well-formed document of nobody: area 999999, born 1990-01-01, that serial, right check character."""
    body = f"99999919900101{serial:03d}"
    weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]
    return body + "10X98765432"[sum(int(c) * w for c, w in zip(body, weights, strict=True)) % 11]


def square(x: int, y: int) -> dict[str, Any]:
    """A GeoJSON square of 0.01 degrees whose lower left corner is (121.6 + x/100, 31.2 + y/100)."""
    west, south = 121.6 + x / 100, 31.2 + y / 100
    ring = [[west, south], [west + 0.01, south], [west + 0.01, south + 0.01], [west, south + 0.01], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


@dataclass
class World:
    """Handles to what is in the small park; ask it for people by name: `w.person("张伟", w.rainbow)`."""

    serial: int = 0
    grids: list[Grid] = field(default_factory=list)
    enterprises: list[Enterprise] = field(default_factory=list)

    def person(
        self, name: str, employer: Enterprise, *, state: str = "on_post", category: str = "production", **more: Any
    ) -> Person:
        """A person with document, phone, staff number, in that presence state since long ago."""
        return self.people((name, employer, state, category), **more)[0]

    def people(self, *wanted: tuple[str, Enterprise, str, str], **more: Any) -> list[Person]:
        """Several at once, each by name, employer, presence state and category: two statements, not two a person."""
        made = [self._person(name, employer, category, more) for name, employer, _state, category in wanted]
        Person.objects.bulk_create(made)
        Presence.objects.bulk_create(
            Presence(person=one, state=state, during=(LONG_AGO, None))
            for one, (_name, _employer, state, _category) in zip(made, wanted, strict=True)
        )
        return made

    def _person(self, name: str, employer: Enterprise, category: str, more: dict[str, Any]) -> Person:
        self.serial += 1
        person = Person(
            name=name,
            pinyin=f"{pinyin_key(name)} {pinyin_initials(name)}",
            employer=employer,
            category=category,
            staff_number=f"W{self.serial:04d}",
            phone=f"1990000{self.serial:04d}",
            registered_at=LONG_AGO,
            **more,
        )
        put_document(person, resident_id(self.serial))
        return person

    def post(self, person: Person, role: str, *, certified: bool = False, **place: Any) -> Person:
        """Give the person a post (grid=, enterprise=, site=) and perhaps a certificate in date; returns the person."""
        self.posts((person, role, place), certified=certified)
        return person

    def posts(self, *given: tuple[Person, str, dict[str, Any]], certified: bool = False) -> None:
        """Several at once, each by person, role and place."""
        Post.objects.bulk_create(Post(person=one, role=role, during=ALWAYS, **place) for one, role, place in given)
        if certified:
            Certificate.objects.bulk_create(
                Certificate(
                    person=one, role=role, number=f"C{one.pk}-{role}", issuer="园区与区卫健委培训班", during=ALWAYS
                ) for one, role, _place in given
            )  # fmt: skip

    def login(self, client: Client, person: Person) -> Client:
        """The client, logged in as that person (an account is made at need)."""
        account, _ = Account.objects.get_or_create(person=person, defaults={"username": f"u{person.pk}"})
        client.force_login(account)
        return client


def world() -> World:
    """Build the park. People: office, leader, mei (liaison of rainbow), bo (liaison of lotus), sampler, scanner,
    lab, courier; workers: 6 at rainbow (w.workers), 3 at lotus; 2 points (w.point of rainbow, w.nearby).
    An emergency is in force since LONG_AGO."""
    w = World()
    w.grids = [Grid(code=str(n + 1), name=f"第{n + 1}网格", polygon=square(n, 0)) for n in range(3)]
    Grid.objects.bulk_create(w.grids)
    names = [
        ("彩虹生物", "enterprise", 0),
        ("莲花电子", "enterprise", 1),
        ("远山建设", "construction", 2),
        ("园区办", "body", 0),
    ]
    w.enterprises = [
        Enterprise(
            credit_code=CREDIT_CODES[n],
            name=f"{name}有限公司",
            short_name=name,
            pinyin=pinyin_key(name),
            kind=kind,
            grid=w.grids[grid],
            head_count=120,
            resumed_on=date(2022, 4, 20),
        )
        for n, (name, kind, grid) in enumerate(names)
    ]
    Enterprise.objects.bulk_create(w.enterprises)
    w.rainbow, w.lotus, w.builders, w.body = w.enterprises  # type: ignore[attr-defined]
    _staff(w)
    _points(w)
    _programmes(w)
    _rules()
    return w


def _staff(w: Any) -> None:
    office = [(name, w.body, "away", "office_staff") for name in ("办公室甲", "领导乙", "检验丙", "转运丁")]
    rainbow = [(name, w.rainbow, "on_post", "production") for name in ("张伟", "张伟", "李娜", "王喆", "赵祎", "陈赟")]
    lotus = [(name, w.lotus, "on_post", "production") for name in ("孙一", "周二", "吴三")]
    liaisons = [("梅联络", w.rainbow, "on_post", "production"), ("柏联络", w.lotus, "on_post", "production")]
    field = [(name, w.rainbow, "on_post", "production") for name in ("采样戊", "扫码己")]
    made = w.people(*office[:2], *liaisons, *office[2:], *rainbow, *lotus, *field)
    w.office, w.leader, w.mei, w.bo, w.lab, w.courier = made[:6]
    w.workers, w.lotus_workers, (w.sampler, w.scanner) = made[6:12], made[12:15], made[15:]
    w.posts(
        (w.office, "office", {}), (w.leader, "leader", {}),
        (w.mei, "prevention_specialist", {"enterprise": w.rainbow}),
        (w.bo, "prevention_specialist", {"enterprise": w.lotus}),
        (w.lab, "lab_member", {}), (w.courier, "courier", {}),
    )  # fmt: skip


def _points(w: Any) -> None:
    works = Site(
        code="S1",
        name="彩虹厂区",
        kind="works",
        enterprise=w.rainbow,
        grid=w.grids[0],
        longitude=121.605,
        latitude=31.205,
    )
    near = Site(code="S2", name="莲花路口", kind="nearby", grid=w.grids[1], longitude=121.615, latitude=31.205)
    lab = Site(code="L1", name="东方检测", kind="laboratory", longitude=121.62, latitude=31.206)
    Site.objects.bulk_create([works, near, lab])
    w.laboratory = Laboratory.objects.create(code="LAB1", name="东方检测", site=lab)
    w.point = Point(
        code="P01", site=works, kind="enterprise", host=w.rainbow, desks=2, hours=(1020, 1260), in_service=ALWAYS
    )
    w.nearby = Point(code="P02", site=near, kind="nearby", desks=1, hours=(1020, 1260), in_service=ALWAYS)
    Point.objects.bulk_create([w.point, w.nearby])
    Slot.objects.bulk_create([
        Slot(point=w.point, enterprise=w.rainbow, minutes=(1020, 1140), during=ALWAYS),
        Slot(point=w.nearby, enterprise=w.lotus, minutes=(1020, 1080), during=ALWAYS),
        Slot(point=w.nearby, enterprise=w.builders, minutes=(1080, 1140), during=ALWAYS, by_shuttle=True),
    ])  # fmt: skip
    issued = {"prefix": "YQ", "issued_at": LONG_AGO, "issued_by": w.office}
    w.roll = TubeRoll(point=w.point, serials=(1, 1000), **issued)
    w.near_roll = TubeRoll(point=w.nearby, serials=(1000, 2000), **issued)
    TubeRoll.objects.bulk_create([w.roll, w.near_roll])
    w.posts(
        (w.sampler, "sampling_specialist", {"site": works}), (w.scanner, "scanning_specialist", {"site": works}),
        certified=True,
    )  # fmt: skip


def _programmes(w: Any) -> None:
    w.programme = Programme(name="晚间核酸", test="pcr", pool_size=10, opens=1020, closes=1320)
    w.antigen = Programme(name="晨间抗原", test="antigen", pool_size=1, opens=360, closes=600)
    for one in (w.programme, w.antigen):
        one.every_days = {"sealed": 1, "controlled": 1, "other": 1}
        one.during, one.source = ALWAYS, "测试方案"
    Programme.objects.bulk_create([w.programme, w.antigen])


RULES: dict[str, Any] = {
    "tube_to_lab_hours": 4,
    "result_hours": 24,
    "single_retest_hours": 12,
    "clock_tolerance_minutes": 5,
    "late_scan_minutes": 60,
    "slot_grace_minutes": 15,
    "enrolment_code_hours": 24,
    "person_code_days": 180,
    "own_link_hours": 72,
    "people_a_desk_hour": 128,
    "working_hours": [9, 12, 13, 18],
    "notice_term": {"unit": "hours", "amount": 24},
    "look_back_hours": 24,
    "due_soon_hours": 4,
    "repeat_window_days": 30,
    "repeats_to_stop_work": 2,
    "emergency_stop_review_hours": 24,
    "visits_a_week": 7,
    "random_share_percent": 20,
    "low_coverage_percent": 70,
}


def _rules() -> None:
    Emergency.objects.create(name="演练疫情", basis="测试公告第1号", pack="test", during=(LONG_AGO, None))
    Rule.objects.bulk_create(
        Rule(key=key, value=value, during=(LONG_AGO, None), source="测试规则") for key, value in RULES.items()
    )


def later(minutes: float, since: datetime = EVENING) -> datetime:
    """A moment some minutes after 18:00 of the day."""
    return since + timedelta(minutes=minutes)
