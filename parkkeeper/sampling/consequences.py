"""What follows from the laboratory's words and the scans: one derivation, called by whoever changed a tube.

A positive tube makes every one of its members owe a single retest; a positive single tube makes a case; a single tube's
word closes what its person owed when the sample was taken later than the one that caused it. All of it is derived from
results, scans and tubes together, so the order in which the three arrive does not matter, and deriving again changes
nothing.

Why the time of the sample decides, and not the time at which the obligation was opened: the positive word comes hours
after the swab. Somebody swabbed alone in those hours has given a later sample that answers it; somebody whose single
tube was taken before the pool's swab has not, however late that tube's result comes in.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Q

from parkkeeper.park.models import Person
from parkkeeper.park.statements import run
from parkkeeper.sampling.consequence_notes import note_closed, note_contradictions, note_opened, note_unnamed
from parkkeeper.sampling.models import Flag, Obligation
from parkkeeper.sampling.owing import close_and_reopen, retest_due
from parkkeeper.sampling.tubefacts import Member, TubeFacts, facts_of, members_of, query

_LOCK = "hashtext(current_schema() || '.results')"
SHARE_RESULTS = f"SELECT pg_advisory_xact_lock_shared({_LOCK})"
"""The statement of share_results, for whoever asks it together with another."""

_NOTABLE = """
WITH heard AS (SELECT id, code, pool_size FROM sampling_tube WHERE id = ANY(%(ids)s)),
linked AS (
    UPDATE sampling_result r SET tube_id = heard.id FROM heard
     WHERE r.tube_code = heard.code AND r.tube_id IS NULL RETURNING r.tube_code
), explained AS (
    UPDATE park_anomaly a SET evidence = a.evidence || '{"holds": false}' FROM linked
     WHERE a.key = 'result_unknown_tube:' || linked.tube_code AND a.settled_at IS NULL
)
SELECT heard.id FROM heard JOIN sampling_result r ON r.tube_code = heard.code
 GROUP BY heard.id, heard.pool_size
HAVING heard.pool_size = 1 OR bool_or(r.value <> 'negative' OR r.struck_at IS NOT NULL)
    OR bool_or(EXISTS (SELECT FROM sampling_obligation o WHERE o.closed_by_result_id = r.id))
"""


def judge_tubes(tube_ids: Iterable[int], *, at: datetime) -> None:
    """Derive everything that follows for these tubes; the last step of every action that touched them.

    Idempotent, set-based, within the caller's transaction; two statements while no result asks for more. `at` is the
    moment that is written on what is opened or closed; everything known now counts, whatever its own times say.
    """
    ids = sorted(set(tube_ids))
    if not ids:
        return
    # Scans and results that do not see each other would leave a positive tube without consequences. Whoever brings
    # results holds this lock alone (see hold_results), whoever brings scans shares it, both until they commit.
    share_results()
    notable = [row[0] for row in query(_NOTABLE, ids=ids)]
    if not notable:
        return
    tubes = facts_of(notable)
    note_contradictions(tubes, at=at)
    judged = [tube for tube in tubes if not tube.rehearsal]
    people = _people_of(judged)
    lock_people(people)
    _open_for(judged, at=at)
    settle_people(people, at=at)


def hold_results() -> None:
    """Wait for all who are bringing scans and keep new ones waiting until this transaction ends; for result intake."""
    query(f"SELECT pg_advisory_xact_lock({_LOCK})")


def share_results() -> None:
    """Make whoever brings results wait until this transaction ends; for scans, before they lock any row."""
    run(SHARE_RESULTS)


def settle_people(people: Iterable[int], *, at: datetime) -> None:
    """Close, and open again, the single retests of these people (ids) as their single tubes now stand."""
    closed, reopened = close_and_reopen(sorted(set(people)), at=at)
    note_closed(closed, reopened, at=at)


def _people_of(tubes: list[TubeFacts]) -> list[int]:
    """Everybody who was ever in these tubes, or whose obligations came from or were closed by them."""
    ids = [tube.id for tube in tubes]
    scanned = query(
        "SELECT DISTINCT person_id FROM sampling_scan WHERE tube_id = ANY(%(ids)s) AND person_id IS NOT NULL", ids=ids
    )
    owing = Obligation.objects.filter(Q(tube_id__in=ids) | Q(closed_by_result__tube_id__in=ids))
    return sorted({row[0] for row in scanned} | set(owing.values_list("person_id", flat=True)))


def lock_people(people: list[int]) -> None:
    """Let one transaction at a time work on what these people (ids) owe, until it commits.

    One opens a retest while another brings the tube that answers it: the second must see the first.
    """
    list(Person.objects.filter(pk__in=people).order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _open_for(tubes: list[TubeFacts], *, at: datetime) -> None:
    positive = {tube.id: tube for tube in tubes if tube.ruling == "positive"}
    if not positive:
        return
    members = members_of(positive)
    note_unnamed(list(positive.values()), at=at)
    opened = _open_obligations(members, at=at)
    _raise_flags(members, at=at)
    note_opened(opened, members, at=at)


def _open_obligations(members: list[Member], *, at: datetime) -> list[Obligation]:
    """What the members owe and did not owe yet: a case from a single tube, a single retest from any other."""
    wanted = {}
    for member in members:
        kind, cause = ("case", "case:") if member.tube.single else ("single_retest", "tube:")
        wanted[(member.person_id, kind, cause + member.tube.code)] = member.tube
    causes = {cause for _, _, cause in wanted}
    known = set(Obligation.objects.filter(cause__in=causes).values_list("person_id", "kind", "cause"))
    due_at = retest_due(at)
    return Obligation.objects.bulk_create(
        Obligation(person_id=person, kind=kind, cause=cause, tube_id=tube.id, opened_at=at, due_at=due_at)
        for (person, kind, cause), tube in wanted.items()
        if (person, kind, cause) not in known
    )


def _raise_flags(members: list[Member], *, at: datetime) -> None:
    points = {(member.tube.id, member.tube.point_id) for member in members if member.tube.point_id}
    enterprises = {(member.tube.id, member.enterprise_id) for member in members}
    flags = [Flag(tube_id=tube, point_id=point, raised_at=at) for tube, point in sorted(points)]
    flags += [Flag(tube_id=tube, enterprise_id=one, raised_at=at) for tube, one in sorted(enterprises)]
    Flag.objects.bulk_create(flags, ignore_conflicts=True)
