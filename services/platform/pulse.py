"""What a loop says of itself while it works. A heart (``services.health.heart``) tells it to the others."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol


class Pulse(Protocol):
    """Called by the loop that does the work, and by nobody else."""

    def turn(self, role: str = "") -> None:
        """The loop has turned; ``role``: leader or standby, where there are such."""

    def waits(self, for_what: str) -> None:
        """The loop has turned, and what it needs is away: until the next ``turn``."""

    def follows(self, package: str) -> None:
        """It works with the district's package of this digest from now on."""

    def busy(self, doing: str, limit_s: float) -> AbstractContextManager[None]:
        """While it lasts the loop may stand for ``limit_s``."""


class NoPulse:
    """Of a test or a script: nobody listens."""

    def turn(self, role: str = "") -> None:
        """Nothing."""

    def waits(self, for_what: str) -> None:
        """Nothing."""

    def follows(self, package: str) -> None:
        """Nothing."""

    @contextmanager
    def busy(self, doing: str, limit_s: float) -> Iterator[None]:
        """Nothing."""
        yield


NO_PULSE = NoPulse()
