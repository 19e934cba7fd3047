"""What the register gives away again: every kind of import, under the same headings, so that it comes back."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import override

from parkkeeper.kernel.tables import Cell, Sheet, write_csv, write_xlsx
from parkkeeper.park.imports.columns import COLUMNS, GEOJSON, GEOJSON_ONLY, GEOMETRY, Kind
from parkkeeper.park.imports.specialists import ROLES
from parkkeeper.park.models import Certificate, Enterprise, Grid, Person, Post, Presence, Road, Site
from parkkeeper.park.scope import Scope, reached
from parkkeeper.park.vault import document_of

Scopes = list[Scope] | None
MEDIA = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "geojson": "application/geo+json",
}


def forms_of(kind: str) -> list[str]:
    """The file forms in which a kind can be taken away."""
    tables = [] if kind in GEOJSON_ONLY else ["xlsx", "csv"]
    return tables + (["geojson"] if kind in GEOJSON else [])


def export(kind: str, form: str, *, scopes: Scopes, at: datetime) -> tuple[bytes, int]:
    """The file and the number of its rows, of what a reader with these scopes may see, as it is at `at`.

    Documents are in it in plain: the caller asks for the right and writes who took it. Raises KeyError for a kind or a
    form that is none.
    """
    if form not in forms_of(kind):
        raise KeyError(form)
    rows = list(_ROWS[kind](scopes, at))
    if form == "geojson":
        return _geojson(kind, rows), len(rows)
    columns = [column for column in COLUMNS[kind] if column.name != GEOMETRY]
    headings = [column.label for column in columns]
    cells = [[row.get(column.name) for column in columns] for row in rows]
    if form == "csv":
        return write_csv(headings, cells), len(rows)
    return write_xlsx([Sheet(str(Kind(kind).label), headings, cells)]), len(rows)


def template(kind: str) -> bytes:
    """An empty workbook with the headings of a kind."""
    headings = [column.label for column in COLUMNS[kind] if column.name not in (GEOMETRY, "uuid")]
    return write_xlsx([Sheet(str(Kind(kind).label), headings, [])])


def _geojson(kind: str, rows: list[dict[str, Any]]) -> bytes:
    features = []
    for row in rows:
        properties = {key: value for key, value in row.items() if key not in (GEOMETRY, "longitude", "latitude")}
        geometry = row.get(GEOMETRY) or {"type": "Point", "coordinates": [row["longitude"], row["latitude"]]}
        features.append({"type": "Feature", "properties": properties, "geometry": geometry})
    found = {"type": "FeatureCollection", "name": str(kind), "features": features}
    return json.dumps(found, ensure_ascii=False, indent=1).encode()


def _roster(scopes: Scopes, at: datetime) -> Iterator[dict[str, Cell]]:
    states = dict(Presence.objects.at(at).values_list("person_id", "state"))
    people = Person.objects.within(scopes).select_related("employer").order_by("employer__credit_code", "pk")
    for person in people.iterator(2000):
        state = states.get(person.pk)
        yield {
            "name": person.name,
            "document_kind": _label(Person.DocumentKind, person.document_kind),
            "document": document_of(person),
            "phone": person.phone,
            "staff_number": person.staff_number,
            "employer": person.employer.name,
            "employer_code": person.employer.credit_code,
            "category": _label(Person.Category, person.category),
            "shift": person.shift,
            "state": _label(Presence.State, state),
            "uuid": str(person.uuid),
        }


def _label(choices: Any, value: str | None) -> str:
    """Its title as the headings are: in the language of the code, so that a file is the same whoever takes it."""
    with override(settings.LANGUAGE_CODE):
        return str(choices(value).label) if value else ""


def _enterprises(scopes: Scopes, at: datetime) -> Iterator[dict[str, Cell]]:
    for row in Enterprise.objects.within(scopes).select_related("grid").order_by("credit_code"):
        yield {
            "credit_code": row.credit_code,
            "name": row.name,
            "short_name": row.short_name,
            "kind": _label(Enterprise.Kind, row.kind),
            "industry": row.industry,
            "address": row.address,
            "grid": row.grid.code if row.grid else "",
            "head_count": row.head_count,
            "resumed_on": row.resumed_on,
        }


def _specialists(scopes: Scopes, at: datetime) -> Iterator[dict[str, Cell]]:
    """Posts that have not ended, each with the certificate for its role that is valid longest."""
    today = timezone.localdate(at)
    posts = _posts_within(scopes).filter(role__in=ROLES).exclude(during__endswith__lte=today)
    certificates: dict[tuple[int, str], Certificate] = {}
    for certificate in Certificate.objects.filter(revoked_at__isnull=True).order_by("during", "pk"):
        key = (certificate.person_id, certificate.role)
        kept = certificates.get(key)
        if kept is None or (certificate.during.upper or date.max) >= (kept.during.upper or date.max):
            certificates[key] = certificate
    for post in posts.select_related("person__employer", "enterprise", "site", "grid").order_by("role", "pk"):
        yield _specialist(post, certificates.get((post.person_id, post.role)))


def _posts_within(scopes: Scopes) -> QuerySet[Post]:
    people = Person.objects.within(scopes)
    return Post.objects.all() if scopes is None else Post.objects.filter(Q(person__in=people))


def _specialist(post: Post, certificate: Certificate | None) -> dict[str, Cell]:
    person = post.person
    return {
        "name": person.name,
        "document": document_of(person),
        "staff_number": person.staff_number,
        "employer": person.employer.name,
        "employer_code": person.employer.credit_code,
        "role": _label(Post.Role, post.role),
        "covers": post.enterprise.credit_code if post.enterprise else "",
        "place": post.site.code if post.site else "",
        "grid": post.grid.code if post.grid else "",
        "post_from": post.during.lower,
        "post_to": _last_day(post.during.upper),
        "certificate": certificate.number if certificate else "",
        "issuer": certificate.issuer if certificate else "",
        "valid_from": certificate.during.lower if certificate else None,
        "valid_to": _last_day(certificate.during.upper) if certificate else None,
        "uuid": str(person.uuid),
    }


def _last_day(upper: date | None) -> date | None:
    return upper - timedelta(days=1) if upper else None


def _roads(scopes: Scopes, at: datetime) -> Iterator[dict[str, Any]]:
    for road in Road.objects.order_by("name"):
        yield {"name": road.name, "arterial": road.arterial, GEOMETRY: road.line}


def _grids(scopes: Scopes, at: datetime) -> Iterator[dict[str, Any]]:
    for grid in Grid.objects.order_by("code"):
        yield {"code": grid.code, "name": grid.name, GEOMETRY: grid.polygon}


def _sites(scopes: Scopes, at: datetime) -> Iterator[dict[str, Any]]:
    seen = reached(scopes, enterprise="enterprise_id", site="pk", grid="grid_id")
    for site in Site.objects.filter(seen).select_related("enterprise", "grid").order_by("code"):
        yield {
            "code": site.code,
            "name": site.name,
            "kind": _label(Site.Kind, site.kind),
            "employer": site.enterprise.name if site.enterprise else "",
            "employer_code": site.enterprise.credit_code if site.enterprise else "",
            "grid": site.grid.code if site.grid else "",
            "address": site.address,
            "longitude": site.longitude,
            "latitude": site.latitude,
        }


_ROWS: Mapping[str, Callable[[Scopes, datetime], Iterator[dict[str, Any]]]] = {
    Kind.ROSTER: _roster,
    Kind.ENTERPRISES: _enterprises,
    Kind.SPECIALISTS: _specialists,
    Kind.ROADS: _roads,
    Kind.GRIDS: _grids,
    Kind.SITES: _sites,
}
