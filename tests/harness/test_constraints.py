"""Every named constraint from both sides: what it allows is stored, what it forbids is refused by its name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, models, transaction

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.models import (
    CalendarYear,
    Certificate,
    Emergency,
    Post,
    Presence,
    Rule,
    Series,
)
from parkkeeper.sampling.models import (
    BoxTube,
    Round,
    Slot,
)
from tests.harness.rows import (
    HOUR_ON,
    NEVER,
    D,
    ahead,
    anomaly,
    before,
    box,
    code_key,
    disposition,
    due,
    duty,
    ending,
    enrolment,
    flag,
    following,
    hold,
    import_row,
    level,
    obligation,
    order,
    own_link,
    phone,
    poison,
    reception,
    released,
    result,
    round_,
    scan,
    seal,
    tube,
)
from tests.inspection import constraint_cases
from tests.world import ALWAYS, DAY, EVENING, LONG_AGO, MORNING, later, world

pytestmark = pytest.mark.django_db
Values = Callable[[Any], dict[str, Any]]


# ---- the table
@dataclass(frozen=True)
class Change:
    """A check: the row takes the good values, and, having them, refuses each of the bad ones."""

    name: str
    row: Callable[[Any], Any]
    good: Values
    bad: tuple[Values, ...]


@dataclass(frozen=True)
class Twin:
    """A uniqueness or exclusion: a copy of the row with the good values is stored, one with the bad values is not."""

    name: str
    row: Callable[[Any], Any]
    good: Values
    bad: Values


def these(**values: Any) -> Values:
    return lambda w: values


def by_somebody(name: str, row: Callable[[Any], Any], at: str, by: str, **more: Any) -> Change:
    """A pair of columns, when and by whom, and what else must be told with it: none of them alone."""
    empty = {at: None, by: None, **dict.fromkeys(more, "")}
    return Change(
        name, row, lambda w: {at: EVENING, by: w.office, **more}, tuple(these(**{k: v}) for k, v in empty.items())
    )


CHANGES = [
    Change("code_key_number_fits_its_byte", code_key, these(number=255), (these(number=0), these(number=256))),
    Change(
        "code_key_signs_or_is_retired",
        code_key,
        lambda w: {"retired_at": EVENING, "retired_by": w.office, "until": DAY, "private_sealed": None},
        (these(private_sealed=b"x"), these(retired_by=None), these(until=None), these(retired_at=None)),
    ),
    Change(
        "own_link_opened_by_a_phone",
        own_link,
        these(opened_at=EVENING, token_hash=b"t" * 32),
        (these(opened_at=None), these(token_hash=None)),
    ),
    by_somebody("own_link_revoked_by_somebody", own_link, "revoked_at", "revoked_by"),
    Change("enterprise_has_credit_code", lambda w: w.rainbow, these(credit_code="X"), (these(credit_code=""),)),
    Change("enterprise_has_name", lambda w: w.rainbow, these(name="彩"), (these(name=""),)),
    Change(
        "site_is_on_earth",
        lambda w: w.point.site,
        these(longitude=180, latitude=-90),
        (these(longitude=180.1), these(longitude=-181), these(latitude=90.5), these(latitude=-91)),
    ),
    Change(
        "area_level_has_one_place",
        lambda w: level(w, grid=w.grids[0]),
        lambda w: {"grid": None, "enterprise": w.rainbow},
        (these(enterprise=None), lambda w: {"grid": w.grids[0]}),
    ),
    Change("person_has_name", lambda w: w.mei, these(name="梅"), (these(name=""),)),
    Change(
        "person_document_sealed_with_index",
        lambda w: w.mei,
        these(document_sealed=None, document_index=None),
        (these(document_sealed=b"x"), these(document_index=b"x" * 16)),
    ),
    by_somebody(
        "certificate_revoked_by_somebody",
        lambda w: Certificate.objects.get(person=w.sampler),
        "revoked_at",
        "revoked_by",
    ),
    by_somebody("anomaly_settled_by_somebody_somehow", anomaly, "settled_at", "settled_by", settled_how="noted"),
    Change("emergency_has_basis", lambda w: Emergency.objects.get(), these(basis="通告"), (these(basis=""),)),
    Change(
        "emergency_destroyed_key_is_gone",
        lambda w: Emergency.objects.get(),
        these(data_key_sealed=None, data_key_destroyed_at=EVENING),
        (these(data_key_sealed=b"key"),),
    ),
    Change(
        "calendar_year_has_source",
        lambda w: CalendarYear.objects.create(
            year=2022, holidays=[DAY], make_up_days=[], source="通知", entered_at=EVENING
        ),
        these(source="更正"),
        (these(source=""),),
    ),
    Change(
        "person_destroyed_tells_nothing",
        lambda w: w.mei,
        these(
            name="—",
            pinyin="",
            phone="",
            staff_number="",
            document_sealed=None,
            document_index=None,
            document_tail="",
            destroyed_at=EVENING,
        ),
        (these(name="梅联络"), these(phone="19900000000"), these(document_sealed=b"x", document_index=b"x" * 16)),
    ),
    by_somebody("order_approved_by_somebody", order, "approved_at", "approved_by"),
    Change(
        "order_approved_by_another",
        order,
        lambda w: {"approved_at": EVENING, "approved_by": w.office},
        (lambda w: {"approved_by": w.leader},),
    ),
    by_somebody("order_withdrawn_by_somebody", order, "withdrawn_at", "withdrawn_by"),
    Change("hold_has_reason", hold, these(reason="案号"), (these(reason=""),)),
    Change("hold_ends_after_it_began", hold, these(until=HOUR_ON), (these(until=EVENING),)),
    by_somebody("hold_lifted_by_somebody", hold, "lifted_at", "lifted_by"),
    Change("rule_has_source", lambda w: Rule.objects.first(), these(source="方案"), (these(source=""),)),
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
        "scan_undone_and_heard",
        scan,
        these(undone_at=EVENING, undone_received_at=EVENING),
        (these(undone_at=None), these(undone_received_at=None)),
    ),
    by_somebody("box_lost_by_somebodys_word", box, "lost_at", "lost_by"),
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
    by_somebody("poison_taken_by_somebody", poison, "taken_at", "taken_by"),
]
TWINS = [
    Twin("code_key_one_signs", code_key, these(number=9, mark=b"else"), these(number=10)),
    Twin(
        "area_level_one_a_grid_at_a_time",
        lambda w: level(w, grid=w.grids[0]),
        these(during=(HOUR_ON, None)),
        these(during=(LONG_AGO, later(1))),
    ),
    Twin(
        "area_level_one_an_enterprise_at_a_time",
        lambda w: level(w, enterprise=w.rainbow),
        these(during=(HOUR_ON, None)),
        these(during=(later(59), None)),
    ),
    Twin(
        "person_document_once",
        lambda w: w.mei,
        these(document_index=b"o" * 16, staff_number="A1"),
        these(staff_number="A2"),
    ),
    Twin(
        "person_staff_number_once",
        lambda w: w.mei,
        lambda w: {"document_index": b"o" * 16, "employer": w.lotus},
        these(document_index=b"p" * 16),
    ),
    Twin(
        "presence_one_state_at_a_time",
        lambda w: ending(Presence.objects.get(person=w.mei), EVENING),
        these(during=(EVENING, None)),
        these(during=(MORNING, EVENING)),
    ),
    Twin(
        "certificate_number_once_an_issuer",
        lambda w: Certificate.objects.get(person=w.sampler),
        these(issuer="别的培训班"),
        lambda w: {"person": w.mei},
    ),
    Twin(
        "post_once_a_place_at_a_time",
        lambda w: Post.objects.get(person=w.mei),
        lambda w: {"enterprise": w.lotus},
        these(during=(date(2022, 6, 1), None)),
    ),
    Twin(
        "post_once_a_place_at_a_time",
        lambda w: Post.objects.get(person=w.leader),
        these(during=(ALWAYS[1], None)),
        these(during=(ALWAYS[0], date(2022, 4, 2))),
    ),
    Twin(
        "order_one_an_emergency",
        order,
        lambda w: {"withdrawn_at": EVENING, "withdrawn_by": w.office},
        these(reason="又一次"),
    ),
    Twin("anomaly_raised_once", anomaly, these(key="another"), these(kind="other")),
    Twin(
        "emergency_one_at_a_time",
        lambda w: ending(Emergency.objects.get(), EVENING),
        these(during=(EVENING, None)),
        these(during=(MORNING, HOUR_ON)),
    ),
    Twin(
        "series_once_a_year",
        lambda w: Series.objects.create(kind="notice", year=2022, last=3),
        these(year=2023),
        these(last=4),
    ),
    Twin("rule_one_value_at_a_time", lambda w: Rule.objects.first(), these(key="other"), these(during=(EVENING, None))),
    Twin("import_row_once", import_row, these(number=8), these(verdict="ambiguous")),
    Twin("journal_seal_once", seal, these(from_xid=2, previous=b"1" * 32), these(previous=b"2" * 32)),
    Twin("journal_seal_does_not_fork", seal, these(from_xid=2, previous=b"1" * 32), these(from_xid=3)),
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

# a case of another file is a tuple of the same fields
CHANGES += [c if isinstance(c, Change) else Change(*c) for c in constraint_cases.changes(these, by_somebody)]
TWINS += [Twin(*c) for c in constraint_cases.twins(these)]


def names(cases: list[Any]) -> list[str]:
    return [case.name for case in cases]


@pytest.mark.parametrize("case", CHANGES, ids=names(CHANGES))
def test_a_check_allows_and_refuses(case: Change) -> None:
    w = world()
    row = case.row(w)
    rows = type(row)._base_manager.filter(pk=row.pk)
    rows.update(**case.good(w))
    for bad in case.bad:
        assert refused_by(lambda bad=bad: rows.update(**bad(w))) == case.name, bad(w)


@pytest.mark.parametrize("case", TWINS, ids=names(TWINS))
def test_a_second_row_is_allowed_beside_and_refused_on_top(case: Twin) -> None:
    w = world()
    row = case.row(w)
    twin_of(row, case.good(w)).save(force_insert=True)
    assert refused_by(lambda: twin_of(row, case.bad(w)).save(force_insert=True)) == case.name


def twin_of(row: models.Model, values: dict[str, Any]) -> models.Model:
    """An unsaved copy of the row with ids of its own and these values."""
    fields = {}
    for field in row._meta.concrete_fields:
        own_id = isinstance(field, models.UUIDField) and field.unique
        if own_id or not field.primary_key:
            fields[field.attname] = new_id() if own_id else getattr(row, field.attname)
    for name, value in values.items():
        field = row._meta.get_field(name)
        fields[field.attname] = value.pk if isinstance(value, models.Model) else value  # type: ignore[union-attr]
    return type(row)(**fields)


def refused_by(write: Callable[[], object]) -> str:
    """The name of the constraint that refuses the write; empty when nothing did."""
    try:
        with transaction.atomic():
            write()
    except IntegrityError as error:
        return str(error.__cause__.diag.constraint_name)  # type: ignore[union-attr]
    return ""


def test_every_constraint_is_tested_from_both_sides() -> None:
    ours = [model for model in apps.get_models() if model.__module__.startswith("parkkeeper.")]
    there = {constraint.name for model in ours for constraint in model._meta.constraints}
    assert there - {*names(CHANGES), *names(TWINS)} == set(), "add the constraint to CHANGES or TWINS"
    assert {*names(CHANGES), *names(TWINS)} - there == set(), "the constraint is gone: take its case out"
