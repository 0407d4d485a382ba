"""Which earlier day a day is compared with: the same weekday, of the same kind. Pure.

A Monday beside a Sunday is red on every Monday, and then red means nothing. So a plain working day stands beside the
same weekday of the week before, else of the last of four weeks in which that was a plain working day too; a weekend
likewise. A public holiday and a day worked instead (调休) are like no other day: there it is said that nothing is
compared, and why.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from services.district.calendar import kind_of_day
from services.district.package import District

WEEKS_BACK = 4
YEAR_WEEKS = 52
# Why nothing is compared: the day's own kind, or that no such day lies near. The screens have words for each.
WHY_NOT = ("holiday", "workday", "none")


class ComparableDay(NamedTuple):
    """``day`` (yyyymmdd) lies ``weeks`` before; 0 where there is none, and ``why`` is one of ``WHY_NOT``."""

    day: int = 0
    weeks: int = 0
    why: str = ""


def comparable(district: District, day: int) -> ComparableDay:
    """The day with which ``day`` (yyyymmdd) is compared."""
    kind = kind_of(district, day)
    if kind in WHY_NOT:
        return ComparableDay(why=kind)
    for weeks in range(1, WEEKS_BACK + 1):
        earlier = district.day_after(day, -7 * weeks)
        if kind_of(district, earlier) == kind:
            return ComparableDay(earlier, weeks)
    return ComparableDay(why="none")


def same_moment(district: District, day: int, now: int) -> int:
    """The moment of ``day`` (yyyymmdd) at which as much of it had passed as has of the day of ``now`` (Unix ms).

    A day that is not over is compared with this much of the other, by whoever compares it; at most the day's end.
    """
    passed = now - district.day_start_ms(district.day_of(now))
    return min(district.day_start_ms(day) + passed, district.day_start_ms(district.day_after(day)))


def comparable_a_year_ago(district: District, day: int) -> int:
    """The same weekday 52 weeks before, 0 where that was a day of another kind; of a holiday the same date."""
    kind = kind_of(district, day)
    earlier = district.day_after(day, -7 * YEAR_WEEKS)
    if kind == "holiday":
        month_and_day = day % 10_000
        earlier = day - 10_000 - (month_and_day == 229)
    return earlier if kind_of(district, earlier) == kind else 0


def name_before(against: ComparableDay, compare: Mapping[str, Any], weekdays: Sequence[str]) -> str:
    """What a day is compared with, in words: 上周一; «» where with none; ``weekdays`` begin with Monday."""
    if not against.day:
        return ""
    day = _date(against.day)
    form = str(compare["last_week" if against.weeks == 1 else "earlier"])
    return form.format(m=day.month, d=day.day, weekday=weekdays[day.weekday()])


def name_year_ago(against: ComparableDay, day: int, compare: Mapping[str, Any], weekdays: Sequence[str]) -> str:
    """What stands beside ``day`` from a year ago, in words: 去年同周周一; of a holiday 去年同日."""
    form = str(compare["year_ago_date" if against.why == "holiday" else "year_ago"])
    return form.format(weekday=weekdays[_date(day).weekday()])


def kind_of(district: District, day: int) -> str:
    """``plain``, ``weekend``, ``holiday``, or ``workday``: one that is worked though its weekday is off (调休)."""
    return kind_of_day(district, _date(day))


def _date(day: int) -> date:
    return date(day // 10_000, day // 100 % 100, day % 100)
