"""Places by what a table calls them: sites of the register, and what systems above know them by (a sampling point).

A system above adds its own way when it starts (AppConfig.ready), since `park` knows nothing of it:

    finders.add_place_finder(lambda codes: dict(Point.objects.filter(code__in=codes).values_list("code", "site_id")))
"""

from collections.abc import Callable, Iterable

from parkkeeper.park.models import Site

PlaceFinder = Callable[[set[str]], dict[str, int]]
_FINDERS: list[PlaceFinder] = []


def add_place_finder(finder: PlaceFinder) -> None:
    """Add a way from codes to ids of sites; an earlier way wins."""
    _FINDERS.append(finder)


def find_places(names: Iterable[str]) -> dict[str, int]:
    """The sites (ids) that codes or names mean: the systems' codes, codes of sites, names of one site only."""
    wanted = {name for name in names if name}
    found: dict[str, int] = {}
    if not wanted:
        return found
    by_name: dict[str, list[int]] = {}
    for name, pk in Site.objects.filter(name__in=wanted).values_list("name", "pk"):
        by_name.setdefault(name, []).append(pk)
    found |= {name: ids[0] for name, ids in by_name.items() if len(ids) == 1}
    found |= dict(Site.objects.filter(code__in=wanted).values_list("code", "pk"))
    for finder in reversed(_FINDERS):
        found |= finder(wanted)
    return found
