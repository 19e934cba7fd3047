"""The park's keys: made once, changed, old codes still proved; cards of those whom the reader may see, written down."""

from datetime import date, timedelta
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from django.test import Client

from parkkeeper.codes.actions import (
    MOST_CARDS,
    issue_own_link,
    open_own_link,
    print_cards,
    print_own_links,
    rotate_code_keys,
)
from parkkeeper.codes.cards import in_groups
from parkkeeper.codes.models import CodeKey, OwnLink
from parkkeeper.codes.signing import public_keys, read_codes, sign_codes
from parkkeeper.kernel import clock
from parkkeeper.park.actions.rulebook import change_rule
from parkkeeper.park.errors import Forbidden, Refused
from parkkeeper.park.models import JournalEntry, Person, Presence, Rule, Site
from tests.pages_unit.desk import Desk
from tests.world import DAY, EVENING, later, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def w() -> Any:
    return world()


def code_of(person: Person, at: Any = EVENING) -> str:
    return sign_codes([person], at=at)[person.pk][0]


def state(text: str, day: date = DAY) -> str:
    return read_codes([(text, day)])[0].state


def texts_in(paper: bytes) -> list[str]:
    pages = pypdfium2.PdfDocument(paper)
    pictures = [page.render(scale=200 / 72, grayscale=True).to_numpy() for page in pages]
    return [one.text for picture in pictures for one in zxingcpp.read_barcodes(picture)]


def test_the_first_code_makes_the_key_and_the_rule_says_how_long_it_is_valid(w: Any) -> None:
    assert public_keys(DAY) is None and state("PK1:ABC") == "damaged"
    text = code_of(w.workers[0])
    assert (state(text), state(text, DAY + timedelta(days=179)), state(text, DAY + timedelta(days=180))) == (
        "good", "good", "expired",
    )  # fmt: skip
    assert state(text, DAY - timedelta(days=1)) == "not_yet"
    [reading] = read_codes([(text, DAY)])
    assert reading.code and (reading.code.person, reading.code.label) == (
        w.workers[0].uuid,
        f"彩虹生物 {w.workers[0].staff_number}",
    )
    assert code_of(w.workers[0]) == text and CodeKey.objects.count() == 1


def test_a_code_says_neither_name_nor_document(w: Any) -> None:
    from parkkeeper.kernel.personcode import PREFIX, from_base45
    from parkkeeper.park.vault import document_of

    content = from_base45(code_of(w.workers[0]).removeprefix(PREFIX))
    assert w.workers[0].name.encode() not in content
    assert document_of(w.workers[0]).encode() not in content


def test_the_private_part_is_sealed_and_gone_once_the_key_is_retired(w: Any) -> None:
    text = code_of(w.workers[0])
    new = rotate_code_keys(by=w.office, at=EVENING)
    former = CodeKey.objects.get(number=1)
    assert (new.number, former.private_sealed, former.retired_by) == (2, None, w.office)
    assert former.until == DAY + timedelta(days=179)
    assert bytes(new.mark) == bytes(former.mark)
    assert state(text) == "good" and state(code_of(w.workers[0])) == "good" and code_of(w.workers[0]) != text
    assert JournalEntry.objects.get(verb="codes.rotated").by_name == w.office.name


def test_phones_learn_keys_until_their_last_code_has_run_out(w: Any) -> None:
    code_of(w.workers[0])
    rotate_code_keys(by=w.office, at=EVENING)
    last = DAY + timedelta(days=179)
    told = public_keys(last)
    assert told and [(key["number"], key["until"]) for key in told["keys"]] == [(1, last.isoformat()), (2, None)]
    told = public_keys(last + timedelta(days=1))
    assert told and [key["number"] for key in told["keys"]] == [2]


def test_a_shorter_rule_does_not_cut_off_codes_that_were_made_before_it(w: Any) -> None:
    text = code_of(w.workers[0])
    change_rule("person_code_days", 30, starts_at=later(60), source="第二版", by=w.office, at=EVENING)
    rotate_code_keys(by=w.office, at=later(120))
    assert CodeKey.objects.get(number=1).until == DAY + timedelta(days=179)
    assert state(text, DAY + timedelta(days=100)) == "good"


