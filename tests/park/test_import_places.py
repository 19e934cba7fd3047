"""Enterprises, specialists, roads, grids and sites from the tables that people have."""

import json
from datetime import date
from typing import Any

import pytest

from parkkeeper.park.actions.imports import settle_row
from parkkeeper.park.imports.finders import _FINDERS, add_place_finder
from parkkeeper.park.models import Certificate, Enterprise, Grid, ImportRow, Post, Road, Site
from parkkeeper.park.vault import document_of
from tests.park.importkit import imported, seen, told, xlsx
from tests.world import ALWAYS, CREDIT_CODES, EVENING, later, square, world

pytestmark = pytest.mark.django_db


FIRMS = ["统一社会信用代码", "企业名称", "简称", "类型", "行业", "地址", "网格", "员工人数", "复工日期"]
SPECIALISTS = ["姓名", "工号", "所属企业", "岗位", "服务企业", "采样点", "证书编号", "发证单位", "有效期起", "有效期止"]


def geojson(*features: tuple[dict[str, Any], dict[str, Any] | None]) -> bytes:
    found = [{"type": "Feature", "properties": p, "geometry": g} for p, g in features]
    return json.dumps({"type": "FeatureCollection", "features": found}).encode()


def code_of(body: str) -> str:
    from stdnum.cn import uscc

    return body + str(uscc.calc_check_digit(body + "0"))


def test_an_enterprise_is_registered_with_what_the_table_says() -> None:
    w = world()
    code = code_of("91310000MA1FL0007")
    row = [code, "云上科技股份有限公司", "", "建设单位", "软件", "云上路1号", "第2网格", "1,200人", "2022/4/26"]
    assert seen(imported(w, "enterprises", xlsx(FIRMS, row)).counts) == {"new": 1}
    firm = Enterprise.objects.get(credit_code=code)
    assert (firm.short_name, firm.kind, firm.grid, firm.head_count) == ("云上科技", "construction", w.grids[1], 1200)
    assert (firm.resumed_on, firm.pinyin) == (date(2022, 4, 26), "yun shang ke ji gu fen you xian gong si")
    assert seen(imported(w, "enterprises", xlsx(FIRMS, row), at=later(60)).counts) == {"unchanged": 1}


def test_a_changed_enterprise_keeps_what_the_table_leaves_blank() -> None:
    w = world()
    row = [w.rainbow.credit_code, "彩虹生物科技有限公司", "", "", "", "", "", "130", ""]
    assert seen(imported(w, "enterprises", xlsx(FIRMS, row)).counts) == {"changed": 1}
    w.rainbow.refresh_from_db()
    assert (w.rainbow.name, w.rainbow.short_name, w.rainbow.head_count) == ("彩虹生物科技有限公司", "彩虹生物", 130)
    assert (w.rainbow.grid, w.rainbow.changed_at) == (w.grids[0], EVENING)


def test_a_wrong_credit_code_is_told_with_the_right_character() -> None:
    w = world()
    good = code_of("91310000MA1FL0007")
    bad = good[:-1] + ("0" if good[-1] != "0" else "1")
    batch = imported(w, "enterprises", xlsx(FIRMS, [bad, "云上科技", *[""] * 7]))
    assert told(batch) == {2: [("credit_code", "credit_code_check_digit")]}
    row = ImportRow.objects.get()
    assert row.problems[0]["params"]["expected"] == good[-1]
    settle_row(row, "as_is", by=w.office, at=later(5))
    assert Enterprise.objects.get(credit_code=bad).name == "云上科技"


def test_a_known_name_with_another_code_waits_for_a_person() -> None:
    w = world()
    code = code_of("91310000MA1FL0007")
    batch = imported(w, "enterprises", xlsx(FIRMS, [code, w.lotus.name, *[""] * 7]))
    assert told(batch) == {2: [("credit_code", "enterprise_other_code")]}
    settle_row(ImportRow.objects.get(), "same", candidate=w.lotus.pk, by=w.office, at=later(5))
    w.lotus.refresh_from_db()
    assert w.lotus.credit_code == code


def test_one_code_twice_in_a_file_and_an_unknown_grid_are_told() -> None:
    w = world()
    row = [CREDIT_CODES[0], "彩虹生物有限公司", *[""] * 7]
    other = [CREDIT_CODES[1], "莲花电子有限公司", "", "", "", "", "第99网格", "", ""]
    assert told(imported(w, "enterprises", xlsx(FIRMS, row, row, other))) == {
        3: [("credit_code", "repeated")],
        4: [("grid", "grid_unknown")],
    }


