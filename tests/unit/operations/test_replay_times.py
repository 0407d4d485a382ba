"""Local times become the same moment on every machine, also in the hours that a clock shows twice or never."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.operations.replay.times import parse_moment

BOSTON, SAN_FRANCISCO, SHENZHEN = (ZoneInfo(n) for n in ("America/New_York", "America/Los_Angeles", "Asia/Shanghai"))
MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC))
ZONES = st.sampled_from([BOSTON, SAN_FRANCISCO, SHENZHEN])


@given(MOMENTS, ZONES)
def test_a_local_time_comes_back_as_its_moment_or_as_the_first_of_two(moment: datetime, zone: ZoneInfo) -> None:
    local = moment.astimezone(zone)
    expected = moment - timedelta(hours=1) if local.fold else moment
    assert parse_moment(local.replace(tzinfo=None).isoformat(sep=" "), zone) == expected


@given(MOMENTS, ZONES, ZONES)
def test_an_offset_in_the_text_wins_over_the_zone_of_the_file(
    moment: datetime, there: ZoneInfo, zone: ZoneInfo
) -> None:
    assert parse_moment(moment.astimezone(there).isoformat(), zone) == moment


@given(MOMENTS.map(lambda m: m.replace(microsecond=0)), ZONES)
def test_an_american_time_says_the_same_as_the_iso_one(moment: datetime, zone: ZoneInfo) -> None:
    local = moment.astimezone(zone)
    american = local.strftime("%m/%d/%Y %I:%M:%S %p")
    assert parse_moment(american, zone) == parse_moment(local.strftime("%Y-%m-%d %H:%M:%S"), zone)


def test_the_hour_shown_twice_is_the_first_and_the_hour_leapt_over_one_hour_on() -> None:
    assert parse_moment("2026-11-01 01:30:00", BOSTON) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)
    assert parse_moment("2026-03-08 02:30:00", BOSTON) == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "-", "yesterday", "2026-13-01 00:00:00", "13/45/2019 05:39:00 PM", "0001-01-01"])
def test_what_is_no_time_is_refused_with_its_text(text: str) -> None:
    with pytest.raises(ValueError, match="is no time"):
        parse_moment(text, SHENZHEN)
