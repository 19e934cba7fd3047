"""Where somebody's right reaches, and where a thing is: one thing is compared by `covers`, many rows by `reached`."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from django.db.models import Q


@dataclass(frozen=True)
class Scope:
    """A place by its ids. All None is the whole park."""

    grid: int | None = None
    enterprise: int | None = None
    site: int | None = None

    def covers(self, thing: "Scope") -> bool:
        """Whether a right with this scope reaches `thing`. The narrowest id that the right names decides."""
        if self.site:
            return thing.site == self.site
        if self.enterprise:
            return thing.enterprise == self.enterprise
        if self.grid:
            return thing.grid == self.grid
        return True


def ids_of(scopes: Iterable[Scope]) -> dict[str, list[int]]:
    """The ids of "site", "enterprise" and "grid" that scopes reach, each by the narrowest that it names, as `covers`.

    An empty scope gives none: who may see the whole park has no list of scopes.
    """
    found: dict[str, list[int]] = {"site": [], "enterprise": [], "grid": []}
    for scope in scopes:
        for kind, ids in found.items():
            if number := getattr(scope, kind):
                ids.append(number)
                break
    return found


def reached(scopes: list[Scope] | None, **lookups: str | tuple[str, ...]) -> Q:
    """The rows that a reader with these scopes may see (None: all), by the lookups that lead from a row to its places.

    `reached(scopes, enterprise="employer", grid="employer__grid")`; a kind of place that is left out reaches nothing.
    """
    if scopes is None:
        return Q()
    found, ids = Q(pk__in=[]), ids_of(scopes)
    for kind, lookup in lookups.items():
        for name in (lookup,) if isinstance(lookup, str) else lookup:
            if ids[kind]:
                found |= Q(**{f"{name}__in": ids[kind]})
    return found


class Placed(Protocol):
    """Anything that says where it is."""

    def scope(self) -> Scope: ...
