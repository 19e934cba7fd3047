"""docs/glossary.md is the source of names: nouns and verbs stand there, and nowhere else."""

import re

from django.apps import apps

from tests.harness.source import ROOT, verbs
from tests.harness.test_habits_verbs import NOT_VERBS

ROW = re.compile(r"^\| (?P<chinese>[^|]+) \| (?P<english>[^|]+) \| `(?P<name>\w+)` \| (?P<meaning>[^|]+) \|$", re.M)
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
MODELS = {model.__name__: model for model in apps.get_models() if model.__module__.startswith("parkkeeper.")}
# Values of a list stand in the same table form: the roles of posts.
LISTED = {
    "office", "leader", "prevention_specialist", "sampling_specialist", "scanning_specialist", "concierge",
    "team_leader", "team_member", "lab_member", "courier",
    "screen",
}  # fmt: skip


def rows() -> list[re.Match[str]]:
    return list(ROW.finditer(GLOSSARY))


def test_every_noun_has_its_row_with_the_term_of_its_docstring() -> None:
    terms = {row["name"]: row["chinese"] for row in rows()}
    told = {name: (model.__doc__ or "").split(":")[0] for name, model in MODELS.items()}
    assert {name: terms.get(name) for name in told} == told


def test_every_verb_has_its_row() -> None:
    named = {row["name"] for row in rows()}
    assert [name for name, _f, _p in verbs() if name not in NOT_VERBS and name.rsplit(".", 1)[1] not in named] == []


def test_no_row_outlives_what_it_names() -> None:
    known = {*MODELS, *LISTED, *(name.rsplit(".", 1)[1] for name, _f, _p in verbs() if name not in NOT_VERBS)}
    assert [row["name"] for row in rows() if row["name"] not in known] == []


def test_a_name_has_one_row_and_a_chinese_term_of_its_system_one_meaning() -> None:
    names = [row["name"] for row in rows()]
    terms = [row["chinese"] for row in rows()]
    assert sorted(names) == sorted(set(names))
    assert sorted(terms) == sorted(set(terms))


def test_the_roles_are_those_of_posts() -> None:
    from parkkeeper.park.models import Post

    terms = {row["name"]: row["chinese"] for row in rows() if row["name"] in LISTED}
    assert terms == dict(Post.Role.choices)
