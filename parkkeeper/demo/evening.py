"""One point's evening as its phones tell it: the invented arrivals turned into operations, boxes and sendings.

Pure: no clock, no network. Everything that happens at a desk is told by that desk's phone; the first desk's phone also
tells the session, who is on duty, and the boxes.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from parkkeeper.demo.invent.events import Arrival, Peculiarity, PointEvening
from parkkeeper.demo.register import Register, moment
from parkkeeper.demo.tubes import DemoBox, DemoTube, Rolls, box_of
from parkkeeper.kernel.ids import deterministic_id
from parkkeeper.park.models import Post

EVERY = 57  # minutes that a name waits on a phone at most
HALF = 100  # minutes after opening, when the first box is made up
MOST = 450  # operations to a batch
SEAL_AFTER = 20  # seconds after the last name
PATIENCE = 150  # minutes from the first tube to the courier; more asks for a box half-way
COURIER_AFTER = 12 * 60  # seconds after the point's last tube
BOX_AFTER = 30  # seconds after half-time: by then the other desks' phones have sent
Signatures = Callable[[str], str]


@dataclass(frozen=True)
class Sending:
    """One request of a phone: operations under a batch id, sent at second `at` of the day (it may be past midnight)."""

    phone: str
    at: int
    batch: str
    operations: list[dict[str, Any]]
    skew: int = 0


@dataclass
class Told:
    """What an evening at a point comes to: what is sent, the tubes, the boxes; `people` per tube for who follows up."""

    sendings: list[Sending] = field(default_factory=list)
    tubes: list[DemoTube] = field(default_factory=list)
    boxes: list[DemoBox] = field(default_factory=list)


def phone_key(point: str, desk: int) -> str:
    """The name of the phone at that desk."""
    return f"{point}-{desk}"


class Work:
    """A point's work under way: the operations of each desk in their order, with the ids that they bear."""

    def __init__(self, register: Register, rolls: Rolls, day: date, point: str, label: str) -> None:
        self.register, self.park, self.rolls = register, register.park, rolls
        self.day, self.point, self.label = day, point, label
        self.midnight = moment(day)
        self.count = 0
        self.done: dict[int, list[tuple[int, dict[str, Any]]]] = {}
        self.told = Told()

    def id(self, *parts: str) -> str:
        """A device-made id: the same in every replay."""
        return str(deterministic_id("demo", str(self.park.seed), self.day.isoformat(), self.point, self.label, *parts))

    def tell(self, desk: int, second: int, kind: str, **facts: Any) -> str:
        """Let the desk's phone note an operation at that second; returns its id."""
        self.count += 1
        number = self.id(str(self.count))
        self.done.setdefault(desk, []).append((second, {"id": number, "kind": kind, **facts}))
        return number

    def open_session(self, second: int, duty: Iterable[tuple[str, str]]) -> str:
        """The first desk's phone opens the session and names who is on duty: (person, role)."""
        session = self.tell(1, second, "open_session")
        for n, (person, role) in enumerate(duty):
            self.tell(1, second + 20 + n, "go_on_duty", session=session, person=self.register.uuid(person), role=role)
        return session

    def open_tube(self, desk: int, second: int, session: str, pool: int, code: str = "") -> DemoTube:
        """Open the point's next tube (or the one named) at that desk."""
        tube = DemoTube(code or self.rolls.take(self.point), self.point, desk, pool, second, limit=pool, last=second)
        self.tell(desk, second, "open_tube", tube=tube.code, pool_size=pool, session=session)
        self.told.tubes.append(tube)
        return tube

    def seal_tube(self, tube: DemoTube, second: int) -> None:
        """Seal it with the count of swabs."""
        tube.sealed = max(second, tube.last)
        self.tell(tube.desk, tube.sealed, "seal_tube", tube=tube.code, swabs=tube.swabs)

    def scan(self, tube: DemoTube, second: int, person: str, how: str, scanner: str) -> str:
        """Read a person's code, document or staff number into the tube; returns the scan's id."""
        tube.last = second
        facts: dict[str, Any] = {"person": self.register.uuid(person)}
        if how == "document" or (how == "staff_number" and self.stranger(person)):
            # a staff number is looked up in the phone's roster; whoever is not on it shows a document
            facts, how = {"claimed": self.park.person[person].document}, "document"
        return self.tell(tube.desk, second, "scan", tube=tube.code, how=how, by=self.register.uuid(scanner), **facts)

    def stranger(self, person: str) -> bool:
        """Whether the person is expected elsewhere, so that this point's phones do not know them."""
        return self.park.point_of(person, self.day) != self.point

    def single(self, desk: int, second: int, session: str, person: str, how: str, scanner: str) -> DemoTube:
        """Sample somebody alone: open a tube of one, scan, seal."""
        tube = self.open_tube(desk, second - 2, session, 1)
        self.scan(tube, second, person, how, scanner)
        tube.names.append(person)
        self.seal_tube(tube, second + 6)
        return tube

    def box(
        self, number: int, tubes: list[DemoTube], second: int, people: tuple[str, str], sign: Signatures
    ) -> DemoBox:
        """Seal a box over the tubes and hand it over a minute later; `people` are who gives and the courier."""
        code = box_of(self.park, self.day, self.point, number)
        seal = self.tell(1, second, "seal_box", box=code, tubes=[tube.code for tube in tubes])
        self.tell(
            1, second + 60, "hand_over_box", box=seal, leg="to_courier",
            given_by=self.register.uuid(people[0]), taken_by=self.register.uuid(people[1]),
            given_signature=sign(people[0]), taken_signature=sign(people[1]),
        )  # fmt: skip
        made = DemoBox(seal, code, self.point, tuple(tubes), people[1], second + 60)
        self.told.boxes.append(made)
        return made

    def waiting(self, desk: int) -> tuple[bool, int | None]:
        """Whether the desk's phone has anything unsent, and the second of the first name among it."""
        noted = self.done.get(desk, ())
        return bool(noted), min((second for second, one in noted if one["kind"] == "scan"), default=None)

    def send(self, desk: int, at: int, upto: int | None = None, *, skew: int = 0) -> list[Sending]:
        """Take the desk's operations up to second `upto` (None: all) into batches that its phone sends at `at`."""
        noted = sorted(self.done.get(desk, ()), key=lambda pair: pair[0])
        ready = [pair for pair in noted if upto is None or pair[0] <= upto]
        self.done[desk] = noted[len(ready) :]
        sent = []
        for n in range(0, len(ready), MOST):
            operations = [self._stamped(second + skew, op) for second, op in ready[n : n + MOST]]
            sent.append(
                Sending(phone_key(self.point, desk), at, self.id("batch", operations[0]["id"]), operations, skew)
            )
        return sent

    def _stamped(self, second: int, operation: dict[str, Any]) -> dict[str, Any]:
        return {**operation, "at": (self.midnight + timedelta(seconds=second)).isoformat()}


