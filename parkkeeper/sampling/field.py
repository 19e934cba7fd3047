"""What phones tell: plain operations with ids and times made on the device, and the verdict that each gets.

`sync` turns messages into these; the verbs in `sampling.actions` take lists of them. Times are aware; `happened_at` is
the device's time corrected by its offset at sending, `device_at` what the device's clock said.
"""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from parkkeeper.park.models import Person
from parkkeeper.sampling.models import Point


@dataclass(frozen=True, slots=True)
class Source:
    """Who tells: a phone at its point (or neither, when staff type from paper), and when the server heard it."""

    holder: Person
    point: Point | None
    phone_id: int | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Operation:
    """Common to all: the device-made id, the order inside the device, the two times."""

    id: UUID
    sequence: int
    device_at: datetime
    happened_at: datetime


@dataclass(frozen=True, slots=True)
class OpenSession(Operation):
    """The point begins its work for the day."""


@dataclass(frozen=True, slots=True)
class CloseSession(Operation):
    session: UUID


@dataclass(frozen=True, slots=True)
class GoOnDuty(Operation):
    """A specialist takes the desk: by person id of the roster (`person`) in a role of Post.Role."""

    session: UUID
    person: UUID
    role: str


@dataclass(frozen=True, slots=True)
class OpenTube(Operation):
    tube_code: str
    pool_size: int
    session: UUID | None = None


@dataclass(frozen=True, slots=True)
class TakeScan(Operation):
    """A person's swab goes into a tube. Either `person` (uuid of the roster) or `claimed` (document, staff number or
    name as read) says who; `how` is a value of Scan.How."""

    tube_code: str
    how: str
    person: UUID | None = None
    claimed: str = ""
    by: UUID | None = None


@dataclass(frozen=True, slots=True)
class UndoScan(Operation):
    scan: UUID


@dataclass(frozen=True, slots=True)
class SealTube(Operation):
    tube_code: str
    swabs: int


@dataclass(frozen=True, slots=True)
class SealBox(Operation):
    box_code: str
    tube_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HandOverBox(Operation):
    """`leg` is a value of HandOver.Leg; signatures are sha256 of files that were sent before, or "".

    A phone that did not seal the box may know only what is printed on it: then `box` is None and `box_code` says it.
    """

    box: UUID | None
    leg: str
    given_by: UUID | None = None
    taken_by: UUID | None = None
    given_signature: str = ""
    taken_signature: str = ""
    box_code: str = ""


@dataclass(frozen=True, slots=True)
class ReceiveTube(Operation):
    """The laboratory's word on a tube at its door; `condition` is a value of Reception.Condition.

    Out of which box: as in HandOverBox, by its id or by what is printed on it.
    """

    tube_code: str
    condition: str
    laboratory: str
    box: UUID | None = None
    box_code: str = ""


@dataclass(frozen=True, slots=True)
class TakeAntigen(Operation):
    """A morning self-test; `value` is a value of Result.Value, `photo` the sha256 of a file that was sent before."""

    person: UUID
    value: str
    photo: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one operation: stored now, or known already; with the kinds of doubt that it raised."""

    id: UUID
    stored: bool
    doubts: tuple[str, ...] = field(default=())
