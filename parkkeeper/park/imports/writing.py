"""Writes what was planned, set by set, with a journal line for each thing that became new or different.

Called only by park/actions/imports.py, inside its transaction, after it asked for the right.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.db.models import Min
from django.db.models.functions import Lower
from psycopg.types.range import TimestamptzRange

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.imports.columns import Kind
from parkkeeper.park.imports.copying import copy_in, new_ids
from parkkeeper.park.imports.geodata import GridFinder
from parkkeeper.park.imports.lines import Plan
from parkkeeper.park.imports.roster_plan import completed
from parkkeeper.park.models import (
    Certificate,
    Enterprise,
    Grid,
    Import,
    JournalEntry,
    Person,
    Post,
    Presence,
    Road,
    Site,
)

MODELS: dict[str, type[models.Model]] = {
    Kind.ENTERPRISES: Enterprise,
    Kind.ROADS: Road,
    Kind.GRIDS: Grid,
    Kind.SITES: Site,
}
# the columns of a new person, and what they are when a row says nothing of them
_PERSON: dict[str, Any] = {
    "uuid": None,
    "name": "",
    "pinyin": "",
    "document_kind": "",
    "document_sealed": None,
    "document_index": None,
    "document_tail": "",
    "phone": "",
    "staff_number": "",
    "employer_id": None,
    "category": Person.Category.OTHER,
    "shift": "",
}
_STAMPED = {Kind.ROSTER, Kind.ENTERPRISES}


class Writer:
    """Writes the plans of one import; `by` and `at` go into every journal line."""

    def __init__(self, batch: Import, *, by: Person, at: datetime) -> None:
        self.batch, self.by, self.at = batch, by, at
        self.entries: list[tuple[Any, ...]] = []

    def write(self, plans: Sequence[Plan]) -> None:
        """Write all plans that write."""
        doing = [plan for plan in plans if plan.writes]
        if not doing:
            return
        if self.batch.kind == Kind.SPECIALISTS:
            self._specialists(doing)
        else:
            before = list(Grid.objects.order_by("code")) if self.batch.kind == Kind.GRIDS else []
            if self.batch.kind == Kind.ROSTER:
                self._people(doing)
                self._presences(doing)
            else:
                self._rows(MODELS[self.batch.kind], doing)
            if self.batch.kind == Kind.GRIDS:
                self._lay_into_grids(before)
            if self.batch.kind in (Kind.GRIDS, Kind.SITES):
                self._lay_enterprises()
        columns = ("at", "by_id", "by_name", "verb", "noun", "noun_id", "person_id", "enterprise_id", "facts")
        copy_in(JournalEntry, columns, self.entries)
        self.entries = []

    # people, thousands at a time

    def _people(self, plans: Sequence[Plan]) -> None:
        fresh = [plan for plan in plans if plan.verdict == "new"]
        for plan in plans:
            plan.changes = completed(plan.changes)
        ids = new_ids(Person, len(fresh)) if fresh else []
        for plan, pk in zip(fresh, ids, strict=True):
            # in memory only: what comes after needs the id and the employer
            plan.target = Person(pk=pk, employer_id=plan.changes["employer_id"])
            self._tell("registered", plan.target, [])
        copy_in(Person, ("id", "registered_at", *_PERSON), (self._person(plan) for plan in fresh))
        self._changed(Person, plans)

    def _person(self, plan: Plan) -> list[Any]:
        values = {"uuid": plan.changes.get("uuid") or new_id(), **plan.changes}
        return [plan.target.pk, self.at, *(values.get(column, default) for column, default in _PERSON.items())]

    # rows of one model

    def _rows(self, model: Any, plans: Sequence[Plan]) -> None:
        fresh = [plan for plan in plans if plan.verdict == "new"]
        made = model.objects.bulk_create([model(**plan.changes) for plan in fresh], batch_size=1000)
        for plan, row in zip(fresh, made, strict=True):
            plan.target = row
            self._tell("registered", row, [])
        self._changed(model, plans)

    def _changed(self, model: Any, plans: Sequence[Plan]) -> None:
        # only the columns that differ are written: somebody else may be changing others of the same row
        stamp = self.batch.kind in _STAMPED
        alike: dict[tuple[str, ...], list[Any]] = defaultdict(list)
        for plan in plans:
            if plan.verdict == "changed" and plan.changes:
                alike[tuple(sorted(plan.changes))].append(self._altered(plan, stamp))
                self._tell("changed", plan.target, sorted(plan.changes))
        for columns, rows in alike.items():
            fields = sorted({column.removesuffix("_id") for column in columns} | ({"changed_at"} if stamp else set()))
            # an upsert on the id: many times faster than one CASE a column
            model.objects.bulk_create(
                rows, update_conflicts=True, unique_fields=["id"], update_fields=fields, batch_size=1000
            )

    def _altered(self, plan: Plan, stamp: bool) -> Any:
        for column, value in plan.changes.items():
            setattr(plan.target, column, value)
        if stamp:
            plan.target.changed_at = self.at
        return plan.target

    def _tell(self, what: str, row: Any, fields: Iterable[str]) -> None:
        noun = row._meta.model_name
        person = row.pk if noun == "person" else getattr(row, "person_id", None)
        enterprise = row.pk if noun == "enterprise" else getattr(row, "employer_id", None)
        facts = {"import": self.batch.pk, "fields": [field for field in fields if field != "pinyin"]}
        by, verb, told = self.by, f"{noun}.{what}", json.dumps(facts)
        self.entries.append((self.at, by.pk, by.name, verb, noun, str(row.pk), person, enterprise, told))

    # presence

    def _presences(self, plans: Sequence[Plan]) -> None:
        turning = [plan for plan in plans if plan.extra.get("state")]
        present = [plan.extra["present"] for plan in turning if plan.extra.get("present")]
        self._end([presence.pk for presence in present])
        replaced = [presence.pk for presence in present if presence.during.lower == self.at]
        Presence.objects.filter(pk__in=replaced).delete()
        known = [plan.target.pk for plan in turning if plan.verdict == "changed"]
        until: dict[int, datetime] = {}
        if known:
            later = Presence.objects.filter(person_id__in=known, during__startswith__gt=self.at)
            until = dict(later.values_list("person_id").annotate(until=Min(Lower("during"))))
        source = f"import {self.batch.pk}"
        copy_in(
            Presence,
            ("person_id", "state", "during", "reason", "source"),
            (
                (plan.target.pk, plan.extra["state"], TimestamptzRange(self.at, until.get(plan.target.pk)), "", source)
                for plan in turning
            ),
        )
        for plan in turning:
            if plan.verdict == "changed":
                self._tell(f"now_{plan.extra['state']}", plan.target, [])

    def _end(self, presences: Sequence[int]) -> None:
        if presences:
            with connection.cursor() as cursor:
                cursor.execute(
                    "UPDATE park_presence SET during = tstzrange(lower(during), %s)"
                    " WHERE id = ANY(%s) AND (lower(during) IS NULL OR lower(during) < %s)",
                    [self.at, list(presences), self.at],
                )

    # specialists

    def _specialists(self, plans: Sequence[Plan]) -> None:
        posts = [(plan, plan.extra["post"]) for plan in plans if "post" in plan.extra]
        certificates = [(plan, plan.extra["certificate"]) for plan in plans if "certificate" in plan.extra]
        made = Post.objects.bulk_create(
            [_post(plan, post) for plan, post in posts if post["target"] is None], batch_size=1000
        )
        issued = Certificate.objects.bulk_create(
            [_certificate(plan, facts) for plan, facts in certificates if facts["target"] is None], batch_size=1000
        )
        for post in made:
            self._tell("appointed", post, [])
        for certificate in issued:
            self._tell("issued", certificate, [])
        for model, changed in ((Post, posts), (Certificate, certificates)):
            rows: list[Any] = []
            for _plan, facts in changed:
                if facts["target"] is not None:
                    facts["target"].during = facts["during"]
                    rows.append(facts["target"])
                    self._tell("changed", facts["target"], ["during"])
            model.objects.bulk_update(rows, ["during"], batch_size=500)

    # grids

    def _lay_into_grids(self, before: Sequence[Grid]) -> None:
        """Put sites into the grids as they are drawn now: those without one, and those that the old map had placed."""
        after = list(Grid.objects.order_by("code"))
        old = GridFinder([(grid.pk, grid.polygon) for grid in before])
        new = GridFinder([(grid.pk, grid.polygon) for grid in after])
        moved: list[Site] = []
        for site in Site.objects.all():
            found = new.holding(site.longitude, site.latitude)
            placed = site.grid_id is None or site.grid_id == old.holding(site.longitude, site.latitude)
            if found and placed and found != site.grid_id:
                site.grid_id = found
                moved.append(site)
                self._tell("changed", site, ["grid"])
        Site.objects.bulk_update(moved, ["grid"], batch_size=500)
        if moved:
            self.batch.notes = [*self.batch.notes, {"code": "sites_moved", "params": {"count": len(moved)}}]

    def _lay_enterprises(self) -> None:
        """Give enterprises without a grid that of their first works."""
        works = Site.objects.filter(kind=Site.Kind.WORKS, enterprise__grid__isnull=True, grid__isnull=False)
        first: dict[int, int] = {}
        for enterprise, grid in works.order_by("code").values_list("enterprise_id", "grid_id"):
            if enterprise and grid:
                first.setdefault(enterprise, grid)
        found = list(Enterprise.objects.filter(pk__in=first))
        for row in found:
            row.grid_id, row.changed_at = first[row.pk], self.at
            self._tell("changed", row, ["grid"])
        Enterprise.objects.bulk_update(found, ["grid", "changed_at"], batch_size=500)


def _post(plan: Plan, facts: dict[str, Any]) -> Post:
    site, enterprise, grid = facts["place"]
    return Post(
        person=plan.target,
        role=facts["role"],
        site_id=site,
        enterprise_id=enterprise,
        grid_id=grid,
        during=facts["during"],
    )


def _certificate(plan: Plan, facts: dict[str, Any]) -> Certificate:
    return Certificate(
        person=plan.target, role=facts["role"], number=facts["number"], issuer=facts["issuer"], during=facts["during"]
    )
