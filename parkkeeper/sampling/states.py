"""How a line of a round's list can stand at a moment: exactly one state; each gap has an owner and ways out."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from parkkeeper.park.models import Post
from parkkeeper.sampling.models import Due


class State(StrEnum):
    """States of a line that is due, the ruling one first; then the classes of lines that are not due."""

    POSITIVE_UNRESOLVED = "positive_unresolved"
    MET = "met"
    SAMPLED = "sampled"
    NO_RESULT = "no_result"
    EXCUSED = "excused"
    ELSEWHERE = "elsewhere"
    NOT_DONE = "not_done"
    TUBE_SPOILED = "tube_spoiled"
    RESULT_OVERDUE = "result_overdue"
    TUBE_NOT_RECEIVED = "tube_not_received"
    NOT_SAMPLED = "not_sampled"
    NOT_YET = "not_yet"
    EXCUSED_AHEAD = "excused_ahead"
    SILENT = "silent"
    ISOLATED = "isolated"
    ELSEWHERE_AHEAD = "elsewhere_ahead"
    AWAY = "away"
    LEFT = "left"


# The statements of reconciliation speak in these numbers. Of several samples and dispositions of a line the smallest
# number rules: a positive before all, a negative, what is on its way, what staff have settled, and last the gaps.
CODES: Mapping[int, State] = dict(enumerate(State, start=1))
STANDINGS: Mapping[State, Due.Standing] = {
    State.NOT_YET: Due.Standing.NOT_YET,
    State.EXCUSED_AHEAD: Due.Standing.EXCUSED,
    State.SILENT: Due.Standing.SILENT,
    State.ISOLATED: Due.Standing.ISOLATED,
    State.ELSEWHERE_AHEAD: Due.Standing.ELSEWHERE,
    State.AWAY: Due.Standing.AWAY,
    State.LEFT: Due.Standing.LEFT,
}
DUE_STATES = frozenset(State) - frozenset(STANDINGS)


@dataclass(frozen=True)
class Meaning:
    """A state's title, whether somebody must act, whose it is ("" nobody's), and what can be done (see ACTIONS)."""

    title: str | Promise
    gap: bool = False
    owner: str = ""
    ways: tuple[str, ...] = ()


# What can be done about a gap; those of other rooms are named so that a page can lead there.
ACTIONS: dict[str, str | Promise] = {
    "tell_liaison": _("通知联络人"),
    "excuse": _("说明理由"),
    "record_elsewhere": _("登记在外采样"),
    "order_retest": _("安排补采"),
    "receive_tube": _("补登签收"),
    "mark_box_lost": _("登记转运箱丢失"),
    "report_result": _("补录结果"),
    "close_retest": _("完成单采单检"),
    "withdraw": _("撤回处置"),
}
_AGAIN = ("order_retest", "tell_liaison", "excuse", "record_elsewhere")
_Role = Post.Role

MEANINGS: dict[State, Meaning] = {
    State.POSITIVE_UNRESOLVED: Meaning(_("阳性待复核"), True, _Role.OFFICE, ("close_retest",)),
    State.MET: Meaning(_("已完成")),
    State.SAMPLED: Meaning(_("已采样，送检中"), False, _Role.COURIER),
    State.NO_RESULT: Meaning(_("已签收，待出结果"), False, _Role.LAB),
    State.EXCUSED: Meaning(_("已说明理由"), ways=("withdraw",)),
    State.ELSEWHERE: Meaning(_("在外采样"), ways=("withdraw",)),
    State.NOT_DONE: Meaning(_("结果无效，需重采"), True, _Role.PREVENTION, _AGAIN),
    State.TUBE_SPOILED: Meaning(_("试管损毁，需重采"), True, _Role.PREVENTION, _AGAIN),
    State.RESULT_OVERDUE: Meaning(_("结果超时未出"), True, _Role.LAB, ("report_result", "order_retest")),
    State.TUBE_NOT_RECEIVED: Meaning(
        _("试管超时未签收"), True, _Role.COURIER, ("receive_tube", "mark_box_lost", "order_retest")
    ),
    State.NOT_SAMPLED: Meaning(_("未采样"), True, _Role.PREVENTION, ("tell_liaison", "excuse", "record_elsewhere")),
    State.NOT_YET: Meaning(_("未到频次")),
    State.EXCUSED_AHEAD: Meaning(_("事先免检")),
    State.SILENT: Meaning(_("静默期（单独检测）")),
    State.ISOLATED: Meaning(_("隔离")),
    State.ELSEWHERE_AHEAD: Meaning(_("事先在外检测")),
    State.AWAY: Meaning(_("离岗")),
    State.LEFT: Meaning(_("离职")),
}
GAPS = tuple(state for state in CODES.values() if MEANINGS[state].gap)
