"""Whole tubes go in at once, and nothing about the park tells afterwards which way they came."""

import random
import re
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection, transaction

from parkkeeper.kernel.tubes import tube_code
from parkkeeper.park.models import Anomaly, JournalEntry
from parkkeeper.sampling.actions import sheaves as verbs
from parkkeeper.sampling.actions.rounds import open_round
from parkkeeper.sampling.models import Obligation, Programme, Scan, Slot, Tube
from parkkeeper.sync import inbox
from parkkeeper.sync.models import Batch
from parkkeeper.sync.sheaves import Sifted
from tests.sync.handset import Handset, enrolled, json_of
from tests.world import ALWAYS, DAY, EVENING, MORNING, later, world

pytestmark = pytest.mark.django_db

# How many scans a call brought, and the first of them, is what a doubt about a phone's or a point's day happens to say.
_OF_A_DAY = {"late_scan", "clock_far_off", "after_close", "no_round", "no_session", "other_enterprise_slot"}


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Counts sheaves that were offered and that went in whole."""
    counted: Counter[str] = Counter()
    real: Any = verbs.take_sheaves.__wrapped__  # type: ignore[attr-defined]

    def counting(sheaves: Any, columns: Any, source: Any, *, by: Any, at: Any) -> Any:
        found = real(sheaves, columns, source, by=by, at=at)
        counted.update(offered=len(sheaves), whole=len(found.sheaves))
        return found

    monkeypatch.setattr(verbs, "take_sheaves", counting)
    return counted


def scene() -> tuple[Any, Handset]:
    w: Any = world()
    w.many = [w.person(f"工人{n}", w.rainbow) for n in range(60)]
    # 17:00-18:05 and 18:10-18:20 are theirs, 18:35-18:45 others have the point, then nobody
    Slot.objects.filter(enterprise=w.rainbow).update(minutes=(1020, 1085))
    Slot.objects.create(point=w.point, enterprise=w.rainbow, shift="晚", minutes=(1090, 1100), during=ALWAYS)
    Slot.objects.create(point=w.point, enterprise=w.builders, shift="晚", minutes=(1115, 1125), during=ALWAYS)
    open_round(Programme.objects.get(test="pcr"), DAY, by=w.office, at=MORNING)
    phone = enrolled(w.scanner, w.point, by=w.office)
    phone.send([phone.op("open_session", at=EVENING)])
    return w, phone


def scans_of(phone: Handset, code: str, people: list[Any], minute: float = 1.0) -> list[dict[str, Any]]:
    return [
        phone.op("scan", tube=code, person=p.uuid, how="code", at=later(minute + n / 10)) for n, p in enumerate(people)
    ]


def a_tube(phone: Handset, serial: int, people: list[Any], **more: Any) -> list[dict[str, Any]]:
    code = tube_code("YQ", serial)
    return [
        phone.op("open_tube", tube=code, pool_size=10, at=later(1)), *scans_of(phone, code, people),
        phone.op("seal_tube", tube=code, swabs=more.get("swabs", len(people)), at=later(9)),
    ]  # fmt: skip


def test_a_usual_tube_goes_in_whole_and_an_odd_one_beside_it_does_not(taken: Counter[str]) -> None:
    w, phone = scene()
    answer = json_of(phone.send(a_tube(phone, 7, w.many[:5]) + a_tube(phone, 8, w.many[5:9], swabs=3), at=later(10)))
    assert taken == {"offered": 2, "whole": 1}
    assert Tube.objects.get(code=tube_code("YQ", 7)).swabs == 5 and Scan.objects.count() == 9
    assert [bool(v.get("doubts")) for v in answer["verdicts"]] == [False] * 7 + [False] * 5 + [True]
    assert JournalEntry.objects.filter(verb="scans.taken").count() == 2


def test_a_tube_goes_in_whole_that_is_told_in_three_batches(taken: Counter[str]) -> None:
    w, phone = scene()
    opened, *scans, sealed = a_tube(phone, 7, w.many[:5])
    for n, part in enumerate(([opened, *scans[:2]], scans[2:], [sealed])):
        assert Tube.objects.sealed().count() == 0
        phone.send(part, at=later(2 + 4 * n))
    assert taken == {"offered": 3, "whole": 3}
    tube = Tube.objects.get()
    assert (tube.swabs, tube.sealed_at, tube.scans.count()) == (5, later(9), 5)
    assert not Anomaly.objects.exists()


def test_the_reply_to_usual_tubes_is_the_same_when_they_are_sent_again(taken: Counter[str]) -> None:
    w, phone = scene()
    operations, number = a_tube(phone, 7, w.many[:5]), str(uuid4())
    first = json_of(phone.send(operations, at=later(10), number=number))
    assert json_of(phone.send(operations, at=later(12), number=number)) == first
    again = json_of(phone.send(operations, at=later(12)))  # in another batch
    assert {v["verdict"] for v in again["verdicts"]} == {"known"} and Scan.objects.count() == 5


@pytest.mark.parametrize("parts", [1, 2])
def test_a_tube_that_went_in_whole_knows_which_phone_sealed_it(taken: Counter[str], parts: int) -> None:
    w, phone = scene()
    told = a_tube(phone, 7, w.many[:5])
    undos = [phone.op("undo_scan", scan=told[n]["id"], at=later(minute)) for n, minute in ((1, 9.3), (2, 9.7))]
    for part in (told,) if parts == 1 else (told[:-1], told[-1:]):
        phone.send(part, at=later(10))
    assert taken == {"offered": parts, "whole": parts} and Tube.objects.get().seal_phone_id == phone.row.pk
    phone.send(undos, at=later(11))
    assert [bool(Scan.objects.get(pk=told[n]["id"]).undone_at) for n in (1, 2)] == [True, False]


@pytest.mark.parametrize(("minutes", "whole", "doubted"), [(14, 1, False), (39, 0, True), (50, 1, False)])
def test_a_tube_goes_in_whole_in_any_slot_of_the_enterprise_and_when_nobody_has_the_point(
    taken: Counter[str], minutes: float, whole: int, doubted: bool
) -> None:
    w, phone = scene()
    operations = a_tube(phone, 7, w.many[:5])
    shift(operations, minutes)
    answer = json_of(phone.send(operations, at=later(70)))
    assert taken["whole"] == whole
    assert ["other_enterprise_slot" in v.get("doubts", ()) for v in answer["verdicts"][1:-1]] == [doubted] * 5


def test_late_scans_go_in_whole_and_are_one_doubt(taken: Counter[str]) -> None:
    w, phone = scene()
    answer = json_of(phone.send(a_tube(phone, 7, w.many[:5]), at=later(300)))
    assert taken["whole"] == 1
    assert all("late_scan" in v["doubts"] for v in answer["verdicts"][1:-1])
    assert Anomaly.objects.get(kind="late_scan").evidence["scans"] == 5


def test_a_moment_that_the_database_cannot_read_does_not_hold_the_others() -> None:
    w, phone = scene()
    operations = a_tube(phone, 7, w.many[:5])
    operations[2]["at"] = "2022-W19-2T18:02:00+08:00"  # ISO 8601 all the same
    answer = json_of(phone.send(operations, at=later(10)))
    assert {v["verdict"] for v in answer["verdicts"]} == {"stored"} and Scan.objects.count() == 5


@pytest.mark.parametrize("number", range(6))
def test_whole_tubes_leave_the_same_behind_as_operations_one_by_one(
    number: int, taken: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seed = random.SystemRandom().randrange(10**9)
    print(f"seed {seed}")
    w, phone = scene()
    batches = evening(random.Random(seed), w, phone)
    whole = told_by(phone, batches)
    assert taken["whole"] and taken["offered"] > taken["whole"]
    with monkeypatch.context() as patched:
        patched.setattr(inbox, "sift", lambda operations, holder, offset: Sifted(left=list(range(len(operations)))))
        single = told_by(phone, batches)
    told = [op for operations, _at in batches for op in operations]
    answers = zip(told, _flat(whole.pop("answers")), _flat(single.pop("answers")), strict=True)
    assert [line for line in answers if line[1] != line[2]] == [], f"seed {seed}"
    for name in whole:
        assert whole[name] == single[name], f"{name}, seed {seed}"


def _flat(answers: list[list[Any]]) -> list[Any]:
    return [verdict for answer in answers for verdict in answer]


def evening(chance: random.Random, w: Any, phone: Handset) -> list[tuple[list[dict[str, Any]], Any]]:
    """Batches of an evening in which much goes wrong: (operations, server's moment)."""
    people = [*w.many]
    chance.shuffle(people)
    operations: list[list[dict[str, Any]]] = []
    for serial in range(100, 112):
        members = [people.pop() for _n in range(chance.choice([2, 3, 4]))]
        operations.append(_perhaps_odd(chance, w, phone, serial, members))
    Obligation.objects.create(
        person=people[0], kind="single_retest", cause="tube:X", opened_at=MORNING, due_at=EVENING + timedelta(days=1)
    )
    cut = [op for tube in operations for op in tube]
    if chance.random() < 0.3:
        chance.shuffle(cut)
    batches = []
    while cut:  # some while their tube is still open, so that the server hears of it before it was sealed
        size = chance.choice([3, 10, 25])
        batches.append((cut[:size], later(chance.choice([1.15, 12, 15, 200]))))
        cut = cut[size:]
    if chance.random() < 0.5:
        batches.append(batches[0])
    return batches


def _perhaps_odd(chance: random.Random, w: Any, phone: Handset, serial: int, people: list[Any]) -> list[dict[str, Any]]:
    told = a_tube(phone, serial, people)
    scans = told[1:-1]
    match chance.randrange(18):
        case 0:
            told[-1]["swabs"] += 1
        case 1:
            scans[0]["person"] = str(uuid4())
        case 2:
            scans[0]["person"] = str(chance.choice(w.lotus_workers).uuid)
        case 3:
            told.append(phone.op("undo_scan", scan=scans[0]["id"], at=later(chance.choice([8, 9.3, 10]))))
        case 4:
            scans[0]["at"] = later(chance.choice([9.3, 11])).isoformat()
        case 5:
            told[0]["pool_size"] = 2
        case 6:
            scans[0] |= {"claimed": people[0].staff_number, "how": "staff_number"}
            del scans[0]["person"]
        case 7:
            for op in told:
                op["tube"] = f" {op.get('tube', '').lower()}" if chance.random() < 0.5 else op.get("tube")
        case 8:
            for op in told:
                op["tube"] = "T-NOT-A-TUBE"
        case 9:
            told.append({**scans[0], "id": str(uuid4()), "seq": 900 + serial})
        case 10:
            scans[0]["person"] = str(w.many[0].uuid)  # perhaps in another tube too
        case 11:
            told.insert(0, phone.op("undo_scan", scan=scans[0]["id"], at=later(3)))
        case 12:
            told.append(phone.op("seal_tube", tube=told[0]["tube"], swabs=1, at=later(8)))
        case 13:
            told[0]["session"] = str(uuid4())
        case 14:
            told.pop()  # its seal comes another day
        case 15:
            shift(told[1:], chance.choice([15, 25, 39, 50]))
    return told


def shift(operations: list[dict[str, Any]], minutes: float) -> None:
    for op in operations:
        op["at"] = (datetime.fromisoformat(op["at"]) + timedelta(minutes=minutes)).isoformat()


class _Undone(Exception):
    pass


def told_by(phone: Handset, batches: list[tuple[list[dict[str, Any]], Any]]) -> dict[str, Any]:
    """What the batches leave behind and were answered, with codes in the place of tubes' ids; then all is undone."""
    found: dict[str, Any] = {}
    try:
        with transaction.atomic():
            answers = [json_of(phone.send(operations, at=at))["verdicts"] for operations, at in batches]
            found = {"answers": answers, **_left_behind()}
            raise _Undone
    except _Undone:
        return found


def _left_behind() -> dict[str, Any]:
    codes = dict(Tube.objects.order_by("pk").values_list("pk", "code"))
    tubes = [{k: v for k, v in row.items() if k != "id"} for row in Tube.objects.order_by("code").values()]
    scans = [row | {"tube_id": codes[row["tube_id"]]} for row in Scan.objects.order_by("pk").values()]
    doubts = sorted(_doubt(dict(row), codes) for row in Anomaly.objects.order_by("pk").values())
    counts: Counter[str] = Counter()
    for verb, facts in JournalEntry.objects.order_by("pk").values_list("verb", "facts"):
        counts[verb] += facts.get("count", 0)
    return {"tubes": tubes, "scans": scans, "doubts": doubts, "journal": counts, "before": _before(codes)}


def _doubt(row: dict[str, Any], codes: dict[int, str]) -> str:
    if row["kind"] in _OF_A_DAY:
        return f"{row['kind']} {row['key']}"
    if row["noun"] == "tube":
        row["noun_id"] = codes[int(row["noun_id"])]
        row["key"] = re.sub(r"(?<=:)\d+(?=:|$)", lambda found: codes.get(int(found[0]), found[0]), row["key"])
    return repr([row[name] for name in ("kind", "key", "person_id", "site_id", "noun", "noun_id", "evidence")])


def _before(codes: dict[int, str]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tube_id, opening, sealing, swabs FROM sampling_tube_before")
        tubes = sorted(str((codes[row[0]], *row[1:])) for row in cursor.fetchall())
        cursor.execute("SELECT scan_id, undone_at FROM sampling_scan_before")
        return [tubes, sorted(map(str, cursor.fetchall()))]


def test_what_is_kept_of_a_batch_of_usual_tubes_is_short() -> None:
    w, phone = scene()
    phone.send(a_tube(phone, 7, w.many[:5]), at=later(10))
    batch = Batch.objects.get(operations=7)
    assert batch.reply["verdicts"] == {} and UUID(batch.reply["batch"]) == batch.pk
