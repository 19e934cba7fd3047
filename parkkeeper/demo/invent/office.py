"""The park's own people: office, leader, laboratories, couriers, drivers, and the grids' concierges and team members.

They are registered under the park's own body (also the laboratories' staff, who work for it by contract) and have no
presence: they never count among the people on post and are not sampled with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from parkkeeper.demo.invent.enterprises import OFFICE, Establishments
from parkkeeper.demo.invent.model import Certificate, Grid, Person, Post, Role
from parkkeeper.demo.invent.people import Draft, Registrar
from parkkeeper.demo.invent.scenario import PostTable
from parkkeeper.demo.invent.starfield import LABS

SINCE, VALID_TO = date(2022, 4, 1), date(2022, 12, 31)
ISSUER = "云桥工业园管理委员会（检查人员培训考核）"
INSPECTING: tuple[Role, ...] = ("team_leader", "team_member")
Seat = tuple[Role, str | None, str | None]  # role, grid, laboratory


def staff_office(
    table: PostTable, made: Establishments, registrar: Registrar, grids: Sequence[Grid], posts_before: int
) -> tuple[list[Person], list[Post]]:
    """Register the park's own people, each with one post; `posts_before` posts have been numbered already."""
    office = next(enterprise for enterprise in made.enterprises if enterprise.key == OFFICE)
    people: list[Person] = []
    posts: list[Post] = []
    for number, (role, grid, lab) in enumerate(_seats(table, grids), start=posts_before + 1):
        person = registrar.register(Draft(office, made.works[OFFICE], None, "office"))
        people.append(person)
        proof = Certificate(f"YQJC2022{number:04}", ISSUER, SINCE, VALID_TO) if role in INSPECTING else None
        posts.append(Post(f"T{number:04}", person.key, role, SINCE, OFFICE, grid=grid, lab=lab, certificate=proof))
    return people, posts


def _seats(table: PostTable, grids: Sequence[Grid]) -> Iterator[Seat]:
    plain: list[tuple[Role, int]] = [
        ("leader", table.leaders),
        ("office", table.office),
        ("courier", table.couriers),
        ("driver", table.drivers),
    ]
    for role, number in plain:
        yield from [(role, None, None)] * number
    for lab in LABS:
        for _ in range(table.lab_staff):
            yield ("lab", None, lab.key)
    for grid in grids:
        yield ("concierge", grid.key, None)
    for number in range(table.team_members):
        yield ("team_member", grids[number % len(grids)].key, None)
    for number in range(table.team_leaders):
        yield ("team_leader", grids[number % len(grids)].key, None)
