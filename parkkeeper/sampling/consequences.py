"""What follows from the laboratory's words and the scans: one derivation, called by whoever changed a tube."""

from collections.abc import Iterable
from datetime import datetime


def judge_tubes(tube_ids: Iterable[int], *, at: datetime) -> None:
    """Derive everything that follows for these tubes, as of `at`; the last step of every action that touched them.

    Idempotent, set-based, within the caller's transaction.
    """
