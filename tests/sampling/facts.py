"""Facts written straight into the tables, for tests of what is derived from them: scans, receptions, results."""

from datetime import datetime, timedelta
from typing import Any

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.models import Person
from parkkeeper.sampling.models import (
    AntigenTest,
    Box,
    BoxTube,
    LabReport,
    Obligation,
    Reception,
    Result,
    Round,
    Scan,
    Tube,
)
from tests.world import EVENING


def tube(round: Round | None, code: str, *, point: Any = None, pool_size: int = 10) -> Tube:
    found, _ = Tube.objects.get_or_create(
        code=code, defaults={"round": round, "point": point, "pool_size": pool_size, "first_heard_at": EVENING}
    )
    return found


def scan(round: Round, person: Person | None, code: str, *, at: datetime = EVENING, **more: Any) -> Scan:
    """A scan made and received at `at`; `undone=` a moment, `heard=` the receipt when later, `claimed=` …"""
    heard, undone = more.pop("heard", at), more.pop("undone", None)
    into = tube(round, code, point=more.get("point"))
    return Scan.objects.create(
        id=new_id(), tube=into, person=person, round=round, how="code", scanned_at=at, device_at=at, received_at=heard,
        undone_at=undone, undone_received_at=undone, **more,
    )  # fmt: skip


def received(code: str, laboratory: Any, *, at: datetime, condition: str = "good") -> Reception:
    return Reception.objects.create(
        tube=Tube.objects.get(code=code), laboratory=laboratory, condition=condition, at=at, received_at=at
    )


def word(code: str, value: str, *, at: datetime, **more: Any) -> Result:
    report = LabReport.objects.create(kind="hand", received_at=at)
    return Result.objects.create(
        tube=Tube.objects.get(code=code),
        tube_code=code,
        value=value,
        tested_at=at,
        received_at=at,
        report=report,
        **more,
    )


def lost(code: str, *, by: Person, at: datetime) -> Box:
    box = Box.objects.create(code=f"BOX-{code}", sealed_at=EVENING, received_at=EVENING, lost_at=at, lost_by=by)
    BoxTube.objects.create(box=box, tube=Tube.objects.get(code=code))
    return box


def antigen(person: Person, value: str, *, at: datetime, day: Any) -> AntigenTest:
    return AntigenTest.objects.create(
        id=new_id(), person=person, day=day, value=value, taken_at=at, received_at=at, source="list"
    )


def owes(
    person: Person, *, tube: Tube | None = None, antigen: Any = None, at: datetime, kind: str = "single_retest"
) -> Obligation:
    cause = f"tube:{tube.code}" if tube else f"antigen:{antigen.pk}"
    return Obligation.objects.create(
        person=person, kind=kind, cause=cause, tube=tube, antigen=antigen, opened_at=at, due_at=at + timedelta(hours=12)
    )
