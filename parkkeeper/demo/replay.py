"""Replays the invented weeks day by day: phones and laboratories through the doors, the rest through verbs.

A day: results of the night, rounds opened, self-tests, single retests, the evening at the points, boxes to the
laboratories, gaps worked. All moments are of 2022; the server is told them by the rehearsal's headers.
"""

import hashlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial

from parkkeeper.demo.build import demo_password
from parkkeeper.demo.crew import Crew
from parkkeeper.demo.debriefs import Debriefs
from parkkeeper.demo.desk import Desk
from parkkeeper.demo.doubts import settlings
from parkkeeper.demo.evening import Evening, Sending, Work, phone_key
from parkkeeper.demo.gaps import Gaps
from parkkeeper.demo.inspections import Inspections
from parkkeeper.demo.invent.events import LabIncident
from parkkeeper.demo.laboratory import Finding, Receiving, lab_member, lab_phone, report
from parkkeeper.demo.mornings import Morning
from parkkeeper.demo.phones import Fleet, drawn_signature
from parkkeeper.demo.register import Register, moment
from parkkeeper.demo.tubes import DemoBox, DemoTube, Rolls
from parkkeeper.park.actions.presence import change_presence
from parkkeeper.park.models import Person, Post, Presence
from parkkeeper.sampling.actions.gaps import arrange_ahead, order_retest
from parkkeeper.sampling.models import Disposition, Reception, Round, Test
from parkkeeper.sync.actions import issue_enrolment

LAST_MOMENT = (21 * 60 + 29) * 60  # of the last day: the demo's clock then stands at 21:30
OPENING, ENROLLING, RETESTING, ROSTERS, CLOSING = 6 * 60, 8 * 60, 10 * 60, 15 * 60, 23 * 60 + 30  # minutes
NIGHT_FILES = (70, 280)  # minutes after midnight: results of the first boxes, then of the others
RETEST_RESULTS = 14 * 60
CONDITIONS = {"damaged": Reception.Condition.DAMAGED.value, "lost": Reception.Condition.MISSING.value}
WHY_AGAIN = {"damaged": "试管破损", "lost": "试管未到检测机构", "indeterminate": "结果可疑"}
Progress = Callable[[str, int, int], None]


@dataclass
class Ledger:
    """What the replay itself counts, to hold it against the server's tables."""

    scans: int = 0
    tubes: int = 0
    requests: int = 0
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def clock(self, what: str) -> Iterator[None]:
        """Add the real seconds spent inside to those of `what`."""
        began = time.monotonic()
        yield
        self.seconds[what] = self.seconds.get(what, 0.0) + time.monotonic() - began

    def take_seconds(self) -> dict[str, float]:
        """The seconds spent since the last time, by what they were spent on."""
        taken, self.seconds = self.seconds, {}
        return taken


