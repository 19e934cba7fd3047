"""The help page: what each role does, the reader's own first, in the reader's language, with its pictures."""

from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test import Client

from parkkeeper.board.guides import GUIDES, guides_for
from parkkeeper.kernel import clock
from parkkeeper.park.models import Post
from tests.world import EVENING, world


@pytest.mark.parametrize("role", Post.Role.values)
def test_the_own_guide_stands_first_and_none_is_left_out(role: str) -> None:
    shown = guides_for([role])
    assert sorted(guide.name for guide in shown) == sorted(guide.name for guide in GUIDES)
    if any(role in guide.roles for guide in GUIDES):
        assert role in shown[0].roles


def test_every_picture_is_there_in_every_language() -> None:
    names = [picture.name for guide in GUIDES for picture in guide.pictures]
    wanted = [f"board/help/{name}.{code}.jpg" for name in names for code, _language in settings.LANGUAGES]
    assert [name for name in wanted if finders.find(name) is None] == []


@pytest.mark.django_db
@pytest.mark.parametrize(("language", "said"), [("zh-hans", "应检"), ("zh-hant", "應檢"), ("en", "who was due")])
def test_the_page_speaks_the_readers_language(language: str, said: str) -> None:
    w: Any = world()
    with clock.at(EVENING):
        page = w.login(Client(), w.office).get("/help", headers={"accept-language": language}).content.decode()
    assert said in page
    assert page.index('id="office"') < page.index('id="leader"')
