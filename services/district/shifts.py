"""Which shift is on duty (``roster.csv``). Pure. The wall says the shift, never the names: visitors read it."""

from bisect import bisect_right

from services.clock import parse_ms
from services.district.package import District


class Shifts:
    """The roster as spans of time; made once per package."""

    def __init__(self, district: District) -> None:
        spans = {(row["from"], row["until"], row["shift"]) for row in district.tables.get("roster", ())}
        self._spans = sorted((parse_ms(start), parse_ms(end), name) for start, end, name in spans)
        self._starts = [span[0] for span in self._spans]

    def at(self, now: int) -> str:
        """The name of the shift at ``now`` (Unix milliseconds); empty when the roster has none."""
        i = bisect_right(self._starts, now) - 1
        return self._spans[i][2] if i >= 0 and now < self._spans[i][1] else ""
