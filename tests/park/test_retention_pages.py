"""What would be destroyed is shown before, by the command and on the page; two people order it there."""

from collections import Counter
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils.timezone import localtime
from django.utils.translation import override

from parkkeeper.kernel import clock
from parkkeeper.park.actions import retention as acts
from parkkeeper.park.actions.retention import (
    destroy_due,
)
from parkkeeper.park.management.commands.worker import go_round
from parkkeeper.park.models import (
    DestructionOrder,
    Hold,
    LogInAttempt,
    Message,
)
from parkkeeper.park.retention.kept import keep_outlooks, outlooks_now
from parkkeeper.park.retention.outlook import outlooks
from parkkeeper.park.retention.rules import rules
from tests.park.retention_rows import ENDED, ROWS, attempts, ended
from tests.world import EVENING, world

pytestmark = pytest.mark.django_db
DUE = ENDED + timedelta(days=60)


def everything() -> Counter[str]:
    """Rows of every table of the park."""
    models = [model for model in apps.get_models() if model._meta.app_label not in ("tenancy", "auth")]
    return Counter({model._meta.label: model._base_manager.count() for model in models})


# ---- shown before
def dry_run(at: datetime) -> str:
    out = StringIO()
    with clock.at(at):
        call_command("retention", "--dry-run", stdout=out)
    return out.getvalue()


def test_a_dry_run_changes_nothing_and_tells_what_would_go_and_when() -> None:
    w = world()
    ROWS["sampling.Scan:emergency"][0](w)
    attempts(3)
    ended(w, approved=False)
    before = everything()
    soon, due = dry_run(EVENING + timedelta(days=29)), dry_run(DUE + timedelta(days=1))
    assert everything() == before
    line = next(line for line in soon.splitlines() if "park.LogInAttempt:attempt" in line)
    assert "due now         0" in line and "next 2022-06-09 18:00" in line
    assert "due now         3" in next(line for line in due.splitlines() if "park.LogInAttempt:attempt" in line)
    assert "1 wait for an approved order" in next(line for line in due.splitlines() if "sampling.Scan" in line)


def test_the_command_destroys_and_says_how_much() -> None:
    world()
    attempts(3)
    out = StringIO()
    with clock.at(EVENING + timedelta(days=31)):
        call_command("retention", "--rule", "park.LogInAttempt:attempt", stdout=out)
        assert "3 destroyed" in out.getvalue() and not LogInAttempt.objects.exists()
        call_command("retention", "--rule", "park.LogInAttempt:attempt", stdout=out)
    assert "nothing was due" in out.getvalue()
    with pytest.raises(CommandError, match="no rule"):
        call_command("retention", "--rule", "everything")
    with pytest.raises(CommandError, match="no park"):
        call_command("retention", "--park", "nowhere")


# ---- the page
@pytest.fixture
def evening() -> Any:
    with clock.at(ENDED + timedelta(days=1)):
        yield


def test_the_page_shows_each_rule_and_two_people_order_a_destruction(client: Client, evening: Any) -> None:
    w = world()
    found = ended(w, approved=False)
    w.login(client, w.office)
    text = client.get("/settings/retention").content.decode()
    assert all(rule.label in text for rule in rules()) and found.name in text
    assert client.post(f"/settings/retention/propose/{found.pk}", {"reason": ""}).status_code == 422
    assert client.post(f"/settings/retention/propose/{found.pk}", {"reason": "通告"}).status_code == 302
    order = DestructionOrder.objects.get()
    assert "不能自己批准" in client.post(f"/settings/retention/orders/{order.pk}/approve", follow=True).content.decode()
    second = w.post(w.person("办公室庚", w.body), "office")
    other = w.login(Client(), second)
    assert "已批准" in other.post(f"/settings/retention/orders/{order.pk}/approve", follow=True).content.decode()
    order.refresh_from_db()
    assert order.approved_by == second
    other.post(f"/settings/retention/orders/{order.pk}/withdraw")
    assert not DestructionOrder.objects.standing().exists()


def test_the_page_holds_and_lifts(client: Client, evening: Any) -> None:
    w = world()
    w.login(client, w.office)
    form = {"period": "duty", "until": "2022-06-30T08:00", "reason": "检查通知 3 号"}
    assert client.post("/settings/retention/hold", {**form, "until": "2022-05-01T08:00"}).status_code == 422
    assert client.post("/settings/retention/hold", form).status_code == 302
    assert "检查通知 3 号" in client.get("/settings/retention").content.decode()
    client.post(f"/settings/retention/holds/{Hold.objects.get().pk}/lift")
    assert Hold.objects.get().lifted_by == w.office


def test_the_page_tells_when_something_was_last_destroyed(client: Client) -> None:
    w = world()
    Message.objects.create(kind="isolate", to=w.mei, sent_at=EVENING)
    destroy_due(at=EVENING + timedelta(days=60))
    w.login(client, w.office)
    with clock.at(EVENING + timedelta(days=61)):
        assert "共 1" in client.get("/settings/retention").content.decode()


# ---- kept ready
def test_the_worker_keeps_the_counts_and_the_page_shows_their_moment(client: Client, evening: Any) -> None:
    w = world()
    found = ended(w, approved=False)
    w.login(client, w.office)
    attempts(3)
    at = ENDED + timedelta(days=29)
    assert keep_outlooks(at=at) and not keep_outlooks(at=at + timedelta(hours=23))
    assert outlooks_now(at + timedelta(hours=1)) == (at, outlooks(at)), "kept as counted"
    with clock.at(at + timedelta(hours=1)):
        assert localtime(at).strftime("%m-%d %H:%M") in client.get("/settings/retention").content.decode()
    late = at + timedelta(hours=26)
    assert outlooks_now(late)[0] == late, "too old to be shown"
    ROWS["sampling.Scan:emergency"][0](w)
    order = acts.propose_destruction(found, reason="通告", by=w.office, at=at)
    acts.approve_destruction(order, by=w.post(w.person("办公室庚", w.body), "office"), at=at + timedelta(hours=1))
    after = at + timedelta(hours=2)
    assert outlooks_now(after)[0] == after, "an order has changed what is due"
    assert keep_outlooks(at=after) and outlooks_now(after + timedelta(hours=1))[0] == after


def test_a_hold_shows_at_once_on_what_is_kept(evening: Any) -> None:
    w = world()
    keep_outlooks(at=ENDED)
    acts.place_hold("duty", reason="案号", until=DUE, by=w.office, at=ENDED)
    told = {one.rule.period.name: one.held for one in outlooks_now(ENDED + timedelta(hours=1))[1]}
    assert told["duty"] and not told["message"]


def test_the_worker_counts_when_it_has_destroyed(evening: Any) -> None:
    world()
    attempts(3)
    with clock.at(DUE):
        assert go_round(clean=True)
    _counted_at, told = outlooks_now(DUE)
    assert next(one for one in told if one.rule.label == "park.LogInAttempt").gone == 3


def test_sessions_of_log_ins_are_named_in_every_language() -> None:
    (rule,) = [rule for rule in rules() if rule.label == "sessions.Session"]
    titles = []
    for language in ("zh-hans", "zh-hant", "en"):
        with override(language):
            titles.append(rule.title)
    assert titles == ["登录会话", "登入會話", "Log-in sessions"]
