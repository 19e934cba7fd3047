"""The repository: dependencies with reasons, no secrets, no places of one machine, absolute imports, gentle deletes."""

import ast
import re
import tomllib
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from tests.harness.source import CODE, ROOT, python_files, relative, tracked_files, tree

OURS = [model for model in apps.get_models() if model.__module__.startswith("parkkeeper.")]
ADDRESS = re.compile(r"(?<![\w.-])https?://([\w.-]+)")
# Names that anybody may read, and addresses for examples (RFC 2606, RFC 6761).
PUBLIC_HOSTS = re.compile(
    r"(^|\.)(example|test|localhost|testserver|invalid|example\.(com|org|net)|127\.0\.0\.1|HOST|apache\.org|w3\.org|keepachangelog\.com|semver\.org|json-schema\.org|ns\.adobe\.com)$"
)
SECRETS = {
    "a private key": re.compile(r"-----BEGIN (\w+ )?PRIVATE KEY-----"),
    "a token": re.compile(r"\b(ghp_|gho_|glpat-|xox[bp]-|AKIA|sk-ant-|pypi-)[A-Za-z0-9_-]{16,}"),
    "a password in an address": re.compile(r"://[^/\s:@{}'\"]+:(?!password@|secret@|\w*\{)[^/\s:@{}'\"]{3,}@"),
    "a registry's address": re.compile(r"index-url\s*[= ]\s*https?://|--extra-index|files\.pythonhosted|registry\.npm"),
}
HOMES = re.compile(r"(?<![\w/])/(home|Users|root|work|tmp/desk)/[\w.-]+")


def test_every_production_dependency_has_its_reason_and_there_are_few() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    dependencies = tomllib.loads(text)["project"]["dependencies"]
    assert len(dependencies) < 25
    for dependency in dependencies:
        line = next(line for line in text.splitlines() if f'"{dependency}"' in line)
        assert re.search(r'",\s*# .{10,}', line), f"{dependency}: say beside it why it is here"


def test_the_lock_is_hashed_and_names_no_address() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if re.match(r"[\w.\[\]-]+==", line)]
    assert len(pins) > 30 and sum("--hash=sha256:" in line for line in lines) >= len(pins)
    assert [line for line in lines if "://" in line or "index" in line.lower().split("#")[0]] == []


def test_every_dependency_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    names = {re.split(r"[<>=\[ ~!]", name)[0].lower().replace("_", "-") for name in wanted}
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8").lower()
    assert [name for name in sorted(names) if not re.search(rf"^{re.escape(name)}==", lock, re.M)] == []


def test_no_file_tells_a_secret_or_a_place_of_one_machine() -> None:
    found = []
    for path in tracked_files():
        if path == Path(__file__):
            continue
        text = path.read_text(encoding="utf-8")
        found += [f"{relative(path)}: {what}" for what, pattern in SECRETS.items() if pattern.search(text)]
        found += [f"{relative(path)}: {place[0]}" for place in HOMES.finditer(text)]
    assert found == []


def test_the_patterns_of_secrets_find_one() -> None:
    key = "-----BEGIN " + "PRIVATE KEY-----"
    assert SECRETS["a private key"].search(key)
    assert SECRETS["a password in an address"].search("postgresql://park:" + "hunter22@db/park")
    assert not SECRETS["a password in an address"].search("postgresql://user:password@host/name")
    assert HOMES.search("see /home/" + "somebody/notes") and not HOMES.search("/var/lib/parkkeeper")


def test_code_and_docs_point_to_public_hosts_only() -> None:
    found = [
        f"{relative(path)}: {address[0]}"
        for path in tracked_files()
        if path.suffix in (".py", ".md", ".toml", ".html", ".css", ".js", "") and path != Path(__file__)
        for address in ADDRESS.finditer(path.read_text(encoding="utf-8"))
        if not PUBLIC_HOSTS.search(address[1].rstrip("."))
    ]
    assert found == []


def test_imports_are_absolute() -> None:
    relative_ones = [
        f"{relative(path)}:{node.lineno}"
        for path in python_files(CODE, ROOT / "tests")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert relative_ones == []


def test_no_folder_is_empty_of_work() -> None:
    """A folder comes when it holds something: a package with nothing but its __init__.py is a room too many."""
    empty = []
    for folder in {path.parent for path in CODE.rglob("__init__.py")}:
        others = [path for path in folder.iterdir() if path.name not in ("__init__.py", "__pycache__")]
        if not others:
            empty.append(relative(folder))
    assert [name for name in empty if not name.endswith("packs")] == []


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_a_deletion_never_reaches_other_rows(model: type[models.Model]) -> None:
    for field in model._meta.concrete_fields:
        if field.remote_field is not None:
            assert field.remote_field.on_delete is models.PROTECT, f"{field}: on_delete=PROTECT"


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_a_model_begins_with_its_chinese_term(model: type[models.Model]) -> None:
    first = (model.__doc__ or "").splitlines()[0]
    assert re.match(r"[\u4e00-\u9fff]+: \S.*[.;]?$", first), f"{model.__name__}: {first!r}"
    assert model._meta.db_table.startswith(f"{model._meta.app_label}_")


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_every_constraint_and_index_has_a_name_of_its_own(model: type[models.Model]) -> None:
    assert not model._meta.unique_together
    names = [thing.name for thing in [*model._meta.constraints, *model._meta.indexes]]
    assert all(re.fullmatch(r"[a-z][a-z0-9_]{4,62}", name) for name in names), names


def test_names_of_constraints_are_given_once() -> None:
    names = [thing.name for model in OURS for thing in [*model._meta.constraints, *model._meta.indexes]]
    assert len(names) == len(set(names))


def test_no_signal_writes() -> None:
    """Django's signals are not listened to: what happens is where the verb is."""
    listening = [
        relative(path)
        for path in python_files()
        if re.search(r"@receiver|\b(pre|post)_(save|delete)\b(?!\()|m2m_changed", path.read_text("utf-8"))
    ]
    assert listening == []
