"""Replays the teams' weeks: what their phones tell through the door, what enterprises and offices do by verbs.

Everything of a day happens in the order of its time, and the deadlines are told at every full hour, as the worker does.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from parkkeeper.demo.evening import Sending
from parkkeeper.demo.invent.inspections import Case, Problem, TeamVisit
from parkkeeper.demo.phones import Fleet, drawn_photo, drawn_signature
from parkkeeper.demo.register import Register, moment
from parkkeeper.inspection.actions import deadlines, lookbacks, notices, stopwork
from parkkeeper.inspection.models import Finding, Notice, StopWork, Visit
from parkkeeper.kernel.ids import deterministic_id
from parkkeeper.park.models import Person, Post
from parkkeeper.sync.actions import issue_enrolment

ENROLLING, REPORTING, ASKING, DECIDING, CHECKING = 8 * 60, 8 * 60 + 30, 17 * 60 + 30, 18 * 60 + 10, 15 * 60  # minutes
PAPER, SERVING, SECOND = 6, 12, 30  # minutes after a visit
TALK = 40  # minutes after a second notice
PLACELESS_EVERY = 15  # photos; of so many, one without a place
ROUND_EVERY = 5  # days: the round of the day, as the phones fetch it
STOPPED_FOR = 5  # days after the proposal on which the enterprise applies
Event = tuple[int, Callable[[], object]]
Said = dict[str, Any]


@dataclass(frozen=True)
class Team:
    """A grid's team by the keys of its people: the first member visits with the leader, the second looks back."""

    leader: str
    concierge: str
    first: str
    second: str


