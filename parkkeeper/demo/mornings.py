"""The antigen mornings of the replay: liaisons' lists, a file, and self-tests that phones send."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from parkkeeper.demo.desk import Desk
from parkkeeper.demo.evening import MOST, Sending, phone_key
from parkkeeper.demo.invent.events import EnterpriseMorning, MorningPlan
from parkkeeper.demo.register import Register, moment
from parkkeeper.kernel.ids import deterministic_id
from parkkeeper.kernel.tables import write_csv
from parkkeeper.park.models import Person
from parkkeeper.sampling.actions.antigen import report_antigen_list

HEADINGS = ("企业", "姓名", "工号", "抗原结果")
PHONES_SEND = 600  # seconds after the liaison's time of day


class Morning:
    """One morning; lists and files go in as the liaison hands them in, self-tests through the point's phone."""

    def __init__(self, register: Register, plan: MorningPlan) -> None:
        self.register, self.park, self.plan, self.day = register, register.park, plan, plan.day

    def hand_ins(self, desk: Desk) -> Iterator[Callable[[], None]]:
        """What the office does at its desk, and what liaisons do: hand in their lists, in the order of their time."""
        yield partial(self.hand_in_file, desk)
        for one in sorted(self.plan.enterprises, key=lambda one: (one.second, one.enterprise)):
            if one.channel == "list" or (one.channel == "own_page" and self._point(one) is None):
                yield partial(self._list, one)

    def hand_in_file(self, desk: Desk) -> None:
        """The office hands in one table with the rows of all enterprises that keep one, on the page for it."""
        tests = [(key, "阴性") for one in self.plan.enterprises if one.channel == "file" for key in one.negative]
        tests += [(key, "阳性") for one in self.plan.enterprises if one.channel == "file" for key in one.positive]
        if not tests:
            return
        people, names = self.park.person, self.park.enterprise
        rows = [(names[(who := people[key]).enterprise].name, who.name, who.staff_number, word) for key, word in tests]
        file, day, at = (
            (f"{self.day:%m%d}-antigen.csv", write_csv(HEADINGS, rows)),
            self.day.isoformat(),
            self._filed_at(),
        )
        preview = desk.post("/antigen/file", {"day": day}, at=at, file=file)
        desk.post(preview.partition("?")[0], {"day": day}, at=at)

    def _filed_at(self) -> datetime:
        return moment(self.day, max(one.second for one in self.plan.enterprises) + 300)

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
