"""What is done now and then: once in so many seconds of the machine's monotonic clock."""

import math
import time
from collections.abc import Callable


class Every:
    """Says when so many seconds have passed since the last time. The first time is at once.

    ``now_s`` is a clock in seconds that never goes back; by default the machine's monotonic one.
    """

    __slots__ = ("_due_s", "_now_s", "seconds")

    def __init__(self, seconds: float, now_s: Callable[[], float] | None = None) -> None:
        self.seconds = seconds
        self._now_s = now_s or _monotonic
        self._due_s = -math.inf

    def is_due(self) -> bool:
        """Whether the time has come; asking changes nothing."""
        return self._now_s() >= self._due_s

    def begin(self, seconds: float | None = None) -> None:
        """Wait from now on: the usual seconds, or so many this once."""
        self._due_s = self._now_s() + (self.seconds if seconds is None else seconds)

    def take(self) -> bool:
        """Whether the time has come; if it has, wait from now on."""
        if not self.is_due():
            return False
        self.begin()
        return True

    def reset(self) -> None:
        """Be due at once."""
        self._due_s = -math.inf

    def hasten(self, seconds: float) -> None:
        """Be due in so many seconds at the latest."""
        self._due_s = min(self._due_s, self._now_s() + seconds)

    def left_s(self) -> float:
        """How many seconds are left; 0 when it is due."""
        return max(self._due_s - self._now_s(), 0.0)


def _monotonic() -> float:
    return time.monotonic()  # looked up at each call: a test may set another clock
