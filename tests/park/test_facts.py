"""The facts of the journal in words: every key has a label, ids lead to pages, machine words are said."""

import ast
from typing import Any

import pytest

from parkkeeper.kernel import clock
from parkkeeper.park import facts
from parkkeeper.park.journal import record
from parkkeeper.park.words import VERBS
from tests.harness.source import python_files, tree
from tests.pages_unit.desk import Desk, sheet
from tests.sampling.fieldkit import pcr_round
from tests.world import EVENING, MORNING, world

OWN = {"by", "at", "person", "enterprise", "site"}
"""What `record` takes for itself."""


def recorded() -> set[tuple[str, str]]:
    """Every (verb, key) that the code writes down by name; "" for a verb that is put together."""
    found = set()
    for call in (node for path in python_files() for node in ast.walk(tree(path)) if isinstance(node, ast.Call)):
        if getattr(call.func, "id", getattr(call.func, "attr", "")) == "record" and call.args:
            verb = call.args[0].value if isinstance(call.args[0], ast.Constant) else ""
            found |= {(str(verb), key.arg) for key in call.keywords if key.arg and key.arg not in OWN}
    return found


def test_every_fact_that_the_code_journals_has_a_label() -> None:
    keys = recorded()
    assert len(keys) > 100
    assert sorted(pair for pair in keys if facts.label_of(pair[1], pair[0]) == pair[1]) == []


def test_words_of_one_verb_are_words_of_a_verb_that_there_is() -> None:
    verbs = {key.partition(" ")[0] for table in (facts.LABELS, facts.SAYS, facts.PAGES) for key in table if " " in key}
    assert verbs - {"doubt"} <= VERBS.keys()


@pytest.mark.django_db
def test_the_journals_page_tells_facts_in_words_and_leads_to_their_pages() -> None:
    w: Any = world()
    round = pcr_round(w.programme, [(w.workers[0], "due", w.point)])
    record("journal.verified", by=w.office, at=MORNING)  # the oldest: the page's own entry takes its place
    record("visit.ended", by=w.office, at=MORNING, how="no_access", signed=False, looked_at=0)
    record("gap.excused", round, by=w.office, at=MORNING, round=round.pk, result="")
    record("notice.served", by=w.office, at=MORNING, due_at="2022-05-10T10:34:00+00:00", how="in_person")
    record("round.opened", by=w.office, at=EVENING, standings={"due": 1234, "away": 2}, neu="x")
    with clock.at(EVENING):
        page = Desk(w.office).get("journal").text
        headings, rows = sheet(Desk(w.office).get("journal", export="xlsx").content)
    for told in ("方式</span> 未能进入", "已签名</span> 否", "已看检查项</span> 0", "到期</span> 2022-05-10 18:34:00",
                 "方式</span> 直接送达", "1,234", "neu</span> x"):  # fmt: skip
        assert told in page, told
    assert page.count(f'href="/rounds/{round.pk}"') == 2, "the round is the thing, and a fact"
    assert f'href="?noun=round:{round.pk}"' in page
    assert "方式：未能进入；已签名：否；已看检查项：0" in [row[headings.index("详情")] for row in rows]


@pytest.mark.django_db
def test_what_was_asked_of_a_list_is_told_in_the_lists_words() -> None:
    w: Any = world()
    record("people.listed", by=w.office, at=MORNING, where="people", count=3, form="page",
                   filters={"state": "away", "q": "张", "gone": "1"})  # fmt: skip
    with clock.at(EVENING):
        headings, rows = sheet(Desk(w.office).get("journal", export="xlsx").content)
    told = [row[headings.index("详情")] for row in rows]
    assert any("筛选：搜索：张、gone：1、状态：离岗" in text for text in told), told
