"""The working calendar: deadline and inverse agree, it equals a walk minute by minute, and no moment is beyond it."""

import dataclasses
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.district.calendar import WorkingCalendar, calendar_of
from services.district.package import District
from services.platform.clock import parse_ms

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
BARE = District(code="1", name="区", zone=SHANGHAI)
OFFICE = calendar_of(BARE)
# Another week: Saturdays too, three short spans one of which ends at midnight, and a few days of its own.
ODD_DAYS = {date(2026, 12, 31): False, date(2027, 1, 3): True, date(2026, 6, 7): True, date(2026, 6, 9): False}
ODD = WorkingCalendar(ZoneInfo("America/New_York"), ((0, 95), (600, 601), (1321, 1440)), {1, 2, 4, 6}, ODD_DAYS)


def at(text: str) -> int:
    return parse_ms(f"2026-{text}+08:00" if len(text) < 19 else f"{text}+08:00")


def walk(calendar: WorkingCalendar, start: int, end: int) -> int:
    """The working minutes between two whole minutes, told by looking at the local clock of each."""
    count = 0
    for ms in range(start, end, MINUTE):
        local = datetime.fromtimestamp(ms / 1000, UTC).astimezone(calendar.zone)
        worked = calendar.exceptions.get(local.date(), local.isoweekday() in calendar.week)
        minute = local.hour * 60 + local.minute
        count += worked and any(first <= minute < last for first, last in calendar.spans)
    return count


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("11-24T08:00:00", 4, "11-24T12:00:00"),  # the earliest moment: not 14:00
        ("11-24T08:00:00", 8, "11-24T18:00:00"),
        ("11-24T14:05:00", 4, "11-25T08:05:00"),
        ("11-24T11:30:00", 1, "11-24T14:30:00"),  # over lunch
        ("11-24T13:00:00", 1, "11-24T15:00:00"),  # filed at lunch
        ("11-24T23:59:59", 1, "11-25T09:00:00"),  # over midnight
        ("11-27T17:59:59", 1, "11-30T08:59:59"),  # over a weekend, to the second
        ("11-28T10:00:00", 8, "11-30T18:00:00"),  # filed on a Saturday
        ("12-31T17:00:00", 2, "2027-01-01T09:00:00"),  # 2027 is not announced: only weekends are off
        ("09-30T17:00:00", 2, "10-08T09:00:00"),  # National Day: a week
        ("10-09T17:00:00", 2, "10-10T09:00:00"),  # 调休: a Saturday worked
        ("09-18T17:00:00", 2, "09-20T09:00:00"),  # 调休: a Sunday worked
        ("11-24T10:00:00", 0, "11-24T10:00:00"),
        ("11-28T10:00:00", 0, "11-28T10:00:00"),  # no work at all: the moment itself, off or not
    ],
)
def test_a_deadline_is_the_earliest_moment_by_which_the_work_is_done(start: str, hours: float, end: str) -> None:
    assert OFFICE.add(at(start), int(hours * HOUR)) == at(end)


def test_a_years_end_whose_holidays_are_known_is_jumped_over() -> None:
    known = calendar_of(dataclasses.replace(BARE, holidays={date(2027, 1, 1): False}))
    assert known.add(at("12-31T17:00:00"), 2 * HOUR) == at("2027-01-04T09:00:00")
    assert known.missing_years(2025, 2028) == (2028,)


def test_the_districts_holidays_are_laid_over_the_state_councils() -> None:
    own = calendar_of(dataclasses.replace(BARE, holidays={date(2026, 10, 1): True, date(2026, 11, 25): False}))
    assert own.add(at("09-30T17:00:00"), 2 * HOUR) == at("10-01T09:00:00")
    assert own.add(at("11-24T17:00:00"), 2 * HOUR) == at("11-26T09:00:00")


def test_the_way_back_ends_at_the_latest_moment() -> None:
    assert OFFICE.back(at("11-24T15:00:00"), HOUR) == at("11-24T14:00:00")  # not 12:00
    assert OFFICE.back(at("11-30T08:30:00"), HOUR) == at("11-27T17:30:00")
    assert OFFICE.back(at("11-28T08:30:00"), 0) == at("11-28T08:30:00")


def test_a_years_missing_holidays_are_told() -> None:
    assert OFFICE.warnings(at("11-24T08:00:00")) == (2027,)
    assert OFFICE.warnings(at("2027-11-24T08:00:00")) == (2027, 2028)
    assert OFFICE.missing_years(2004, 2026) == ()


