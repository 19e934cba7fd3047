"""An inspector's way: the round, the gate, the items, photos, the draft notice, a signature; without network, once."""

import hashlib
import os
import random
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from playwright.sync_api import Browser, Page, expect

from parkkeeper.codes.cards import gate_facts_of
from parkkeeper.inspection.actions import lookbacks, notices
from parkkeeper.inspection.actions.days import note_complaint
from parkkeeper.inspection.actions.setup import put_checklist_in_force
from parkkeeper.inspection.checklistfiles import read_checklist
from parkkeeper.inspection.models import Checklist, Finding, Photo, Step, Visit
from parkkeeper.kernel import clock
from parkkeeper.papers.render import render
from parkkeeper.park.files import read_file
from parkkeeper.park.models import Anomaly, Person, StoredFile
from parkkeeper.sync.actions import issue_enrolment
from tests.inspection.kit import Inspector, found, inspected_world
from tests.inspection.pictures import grey
from tests.pages.conftest import too_small, too_wide, violations
from tests.phone.conftest import PIN, Hand, Phones, Server, profile
from tests.phone.film import film
from tests.phone.test_boxes import write_on
from tests.phone.test_queue import EVERYTHING
from tests.world import EVENING, MORNING, later

HERE: dict[str, Any] = {
    "geolocation": {"longitude": 121.6051, "latitude": 31.2049, "accuracy": 9}, "permissions": ["geolocation"],
}  # fmt: skip
DAYS = 24 * 60


@pytest.fixture
def w(server: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The small park with a team: B3 was found and put right before; F2 is open, ann's and ben's."""
    monkeypatch.setattr(clock, "now", lambda: EVENING)
    park = inspected_world()
    earlier = found(park, "B3", minutes=-5 * DAYS)[0]
    cai = Inspector(park, park.cai)
    cai.say(cai.look(earlier, "fixed", minutes=-4 * DAYS))
    found(park, "F2", minutes=-2 * DAYS, area="二号楼")
    return park


def a_picture(folder: Path, name: str, size: int) -> Path:
    """A file as a camera gives it; what is in it is the picture's own business."""
    path = folder / f"{name}.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe1" + name.encode() + random.Random(name).randbytes(size))
    return path


def of(w: Any, phone: Hand, person: Person, role: str = "team_member") -> Hand:
    """The phone, enrolled for the first grid, with its round."""
    phone.page.locator("#code").fill(issue_enrolment(w.grids[0], person, role, by=w.office, at=MORNING)[1])
    phone.page.locator("#pin").fill(PIN)
    phone.page.locator("#again").fill(PIN)
    phone.page.locator("form button.primary").click()
    expect(phone.page.locator(".firms li")).to_have_count(1)
    return phone


def enter(phone: Hand, basis: str = "emergency", kind: str = "日常巡查") -> None:
    """In at the gate of the first enterprise of the round."""
    phone.page.locator(".firms button").first.click()
    phone.page.locator(f"input[value={basis}]").check()
    phone.page.get_by_role("button", name=kind, exact=True).click()
    phone.page.get_by_role("button", name="进入企业").click()
    expect(phone.page.locator("visit-view .holder")).to_be_visible()


def item(phone: Hand, aspect: str, code: str) -> Any:
    phone.page.locator(".aspects").get_by_text(aspect).click()
    return phone.page.locator(f"[data-item={code}]")


def shoot(place: Any, label: str, path: Path) -> None:
    place.locator(".shots").filter(has_text=label).locator("input[type=file]").set_input_files(path)


def leave(phone: Hand) -> None:
    phone.page.get_by_role("button", name="结束检查，看").click()
    phone.page.locator("#signer").fill("梅联络")
    write_on(phone, "glass")
    phone.page.get_by_role("button", name="结束检查", exact=True).click()
    expect(phone.page.locator(".firms li")).to_have_count(1)


