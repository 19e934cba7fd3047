"""How the replay's office settles what the evenings left in doubt: most of it the morning after, some days later."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import partial
from zlib import crc32

from parkkeeper.demo.register import Register, moment
from parkkeeper.park.models import Anomaly
from parkkeeper.sampling.actions.settle import settle

SETTLING = 9 * 60 + 30  # minutes of the day
SLOW, PATIENCE = 12, timedelta(days=3)  # one in so many waits for so long
WAYS = {
    "walk_in": ("accept", "已与联络人核实，本人临时在附近作业，就近采样。"),
    "double_scan_other_tube": ("keep_both", "已与本人核实，两次均为本人采样，两管结果都看。"),
    "late_scan": ("accept", "该点当晚信号不好，手机恢复联网后补传，已与扫码专员核对。"),
    "clock_far_off": ("accept", "手机时间未校准，已按发送时的偏差修正，并提醒持有人校时。"),
    "over_full": ("accept_count", "混采管多收一人，检测机构确认可以检测。"),
    "swab_without_name": ("accept_count", "现场复核拭子数，确认为重复取样的备用拭子。"),
    "name_without_swab": ("accept_count", "现场复核，清点时少数一支，管内拭子齐全。"),
    "other_enterprise_slot": ("accept", "人数较少，未造成聚集。"),
    "after_close": ("accept", "单采单检在轮次时间之外进行，属安排之内。"),
    "unknown_person": ("incident", "核实为外来送货人员误扫，已登记并引导到社会面采样点。"),
    "foreign_tube": ("incident", "两个采样点领料时拿错一卷试管，已清点并归位。"),
    "duty_without_certificate": ("incident", "证书次日补办，当日仅协助维持秩序。"),
}
"""By kind of doubt: the way in which it is settled, and the reason that is written down. None changes a scan."""


def settlings(register: Register, day: date) -> Iterator[Callable[[], Anomaly]]:
    """What the office settles in the morning of the day: all that came before, but for a few that take days."""
    at, office = moment(day, minute=SETTLING), register.office
    waiting = Anomaly.objects.open().holding().filter(kind__in=WAYS, happened_at__lt=moment(day))
    for anomaly in waiting.select_related("enterprise", "site").order_by("key"):
        if crc32(anomaly.key.encode()) % SLOW or anomaly.happened_at < at - PATIENCE:
            how, reason = WAYS[anomaly.kind]
            yield partial(settle, anomaly, how, reason=reason, by=office, at=at)
