"""Office hours as the demo's case system counts them: 08:00–12:00 and 14:00–18:00, Monday to Friday, holidays out.

The publisher's own arithmetic: what it publishes as ``deadline_at`` is effective (CONTRACT.md).
The offset from UTC is fixed.
"""

from collections.abc import Iterable
from datetime import date

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
_EPOCH = date(1970, 1, 1).toordinal()
_MORNING, _NOON, _AFTERNOON = 8 * HOUR_MS, 12 * HOUR_MS, 14 * HOUR_MS
_DAY_OF_WORK = 8 * HOUR_MS


class OfficeHours:
    """Adds working time to moments in Unix milliseconds."""

    def __init__(self, offset_ms: int, holidays: Iterable[dict[str, str]]) -> None:
        self._offset = offset_ms
        self._working: dict[int, bool] = {
            date.fromisoformat(row["date"]).toordinal() - _EPOCH: row["kind"] == "workday" for row in holidays
        }

    def local_day(self, ms: int) -> int:
        """The local day's number since 1970-01-01."""
        return (ms + self._offset) // DAY_MS

    def local_hour(self, ms: int) -> float:
        """The local hour of the day with its fraction."""
        return (ms + self._offset) % DAY_MS / HOUR_MS

    def day_start(self, day: int) -> int:
        """The moment at which a local day begins."""
        return day * DAY_MS - self._offset

    def is_working_day(self, day: int) -> bool:
        """Whether offices are open on a local day (1970-01-01 was a Thursday)."""
        known = self._working.get(day)
        if known is None:
            known = self._working[day] = (day + 3) % 7 < 5
        return known

    def add(self, start_ms: int, hours: float) -> int:
        """The moment when so many office hours have passed."""
        day, into = divmod(start_ms + self._offset, DAY_MS)
        left = hours * HOUR_MS
        if self.is_working_day(day):
            left += max(0, min(into, _NOON) - _MORNING) + max(0, min(into - _AFTERNOON, 4 * HOUR_MS))
        while not self.is_working_day(day) or left > _DAY_OF_WORK:
            if self.is_working_day(day):
                left -= _DAY_OF_WORK
            day += 1
        into = int(left) + (_MORNING if left <= 4 * HOUR_MS else _AFTERNOON - 4 * HOUR_MS)
        return max(start_ms, day * DAY_MS + into - self._offset)

    def deadline(self, start_ms: int, value: float, unit: str) -> int:
        """When a limit runs out: UH and UD run on, WH and WD count office hours."""
        if unit == "UH":
            return start_ms + int(value * HOUR_MS)
        if unit == "UD":
            return start_ms + int(value * DAY_MS)
        return self.add(start_ms, value if unit == "WH" else 8 * value)

    def awake(self, ms: int) -> int:
        """The moment itself, or 07:30 of the next morning when it falls into the night."""
        into = (ms + self._offset) % DAY_MS
        if into < 7.5 * HOUR_MS:
            return ms - into + int(7.5 * HOUR_MS)
        if into > 22 * HOUR_MS:
            return ms - into + int(31.5 * HOUR_MS)
        return ms
