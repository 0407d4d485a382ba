"""A month of the district's calendar, and the errors of the archive. Pure."""

import re
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from services.platform.refusal import Refusal


class ArchiveError(Refusal):
    """The archive could not do what was asked, or not safely; the text says which month or file, why, what to do."""


class Month(NamedTuple):
    """A calendar month; months sort as they pass."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"

    def plus(self, months: int) -> "Month":
        """The month so many later (earlier, when negative)."""
        year, number = divmod(self.year * 12 + self.number - 1 + months, 12)
        return Month(year, number + 1)

    def span(self, zone: ZoneInfo) -> tuple[int, int]:
        """From its first millisecond up to, not including, the next month's (Unix ms), by the district's clock."""
        return self._start(zone), self.plus(1)._start(zone)

    def _start(self, zone: ZoneInfo) -> int:
        return round(datetime(self.year, self.number, 1, tzinfo=zone).timestamp() * 1000)


def parse_month(text: str) -> Month:
    """``2026-08``. Raises ArchiveError for anything else."""
    if re.fullmatch(r"(19|20)\d\d-(0[1-9]|1[0-2])", text, re.ASCII) is None:
        raise ArchiveError(f"{text!r} is no month: write for example 2026-08")
    year, _, number = text.partition("-")
    return Month(int(year), int(number))


def month_of(ms: int, zone: ZoneInfo) -> Month:
    """The month that a moment (Unix ms) lies in, by the district's clock."""
    moment = datetime.fromtimestamp(ms / 1000, UTC).astimezone(zone)
    return Month(moment.year, moment.month)


def need_over(month: Month, now_ms: int, zone: ZoneInfo) -> None:
    """Raise ArchiveError unless the month is over at ``now_ms``: only then nothing more is to come for it."""
    present = month_of(now_ms, zone)
    if month > present:
        raise ArchiveError(f"{month} lies in the future: it is {present} now")
    if month == present:
        raise ArchiveError(f"{month} is not over: archive it from the first of {month.plus(1)} on")
