"""What a phone captures in a piece of a shift: tubes, slips that are undone, a box with its way to the laboratory."""

import random
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from parkkeeper.demo.bench.ingest_park import MIDNIGHT, Desk
from parkkeeper.kernel.tubes import box_code, tube_code

LABORATORY = "LAB"
PREFIX = "YQ"
UNDONE = 0.3
"""How many of the tubes get a scan too many, which is undone before the seal."""


class Shift:
    """Collects a desk's operations: each a little later than the one before, with the next number of the sequence."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.told = desk, list[dict[str, Any]]()
        self.at = MIDNIGHT

    def tell(self, kind: str, **facts: Any) -> str:
        self.desk.sequence += 1
        self.at += timedelta(milliseconds=700)
        number = str(uuid4())
        told = {"id": number, "seq": self.desk.sequence, "at": self.at.isoformat(), "kind": kind, **facts}
        self.told.append(told)
        return number

    def tube(self, people: list[tuple[str, int]], undone: float) -> str:
        """One tube: opened, its people scanned, sealed; sometimes the last one was a slip, and is undone."""
        code, self.desk.serial = tube_code(PREFIX, self.desk.serial), self.desk.serial + 1
        self.at = max(self.at, MIDNIGHT + timedelta(minutes=max(slot for _person, slot in people)))
        self.tell("open_tube", tube=code, pool_size=10)
        scans = [self.tell("scan", tube=code, how="code", person=person) for person, _slot in people]
        slips = int(len(people) > 1 and random.random() < undone)
        if slips:
            self.tell("undo_scan", scan=scans[-1])
        self.tell("seal_tube", tube=code, swabs=len(people) - slips)
        return code

    def box(self, tubes: list[str]) -> None:
        """The tubes go into a box, to the courier, to the laboratory, and are received there one by one."""
        code = box_code(PREFIX, self.desk.serial)
        box = self.tell("seal_box", box=code, tubes=tubes)
        self.tell("hand_over_box", box=box, leg="to_courier")
        self.tell("hand_over_box", box_code=code, leg="to_lab")
        for tube in tubes:
            self.tell("receive_tube", tube=tube, condition="good", laboratory=LABORATORY, box=box)


def a_piece(
    desk: Desk, scans: int, *, pool: int = 10, undone: float = UNDONE, boxed: bool = True
) -> list[dict[str, Any]]:
    """So many people of the desk's list in tubes of `pool`, a self-test and a box. Raises ValueError: too few left."""
    people, desk.people = desk.people[:scans], desk.people[scans:]
    if len(people) < scans:
        raise ValueError("too few people are left at a point: make a park with more of them")
    shift = Shift(desk)
    tubes = [shift.tube(people[at : at + pool], undone) for at in range(0, scans, pool)]
    if boxed:
        shift.tell("antigen", person=people[0][0], value="negative")
        shift.box(tubes)
    return shift.told


def in_time(operations: list[dict[str, Any]], skew: timedelta, begin: datetime) -> None:
    """Let them bear the time of a clock that is so far ahead; they happened one after the other, from `begin` on."""
    for n, operation in enumerate(operations):
        true = begin + timedelta(milliseconds=100 * n)
        operation["at"], operation["true_at"] = (true + skew).isoformat(), true.timestamp()
