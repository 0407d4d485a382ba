"""What a camera's record says that it sees, and how sure that is."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contract.others import CameraChanged
from services.coverage.condition import WITHIN_MS, CameraCondition, Reported, reported_in
from services.coverage.geometry.aim import EIGHT, REASONS, aim, grade, merged
from services.coverage.geometry.daylight import is_night, sun_height
from services.coverage.outages import FROM_CAMERAS, Lost, Outages
from services.district.plane import Plane
from services.platform.clock import parse_ms

MINUTE = 60_000


def camera(**more: Any) -> CameraChanged:
    return CameraChanged("k", 1, 118.9, 31.9, "WGS84", **more)


def test_ranges_follow_resolution_and_lens() -> None:
    """2 MP, 4 mm, 1/2.8-inch: 57, 23, 11 and 5.7 m (a public calculator of the levels says 56.9, 22.6, 11.4, 5.7)."""
    found = aim(camera(kind="bullet", azimuth=90.0, width_px=1920, focal_mm=4.0, sensor_width_mm=5.376))
    assert [round(level, 1) for level in found.levels_m] == [57.1, 22.9, 11.4, 5.7]
    assert found.range_m == pytest.approx(57.14, abs=0.01)
    assert found.sectors[0][1] == pytest.approx(67.8, abs=0.1)
    assert not {"range", "hfov", "levels"} & set(found.estimated)


def test_what_is_silent_has_a_default_by_type_that_is_named() -> None:
    found = aim(camera(kind="bullet", azimuth=90.0))
    assert (found.view, found.sectors, found.range_m) == ("fixed", ((90.0, 80.0),), 60.0)
    assert set(found.estimated) == {"hfov", "range", "levels", "night"}
    assert found.levels_m == (60.0, 24.0, 12.0, 6.0)
    assert {"hfov_estimated", "range_estimated", "night_unknown"} < set(found.reasons)
    assert aim(camera(kind="checkpoint", azimuth=90.0)).range_m == 30
    assert aim(camera(kind="lookout")).range_m == 500


def test_a_turning_camera_has_its_reach_and_its_present_sector_apart() -> None:
    found = aim(camera(kind="ptz", pan_now=30.0, hfov_now=40.0, range_m=150.0))
    assert (found.view, found.sectors, found.now) == ("reach", ((0.0, 360.0),), (30.0, 40.0))
    assert aim(camera(kind="ptz")).now is None


def test_an_unknown_direction_is_never_a_full_circle() -> None:
    for silent in (camera(kind="bullet"), camera(kind="checkpoint", azimuth=0.0), camera()):
        found = aim(silent)
        assert (found.view, found.sectors) == ("unknown", ())
        assert grade(found.reasons) == "D"


def test_exactly_north_is_believed_where_it_was_surveyed_or_the_eight_points_agree() -> None:
    assert aim(camera(kind="bullet", azimuth=0.0, source_quality="surveyed")).sectors == ((0.0, 80.0),)
    assert aim(camera(kind="bullet", azimuth=0.0, direction_type=4)).sectors == ((0.0, 80.0),)
    assert aim(camera(kind="bullet", azimuth=0.0, direction_type=1)).sectors == ((90.0, 80.0),)


def test_the_eight_points_of_gbt_28181() -> None:
    assert EIGHT == {1: 90, 2: 270, 3: 180, 4: 0, 5: 135, 6: 45, 7: 225, 8: 315}
    found = aim(camera(kind="bullet", direction_type=7))
    assert found.sectors == ((225.0, 80.0),)
    assert "azimuth_8_points" in found.reasons


def test_a_range_that_cannot_be_is_refused_and_the_default_stands_in() -> None:
    found = aim(camera(kind="bullet", azimuth=10.0, range_m=5000.0))
    assert found.range_m == 60
    assert "range_refused" in found.reasons
    assert aim(camera(kind="lookout", range_m=2500.0)).range_m == 2500


def test_coverage_at_a_finer_level_reaches_less_far() -> None:
    assert aim(camera(kind="bullet", azimuth=10.0, range_m=100.0), 125.0).range_m == 20


def test_many_lenses_see_many_sectors() -> None:
    found = aim(camera(kind="bullet", directions=[0.0, 90.0, 200.0], hfov=60.0))
    assert found.sectors == ((0.0, 60.0), (90.0, 60.0), (200.0, 60.0))


@given(st.lists(st.tuples(st.floats(0, 359.9), st.floats(1, 200)), min_size=1, max_size=6), st.floats(0, 359.9))
def test_merged_sectors_see_the_same_directions_and_do_not_overlap(
    sectors: list[tuple[float, float]], ask: float
) -> None:
    def sees(given: Any) -> bool:
        return any(abs((ask - azimuth + 180) % 360 - 180) <= width / 2 for azimuth, width in given)

    found = merged(sectors)
    edge = min(abs(abs((ask - a + 180) % 360 - 180) - w / 2) for a, w in [*sectors, *found])
    assert sees(found) == sees(sectors) or edge < 1e-6
    assert sum(width for _, width in found) <= 360 + 1e-6


def test_the_grade_is_that_of_the_worst_reason_and_four_small_ones_make_a_c() -> None:
    assert grade(()) == "A"
    assert grade(("roof",)) == "B"
    assert grade(("roof", "moved_far")) == "C"
    assert grade(("roof", "hfov_estimated", "range_estimated", "night_unknown")) == "C"
    assert grade(("roof", "azimuth_unknown")) == "D"
    assert set(REASONS.values()) == {"B", "C", "D"}


# --- condition


def test_the_later_report_wins_whatever_the_order() -> None:
    one, other = Reported(2000, "offline", ""), Reported(1000, "online", "")
    for first, second in ((one, other), (other, one)):
        condition = CameraCondition(Reported(0, "unknown", ""))
        condition.report(first)
        condition.report(second)
        assert condition.state(3000) == "offline"


def test_a_whole_camera_s_status_counts_from_its_version_where_that_is_a_moment() -> None:
    assert reported_in(CameraChanged("k", 1_795_000_000_000, 0, 0, "WGS84", status="offline")).at == 1_795_000_000_000
    assert reported_in(CameraChanged("k", 7, 0, 0, "WGS84", status="offline")).at == 0


@pytest.mark.parametrize(
    ("status", "fault", "sees"),
    [
        ("online", "", (True, True)),
        ("offline", "", (False, False)),
        ("unknown", "", (False, False)),
        ("degraded", "", (True, True)),
        ("degraded", "dark", (True, False)),
        ("degraded", "blocked", (False, False)),
        ("online", "moved", (False, False)),
    ],
)
def test_what_a_state_leaves_to_be_seen(status: Any, fault: str, sees: tuple[bool, bool]) -> None:
    assert CameraCondition(Reported(0, status, fault)).sees(0) == sees


def test_four_changes_in_two_minutes_are_flapping_and_quiet_ends_it() -> None:
    condition = CameraCondition(Reported(0, "online", ""))
    for i in range(1, 5):
        condition.report(Reported(i * 20_000, "offline" if i % 2 else "online", ""))
    assert condition.state(81_000) == "unstable"
    assert condition.state(80_000 + WITHIN_MS) == "online"
    slow = CameraCondition(Reported(0, "online", ""))
    for i in range(1, 9):
        slow.report(Reported(i * MINUTE, "offline" if i % 2 else "online", ""))
        assert slow.state(i * MINUTE) != "unstable"


# --- outages


def test_losses_together_are_one_outage_and_far_apart_two() -> None:
    outages = Outages()
    outages.lose([Lost(f"a{i}", 1000 + i * 10, "S1") for i in range(500)])
    outages.lose([Lost(f"b{i}", 600_000 + i, "S2") for i in range(30)])
    told = outages.told({f"a{i}" for i in range(100)}, 700_000)
    assert [(o.at, o.cameras, o.still, o.streets) for o in told] == [(600_000, 30, 0, ["S2"]), (1000, 500, 100, ["S1"])]
    assert outages.told(set(), 600_000 + 2 * 3_600_000) == []


def test_single_faults_are_no_outage() -> None:
    outages = Outages()
    outages.lose([Lost(f"a{i}", i, "") for i in range(FROM_CAMERAS - 1)])
    assert outages.told({"a1"}, 1000) == []


# --- daylight and the plane


@pytest.mark.parametrize(
    ("moment", "height"),
    [  # at noon 90° − latitude ± obliquity; Nanjing's sunset of late November (17:01) is at −0.8°
        ("2026-06-21T12:03:00+08:00", 81.5),
        ("2026-12-22T12:03:00+08:00", 34.7),
        ("2026-11-24T17:01:00+08:00", -0.8),
    ],
)
def test_the_sun_stands_where_the_almanac_has_it(moment: str, height: float) -> None:
    assert sun_height(118.9, 31.9, parse_ms(moment)) == pytest.approx(height, abs=0.7)


def test_night_is_beyond_civil_twilight() -> None:
    assert not is_night(118.9, 31.9, parse_ms("2026-11-24T17:00:00+08:00"))
    assert is_night(118.9, 31.9, parse_ms("2026-11-24T18:00:00+08:00"))
    assert is_night(118.9, 31.9, parse_ms("2026-11-24T03:00:00+08:00"))


def test_a_degree_in_metres_and_back() -> None:
    plane = Plane(118.9, 31.9)
    east, north = plane.metres_per_degree
    assert east == pytest.approx(
        111_412.8 * math.cos(math.radians(31.9)) - 93.5 * math.cos(3 * math.radians(31.9)), rel=1e-5
    )
    assert north == pytest.approx(111_132.9 - 559.8 * math.cos(2 * math.radians(31.9)), rel=1e-5)
    there = plane.to_metres([[118.95, 31.85]])
    assert plane.to_degrees(there)[0].tolist() == pytest.approx([118.95, 31.85], abs=1e-12)


def test_a_camera_that_is_lost_again_is_missing_from_its_last_outage_only() -> None:
    outages = Outages()
    both = [f"b{i}" for i in range(FROM_CAMERAS)]
    outages.lose(Lost(camera_id, 0, "S1") for camera_id in [*both, "a"])
    outages.lose(Lost(camera_id, 600_000, "S2") for camera_id in both)
    told = outages.told({*both, "a"}, 700_000)
    assert [(one.at, one.still) for one in told] == [(600_000, FROM_CAMERAS), (0, 1)]
