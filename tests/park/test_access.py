"""Deny by default: every address and every verb, for every role: own, foreign, none."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from parkkeeper.kernel import clock
from parkkeeper.park import access
from parkkeeper.park.actions.posts import PLACES
from parkkeeper.park.models import Enterprise, Person, Post
from parkkeeper.park.scope import Scope
from tests.world import EVENING, world

pytestmark = pytest.mark.django_db
ROLES = list(Post.Role)
SAMPLES: dict[str, Any] = {
    "int": 987654321,
    "slug": "nothing",
    "str": "nothing",
    "path": "nothing",
    "uuid": "0" * 8 + "-0000" * 3 + "-" + "0" * 12,
}


def patterns(resolver: Any = None) -> Iterator[URLPattern]:
    """Every address that the park answers."""
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern)
        else:
            yield pattern


def address(pattern: URLPattern) -> str:
    """The address with ids of nothing: a page that lets somebody in answers 404 then, never 403."""
    kinds = {
        name: type(converter).__name__.removesuffix("Converter").lower()
        for name, converter in pattern.pattern.converters.items()
    }
    names = {"string": "str"}
    return reverse(pattern.name, kwargs={name: SAMPLES[names.get(kind, kind)] for name, kind in kinds.items()})


class Thing:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def scope(self) -> Scope:
        return self._scope


def holder(w: Any, role: str) -> Person:
    """Somebody with that post only, at the first grid, its enterprise or its site."""
    places = {"grid": w.grids[0], "enterprise": w.rainbow, "site": w.point.site}
    person = w.person(f"岗位{role[:4]}", w.rainbow)
    place = PLACES.get(Post.Role(role))
    return w.post(person, role, **({place: places[place]} if place else {}))


def test_every_address_is_in_the_tables() -> None:
    known = set(access.PAGES) | access.OPEN_PAGES | access.PHONE_PAGES | access.OWN_PAGES
    assert [str(p.pattern) for p in patterns() if p.name not in known] == []


def test_every_page_names_a_verb_that_somebody_has() -> None:
    assert {name: verb for name, verb in access.PAGES.items() if not access.GRANTS.get(verb)} == {}


def test_a_stranger_is_sent_to_the_log_in_from_every_page(client: Client) -> None:
    world()
    for pattern in patterns():
        if pattern.name in access.PAGES:
            response = client.get(address(pattern))
            assert response.status_code == 302, pattern.name
            assert response["Location"].startswith("/login"), pattern.name


@pytest.mark.parametrize("role", ROLES)
def test_a_role_opens_the_pages_of_its_verbs_and_no_other(role: str, client: Client) -> None:
    w = world()
    person = holder(w, role)
    w.login(client, person)
    client.raise_request_exception = False
    for pattern in patterns():
        if pattern.name not in access.PAGES:
            continue
        with clock.at(EVENING):
            response = client.get(address(pattern))
        granted = role in access.GRANTS[access.PAGES[pattern.name]]
        if granted:
            assert response.status_code in (200, 302, 404, 405, 422), (role, pattern.name, response.status_code)
        elif (role, pattern.name) == ("screen", "today"):
            assert response["Location"] == "/screen"  # where the log-in of a wall begins
        else:
            assert response.status_code == 403, (role, pattern.name, response.status_code)


@pytest.mark.parametrize("role", ROLES)
def test_a_verb_reaches_own_things_never_foreign_ones(role: str) -> None:
    w = world()
    person = holder(w, role)
    own = Thing(Scope(grid=w.grids[0].pk, enterprise=w.rainbow.pk, site=w.point.site_id))
    foreign = Thing(Scope(grid=w.grids[2].pk, enterprise=w.lotus.pk, site=w.nearby.site_id))
    for verb, grants in access.GRANTS.items():
        reach = grants.get(Post.Role(role))
        assert access.may(person, verb, at=EVENING, on=own) is (reach is not None), verb
        assert access.may(person, verb, at=EVENING, on=foreign) is (reach is access.PARK), verb
        assert access.may(person, verb, at=EVENING) is (reach is not None), verb


def test_nobody_without_a_post_in_date_may_do_anything(client: Client) -> None:
    w = world()
    plain = w.workers[0]
    former = w.person("前任", w.rainbow)
    Post.objects.create(person=former, role="office", during=("2022-04-01", "2022-05-10"))
    for verb in access.GRANTS:
        assert not access.may(plain, verb, at=EVENING), verb
        assert not access.may(former, verb, at=EVENING), verb
    w.login(client, former)
    with clock.at(EVENING):
        assert client.get("/messages").status_code == 403


def test_a_post_without_a_place_reaches_nothing_where_a_place_is_needed() -> None:
    w = world()
    person = w.person("无地点", w.rainbow)
    Post.objects.create(person=person, role="prevention_specialist", during=("2022-04-01", None))
    assert access.scopes(person, "see_people", at=EVENING) == []


def test_what_only_the_office_may_do() -> None:
    for verb in ("administer", "declare_emergency", "change_rulebook", "see_journal", "see_files", "strike_result"):
        assert set(access.GRANTS[verb]) == {Post.Role.OFFICE}, verb


def test_laboratory_courier_and_leader_never_see_lists_of_people() -> None:
    for verb in ("see_people", "export_people", "see_results"):
        assert not {Post.Role.LAB, Post.Role.COURIER, Post.Role.LEADER} & set(access.GRANTS[verb]), verb


def test_lists_reach_what_single_things_do_and_the_narrowest_place_of_a_post_decides() -> None:
    w = world()
    grid, rainbow = w.rainbow.grid_id, w.rainbow.pk
    here = w.point.site_id
    for scope in (
        Scope(grid=grid),
        Scope(enterprise=rainbow),
        Scope(grid=grid, enterprise=rainbow),
        Scope(grid=grid, enterprise=w.lotus.pk),
        Scope(site=here),
        Scope(enterprise=rainbow, site=here),
    ):
        for model in (Person, Enterprise):
            seen = set(model.objects.within([scope]))
            assert seen == {one for one in model.objects.all() if scope.covers(one.scope())}, (scope, model)
    assert Person.objects.within([Scope(grid=grid, enterprise=rainbow)]).count() < Person.objects.count()
    assert not Person.objects.within([Scope()]).exists() and not Person.objects.within([]).exists()
