"""After an emergency's data is destroyed its figures stay, its people are gone, and what it sealed stays shut."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from parkkeeper.board.figures import mode_running_since, sampled_people, sampled_share
from parkkeeper.park.actions.retention import destroy_due
from parkkeeper.park.errors import Refused
from parkkeeper.park.files import path_of, read_file, store_file
from parkkeeper.park.keys import key_file, key_of, make_key, open_sealed, seal_for
from parkkeeper.park.models import DestructionOrder, Emergency, JournalEntry, Person, StoredFile
from parkkeeper.sampling.actions.gaps import excuse, order_retest
from parkkeeper.sampling.actions.retests import order_single_retest
from parkkeeper.sampling.models import AntigenTest, Disposition, Due, Obligation, Round, Scan
from parkkeeper.sampling.reconciliation import coverage, progress, reconcile, strays
from parkkeeper.sampling.reconciliation_sql import GROUPS
from tests.pages.evening import full_evening
from tests.sampling.facts import antigen, owes
from tests.sampling.results_world import report, tube
from tests.world import DAY, LONG_AGO, later, world

pytestmark = pytest.mark.django_db
ENDED = later(3 * 24 * 60)
DUE = ENDED + timedelta(days=60)
ABOUT_PEOPLE = (Due, Scan, Disposition, Obligation, AntigenTest)


def the_emergency(w: Any) -> Emergency:
    """The park's emergency, with a data key of its own."""
    found = Emergency.objects.get()
    found.data_key_sealed = make_key()
    found.save()
    return found


def destroyed(w: Any) -> None:
    """The emergency has ended, two people ordered its destruction, and its period is over."""
    found = Emergency.objects.get()
    found.during = (LONG_AGO, ENDED)
    found.save()
    DestructionOrder.objects.create(
        emergency=found, reason="通告", proposed_at=ENDED, proposed_by=w.leader, approved_at=ENDED, approved_by=w.office
    )
    destroy_due(at=DUE, limit=20)


def a_day_with_everything(w: Any) -> list[Round]:
    """Sampled, missing, excused, retests ordered and done, a positive tube, strays; an antigen morning."""
    full_evening(w)
    order_single_retest(w.lotus_workers[1], reason="复核", by=w.office, at=later(105))
    order_retest(w.round, w.lotus_workers[0], reason="外出返回", by=w.bo, at=later(110))
    tube(w, 5, w.lotus_workers[0], size=1, minutes=130, round=w.round)
    report(w, (5, "negative"), minutes=330)
    morning = Round.objects.create(
        programme=w.antigen, test="antigen", day=DAY, opens_at=later(-700), closes_at=later(-500), frozen_at=later(-710)
    )
    Due.objects.bulk_create(
        Due(round=morning, person=one, standing="due", on_post=True, enterprise=one.employer) for one in w.workers
    )
    antigen(w.workers[0], "negative", at=later(-690), day=DAY)
    owes(w.workers[1], antigen=antigen(w.workers[1], "positive", at=later(-680), day=DAY), at=later(-680))
    return [w.round, morning]


def told(rounds: list[Round]) -> list[Any]:
    """All that is told of the rounds in counts: by everything, at moments of the day and long after."""
    moments = [later(minutes) for minutes in (-600, 5, 60, 115, 200, 301, 325, 400, 3000, 100_000)]
    found: list[Any] = [sampled_people(DAY), sampled_share(DAY), mode_running_since(DAY)]
    for round in rounds:
        for at in moments:
            found += [reconcile(round, at, by=by) for by in GROUPS]
            found += [coverage(round, at), progress(round, at, step_minutes=60), strays(round, at)[0]]
    return found


def test_the_counts_of_an_old_round_stay_what_they_were_after_its_people_were_destroyed() -> None:
    w = world()
    rounds = a_day_with_everything(w)
    before, known = told(rounds), set(Person.objects.values_list("pk", flat=True))
    states = {state for row in reconcile(w.round, later(400)) for state in row.counts}
    assert len(states) > 3, "a day on which hardly anything happened proves little"
    destroyed(w)
    assert told(rounds) == before
    for model in ABOUT_PEOPLE:
        assert model.objects.exists(), model
        assert not model.objects.filter(person__in=known).exists(), model
    assert set(Person.objects.values_list("pk", flat=True)) == known, "stand-ins are in no list"


def test_the_journal_leads_to_no_row_of_a_stand_in() -> None:
    w = world()
    a_day_with_everything(w)
    destroyed(w)
    lines = JournalEntry.objects.filter(person_id__isnull=False)
    assert lines.filter(noun="disposition").exists() and lines.filter(noun="obligation").exists()
    for model in (Disposition, Obligation):
        keys = {str(pk) for pk in model.objects.values_list("pk", flat=True)}
        named = lines.filter(noun=model._meta.model_name).values_list("noun_id", flat=True)
        assert keys and not keys & set(named), model
    causes = set(Obligation.objects.values_list("cause", flat=True))
    named = {str(line.facts.get("cause")) for line in lines}
    known = {cause for cause in causes & named if not cause.startswith(("tube:", "case:"))}  # codes of things stay
    assert known == set() and any(cause.startswith("order:") for cause in named)


