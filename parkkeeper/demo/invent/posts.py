"""Who holds which post: the three kinds of specialists with their certificates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random

from parkkeeper.demo.invent.enterprises import Establishments
from parkkeeper.demo.invent.model import Certificate, Enterprise, Person, Point, Position, Post, Role
from parkkeeper.demo.invent.people import Population
from parkkeeper.demo.invent.scenario import Scenario, days_between
from parkkeeper.demo.invent.staffing import share_out
from parkkeeper.planning.geometry import metres_between

ISSUER = "云桥工业园管理委员会、云桥区卫生健康委员会（联合培训考核）"
NUMBER_OF: Mapping[Role, str] = {"prevention": "FY", "scanning": "SM", "sampling": "CY"}
LAPSED_VALID_DAYS = 14
REVOKED_AFTER_DAYS = 12
REVOKED_WHY = "现场操作考核不合格，停岗复训"
MOST_AT_A_HOST = 9
MOST_COVERED = 4  # enterprises that one prevention specialist is liaison of, the own one among them
ONE_IN = 12  # a nearby point takes at most one in so many people of an enterprise


def appoint_specialists(
    scenario: Scenario, made: Establishments, population: Population, points: Sequence[Point], rng: Random
) -> list[Post]:
    """Appoint exactly as many certified specialists as the scenario says, and a few more whose certificate is void.

    All of them are on post without a break from before their certificate, so duty can be staffed at each stage.
    """
    appointer = _Appointer(scenario, made, population, rng)
    appointer.prevention()
    for point in sorted(points, key=lambda point: (point.opened_on, point.key)):
        appointer.staff_point(point)
    appointer.reserve(points)
    appointer.void()
    return appointer.posts


class _Appointer:
    """Appoints people one by one, each to one post."""

    def __init__(self, scenario: Scenario, made: Establishments, population: Population, rng: Random) -> None:
        self.scenario, self.made, self.population, self.rng = scenario, made, population, rng
        self.posts: list[Post] = []
        self.taken: set[str] = set()
        self.lent: dict[str, int] = {}
        position = {site.key: site.position for site in made.sites}
        self.place = {key: position[site] for key, site in made.works.items()}
        for site in reversed(made.sites):
            if site.kind == "construction" and site.enterprise:
                self.place[site.enterprise] = site.position

    def prevention(self) -> None:
        """Hosts have several, contractors and the larger of the others one each; the rest are shared."""
        table = self.scenario.posts
        working = self.made.working()
        hosts = [e for e in working if e.key in self.made.hosts]
        number = dict(
            zip(
                (host.key for host in hosts),
                share_out(table.prevention_at_hosts, [host.head_count for host in hosts], 1, MOST_AT_A_HOST),
                strict=True,
            )
        )
        number |= {e.key: 1 for e in working if e.kind == "contractor"}
        others = sorted((e for e in working if e.key not in number), key=lambda e: (-e.head_count, e.key))
        for enterprise in others:
            if sum(number.values()) < table.prevention and self.population.steady.get(enterprise.key):
                number[enterprise.key] = 1
        for enterprise in working:
            for _ in range(number.get(enterprise.key, 0)):
                person, first = self._liaison(enterprise)
                covers = (enterprise.key,)
                self._appoint(person, "prevention", first, enterprise=enterprise.key, covers=covers)
        self._share([e for e in (*working, *self.made.waiting()) if e.key not in number])

    def _liaison(self, enterprise: Enterprise) -> tuple[Person, date]:
        begins = (enterprise.resumed_on or self.scenario.calendar.first_resumption) + timedelta(days=2)
        person = self._choose(enterprise.key, begins, offices_first=True)
        if person:
            return person, begins
        person = next(p for p in self.population.steady[enterprise.key] if p.key not in self.taken)
        return person, min((person.joined_on or begins) + timedelta(days=1), self.scenario.calendar.last_round)

    def _share(self, uncovered: Sequence[Enterprise]) -> None:
        """Give every enterprise without a specialist to the nearest one who is already there and has room."""
        for enterprise in uncovered:
            since = enterprise.resumed_on or self.scenario.calendar.last_round
            here = self.place[enterprise.key]
            free = [n for n, post in enumerate(self.posts) if len(post.covers) < MOST_COVERED]
            nearest = min(free, key=lambda n: (self.posts[n].first > since + timedelta(days=2), self._away(here, n), n))
            post = self.posts[nearest]
            self.posts[nearest] = replace(post, covers=(*post.covers, enterprise.key))

    def _away(self, here: Position, number: int) -> float:
        return metres_between(here, self.place[self.posts[number].enterprise or ""])

    def staff_point(self, point: Point) -> None:
        """One scanner and some samplers a desk: the host's own people, or those of enterprises around."""
        candidates = self._candidates(point)
        sampler: Role = "sampling"
        roles: list[Role] = ["scanning", *[sampler] * self.scenario.posts.samplers_a_desk]
        for role in roles * point.desks:
            self._appoint(next(candidates), role, point.opened_on, point=point.key)

    def _candidates(self, point: Point) -> Iterator[Person]:
        if point.host:
            while person := self._choose(point.host, point.opened_on):
                yield person
        near = [e for e in self.made.working() if e.resumed_on and e.resumed_on < point.opened_on]
        near = [e for e in near if e.kind == "enterprise" and e.head_count >= 2 * ONE_IN]
        near.sort(key=lambda e: (metres_between(point.position, self.place[e.key]), e.key))
        for enterprise in near:
            while self.lent.get(enterprise.key, 0) < enterprise.head_count // ONE_IN:
                person = self._choose(enterprise.key, point.opened_on)
                if person is None:
                    break
                self.lent[enterprise.key] = self.lent.get(enterprise.key, 0) + 1
                yield person
        raise ValueError(f"{point.key}: nobody is left to staff this point on {point.opened_on}.")

    def reserve(self, points: Sequence[Point]) -> None:
        """The rest of the scanning and sampling specialists, trained over the weeks, for their own point."""
        calendar, table = self.scenario.calendar, self.scenario.posts
        own = {point.host: point for point in points if point.host}
        hosts = [host for host in self.made.hosts if self.population.steady.get(host)]
        weights = [len(self.population.steady[host]) for host in hosts]
        wanted: list[tuple[Role, int]] = [("scanning", table.scanning), ("sampling", table.sampling)]
        for role, number in wanted:
            missing = number - sum(post.role == role for post in self.posts)
            if missing < 0:
                raise ValueError(f"The points' desks need {-missing} more {role} specialists than the scenario has.")
            while missing:
                point = own[self.rng.choices(hosts, weights)[0]]
                day = self.rng.choice(days_between(point.opened_on, calendar.last_round))
                person = self._choose(point.host or "", day)
                if person:
                    self._appoint(person, role, day, point=point.key)
                    missing -= 1

    def void(self) -> None:
        """Certificates that are void on the last day, beyond the numbers of the scenario."""
        table, calendar = self.scenario.posts, self.scenario.calendar
        early = [e for e in self.made.working() if e.key in self.made.hosts]
        early.sort(key=lambda e: (e.resumed_on or calendar.last_round, e.key))
        for n in range(table.lapsed + table.revoked):
            person = next(p for e in early if (p := self._choose(e.key, calendar.first_round)))
            post = self._appoint(person, "sampling" if n % 2 else "scanning", calendar.first_round)
            certificate = post.certificate
            if certificate is None:
                continue
            issued = certificate.issued_on
            if n < table.lapsed:
                certificate = replace(certificate, valid_to=issued + timedelta(days=LAPSED_VALID_DAYS))
            else:
                revoked = issued + timedelta(days=REVOKED_AFTER_DAYS)
                certificate = replace(certificate, revoked_on=revoked, revoked_why=REVOKED_WHY)
            self.posts[-1] = replace(post, certificate=certificate)

    def _choose(self, enterprise: str, before: date, offices_first: bool = False) -> Person | None:
        """Somebody on post before the day and without a post yet; None when there is nobody."""
        steady = self.population.steady.get(enterprise, ())
        free = [p for p in steady if p.joined_on and p.joined_on < before and p.key not in self.taken]
        if offices_first:
            free = [p for p in free if p.category in ("office", "gate")] or free
        return self.rng.choice(free) if free else None

    def _appoint(
        self,
        person: Person,
        role: Role,
        first: date,
        *,
        enterprise: str | None = None,
        covers: tuple[str, ...] = (),
        point: str | None = None,
    ) -> Post:
        """Post a person, with a certificate of shortly before."""
        issued = max(first - timedelta(days=self.rng.randint(1, 2)), person.joined_on or first)
        number = f"YQ{NUMBER_OF[role]}2022{len(self.posts) + 1:04}"
        certificate = Certificate(number, ISSUER, issued, issued + timedelta(days=self.scenario.posts.valid_days))
        key = f"T{len(self.posts) + 1:04}"
        post = Post(key, person.key, role, first, enterprise, covers, point, certificate=certificate)
        self.taken.add(person.key)
        self.posts.append(post)
        return post
