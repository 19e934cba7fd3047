"""状态截至: a page of figures may be read as they were known at any past moment (?at=2022-05-19T20:40)."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _


@dataclass(frozen=True)
class AsOf:
    """The moment of a page, whether the reader chose a past one, and what was wrong with the address ("": nothing)."""

    moment: datetime
    past: bool = False
    problem: str = ""

    @property
    def typed(self) -> str:
        """The moment as a browser's field of local date and time has it."""
        return timezone.localtime(self.moment).strftime("%Y-%m-%dT%H:%M")

    @property
    def query(self) -> dict[str, str]:
        """What links to other pages carry on, so that they speak of the same moment."""
        return {"at": self.typed} if self.past else {}


def as_of(request: HttpRequest) -> AsOf:
    """The moment that the address asks for; the request's own moment without one, or when it is wrong (told)."""
    now: datetime = request.at  # type: ignore[attr-defined]
    text = request.GET.get("at", "").strip()
    if not text:
        return AsOf(now)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return AsOf(now, problem=_("时间“%(text)s”无法识别，已显示现在的情况。") % {"text": text[:40]})
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment)
    if moment >= now:
        to_come = _("“%(text)s”还没有到，已显示现在的情况。") % {"text": text[:40]}
        return AsOf(now, problem=to_come if moment > now else "")
    return AsOf(moment, past=True)
