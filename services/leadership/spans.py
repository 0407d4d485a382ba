"""The span of days that a leader asks for: a day, week, month, quarter or any, and what it is compared with. Pure.

As it stands in an address: 2026-11-26, 2026-W48, 2026-11, 2026-Q4, 2026-11-01..2026-11-15. Weeks are ISO 8601's.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Literal, NamedTuple

Kind = Literal["day", "week", "month", "quarter", "span"]
KINDS: tuple[Kind, ...] = ("day", "week", "month", "quarter")
LONGEST_DAYS = 3 * 366
_DAY = timedelta(days=1)
_NOTHING = {"future": "it has not begun yet", "malformed": "no span of days", "too_long": "longer than three years"}


class SpanRefused(ValueError):
    """What was asked for is no span that can be shown; ``code`` is malformed, future or too_long."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{text[:40]!r}: {_NOTHING[code]}")
        self.code = code


class Span(NamedTuple):
    """Days from ``first`` up to, not including, ``end``."""

    kind: Kind
    first: date
    end: date

    @property
    def days(self) -> int:
        """How many."""
        return (self.end - self.first).days

    @property
    def last(self) -> date:
        """The last day that is in."""
        return self.end - _DAY

    @property
    def text(self) -> str:
        """As ``parse`` reads it."""
        first = self.first
        if self.kind == "day":
            return first.isoformat()
        if self.kind == "week":
            year, week, _ = first.isocalendar()
            return f"{year}-W{week:02}"
        if self.kind == "month":
            return f"{first.year}-{first.month:02}"
        if self.kind == "quarter":
            return f"{first.year}-Q{(first.month + 2) // 3}"
        return f"{first.isoformat()}..{self.last.isoformat()}"

    @property
    def numbers(self) -> tuple[int, int]:
        """First day and end as yyyymmdd, as the roll-ups count them."""
        return number(self.first), number(self.end)


def parse(text: str, today: date) -> Span:
    """The span that ``text`` names. It may reach today, and end after it; it must have begun. Raises SpanRefused."""
    for pattern, make in _FORMS:
        found = re.fullmatch(pattern, text)
        if found is None:
            continue
        try:
            span = make(*found.groups())
        except (ValueError, OverflowError):
            raise SpanRefused("malformed", text) from None
        if span.end <= span.first or span.first.year < 1900:
            raise SpanRefused("malformed", text)
        if span.first > today:
            raise SpanRefused("future", text)
        if span.days > LONGEST_DAYS:
            raise SpanRefused("too_long", text)
        return span
    raise SpanRefused("malformed", text)


def around(kind: Kind, day: date) -> Span:
    """The day, week, month or quarter that ``day`` lies in."""
    if kind == "week":
        return _week(day - (day.weekday() * _DAY))
    if kind == "month":
        return _month(day.year, day.month)
    if kind == "quarter":
        return _months("quarter", day.year, (day.month - 1) // 3 * 3 + 1, 3)
    return Span("day", day, day + _DAY)


def latest(kind: Kind, today: date) -> Span:
    """The last one that is over: yesterday, last week, last month, last quarter."""
    return before(around(kind, today))


def before(span: Span) -> Span:
    """The one just before (环比): of a span of any days, as many days."""
    if span.kind == "span":
        return Span("span", span.first - span.days * _DAY, span.first)
    return around(span.kind, span.first - _DAY)


def after(span: Span) -> Span:
    """The one just after."""
    if span.kind == "span":
        return Span("span", span.end, span.end + span.days * _DAY)
    return around(span.kind, span.end)


def year_ago(span: Span) -> Span:
    """The same a year before (同比): of a week, the ISO week of that number (of week 53, the last one)."""
    if span.kind == "week":
        year, week, _ = span.first.isocalendar()
        last = date(year - 1, 12, 28).isocalendar().week
        return _week(date.fromisocalendar(year - 1, min(week, last), 1))
    first = _year_before(span.first)
    if span.kind in {"month", "quarter"}:
        return around(span.kind, first)
    return Span(span.kind, first, first + span.days * _DAY)


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def number(day: date) -> int:
    """A day as yyyymmdd."""
    return day.year * 10_000 + day.month * 100 + day.day


def as_date(day: int) -> date:
    """A day yyyymmdd as a date."""
    return date(day // 10_000, day // 100 % 100, day % 100)


def _week(monday: date) -> Span:
    return Span("week", monday, monday + 7 * _DAY)


def _month(year: int, month: int) -> Span:
    return _months("month", year, month, 1)


def _months(kind: Kind, year: int, month: int, n: int) -> Span:
    end = month - 1 + n
    return Span(kind, date(year, month, 1), date(year + end // 12, end % 12 + 1, 1))


_ISO = r"(\d{4}-\d\d-\d\d)"
_FORMS: tuple[tuple[str, Callable[..., Span]], ...] = (
    (_ISO, lambda day: around("day", date.fromisoformat(day))),
    (r"(\d{4})-W(\d\d)", lambda year, week: _week(date.fromisocalendar(int(year), int(week), 1))),
    (r"(\d{4})-(\d\d)", lambda year, month: _month(int(year), int(month))),
    (
        r"(\d{4})-Q([1-4])",
        lambda year, quarter: _months("quarter", int(year), int(quarter) * 3 - 2, 3),
    ),
    (
        rf"{_ISO}\.\.{_ISO}",
        lambda first, last: Span("span", date.fromisoformat(first), date.fromisoformat(last) + _DAY),
    ),
)