class Replay:
    """The weeks under way."""

    def __init__(self, register: Register, fleet: Fleet, crew: Crew, first_day: date, progress: Progress) -> None:
        self.register, self.park, self.fleet, self.progress = register, register.park, fleet, progress
        self.crew, self.first_round = crew, max(first_day, self.park.first_day)
        self.desk, self.lab_desk = (Desk(fleet.door, name, demo_password(name)) for name in ("office", "lab"))
        self.rolls = Rolls(self.park)
        self.ledger = Ledger()
        self.at_lab: dict[str, list[tuple[Finding, int]]] = {}
        self.mixed: dict[str, DemoTube] = {}
        self.gaps = Gaps(register)
        self.inspections = Inspections(register, fleet, first_day, partial(progress, "inspections", 1, 0))
        self.debriefs = Debriefs(register, self.inspections)

    def day(self, day: date) -> None:
        """Replay one day: the teams' rounds, and sampling since it began."""
        with self.ledger.clock("inspections"):
            self.inspections.day(day)
        if day >= self.park.first_day:
            self._sampling(day)
        if day != self.park.last_day:  # the demo's clock stands before that night
            with self.ledger.clock("debriefs"):
                self.debriefs.night(day)

    def _sampling(self, day: date) -> None:
        last, clock = day == self.park.last_day, self.ledger.clock
        if day == self.first_round:
            for desk in (self.desk, self.lab_desk):
                desk.log_in(at=moment(day))
        with clock("night"):
            self._night(day)
        with clock("rounds"):
            rounds = self._open_rounds(day)
        with clock("phones"):
            self._enrol(day)
        with clock("morning"):
            self._morning(day)
        with clock("doubts"):
            for _settled in self.crew.each(settlings(self.register, day)):
                self.progress("doubts", 1, 0)
        with clock("retests"):
            self._retests(day)
        self._evening(day, rounds[Test.PCR.value])
        if not last:
            closing = moment(day, minute=CLOSING)
            self.desk.post(f"/rounds/{rounds[Test.PCR.value].pk}/close", {}, at=closing)

    def _night(self, day: date) -> None:
        """The results of the evening before come in, and whoever is positive is told to stay away."""
        for number, minute in enumerate(NIGHT_FILES):
            for lab, found in sorted(self.at_lab.items()):
                told = [finding for finding, file in found if file == number]
                report(self.register, self.lab_desk, lab, told, at=moment(day, minute=minute))
                self.progress("results", len(told), 0)
        self.at_lab = {}
        for positive in self.park.presences:
            if positive.because and positive.first == day:  # earlier ones are in the register from the start
                change_presence(
                    self.register.people[positive.person], Presence.State.ISOLATED, reason="核酸或抗原阳性，转运隔离",
                    by=self.register.office, at=moment(day, minute=NIGHT_FILES[1] + 20),
                )  # fmt: skip

    def _open_rounds(self, day: date) -> dict[str, Round]:
        at, office = moment(day, minute=OPENING), self.register.office
        for excusal in self.park.excusals:
            begun = excusal.first == day or (day == self.first_round and excusal.first < day)
            if begun and (excusal.until is None or day < excusal.until):
                arrange_ahead(
                    self.register.people[excusal.person], kind=Disposition.Kind.EXCUSED, test=Test.PCR.value, first=day,
                    until=excusal.until, reason=excusal.reason, by=office, at=at - timedelta(minutes=30),
                )  # fmt: skip
        forms = [{"programme": str(one.pk), "day": day.isoformat()} for one in self.register.programmes.values()]
        for _page in self.crew.each(partial(self.desk.post, "/rounds/open", form, at=at) for form in forms):
            self.progress("rounds", 1, len(forms))
        return {round.test: round for round in Round.objects.filter(day=day)}

    def _enrol(self, day: date) -> None:
        """Phones of points that are new get their one-time codes; who signs today draws the signature once."""
        at = moment(day, minute=ENROLLING)
        for point in self.park.points:
            holders = [p.person for p in self.park.posts if p.role == "scanning" and p.point == point.key]
            for desk in range(1, point.desks + 1):
                name = phone_key(point.key, desk)
                if point.opened_on <= day and name not in self.fleet.phones:
                    self._one(name, point.key, holders[(desk - 1) % len(holders)], Post.Role.SCANNING, day)
        for lab in self.park.labs:
            if lab_phone(lab.key) not in self.fleet.phones:
                first = next(point.key for point in self.park.points if point.lab == lab.key and point.opened_on <= day)
                self._one(lab_phone(lab.key), first, self.register.holder("lab", lab=lab.key), Post.Role.LAB, day)
            self.fleet.sign(lab_phone(lab.key), lab_member(self.register, lab.key, day), at=at)
        for post in self.park.posts:
            if post.role == "courier":
                self.fleet.sign(lab_phone(self.park.labs[0].key), post.person, at=at)

    def _one(self, name: str, point: str, holder: str | Person, role: Post.Role, day: date) -> None:
        at = moment(day, minute=ENROLLING)
        person = self.register.people[holder] if isinstance(holder, str) else holder
        _enrolment, code = issue_enrolment(
            self.register.points[point], person, role.value, by=self.register.office, at=at
        )
        self.fleet.enrol(name, code, at=at + timedelta(minutes=10))

    def _morning(self, day: date) -> None:
        morning = Morning(self.register, self.park.morning(day))
        sendings = morning.sendings()
        with ThreadPoolExecutor(1) as aside:  # the points' phones send while the liaisons hand in
            sent = aside.submit(self._send, day, sendings, "self-tests")
            for _done in self.crew.each(morning.hand_ins(self.desk)):
                self.progress("self-tests", 1, 0)
            sent.result()

    def _send(self, day: date, sendings: list[Sending], phase: str) -> None:
        self.ledger.requests += len(sendings)
        self.fleet.send_all(day, sendings, lambda n: self.progress(phase, n, len(sendings)))

    def _sign(self, person: str) -> str:
        return hashlib.sha256(drawn_signature(person)).hexdigest()

    # single retests

    def _retests(self, day: date) -> None:
        """Who was in a tube that did not come back negative, and who tested positive this morning, each alone."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for incident in self.park.incidents:
            if incident.retest_on == day and incident.key in self.mixed:
                self._order(incident, day)
                for person in dict.fromkeys(self.mixed[incident.key].names):
                    value = "positive" if person == incident.truly_positive else "negative"
                    groups.setdefault(incident.point, []).append((person, value))
        for found in self.park.antigen_positives:
            if found.day == day:
                point = self.park.point_of(found.person, day)
                groups.setdefault(point or "", []).append((found.person, "positive" if found.confirmed else "negative"))
        for point, people in sorted(groups.items()):
            if point:
                self._retest(day, point, people)

    def _order(self, incident: LabIncident, day: date) -> None:
        """No result is not a negative result: the office orders that the people of a spoilt tube come again."""
        if incident.trouble == "positive":
            return
        before = Round.objects.get(test=Test.PCR, day=incident.day)
        for person in dict.fromkeys(self.mixed[incident.key].names):
            order_retest(
                before, self.register.people[person], reason=WHY_AGAIN[incident.trouble], by=self.register.office,
                at=moment(day, minute=ENROLLING),
            )  # fmt: skip

    def _retest(self, day: date, point: str, people: list[tuple[str, str]]) -> None:
        plan = next(one for one in self.park.evening(day).points if one.point == point)
        work = Work(self.register, self.rolls, day, point, "retest")
        second = RETESTING * 60
        duty = [(plan.duty.prevention, Post.Role.PREVENTION.value), (plan.duty.scanning[0], Post.Role.SCANNING.value)]
        duty += [(person, Post.Role.SAMPLING.value) for person in plan.duty.sampling[:2]]
        session = work.open_session(second, duty)
        values = {}
        for n, (person, value) in enumerate(people, start=1):
            tube = work.single(1, second + 60 + 40 * n, session, person, "code", plan.duty.scanning[0])
            values[tube.code] = value
        end = second + 60 + 40 * (len(people) + 2)
        work.tell(1, end, "close_session", session=session)
        self._signatures(point, plan.duty.prevention, day)
        work.box(0, work.told.tubes, end + 60, (plan.duty.prevention, plan.courier), self._sign)
        sent = work.send(1, end + 180)
        self._note(day, work.told.tubes, sent)
        self._send(day, sent, "retests")
        receiving = Receiving(self.register, day, {}, self._sign)
        self._send(day, receiving.sendings(work.told.boxes), "retests")
        at = moment(day, minute=RETEST_RESULTS)
        findings = [Finding(code, value, at - timedelta(minutes=20)) for code, value in values.items()]
        report(self.register, self.lab_desk, self.park.point[point].lab, findings, at=at)

    # the evening

    def _evening(self, day: date, round: Round) -> None:
        plan, last = self.park.evening(day), day == self.park.last_day
        until = LAST_MOMENT if last else None
        with self.ledger.clock("rosters"):
            self.fleet.rosters(self._who_asks(day), at=moment(day, minute=ROSTERS))
            for point in plan.points:
                self._signatures(point.point, point.duty.prevention, day)
        told = [Evening(self.register, self.rolls, day, point, self._sign, until).told() for point in plan.points]
        sendings = [sending for one in told for sending in one.sendings]
        tubes = [tube for one in told for tube in one.tubes]
        boxes = [box for one in told for box in one.boxes]
        self._note(day, tubes, sendings)
        odd = self._incidents(day, tubes)
        with self.ledger.clock("evening"):
            self._send(day, sendings, "evening")
        conditions = {tube: CONDITIONS[word] for tube, word in odd.items() if word in CONDITIONS}
        receiving = Receiving(self.register, day, conditions, self._sign)
        with self.ledger.clock("labs"):
            self._send(day, receiving.sendings(boxes, until), "laboratories")
        if not last:
            self._keep_for_night(day, boxes, odd)
        with self.ledger.clock("gaps"):
            self.gaps.work(round, plan, self.park, until)

    def _who_asks(self, day: date) -> list[str]:
        """The phones that fetch their roster today: new ones, and those of every third point."""
        labs = {lab_phone(lab.key) for lab in self.park.labs}
        new = [phone.name for phone in self.fleet.phones.values() if not phone.asked and phone.name not in labs]
        points = [point for n, point in enumerate(self.park.points) if (n + day.toordinal()) % 3 == 0]
        others = [phone_key(point.key, 1) for point in points if point.opened_on <= day]
        return list(dict.fromkeys([*new, *others]))

    def _signatures(self, point: str, person: str, day: date) -> None:
        self.fleet.sign(phone_key(point, 1), person, at=moment(day, minute=ENROLLING + 30))

    def _note(self, day: date, tubes: list[DemoTube], sendings: list[Sending]) -> None:
        self.ledger.tubes += len(tubes)
        seen = {op["id"] for sending in sendings for op in sending.operations if op["kind"] == "scan"}
        self.ledger.scans += len(seen)

    def _incidents(self, day: date, tubes: list[DemoTube]) -> dict[str, str]:
        """Which tubes come to grief tonight, and how."""
        odd: dict[str, str] = {}
        for incident in self.park.incidents:
            if incident.day != day:
                continue
            for tube in tubes:
                if tube.point == incident.point and tube.pool > 1 and incident.person in tube.names:
                    self.mixed[incident.key] = tube
                    odd[tube.code] = incident.trouble
        return odd

    def _keep_for_night(self, day: date, boxes: list[DemoBox], odd: dict[str, str]) -> None:
        for box in boxes:
            lab = self.park.point[box.point].lab
            late = box.taken is not None and box.taken > 20 * 3600
            at = moment(day, minute=24 * 60 + NIGHT_FILES[int(late)] - 15)
            for tube in box.tubes:
                word = odd.get(tube.code, "negative")
                if word not in CONDITIONS:
                    self.at_lab.setdefault(lab, []).append((Finding(tube.code, word, at), int(late)))
