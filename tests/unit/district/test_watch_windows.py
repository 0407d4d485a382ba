"""When an area is watched: read in both languages, kept in one, and what happens outside of it is not of it."""

import dataclasses
from datetime import datetime
from typing import Any

import pytest

from services.board.watched_areas import CaseAt, WatchedAreas
from services.district.package import District
from services.district.watch_windows import is_watched, read_windows, written_windows
from tests.tiny import square


@pytest.mark.parametrize(("text", "kept"), [
    ("", ""), ("07:00-09:00", "daily 07:00-09:00"), ("工作日 7:00至9:00", "workdays 07:00-09:00"),
    ("周六、周日 08：00—12：00；休息日 18:00-24:00", "sat,sun 08:00-12:00; off 18:00-24:00"),
    ("mon-fri 07:00-09:00", "mon,tue,wed,thu,fri 07:00-09:00"), ("周五至周一 1:00-2:00", "mon,fri,sat,sun 01:00-02:00"),
    ("每月1、11、21日 06:00-12:00", "day 1,11,21 06:00-12:00"), ("day 31 22:00-02:00", "day 31 22:00-02:00"),
    ("星期天 1:00-2:00\n", "sun 01:00-02:00"),
])  # fmt: skip
def test_windows_are_read_in_both_languages_and_kept_in_one(text: str, kept: str) -> None:
    found = read_windows(text)
    assert written_windows(found) == kept
    assert read_windows(kept) == read_windows(written_windows(found, is_chinese=True)) == found


@pytest.mark.parametrize("text", [
    "workdays", "7-9", "07:00-07:00", "25:00-26:00", "07:60-08:00", "day 0 07:00-08:00", "day 32 07:00-08:00",
    "someday 07:00-08:00", "周八 07:00-08:00", "; ".join(f"{n:02d}:00-{n:02d}:30" for n in range(13)), "1 2 07:00",
])  # fmt: skip
def test_what_is_no_window_is_named(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        read_windows(text)


@pytest.mark.parametrize(("windows", "at", "is_in"), [
    ("", "2026-11-23T03:00", True), ("workdays 07:00-09:00", "2026-11-23T07:00", True),
    ("workdays 07:00-09:00", "2026-11-23T09:00", False), ("workdays 07:00-09:00", "2026-11-22T08:00", False),
    ("off 07:00-09:00", "2026-11-22T08:00", True),
    ("workdays 07:00-09:00", "2026-10-01T08:00", False), ("off 07:00-09:00", "2026-10-01T08:00", True),
    ("sat 22:00-02:00", "2026-11-22T01:59", True), ("sat 22:00-02:00", "2026-11-21T01:59", False),
    ("day 11 06:00-12:00", "2026-11-11T06:00", True), ("day 11 06:00-12:00", "2026-11-12T06:00", False),
])  # fmt: skip
def test_a_moment_lies_in_a_window_by_the_districts_clock_and_calendar(
    tiny: District, windows: str, at: str, is_in: bool
) -> None:
    ms = int(datetime.fromisoformat(at).replace(tzinfo=tiny.zone).timestamp() * 1000)
    assert is_watched(read_windows(windows), tiny, ms) is is_in


def test_a_case_and_a_patrol_outside_of_the_window_are_not_of_the_area(tiny: District) -> None:
    feature: dict[str, Any] = {
        "type": "Feature",
        "geometry": square(0, 0),
        "properties": {"code": "W1", "name": "校门口", "windows": "workdays 07:00-09:00"},
    }
    district = dataclasses.replace(tiny, layers={"watch_areas": {"features": [feature]}})
    areas = WatchedAreas(district)

    def at(hour: int) -> int:
        return int(datetime(2026, 11, 23, hour, 30, tzinfo=tiny.zone).timestamp() * 1000)

    cases = [CaseAt(118.905, 31.905, at(hour), True) for hour in (6, 7, 8, 9)]
    areas.patrols([(118.905, 31.905, at(8)), (118.905, 31.905, at(10))])
    (found,) = areas.watch(cases, at(10))
    assert (found.open, found.new, found.patrolled_at) == (2, 2, at(8))
