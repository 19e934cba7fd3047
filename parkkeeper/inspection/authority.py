"""On what paper a visit or a stop of work rests."""

from datetime import date

from parkkeeper.inspection.models import Authorisation


def authorisation_for(basis: str, day: date) -> Authorisation | None:
    """The paper on file for that basis on that local day, if there is one."""
    return Authorisation.objects.on(day).filter(basis=basis).order_by("pk").first()


def stop_work_paper(day: date) -> Authorisation | None:
    """The paper that allows stopping work on that local day, if there is one."""
    return Authorisation.objects.on(day).filter(may_stop_work=True).order_by("pk").first()
