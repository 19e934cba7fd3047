"""What the demo says while it works: a bar that moves on a terminal, plain lines elsewhere; always on stderr."""

import sys
import time
from typing import TextIO

WIDTH = 32


class Terminal:
    """Says lines, and keeps one bar at the bottom of a terminal."""

    def __init__(self, out: TextIO | None = None) -> None:
        self.out = out or sys.stderr
        self.moving = self.out.isatty()
        self._drawn = 0.0
        self._bar = ""

    def say(self, text: str) -> None:
        """Print a line (above the bar)."""
        self._wipe()
        print(text, file=self.out, flush=True)

    def bar(self, share: float, text: str) -> None:
        """Draw the bar, at most ten times a second; nothing where there is no terminal."""
        if not self.moving or (time.monotonic() - self._drawn < 0.1 and share < 1):
            return
        self._drawn = time.monotonic()
        full = round(WIDTH * min(1.0, max(0.0, share)))
        self._wipe()
        self._bar = f"[{'█' * full}{'·' * (WIDTH - full)}] {share:4.0%}  {text}"
        self.out.write(self._bar)
        self.out.flush()

    def end_bar(self) -> None:
        """Take the bar away."""
        self._wipe()

    def _wipe(self) -> None:
        if self._bar:
            self.out.write("\r\033[K")
            self._bar = ""
