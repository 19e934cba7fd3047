"""How many questions each page asks the database: no more than written down, and no more when there is more to show.

The counts stand in query_counts.json and may only fall. A page that asks once for each row passes every other test and
fails the park that has ten times the rows.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from parkkeeper.kernel import clock
from parkkeeper.park import access
from parkkeeper.park.journal import record
from parkkeeper.park.models import Anomaly, Certificate, Enterprise, Message, Post, Site
from parkkeeper.sampling.models import Disposition, Due, Point, Session, Slot
from parkkeeper.sync.models import Phone
from tests.pages.evening import NIGHT, full_evening
from tests.pages.test_ways_everywhere import NO_PAGES
from tests.sampling.results_world import report, tube
from tests.world import ALWAYS, EVENING, LONG_AGO, later, world

pytestmark = pytest.mark.django_db
COUNTS = Path(__file__).parent / "query_counts.json"
REMEDY = "ask for what the rows of a page need in one statement (select_related, prefetch_related, one query by ids)"
# Beginnings and ends of transactions, and settings, are no questions.
ASIDE = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET", "RESET")
ASKED = {"lab_file_check": "?laboratory=%(laboratory)s", "antigen_file_check": "?day=2022-05-10",
         "gap_work": "?round=%(round)s&people=%(person)s"}  # fmt: skip
MORE = 6


@pytest.fixture
def park(settings: Any, tmp_path: Path) -> Iterator[tuple[Any, dict[str, str]]]:
    """The small park at night and the address of every page, of a thing that is there."""
    settings.FILES_DIR = tmp_path
    with clock.at(NIGHT):
        w: Any = world()
        there = full_evening(w)
        named = {"laboratory": w.laboratory.pk, "round": w.round.pk, "person": w.workers[3].pk}
        pages = [page for page in access.PAGES if page not in NO_PAGES]
        yield w, {page: reverse(page, args=there.get(page, [])) + ASKED.get(page, "") % named for page in pages}


def counted(w: Any, addresses: dict[str, str]) -> dict[str, int]:
    """Questions by page, as the office asks. Each is opened twice, since the first may fill what later ones find."""
    client = w.login(Client(), w.office)
    return {page: min(_opened(client, address) for _turn in range(2)) for page, address in addresses.items()}


def _opened(client: Client, address: str) -> int:
    cache.clear()
    with CaptureQueriesContext(connection) as questions:
        answer = client.get(address)
        assert (answer.status_code, bool(answer.content)) == (200, True), address
    return sum(not question["sql"].startswith(ASIDE) for question in questions.captured_queries)


def grow(w: Any) -> None:
    """A few more rows of nearly everything that lists show."""
    for n in range(MORE):
        one, other = w.person(f"甲{n}", w.rainbow), w.person(f"乙{n}", w.lotus)
        for person, employer, point in ((one, w.rainbow, w.point), (other, w.lotus, w.nearby)):
            Due.objects.create(round=w.round, person=person, standing="due", on_post=True, enterprise=employer,
                               grid=employer.grid, point=point, slot_from=1020)  # fmt: skip
        tube(w, 20 + n, one, minutes=30 + n, round=w.round)
        report(w, (20 + n, "positive" if n % 2 else "negative"), minutes=310 + n)
        w.phone.say(w.phone.open(40 + n), w.phone.scan(f"nobody {n}", 40 + n, 40 + n), w.phone.seal(40 + n, 1))
        w.phone.say(w.phone.box(40 + n, 40 + n))
        Disposition.objects.create(round=w.round, person=other, kind="told", at=later(100 + n), by=w.office)
        w.post(one, Post.Role.PREVENTION, certified=True, enterprise=w.rainbow)
        Message.objects.create(kind="gap_told", params={"enterprise": "企业", "day": "2022-05-10", "count": n},
                               to=w.office, link="/missing", sent_at=later(n))  # fmt: skip
        _more_places(w, n)
        record("round.opened", w.round, by=w.office, at=later(n), line=n)
    assert Anomaly.objects.count() > MORE and Certificate.objects.count() > MORE


def _more_places(w: Any, n: int) -> None:
    enterprise = Enterprise.objects.create(
        credit_code=f"MORE{n}", name=f"新来{n}有限公司", short_name=f"新来{n}", pinyin=f"xin lai {n}",
        kind="enterprise", grid=w.grids[n % 3], head_count=9,
    )  # fmt: skip
    site = Site.objects.create(code=f"M{n}", name=f"新点{n}", kind="nearby", grid=w.grids[n % 3], longitude=121.6,
                               latitude=31.2)  # fmt: skip
    point = Point.objects.create(code=f"M{n}", site=site, kind="nearby", hours=(1020, 1260), in_service=ALWAYS)
    Slot.objects.create(point=point, enterprise=enterprise, minutes=(1020, 1080), during=ALWAYS)
    Session.objects.create(point=point, round=w.round, opened_at=EVENING, opened_by=w.office, received_at=EVENING)
    Phone.objects.create(name=f"手机{n}", point=point, holder=w.scanner, token_hash=b"%032d" % n, salt=b"s" * 16,
                         enrolled_at=LONG_AGO)  # fmt: skip


def test_no_page_asks_more_than_is_written_down(park: tuple[Any, dict[str, str]]) -> None:
    written: dict[str, int] = json.loads(COUNTS.read_text(encoding="utf-8"))
    now = counted(*park)
    more = {page: (count, written.get(page)) for page, count in now.items() if count > written.get(page, -1)}
    assert more == {}, f"{REMEDY}; a new page's count is written into {COUNTS.name}"
    fewer = {page: now.get(page) for page, count in written.items() if now.get(page, -1) < count}
    assert fewer == {}, f"write these into {COUNTS.name} (None: take the line out)"


def test_no_page_asks_more_when_there_is_more_to_show(park: tuple[Any, dict[str, str]]) -> None:
    w, addresses = park
    written: dict[str, int] = json.loads(COUNTS.read_text(encoding="utf-8"))
    grow(w)
    after = counted(w, addresses)
    grown = {page: (written[page], count) for page, count in after.items() if count > written.get(page, count)}
    assert grown == {}, REMEDY


def test_a_page_that_asks_for_each_row_is_noticed(park: tuple[Any, dict[str, str]]) -> None:
    w, _addresses = park
    with CaptureQueriesContext(connection) as questions:
        names = [line.enterprise.short_name for line in w.round.dues.order_by("pk")]
    assert sum(not question["sql"].startswith(ASIDE) for question in questions.captured_queries) == 1 + len(names)
