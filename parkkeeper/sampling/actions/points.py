"""The starfield: opening points, giving enterprises their time there, issuing pre-printed tubes."""

from datetime import date, datetime
from functools import partial

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange, NumericRange
from django.db.models import BigIntegerField, Func, Max
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.kernel.tubes import GREATEST_SERIAL
from parkkeeper.park.access import require
from parkkeeper.park.constraints import refusing
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Enterprise, Person, Site
from parkkeeper.park.words import joined
from parkkeeper.sampling.models import Point, Slot, TubeRoll

MINUTES_OF_A_DAY = 24 * 60


def _clock_text(minute: int) -> str:
    """A minute of the day as people write it: 1020 is '17:00'."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def _span(minutes: tuple[int, int]) -> NumericRange:
    """A span of minutes as a range. Raises Refused unless it begins before it ends, inside one day."""
    begin, end = minutes
    if not 0 <= begin < end <= MINUTES_OF_A_DAY:
        raise Refused(
            _("时间 %(begin)s–%(end)s 不对：开始要早于结束，且都在同一天内。请改正后再保存。")
            % {"begin": _clock_text(begin), "end": _clock_text(end)}
        )
    return NumericRange(begin, end)


def _check_desks(desks: int) -> None:
    if desks < 1:
        raise Refused(_("采样点至少要有 1 个采样台，现在填的是 %(desks)s。") % {"desks": desks})


@transaction.atomic
def open_point(
    site: Site,
    *,
    code: str,
    desks: int,
    hours: tuple[int, int],
    first: date,
    host: Enterprise | None = None,
    by: Person,
    at: datetime,
) -> Point:
    """Open a point at `site` from local day `first`; with a host it is that enterprise's, else a nearby one.

    `hours` are minutes of the local day (begin, end). Raises Refused when code or site has a point already.
    """
    require(by, "plan_sampling", at=at, on=site)
    _check_desks(desks)
    span = _span(hours)
    if not code.strip():
        raise Refused(_("请填写采样点编号，例如 P01。"))
    texts = {
        "sampling_point_code_key": lambda: _("编号“%(code)s”已有采样点，请换一个编号。") % {"code": code},
        "sampling_point_site_id_key": lambda: (
            _("场所“%(site)s”已有采样点 %(code)s。请修改那个点，或另选场所。")
            % {"site": site.name, "code": Point.objects.get(site=site).code}
        ),
    }
    with refusing(texts):
        point = Point.objects.create(
            code=code.strip(),
            site=site,
            kind=Point.Kind.ENTERPRISE if host else Point.Kind.NEARBY,
            host=host,
            desks=desks,
            hours=span,
            in_service=DateRange(first, None),
        )
    record("point.opened", point, by=by, at=at, enterprise=point.host_id, site=site.pk, code=point.code, desks=desks)
    return point


@transaction.atomic
def change_point(
    point: Point, *, desks: int | None = None, hours: tuple[int, int] | None = None, by: Person, at: datetime
) -> Point:
    """Give the point other desks or other hours (minutes of the local day); slots in force must fit the new hours."""
    require(by, "plan_sampling", at=at, on=point)
    point = Point.objects.select_for_update().get(pk=point.pk)
    if desks is not None:
        _check_desks(desks)
        point.desks = desks
    if hours is not None:
        point.hours = _span(hours)
        still = point.slots.filter(during__overlap=DateRange(timezone.localdate(at), None))
        outside = still.exclude(minutes__contained_by=point.hours)
        _refuse_slots(list(outside.select_related("enterprise").order_by("minutes")), point)
    point.save()
    record(
        "point.changed",
        point,
        by=by,
        at=at,
        enterprise=point.host_id,
        site=point.site_id,
        desks=point.desks,
        hours=[point.hours.lower, point.hours.upper],
    )
    return point


def _refuse_slots(slots: list[Slot], point: Point) -> None:
    if slots:
        names = joined(sorted({str(slot.enterprise) for slot in slots})[:5])
        raise Refused(
            _("采样点 %(code)s 还有 %(count)s 个时段受影响（%(names)s）。请先结束或移走这些时段，再改采样点。")
            % {"code": point.code, "count": len(slots), "names": names}
        )


@transaction.atomic
def close_point(point: Point, *, until: date, by: Person, at: datetime) -> Point:
    """End the point's service before local day `until`; refused while enterprises still have slots there then."""
    require(by, "plan_sampling", at=at, on=point)
    point = Point.objects.select_for_update().get(pk=point.pk)
    if point.in_service.upper is not None and point.in_service.upper <= until:
        raise Refused(
            _("采样点 %(code)s 已定于 %(day)s 停用。") % {"code": point.code, "day": point.in_service.upper.isoformat()}
        )
    if until <= point.in_service.lower:
        raise Refused(
            _("停用日 %(day)s 不能早于启用日 %(first)s。请填启用日之后的日期。")
            % {"day": until.isoformat(), "first": point.in_service.lower.isoformat()}
        )
    after = point.slots.filter(during__overlap=DateRange(until, None)).select_related("enterprise")
    _refuse_slots(list(after.order_by("minutes")), point)
    point.in_service = DateRange(point.in_service.lower, until)
    point.save()
    record("point.closed", point, by=by, at=at, enterprise=point.host_id, site=point.site_id, until=until.isoformat())
    return point


