"""What may be the same matter is looked for in a box: nothing within the policy's metres lies outside of it."""

import math

from hypothesis import given
from hypothesis import strategies as st

from services.board.readers.case import _box
from services.cases.repeats import metres

DEGREES, SHARE, REACH = st.floats(-179.9, 179.9), st.floats(0, 1), st.sampled_from([30, 50, 500])


@given(DEGREES, st.floats(-80, 80), st.floats(0, 2 * math.pi), SHARE, REACH)
def test_what_is_near_lies_in_the_box(lon: float, lat: float, bearing: float, share: float, reach: float) -> None:
    away = share * reach * 1.2
    up = away * math.cos(bearing) / 111_000
    side = away * math.sin(bearing) / (111_320 * math.cos(math.radians(lat)))
    other = lon + side, lat + up
    west, south, east, north = _box(lon, lat, reach)
    if metres((lon, lat), other) <= reach:
        assert west <= other[0] <= east
        assert south <= other[1] <= north
