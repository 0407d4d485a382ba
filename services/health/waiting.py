"""How long the oldest unread entry has waited, and which word that makes. Pure: every moment is an argument.

An entry id carries the time at which Redis took the entry in, by Redis' own clock. That clock may be set, and a
publisher may give an id of its own, so the age that an id tells is held within what we saw ourselves: an entry waits at
least as long as we have seen it, and at most since our last look at a stream that did not hold it yet.
"""

import math
from collections import deque
from typing import Literal

from services.platform.wakeups import StreamLook

Word = Literal["live", "late", "stale"]

# An entry that has waited longer makes the screen late; so does a state that nobody could look at for so long.
WAITS_AT_MOST_MS, UNSURE_AT_MOST_MS = 3_000, 4_000
# The words by the age of what is shown (docs/protocol.md).
LIVE_BELOW_MS, LATE_BELOW_MS = 5_000, 30_000
LOOKS_KEPT = 64

Order = tuple[int, int]


class EntryWait:
    """Remembers the looks of one process."""

    def __init__(self) -> None:
        self._looks: deque[tuple[float, Order]] = deque(maxlen=LOOKS_KEPT)
        self._oldest: tuple[Order, float] | None = None

    def waiting_ms(self, look: StreamLook, position: str, now_s: float) -> int:
        """How long the oldest entry behind ``position`` has waited; 0 when none waits.

        ``position`` is the id up to which everything is in the store, read before the look. ``now_s`` is a monotonic
        clock in seconds.
        """
        newest = _order(look.newest)
        if self._looks and newest < self._looks[-1][1]:
            self._looks.clear()  # the stream was emptied, or another server answers
        self._looks.append((now_s, newest))
        first = _order(look.first_unread) if look.first_unread else None
        if first is None and look.newest and newest < _order(position):
            first = newest  # a stream that went back: the store cannot know what is in it
        if first is None:
            self._oldest = None
            return 0
        if self._oldest is None or self._oldest[0] != first:
            self._oldest = (first, now_s)
        seen_s = min((at for at, held in self._looks if held >= first), default=now_s)
        absent_s = max((at for at, held in self._looks if held < first), default=-math.inf)
        at_least = (now_s - min(seen_s, self._oldest[1])) * 1000
        at_most = (now_s - absent_s) * 1000
        return int(min(max(look.redis_ms - first[0], at_least), at_most))


def shown_age_ms(unsure_ms: int, waiting_ms: int) -> int:
    """The age of what the screens show: 5 s and more is late.

    ``unsure_ms``: since when nobody could look; ``waiting_ms``: how long the oldest entry, or a fault that keeps
    entries out, has waited. What is over its limit counts as ``LIVE_BELOW_MS`` old at once: the word must be there
    within 5 s of the fault, the way to the browser included.
    """
    return max(_counted(unsure_ms, UNSURE_AT_MOST_MS), _counted(waiting_ms, WAITS_AT_MOST_MS))


def word_of(age_ms: int) -> Word:
    """The word for an age."""
    if age_ms < LIVE_BELOW_MS:
        return "live"
    return "late" if age_ms < LATE_BELOW_MS else "stale"


def _counted(ms: int, at_most: int) -> int:
    return ms if ms <= at_most else ms - at_most + LIVE_BELOW_MS


def _order(entry: str) -> Order:
    """An entry id as the two numbers that order it."""
    ms, _, sequence = entry.partition("-")
    return int(ms or 0), int(sequence or 0)
