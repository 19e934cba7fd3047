"""What the worker does at each turn in each park besides its own: systems add theirs when they start.

turns.add_turn(tell_deadlines)      # AppConfig.ready; called as turn(at=…) inside the park, every two seconds
"""

import logging
from collections.abc import Callable
from datetime import datetime

from parkkeeper.park.errors import Refused

Turn = Callable[..., object]
_turns: list[Turn] = []
log = logging.getLogger(__name__)


def add_turn(turn: Turn) -> None:
    """Have the worker call `turn(at=…)`; it does what is due by then, and nothing twice."""
    if turn not in _turns:
        _turns.append(turn)


def take_turns(at: datetime) -> bool:
    """Do everybody's turn; one that a rule refuses is told in the log and does not hold up the others. False then."""
    well = True
    for turn in _turns:
        try:
            turn(at=at)
        except Refused as refusal:
            log.warning("%s: %s", turn.__name__, refusal)
            well = False
    return well