class Evening:
    """The ordinary evening of a point."""

    def __init__(
        self, register: Register, rolls: Rolls, day: date, plan: PointEvening, sign: Signatures, until: int | None
    ) -> None:
        self.work = Work(register, rolls, day, plan.point, "evening")
        self.plan, self.sign, self.until = plan, sign, until
        self.desks = register.park.point[plan.point].desks
        self.pool = register.park.scenario.evening.pool
        self.session, self.half = "", (plan.opens + HALF) * 60
        self.collected, self.boxed_half = plan.collected * 60, False
        self.marks: dict[str, list[Peculiarity]] = {}
        for odd in plan.peculiarities:
            if odd.person:
                self.marks.setdefault(odd.person, []).append(odd)
        self.at_desk: dict[int, DemoTube | None] = {}

    def told(self) -> Told:
        """All that the point's phones tell of the evening."""
        plan, duty = self.plan, self.plan.duty
        people = [(duty.prevention, Post.Role.PREVENTION.value)]
        people += [(person, Post.Role.SCANNING.value) for person in duty.scanning]
        people += [(person, Post.Role.SAMPLING.value) for person in duty.sampling]
        self.session = self.work.open_session(plan.opens * 60 - 600, people)
        for desk in range(1, self.desks + 1):
            self._desk(desk)
        tubes = self.work.told.tubes
        last = max((tube.sealed or 0 for tube in tubes), default=plan.closes * 60)
        self.collected = min(plan.collected * 60, last + COURIER_AFTER)
        self._boxes()
        self.work.tell(1, min(plan.closes * 60, last + 120), "close_session", session=self.session)
        self._sendings()
        return self.work.told

    def _desk(self, desk: int) -> None:
        scanner = self.plan.duty.scanning[desk - 1]
        events = [(a.second, False, a) for a in self.plan.arrivals if a.desk == desk]
        events += [(a.second, True, a) for a in self.plan.silent if a.desk == desk]
        for _second, silent, arrival in sorted(events, key=lambda event: event[:2]):
            if silent:
                self.work.single(desk, arrival.second, self.session, arrival.person or "", arrival.reading, scanner)
            else:
                self._take(desk, arrival, scanner)
        tube = self.at_desk.get(desk)
        if tube is not None:
            self.work.seal_tube(tube, tube.last + SEAL_AFTER)

    def _take(self, desk: int, arrival: Arrival, scanner: str) -> None:
        tube = self._tube_for(desk, arrival)
        if arrival.person is None:
            tube.last, tube.nameless = arrival.second, tube.nameless + 1
            by = self.work.register.uuid(scanner)
            self.work.tell(desk, arrival.second, "scan", tube=tube.code, how="code", claimed=arrival.raw, by=by)
            return
        scan = self.work.scan(tube, arrival.second, arrival.person, arrival.reading, scanner)
        if arrival.fate == "undone":
            self.work.tell(desk, arrival.second + 3, "undo_scan", scan=scan)
        elif arrival.fate != "same_tube_again":
            tube.names.append(arrival.person)
            self._mark(tube, arrival)

    def _mark(self, tube: DemoTube, arrival: Arrival) -> None:
        for odd in self.marks.get(arrival.person or "", ()):
            if arrival.fate != "kept":
                continue
            if odd.kind == "overfull_tube":
                tube.limit = odd.count
            elif odd.kind in ("swab_without_name", "name_without_swab"):
                tube.miscount = odd.count if odd.kind == "swab_without_name" else -odd.count

    def _tube_for(self, desk: int, arrival: Arrival) -> DemoTube:
        """The tube at the desk, or a new one when it is full, holds the person already, or another roll's is taken."""
        tube, kept = self.at_desk.get(desk), arrival.fate in ("kept", "other_tube_again")
        if tube is not None and arrival.fate == "same_tube_again" and arrival.person in tube.names:
            return tube
        stray = next((o for o in self.marks.get(arrival.person or "", ()) if o.kind == "foreign_tube"), None)
        stray = stray if arrival.fate == "kept" else None
        if tube is not None and (tube.full or stray or (kept and arrival.person in tube.names)):
            self.work.seal_tube(tube, min(arrival.second - 1, tube.last + SEAL_AFTER))
            tube = None
        if tube is None:
            code = self.work.rolls.stray(stray.other or "") if stray else ""
            tube = self.work.open_tube(desk, arrival.second - 1, self.session, self.pool, code)
            self.at_desk[desk] = tube
        return tube

    def _boxes(self) -> None:
        """A box at the end, and one half-way when the first tube would wait longer than the rule allows."""
        plan, half = self.plan, self.half
        tubes = self.work.told.tubes
        self.boxed_half = bool(tubes) and self.collected - min(tube.opened for tube in tubes) > PATIENCE * 60
        first = [tube for tube in tubes if self.boxed_half and (tube.sealed or 0) <= half]
        rest = [tube for tube in tubes if tube not in first]
        people = (plan.duty.prevention, plan.courier)
        for number, tubes, second in ((1, first, half + BOX_AFTER), (2, rest, self.collected - 60)):
            if tubes and (self.until is None or second + 60 <= self.until):
                self.work.box(number, tubes, second, people, self.sign)

    def _sendings(self) -> None:
        odd = {(o.kind, o.desk): o.count for o in self.plan.peculiarities if o.person is None}
        end = self.collected + 90
        for desk in range(self.desks, 0, -1):
            skew, late = odd.get(("clock_skew", desk), 0), odd.get(("late_phone", desk), 0)
            sent: list[Sending] = []
            while (waiting := self.work.waiting(desk))[0]:
                at = self._when(desk, waiting[1], end) if not late else self._late(desk, late, end)
                at = min(at, self.until) if self.until else at
                sent += self.work.send(desk, at, at, skew=skew)
            times = odd.get(("duplicate_batch", desk), 1)
            self.work.told.sendings += [again for sending in sent for again in self._repeated(sending, times)]

    def _when(self, desk: int, first: int | None, end: int) -> int:
        """When the phone sends, its first name of second `first`: within the hour, and before a box goes."""
        end = end if desk == 1 else end - 20 - desk  # the first desk's phone tells the box, so it sends last
        at = end if first is None else min(first + EVERY * 60 + 20 * desk, end)
        if self.boxed_half and (first or end) <= self.half < at and self.desks > 1:
            at = self.half + (BOX_AFTER + 90 if desk == 1 else BOX_AFTER - desk)
        return at

    def _late(self, desk: int, late: int, end: int) -> int:
        """A phone without a signal sends its whole evening hours after the last name."""
        seen = [arrival.second for arrival in (*self.plan.arrivals, *self.plan.silent) if arrival.desk == desk]
        return max(max(seen, default=end) + late, end)

    def _repeated(self, sending: Sending, times: int) -> list[Sending]:
        """A phone that heard no answer sends the batch again, then the same operations in a new batch."""
        found = [sending]
        if times > 1:
            found.append(Sending(sending.phone, sending.at + 25, sending.batch, sending.operations, sending.skew))
        for n in range(2, times):
            anew = self.work.id("again", sending.batch, str(n))
            found.append(Sending(sending.phone, sending.at + 25 * n, anew, sending.operations, sending.skew))
        return found
