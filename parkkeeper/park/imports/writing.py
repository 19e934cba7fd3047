"""Writes what was planned, set by set, with a journal line for each thing that became new or different.

Called only by park/actions/imports.py, inside its transaction, after it asked for the right.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.db.models import Min
from django.db.models.functions import Lower

from parkkeeper.park.imports.columns import Kind
from parkkeeper.park.imports.geodata import GridFinder
from parkkeeper.park.imports.lines import Plan
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
    Kind.ROSTER: Person,
    Kind.ENTERPRISES: Enterprise,
    Kind.ROADS: Road,
    Kind.GRIDS: Grid,
    Kind.SITES: Site,
}
_STAMPED = {Kind.ROSTER, Kind.ENTERPRISES}


class Writer:
    """Writes the plans of one import; `by` and `at` go into every journal line."""

    def __init__(self, batch: Import, *, by: Person, at: datetime) -> None:
        self.batch, self.by, self.at = batch, by, at
        self.entries: list[JournalEntry] = []

    def write(self, plans: Sequence[Plan]) -> None:
        """Write all plans that write."""
        doing = [plan for plan in plans if plan.writes]
        if not doing:
            return
        if self.batch.kind == Kind.SPECIALISTS:
            self._specialists(doing)
        else:
            before = list(Grid.objects.order_by("code")) if self.batch.kind == Kind.GRIDS else []
            self._rows(MODELS[self.batch.kind], doing)
            if self.batch.kind == Kind.ROSTER:
                self._presences(doing)
            if self.batch.kind == Kind.GRIDS:
                self._lay_into_grids(before)
            if self.batch.kind in (Kind.GRIDS, Kind.SITES):
                self._lay_enterprises()
        JournalEntry.objects.bulk_create(self.entries, batch_size=2000)
        self.entries = []

    # rows of one model

    def _rows(self, model: Any, plans: Sequence[Plan]) -> None:
        stamp = self.batch.kind in _STAMPED
        registered = {"registered_at": self.at} if model is Person else {}
        fresh = [plan for plan in plans if plan.verdict == "new"]
        made = model.objects.bulk_create([model(**plan.changes, **registered) for plan in fresh], batch_size=1000)
        for plan, row in zip(fresh, made, strict=True):
            plan.target = row
            self._tell("registered", row, [])
        # only the columns that differ are written: somebody else may be changing others of the same row
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
        self.entries.append(
            JournalEntry(
                at=self.at,
                by_id=self.by.pk,
                by_name=self.by.name,
                verb=f"{noun}.{what}",
                noun=noun,
                noun_id=str(row.pk),
                person_id=row.pk if noun == "person" else getattr(row, "person_id", None),
                enterprise_id=row.pk if noun == "enterprise" else getattr(row, "employer_id", None),
                facts={"import": self.batch.pk, "fields": [field for field in fields if field != "pinyin"]},
            )
        )

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
        Presence.objects.bulk_create(
            [
                Presence(
                    person_id=plan.target.pk,
                    state=plan.extra["state"],
                    during=(self.at, until.get(plan.target.pk)),
                    source=f"import {self.batch.pk}",
                )
                for plan in turning
            ],
            batch_size=1000,
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
