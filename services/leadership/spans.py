"""The span of days that a leader asks for: a day, week, month, quarter or any, and what it is compared with. Pure.

As it stands in an address: 2026-11-26, 2026-W48, 2026-11, 2026-Q4, 2026-11-01..2026-11-15. Weeks are ISO 8601's.
A month is the district's month of account (``month_first_day`` of district.toml, DOMAIN.md §4): where it begins on the
26th, 2026-11 is 26 October to 25 November. It has the name of the calendar month that most of its days lie in; quarters
are three of them.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Literal, NamedTuple

from services.platform.refusal import Refusal

Kind = Literal["day", "week", "month", "quarter", "span"]
KINDS: tuple[Kind, ...] = ("day", "week", "month", "quarter")
LONGEST_DAYS = 3 * 366
_DAY = timedelta(days=1)
# A month that begins later has most of its days in the next calendar month.
_MIDDLE = 15
_NOTHING = {"future": "it has not begun yet", "malformed": "no span of days", "too_long": "longer than three years"}


class SpanRefused(Refusal):
    """What was asked for is no span that can be shown; ``code`` is malformed, future or too_long."""

    texts, status = "leadership.refused.", 400

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{text[:40]!r}: {_NOTHING[code]}", code)


class Span(NamedTuple):
    """Days from ``first`` up to, not including, ``end``. ``month_day``: on which the district's months begin."""

    kind: Kind
    first: date
    end: date
    month_day: int = 1

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
        first, month = self.first, self.month
        if self.kind == "day":
            return first.isoformat()
        if self.kind == "week":
            year, week, _ = first.isocalendar()
            return f"{year}-W{week:02}"
        if self.kind == "month":
            return f"{month.year}-{month.month:02}"
        if self.kind == "quarter":
            return f"{month.year}-Q{(month.month + 2) // 3}"
        return f"{first.isoformat()}..{self.last.isoformat()}"

    @property
    def month(self) -> date:
        """The first day of the calendar month that names the month of account in which the span begins."""
        return month_of(self.first, self.month_day)

    @property
    def numbers(self) -> tuple[int, int]:
        """First day and end as yyyymmdd, as the roll-ups count them."""
        return number(self.first), number(self.end)


def parse(text: str, today: date, month_day: int = 1) -> Span:
    """The span that ``text`` names. It may reach today, and end after it; it must have begun. Raises SpanRefused.

    ``month_day``: on which the district's months begin.
    """
    for pattern, make in _FORMS:
        found = re.fullmatch(pattern, text)
        if found is None:
            continue
        try:
            span = make(month_day, *found.groups())
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


def around(kind: Kind, day: date, month_day: int = 1) -> Span:
    """The day, week, month or quarter that ``day`` lies in."""
    if kind == "week":
        return _week(day - (day.weekday() * _DAY), month_day)
    named = month_of(day, month_day)
    if kind == "month":
        return _months("month", named.year, named.month, 1, month_day)
    if kind == "quarter":
        return _months("quarter", named.year, (named.month - 1) // 3 * 3 + 1, 3, month_day)
    return Span("day", day, day + _DAY, month_day)


def latest(kind: Kind, today: date, month_day: int = 1) -> Span:
    """The last one that is over: yesterday, last week, last month, last quarter."""
    return before(around(kind, today, month_day))


def month_of(day: date, month_day: int) -> date:
    """The first of the calendar month that names the month of account that ``day`` lies in.

    It begins on ``month_day`` of that calendar month, or, past the middle of it (from the 16th on), of the one before.
    """
    year, month = day.year, day.month
    if day.day < month_day:
        year, month = _shifted(year, month, -1)
    return date(*_shifted(year, month, _begins_before(month_day)), 1)


def before(span: Span) -> Span:
    """The one just before (环比): of a span of any days, as many days."""
    if span.kind == "span":
        return Span("span", span.first - span.days * _DAY, span.first, span.month_day)
    return around(span.kind, span.first - _DAY, span.month_day)


def after(span: Span) -> Span:
    """The one just after."""
    if span.kind == "span":
        return Span("span", span.end, span.end + span.days * _DAY, span.month_day)
    return around(span.kind, span.end, span.month_day)


def year_ago(span: Span) -> Span:
    """The same a year before (同比): of a week, the ISO week of that number (of week 53, the last one)."""
    if span.kind == "week":
        year, week, _ = span.first.isocalendar()
        last = date(year - 1, 12, 28).isocalendar().week
        return _week(date.fromisocalendar(year - 1, min(week, last), 1), span.month_day)
    first = _year_before(span.first)
    if span.kind in {"month", "quarter"}:
        return around(span.kind, first, span.month_day)
    return Span(span.kind, first, first + span.days * _DAY, span.month_day)


def _year_before(day: date) -> date:
    return day.replace(year=day.year - 1, day=28 if (day.month, day.day) == (2, 29) else day.day)


def number(day: date) -> int:
    """A day as yyyymmdd."""
    return day.year * 10_000 + day.month * 100 + day.day


def as_date(day: int) -> date:
    """A day yyyymmdd as a date."""
    return date(day // 10_000, day // 100 % 100, day % 100)


def _week(monday: date, month_day: int) -> Span:
    return Span("week", monday, monday + 7 * _DAY, month_day)


def _months(kind: Kind, year: int, month: int, n: int, month_day: int) -> Span:
    if not 1 <= month <= 12:
        raise ValueError(month)
    back = _begins_before(month_day)
    first, end = _shifted(year, month, -back), _shifted(year, month, n - back)
    return Span(kind, date(*first, month_day), date(*end, month_day), month_day)


def _begins_before(month_day: int) -> int:
    """1 where a month of account begins in the calendar month before the one that names it."""
    return int(month_day > _MIDDLE)


def _shifted(year: int, month: int, by: int) -> tuple[int, int]:
    months = year * 12 + month - 1 + by
    return months // 12, months % 12 + 1


_ISO = r"(\d{4}-\d\d-\d\d)"
_FORMS: tuple[tuple[str, Callable[..., Span]], ...] = (
    (_ISO, lambda from_, day: around("day", date.fromisoformat(day), from_)),
    (r"(\d{4})-W(\d\d)", lambda from_, year, week: _week(date.fromisocalendar(int(year), int(week), 1), from_)),
    (r"(\d{4})-(\d\d)", lambda from_, year, month: _months("month", int(year), int(month), 1, from_)),
    (
        r"(\d{4})-Q([1-4])",
        lambda from_, year, quarter: _months("quarter", int(year), int(quarter) * 3 - 2, 3, from_),
    ),
    (
        rf"{_ISO}\.\.{_ISO}",
        lambda from_, first, last: Span("span", date.fromisoformat(first), date.fromisoformat(last) + _DAY, from_),
    ),
)
