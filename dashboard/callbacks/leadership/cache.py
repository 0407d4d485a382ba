"""Reports of the last moments, each gathered once however many people open the page at the same time.

A report takes some two dozen sums and some hundred milliseconds of this process, in which it draws no wall. It says as
of when it is; what is younger than ``FRESH_S`` is given again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from gevent.lock import BoundedSemaphore

FRESH_S = 20.0
MOST = 200
T = TypeVar("T")


@dataclass(slots=True)
class _Kept:
    made_at: float = float("-inf")
    found: Any = None
    making: BoundedSemaphore = field(default_factory=BoundedSemaphore)


class ReportCache:
    """What was made, by its key. One that makes it lets all others wait for it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept: dict[tuple[str, ...], _Kept] = {}
        self._clock = clock

    def get(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        """What ``make`` gives, or gave within ``FRESH_S``. Raises what it raises; nothing is kept then."""
        kept = self._kept.setdefault(key, _Kept())
        with kept.making:
            if self._clock() - kept.made_at >= FRESH_S:
                kept.found = make()
                kept.made_at = self._clock()
            found: T = kept.found
        if len(self._kept) > MOST:
            now = self._clock()
            self._kept = {k: v for k, v in self._kept.items() if now - v.made_at < FRESH_S}
        return found