def test_the_days_that_are_not_plain_working_days_are_named() -> None:
    found = OFFICE.days_off(at("10-07T23:00:00"), at("10-12T00:00:00"))
    assert [(str(day.day), day.kind) for day in found] == [
        ("2026-10-07", "holiday"),
        ("2026-10-10", "workday"),
        ("2026-10-11", "weekend"),
    ]
    assert (found[0].start, found[0].end) == (at("10-07T00:00:00"), at("10-08T00:00:00"))


def test_one_district_has_one_calendar_and_another_policy_makes_no_other() -> None:
    assert calendar_of(dataclasses.replace(BARE, name="别区")) is OFFICE
    assert calendar_of(dataclasses.replace(BARE, working_week=frozenset({1, 2, 3, 4, 5, 6}))) is not OFFICE


@pytest.mark.parametrize(("spans", "week"), [((), {1}), (((480, 480),), {1}), (((480, 720),), set())])
def test_a_week_without_work_is_refused(spans: tuple[tuple[int, int], ...], week: set[int]) -> None:
    with pytest.raises(ValueError, match="working_hours"):
        WorkingCalendar(SHANGHAI, spans, week)


CALENDARS = st.sampled_from([OFFICE, ODD])
MOMENTS = st.integers(at("1990-01-01T00:00:00"), at("2070-01-01T00:00:00"))
ANY_MOMENT = MOMENTS | st.integers(-(2**62), 2**62)
WORK = st.integers(0, 400 * HOUR)


@given(CALENDARS, MOMENTS, WORK)
def test_a_deadline_and_its_inverse_agree(calendar: WorkingCalendar, start: int, work: int) -> None:
    end = calendar.add(start, work)
    assert end >= start
    assert calendar.between(start, end) == work
    assert work == 0 or calendar.between(start, end - 1) == work - 1  # the earliest such moment
    begin = calendar.back(start, work)
    assert begin <= start
    assert calendar.between(begin, start) == work
    assert work == 0 or calendar.between(begin + 1, start) == work - 1  # the latest such moment


@given(CALENDARS, MOMENTS, MOMENTS, MOMENTS)
def test_working_time_adds_up_and_turns_its_sign(calendar: WorkingCalendar, a: int, b: int, c: int) -> None:
    assert calendar.between(a, b) + calendar.between(b, c) == calendar.between(a, c)
    assert calendar.between(a, b) == -calendar.between(b, a)
    assert abs(calendar.between(a, b)) <= abs(b - a)


NEAR = st.integers(at("2025-12-25T00:00:00") // MINUTE, at("2027-01-15T00:00:00") // MINUTE)


@settings(max_examples=60, deadline=None)
@given(CALENDARS, NEAR, st.integers(0, 6 * 1440))
def test_it_equals_a_walk_minute_by_minute(calendar: WorkingCalendar, minute: int, length: int) -> None:
    start, end = minute * MINUTE, (minute + length) * MINUTE
    assert calendar.between(start, end) == walk(calendar, start, end) * MINUTE


@settings(max_examples=40, deadline=None)
@given(NEAR, st.integers(1, 16 * 60))
def test_a_deadline_is_where_the_walk_has_counted_the_limit(minute: int, work: int) -> None:
    ms, left = minute * MINUTE, work
    while left:
        left -= walk(OFFICE, ms, ms + MINUTE)
        ms += MINUTE
    assert OFFICE.add(minute * MINUTE, work * MINUTE) == ms


def test_where_clocks_are_put_forward_and_back_the_walk_agrees() -> None:
    night = WorkingCalendar(ZoneInfo("America/New_York"), ((30, 210), (300, 600)), set(range(1, 8)))
    for day in ("2026-03-08", "2026-11-01"):
        start = parse_ms(f"{day}T00:00:00-05:00") - DAY
        for hours in range(0, 60, 7):
            assert night.between(start, start + hours * HOUR) == walk(night, start, start + hours * HOUR) * MINUTE


@given(CALENDARS, st.integers(), st.integers(), st.integers())
def test_no_moment_and_no_work_raises(calendar: WorkingCalendar, a: int, b: int, work: int) -> None:
    for found in (calendar.add(a, work), calendar.back(a, work)):
        assert 1 <= datetime.fromtimestamp(found / 1000, UTC).year <= 9999
    calendar.between(a, b)
    calendar.warnings(a)
    assert len(calendar.days_off(a, b, 10)) <= 10


def test_beyond_the_table_the_plain_week_goes_on() -> None:
    friday = at("2099-06-05T17:00:00")
    assert OFFICE.add(friday, 2 * HOUR) == at("2099-06-08T09:00:00")
    assert OFFICE.back(at("1970-06-08T09:00:00"), 2 * HOUR) == at("1970-06-05T17:00:00")
    assert OFFICE.between(friday, friday + timedelta(days=70) // timedelta(milliseconds=1)) == 400 * HOUR
