"""The field app: built when its sources changed, quick when not; served the same to everybody."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from parkkeeper.config import field, field_build

FAKE_NODE = """#!/bin/sh
case "$*" in
  *npm-cli.js*) mkdir -p node_modules; echo once >>node_modules/npm.log; exit ${NPM_FAILS:-0};;
  *vite.js*) mkdir -p dist/next; echo shell >dist/next/index.html;;
esac
"""


@pytest.fixture
def phone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of phone/ without sources, and a Node that only pretends."""
    folder = tmp_path / "phone"
    (folder / "src").mkdir(parents=True)
    (folder / "package-lock.json").write_text("{}")
    (folder / "src" / "main.ts").write_text("1")
    program = tmp_path / "node"
    program.write_text(FAKE_NODE)
    program.chmod(0o755)
    monkeypatch.setattr(field_build, "APPS", (field_build.App(folder, "field", "The field app"),))
    monkeypatch.setattr(field_build, "node", lambda: (program, Path("npm-cli.js")))
    return folder


def test_it_is_built_once_and_again_when_a_source_changed(phone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert field_build.build_apps()
    assert (phone / "dist" / "field" / "index.html").exists()
    assert "is built" in capsys.readouterr().err
    assert field_build.build_apps()
    assert capsys.readouterr().err == ""
    (phone / "src" / "main.ts").write_text("2")
    assert field_build.build_apps()
    assert "is built" in capsys.readouterr().err
    assert (phone / "node_modules" / "npm.log").read_text().count("once") == 1  # the packages are the same


def test_without_npm_s_registry_it_is_told_and_nothing_else_stops(
    phone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NPM_FAILS", "1")
    assert not field_build.build_apps()
    told = capsys.readouterr().err
    assert "npm could not fetch" in told and "Everything else works" in told


@pytest.mark.parametrize("app", field_build.APPS, ids=lambda app: app.name)
def test_the_lock_of_its_packages_names_no_address(app: field_build.App) -> None:
    assert '"resolved"' not in (app.folder / "package-lock.json").read_text(encoding="utf-8")


def test_its_files_stay_short() -> None:
    folders = [app.folder for app in field_build.APPS]
    files = [path for folder in folders for path in folder.rglob("*.ts") if "node_modules" not in path.parts]
    assert len(files) > 20
    long = {path.name: n for path in files if (n := len(path.read_text(encoding="utf-8").splitlines())) > 400}
    assert long == {}


def served(path: str, **headers: str) -> HttpResponse:
    def application(request: HttpRequest) -> HttpResponse:
        return HttpResponse("the application")

    return field.FilesMiddleware(application)(RequestFactory().get(path, **headers))


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "field"
    (folder / "assets").mkdir(parents=True)
    for name in ("index.html", "sw.js", "manifest.webmanifest", "assets/app-1.js", "assets/reader-1.wasm"):
        (folder / name).write_text(name)
    monkeypatch.setattr(field, "BUILT", folder)
    return folder


@pytest.mark.parametrize(
    ("path", "media_type", "cached"),
    [
        ("/field/", "text/html", "no-cache"),
        ("/field/sw.js", "text/javascript", "no-cache"),
        ("/field/manifest.webmanifest", "application/manifest+json", "no-cache"),
        ("/field/assets/app-1.js", "text/javascript", "immutable"),
        ("/field/assets/reader-1.wasm", "application/wasm", "immutable"),
    ],
)
def test_its_files_have_the_right_type_and_are_kept_as_long_as_they_are_true(
    built: Path, path: str, media_type: str, cached: str
) -> None:
    answer = served(path, HTTP_ACCEPT_LANGUAGE="en")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith(media_type)
    assert cached in answer["Cache-Control"]
    answer.file_to_stream.close()  # type: ignore[attr-defined]
    assert "Set-Cookie" not in answer and "Language" not in answer.get("Vary", "")
    assert "'unsafe-inline'" not in answer["Content-Security-Policy"]


def test_the_address_without_its_slash_leads_there(built: Path) -> None:
    answer = served("/field")
    assert answer.status_code == 302 and answer["Location"] == "field/"


def test_what_is_not_there_is_not_there_and_without_a_build_it_says_so(built: Path, monkeypatch: Any) -> None:
    assert served("/field/nothing.js").status_code == 404
    assert served("/today/").content == b"the application"
    monkeypatch.setattr(field, "BUILT", built / "gone")
    answer = served("/field/")
    assert answer.status_code == 503 and "./run serve" in answer.content.decode()
    assert served("/today/").content == b"the application"


def test_the_big_screens_program_is_served_beside_it(tmp_path: Path, monkeypatch: Any) -> None:
    wall = field_build.App(tmp_path, "wall", "The big screen")
    (wall.built / "assets").mkdir(parents=True)
    for name in ("screen.js", "screen.css", "assets/worker-1.js"):
        (wall.built / name).write_text(name)
    monkeypatch.setattr(field, "WALL", wall)
    for path, cached in (("/wall/screen.js", "no-cache"), ("/wall/assets/worker-1.js", "immutable")):
        answer = served(path)
        assert answer.status_code == 200 and cached in answer["Cache-Control"]
        assert "'unsafe" not in answer["Content-Security-Policy"]
        answer.file_to_stream.close()  # type: ignore[attr-defined]
    assert served("/wall/nothing.js").status_code == 404


def light_of(colour: str) -> float:
    """Relative luminance of #rgb or #rrggbb, as WCAG counts it."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize(
    ("words", "ground", "least"),
    [
        ("ink", "paper", 12), ("ink", "ground", 12), ("soft", "paper", 7), ("ok", "ok-ground", 5.5),
        ("bad", "bad-ground", 5.5), ("warn", "warn-ground", 5.5), ("other", "other-ground", 5.5),
    ],
)  # fmt: skip
def test_words_stand_out_in_the_sun(words: str, ground: str, least: float) -> None:
    style = (field_build.FIELD.folder / "src" / "ui" / "style.css").read_text()
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", style))
    dark, bright = sorted(light_of(colours[name]) for name in (words, ground))
    assert (bright + 0.05) / (dark + 0.05) >= least  # 4.5 is what is asked for in a room