def test_references_between_rows_of_stand_ins_still_hold() -> None:
    w = world()
    a_day_with_everything(w)
    destroyed(w)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    retest = Disposition.objects.get(kind="retest")
    owed = Obligation.objects.get(cause=f"order:{retest.uuid}")
    assert owed.person_id == retest.person_id and owed.closed_by_result is not None
    morning = Obligation.objects.get(antigen__isnull=False)
    assert morning.antigen is not None and morning.cause == f"antigen:{morning.antigen_id}"
    assert morning.person_id == morning.antigen.person_id


def test_what_was_read_of_somebody_unknown_goes() -> None:
    w = world()
    full_evening(w)
    assert Scan.objects.filter(person__isnull=True).exclude(claimed="").exists()
    destroyed(w)
    assert set(Scan.objects.filter(person__isnull=True).values_list("claimed", "by__name", "phone_id")) == {
        ("—", "—", None)
    }


# ---- the data key
def test_files_and_health_notes_of_an_emergency_are_sealed_with_its_own_key() -> None:
    w = world()
    found = the_emergency(w)
    full_evening(w)
    stored = StoredFile.objects.filter(emergency=found).order_by("pk").first()
    assert stored is not None and read_file(stored)
    note = Disposition.objects.get(kind="excused")
    assert note.reason == "出差"
    with connection.cursor() as cursor:
        cursor.execute("SELECT reason FROM sampling_disposition WHERE id = %s", [note.pk])
        kept = cursor.fetchone()[0]
    assert kept.startswith("sealed:") and "出差" not in kept
    other = store_file(b"a roster", name="roster.csv", of_register=True, by=w.office, at=later(1))
    assert other.emergency_id is None and read_file(other) == b"a roster"


def test_outside_of_an_emergency_the_park_s_own_key_seals() -> None:
    w = world()
    found = the_emergency(w)
    found.during = (LONG_AGO, later(-60 * 24 * 15))
    found.save()
    sealed = seal_for("x", context="c", at=later(0))
    assert sealed[:1] == b"\x01" and open_sealed(sealed, context="c") == "x"
    assert store_file(b"later", name="a", by=None, at=later(0)).emergency_id is None


def test_a_destroyed_key_leaves_nothing_that_opens_not_even_in_a_back_up() -> None:
    w = world()
    found = the_emergency(w)
    a_day_with_everything(w)
    stored = store_file(b"positive: No. 7", name="lab.csv", by=w.lab, at=later(10))
    sealed = seal_for("a phone's words", context="sync.poison", at=later(10))
    half = key_file(bytes(found.data_key_sealed))
    back_up = {"row": bytes(found.data_key_sealed), "file": path_of(stored.sha256, found.pk).read_bytes()}
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, reason FROM sampling_disposition WHERE reason LIKE 'sealed:%%'")
        notes = cursor.fetchall()
    assert half.exists() and len(notes) >= 2
    destroyed(w)
    assert not half.exists() and not path_of(stored.sha256, found.pk).exists()
    found.refresh_from_db()
    assert found.data_key_sealed is None and found.data_key_destroyed_at == DUE
    _restore(found, stored, back_up)
    assert key_of(found.pk) is None
    assert open_sealed(sealed, context="sync.poison") is None
    stored.refresh_from_db()
    with pytest.raises(Refused, match="销毁"):
        read_file(stored)
    one = Disposition.objects.order_by("pk").first()
    assert one is not None
    with connection.cursor() as cursor:
        cursor.execute("UPDATE sampling_disposition SET reason = %s WHERE id = %s", [notes[0][1], one.pk])
    assert Disposition.objects.get(pk=one.pk).reason == "—"


def _restore(emergency: Emergency, stored: StoredFile, back_up: dict[str, bytes]) -> None:
    """The database and the files as they were before, from a back-up that somebody kept too long."""
    Emergency.objects.filter(pk=emergency.pk).update(data_key_sealed=back_up["row"], data_key_destroyed_at=None)
    StoredFile.objects.filter(pk=stored.pk).update(destroyed_at=None)
    path: Path = path_of(stored.sha256, emergency.pk)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(back_up["file"])


def test_a_key_that_another_process_destroyed_is_refused_at_the_next_use() -> None:
    w = world()
    found = the_emergency(w)
    assert key_of(found.pk) is not None
    key_file(bytes(found.data_key_sealed)).unlink()
    assert key_of(found.pk) is None


def test_a_data_key_never_stands_whole_in_the_database() -> None:
    w = world()
    found = the_emergency(w)
    path = key_file(bytes(found.data_key_sealed))
    assert path.is_relative_to(settings.DATA_DIR / "keys") and path.stat().st_mode & 0o777 == 0o600
    half, path_text = path.read_bytes(), path.read_bytes()
    path.write_bytes(bytes(len(half)))
    assert key_of(found.pk) is None, "the other half alone opens nothing"
    path.write_bytes(path_text)
    assert key_of(found.pk) is not None


def test_a_note_is_found_again_after_a_change_of_another_column() -> None:
    w = world()
    the_emergency(w)
    full_evening(w)
    note = excuse(w.round, w.workers[3], reason="发热 38.5", by=w.mei, at=later(101))
    note.refresh_from_db()
    note.save()
    assert Disposition.objects.get(pk=note.pk).reason == "发热 38.5"
