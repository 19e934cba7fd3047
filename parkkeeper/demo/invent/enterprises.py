"""The invented enterprises, the park's own office, and their sites."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from random import Random

from parkkeeper.demo.invent.geography import Ground
from parkkeeper.demo.invent.model import Enterprise, EnterpriseKind, Grid, Site, SiteKind
from parkkeeper.demo.invent.names import CONSTRUCTION, DIAGNOSTICS, INDUSTRIES, Industry, TradeName, trade_names
from parkkeeper.demo.invent.numbers import Numbers
from parkkeeper.demo.invent.scenario import EnterpriseTable, Scenario
from parkkeeper.demo.invent.staffing import resumption_days, share_out

OFFICE = "OFFICE"
OFFICE_GRID = "G5"
PLACE_IN_NAMES = "云桥"


@dataclass
class Establishments:
    """What this module makes: enterprises (the park office last), sites, and what later steps need to know of them."""

    enterprises: list[Enterprise] = field(default_factory=list)
    sites: list[Site] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    works: dict[str, str] = field(default_factory=dict)
    dormitory: dict[str, str] = field(default_factory=dict)
    crews: dict[str, int] = field(default_factory=dict)  # construction site -> workers
    initials: dict[str, str] = field(default_factory=dict)

    def working(self) -> list[Enterprise]:
        """Enterprises that resumed work, in order of key."""
        return [enterprise for enterprise in self.enterprises if enterprise.resumed_on is not None]

    def waiting(self) -> list[Enterprise]:
        """Enterprises that have not resumed, in order of key."""
        return [e for e in self.enterprises if e.resumed_on is None and e.kind != "park_office"]


@dataclass(frozen=True)
class _Plan:
    key: str
    kind: EnterpriseKind
    size: int
    industry: Industry
    resumes: bool


def found(scenario: Scenario, ground: Ground, grids: tuple[Grid, ...], numbers: Numbers, rng: Random) -> Establishments:
    """Found every enterprise of the scenario and put it on the map."""
    made = Establishments()
    crews = _crews(scenario.enterprises, rng)
    plans = list(_plans(scenario, [sum(sizes) for sizes in crews], rng))
    resumed = resumption_days(scenario, {plan.key: plan.size for plan in plans if plan.resumes}, rng)
    builder = _Builder(made, ground, grids, rng)
    for plan, trade in zip(plans, trade_names(rng), strict=False):
        works = None if plan.kind == "contractor" else builder.site(plan.key, "works", "厂区")
        address = works.address if works else f"{PLACE_IN_NAMES}工业园"
        resumed_on = resumed.get(plan.key)
        made.enterprises.append(_enterprise(plan, trade, numbers.credit_code(), address, resumed_on))
        made.initials[plan.key] = trade.initials
        if works:
            made.works[plan.key] = works.key
        if plan.resumes and plan.kind == "enterprise" and plan.size >= 100:
            made.hosts.append(plan.key)
    for plan in (plan for plan in plans if plan.kind == "contractor"):
        crew = next(sizes for sizes in crews if sum(sizes) == plan.size)
        crews.remove(crew)
        for size in crew:
            made.crews[builder.site(plan.key, "construction", "工地").key] = size
    for host in sorted(made.hosts, key=lambda key: -next(p.size for p in plans if p.key == key)):
        if len(made.dormitory) < scenario.enterprises.dormitories:
            made.dormitory[host] = builder.site(host, "dormitory", "宿舍").key
    _add_office(made, builder, numbers, scenario)
    _name_sites(made)
    return made


def _plans(scenario: Scenario, crews: list[int], rng: Random) -> Iterator[_Plan]:
    table = scenario.enterprises
    sizes: list[tuple[EnterpriseKind, int, Industry | None, bool]] = []
    sizes += [("enterprise", size, None, True) for size in _host_sizes(table, rng)]
    sizes.append(("enterprise", table.kit_maker, DIAGNOSTICS, True))
    sizes += [("enterprise", rng.randint(110, 280), None, False) for _ in range(table.waiting_large)]
    sizes += [("enterprise", rng.randint(12, 60), None, False) for _ in range(table.waiting_small)]
    sizes += [("contractor", size, CONSTRUCTION, True) for size in crews]
    small = table.total - len(sizes)
    people = scenario.growth.at_last_round - table.host_people - table.construction_workers
    weights = [rng.lognormvariate(0, 0.9) for _ in range(small)]
    sizes += [("enterprise", size, None, True) for size in share_out(people, weights, 3, table.largest_small)]
    rng.shuffle(sizes)
    shares = [industry.share for industry in INDUSTRIES]
    for number, (kind, size, industry, resumes) in enumerate(sizes, start=1):
        drawn = rng.choices(INDUSTRIES, shares)[0]
        yield _Plan(f"E{number:03}", kind, size, industry or drawn, resumes)


def _host_sizes(table: EnterpriseTable, rng: Random) -> list[int]:
    """Sizes of all hosts but the kit maker, with a heavy tail."""
    rest = table.host_people - table.largest_host - table.kit_maker
    weights = [min(rng.paretovariate(0.95), rng.uniform(5, 15)) - 1 for _ in range(table.hosts - 2)]
    return [table.largest_host, *share_out(rest, weights, table.smallest_host, table.largest_host - 1)]


def _crews(table: EnterpriseTable, rng: Random) -> list[list[int]]:
    """Workers of each construction site, by contractor: one site each, the rest second sites."""
    weights = [rng.uniform(0.6, 1.6) for _ in range(table.construction_sites)]
    sizes = share_out(table.construction_workers, weights, 8, 48)
    crews = [[size] for size in sizes[: table.contractors]]
    for number, size in enumerate(sizes[table.contractors :]):
        crews[number % table.contractors].append(size)
    return crews


def _enterprise(plan: _Plan, trade: TradeName, code: str, address: str, resumed_on: date | None) -> Enterprise:
    return Enterprise(
        key=plan.key,
        kind=plan.kind,
        name=f"{PLACE_IN_NAMES}{trade.chinese}{plan.industry.trade}有限公司",
        short_name=f"{trade.chinese}{plan.industry.short}",
        name_en=f"{trade.pinyin} {plan.industry.english}",
        credit_code=code,
        industry=plan.industry.name,
        head_count=plan.size,
        resumed_on=resumed_on,
        address=address,
    )


def _add_office(made: Establishments, builder: _Builder, numbers: Numbers, scenario: Scenario) -> None:
    site = builder.site(OFFICE, "office", "管委会", OFFICE_GRID)
    posts = scenario.posts
    head_count = (
        posts.office
        + posts.leaders
        + 2 * posts.lab_staff
        + posts.couriers
        + posts.drivers
        + posts.team_members
        + posts.team_leaders
    )
    made.works[OFFICE], made.initials[OFFICE] = site.key, "GW"
    made.enterprises.append(
        Enterprise(
            key=OFFICE,
            kind="park_office",
            name=f"{scenario.place.name}管理委员会",
            short_name="管委会",
            name_en=f"{scenario.place.name_en} Administration",
            credit_code=numbers.credit_code(),
            industry="园区管理",
            head_count=head_count + len(builder.grids),
            resumed_on=None,
            address=site.address,
        )
    )


def _name_sites(made: Establishments) -> None:
    """Give sites the short names of their enterprises, numbered where there are several of a kind."""
    short = {enterprise.key: enterprise.short_name for enterprise in made.enterprises}
    seen: dict[tuple[str, str], int] = {}
    for n, site in enumerate(made.sites):
        owner = (site.enterprise or "", site.kind)
        seen[owner] = seen.get(owner, 0) + 1
        number = str(seen[owner]) if site.kind == "construction" else ""
        name = site.name if site.kind == "office" else f"{short[owner[0]]}{site.name}{number}"
        made.sites[n] = replace(site, name=name)


class _Builder:
    """Puts sites on free ground."""

    def __init__(self, made: Establishments, ground: Ground, grids: tuple[Grid, ...], rng: Random) -> None:
        self.made, self.ground, self.rng = made, ground, rng
        self.grids = [grid.key for grid in grids]

    def site(self, enterprise: str, kind: SiteKind, name: str, grid: str | None = None) -> Site:
        """Build one site; a dormitory stands in the grid of its works, other sites anywhere unless told."""
        if kind == "dormitory":
            works = self.made.works[enterprise]
            grid = next(site.grid for site in self.made.sites if site.key == works)
        grid = grid or self.rng.choice(self.grids)
        position, road = self.ground.anywhere(grid)
        address = f"{road}{self.rng.randint(1, 899)}号"
        site = Site(f"S{len(self.made.sites) + 1:03}", kind, name, enterprise, grid, position, address)
        self.made.sites.append(site)
        return site