def test_keys_are_changed_by_the_office_and_only_where_there_is_one(w: Any) -> None:
    with pytest.raises(Refused, match="不需要更换"):
        rotate_code_keys(by=w.office, at=EVENING)
    code_of(w.workers[0])
    with pytest.raises(Forbidden):
        rotate_code_keys(by=w.mei, at=EVENING)
    CodeKey.objects.update(number=255)
    with pytest.raises(Refused, match="255"):
        rotate_code_keys(by=w.office, at=EVENING)


def test_without_a_rule_no_code_is_made_and_the_remedy_is_told(w: Any) -> None:
    Rule.objects.filter(key="person_code_days").delete()
    with pytest.raises(Refused, match="person_code_days.*规则"):
        code_of(w.workers[0])


def test_a_liaison_prints_cards_of_the_own_enterprise_and_each_person_is_written_down(w: Any) -> None:
    paper = print_cards(w.workers, park="测试园区", by=w.mei, at=EVENING)
    readings = read_codes((text, DAY) for text in texts_in(paper))
    assert {r.code.person for r in readings if r.code} == {p.uuid for p in w.workers}
    assert len(readings) == len(w.workers)
    looks = JournalEntry.objects.filter(verb="person.looked_at", facts__where="cards")
    assert set(looks.values_list("person_id", flat=True)) == {p.pk for p in w.workers}
    assert JournalEntry.objects.get(verb="cards.printed").facts["count"] == len(w.workers)
    with pytest.raises(Forbidden):
        print_cards([*w.workers, w.lotus_workers[0]], park="测试园区", by=w.mei, at=EVENING)
    with pytest.raises(Refused, match="没有选中"):
        print_cards([], park="测试园区", by=w.mei, at=EVENING)
    with pytest.raises(Refused, match="1000"):
        print_cards([w.workers[0]] * (MOST_CARDS + 1), park="测试园区", by=w.office, at=EVENING)


def test_slips_of_links_open_each_persons_own_page_once_and_end_those_before(w: Any) -> None:
    _former, code = issue_own_link(w.workers[0], by=w.mei, at=EVENING)
    address = "https://park.example/me/"
    paper = print_own_links(w.workers, park="测试园区", address=address, by=w.mei, at=EVENING)
    codes = [text.removeprefix(f"{address}#link=") for text in texts_in(paper)]
    assert len(set(codes)) == len(w.workers)
    assert open_own_link(code, "n", at=later(1)) is None
    opened = [open_own_link(one, "n", at=later(1)) for one in codes]
    assert {link.person for link, _token in filter(None, opened)} == set(w.workers)
    assert open_own_link(codes[0], "another phone", at=later(2)) is None
    shown = "".join(page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(paper))
    assert in_groups(codes[0]) in shown and "park.example/me/" in shown
    line = JournalEntry.objects.get(verb="own_links.printed")
    assert (line.by_name, line.facts["count"], line.enterprise_id) == (w.mei.name, len(w.workers), w.rainbow.pk)
    assert not any(code in str(row.facts) for row in JournalEntry.objects.all() for code in codes)
    with pytest.raises(Forbidden):
        print_own_links(w.lotus_workers, park="测试园区", address=address, by=w.mei, at=EVENING)


def test_the_page_prints_links_for_those_of_the_enterprise_who_have_none(w: Any, client: Client) -> None:
    link, code = issue_own_link(w.workers[0], by=w.mei, at=EVENING)
    open_own_link(code, "n", at=EVENING)
    w.login(client, w.mei)
    answer = post(client, w.mei, enterprise=w.rainbow.pk, part=1, paper="links")
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert all(text.startswith("http://testserver/me/#link=") for text in texts_in(answer.content))
    given = set(OwnLink.objects.filter(opened_at=None).values_list("person", flat=True))
    everybody = set(Person.objects.filter(employer=w.rainbow).values_list("pk", flat=True))
    assert given == everybody - {w.workers[0].pk}
    assert OwnLink.objects.usable(EVENING).get() == link


def post(client: Client, person: Person, **form: Any) -> Any:
    with clock.at(EVENING):
        return client.post("/cards", form)


def test_the_page_gives_an_enterprise_without_those_who_left(w: Any, client: Client) -> None:
    gone = w.workers[5]
    Presence.objects.filter(person=gone).update(state="left")
    w.login(client, w.mei)
    answer = post(client, w.mei, enterprise=w.rainbow.pk, part=1)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert "attachment" in answer["Content-Disposition"]
    found = {r.code.person for r in read_codes((t, DAY) for t in texts_in(answer.content)) if r.code}
    everybody = set(Person.objects.filter(employer=w.rainbow).values_list("uuid", flat=True))
    assert found == everybody - {gone.uuid}
    late = post(client, w.mei, enterprise=w.rainbow.pk, part=2)
    assert late.status_code == 422 and "分 1 批" in late.content.decode()