@transaction.atomic
def assign_slot(
    point: Point,
    enterprise: Enterprise,
    *,
    minutes: tuple[int, int],
    first: date,
    until: date | None = None,
    shift: str = "",
    by_shuttle: bool = False,
    site: Site | None = None,
    by: Person,
    at: datetime,
) -> Slot:
    """Give the enterprise (or one shift of it) these minutes of the local day at the point, from `first` to before
    `until`. Raises Refused naming whom it would meet there, or where the shift is expected already."""
    require(by, "plan_sampling", at=at, on=point)
    span, days = _span(minutes), _days(first, until)
    point = Point.objects.get(pk=point.pk)
    _check_hours(point, span)
    slot = Slot(
        point=point, enterprise=enterprise, site=site, shift=shift, minutes=span, by_shuttle=by_shuttle, during=days
    )
    texts = {
        "slot_one_enterprise_at_a_time": partial(_who_is_there, slot),
        "slot_one_point_a_shift": partial(_where_else, slot),
    }
    with refusing(texts):
        slot.save()
    record(
        "slot.assigned", slot, by=by, at=at, enterprise=enterprise.pk, site=point.site_id, point=point.code,
        shift=shift, minutes=list(minutes), first=first.isoformat(), until=until.isoformat() if until else None,
    )  # fmt: skip
    return slot


def _check_hours(point: Point, span: NumericRange) -> None:
    if span.lower < point.hours.lower or span.upper > point.hours.upper:
        raise Refused(
            _("时段 %(begin)s–%(end)s 不在采样点 %(code)s 的开放时间 %(opens)s–%(closes)s 内。")
            % {
                "begin": _clock_text(span.lower),
                "end": _clock_text(span.upper),
                "code": point.code,
                "opens": _clock_text(point.hours.lower),
                "closes": _clock_text(point.hours.upper),
            }
        )


def _days(first: date, until: date | None) -> DateRange:
    if until is not None and until <= first:
        raise Refused(
            _("结束日 %(until)s 要晚于开始日 %(first)s。") % {"until": until.isoformat(), "first": first.isoformat()}
        )
    return DateRange(first, until)


def _who_is_there(slot: Slot) -> str:
    other = (
        Slot.objects.filter(point=slot.point, during__overlap=slot.during, minutes__overlap=slot.minutes)
        .select_related("enterprise")
        .order_by("minutes")
        .first()
    )
    if other is None:
        return _("这个时段刚刚被占用，请刷新后重选。")
    return _("采样点 %(code)s 的 %(begin)s–%(end)s 已给“%(enterprise)s”。为了不混采，请另选时段。") % {
        "code": slot.point.code,
        "begin": _clock_text(other.minutes.lower),
        "end": _clock_text(other.minutes.upper),
        "enterprise": other.enterprise,
    }


