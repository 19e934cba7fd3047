"""The teams' weeks: who visits whom, what they find, and what becomes of each notice.

Each grid has a leader, a concierge and two members; the first member visits with the leader, the second looks back with
the concierge, so nobody looks at the own work. Planned whole, from one source: a day's list depends on the days before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from random import Random
from typing import TYPE_CHECKING, Literal

from parkkeeper.demo.invent.scenario import days_between

if TYPE_CHECKING:
    from parkkeeper.demo.invent.park import SourcePark

Fate = Literal["passed", "second", "extended", "lapsed", "refused", "stopped"]
Outcome = Literal["fixed", "partly", "not_fixed"]
VisitKind = Literal["full", "short", "look_back"]

NOTICED = (
    ("A3", "总装车间", "名册 {n} 人，现场清点少 2 人，去向未说明"),
    ("A5", "东大门", "当日 3 人返回未登记"),
    ("B3", "生产区与生活区之间", "隔离围挡有缺口，可自由穿行"),
    ("B4", "二号宿舍楼", "新返岗人员与老员工共用盥洗间"),
    ("B5", "静默区", "静默名单与实际入住不符，差 {n} 人"),
    ("C3", "一号宿舍楼", "{n} 名新返岗人员未单独住宿"),
    ("D5", "职工餐厅", "2 名餐厅人员检测记录过期"),
    ("E2", "装配班组", "当日抗原漏做 {n} 人"),
    ("E8", "保洁班", "外包保洁 {n} 人未列入同一名册"),
    ("F7", "危险品柜旁", "酒精存放在配电箱旁"),
    ("G3", "卸货平台", "司机下车进入办公区"),
    ("G4", "三号门", "货运与人员通道混用"),
)
"""Item of the checklist, area, what was seen."""
ON_THE_SPOT = (
    ("C5", "三号宿舍楼", "房间未开窗通风，当场打开"),
    ("D6", "餐厅入口", "洗手液用完，当场补充"),
    ("F4", "垃圾房", "垃圾桶未加盖，当场加盖"),
    ("F5", "更衣室", "用过的口罩混入生活垃圾，当场分开"),
    ("D3", "取餐窗口", "排队间隔不足，当场划线"),
    ("C1", "二号宿舍楼", "房间名单未张贴，当场张贴"),
)
FIRST_VISIT, VISIT_SPACING = 9 * 60 + 30, 100  # minutes
LOOKING_BACK = 9 * 60 + 5
SPOT_EVERY, FULL_EVERY, SHUT_EVERY = 9, 7, 60  # of so many visits, one
APART = timedelta(days=12)  # between two notices of one enterprise that have nothing to do with one another
REPEATED_AFTER = (6, 10)  # days
ROOM: dict[Fate, int] = {"stopped": 12, "lapsed": 3, "second": 1}
"""Days before the count on which such a case begins at the latest, so that it comes to its end."""
TWO_PAPERS: tuple[Fate, ...] = ("second", "stopped")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something not as it should be; `spot`: put right while the team stood there."""

    key: str
    item: str
    area: str
    note: str
    spot: bool = False


@dataclass(frozen=True, slots=True)
class TeamVisit:
    """A team at an enterprise, minutes of the day; a look-back visit says of which case, and what it found."""

    key: str
    day: date
    grid: str
    enterprise: str
    kind: VisitKind
    begins: int
    ends: int
    problems: tuple[Problem, ...] = ()
    case: str = ""
    outcome: Outcome | None = None
    shut: bool = False
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """What becomes of a notice: its problems and looks back in their order; `repeats`: the same was found before."""

    key: str
    day: date
    grid: str
    enterprise: str
    fate: Fate
    problems: tuple[Problem, ...]
    looks: tuple[tuple[date, Outcome], ...]
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class InspectionPlan:
    """All visits in the order of day and time, and all cases by key."""

    visits: tuple[TeamVisit, ...]
    cases: dict[str, Case]

    def on(self, day: date) -> list[TeamVisit]:
        """The visits of a day in the order of their time."""
        return [visit for visit in self.visits if visit.day == day]