def test_the_page_gives_chosen_people_and_nobody_of_others(w: Any, client: Client) -> None:
    w.login(client, w.mei)
    named = post(client, w.mei, people=f"{w.workers[2].staff_number}\n\n王喆\n")
    assert named.status_code == 200 and len(texts_in(named.content)) == 2
    ticked = post(client, w.mei, chosen=[w.workers[0].pk, w.lotus_workers[0].pk])
    assert [r.code.person for r in read_codes((t, DAY) for t in texts_in(ticked.content)) if r.code] == [
        w.workers[0].uuid
    ]
    foreign = post(client, w.mei, people=w.lotus_workers[0].staff_number)
    unknown = post(client, w.mei, people="没有此人")
    assert foreign.status_code == unknown.status_code == 422
    assert "没有找到" in foreign.content.decode() and w.lotus_workers[0].name not in foreign.content.decode()
    assert post(client, w.mei, enterprise=w.lotus.pk).status_code == 422
    assert post(client, w.mei, part=1).status_code == 422
    assert not JournalEntry.objects.filter(person_id=w.lotus_workers[0].pk, verb="person.looked_at").exists()


def test_a_name_with_a_character_that_no_font_has_is_printed_with_a_mark_and_told(w: Any, client: Client) -> None:
    Person.objects.filter(pk=w.workers[0].pk).update(name="王𠮷")
    w.login(client, w.office)
    assert post(client, w.office, chosen=[w.workers[0].pk]).status_code == 200
    with clock.at(EVENING):
        assert "王𠮷" in client.get("/cards").content.decode()


def test_the_page_of_keys_changes_them(w: Any, client: Client) -> None:
    w.login(client, w.office)
    with clock.at(EVENING):
        assert "还没有密钥" in client.get("/settings/codes").content.decode()
        code_of(w.workers[0])
        client.post("/settings/codes")
        page = client.get("/settings/codes").content.decode()
    assert "签名中" in page and "只验证" in page
    w.login(client, w.mei)
    with clock.at(EVENING):
        assert client.get("/settings/codes").status_code == 403


def test_the_people_list_prints_for_those_who_may_and_shows_no_boxes_to_others(w: Any, client: Client) -> None:
    w.login(client, w.mei)
    with clock.at(EVENING):
        page = client.get("/people").content.decode()
        own = client.get(f"/people/{w.workers[0].pk}").content.decode()
    assert 'name="chosen"' in page and 'action="/cards"' in page
    assert 'action="/cards"' in own and f"/people/{w.workers[0].pk}/link" in own
    leader = w.post(w.person("网格组长", w.rainbow), "team_leader", grid=w.grids[0])
    w.login(client, leader)
    with clock.at(EVENING):
        page = client.get("/people").content.decode()
    assert 'name="chosen"' not in page and "/cards" not in page


def test_an_enterprise_s_card_for_each_gate_holds_its_credit_code_and_its_own_liaison_prints_it(w: Any) -> None:
    second = Site.objects.create(code="ZZ-2", name="南厂区", kind="works", enterprise=w.rainbow, longitude=121.6,
                                 latitude=31.2)  # fmt: skip
    with clock.at(EVENING):
        page = Desk(w.mei).get("enterprise", w.rainbow.pk).text
        assert f'href="/enterprises/{w.rainbow.pk}/card"' in page
        made = Desk(w.mei).get("gate_card", w.rainbow.pk)
        assert (made.status, made.response["Content-Type"]) == (200, "application/pdf")
        assert set(texts_in(made.content)) == {w.rainbow.credit_code}
        shown = pypdfium2.PdfDocument(made.content)[0].get_textpage().get_text_range()
        assert shown.count(w.rainbow.credit_code) == w.rainbow.sites.count() > 1 and second.name in shown
        assert Desk(w.mei).get("gate_card", w.lotus.pk).status == 404
        assert Desk(w.leader).get("gate_card", w.rainbow.pk).status == 403
        assert "/card" not in Desk(w.leader).get("enterprise", w.rainbow.pk).text
