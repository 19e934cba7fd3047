"""Files say the names of states and kinds one way whoever takes them; what is read may be in any language."""

import pytest
from django.utils.translation import override

from parkkeeper.park.exports import export, template
from parkkeeper.park.imports.cells import word_of
from parkkeeper.park.imports.roster_lines import CATEGORIES, DOCUMENT_KINDS, STATES, words
from parkkeeper.park.models import Enterprise, Person, Post, Presence
from tests.world import EVENING, world


@pytest.mark.parametrize("language", ["zh-hans", "zh-hant", "en"])
@pytest.mark.parametrize(
    ("choices", "known"),
    [
        (Presence.State, STATES),
        (Person.Category, CATEGORIES),
        (Person.DocumentKind, DOCUMENT_KINDS),
        (Post.Role, words(Post.Role.choices, {})),
        (Enterprise.Kind, words(Enterprise.Kind.choices, {})),
    ],
)
def test_a_name_is_read_in_every_language(language: str, choices: type, known: dict[str, str]) -> None:
    with override(language):
        told = {str(title): value for value, title in choices.choices}
    assert {title: word_of(title, known) for title in told} == told


@pytest.mark.django_db
def test_an_export_is_the_same_file_in_every_language() -> None:
    world()
    files = set()
    for language in ("zh-hans", "zh-hant", "en"):
        with override(language):
            files.add(export("roster", "csv", scopes=None, at=EVENING))
    assert len(files) == 1
    assert "在岗" in files.pop()[0].decode("utf-8-sig")


def test_a_template_is_there_in_every_language() -> None:
    with override("en"):
        assert template("roster")
