"""Where somebody's right reaches, and where a thing is: the two are compared by `covers`."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Scope:
    """A place by its ids. All None is the whole park."""

    grid: int | None = None
    enterprise: int | None = None
    site: int | None = None

    def covers(self, thing: "Scope") -> bool:
        """Whether a right with this scope reaches `thing`. The narrowest id that the right names decides."""
        if self.site:
            return thing.site == self.site
        if self.enterprise:
            return thing.enterprise == self.enterprise
        if self.grid:
            return thing.grid == self.grid
        return True


class Placed(Protocol):
    """Anything that says where it is."""

    def scope(self) -> Scope: ...
