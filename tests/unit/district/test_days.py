"""Counting days in every time zone: a day ends where the next begins, and every moment lies in exactly one."""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.district.package import District

ZONES = sorted(name for name in available_timezones() if name not in {"localtime", "Factory"})
# Dates that a zone left out when it changed sides of the date line: they hold no moment.
LEFT_OUT = {("Pacific/Apia", 20111230), ("Pacific/Fakaofo", 20111230), ("Pacific/Kwajalein", 19930821)}


@cache
def district(zone: str, cut: int) -> District:
    return District("x", "x", ZoneInfo(zone), day_cut_hour=cut)


def number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(ZONES), st.dates(date(1900, 1, 3), date(2200, 1, 1)), st.integers(0, 23))
@example("America/New_York", date(2026, 3, 8), 4)
@example("America/New_York", date(2026, 11, 1), 4)
@example("Australia/Lord_Howe", date(2026, 4, 5), 2)
@example("Australia/Lord_Howe", date(2026, 10, 4), 2)
@example("America/Sao_Paulo", date(2018, 11, 4), 0)
@example("America/Sao_Paulo", date(2018, 2, 18), 0)
@example("America/St_Johns", date(2010, 11, 7), 0)
@example("America/Havana", date(2026, 11, 1), 0)
@example("Pacific/Apia", date(2011, 12, 31), 4)
@example("Pacific/Kwajalein", date(1969, 10, 1), 12)
@example("Asia/Shanghai", date(1901, 1, 1), 0)
@example("Africa/Monrovia", date(1972, 1, 7), 0)
def test_a_day_begins_where_the_one_before_ends(zone: str, day: date, cut: int) -> None:
    of, d = district(zone, cut), number(day)
    start, following = of.day_start_ms(d), of.day_start_ms(of.day_after(d))
    assert start <= following
    if start == following:  # the zone left this date out
        assert of.day_of(start) == of.day_after(d)
        return
    assert of.day_of(start) == d
    assert of.day_of(following - 1) == d
    before = of.day_after(d, -1)
    while of.day_start_ms(before) == start:
        before = of.day_after(before, -1)
    assert of.day_of(start - 1) == before


@pytest.mark.parametrize("zone", ["America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia"])
@pytest.mark.parametrize("cut", [0, 2, 4, 12])
def test_every_minute_of_twenty_years_changes_lies_in_the_day_that_its_start_tells(zone: str, cut: int) -> None:
    of = district(zone, cut)
    when, last, offset = datetime(2006, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC), None
    while when < last:
        if (now := when.astimezone(ZoneInfo(zone)).utcoffset()) != offset:
            offset = now
            for minutes in range(-1500, 1500, 7):
                ms = round((when + timedelta(minutes=minutes)).timestamp() * 1000)
                day = of.day_of(ms)
                assert of.day_start_ms(day) <= ms < of.day_start_ms(of.day_after(day))
        when += timedelta(days=1)


def test_only_a_date_that_a_zone_left_out_has_no_moment() -> None:
    for zone, day in LEFT_OUT:
        of = district(zone, 0)
        assert of.day_start_ms(day) == of.day_start_ms(of.day_after(day)), zone
        assert of.day_of(of.day_start_ms(day) - 1) == of.day_after(day, -1)


def test_the_days_hours_at_the_change_of_summer_time() -> None:
    of = district("America/New_York", 4)
    hours = [
        (of.day_start_ms(of.day_after(day)) - of.day_start_ms(day)) / 3_600_000
        for day in (20260306, 20260307, 20260308, 20261030, 20261031, 20261101)
    ]
    assert hours == [24, 23, 24, 24, 25, 24]
