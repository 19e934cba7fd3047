"""A program for the tests: makes the small park with one served notice, or prints what the worker made of it.

`python -m tests.faults.a_notice make | tell` prints one line of JSON: when the notice is due; else every deadline that
was told, how often each person was told, what the journal says, and how late the office's page says it was.
"""

import json
import re
import sys
from collections import Counter
from typing import Any

import django

django.setup()

from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402

from parkkeeper.inspection.models import Deadline, Notice  # noqa: E402
from parkkeeper.park.models import Account, JournalEntry, Message, Person, Post  # noqa: E402
from parkkeeper.park.tenancy.parks import in_park, make_park  # noqa: E402
from tests.inspection.kit import inspected_world, noticed  # noqa: E402
from tests.world import LONG_AGO  # noqa: E402

SCHEMA = "due"


def made() -> dict[str, Any]:
    make_park(SCHEMA, name="到期园区", at=LONG_AGO, hosts=[f"{SCHEMA}.localhost"])
    with in_park(SCHEMA):
        due_at = noticed(inspected_world()).due_at
        assert due_at is not None
        return {"due": due_at.isoformat()}


def told() -> dict[str, Any]:
    with in_park(SCHEMA):
        page = _page()
        late = re.search(r"最多晚了 ([\d,]+) 分钟", page)
        lines = JournalEntry.objects.filter(verb__startswith="notice.", by_id__isnull=True).order_by("pk")
        return {
            "deadlines": [(row.kind, (row.told_at - row.due_at).total_seconds()) for row in Deadline.objects.all()],
            "messages": sorted(Counter(Message.objects.values_list("kind", "to")).values()),
            "people": sorted(Counter(Message.objects.values_list("kind", flat=True)).items()),
            "journal": [(line.verb, line.facts["late_seconds"]) for line in lines],
            "page": int(late[1].replace(",", "")) if late else None,
            "open": Notice.objects.open().count(),
        }  # fmt: skip


def _page() -> str:
    office = Person.objects.get(pk=Post.objects.filter(role=Post.Role.OFFICE).values("person")[:1])
    account, _made = Account.objects.get_or_create(person=office, defaults={"username": "office"})
    client = Client(SERVER_NAME=f"{SCHEMA}.localhost")
    client.force_login(account, backend="parkkeeper.park.backend.AccountBackend")
    return client.get(
        reverse("grids", urlconf="parkkeeper.config.urls"), headers={"Accept-Language": "zh-hans"}
    ).content.decode()


if __name__ == "__main__":
    print(json.dumps({"make": made, "tell": told}[sys.argv[1]]()))
