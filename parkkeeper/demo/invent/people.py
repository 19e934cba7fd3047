"""The invented people: names, documents, work, the day each comes on post, and where they are from then on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Literal

from parkkeeper.demo.invent.enterprises import OFFICE, Establishments
from parkkeeper.demo.invent.model import Category, DocumentKind, Enterprise, Person, Presence, Shift
from parkkeeper.demo.invent.names import FOREIGN, NAMESAKES, PeopleNames
from parkkeeper.demo.invent.numbers import Numbers
from parkkeeper.demo.invent.presence import presences_of
from parkkeeper.demo.invent.scenario import Scenario
from parkkeeper.demo.invent.staffing import joining_days, share_out

Fate = Literal["on_post", "left", "away", "isolated", "silent", "waiting", "office"]
RARE_NAMES = 48
NAMESAKES_EACH = 5
DORMITORY_SHARE = 0.45

# Of 100 people of an enterprise; the rest work in production.
_OFFICE_SHARE, _LOGISTICS_SHARE, _GATE_SHARE, _CANTEEN_SHARE = 16, 8, 3, 3


@dataclass(frozen=True, slots=True)
class Draft:
    """Somebody to be registered: at which site, from which day on post, and what becomes of them."""

    enterprise: Enterprise
    site: str
    joined_on: date | None
    fate: Fate


@dataclass
class Population:
    """The people (key order), their presences, and who is on post without a break from the day of joining."""

    registrar: Registrar
    people: list[Person] = field(default_factory=list)
    presences: list[Presence] = field(default_factory=list)
    steady: dict[str, list[Person]] = field(default_factory=dict)  # enterprise -> people by day of joining
    isolated: list[Person] = field(default_factory=list)  # as many as the scenario says, those of incidents first


def populate(scenario: Scenario, made: Establishments, numbers: Numbers, rng: Random) -> Population:
    """Register everybody of the enterprises, not the park office."""
    registrar = Registrar(numbers, rng, made)
    drafts = sorted(_drafts(scenario, made, rng), key=_order)
    population = Population(registrar)
    names = _special_names(scenario, drafts, registrar, rng)
    presence_rng = Random(rng.random())
    turns = rng.sample(range(scenario.people.isolated), scenario.people.isolated)
    isolated: dict[int, Person] = {}
    for number, draft in enumerate(drafts):
        person = registrar.register(draft, *names.get(number, (None, "resident_id")))
        population.people.append(person)
        nth = turns[len(isolated)] if draft.fate == "isolated" else None
        mine = presences_of(scenario, person.key, draft.joined_on, draft.fate, nth, presence_rng)
        population.presences += mine
        if nth is not None:
            isolated[nth] = person
        if draft.fate == "on_post" and sum(presence.state == "on_post" for presence in mine) == 1:
            population.steady.setdefault(person.enterprise, []).append(person)
    population.isolated = [isolated[nth] for nth in sorted(isolated)]
    return population


def _order(draft: Draft) -> tuple[str, date, str, str]:
    return draft.enterprise.key, draft.joined_on or date.max, draft.fate, draft.site


def _drafts(scenario: Scenario, made: Establishments, rng: Random) -> Iterator[Draft]:
    working = made.working()
    sizes = {enterprise.key: enterprise.head_count for enterprise in working}
    resumed = {enterprise.key: enterprise.resumed_on for enterprise in working if enterprise.resumed_on}
    joined = joining_days(scenario, sizes, resumed)
    for enterprise in working:
        sites = _workplaces(enterprise, made)
        rng.shuffle(sites)
        for site, day in zip(sites, joined[enterprise.key], strict=True):
            yield Draft(enterprise, site, day, "on_post")
    yield from _surplus(scenario, made, joined, rng)


def _workplaces(enterprise: Enterprise, made: Establishments) -> list[str]:
    """One site a person: the works, or each construction site as often as its crew is large."""
    if enterprise.kind != "contractor":
        return [made.works[enterprise.key]] * enterprise.head_count
    mine = [site.key for site in made.sites if site.enterprise == enterprise.key]
    return [site for site in mine for _ in range(made.crews[site])]


def _surplus(scenario: Scenario, made: Establishments, joined: dict[str, list[date]], rng: Random) -> Iterator[Draft]:
    """People registered but not on post on the last day."""
    table, calendar = scenario.people, scenario.calendar
    staffed = [e for e in made.working() if e.kind == "enterprise"]
    late = calendar.last_round - timedelta(days=5)
    settled = [e for e in staffed if joined[e.key][0] <= late]
    fates: list[tuple[Fate, int]] = [("left", table.left), ("away", table.away), ("silent", table.silent)]
    for fate, number in fates:
        pool = staffed if fate == "silent" else settled
        for enterprise in rng.choices(pool, [e.head_count for e in pool], k=number):
            early = [day for day in joined[enterprise.key] if day <= late]
            day = None if fate == "silent" else rng.choice(early)
            yield Draft(enterprise, made.works[enterprise.key], day, fate)
    hosts = sorted((e for e in staffed if e.key in made.hosts), key=lambda e: -e.head_count)
    early_hosts = [e for e in hosts if joined[e.key][0] < calendar.first_round - timedelta(days=4)][:8]
    for enterprise in rng.choices(early_hosts, k=table.isolated):
        yield Draft(enterprise, made.works[enterprise.key], joined[enterprise.key][0], "isolated")
    waiting = made.waiting()
    number = table.surplus - table.left - table.away - table.silent - table.isolated
    for enterprise, people in zip(waiting, share_out(number, [e.head_count for e in waiting], 3), strict=True):
        for _ in range(people):
            yield Draft(enterprise, made.works[enterprise.key], None, "waiting")


Special = tuple[str | None, DocumentKind]


def _special_names(scenario: Scenario, drafts: list[Draft], registrar: Registrar, rng: Random) -> dict[int, Special]:
    """Names and documents out of the ordinary, by number of the draft: namesakes, rare signs, people from abroad."""
    table = scenario.people
    offices = [n for n, draft in enumerate(drafts) if draft.enterprise.kind == "enterprise"]
    chosen = rng.sample(offices, NAMESAKES_EACH * len(NAMESAKES) + RARE_NAMES + table.foreigners + table.permits)
    special: dict[int, Special] = {}
    for n in range(NAMESAKES_EACH * len(NAMESAKES)):
        special[chosen.pop()] = (NAMESAKES[n % len(NAMESAKES)], "resident_id")
    for n in range(RARE_NAMES):
        special[chosen.pop()] = (registrar.names.rare(n), "resident_id")
    for n in range(table.foreigners):
        special[chosen.pop()] = (FOREIGN[n % len(FOREIGN)], "passport")
    for n in range(table.permits):
        special[chosen.pop()] = (None, "taiwan_permit" if n % 2 else "hk_macau_permit")
    # Two of one name in one enterprise, side by side: the case that every list gets wrong.
    largest = max(range(len(drafts)), key=lambda n: (drafts[n].enterprise.head_count, -n))
    special[largest] = special[largest + 1] = (NAMESAKES[0], "resident_id")
    return special


class Registrar:
    """Gives people their keys, names, documents, phones and staff numbers."""

    def __init__(self, numbers: Numbers, rng: Random, made: Establishments) -> None:
        self.numbers, self.rng, self.made = numbers, rng, made
        self.names = PeopleNames(rng)
        self.count = 0
        self.staff: dict[str, int] = {}

    def register(self, draft: Draft, name: str | None = None, kind: DocumentKind = "resident_id") -> Person:
        """Register one person; a name and a kind of document may be given."""
        male = self.rng.random() < 0.58
        key = draft.enterprise.key
        self.count += 1
        self.staff[key] = self.staff.get(key, 0) + 1
        category = self._category(draft.enterprise)
        dormitory = self.made.dormitory.get(key) if self.rng.random() < DORMITORY_SHARE else None
        return Person(
            key=f"P{self.count:05}",
            name=name or self.names.draw(male),
            document_kind=kind,
            document=self._document(kind, male),
            phone=self.numbers.phone(),
            enterprise=key,
            staff_number=f"{self.made.initials[key]}{self.staff[key]:04}",
            category=category,
            shift=self._shift(draft.enterprise, category),
            site=draft.site,
            dormitory=dormitory if category == "production" else None,
            joined_on=draft.joined_on,
        )

    def _document(self, kind: DocumentKind, male: bool) -> str:
        if kind == "resident_id":
            return self.numbers.resident_id(male)
        return {
            "passport": self.numbers.passport,
            "hk_macau_permit": self.numbers.hk_macau_permit,
            "taiwan_permit": self.numbers.taiwan_permit,
        }[kind]()

    def _category(self, enterprise: Enterprise) -> Category:
        if enterprise.key == OFFICE:
            return "office_staff"
        if enterprise.kind == "contractor":
            return "construction"
        drawn = self.rng.random() * 100
        logistics = 55 if enterprise.industry == "物流" else _LOGISTICS_SHARE
        for category, share in self._shares(logistics):
            drawn -= share
            if drawn < 0:
                return category
        return "production"

    @staticmethod
    def _shares(logistics: int) -> list[tuple[Category, int]]:
        return [
            ("office", _OFFICE_SHARE),
            ("logistics", logistics),
            ("gate", _GATE_SHARE),
            ("canteen", _CANTEEN_SHARE),
        ]

    def _shift(self, enterprise: Enterprise, category: Category) -> Shift:
        if category in ("office", "office_staff"):
            return "office"
        if enterprise.kind != "enterprise" or enterprise.head_count < 50:
            return "day"
        return "day" if self.rng.random() < 0.6 else "late"
