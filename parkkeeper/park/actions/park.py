"""The park's own data: its names and its time zone."""

from datetime import datetime
from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext as _

from parkkeeper.kernel.text import blank, tidy
from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.journal import record
from parkkeeper.park.models import Person
from parkkeeper.park.tenancy.middleware import forget_parks
from parkkeeper.park.tenancy.models import Park


@transaction.atomic
def change_park(park: Park, *, name: str, name_en: str, time_zone: str, by: Person, at: datetime) -> None:
    """Change the park's names and time zone. Raises Refused for a blank name or an unknown zone."""
    require(by, "administer", at=at)
    if blank(name):
        raise Refused(_("请填写园区名称。"))
    if time_zone not in available_timezones():
        raise Refused(_("没有“%(zone)s”这个时区，请按 Asia/Shanghai 的形式填写。") % {"zone": time_zone})
    park.name, park.name_en, park.time_zone = tidy(name), tidy(name_en), time_zone
    park.save(update_fields=["name", "name_en", "time_zone"])
    transaction.on_commit(forget_parks)
    record("park.changed", by=by, at=at, name=park.name, time_zone=time_zone)
