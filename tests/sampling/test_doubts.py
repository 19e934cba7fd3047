"""Doubts: each once, following the facts while open, standing for the facts that somebody settled."""

import threading
from typing import Any

import pytest
from django.db import connection
from django_pgschemas.schema import Schema

from parkkeeper.park.models import Anomaly, Post
from parkkeeper.sampling.actions.scans import take_scans
from parkkeeper.sampling.doubts import HOWS, KINDS, OF_SCAN, OF_TUBE, Doubt, follow_doubts, lapse_doubts, raise_doubts
from parkkeeper.sampling.field import Source
from parkkeeper.sampling.models import Scan
from parkkeeper.sampling.settling import EFFECTS
from tests.sampling.fieldkit import FieldPhone, pcr_round
from tests.world import later, world


def a_doubt(key: str = "walk_in:1", kind: str = "walk_in", **more: Any) -> Doubt:
    return Doubt(kind, key, later(0), later(1), noun="scan", noun_id="1", **more)


def test_every_kind_has_an_owner_and_ways_to_settle_that_exist() -> None:
    for name, kind in KINDS.items():
        assert str(kind.title)
        assert kind.owner_role in Post.Role.values, name
        assert kind.settled_by, f"nobody could settle {name}"
        assert set(kind.settled_by) <= set(HOWS), name


def test_every_way_to_settle_is_of_some_kind_and_every_effect_is_a_way() -> None:
    assert {how for kind in KINDS.values() for how in kind.settled_by} == set(HOWS)
    assert set(EFFECTS) <= set(HOWS)
    assert set(OF_TUBE + OF_SCAN) <= set(KINDS)


@pytest.mark.django_db
def test_a_doubt_is_raised_once_and_keeps_its_first_evidence() -> None:
    raise_doubts([a_doubt(evidence={"n": 1}), a_doubt(evidence={"n": 2})])
    raise_doubts([a_doubt(evidence={"n": 3})])
    assert Anomaly.objects.get().evidence == {"n": 2}


@pytest.mark.django_db
def test_text_with_quotes_backslashes_and_nul_is_kept_as_far_as_the_database_can() -> None:
    nasty = 'a"b\\c,{d}\x00NULL'
    raise_doubts([a_doubt(key=nasty)])
    assert Anomaly.objects.get().key == nasty.replace("\x00", "")


@pytest.mark.django_db
def test_an_open_doubt_follows_the_facts_and_a_settled_one_does_not() -> None:
    w: Any = world()
    follow_doubts([a_doubt(evidence={"names": 3})])
    follow_doubts([a_doubt(evidence={"names": 4})])
    assert Anomaly.objects.get().evidence == {"names": 4}
    Anomaly.objects.update(settled_at=later(5), settled_by=w.office, settled_how="accept")
    follow_doubts([a_doubt(evidence={"names": 4})])
    assert Anomaly.objects.count() == 1
    follow_doubts([a_doubt(evidence={"names": 5})])
    follow_doubts([a_doubt(evidence={"names": 5})])
    assert [a.evidence["names"] for a in Anomaly.objects.order_by("pk")] == [4, 5]


@pytest.mark.django_db
def test_a_doubt_that_no_longer_holds_says_so_and_can_hold_again() -> None:
    follow_doubts([a_doubt(evidence={"names": 3})])
    lapse_doubts("scan", ["1"], ["walk_in"], [])
    assert Anomaly.objects.get().evidence == {"names": 3, "holds": False}
    assert not Anomaly.objects.all().holding().exists()
    follow_doubts([a_doubt(evidence={"names": 3})])
    assert Anomaly.objects.all().holding().exists()


@pytest.mark.django_db
def test_what_is_raised_and_explained_at_one_moment_never_was_in_doubt() -> None:
    w: Any = world()
    raise_doubts([a_doubt("walk_in:1"), a_doubt("walk_in:2"), a_doubt("walk_in:3")])
    Anomaly.objects.filter(key="walk_in:3").update(settled_at=later(5), settled_by=w.office, settled_how="accept")
    lapse_doubts("scan", ["1"], ["walk_in"], ["walk_in:2"], at=later(1))
    assert set(Anomaly.objects.values_list("key", flat=True)) == {"walk_in:2", "walk_in:3"}
    lapse_doubts("scan", ["1"], ["walk_in"], [], at=later(2))
    assert Anomaly.objects.get(key="walk_in:2").evidence == {"holds": False}, "somebody may have seen it by then"


@pytest.mark.django_db
def test_lapsing_leaves_what_still_holds_and_what_is_settled() -> None:
    w: Any = world()
    raise_doubts([a_doubt("walk_in:1"), a_doubt("walk_in:2"), a_doubt("walk_in:3")])
    Anomaly.objects.filter(key="walk_in:3").update(settled_at=later(5), settled_by=w.office, settled_how="accept")
    lapse_doubts("scan", ["1"], ["walk_in"], ["walk_in:1"])
    assert set(Anomaly.objects.all().holding().values_list("key", flat=True)) == {"walk_in:1", "walk_in:3"}


@pytest.mark.django_db(transaction=True)
def test_two_phones_that_send_one_person_at_the_same_moment_see_each_other() -> None:
    w: Any = world()
    pcr_round(w.programme, [(p, "due", w.point) for p in w.workers])
    phones = [FieldPhone(w.scanner, w.point, phone_id=n) for n in (1, 2)]
    phones[0].say(phones[0].open_session())
    ready, failed = threading.Barrier(2, timeout=20), []

    def send(n: int, phone: FieldPhone) -> None:
        scans = [phone.scan(p, n + 1, minute) for minute, p in enumerate(w.workers, 1)]
        scans = scans if n else scans[::-1]
        try:
            with Schema.create("world"):
                ready.wait()
                source = Source(phone.holder, phone.point, phone.phone_id, later(30))
                take_scans(scans, source, by=phone.holder, at=later(30))
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=send, args=one) for one in enumerate(phones)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not failed
    assert Scan.objects.count() == 12
    assert Anomaly.objects.filter(kind="double_scan_other_tube").count() == 6
