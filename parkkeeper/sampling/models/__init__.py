"""The sampling system's nouns."""

from parkkeeper.sampling.models.before import BoxTubeBefore, LossBefore, ReceptionBefore, ScanBefore, TubeBefore
from parkkeeper.sampling.models.boxes import Box, BoxTube, HandOver, Laboratory, Reception
from parkkeeper.sampling.models.points import Point, Slot, TubeRoll
from parkkeeper.sampling.models.results import AntigenTest, Flag, LabReport, Obligation, Result
from parkkeeper.sampling.models.rounds import Disposition, Due, Programme, Round, Test
from parkkeeper.sampling.models.tallies import Tally
from parkkeeper.sampling.models.tubes import Duty, Scan, Session, Tube, Undo

__all__ = [
    "AntigenTest",
    "Box",
    "BoxTube",
    "BoxTubeBefore",
    "Disposition",
    "Due",
    "Duty",
    "Flag",
    "HandOver",
    "LabReport",
    "Laboratory",
    "LossBefore",
    "Obligation",
    "Point",
    "Programme",
    "Reception",
    "ReceptionBefore",
    "Result",
    "Round",
    "Scan",
    "ScanBefore",
    "Session",
    "Slot",
    "Tally",
    "Test",
    "Tube",
    "TubeBefore",
    "TubeRoll",
    "Undo",
]
