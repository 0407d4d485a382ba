"""When the next delta may leave: when the last one is out, and the loop has had as long for everything else.

A lone change never waits. A stream of them leaves at most once a frame of the screens, and less often where telling all
browsers takes longer than that: with hundreds of them half of the loop's time is left for what else it does.
"""

import time
from collections.abc import Callable

FRAME_S = 1 / 60


class Pace:
    """``begin`` and ``out`` stand around one delta: the first browser is told, the last one's bytes are written."""

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = now_s
        self._began_s = self._due_s = float("-inf")
        self._is_out = True

    def begin(self) -> None:
        """A delta leaves now."""
        self._began_s, self._is_out = self._now_s(), False

    def out(self) -> None:
        """It has left."""
        now = self._now_s()
        self._due_s = max(self._began_s + FRAME_S, now + (now - self._began_s))
        self._is_out = True

    def is_due(self) -> bool:
        """Whether the next one may leave now."""
        return self.left_s() <= 0

    def left_s(self) -> float:
        """How many seconds it must wait; while one is leaving nobody knows: a frame, then ask again."""
        return max(self._due_s - self._now_s(), 0.0) if self._is_out else FRAME_S
