"""The sampling system's nouns."""

from parkkeeper.sampling.models.boxes import Box, BoxTube, HandOver, Laboratory, Reception
from parkkeeper.sampling.models.points import Point, Slot, TubeRoll
from parkkeeper.sampling.models.results import AntigenTest, Flag, LabReport, Obligation, Result
from parkkeeper.sampling.models.rounds import Disposition, Due, Programme, Round, Test
from parkkeeper.sampling.models.tubes import Duty, Scan, Session, Tube, Undo

__all__ = [
    "AntigenTest",
    "Box",
    "BoxTube",
    "Disposition",
    "Due",
    "Duty",
    "Flag",
    "HandOver",
    "LabReport",
    "Laboratory",
    "Obligation",
    "Point",
    "Programme",
    "Reception",
    "Result",
    "Round",
    "Scan",
    "Session",
    "Slot",
    "Test",
    "Tube",
    "TubeRoll",
    "Undo",
]
