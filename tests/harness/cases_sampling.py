"""Each constraint of sampling and of the phones, from both sides."""

from uuid import UUID

from parkkeeper.sampling.models import (
    BoxTube,
    Round,
    Slot,
)
from tests.harness.cases import Change, Twin, by_somebody, these
from tests.harness.rows import (
    HOUR_ON,
    NEVER,
    D,
    ahead,
    before,
    box,
    disposition,
    due,
    duty,
    enrolment,
    flag,
    following,
    hand_over,
    obligation,
    phone,
    poison,
    reception,
    released,
    result,
    round_,
    scan,
    tube,
)
from tests.world import EVENING, MORNING

WORD = UUID(int=1)

CHANGES = [
    Change(
        "point_enterprise_has_host",
        lambda w: w.point,
        these(kind="nearby", host=None),
        (these(kind="enterprise"), lambda w: {"host": w.rainbow}),
    ),
    Change("point_has_a_desk", lambda w: w.point, these(desks=1), (these(desks=0),)),
    Change(
        "programme_opens_before_it_closes",
        lambda w: w.programme,
        these(opens=1, closes=2),
        (these(closes=1), these(opens=3)),
    ),
    Change("programme_pool_size", lambda w: w.programme, these(pool_size=20), (these(pool_size=7), these(pool_size=0))),
    Change(
        "round_opens_before_it_closes",
        round_,
        these(closes_at=HOUR_ON),
        (these(closes_at=MORNING), these(opens_at=NEVER)),
    ),
    by_somebody("round_closed_by_somebody", round_, "closed_at", "closed_by"),
    Change("disposition_excuse_has_reason", disposition, these(kind="excused", reason="术后"), (these(reason=""),)),
    Change(
        "disposition_elsewhere_says_where_and_when",
        disposition,
        these(kind="elsewhere", place="区医院", sampled_at=EVENING),
        (these(place=""), these(sampled_at=None)),
    ),
    Change(
        "disposition_of_a_round_or_of_days",
        lambda w: disposition(w, "excused", reason="术后"),
        these(round=None, test="pcr", days=(D[0], D[1])),
        (
            these(test=""),
            these(days=None),
            these(kind="told"),
            lambda w: {"round": Round.objects.get()},
        ),
    ),
    by_somebody("disposition_withdrawn_by_somebody", disposition, "withdrawn_at", "withdrawn_by"),
    Change("tube_has_code", tube, these(code="YQ2"), (these(code=""),)),
    Change(
        "tube_opened_by_a_word",
        tube,
        these(opening=WORD, opened_at=EVENING),
        (these(opening=None), these(opened_at=None)),
    ),
    Change(
        "tube_sealed_by_a_word",
        tube,
        these(sealing=WORD, sealed_at=EVENING),
        (these(sealing=None), these(sealed_at=None)),
    ),
    Change(
        "scan_undone_and_heard",
        scan,
        these(undone_at=EVENING, undone_received_at=EVENING),
        (these(undone_at=None), these(undone_received_at=None)),
    ),
    by_somebody("box_lost_by_somebodys_word", box, "lost_at", "lost_by"),
    Change(
        "hand_over_of_a_box_by_id_or_code",
        hand_over,
        these(box=None, box_code="BYQ00000001D"),
        (these(box_code=""),),
    ),
    by_somebody("result_struck_by_somebody_with_reason", result, "struck_at", "struck_by", struck_reason="录错"),
    Change(
        "obligation_closed_by_result_or_release",
        obligation,
        lambda w: {"closed_at": EVENING, "closed_by_result": result(w)},
        (these(closed_at=None), these(closed_by_result=None)),
    ),
    Change(
        "obligation_closed_by_result_or_release",
        obligation,
        lambda w: {"kind": "case", "closed_at": EVENING, "closed_by": w.office, "closed_reason": "出院"},
        (these(closed_by=None), these(closed_reason=""), these(kind="single_retest"), these(closed_at=None)),
    ),
    Change(
        "flag_on_one_thing",
        lambda w: flag(w, point=w.point),
        lambda w: {"point": None, "enterprise": w.rainbow},
        (these(enterprise=None), lambda w: {"point": w.point}),
    ),
    by_somebody(
        "flag_lowered_by_somebody_with_reason",
        lambda w: flag(w, point=w.point),
        "lowered_at",
        "lowered_by",
        lowered_reason="已消毒",
    ),
    by_somebody("phone_revoked_by_somebody", phone, "revoked_at", "revoked_by"),
    Change(
        "enrolment_used_by_a_phone",
        enrolment,
        lambda w: {"used_at": EVENING, "phone": phone(w)},
        (these(used_at=None), these(phone=None)),
    ),
    *(
        Change(
            f"{name}_of_a_point_or_a_grid",
            make,
            lambda w: {"point": None, "grid": w.grids[0]},
            (these(grid=None), lambda w: {"point": w.point}),
        )
        for name, make in (("phone", phone), ("enrolment", enrolment))
    ),
    by_somebody("poison_taken_by_somebody", poison, "taken_at", "taken_by"),
]
TWINS = [
    Twin(
        "slot_one_enterprise_at_a_time",
        lambda w: Slot.objects.get(enterprise=w.lotus),
        lambda w: {"enterprise": w.rainbow, "shift": "夜", "minutes": (1140, 1200)},
        lambda w: {"enterprise": w.rainbow, "shift": "早", "minutes": (1079, 1080)},
    ),
    Twin(
        "slot_one_point_a_shift",
        lambda w: Slot.objects.get(enterprise=w.lotus),
        these(shift="夜", minutes=(1140, 1200)),
        these(minutes=(1200, 1210)),
    ),
    Twin("tube_roll_issued_once", lambda w: w.roll, these(prefix="ZZ"), these(serials=(999, 1000))),
    Twin("round_one_a_test_a_day", round_, these(test="antigen"), these(rehearsal=True)),
    Twin("due_once_a_round", due, lambda w: {"person": w.bo}, these(standing="excused")),
    Twin(
        "disposition_one_of_a_kind",
        lambda w: disposition(w, "excused", reason="术后"),
        lambda w: {"withdrawn_at": EVENING, "withdrawn_by": w.office},
        these(reason="别的理由"),
    ),
    Twin("disposition_ahead_once_a_day", ahead, these(days=(D[3], D[4])), these(days=(D[2], D[4]))),
    Twin("duty_once_a_session", duty, these(role="scanning_specialist"), these(began_at=HOUR_ON)),
    Twin(
        "box_tube_once",
        lambda w: BoxTube.objects.create(box=box(w), tube=tube(w)),
        lambda w: {"tube": tube(w, "YQ2")},
        these(),
    ),
    Twin("reception_said_once", reception, these(condition="leaked"), these(at=HOUR_ON)),
    Twin("result_said_once", result, these(value="positive"), these(received_at=HOUR_ON)),
    Twin("scan_before_once_a_moment", lambda w: before(w, "scan"), these(until=NEVER), these(undone_at=EVENING)),
    Twin("tube_before_once_a_moment", lambda w: before(w, "tube"), these(until=NEVER), these(pool_size=5)),
    Twin("box_tube_before_once_a_moment", lambda w: before(w, "line"), these(until=NEVER), these(heard_at=EVENING)),
    Twin("reception_before_once_a_moment", lambda w: before(w, "reception"), these(until=NEVER), these()),
    Twin("loss_before_once_a_moment", lambda w: before(w, "box"), these(until=NEVER), these(lost_at=MORNING)),
    Twin("obligation_once_a_cause", released, these(cause="tube:YQ2"), these(due_at=HOUR_ON)),
    Twin(
        "obligation_open_once_a_cause",
        following,
        lambda w: {"follows": released(w, "tube:YQ8"), "cause": "tube:YQ2"},
        lambda w: {"follows": released(w, "tube:YQ9")},
    ),
    Twin(
        "obligation_followed_once",
        following,
        lambda w: {"follows": released(w, "tube:YQ8"), "cause": "tube:YQ2"},
        these(cause="tube:YQ3"),
    ),
    Twin(
        "flag_point_once",
        lambda w: flag(w, point=w.point),
        lambda w: {"point": w.nearby},
        these(raised_at=HOUR_ON),
    ),
    Twin(
        "flag_enterprise_once",
        lambda w: flag(w, enterprise=w.rainbow),
        lambda w: {"enterprise": w.lotus},
        these(raised_at=HOUR_ON),
    ),
    Twin("poison_once", poison, these(position=1), these(code="other")),
]