def test_a_specialist_gets_post_and_certificate_once() -> None:
    w = world()
    worker = w.workers[2]
    row = [
        "李娜",
        worker.staff_number,
        "彩虹生物",
        "采样专员",
        "",
        "S1",
        "SC-9",
        "区卫健委",
        "2022-04-20",
        "2023-04-19",
    ]
    data = xlsx(SPECIALISTS, row)
    assert seen(imported(w, "specialists", data).counts) == {"new": 1}
    post = Post.objects.get(person=worker)
    assert (post.role, post.site.code, post.during.lower, post.during.upper) == (
        "sampling_specialist",
        "S1",
        date(2022, 5, 10),
        None,
    )
    certificate = Certificate.objects.get(person=worker)
    assert (certificate.number, certificate.during.lower, certificate.during.upper) == (
        "SC-9",
        date(2022, 4, 20),
        date(2023, 4, 20),
    )
    assert Post.objects.certified_on(date(2023, 4, 19)).filter(person=worker).exists()
    assert seen(imported(w, "specialists", data, at=later(60 * 24)).counts) == {"unchanged": 1}


def test_a_liaison_without_a_place_serves_the_own_enterprise() -> None:
    w = world()
    imported(w, "specialists", xlsx(SPECIALISTS, ["周二", "", "莲花电子", "防疫专员", *[""] * 6]))
    assert Post.objects.get(person=w.lotus_workers[1]).enterprise == w.lotus


def test_a_point_may_be_named_by_its_code() -> None:
    w = world()
    add_place_finder(lambda codes: {"P02": w.nearby.site_id} if "P02" in codes else {})
    try:
        imported(w, "specialists", xlsx(SPECIALISTS, ["周二", "", "莲花电子", "扫码专员", "", "P02", *[""] * 4]))
    finally:
        _FINDERS.pop()
    assert Post.objects.get(person=w.lotus_workers[1]).site == w.nearby.site


def test_what_is_wrong_with_a_specialist_is_told() -> None:
    w = world()
    c = ["区卫健委", "2022-04-20", "2023-04-19"]
    rows = [
        ["无此人", "", "莲花电子", "采样专员", "", "S1", "", "", "", ""],
        ["周二", "", "莲花电子", "园区办公室", "", "", "", "", "", ""],
        ["周二", "", "莲花电子", "采样", "", "不存在", "", "", "", ""],
        ["张伟", "", "彩虹生物", "采样", "", "S1", "", "", "", ""],
        [
            "吴三",
            "",
            "莲花电子",
            "采样",
            "",
            "S1",
            f"C{w.sampler.pk}-sampling_specialist",
            "园区与区卫健委培训班",
            *c[1:],
        ],
        ["吴三", "", "莲花电子", "采样", "", "S1", "N1", "", "", ""],
        ["吴三", "", "莲花电子", "采样", "", "S1", "N2", "区卫健委", "2023-04-20", "2022-04-19"],
    ]
    assert told(imported(w, "specialists", xlsx(SPECIALISTS, *rows))) == {
        2: [("name", "person_unknown")],
        3: [("role", "role_by_hand")],
        4: [("place", "place_unknown")],
        5: [("name", "several_people")],
        6: [("certificate", "certificate_other")],
        7: [("role", "repeated"), ("certificate", "certificate_incomplete")],
        8: [("valid_to", "days_reversed")],
    }


def test_an_end_of_a_post_is_taken_over() -> None:
    w = world()
    row = [w.mei.name, w.mei.staff_number, "彩虹生物", "防疫专员", "", "2022-05-31"]
    data = xlsx([*SPECIALISTS[:5], "任职结束"], row)
    assert seen(imported(w, "specialists", data).counts) == {"changed": 1}
    during = Post.objects.get(person=w.mei).during
    assert (during.lower, during.upper) == (ALWAYS[0], date(2022, 6, 1))


def test_roads_come_from_geojson() -> None:
    w = world()
    line = {"type": "LineString", "coordinates": [[121.6, 31.2], [121.61, 31.2]]}
    data = geojson(({"name": "世纪大道", "arterial": True}, line), ({"name": "面", "arterial": "否"}, square(0, 0)))
    batch = imported(w, "roads", data, "roads.geojson")
    assert told(batch) == {2: [("geometry", "geometry_kind")]}
    road = Road.objects.get()
    assert (road.name, road.arterial, road.line["type"]) == ("世纪大道", True, "LineString")


