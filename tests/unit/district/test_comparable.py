"""A day is compared with its weekday, of its kind; a holiday and a make-up workday with none."""

import dataclasses
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.district.comparable import ComparableDay, comparable, comparable_a_year_ago, kind_of
from services.district.package import District
from tests.tiny import CODE


def district(**days: bool) -> District:
    from zoneinfo import ZoneInfo

    holidays = {date.fromisoformat(day.removeprefix("d").replace("_", "-")): worked for day, worked in days.items()}
    return District(CODE, "试区", ZoneInfo("Asia/Shanghai"), holidays=holidays)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (20261123, ComparableDay(20261116, 1)),  # a Monday
        (20261122, ComparableDay(20261115, 1)),  # a Sunday
        (20261001, ComparableDay(why="holiday")),
        (20261009, ComparableDay(20260925, 2)),  # a Friday: the one before lies in the holidays of 1 October
    ],
)
def test_the_same_weekday_of_the_same_kind(day: int, expected: ComparableDay) -> None:
    made = district(d2026_10_02=False, d2026_09_25=True, d2026_10_09=True) if day == 20261009 else district()
    assert comparable(made, day) == expected


def test_a_sunday_that_is_worked_is_like_no_other_and_four_lost_weeks_end_the_search() -> None:
    assert comparable(district(d2026_11_22=True), 20261122) == ComparableDay(why="workday")
    lost = {f"d{date(2026, 11, 23) - timedelta(weeks=k):%Y_%m_%d}": False for k in range(1, 5)}
    assert comparable(district(**lost), 20261123) == ComparableDay(why="none")


def test_a_year_ago_is_the_weekday_52_weeks_before_and_of_a_holiday_its_date() -> None:
    assert comparable_a_year_ago(district(), 20261123) == 20251124
    assert comparable_a_year_ago(district(), 20261001) == 20251001
    assert comparable_a_year_ago(district(d2025_11_24=False), 20261123) == 0


@given(st.dates(date(2023, 1, 1), date(2026, 12, 31)), st.sets(st.integers(0, 40)))
def test_what_is_compared_has_the_weekday_and_the_kind(day: date, off: set[int]) -> None:
    made = dataclasses.replace(district(), holidays={day - timedelta(days=k): False for k in off})
    number = day.year * 10_000 + day.month * 100 + day.day
    found = comparable(made, number)
    assert bool(found.day) != bool(found.why)
    if found.day:
        other = date(found.day // 10_000, found.day // 100 % 100, found.day % 100)
        assert (day - other).days == 7 * found.weeks and 1 <= found.weeks <= 4
        assert kind_of(made, found.day) == kind_of(made, number) in {"plain", "weekend"}
