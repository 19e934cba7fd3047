"""Short hands for tests about results: tubes with people in them, results on them, without the field's verbs."""

from datetime import datetime
from typing import Any

from parkkeeper.kernel.ids import new_id
from parkkeeper.kernel.tubes import tube_code
from parkkeeper.park.models import Person
from parkkeeper.sampling.actions.results import ResultIn, report_results
from parkkeeper.sampling.consequences import judge_tubes
from parkkeeper.sampling.models import Due, LabReport, Obligation, Round, Scan, Tube
from tests.world import DAY, EVENING, MORNING, later


def code(serial: int) -> str:
    """The code of the park's tube with that serial."""
    return tube_code("YQ", serial)


def tube(w: Any, serial: int, *people: Person, size: int = 10, minutes: float = 0, round: Round | None = None) -> Tube:
    """A tube at w.point, these people scanned into it that long after 18:00."""
    about = {"point": w.point, "pool_size": size, "first_heard_at": later(minutes), "round": round}
    made, _ = Tube.objects.get_or_create(code=code(serial), defaults=about)
    for person in people:
        scan(made, person, minutes=minutes, round=round)
    return made


def scan(into: Tube, person: Person | None, *, minutes: float = 0, round: Round | None = None) -> Scan:
    """A scan of that person, taken and received that long after 18:00."""
    when = later(minutes)
    return Scan.objects.create(
        id=new_id(),
        tube=into,
        person=person,
        round=round,
        point=into.point,
        how="code",
        scanned_at=when,
        device_at=when,
        received_at=when,
    )


def report(w: Any, *said: tuple[int, str], minutes: float = 300, tested: datetime | None = None) -> LabReport:
    """The laboratory says these (serial, value), so long after 18:00."""
    rows = [ResultIn(code(serial), value, tested or later(minutes - 10)) for serial, value in said]
    return report_results(rows, laboratory=w.laboratory, kind="table", by=w.lab, at=later(minutes))


def heard(*tubes: Tube, minutes: float) -> None:
    """What the field's verbs do last."""
    judge_tubes([one.pk for one in tubes], at=later(minutes))


def owing(person: Person) -> list[tuple[str, str]]:
    """What the person owes now: kind and cause."""
    return list(Obligation.objects.open().filter(person=person).order_by("kind", "cause").values_list("kind", "cause"))


def make_round(w: Any, *people: Person, day: Any = DAY, standing: str = "due", shift: float = 0, **more: Any) -> Round:
    """A PCR round of that day (its window 17:00-22:00, `shift` minutes later), with these people on its frozen list."""
    made = Round.objects.create(
        programme=w.programme,
        test="pcr",
        day=day,
        opens_at=later(-60 + shift),
        closes_at=later(240 + shift),
        frozen_at=later(shift, MORNING),
        **more,
    )
    due(made, *people, standing=standing, w=w)
    return made


def due(round: Round, *people: Person, w: Any, standing: str = "due") -> None:
    """These people on that round's list."""
    Due.objects.bulk_create(
        Due(round=round, person=one, standing=standing, on_post=True, enterprise=one.employer, point=w.point)
        for one in people
    )


__all__ = ["EVENING", "code", "due", "heard", "later", "make_round", "owing", "report", "scan", "tube"]
