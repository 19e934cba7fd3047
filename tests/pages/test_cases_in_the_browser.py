"""Marking what is to be blacked out on a picture, by dragging, as somebody does it."""

from typing import Any

import pytest
from django.urls import reverse

from parkkeeper.inspection.models import CasePhoto
from parkkeeper.kernel import clock
from tests.inspection.evening import inspected_evening
from tests.pages.conftest import NARROW, LogIn
from tests.pages.evening import NIGHT

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_area_dragged_on_a_picture_is_black_in_its_copy(
    w: Any, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, log_in: LogIn
) -> None:
    settings.FILES_DIR = tmp_path
    monkeypatch.setattr(clock, "now", lambda: NIGHT)
    case, photo = inspected_evening(w)["case_mark"]
    page = log_in(w.office, NARROW)
    page.goto(reverse("case_mark", args=[case, photo]))
    page.click("[data-undo-area]")
    assert page.input_value("textarea") == "" and page.locator(".redact rect").count() == 0
    box = page.locator(".redact").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 50, box["y"] + box["height"] + 50)
    page.mouse.up()
    x, y, wide, high = map(float, page.input_value("textarea").split())
    assert abs(x - 50) < 3 and abs(y - 50) < 3 and x + wide <= 100 and y + high <= 100 and wide > 45
    page.click("button.main[type=submit]")
    page.wait_for_url(f"**/cases/{case}")
    assert CasePhoto.objects.get(photo=photo).areas == [[x / 100, y / 100, wide / 100, high / 100]]
