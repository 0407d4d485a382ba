"""The shift on duty."""

import dataclasses

from services.clock import parse_ms
from services.district.package import District
from services.district.shifts import Shifts


def test_the_shift_is_the_rosters_and_none_outside_it(tiny: District) -> None:
    rows = (
        {"from": "2026-11-23T08:00:00+08:00", "until": "2026-11-23T20:00:00+08:00", "shift": "白班", "name": "甲"},
        {"from": "2026-11-23T20:00:00+08:00", "until": "2026-11-24T08:00:00+08:00", "shift": "夜班", "name": "乙"},
    )
    shifts = Shifts(dataclasses.replace(tiny, tables={"roster": rows}))
    at = lambda text: shifts.at(parse_ms(text + "+08:00"))  # noqa: E731
    assert at("2026-11-23T08:00:00") == "白班"
    assert at("2026-11-23T19:59:59") == "白班"
    assert at("2026-11-23T20:00:00") == "夜班"
    assert at("2026-11-24T08:00:00") == ""
    assert at("2026-11-22T08:00:00") == ""
    assert Shifts(tiny).at(0) == ""
