"""The antigen mornings of the replay: liaisons' lists, files, and self-tests that phones send."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

from parkkeeper.demo.evening import MOST, Sending, phone_key
from parkkeeper.demo.invent.events import EnterpriseMorning, MorningPlan
from parkkeeper.demo.register import Register, moment
from parkkeeper.kernel.ids import deterministic_id
from parkkeeper.kernel.tables import write_csv
from parkkeeper.park.models import Person
from parkkeeper.sampling.actions.antigen import report_antigen_list, take_antigen_file

HEADINGS = ("企业", "姓名", "工号", "抗原结果")
PHONES_SEND = 600  # seconds after the liaison's time of day


class Morning:
    """One morning; lists and files go in as the liaison hands them in, self-tests through the point's phone."""

    def __init__(self, register: Register, plan: MorningPlan) -> None:
        self.register, self.park, self.plan, self.day = register, register.park, plan, plan.day

    def hand_ins(self) -> Iterator[Callable[[], None]]:
        """What liaisons do: hand in a list or a file, in the order of their time."""
        for one in sorted(self.plan.enterprises, key=lambda one: (one.second, one.enterprise)):
            if one.channel == "list" or self._point(one) is None:
                yield partial(self._list, one)
            elif one.channel == "file":
                yield partial(self._file, one)

    def sendings(self) -> list[Sending]:
        """What the points' phones send for the enterprises whose people report their own tests."""
        by_point: dict[str, list[tuple[str, str, int]]] = {}
        for one in self.plan.enterprises:
            point = self._point(one)
            if one.channel == "own_page" and point is not None:
                told = [(key, "negative") for key in one.negative] + [(key, "positive") for key in one.positive]
                by_point.setdefault(point, []).extend(
                    (key, value, one.second + n % 900) for n, (key, value) in enumerate(told)
                )
        sent = []
        for point, tests in sorted(by_point.items()):
            tests.sort(key=lambda test: test[2])
            for n in range(0, len(tests), MOST):
                operations = [self._operation(*test) for test in tests[n : n + MOST]]
                at = tests[min(n + MOST, len(tests)) - 1][2] + PHONES_SEND
                sent.append(Sending(phone_key(point, 1), at, self._id("batch", operations[0]["id"]), operations))
        return sent

    def _point(self, one: EnterpriseMorning) -> str | None:
        """Where the enterprise's people are expected that day; there is a phone there."""
        people = one.negative or one.positive
        return self.park.point_of(people[0], self.day) if people else None

    def _operation(self, person: str, value: str, second: int) -> dict[str, Any]:
        at = (moment(self.day) + timedelta(seconds=second)).isoformat()
        number = self._id("test", person)
        return {"id": number, "at": at, "kind": "antigen", "person": self.register.uuid(person), "value": value}

    def _id(self, *parts: str) -> str:
        return str(deterministic_id("demo", str(self.park.seed), self.day.isoformat(), "antigen", *parts))

    def _liaison(self, one: EnterpriseMorning) -> Person:
        return self.register.people[one.liaison] if one.liaison else self.register.office

    def _list(self, one: EnterpriseMorning) -> None:
        people = self.register.people
        told = {people[key].pk: "" for key in one.unreported} | {people[key].pk: "positive" for key in one.positive}
        silent = set(self.park.in_state(self.day, "silent_period"))
        told |= {people[key].pk: "negative" for key in one.negative if key in silent}
        report_antigen_list(
            self.register.enterprises[one.enterprise], self.day, except_people=told, by=self._liaison(one),
            at=moment(self.day, one.second),
        )  # fmt: skip

    def _file(self, one: EnterpriseMorning) -> None:
        name = self.park.enterprise[one.enterprise].name
        words = [(key, "阴性") for key in one.negative] + [(key, "阳性") for key in one.positive]
        people = self.park.person
        rows = [(name, people[key].name, people[key].staff_number, word) for key, word in words]
        take_antigen_file(
            write_csv(HEADINGS, rows), f"{self.day:%m%d}-{one.enterprise}-抗原.csv", self.day,
            by=self._liaison(one), at=moment(self.day, one.second),
        )  # fmt: skip
