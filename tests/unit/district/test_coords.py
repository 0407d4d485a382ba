"""GCJ-02 and BD-09 to WGS-84: against published values, and there and back again."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.district.coords import to_wgs84, wgs84_to_bd09, wgs84_to_gcj02

METRES_PER_DEGREE = 111_320.0
IN_CHINA = st.tuples(st.floats(73.0, 135.0), st.floats(3.0, 53.5))


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    width = math.cos(math.radians(one[1]))
    return math.hypot((one[0] - other[0]) * width, one[1] - other[1]) * METRES_PER_DEGREE


@pytest.mark.parametrize(
    ("wgs", "gcj"),
    [  # the published test vectors of the eviltransform project
        ((121.5272106, 31.1774276), (121.531541859215, 31.17530398364597)),  # Shanghai
        ((113.912316, 22.543847), (113.9171764808363, 22.540796131694766)),  # Shenzhen
        ((116.377817, 39.911954), (116.38404722455657, 39.91334545536069)),  # Beijing
    ],
)
def test_the_offset_is_the_published_one(wgs: tuple[float, float], gcj: tuple[float, float]) -> None:
    assert metres(wgs84_to_gcj02(*wgs), gcj) < 0.01
    assert metres(to_wgs84(*gcj, "GCJ02"), wgs) < 0.01


def test_baidus_offset_is_the_published_one() -> None:
    """The worked example of the coordtransform project: one point read in each of the two systems."""
    in_baidu, in_gcj = (116.404, 39.915), (116.39762729119315, 39.90865673957631)
    assert metres(to_wgs84(*in_baidu, "BD09"), to_wgs84(*in_gcj, "GCJ02")) < 0.01
    beside = (116.41036949371029, 39.92133699351021)  # the same GCJ-02 figures, read forwards
    assert metres(to_wgs84(*beside, "BD09"), to_wgs84(*in_baidu, "GCJ02")) < 0.6


@given(IN_CHINA)
def test_there_and_back_is_the_same_place(point: tuple[float, float]) -> None:
    assert metres(to_wgs84(*wgs84_to_gcj02(*point), "GCJ02"), point) < 0.01
    assert metres(to_wgs84(*wgs84_to_bd09(*point), "BD09"), point) < 1.0


@given(IN_CHINA)
def test_the_offset_is_some_hundreds_of_metres_and_never_more_than_a_few(point: tuple[float, float]) -> None:
    assert metres(wgs84_to_gcj02(*point), point) < 1500


@given(st.tuples(st.floats(-180, 180), st.floats(-90, 90)))
def test_any_point_of_the_globe_converts_without_error(point: tuple[float, float]) -> None:
    for system in ("CGCS2000", "WGS84", "GCJ02", "BD09"):
        assert all(map(math.isfinite, to_wgs84(*point, system)))


@pytest.mark.parametrize("system", ["WGS84", "CGCS2000"])
def test_the_national_frame_and_the_gps_are_one_for_display(system: str) -> None:
    assert to_wgs84(118.9, 31.9, system) == (118.9, 31.9)


def test_outside_china_gcj02_is_the_identity() -> None:
    assert to_wgs84(-71.06, 42.36, "GCJ02") == (-71.06, 42.36)
