"""The working calendar: how much office time lies between two moments, and which moment is so much office time away.

`WH` and `WD` run in working hours only, on the district's working days: public holidays out, 调休 make-up days in
(DOMAIN.md §2). The calendar is a table of working intervals with the working time before each, so a deadline is a
search in it. Every moment is Unix milliseconds. Pure.

Outside 2000–2060 the plain week goes on for ever, so every moment has an answer.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from chinese_calendar import constants as state_council
from numpy.typing import NDArray

from services.district.package import District
from services.platform.clock import DAY_MS, MINUTE_MS

Moments = NDArray[np.int64]
DEFAULT_HOURS = ((480, 720), (840, 1080))
DEFAULT_WEEK = frozenset({1, 2, 3, 4, 5})
WEEK_MS = 7 * DAY_MS
FIRST_DAY, LAST_DAY = date(2000, 1, 3), date(2060, 12, 27)  # Mondays, so that whole weeks go on from both ends
# The years 1 and 9999: beyond them a moment has no date to show, so nothing is ever due there.
EARLIEST_MS, LATEST_MS = -62_135_000_000_000, 253_402_000_000_000
_MOST_MS = LATEST_MS - EARLIEST_MS


class DayOff(NamedTuple):
    """A day unlike a plain working day: ``kind`` is weekend, holiday, or workday (调休: a day worked instead)."""

    day: date
    kind: str
    start: int
    end: int


class WorkingCalendar:
    """Working hours on working days.

    ``spans`` are minutes of the local day in order, ``week`` ISO weekdays, ``exceptions`` days that are worked (True)
    or not (False) whatever their weekday. Raises ValueError where a week would hold no working time.
    """

    def __init__(
        self,
        zone: ZoneInfo,
        spans: Iterable[tuple[int, int]] = DEFAULT_HOURS,
        week: Iterable[int] = DEFAULT_WEEK,
        exceptions: Mapping[date, bool] | None = None,
    ) -> None:
        self.zone, self.spans, self.week = zone, tuple(spans), frozenset(week)
        self.exceptions = dict(exceptions or {})
        self.day_ms = sum(end - start for start, end in self.spans) * MINUTE_MS
        if self.day_ms <= 0 or not self.week & set(range(1, 8)):
            raise ValueError("a working week needs a working day and working hours: see [working_hours]")
        self._years = frozenset(day.year for day in self.exceptions)
        # A plain week stands before the table and one after it: what lies beyond is one of these, some weeks on.
        self._edges = tuple(self._midnight(day) for day in (FIRST_DAY, LAST_DAY))
        starts, ends = self._intervals()
        self._start, self._end = starts, ends
        self._before = np.concatenate(([0], np.cumsum(ends - starts)))
        self._starts: list[int] = starts.tolist()
        self._ends: list[int] = ends.tolist()
        self._worked: list[int] = self._before.tolist()
        self._week_ms = self.day_ms * len(self.week & set(range(1, 8)))

    def add(self, start: int, work_ms: int) -> int:
        """The earliest moment from ``start`` on by which ``work_ms`` have been worked; before it when negative."""
        if work_ms < 0:
            return self.back(start, -work_ms)
        start = _within(start)
        return _within(self._first(self._at(start) + min(work_ms, _MOST_MS))) if work_ms else start

    def back(self, end: int, work_ms: int) -> int:
        """The latest moment up to ``end`` after which ``work_ms`` are worked until ``end``."""
        if work_ms < 0:
            return self.add(end, -work_ms)
        end = _within(end)
        return _within(self._last(self._at(end) - min(work_ms, _MOST_MS))) if work_ms else end

    def between(self, start: int, end: int) -> int:
        """The working milliseconds from ``start`` to ``end``; negative when ``end`` is the earlier."""
        return self._at(_within(end)) - self._at(_within(start))

    def is_workday(self, day: date) -> bool:
        """Whether a local day is worked."""
        return self.exceptions.get(day, day.isoweekday() in self.week)

    def kind_of(self, day: date) -> str:
        """``plain`` for a working day as any other; else weekend, holiday, or workday (调休: worked instead)."""
        return _kind(day, self.week, self.exceptions)

    def days_off(self, start: int, end: int, most: int = 400) -> tuple[DayOff, ...]:
        """The local days from ``start`` to ``end`` that are not plain working days, the first ``most`` of them."""
        day = self._day(start)
        found: list[DayOff] = []
        last = self._day(max(end, start))
        while day <= last and len(found) < most:
            if (kind := self.kind_of(day)) != "plain":
                found.append(DayOff(day, kind, self._midnight(day), self._midnight(day + timedelta(1))))
            day += timedelta(1)
        return tuple(found)

    def missing_years(self, from_year: int, to_year: int) -> tuple[int, ...]:
        """The years whose public holidays nobody has told us: only weekends are off in them."""
        return tuple(year for year in range(from_year, to_year + 1) if year not in self._years)

    def missing_between(self, start: int, end: int) -> tuple[int, ...]:
        """The missing years that a span of time touches."""
        return self.missing_years(self._day(start).year, self._day(end).year)

    def warnings(self, now_ms: int) -> tuple[int, ...]:
        """The missing years among the present one and the next."""
        year = self._day(now_ms).year
        return self.missing_years(year, year + 1)

    def _day(self, ms: int) -> date:
        return datetime.fromtimestamp(_within(ms) // 1000, self.zone).date()

    def _midnight(self, day: date) -> int:
        return round(datetime(day.year, day.month, day.day, tzinfo=self.zone).timestamp() * 1000)

    def _intervals(self) -> tuple[Moments, Moments]:
        """Start and end of every working interval, from a plain week before the table to one after it."""
        first = FIRST_DAY - timedelta(7)
        days = [first + timedelta(n) for n in range((LAST_DAY - FIRST_DAY).days + 14)]
        worked = [d for d in days if (self.is_workday(d) if FIRST_DAY <= d < LAST_DAY else d.isoweekday() in self.week)]
        shift = self._shift(worked)
        midnight = np.array([d.toordinal() for d in worked], np.int64) * 1440
        epoch = date(1970, 1, 1).toordinal() * 1440
        local = np.array(self.spans, np.int64)[None, :, :] + (midnight - epoch)[:, None, None]
        edges = (local * MINUTE_MS - shift).reshape(-1)
        # Where a clock was put forward within an interval, what does not exist is not worked.
        edges = np.maximum.accumulate(edges)
        starts, ends = edges[0::2], edges[1::2]
        kept = ends > starts
        return starts[kept], ends[kept]

    def _shift(self, days: list[date]) -> Moments:
        """The zone's offset from UTC in ms at each edge of each span of each day."""
        minutes = [minute for span in self.spans for minute in span]
        noons = [datetime(d.year, d.month, d.day, 12, tzinfo=self.zone).utcoffset() for d in days]
        found = np.empty((len(days), len(minutes)), np.int64)
        for n, (day, offset) in enumerate(zip(days, noons, strict=True)):
            steady = 0 < n < len(days) - 1 and noons[n - 1] == offset == noons[n + 1]
            for k, minute in enumerate(minutes):
                at = offset if steady else self._offset(day, minute)
                assert at is not None
                found[n, k] = round(at.total_seconds() * 1000)
        return found.reshape(len(days), len(self.spans), 2)

    def _offset(self, day: date, minute: int) -> timedelta | None:
        local = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
        return local.replace(tzinfo=self.zone).utcoffset()

    def _at(self, ms: int) -> int:
        """The working time from the table's beginning to ``ms``."""
        weeks = 0
        if ms >= self._edges[1] + WEEK_MS:
            weeks = (ms - self._edges[1]) // WEEK_MS
        elif ms < self._edges[0] - WEEK_MS:
            weeks = (ms - self._edges[0]) // WEEK_MS + 1
        ms -= weeks * WEEK_MS
        at = bisect_right(self._starts, ms) - 1
        here = self._worked[at] + min(ms, self._ends[at]) - self._starts[at] if at >= 0 else 0
        return here + weeks * self._week_ms

    def _first(self, worked: int) -> int:
        """The earliest moment by which ``worked`` ms have been worked since the table's beginning."""
        total, week = self._worked[-1], self._week_ms
        weeks = -((total - worked) // week) if worked > total else (worked - 1) // week if worked <= 0 else 0
        worked -= weeks * week
        at = bisect_left(self._worked, worked) - 1
        return self._starts[at] + worked - self._worked[at] + weeks * WEEK_MS

    def _last(self, worked: int) -> int:
        """The latest moment by which no more than ``worked`` ms have been worked since the table's beginning."""
        total, week = self._worked[-1], self._week_ms
        weeks = (worked - total) // week + 1 if worked >= total else worked // week if worked < 0 else 0
        worked -= weeks * week
        at = bisect_right(self._worked, worked) - 1
        return self._starts[at] + worked - self._worked[at] + weeks * WEEK_MS


def calendar_of(district: District) -> WorkingCalendar:
    """The district's calendar: the State Council's, with the district's ``holidays.csv`` on top."""
    return _calendar(district.zone, district.working_hours, district.working_week, frozenset(district.holidays.items()))


def kind_of_day(district: District, day: date) -> str:
    """``WorkingCalendar.kind_of`` of the district's calendar, without its table of working hours."""
    return _kind(day, district.working_week, _exceptions(frozenset(district.holidays.items())))


def holidays_missing(district: District, now_ms: int) -> str:
    """A sentence about this and the next year, where nobody has told their holidays; else ''."""
    years = calendar_of(district).warnings(now_ms)
    if not years:
        return ""
    named = ", ".join(map(str, years))
    return f"the public holidays of {named} are not known: limits in office time leave out only weekends there"


@lru_cache(maxsize=16)
def _calendar(
    zone: ZoneInfo, spans: tuple[tuple[int, int], ...], week: frozenset[int], own: frozenset[tuple[date, bool]]
) -> WorkingCalendar:
    return WorkingCalendar(zone, spans, week, _exceptions(own))


@lru_cache(maxsize=16)
def _exceptions(own: frozenset[tuple[date, bool]]) -> Mapping[date, bool]:
    official = dict.fromkeys(state_council.holidays, False) | dict.fromkeys(state_council.workdays, True)
    return official | dict(own)


def _kind(day: date, week: frozenset[int], exceptions: Mapping[date, bool]) -> str:
    planned = day.isoweekday() in week
    worked = exceptions.get(day, planned)
    if planned and worked:
        return "plain"
    return "workday" if worked else "holiday" if day in exceptions else "weekend"


def _within(ms: int) -> int:
    return min(max(ms, EARLIEST_MS), LATEST_MS)