def _where_else(slot: Slot) -> str:
    other = (
        Slot.objects.filter(enterprise=slot.enterprise, shift=slot.shift, during__overlap=slot.during)
        .select_related("point")
        .order_by("during")
        .first()
    )
    if other is None:
        return _("这个班次刚刚被安排，请刷新后再看。")
    return _("“%(enterprise)s”（班次“%(shift)s”）已安排在采样点 %(code)s 的 %(begin)s–%(end)s。请先结束那个时段。") % {
        "enterprise": slot.enterprise,
        "shift": slot.shift or _("全部"),
        "code": other.point.code,
        "begin": _clock_text(other.minutes.lower),
        "end": _clock_text(other.minutes.upper),
    }


@transaction.atomic
def end_slot(slot: Slot, *, until: date, by: Person, at: datetime) -> Slot:
    """End the slot before local day `until`; one that ends on its first day was never in force."""
    slot = Slot.objects.select_for_update(of=("self",)).select_related("point__site").get(pk=slot.pk)
    require(by, "plan_sampling", at=at, on=slot.point)
    if slot.during.isempty or (slot.during.upper is not None and slot.during.upper <= until):
        raise Refused(_("这个时段已经结束了。"))
    if until < slot.during.lower:
        raise Refused(
            _("结束日 %(until)s 早于时段的开始日 %(first)s。")
            % {"until": until.isoformat(), "first": slot.during.lower.isoformat()}
        )
    slot.during = DateRange(slot.during.lower, until)
    slot.save()
    record(
        "slot.ended",
        slot,
        by=by,
        at=at,
        enterprise=slot.enterprise_id,
        site=slot.point.site_id,
        point=slot.point.code,
        until=until.isoformat(),
    )
    return slot


@transaction.atomic
def issue_roll(point: Point, *, prefix: str, first: int, count: int, by: Person, at: datetime) -> TubeRoll:
    """Issue `count` pre-printed tubes to the point, serials from `first` on.

    Raises Refused for a prefix that is not two capital letters, a serial out of range, or tubes issued before.
    """
    require(by, "plan_sampling", at=at, on=point)
    if len(prefix) != 2 or not (prefix.isascii() and prefix.isalpha() and prefix.isupper()):
        raise Refused(_("试管码前缀应为两个大写字母，例如 YQ，现在填的是“%(prefix)s”。") % {"prefix": prefix})
    if first < 1 or count < 1 or first + count - 1 > GREATEST_SERIAL:
        raise Refused(
            _("试管序号应在 1 到 %(greatest)s 之间且至少 1 支；现在从 %(first)s 起共 %(count)s 支。")
            % {"greatest": GREATEST_SERIAL, "first": first, "count": count}
        )
    serials = NumericRange(first, first + count)
    with refusing({"tube_roll_issued_once": partial(_which_roll, prefix, serials)}):
        roll = TubeRoll.objects.create(point=point, prefix=prefix, serials=serials, issued_at=at, issued_by=by)
    record(
        "roll.issued",
        roll,
        by=by,
        at=at,
        enterprise=point.host_id,
        site=point.site_id,
        point=point.code,
        prefix=prefix,
        first=first,
        count=count,
    )
    return roll


def _which_roll(prefix: str, serials: NumericRange) -> str:
    other = (
        TubeRoll.objects.filter(prefix=prefix, serials__overlap=serials).select_related("point").order_by("serials")
    ).first()
    if other is None:
        return _("这些试管刚刚被发放，请刷新后再看。")
    return _("试管 %(prefix)s %(first)s–%(last)s 已发给采样点 %(code)s，每支只发一次。下一个可用序号是 %(next)s。") % {
        "prefix": prefix,
        "first": other.serials.lower,
        "last": other.serials.upper - 1,
        "code": other.point.code,
        "next": next_serial(prefix),
    }


def next_serial(prefix: str) -> int:
    """The first serial after all tubes of this prefix that were ever issued (1 when none was)."""
    upper = Func("serials", function="upper", output_field=BigIntegerField())
    found: int | None = TubeRoll.objects.filter(prefix=prefix).aggregate(greatest=Max(upper))["greatest"]
    return found or 1
