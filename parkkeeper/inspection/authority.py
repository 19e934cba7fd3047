"""On what paper a visit or a stop of work rests."""

from datetime import date

from parkkeeper.inspection.models import Authorisation, Visit


def authorisation_for(basis: str, day: date) -> Authorisation | None:
    """The paper on file for that basis on that local day, if there is one."""
    return Authorisation.objects.on(day).filter(basis=basis).order_by("pk").first()


def stop_work_paper(visit: Visit, day: date) -> Authorisation | None:
    """The paper that allows on that local day to stop work for what the visit found; None when it could only advise,
    or its basis does not go so far: what was found as a guest stops nobody."""
    papers = Authorisation.objects.on(day).filter(basis=visit.basis, may_stop_work=True)
    return papers.order_by("pk").first() if visit.orders else None