class Inspections:
    """The teams' weeks under way, from the first replayed day."""

    def __init__(self, register: Register, fleet: Fleet, first_day: date, progress: Callable[[], None]) -> None:
        self.register, self.park, self.fleet, self.progress = register, register.park, fleet, progress
        self.plan, self.first_day = register.park.inspections, first_day
        self.teams = {grid.key: self._team(grid.key) for grid in self.park.grids}
        self.notices: dict[str, Notice] = {}
        self.stops: dict[str, StopWork] = {}
        self.photos = 0

    def cases(self) -> list[Case]:
        """The cases that begin on a day that is replayed."""
        return [case for case in self.plan.cases.values() if case.day >= self.first_day]

    def day(self, day: date) -> None:
        """Replay one day of all teams."""
        if not self.park.scenario.inspections.first <= day <= self.park.scenario.inspections.last:
            return
        self._enrol(day)
        hours: list[Event] = [
            (hour * 60, partial(deadlines.tell_deadlines, at=_at(day, hour * 60))) for hour in range(24)
        ]
        for _minute, happens in sorted([*hours, *self._events(day)], key=lambda event: event[0]):
            happens()

    def _team(self, grid: str) -> Team:
        held = {role: [p.person for p in self.park.posts if p.role == role and p.grid == grid]
                for role in ("team_leader", "concierge", "team_member")}  # fmt: skip
        return Team(held["team_leader"][0], held["concierge"][0], *held["team_member"][:2])

    def _enrol(self, day: date) -> None:
        """The two members of a team have a phone each."""
        at = moment(day, minute=ENROLLING)
        for grid, team in self.teams.items():
            for number, holder in enumerate((team.first, team.second), start=1):
                name = _phone(grid, number)
                if name not in self.fleet.phones:
                    _enrolment, code = issue_enrolment(
                        self.register.grids[grid], self.register.people[holder], Post.Role.TEAM_MEMBER.value,
                        by=self.register.office, at=at,
                    )  # fmt: skip
                    self.fleet.enrol(name, code, at=at + timedelta(minutes=10))
                    self.fleet.phones[name].asked = True  # a team's phone has no point's roster to fetch
                if (day - self.first_day).days % ROUND_EVERY == 0:
                    self.fleet.round(name, at=at + timedelta(minutes=12))

    # what happens on a day

    def _events(self, day: date) -> Iterator[Event]:
        for visit in self.plan.on(day):
            case = self.plan.cases.get(visit.case)
            if case is not None and case not in self.cases():
                continue  # its beginning lies before the days that are replayed
            yield visit.ends + 1, partial(self._send, visit)
            if case is not None and visit.outcome is None:
                yield from self._first_notice(visit, case)
            elif case is not None:
                yield from self._after_look(visit, case)
        for case in self.cases():
            yield from self._enterprise_side(case, day)

    def _first_notice(self, visit: TeamVisit, case: Case) -> Iterator[Event]:
        team, at = self.teams[visit.grid], partial(_at, visit.day)

        def issue() -> None:
            row = Visit.objects.select_related("enterprise", "second").get(pk=self.id("visit", visit.key))
            by = self.register.people[team.first]
            self.notices[case.key] = notices.issue_notice(row, by=by, at=at(visit.ends + PAPER))

        yield visit.ends + PAPER, issue
        yield visit.ends + SERVING, partial(self._serve, case, team.first, at(visit.ends + SERVING))

    def _serve(self, case: Case, by: str, at: datetime) -> None:
        told = {"refusal": "单位负责人拒绝签收，驻企店小二在场见证"} if case.fate == "refused" else {
            "to": self.liaison(case.enterprise, at.date()).name
        }  # fmt: skip
        notices.serve_notice(self.notices[case.key], "left" if case.fate == "refused" else "in_person",
                             by=self.register.people[by], at=at, **told)  # fmt: skip

    def _enterprise_side(self, case: Case, day: date) -> Iterator[Event]:
        """What the liaison does: asks for more time, reports it done before each look, applies to resume."""
        looks = {when for when, _outcome in case.looks[:2]}
        reports = {case.day + timedelta(days=1)} if case.fate == "lapsed" else looks
        if day in reports and case.fate != "refused":
            yield REPORTING, partial(self._report, case, day)
        if case.fate == "extended" and day == case.day:
            yield ASKING, partial(self._ask, case, day)
        if case.fate == "stopped":
            proposed = case.looks[1][0]
            accepted = case.looks[2][0]
            if proposed < day < accepted:
                yield CHECKING, partial(self._check, case, day)
            if day == proposed + timedelta(days=STOPPED_FOR):
                yield CHECKING + 60, partial(self._apply, case, day)

    def _report(self, case: Case, day: date) -> None:
        for problem in case.problems:
            finding = Finding.objects.get(pk=self.id("finding", problem.key))
            picture = (drawn_photo(problem.key, after=True), "整改后.png", "image/png")
            lookbacks.report_fixed(
                finding, note="已按通知书要求整改，请复查", pictures=[picture], by=self.liaison(case.enterprise, day),
                at=_at(day, REPORTING),
            )  # fmt: skip

    def _ask(self, case: Case, day: date) -> None:
        asked = notices.ask_extension(
            self.notices[case.key], 24, reason="物资次日到货，申请延期", by=self.liaison(case.enterprise, day),
            at=_at(day, ASKING),
        )  # fmt: skip
        leader = self.register.people[self.teams[case.grid].leader]
        notices.decide_extension(asked, granted=True, note="情况属实", by=leader, at=_at(day, DECIDING))

    # after a look back

    def _after_look(self, visit: TeamVisit, case: Case) -> Iterator[Event]:
        number = [when for when, _outcome in case.looks].index(visit.day)
        if visit.outcome != "fixed" and number == 0:
            yield visit.ends + SECOND, partial(self._second, case, _at(visit.day, visit.ends + SECOND))
        elif case.fate == "stopped" and number == 1:
            yield visit.ends + SECOND, partial(self._stop, case, visit)
        elif case.fate == "stopped":
            yield visit.ends + SECOND, partial(self._lift, case, visit)

    def _second(self, case: Case, at: datetime) -> None:
        team = self.teams[case.grid]
        leader = self.register.people[team.leader]
        self.notices[case.key] = notices.issue_second_notice(
            self.notices[case.key], second=leader, by=self.register.people[team.first], at=at
        )
        self._serve(case, team.first, at + timedelta(minutes=SERVING))
        held = at + timedelta(minutes=TALK)
        notices.hold_talk(
            self.notices[case.key], people=f"{self.liaison(case.enterprise, at.date()).name}（联络人）",
            minutes="说明两次检查的情况和逾期不改的后果；企业承诺次日整改到位。", held_at=held, by=leader, at=held,
        )  # fmt: skip

    def _stop(self, case: Case, visit: TeamVisit) -> None:
        """Proposed by the team, decided by the park's leader, served the same day."""
        team, at = self.teams[case.grid], _at(visit.day, visit.ends + SECOND)
        first = self.register.people[team.first]
        stop = stopwork.propose_stop_work(
            self.notices[case.key], extent=StopWork.Extent.WORKSHOP.value, place=case.problems[0].area,
            reason="同一问题两次复查均未整改", conditions="按检查表要求整改到位，经检查组现场验收合格", by=first, at=at,
        )  # fmt: skip
        self.stops[case.key] = stop
        leader, later = self.register.holder("leader"), at + timedelta(hours=2)
        stopwork.decide_stop_work(stop, approved=True, note="同意，限于该区域", by=leader, at=later)
        liaison = self.liaison(case.enterprise, visit.day)
        stopwork.serve_stop_work(stop, "in_person", to=liaison.name, by=first, at=later + timedelta(minutes=40))

    def _check(self, case: Case, day: date) -> None:
        first = self.register.people[self.teams[case.grid].first]
        stopwork.check_stop_work(self.stops[case.key], holds=True, by=first, at=_at(day, CHECKING))

    def _apply(self, case: Case, day: date) -> None:
        stopwork.apply_to_resume(
            self.stops[case.key], note="已完成整改并自查，具备复工条件", by=self.liaison(case.enterprise, day),
            at=_at(day, CHECKING + 60),
        )  # fmt: skip

    def _lift(self, case: Case, visit: TeamVisit) -> None:
        at = _at(visit.day, visit.ends + SECOND)
        stop, second = self.stops[case.key], self.register.people[self.teams[case.grid].second]
        stopwork.accept_resumption(stop, met=True, by=second, at=at)
        stopwork.lift_stop_work(stop, by=self.register.holder("leader"), at=at + timedelta(hours=3))

    # what phones tell

    def _send(self, visit: TeamVisit) -> None:
        """The visit as its team's phone tells it, photos and signature first."""
        phone, at = _phone(visit.grid, 2 if visit.outcome else 1), _at(visit.day, visit.ends)
        operations = list(self._operations(visit, phone, at))
        batch = self.id("batch", visit.key)
        self.fleet.send(visit.day, Sending(phone, (visit.ends + 1) * 60, batch, operations))
        self.progress()

    def _operations(self, visit: TeamVisit, phone: str, at: datetime) -> Iterator[Said]:
        team, enterprise = self.teams[visit.grid], self.park.enterprise[visit.enterprise]
        begun = self.id("visit", visit.key)
        place = self._place(visit)
        yield self._said(visit.day, visit.begins, "begin_visit", begun, enterprise=enterprise.credit_code,
                         checklist=self.register.checklist, visit_kind=visit.kind, basis="emergency", place=place,
                         second=self.register.uuid(team.concierge if visit.outcome else team.leader))  # fmt: skip
        for number, problem in enumerate(visit.problems):
            yield from self._found(visit, problem, visit.begins + 8 + 4 * number, phone, begun)
        if visit.outcome:
            for problem in self.plan.cases[visit.case].problems:
                yield self._photo(visit, problem, visit.begins + 6, phone, "look_back")
                yield self._said(visit.day, visit.begins + 8, "look_back", self.id("look", visit.key, problem.key),
                                 finding=self.id("finding", problem.key), outcome=visit.outcome)  # fmt: skip
        yield self._ending(visit, phone, begun, at)

    def _found(self, visit: TeamVisit, problem: Problem, minute: int, phone: str, begun: str) -> Iterator[Said]:
        finding = self.id("finding", problem.key)
        yield self._said(visit.day, minute, "note_finding", finding, visit=begun, item=problem.item, area=problem.area,
                         note=problem.note)  # fmt: skip
        yield self._photo(visit, problem, minute + 1, phone, "found")
        if problem.spot:
            yield self._photo(visit, problem, minute + 9, phone, "on_the_spot")
            yield self._said(visit.day, minute + 9, "fix_on_spot", self.id("spot", problem.key), finding=finding)

    def _photo(self, visit: TeamVisit, problem: Problem, minute: int, phone: str, of: str) -> Said:
        after = of == "on_the_spot" or visit.outcome == "fixed"
        sha256 = self.fleet.put(phone, drawn_photo(problem.key, after), at=_at(visit.day, visit.ends))
        self.photos += 1
        placeless = self.photos % PLACELESS_EVERY == 0
        place = {"placeless": "厂房内无定位信号"} if placeless else {"place": self._place(visit)}
        number = self.id("photo", visit.key, problem.key, of)
        return self._said(visit.day, minute, "photo", number, of=of, sha256=sha256,
                          finding=self.id("finding", problem.key), **place)  # fmt: skip

    def _ending(self, visit: TeamVisit, phone: str, begun: str, at: datetime) -> Said:
        ended = self.id("end", visit.key)
        if visit.shut:
            return self._said(visit.day, visit.ends, "end_visit", ended, visit=begun, how="no_access")
        failed = {problem.item for problem in visit.problems}
        asked = [code for code, short in self.register.items.items() if short or visit.kind == "full"]
        answers = {} if visit.outcome else {code: {"ok": code not in failed} for code in (*asked, *sorted(failed))}
        facts: dict[str, Any] = {"refusal": "单位负责人拒绝签字"} if visit.refused else self._signed(visit, phone, at)
        return self._said(
            visit.day, visit.ends, "end_visit", ended, visit=begun, how="finished", answers=answers, **facts
        )

    def _signed(self, visit: TeamVisit, phone: str, at: datetime) -> dict[str, str]:
        key = self._liaison_key(visit.enterprise, visit.day)
        self.fleet.sign(phone, key, at=at)
        return {"signed_by": self.park.person[key].name, "signature": hashlib.sha256(drawn_signature(key)).hexdigest()}

    def _said(self, day: date, minute: int, kind: str, number: str, **facts: Any) -> Said:
        return {"id": number, "kind": kind, "at": _at(day, minute).isoformat(), **facts}

    def _place(self, visit: TeamVisit) -> dict[str, float]:
        site = next(s for s in self.park.sites if s.enterprise == visit.enterprise and s.grid == visit.grid)
        return {"longitude": site.position[0], "latitude": site.position[1], "accuracy": 12.0}

    # who is who

    def id(self, *parts: str) -> str:
        """A device-made id: the same in every replay."""
        return str(deterministic_id("demo", str(self.park.seed), "inspections", *parts))

    def liaison(self, enterprise: str, day: date) -> Person:
        """Who answers for the enterprise on the day."""
        return self.register.people[self._liaison_key(enterprise, day)]

    def _liaison_key(self, enterprise: str, day: date) -> str:
        """Who answers for the enterprise; before its first liaison is appointed, whoever will be."""
        held = [post for post in self.park.posts if enterprise in post.covers]
        return min(held, key=lambda post: (post.first > day, post.first, post.key)).person


def _phone(grid: str, number: int) -> str:
    return f"JC{grid}-{number}"


def _at(day: date, minute: int) -> datetime:
    return moment(day, minute=minute)
