"""Office hours as the demo's case system counts them: the district's own working calendar, and people's sleep.

The publisher's own arithmetic: what it publishes as ``deadline_at`` is effective (CONTRACT.md). The offset from UTC is
fixed.
"""

from datetime import date

from services.district.calendar import WorkingCalendar
from services.platform.clock import DAY_MS, HOUR_MS

_EPOCH = date(1970, 1, 1).toordinal()


class OfficeHours:
    """Adds working time to moments in Unix milliseconds."""

    def __init__(self, offset_ms: int, calendar: WorkingCalendar) -> None:
        self._offset = offset_ms
        self.calendar = calendar
        self._working: dict[int, bool] = {}

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
        """Whether offices are open on a local day."""
        known = self._working.get(day)
        if known is None:
            known = self._working[day] = self.calendar.is_workday(date.fromordinal(day + _EPOCH))
        return known

    def add(self, start_ms: int, hours: float) -> int:
        """The moment when so many office hours have passed."""
        return self.calendar.add(start_ms, round(hours * HOUR_MS))

    def deadline(self, start_ms: int, value: float, unit: str) -> int:
        """When a limit runs out: UH and UD run on, WH and WD count office hours."""
        if unit == "UH":
            return start_ms + round(value * HOUR_MS)
        if unit == "UD":
            return start_ms + round(value * DAY_MS)
        return self.calendar.add(start_ms, round(value * (HOUR_MS if unit == "WH" else self.calendar.day_ms)))

    def after_pause(self, deadline_ms: int, from_ms: int, until_ms: int, unit: str) -> int:
        """A deadline after a pause: what was left of the limit when it began is left when it ends."""
        if unit in {"UH", "UD"}:
            return deadline_ms + until_ms - from_ms
        left = self.calendar.between(from_ms, deadline_ms)
        return self.calendar.add(until_ms, left) if left > 0 else deadline_ms

    def awake(self, ms: int) -> int:
        """The moment itself, or 07:30 of the next morning when it falls into the night."""
        into = (ms + self._offset) % DAY_MS
        if into < 7.5 * HOUR_MS:
            return ms - into + int(7.5 * HOUR_MS)
        if into > 22 * HOUR_MS:
            return ms - into + int(31.5 * HOUR_MS)
        return ms
