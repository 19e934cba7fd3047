"""The map of the starfield: marks are drawn by hand, so that what people typed must be escaped by hand."""

from typing import Any

import pytest
from django.test import Client

from parkkeeper.kernel import clock
from tests.world import EVENING, world

pytestmark = pytest.mark.django_db


def test_a_mark_is_a_link_with_its_words_and_a_sites_name_cannot_break_out_of_it() -> None:
    w: Any = world()
    w.point.site.name = '<b>"A&B"{}</b>'
    w.point.site.save()
    with clock.at(EVENING):
        text = w.login(Client(), w.office).get("/starfield").content.decode()
    assert f'<a href="/points/{w.point.pk}" class="mark tone-' in text
    assert f'aria-label="{w.point.code} &lt;b&gt;&quot;A&amp;B&quot;{{}}&lt;/b&gt;: ' in text
    assert f">{w.point.code}</text></g></a>" in text
    assert "<b>" + '"A' not in text