def test_a_visit_without_network_is_whole_and_goes_in_once(
    phones: Phones, server: Server, w: Any, tmp_path: Path
) -> None:
    phone = of(w, phones(**HERE), w.cai)
    old, fresh, after = (a_picture(tmp_path, name, 600_000) for name in ("old", "fresh", "after"))
    os.utime(old, (time.time() - 3600,) * 2)
    server.stop()
    at_the_gate(phone)
    beyond_its_limit(phone)
    by_the_camera_alone(phone, old, fresh, after)
    a_document_and_the_app_s_end(phone, old)
    looked_at_again(phone)
    not_shown(phone)
    signed(phone)
    server.start()
    phone.waits(0)
    visit = Visit.objects.get(by=w.cai)
    assert (visit.kind, visit.orders, visit.second, visit.accuracy) == ("full", True, w.ann, 9)
    assert (visit.ended_how, visit.signed_by, len(visit.signature)) == ("finished", "梅联络", 64)
    assert visit.answers["C9"] == {"ok": False, "value": "38.1"}
    assert visit.answers["E1"] == {"ok": None, "value": "", "refused": "门卫说没有权限"}
    assert visit.answers["A2"]["photos"][0]["sha256"] == sha(old)
    assert sorted(visit.findings.values_list("item__code", "area")) == [
        ("B3", "一号楼"), ("B3", "二号楼"), ("C9", "宿舍门口")]  # fmt: skip
    assert sorted(Photo.objects.values_list("of", "sha256", "accuracy")) == [
        ("found", sha(fresh), 9), ("on_the_spot", sha(after), 9)]  # fmt: skip
    assert Step.objects.filter(by=w.cai, finding__visit=visit, kind="on_the_spot").count() == 1
    assert Step.objects.filter(by=w.cai, finding__item__code="F2", kind="partly", counts=True).count() == 1
    for path in (fresh, after, old):  # as the camera wrote it, sent in parts
        assert read_file(StoredFile.objects.get(sha256=sha(path))) == path.read_bytes()
    assert StoredFile.objects.filter(sha256=visit.signature).count() == 1 and not Anomaly.objects.exists()


def at_the_gate(phone: Hand) -> None:
    """Found on the map and by initials; the ground is shown, and what may follow from it."""
    page = phone.page
    page.get_by_role("button", name="地图").click()
    expect(page.locator(".map .place")).to_have_count(1)
    expect(page.locator(".map .me")).to_have_count(1)
    page.locator("#firm").fill("chsw")
    page.locator("#firm").press("Enter")
    expect(page.locator("[data-orders='0']")).to_contain_text("只能提整改建议")
    page.locator("input[value=emergency]").check()
    expect(page.get_by_text("授权书第 1 号")).to_be_visible()
    expect(page.locator("[data-orders='1']")).to_contain_text("可以责令整改")
    expect(page.locator("form.sheet")).to_contain_text("误差 9 米")
    page.get_by_role("button", name="全面检查").click()
    page.locator("#second").select_option(label="安组长")
    page.get_by_role("button", name="进入企业").click()


def beyond_its_limit(phone: Hand) -> None:
    """A number beyond its limit fails by itself."""
    warm = item(phone, "住宿用餐", "C9")
    warm.locator("#value-C9").fill("38.1")
    warm.locator("#value-C9").blur()
    expect(warm.locator("[data-ok=false]")).to_have_attribute("aria-pressed", "true")
    warm.get_by_label("在哪里").fill("宿舍门口")
    warm.get_by_role("button", name="记录问题").click()
    expect(warm.locator("[data-finding]")).to_have_count(1)


def by_the_camera_alone(phone: Hand, old: Path, fresh: Path, after: Path) -> None:
    """Where the item asks for the place itself a gallery's picture is refused; what is put right has its own photo."""
    apart = item(phone, "分区管理", "B3")
    apart.locator("[data-ok=false]").click()
    apart.get_by_label("在哪里").fill("一号楼")
    apart.get_by_label("在哪里").blur()
    expect(apart.locator(".history")).to_contain_text("30 天内同一问题已有 1 次")
    shoot(apart, "拍下问题", old)
    expect(apart.get_by_text("不收相册里的")).to_be_visible()
    shoot(apart, "拍下问题", fresh)
    expect(apart.locator("[data-shot]")).to_have_attribute("data-shot", sha(fresh))
    apart.get_by_role("button", name="记录问题").click()
    expect(apart.locator("[data-finding]")).to_contain_text("一号楼")
    apart.get_by_role("button", name="再记一处").click()
    apart.get_by_label("在哪里").fill("二号楼")
    shoot(apart, "当场整改", after)
    apart.get_by_role("button", name="记录：已当场整改").click()
    expect(apart.locator("[data-finding]")).to_have_count(2)


