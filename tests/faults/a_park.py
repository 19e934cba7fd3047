"""A program for the tests: makes the small park of the tests in a real database and prints who may do what there.

Its output is one line of JSON: a phone's enrolment code, the session of the laboratory's member, uuids, tube codes.
"""

import json

import django

django.setup()

from django.test import Client  # noqa: E402

from parkkeeper.kernel.tubes import tube_code  # noqa: E402
from parkkeeper.park.tenancy.parks import in_park, make_park  # noqa: E402
from parkkeeper.sync.actions import issue_enrolment  # noqa: E402
from tests.world import LONG_AGO, MORNING, world  # noqa: E402


def main() -> None:
    make_park("stopped", name="停电园区", at=LONG_AGO)
    with in_park("stopped"):
        w = world()
        _enrolment, code = issue_enrolment(w.point, w.scanner, "scanning_specialist", by=w.office, at=MORNING)
        client = w.login(Client(), w.lab)
        print(json.dumps({
            "code": code, "session": client.cookies["sessionid"].value, "laboratory": w.laboratory.pk,
            "people": [str(p.uuid) for p in w.workers], "tubes": [tube_code("YQ", n) for n in range(1, 30)],
        }))  # fmt: skip


if __name__ == "__main__":
    main()
