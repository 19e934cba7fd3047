"""Inspection's nouns."""

from parkkeeper.inspection.models.cases import CaseOffer, CasePhoto, CaseReading, GoodPractice
from parkkeeper.inspection.models.checklists import Checklist, Item
from parkkeeper.inspection.models.days import Complaint, DayLine, GridDay
from parkkeeper.inspection.models.debriefs import Cause, Debrief, Decision, Measure
from parkkeeper.inspection.models.exclusions import Exclusion
from parkkeeper.inspection.models.notices import ClockStop, Extension, Notice, Service
from parkkeeper.inspection.models.selfchecks import SelfCheck
from parkkeeper.inspection.models.stopwork import Deadline, StopCheck, StopWork
from parkkeeper.inspection.models.visits import (
    FAILED,
    LOOKED,
    SETTLED,
    Authorisation,
    Basis,
    Finding,
    NoticeLine,
    Photo,
    Step,
    Visit,
)

__all__ = [
    "FAILED",
    "LOOKED",
    "SETTLED",
    "Authorisation",
    "Basis",
    "CaseOffer",
    "CasePhoto",
    "CaseReading",
    "Cause",
    "Checklist",
    "ClockStop",
    "Complaint",
    "DayLine",
    "Deadline",
    "Debrief",
    "Decision",
    "Exclusion",
    "Extension",
    "Finding",
    "GoodPractice",
    "GridDay",
    "Item",
    "Measure",
    "Notice",
    "NoticeLine",
    "Photo",
    "SelfCheck",
    "Service",
    "Step",
    "StopCheck",
    "StopWork",
    "Visit",
]
