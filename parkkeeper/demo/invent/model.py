"""The nouns of the invented park: frozen dataclasses that refer to one another by short keys.

Conventions, everywhere in this package:

* A *key* is a short stable text (`E007`, `P00042`, `N03`), unique over the whole park and the same for the same seed.
* A *position* is `(longitude, latitude)` in WGS84 degrees, six decimals.
* Days are local dates of the park; an interval is `first <= day < until`, and `until=None` means open.
* Minutes and seconds count from local midnight (`1020` minutes is 17:00; `61200` seconds likewise).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Position = tuple[float, float]

IndustryName = str
EnterpriseKind = Literal["enterprise", "contractor", "park_office"]
SiteKind = Literal["works", "dormitory", "construction", "nearby", "office"]
DocumentKind = Literal["resident_id", "passport", "hk_macau_permit", "taiwan_permit"]
Category = Literal["production", "office", "gate", "logistics", "construction", "canteen", "office_staff"]
Shift = Literal["day", "late", "office"]
PresenceState = Literal["on_post", "away", "isolated", "silent_period", "left"]
Role = Literal[
    "prevention",
    "sampling",
    "scanning",
    "concierge",
    "leader",
    "office",
    "lab",
    "courier",
    "driver",
    "team_member",
    "team_leader",
]
PointKind = Literal["enterprise", "nearby"]


@dataclass(frozen=True, slots=True)
class Place:
    """The park as a place: its invented names, time zone, middle, and the four corners of its map window."""

    name: str
    name_en: str
    zone: str
    centre: Position
    south_west: Position
    north_east: Position


@dataclass(frozen=True, slots=True)
class Road:
    """A road's centre line; arterial roads bound the grids, local roads lie inside one."""

    key: str
    name: str
    kind: Literal["arterial", "local"]
    line: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """One of the nine grids: a closed ring (first position repeated last), numbered row by row from the north-west."""

    key: str
    number: int
    name: str
    ring: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Enterprise:
    """An enterprise of the park, a building contractor, or the park's own office (`kind`).

    `head_count` is the staff it declares (people on post when fully back); `resumed_on` is None for one that has not
    resumed work. The park office is no enterprise: its people never count among the people on post.
    """

    key: str
    kind: EnterpriseKind
    name: str
    short_name: str
    name_en: str
    credit_code: str
    industry: IndustryName
    head_count: int
    resumed_on: date | None
    address: str


@dataclass(frozen=True, slots=True)
class Site:
    """A located place: works, dormitory or construction site of an enterprise, or the ground of a nearby point.

    `enterprise` is None only for kind `nearby`.
    """

    key: str
    kind: SiteKind
    name: str
    enterprise: str | None
    grid: str
    position: Position
    address: str


@dataclass(frozen=True, slots=True)
class Person:
    """One registered person; `site` is where the person works, `dormitory` where some of them sleep.

    `joined_on` is the first day on post: None for those who have not come yet and for the park office.
    """

    key: str
    name: str
    document_kind: DocumentKind
    document: str
    phone: str
    enterprise: str
    staff_number: str
    category: Category
    shift: Shift
    site: str
    dormitory: str | None
    joined_on: date | None


@dataclass(frozen=True, slots=True)
class Presence:
    """Where a person is over an interval; a person's intervals never overlap.

    "On post on a day" means state `on_post` and nothing else: a silent period precedes it and is counted apart.
    `because` names the incident (`LabIncident.key`, `AntigenPositive.key`) that begins this isolation. A loader that
    wants the replay to write it through its own actions leaves it out and leaves the interval before it open.
    """

    person: str
    state: PresenceState
    first: date
    until: date | None
    because: str | None = None

    def covers(self, day: date) -> bool:
        """Say whether `day` lies in this interval."""
        return self.first <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Certificate:
    """Proof of training; in date on a day when `issued_on <= day <= valid_to` and not revoked by then."""

    number: str
    issuer: str
    issued_on: date
    valid_to: date
    revoked_on: date | None = None
    revoked_why: str = ""

    def in_date(self, day: date) -> bool:
        """Say whether duty is allowed on `day`."""
        return self.issued_on <= day <= self.valid_to and (self.revoked_on is None or day < self.revoked_on)


@dataclass(frozen=True, slots=True)
class Post:
    """A person's task from `first` on, with its place.

    prevention: `enterprise` is the employer, `covers` every enterprise it is liaison of (the employer first);
    scanning and sampling: `point` is where the person serves, None for the reserve that may be sent anywhere;
    concierge, team_member, team_leader: `grid`; lab: `lab`; office, leader, courier, driver: the park.
    """

    key: str
    person: str
    role: Role
    first: date
    enterprise: str | None = None
    covers: tuple[str, ...] = ()
    point: str | None = None
    grid: str | None = None
    lab: str | None = None
    certificate: Certificate | None = None


@dataclass(frozen=True, slots=True)
class Lab:
    """A laboratory that receives the boxes; `file_format` is how it sends its results."""

    key: str
    name: str
    short_name: str
    file_format: Literal["csv", "hl7"]


@dataclass(frozen=True, slots=True)
class Point:
    """A sampling point: `host` is the enterprise of an enterprise point (else None), `lab` its laboratory."""

    key: str
    kind: PointKind
    name: str
    site: str
    grid: str
    position: Position
    host: str | None
    desks: int
    opened_on: date
    opens: int
    closes: int
    lab: str


@dataclass(frozen=True, slots=True)
class Slot:
    """Minutes of the evening kept at a point for one enterprise, shift or construction site, over a dated interval.

    Two slots of a point never overlap on a day. `shift=None` means the whole enterprise; `site` is set only for
    construction sites, which come by shuttle; `enterprise=None` is the slot for people in their silent period.
    """

    point: str
    enterprise: str | None
    shift: Shift | None
    site: str | None
    starts: int
    ends: int
    first: date
    until: date | None

    def covers(self, day: date) -> bool:
        """Say whether the slot is kept on `day`."""
        return self.first <= day and (self.until is None or day < self.until)


@dataclass(frozen=True, slots=True)
class Shuttle:
    """The bus that fetches one construction site to its nearby point each evening and takes it back."""

    site: str
    point: str
    driver: str
    plate: str
    seats: int
    departs: int
    arrives: int
    returns: int
    first: date
    until: date | None


@dataclass(frozen=True, slots=True)
class TubeRoll:
    """A roll of pre-printed tube codes issued to a point: serials `first_serial..last_serial`, both included."""

    point: str
    letters: str
    first_serial: int
    last_serial: int
    issued_on: date


@dataclass(frozen=True, slots=True)
class Excusal:
    """Somebody who is on post but need not be sampled over an interval, with the reason."""

    person: str
    reason: str
    first: date
    until: date | None
