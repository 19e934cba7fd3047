"""What a liaison's day is made of: each own enterprise as it stands, and by name who is missing there."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from parkkeeper.board.enterprise import ToldEnterprise, tell_enterprise
from parkkeeper.park.models import Enterprise, Post
from parkkeeper.sampling.gaplines import Line, gap_lines
from parkkeeper.sampling.roundbook import TONES
from parkkeeper.sampling.states import GAPS, MEANINGS

# So many names fit on a phone without losing the rest of the page; the list has all of them.
NAMES = 30


@dataclass(frozen=True)
class Gap:
    """One person of the round who is missing, with the state in words and in its tone."""

    line: Line
    title: str
    tone: str


@dataclass(frozen=True)
class OwnEnterprise:
    """An enterprise of the liaison: all that its page tells, the first names of who is missing, and how many those
    are in all."""

    enterprise: Enterprise
    told: ToldEnterprise
    gaps: list[Gap]
    total: int

    @property
    def more(self) -> int:
        """How many are missing beyond the names that are shown."""
        return self.total - len(self.gaps)


def tell_own(posts: Iterable[Post], at: datetime) -> list[OwnEnterprise]:
    """The enterprises for which these posts make somebody the liaison, by name; [] for everybody else."""
    own = {post.enterprise_id for post in posts if post.role == Post.Role.PREVENTION and post.enterprise_id}
    found = Enterprise.objects.filter(pk__in=own).select_related("grid").order_by("pinyin", "pk") if own else []
    return [_tell(enterprise, at) for enterprise in found]


def _tell(enterprise: Enterprise, at: datetime) -> OwnEnterprise:
    told = tell_enterprise(enterprise, at)
    if told.round is None:
        return OwnEnterprise(enterprise, told, [], 0)
    page = gap_lines(told.round.round, at, states=GAPS, enterprise=enterprise.pk, limit=NAMES)
    rows = [Gap(line, str(MEANINGS[line.state].title), TONES.get(line.state, "plain")) for line in page.lines]
    return OwnEnterprise(enterprise, told, rows, page.total)
