"""Each constraint of the register, the office and the house, from both sides."""

from datetime import date

from parkkeeper.park.models import (
    CalendarYear,
    Certificate,
    Emergency,
    Post,
    Presence,
    Rule,
    Series,
)
from tests.harness.cases import Change, Twin, by_somebody, these
from tests.harness.rows import (
    HOUR_ON,
    anomaly,
    code_key,
    ending,
    hold,
    import_row,
    level,
    order,
    own_link,
    seal,
)
from tests.world import ALWAYS, DAY, EVENING, LONG_AGO, MORNING, later

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
]