def a_document_and_the_app_s_end(phone: Hand, old: Path) -> None:
    """A document's picture may come from anywhere; what was answered is sealed and outlives the app's end."""
    paper = item(phone, "闭环管理", "A2")
    paper.locator("[data-ok=true]").click()
    shoot(paper, "拍文件", old)
    expect(paper.locator("[data-shot]")).to_have_attribute("data-shot", sha(old))
    assert "宿舍门口" not in phone.page.evaluate(EVERYTHING)
    phone.page.reload()
    phone.unlock()
    expect(item(phone, "闭环管理", "A2").locator("[data-ok=true]")).to_have_attribute("aria-pressed", "true")


def looked_at_again(phone: Hand) -> None:
    """Only the open one is asked again, by somebody who has not looked before."""
    page = phone.page
    page.locator(".aspects").get_by_text("复查").click()
    expect(page.locator("[data-look]")).to_have_count(1)
    page.get_by_role("button", name="部分整改").click()
    expect(page.get_by_text("复查：部分整改")).to_be_visible()


def not_shown(phone: Hand) -> None:
    """What the enterprise would not show is neither passed nor failed nor left out: it is named, with its words."""
    log = item(phone, "人员管理", "E1")
    for ok in ("true", "refused"):
        log.locator(f"[data-ok={ok}]").click()
    expect(log.locator("[data-ok=true]")).to_have_attribute("aria-pressed", "false")
    log.get_by_label("谁拒绝、怎么说").fill("门卫说没有权限")
    log.locator("h2").click()


def signed(phone: Hand) -> None:
    """The draft with its history comes before the signature; without either there is no end."""
    page = phone.page
    page.get_by_role("button", name="结束检查，看").click()
    expect(page.locator(".draft li")).to_have_count(2)
    expect(page.locator(".draft .history")).to_contain_text("30 天内同一问题已有 1 次")
    expect(page.locator(".closing h2")).to_contain_text("责令整改通知书")
    expect(page.locator(".closing [data-refused]")).to_contain_text("拒绝检查：E1")
    expect(page.locator(".closing [data-term]")).to_contain_text("24 小时")
    page.locator("#signer").fill("梅联络")
    page.get_by_role("button", name="结束检查", exact=True).click()
    expect(page.get_by_text("请在屏幕上签名")).to_be_visible()
    write_on(phone, "glass")
    page.get_by_role("button", name="结束检查", exact=True).click()
    expect(page.get_by_text("已查", exact=True)).to_be_visible()


