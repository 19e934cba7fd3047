"""Replays the teams' nights: causes named, each grid's day signed, the debrief held, good practice passed on."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from parkkeeper.demo.inspections import Inspections
from parkkeeper.demo.invent.inspections import Case
from parkkeeper.demo.register import Register, moment
from parkkeeper.inspection.actions import cases, days, debriefs
from parkkeeper.inspection.models import Finding, GoodPractice, Measure

NAMING, DRAFTING, ANSWERING, PUBLISHING, OFFERING, READING = 20 * 60, 14 * 60, 16 * 60, 17 * 60, 19 * 60, 20 * 60 + 20
SIGNING, MEETING, FINISHING = 22 * 60 + 20, 22 * 60 + 40, 16 * 60 + 30  # minutes of the day
MOST_CASES = 4
CAUSES = ("awareness", "rules", "facilities", "supplies", "staff", "outside")
EXPLAINED = "已逐家核对，差异原因已告知企业防疫专员，明日优先检查"
FACES = [(0.05, 0.1, 0.3, 0.35)]
"""Shares of width and height: left, top, width, height of what a published copy covers."""


@dataclass(frozen=True)
class Passing:
    """A case that is written up, and the later one at whose enterprise it is read."""

    told: Case
    later: Case


class Debriefs:
    """The nights under way."""

    def __init__(self, register: Register, inspections: Inspections) -> None:
        self.register, self.inspections = register, inspections
        self.passing = list(self._passing())
        self.written: dict[str, GoodPractice] = {}

    def night(self, day: date) -> None:
        """What follows a day of visits: its causes, its good practice, its reconciliation and its meeting."""
        table = self.register.park.scenario.inspections
        if not table.first <= day <= table.last:
            return
        for passing in self.passing:
            self._pass_on(passing, day)
        self._name_causes(day)
        for grid, row in self.register.grids.items():
            leader = self.register.people[self.inspections.teams[grid].leader]
            days.sign_off(row, day, note=EXPLAINED, by=leader, at=moment(day, minute=SIGNING))
        self._meet(day)

    def _begun(self, day: date) -> list[Case]:
        """The cases that began on the day and are replayed."""
        return [case for case in self.inspections.cases() if case.day == day]

    def _finding(self, case: Case) -> Finding:
        return Finding.objects.get(pk=self.inspections.id("finding", case.problems[0].key))

    def _name_causes(self, day: date) -> None:
        for case in self._begun(day):
            member = self.register.people[self.inspections.teams[case.grid].first]
            kind = CAUSES[int(case.key[1:]) % len(CAUSES)]
            debriefs.name_cause(self._finding(case), kind, by=member, at=moment(day, minute=NAMING))

    def _meet(self, day: date) -> None:
        """The office leads, the leaders of the nine teams report; yesterday's measures are done by now."""
        office, at = self.register.office, moment(day, minute=MEETING)
        for measure in Measure.objects.filter(done_at=None, due_on=day).select_related("owner").order_by("pk"):
            debriefs.finish_measure(
                measure, note="已逐家落实并现场核对", by=measure.owner, at=moment(day, minute=FINISHING)
            )
        meeting = debriefs.hold_debrief(day, attendance="九个检查组组长、防疫办、驻企店小二", by=office, at=at)
        for number, case in enumerate(self._begun(day)):
            problem, later = case.problems[0], at + timedelta(minutes=2 * number + 1)
            debriefs.decide(meeting, f"{problem.item} 类问题由各组举一反三，次日复核同类点位", by=office, at=later)
            owner = self.register.people[self.inspections.teams[case.grid].leader]
            debriefs.order_measure(
                meeting, f"对“{problem.area}”同类部位逐家排查", owner=owner, due_on=day + timedelta(days=1), by=office,
                at=later,
            )  # fmt: skip
        debriefs.close_debrief(meeting, notes="各组依次报告当日情况。", by=office, at=at + timedelta(minutes=30))

    # good practice

    def _passing(self) -> list[Passing]:
        """Cases that passed, each with the next one of the same item that begins when it has been published."""
        found: list[Passing] = []
        every = sorted(self.inspections.cases(), key=lambda case: (case.day, case.key))
        for told in every:
            after = told.looks[-1][0] + timedelta(days=1)
            others = (c for c in every if c.day >= after and c.problems[0].item == told.problems[0].item)
            later = next((c for c in others if c.enterprise != told.enterprise), None)
            if told.fate == "passed" and later and len(found) < MOST_CASES:
                found.append(Passing(told, later))
        return found

    def _pass_on(self, passing: Passing, day: date) -> None:
        if day == passing.told.looks[-1][0]:
            self.written[passing.told.key] = self._publish(passing.told, day)
        if day == passing.later.day and passing.told.key in self.written:
            case = self.written[passing.told.key]
            cases.offer_case(case, by=self.register.office, at=moment(day, minute=OFFERING))
            reader = self.inspections.liaison(passing.later.enterprise, day)
            cases.read_case(case, by=reader, at=moment(day, minute=READING))

    def _publish(self, told: Case, day: date) -> GoodPractice:
        """Written by the team, its pictures covered where a face may be, allowed by the enterprise, let out."""
        finding, by = self._finding(told), self.register.people[self.inspections.teams[told.grid].first]
        problem = told.problems[0]

        def at(minute: int) -> datetime:
            return moment(day, minute=minute)

        case = cases.draft_case(
            finding, title=f"{problem.area}整改做法", text=f"原状：{problem.note}。一天内整改到位，经复查合格。",
            by=by, at=at(DRAFTING),
        )  # fmt: skip
        for photo in finding.photos.filter(of__in=("found", "look_back")).order_by("taken_at"):
            side = "before" if photo.of == "found" else "after"
            cases.publish_photo(case, photo, side=side, areas=FACES, by=by, at=at(DRAFTING))
        liaison = self.inspections.liaison(told.enterprise, day)
        cases.answer_case(case, agreed=True, note="同意公开", by=liaison, at=at(ANSWERING))
        cases.publish_case(case, by=self.register.office, at=at(PUBLISHING))
        case.refresh_from_db()  # who reads it later reads a published one
        return case
