"""What the socket refused, by cause: counted for the metrics, in the log at most once a minute for each cause."""

import logging
import time
from collections import Counter

log = logging.getLogger(__name__)

EVERY_S = 60.0


class Refusals:
    """Counts since the process began, by cause."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._told: dict[str, tuple[float, int]] = {}

    def count(self, cause: str, words: str, *values: object) -> None:
        """One more refusal. ``words`` and ``values`` are of the log's line, which is written at most once a minute."""
        self.counts[cause] += 1
        now, n = time.monotonic(), self.counts[cause]
        at, before = self._told.get(cause, (-EVERY_S, 0))
        if now - at < EVERY_S:
            return
        self._told[cause] = now, n
        more = n - before - 1
        log.warning(words + " (%s%s)", *values, cause, f", {more} more since the last line" if more else "")
