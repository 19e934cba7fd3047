"""Emergencies: declared with basis, dates and policy pack; ended. What a pack's rows do to the rulebook."""

from datetime import date, datetime, time

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.kernel.text import blank, tidy
from parkkeeper.park.access import require
from parkkeeper.park.constraints import refusing
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.keys import make_key
from parkkeeper.park.models import CalendarYear, Emergency, Person, Rule
from parkkeeper.park.packs import BadPack, Pack, PackRule, read_pack


@transaction.atomic
def declare_emergency(
    name: str, *, basis: str, pack: str, starts_at: datetime, ends_at: datetime | None = None, by: Person, at: datetime
) -> Emergency:
    """Declare an emergency: make its own data key and put the pack's rules in force.

    Raises Refused without a basis, for an unknown pack, dates that do not fit, or beside another emergency.
    """
    require(by, "declare_emergency", at=at)
    if blank(basis):
        raise Refused(_("请写明依据（文件名称、文号或会议决定）。"))
    if ends_at is not None and ends_at <= starts_at:
        raise Refused(_("结束时间必须晚于开始时间。"))
    try:
        rules = read_pack(pack)
    except BadPack as error:
        raise Refused(_("规则包“%(pack)s”不能使用：%(why)s") % {"pack": pack, "why": error}) from error
    emergency = Emergency(
        name=tidy(name), basis=tidy(basis), pack=pack, during=(starts_at, ends_at),
        data_key_sealed=_new_key(),
    )  # fmt: skip
    with refusing({"emergency_one_at_a_time": lambda: _meets(starts_at, ends_at)}):
        emergency.save()
    count = _put_in_force(rules, since=starts_at)
    _enter_years(rules, at)
    record("emergency.declared", emergency, by=by, at=at, pack=pack, rules=count, basis=emergency.basis)
    return emergency


def _new_key() -> bytes:
    try:
        return make_key()
    except OSError as error:
        raise Refused(
            _("应急状态没有启动：数据密钥无法写入磁盘（%(why)s）。请腾出空间或检查权限后再试。")
            % {"why": error.strerror or str(error)}
        ) from error


def _meets(starts_at: datetime, ends_at: datetime | None) -> str:
    other = Emergency.objects.filter(during__overlap=(starts_at, ends_at)).order_by("pk").first()
    return _("与应急状态“%(name)s”的时间重叠。同一时间只能有一个应急状态，请先结束前一个。") % {
        "name": other.name if other else ""
    }


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _put_in_force(pack: Pack, *, since: datetime) -> int:
    """Insert the pack's rows that are not in force yet; the past of the rulebook stays as it was."""
    return sum(_put_row(row, pack.code, since) for row in pack.rules)


def _enter_years(pack: Pack, at: datetime) -> None:
    """Enter the years of the pack that nobody has entered; what the park wrote itself stays."""
    CalendarYear.objects.bulk_create(
        [CalendarYear(year=y.year, holidays=y.holidays, make_up_days=y.make_up, source=y.source, entered_at=at)
         for y in pack.years],
        ignore_conflicts=True,
    )  # fmt: skip


def _put_row(row: PackRule, code: str, since: datetime) -> bool:
    start, end = _midnight(row.start), _midnight(row.end) if row.end else None
    others = list(Rule.objects.filter(key=row.key, during__overlap=(start, end)).order_by("during"))
    if any(other.pack == code and other.value == row.value and since in other.during for other in others):
        return False
    if others:
        start = max(start, since)
        if end is not None and end <= start:
            return False
        for other in others:
            _end_before(other, start)
    Rule.objects.create(
        key=row.key, value=row.value, unit=row.unit, during=(start, end), source=row.source, note=row.note, pack=code
    )
    return True


def _end_before(other: Rule, start: datetime) -> None:
    if other.during.upper is not None and other.during.upper <= start:
        return
    if other.during.lower is not None and other.during.lower >= start:
        raise Refused(
            _("规则“%(key)s”自 %(time)s 起已有另一个值，规则包不能覆盖它。请先在“规则”页处理。")
            % {"key": other.key, "time": timezone.localtime(other.during.lower).strftime("%Y-%m-%d %H:%M")}
        )
    other.during = (other.during.lower, start)
    other.save(update_fields=["during"])


@transaction.atomic
def end_emergency(emergency: Emergency, *, reason: str, by: Person, at: datetime) -> None:
    """End the emergency at `at`, with the reason. Its rules stay on record; its personal data awaits destruction."""
    require(by, "declare_emergency", at=at)
    current = Emergency.objects.select_for_update().get(pk=emergency.pk)
    if blank(reason):
        raise Refused(_("请写明结束的依据。"))
    if current.during.upper is not None and current.during.upper <= at:
        raise Refused(_("应急状态“%(name)s”已经结束。") % {"name": current.name})
    if current.during.lower >= at:
        raise Refused(_("应急状态“%(name)s”尚未开始，不能结束。") % {"name": current.name})
    current.during = (current.during.lower, at)
    current.save(update_fields=["during"])
    record("emergency.ended", current, by=by, at=at, reason=tidy(reason))