def plan_inspections(park: SourcePark) -> InspectionPlan:
    """The teams' weeks; see `SourcePark.inspections`. ValueError when the notices cannot be placed."""
    return _Weeks(park).plan()


@dataclass
class _Seen:
    """How an enterprise stands in the plan under way."""

    key: str
    grid: str
    since: date
    """The first day on which it works and somebody answers for it."""
    visited: date = date.min
    noticed: list[date] = field(default_factory=list)

    def free(self, day: date) -> bool:
        return all(abs(day - other) > APART for other in self.noticed)


class _Weeks:
    """The weeks in the making: first the cases, each at its place, then every day's visits around them."""

    def __init__(self, park: SourcePark) -> None:
        self.park, self.table = park, park.scenario.inspections
        self.rng = Random(f"{park.seed}:inspections")
        self.days = days_between(self.table.first, self.table.last)
        self.counted = [day for day in self.days if day <= self.table.counted_until]
        self.seen = {one.key: one for one in self._enterprises()}
        self.cases: dict[str, Case] = {}

    def plan(self) -> InspectionPlan:
        for fate in self._fates():
            self._place(fate, self.counted[: -ROOM.get(fate, 0) or None] or self.counted[:1])
        self._repeat()
        for _n in range(self.table.notices_after):
            self._place("passed", [day for day in self.days if day > self.table.counted_until])
        visits = [visit for day in self.days for visit in self._day(day)]
        return InspectionPlan(tuple(visits), self.cases)

    def _enterprises(self) -> Iterator[_Seen]:
        home = {site.enterprise: site.grid for site in reversed(self.park.sites) if site.kind != "dormitory"}
        since: dict[str, date] = {}
        for post in self.park.posts:
            for key in post.covers:
                since[key] = min(since.get(key, date.max), post.first)
        for one in self.park.enterprises:
            if one.kind != "park_office":
                since_day = max(since.get(one.key, date.max), one.resumed_on or date.max)
                yield _Seen(one.key, home[one.key], since_day)

    def _fates(self) -> list[Fate]:
        """The fates in the order in which they are placed; with the repeats, as many papers as the scenario says."""
        table = self.table
        told: list[tuple[int, Fate]] = [
            (1, "stopped"), (table.second, "second"), (table.extended, "extended"), (table.lapsed, "lapsed"),
            (table.refused, "refused"),
        ]  # fmt: skip
        fates = [fate for number, fate in told for _n in range(number)]
        papers = sum(2 if fate in TWO_PAPERS else 1 for fate in fates) + table.repeated
        told = [(table.notices - papers, "passed")]
        return [*fates, *[fate for number, fate in told for _n in range(number)]]

    def _place(self, fate: Fate, days: Sequence[date]) -> Case:
        """Put a case on one of the days, at an enterprise that has a liaison then and no other notice near."""
        for _try in range(200):
            day = self.rng.choice(days)
            able = [one for one in self.seen.values() if one.since <= day and one.free(day)]
            if able:
                chosen, (item, area, note) = self.rng.choice(able), self.rng.choice(NOTICED)
                return self._add(chosen, day, fate, (item, area, note.format(n=self.rng.randint(2, 9))))
        raise ValueError(f"No day from {days[0]} to {days[-1]} has an enterprise without a notice near.")

    def _add(self, chosen: _Seen, day: date, fate: Fate, seen: tuple[str, str, str]) -> Case:
        key = f"C{len(self.cases) + 1:03}"
        case = Case(key, day, chosen.grid, chosen.key, fate, (Problem(f"{key}-1", *seen),), self._looks(day, fate))
        chosen.noticed.append(day)
        self.cases[key] = case
        return case

    def _looks(self, day: date, fate: Fate) -> tuple[tuple[date, Outcome], ...]:
        failed: Outcome = self.rng.choice(("partly", "not_fixed"))
        looks: dict[Fate, list[tuple[int, Outcome]]] = {
            "second": [(1, failed), (2, "fixed")], "stopped": [(1, "not_fixed"), (2, "not_fixed"), (8, "fixed")],
            "extended": [(2, "fixed")], "lapsed": [(3, "fixed")],
        }  # fmt: skip
        return tuple((day + timedelta(days=n), outcome) for n, outcome in looks.get(fate, [(1, "fixed")]))

    def _repeat(self) -> None:
        """The same problem again at some enterprises, after its look-back passed."""
        able = [case for case in self.cases.values() if case.fate == "passed"]
        for case in sorted(able, key=lambda one: (one.day, one.key)):
            day = case.day + timedelta(days=self.rng.randint(*REPEATED_AFTER))
            if sum(one.repeats for one in self.cases.values()) == self.table.repeated:
                return
            if day in self.counted and self.seen[case.enterprise].noticed == [case.day]:
                first = case.problems[0]
                again = self._add(self.seen[case.enterprise], day, "passed", (first.item, first.area, first.note))
                self.cases[again.key] = replace(again, repeats=True)
        raise ValueError(f"Fewer than {self.table.repeated} cases leave room to be repeated before the count.")

    def _day(self, day: date) -> Iterator[TeamVisit]:
        found = [visit for grid in self.park.grids for visit in (*self._first_looks(grid.key, day),
                                                                 *self._looks_back(grid.key, day))]  # fmt: skip
        yield from sorted(found, key=lambda visit: (visit.ends, visit.key))

    def _first_looks(self, grid: str, day: date) -> Iterator[TeamVisit]:
        """The visits of the grid's first member: the day's cases, then whoever has waited longest."""
        begun = [case for case in self.cases.values() if (case.grid, case.day) == (grid, day)]
        taken = {case.enterprise for case in begun}
        others = [one for one in self.seen.values() if one.grid == grid and one.key not in taken]
        self.rng.shuffle(others)
        others.sort(key=lambda one: one.visited)
        ahead: list[tuple[_Seen, Case | None]] = [(self.seen[case.enterprise], case) for case in begun]
        ahead += [(one, None) for one in others[: max(self.table.visits_a_day - len(begun), 0)]]
        for number, (one, case) in enumerate(ahead):
            one.visited = day
            begins = FIRST_VISIT + number * VISIT_SPACING + self.rng.randint(0, 25)
            yield self._visit(one, day, number, begins, case)

    def _visit(self, one: _Seen, day: date, number: int, begins: int, case: Case | None) -> TeamVisit:
        key, ends = f"{day:%m%d}-{one.grid}-{number + 1}", begins + self.rng.randint(25, 70)
        kind: VisitKind = "full" if self.rng.randrange(FULL_EVERY) == 0 else "short"
        if case:
            refused = case.fate == "refused"
            return TeamVisit(key, day, one.grid, one.key, kind, begins, ends, case.problems, case.key, refused=refused)
        if self.rng.randrange(SHUT_EVERY) == 0:
            return TeamVisit(key, day, one.grid, one.key, kind, begins, begins + 6, shut=True)
        spot = self.rng.randrange(SPOT_EVERY) == 0 and one.since <= day
        problems = (Problem(f"{key}-1", *self.rng.choice(ON_THE_SPOT), spot=True),) if spot else ()
        return TeamVisit(key, day, one.grid, one.key, kind, begins, ends, problems)

    def _looks_back(self, grid: str, day: date) -> Iterator[TeamVisit]:
        """The visits of the grid's second member: what is to be looked at again today."""
        due = [(case, outcome) for case in self.cases.values() if case.grid == grid
               for when, outcome in case.looks if when == day]  # fmt: skip
        for number, (case, outcome) in enumerate(due):
            begins = LOOKING_BACK + number * 25
            yield TeamVisit(f"{day:%m%d}-{grid}-b{number + 1}", day, grid, case.enterprise, "look_back", begins,
                            begins + 20, case=case.key, outcome=outcome)  # fmt: skip