def test_grids_that_overlap_or_cross_themselves_are_told() -> None:
    w = world()
    bow = {
        "type": "Polygon",
        "coordinates": [[[121.7, 31.3], [121.71, 31.31], [121.71, 31.3], [121.7, 31.31], [121.7, 31.3]]],
    }
    shifted = square(5, 5)
    shifted["coordinates"][0] = [[x + 0.005, y] for x, y in shifted["coordinates"][0]]
    far = {
        "type": "Polygon",
        "coordinates": [[[621000, 3452000], [622000, 3452000], [622000, 3453000], [621000, 3452000]]],
    }
    data = geojson(
        ({"code": "8", "name": "第8网格"}, square(5, 5)), ({"code": "9"}, shifted), ({"code": "10"}, bow),
        ({"code": "11"}, square(0, 0)), ({"code": "12"}, far), ({"code": "13"}, None), ({"code": "8"}, square(8, 8)),
        ({"code": "14"}, {"type": "Polygon", "coordinates": "?"}),
    )  # fmt: skip
    batch = imported(w, "grids", data, "grids.json")
    assert told(batch) == {
        2: [("geometry", "overlap")],
        3: [("geometry", "geometry_invalid")],
        4: [("geometry", "overlap")],
        5: [("geometry", "coordinates_wrong")],
        6: [("geometry", "blank")],
        7: [("code", "repeated")],
        8: [("geometry", "geometry_wrong")],
    }
    assert ImportRow.objects.get(number=4).problems[0]["params"]["other"] == "1"
    assert Grid.objects.get(code="8").name == "第8网格"


def test_neighbours_that_share_a_boundary_do_not_overlap() -> None:
    w = world()
    batch = imported(w, "grids", geojson(({"code": "4"}, square(3, 0)), ({"code": "5"}, square(4, 0))), "grids.geojson")
    assert seen(batch.counts) == {"new": 2}


def test_redrawn_grids_take_their_sites_along() -> None:
    w = world()
    swapped = geojson(({"code": "1"}, square(1, 0)), ({"code": "2"}, square(0, 0)))
    batch = imported(w, "grids", swapped, "grids.geojson")
    assert Site.objects.get(code="S1").grid == w.grids[1]
    assert batch.notes[-1] == {"code": "sites_moved", "params": {"count": 3}}


def test_a_site_lies_in_the_grid_that_holds_it() -> None:
    w = world()
    headings = ["编号", "名称", "类型", "所属企业", "经度", "纬度"]
    rows = [
        ["D1", "莲花宿舍", "宿舍", "莲花电子", "121.625", "31.205"],
        ["D2", "反了", "宿舍", "", "31.205", "121.625"],
        ["D3", "哪里", "宿舍", "", "", ""],
        ["D4", "外面", "宿舍", "", "100", "31"],
    ]
    batch = imported(w, "sites", xlsx(headings, *rows))
    assert Site.objects.get(code="D1").grid == w.grids[2]
    assert told(batch) == {
        3: [("longitude", "coordinates_wrong")],
        4: [("longitude", "coordinates_missing")],
        5: [("longitude", "outside_grids")],
    }
    point = {"type": "Point", "coordinates": [121.615, 31.205]}
    again = imported(w, "sites", geojson(({"code": "D1", "name": "莲花宿舍"}, point)), "s.geojson", at=later(60))
    assert seen(again.counts) == {"changed": 1}
    assert Site.objects.get(code="D1").grid == w.grids[1]


def test_an_enterprise_without_grid_gets_that_of_its_works() -> None:
    w = world()
    Enterprise.objects.filter(pk=w.rainbow.pk).update(grid=None)
    headings = ["编号", "名称", "类型", "所属企业", "经度", "纬度"]
    imported(w, "sites", xlsx(headings, ["S9", "彩虹二厂", "厂区", w.rainbow.name, "121.606", "31.205"]))
    assert Enterprise.objects.get(pk=w.rainbow.pk).grid == w.grids[0]


def test_a_specialist_may_be_found_by_document_alone() -> None:
    w = world()
    data = xlsx(["姓名", "身份证号", "岗位", "场所"], ["吴三", document_of(w.lotus_workers[2]), "转运员", ""])
    assert seen(imported(w, "specialists", data).counts) == {"new": 1}
