"""Serves the sample park after its replay: the clock stands at the evening in question, log-ins for every role."""

import os
import time
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from parkkeeper.demo.build import demo_password
from parkkeeper.demo.examples import examples
from parkkeeper.demo.register import SCHEMA
from parkkeeper.demo.terminal import Terminal
from parkkeeper.kernel.clock import ENVIRONMENT
from parkkeeper.kernel.processes import child_env, free_port, web_server
from parkkeeper.park.models import Account, Post
from parkkeeper.park.tenancy.models import Park
from parkkeeper.park.tenancy.parks import in_park

EVENING = "2022-05-19T21:30:00+08:00"
FIRST_PORT = 8000


def serve(port: int | None, terminal: Terminal) -> int:
    """Run the web server until Ctrl-C; prints its address and the demo's log-ins."""
    # told with the moment at which it began: workers that start later stand at the same time
    env = child_env({
        ENVIRONMENT: f"{EVENING}@{time.time()!r}", "PARKKEEPER_DATA": str(settings.DATA_DIR),
        "DATABASE_URL": os.environ.get("PARKKEEPER_PLAIN_URL") or os.environ["DATABASE_URL"],
    })  # fmt: skip
    chosen = port or free_port(first=FIRST_PORT)
    with web_server(env, port=chosen, workers=2, threads=4) as address:
        print(logins(), flush=True)
        for what, where in shown(address):
            print(f"  {what}\t{where}", flush=True)
        terminal.say(f"The park's clock stands at {EVENING}. Open {address}/   (Ctrl-C stops it)")
        try:
            while True:
                time.sleep(3600)
        except KeyboardInterrupt:
            terminal.say("Stopped.")
    return 0


def shown(address: str) -> list[tuple[str, str]]:
    """Examples to open on a phone or to look at, made for this run: links work once."""
    folder = Path(settings.DATA_DIR) / "demo-papers"
    folder.mkdir(exist_ok=True)
    with in_park(SCHEMA), timezone.override(settings.TIME_ZONE):
        park = Park.objects.get(schema_name=SCHEMA)
        return examples(park, address, folder, at=datetime.fromisoformat(EVENING))


def logins() -> str:
    """The table of the demo's accounts: role, name, log-in name, password."""
    roles = dict(Post.Role.choices)
    rows = [("岗位", "姓名", "log-in", "password")]
    with in_park(SCHEMA), timezone.override(settings.TIME_ZONE):
        for account in Account.objects.select_related("person").order_by("pk"):
            post = account.person.posts.order_by("pk").first()
            role = str(roles.get(post.role, "")) if post else ""
            rows.append((role, account.person.name, account.username, demo_password(account.username)))
    return "\n".join(f"  {role}\t{name}\t{username:12}{password}" for role, name, username, password in rows)
