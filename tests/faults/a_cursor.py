"""A program for the tests: on a PostgreSQL of its own a transaction takes the first line and commits last.

`python -m tests.faults.a_cursor changes | by_id` prints, as JSON, the lines and what a phone that asked
in between and afterwards heard: through the door's own function, or through one whose cursor is the line's id.
"""

import json
import sys
from typing import Any

import django

django.setup()

from django.db import connection, connections  # noqa: E402

from parkkeeper.park.models import JournalEntry, Person  # noqa: E402
from parkkeeper.park.tenancy.parks import in_park  # noqa: E402
from parkkeeper.sampling.models import Due, Point  # noqa: E402
from parkkeeper.sync.models import Phone  # noqa: E402
from parkkeeper.sync.outbox import changes, horizon  # noqa: E402

SITE = 7
_LINE = (
    "INSERT INTO park_journal_entry (at, by_name, verb, noun, noun_id, site_id, facts)"
    " VALUES (now(), '', 'sessions.opened', 'session', '', %s, '{}') RETURNING id::text"
)


def by_id(phone: Phone, text: str) -> dict[str, Any]:
    """The mutant: the cursor is the number of the last line that was handed out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM park_journal_entry WHERE id > %s ORDER BY id", [text.partition("-")[2]])
        numbers = [row[0] for row in cursor.fetchall()]
    return {"changes": [{"verb": ""} for _n in numbers], "cursor": f"0-{max(numbers, default=0)}"}


def main() -> None:
    ask = {"changes": changes, "by_id": by_id}[sys.argv[1]]
    with in_park("public"):
        with connection.schema_editor() as editor:
            for model in (Person, JournalEntry, Due):
                editor.create_model(model)
            editor.deferred_sql.clear()  # foreign keys lead to tables that nobody asks here
        phone, begin = Phone(point=Point(pk=1, site_id=SITE)), horizon()
        other = connections.create_connection("default")
        other.set_autocommit(False)
        lines = [_insert(other), _insert(connection)]
        between = ask(phone, begin)
        other.commit()
        other.close()
        after = ask(phone, between["cursor"])
    print(json.dumps({"lines": lines, "between": len(between["changes"]), "after": len(after["changes"])}))


def _insert(through: Any) -> str:
    with through.cursor() as cursor:
        cursor.execute(_LINE, [SITE])
        number: str = cursor.fetchone()[0]
    return number


if __name__ == "__main__":
    main()
