"""Two people at one thing, and disks that are full, tried through the pages of the sampling day."""

import errno
import os
import re
from pathlib import Path
from typing import Any

import pytest

from parkkeeper.kernel import clock
from parkkeeper.park.models import StoredFile
from parkkeeper.sampling.models import LabReport, Result
from tests.pages_unit.desk import Desk, filled
from tests.sampling.results_world import code, make_round, tube
from tests.world import later, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def w(settings: Any, tmp_path: Path) -> Any:
    settings.FILES_DIR = tmp_path
    w: Any = world()
    w.round = make_round(w, *w.workers)
    tube(w, 1, *w.workers[:2], round=w.round)
    with clock.at(later(200)):
        yield w


def seen(page: str) -> str:
    """The mark of what the reader of a form saw."""
    found = re.search(r'name="seen" value="(\w+)"', page)
    assert found is not None
    return found[1]


def test_of_two_who_change_a_point_the_second_is_shown_what_the_first_wrote(w: Any) -> None:
    one, two = Desk(w.office), Desk(w.office)
    marks = [seen(desk.get("point_change", w.point.pk).text) for desk in (one, two)]
    first = {"desks": 4, "opens": "17:00", "closes": "21:00"}
    assert one.post("point_change", w.point.pk, **first, seen=marks[0]).status == 302
    second = {"desks": 2, "opens": "17:00", "closes": "21:30"}
    told = two.post("point_change", w.point.pk, **second, seen=marks[1])
    assert told.status == 422
    assert "已被别人改过" in told.text and "采样台 4" in told.text and "还没有保存" in told.text
    w.point.refresh_from_db()
    assert w.point.desks == 4
    assert 'value="2"' in told.text  # what was typed is still there
    assert two.post("point_change", w.point.pk, **second, seen=seen(told.text)).status == 302
    w.point.refresh_from_db()
    assert (w.point.desks, w.point.hours.upper) == (2, 1290)


def test_of_two_who_change_the_parks_data_the_second_is_shown_what_the_first_wrote(w: Any) -> None:
    desk = Desk(w.office)
    mark = seen(desk.get("park_data").text)
    data = {"name": "测试园区", "name_en": "First", "time_zone": "Asia/Shanghai"}
    assert desk.post("park_data", **data, seen=mark).status == 302
    told = desk.post("park_data", **{**data, "name_en": "Second"}, seen=mark)
    assert told.status == 422 and "英文名称 First" in told.text


def test_a_full_disk_takes_no_result_and_says_so_where_the_file_was_chosen(
    w: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    desk, table = Desk(w.lab), [["试管条码", "检测结果"], [code(1), "阳性"]]
    with monkeypatch.context() as disk:
        disk.setattr(os, "fsync", full)
        told = desk.post("lab_file", laboratory=w.laboratory.pk, file=filled(table, "结果.csv"))
    assert told.status == 422 and "文件没有保存" in told.text and "腾出空间" in told.text
    assert not (StoredFile.objects.exists() or LabReport.objects.exists() or Result.objects.exists())
    assert desk.post("lab_file", laboratory=w.laboratory.pk, file=filled(table, "结果.csv")).status == 302
