"""Inspection's nouns."""

from parkkeeper.inspection.models.checklists import Checklist, Item
from parkkeeper.inspection.models.exclusions import Exclusion
from parkkeeper.inspection.models.notices import ClockStop, Extension, Notice, Service
from parkkeeper.inspection.models.stopwork import Deadline, StopCheck, StopWork
from parkkeeper.inspection.models.visits import (
    ADVISING,
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
    "ADVISING",
    "FAILED",
    "LOOKED",
    "SETTLED",
    "Authorisation",
    "Basis",
    "Checklist",
    "ClockStop",
    "Deadline",
    "Exclusion",
    "Extension",
    "Finding",
    "Item",
    "Notice",
    "NoticeLine",
    "Photo",
    "Service",
    "Step",
    "StopCheck",
    "StopWork",
    "Visit",
]
