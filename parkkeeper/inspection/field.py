"""What inspectors' phones tell: plain operations with ids and times made on the device.

As in sampling.field: `sync` turns messages into these, the verbs in `inspection.actions` take lists of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from parkkeeper.sampling.field import Operation


@dataclass(frozen=True, slots=True)
class Place:
    """Where the phone was, degrees WGS 84 and metres; or why it does not know."""

    longitude: float | None = None
    latitude: float | None = None
    accuracy: float | None = None
    missing: str = ""


@dataclass(frozen=True, slots=True)
class BeginVisit(Operation):
    """A team has entered an enterprise (by its credit code, as its QR picture says it); `checklist` is the version that
    the phone asks by, `basis` a value of Basis, `visit_kind` one of Visit.Kind."""

    enterprise: str
    checklist: int
    visit_kind: str
    basis: str
    second: UUID | None = None
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class NoteFinding(Operation):
    visit: UUID
    item: str
    area: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class TakePhoto(Operation):
    """A picture of a finding; `of` is a value of Photo.Of. The file itself comes under its hash."""

    finding: UUID
    of: str
    sha256: str
    place: Place = field(default_factory=Place)


@dataclass(frozen=True, slots=True)
class FixOnSpot(Operation):
    finding: UUID
    note: str = ""


@dataclass(frozen=True, slots=True)
class LookBack(Operation):
    """What a second look found; `outcome` is fixed, partly, not_fixed or no_access (Step.Kind)."""

    finding: UUID
    outcome: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class EndVisit(Operation):
    """The team leaves; `how` is a value of Visit.End. Signed (name and hash of the drawn signature) or refused."""

    visit: UUID
    how: str
    answers: Mapping[str, Any] = field(default_factory=dict)
    signed_by: str = ""
    signature: str = ""
    refusal: str = ""