def sha(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_two_inspectors_without_network_at_one_enterprise_are_two_visits_and_nothing_is_lost(
    phones: Phones, server: Server, w: Any
) -> None:
    both = [of(w, phones(), w.cai), of(w, phones(), w.ann, "team_leader")]
    server.stop()
    for n, phone in enumerate(both):
        phone.page.locator(".firms button").first.click()
        expect(phone.page.get_by_label("没有定位，请写明原因")).to_have_value("没有定位权限", timeout=10_000)
        phone.page.get_by_role("button", name="进入企业").click()
        apart = item(phone, "分区管理", "B3")
        apart.locator("[data-ok=false]").click()
        apart.get_by_label("在哪里").fill(f"{n + 1}号门")
        apart.get_by_role("button", name="记录问题").click()
        expect(apart.locator("[data-finding]")).to_have_count(1)
    both[1].page.locator(".aspects").get_by_text("复查").click()
    expect(both[1].page.get_by_text("须由另一位检查人员复查")).to_be_visible()  # F2 is ann's own
    server.start()
    for phone in both:
        leave(phone)
        phone.waits(0)
    visits = Visit.objects.filter(began_at__gte=MORNING).order_by("by")
    assert [visit.by for visit in visits] == [w.ann, w.cai]
    assert {(v.placeless, v.orders, v.ended_how) for v in visits} == {("没有定位权限", False, "finished")}
    areas = [list(visit.findings.values_list("area", flat=True)) for visit in visits]
    assert areas == [["2号门"], ["1号门"]]


def test_a_template_changed_in_mid_visit_leaves_the_visit_its_own(phones: Phones, w: Any) -> None:
    phone = of(w, phones(**HERE), w.cai)
    enter(phone)
    item(phone, "分区管理", "B3").locator("[data-ok=false]").click()
    put_checklist_in_force("nine-grids", "新表", read_checklist()[:3], start=date(2022, 5, 10), source="第二版",
                           by=w.office, at=EVENING)  # fmt: skip
    # other databases of the server may hold the horizon of changes for minutes: here they come at once
    news = {"changes": [{"verb": "checklist.put_in_force"}], "cursor": "1-0", "more": False}
    phone.page.route("**/phone/v1/changes*", lambda route: route.fulfill(json=news))
    with phone.page.expect_response("**/phone/v1/inspection"):
        phone.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(phone.page.locator("visit-view .holder")).to_contain_text("九宫格检查表 v1")
    apart = item(phone, "分区管理", "B3")
    apart.get_by_label("在哪里").fill("南门")
    apart.get_by_role("button", name="记录问题").click()
    leave(phone)
    phone.waits(0)
    visit = Visit.objects.get(by=w.cai)
    assert visit.checklist == w.checklist != Checklist.objects.get(version=2)
    assert Finding.objects.get(visit=visit).item.checklist == w.checklist
    enter(phone)
    expect(phone.page.locator("visit-view .holder")).to_contain_text("新表 v2")


def test_a_line_says_all_that_one_visit_does_and_the_cap_is_told_before_the_team_enters(phones: Phones, w: Any) -> None:
    lookbacks.report_fixed(Finding.objects.get(item__code="F2"), note="已修", pictures=[], by=w.mei, at=EVENING)
    note_complaint(w.rainbow, source="hotline", text="夜间开工", by=w.ann, at=EVENING)
    for n in range(5):  # with the two of the fixture they are seven
        visit = w.team.visit(-DAYS + 60 * n)
        w.team.say(visit, w.team.end(visit, minutes=-DAYS + 60 * n + 20))
    phone = of(w, phones(**HERE), w.cai)
    page = phone.page
    expect(page.locator(".firms .todo")).to_have_text("一次办完：复查 1 项 + 核实投诉")
    page.locator(".firms button").first.click()
    expect(page.locator("form.sheet")).to_contain_text("复查须避开原检查人员：安组长、本组员")
    expect(page.locator("[data-visits='7']")).to_have_text("近 7 天已查 7 次，上限 7 次，共 140 分钟")
    expect(page.get_by_role("button", name="复查", exact=True)).to_have_attribute("aria-pressed", "true")
    expect(page.locator("[data-over]")).to_have_count(0)
    page.get_by_role("button", name="日常巡查", exact=True).click()
    expect(page.locator("[data-over]")).to_contain_text("已达上限，只应复查")
    page.get_by_role("button", name="进入企业").click()
    expect(page.locator("visit-view .holder")).to_be_visible()
    phone.waits(0)
    assert Visit.objects.get(by=w.cai, ended_at=None).kind == "short"
    assert [(one.kind, one.evidence["visits"]) for one in Anomaly.objects.all()] == [("visit_over_cap", 7)]


def test_the_card_at_the_gate_opens_the_enterprise_without_network(
    browser: Browser, server: Server, w: Any, tmp_path: Path
) -> None:
    film(tmp_path / "film.y4m", [w.rainbow.credit_code])
    card = pypdfium2.PdfDocument(render("cards", gate_facts_of(w.rainbow, park="云桥工业园")))[0]
    (tmp_path / "card.png").write_bytes(grey(card.render(scale=150 / 72, grayscale=True).to_numpy()))
    camera = ("--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={tmp_path / 'film.y4m'}")
    with profile(browser, server, tmp_path / "profile", *camera) as phone:
        of(w, phone, w.cai)
        server.stop()
        phone.page.get_by_role("button", name="相机", exact=True).click()
        expect(phone.page.locator("form.sheet h2")).to_have_text(w.rainbow.name, timeout=20_000)
        phone.page.get_by_role("button", name="返回").click()
        phone.page.locator(".pair input[type=file]").set_input_files(tmp_path / "card.png")
        expect(phone.page.locator("form.sheet h2")).to_have_text(w.rainbow.name)
        server.start()


@pytest.mark.parametrize("language", ["zh-CN", "zh-HK", "en-GB"])
def test_every_screen_of_inspection_is_for_everybody_at_360_pixels(
    phones: Phones, w: Any, tmp_path: Path, language: str
) -> None:
    talked_over(w)
    phone = phones({"width": 360, "height": 740}, locale=language, **HERE)
    of(w, phone, w.cai)
    page, seen = phone.page, []

    def look(name: str) -> None:
        if pictures := os.environ.get("PHONE_PICTURES"):  # as in test_looks: help's pictures are made of these
            page.screenshot(path=f"{pictures}/{language}-{len(seen):02d}-{name}.png")
        if language == "zh-CN" or name in ("round", "entry", "item", "my"):  # the others: the same in other words
            assert violations(page) == [], name
        assert (too_wide(page), too_small(page)) == (0, []), name
        seen.append(page.inner_text("body"))

    look("round")
    page.locator(".round .choice button").nth(1).click()
    expect(page.locator(".map .me")).to_be_visible()
    look("map")
    page.locator(".firms button").first.click()
    page.locator("input[value=emergency]").check()
    expect(page.locator("form.sheet .even, form.sheet .uneven")).to_have_count(2)
    look("entry")
    page.locator(".kinds button").first.click()
    page.locator("form.sheet button.primary").click()
    inside(page, a_picture(tmp_path, "fresh", 2000), look)
    texts("".join(seen), language)


def talked_over(w: Any) -> None:
    """F2's look-back failed: a second notice is out, and the talk that goes with it was held."""
    finding, at = Finding.objects.select_related("visit").get(item__code="F2"), later(-DAYS)
    notice = notices.issue_notice(finding.visit, by=w.ann, at=at)
    lookbacks.look_back(finding, "not_fixed", by=w.cai, at=at)
    second = notices.issue_second_notice(notice, by=w.ann, at=at)
    notices.hold_talk(second, people="梅联络", minutes="已说明后果", held_at=at, by=w.ann, at=at)


def inside(page: Page, picture: Path, look: Callable[[str], None]) -> None:
    """From the first item to the signature that is refused."""
    aspects = page.locator(".aspects button")
    aspects.nth(1).click()
    page.locator("[data-item=B2] [data-ok=refused]").click()
    apart = page.locator("[data-item=B3]")
    apart.locator("[data-ok=false]").click()
    apart.locator("#area-B3").fill("一号楼")
    apart.locator("#area-B3").blur()
    apart.locator("input[type=file]").first.set_input_files(picture)
    expect(apart.locator("[data-shot]")).to_have_count(1)
    look("item")
    apart.locator("form button.primary").click()
    expect(apart.locator("[data-finding]")).to_have_count(1)
    aspects.last.click()
    look("look back")
    page.locator("visit-view > section > .buttons button.primary").click()
    expect(page.locator(".draft .history")).to_be_visible()
    look("closing")
    page.locator(".closing .choice button").nth(1).click()
    page.locator("#refusal").fill("Refused")
    page.locator(".closing button.primary").click()
    page.locator("nav.tabs a").nth(1).click()
    expect(page.locator("my-tab")).to_be_visible()
    look("my")


def texts(shown: str, language: str) -> None:
    """The app's own words are in the phone's language; those of the park stay as it wrote them."""
    ours: dict[str, Callable[[str], bool]] = {
        "en-GB": lambda text: (
            all(one in text for one in ("Fails", "Legal basis", "talked over"))
            and "合格" not in text.replace("不合格", "")
        ),
        "zh-HK": lambda text: "結束檢查" in text and "已約談" in text and "结束检查" not in text,
        "zh-CN": lambda text: "结束检查" in text and "已约谈" in text,
    }
    assert ours[language](shown)
