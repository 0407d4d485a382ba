"""Ways along the roads as arithmetic: against a plain Dijkstra on lattices, and by what any way must obey."""

import dataclasses
import heapq
import math
import time
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString

from services.district.plane import Plane
from services.district.roads import DETOUR, OFF_ROAD_M, Position, Roads, roads_of
from tests.unit.operations.test_demo_district import demo_district

PLANE = Plane(118.9, 31.9)
STEP_M = 100
CORNERS = [(column, row) for column in range(4) for row in range(4)]
SIDES = [(a, b) for a in CORNERS for b in CORNERS if a < b and abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1]
Corner = tuple[int, int]


def at(x: float, y: float) -> Position:
    ((lon, lat),) = PLANE.to_degrees(np.array([[x, y]]))
    return float(lon), float(lat)


def roads(*lines: list[tuple[float, float]]) -> Roads:
    return Roads([LineString(line) for line in lines], PLANE)


def metres(found: Roads, a: Position, b: Position) -> float:
    ((_, far, _),) = found.nearest(a, [b], 1)
    return far


def is_by_road(found: Roads, a: Position, b: Position) -> bool:
    return found.nearest(a, [b], 1)[0].is_by_road


def straight(a: Position, b: Position) -> float:
    return math.dist(*PLANE.to_metres(np.array([a, b])))


def reference(sides: list[tuple[Corner, Corner]], start: Corner) -> dict[Corner, float]:
    """The shortest ways on the lattice's sides, the plain way."""
    far, queue = {start: 0.0}, [(0.0, start)]
    while queue:
        gone, here = heapq.heappop(queue)
        for a, b in sides:
            there = b if a == here else a if b == here else None
            if there is not None and gone + STEP_M < far.get(there, math.inf):
                far[there] = gone + STEP_M
                heapq.heappush(queue, (far[there], there))
    return far


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(SIDES), min_size=1, max_size=24, unique=True), st.integers(0, 1000))
def test_on_a_lattice_every_way_is_as_long_as_a_plain_dijkstra_says(sides: list[tuple[Corner, Corner]], pick: int):
    found = Roads([LineString([(STEP_M * x, STEP_M * y) for x, y in side]) for side in sides], PLANE)
    start = sides[pick % len(sides)][pick % 2]
    expected = reference(sides, start)
    spots = {corner: at(STEP_M * corner[0], STEP_M * corner[1]) for side in sides for corner in side}
    for way in found.nearest(spots[start], list(spots.values()), len(spots)):
        corner = list(spots)[way.which]
        assert way.is_by_road == (corner in expected)
        wanted = expected.get(corner, DETOUR * straight(spots[start], spots[corner]))
        assert way.metres == pytest.approx(wanted, abs=0.05)


TOWN = roads(
    [(0, 0), (1000, 0), (1000, 900)],
    [(500, -400), (500, 800)],
    [(0, 0), (0, 700), (1000, 700)],
    [(200, 300), (497, 300)],
    [(200, 300), (100, 500), (200, 650), (300, 500), (200, 300)],
)
ROUND_TOWN = st.tuples(st.floats(-250, 1250), st.floats(-600, 1100)).map(lambda p: at(*p))


@settings(max_examples=200, deadline=None)
@given(ROUND_TOWN, ROUND_TOWN, ROUND_TOWN)
def test_a_way_is_the_same_back_never_shorter_than_straight_and_no_longer_than_over_a_third_place(
    a: Position, b: Position, c: Position
):
    assert metres(TOWN, a, b) == pytest.approx(metres(TOWN, b, a), abs=0.01)
    assert metres(TOWN, a, b) >= straight(a, b) - 0.01
    if is_by_road(TOWN, a, b) and is_by_road(TOWN, b, c):
        assert metres(TOWN, a, c) <= metres(TOWN, a, b) + metres(TOWN, b, c) + 0.01


@settings(max_examples=100, deadline=None)
@given(ROUND_TOWN, ROUND_TOWN)
def test_a_path_is_as_long_as_the_way_says_and_lies_on_the_roads(a: Position, b: Position):
    path = TOWN.path(a, b)
    assert (path is not None) == is_by_road(TOWN, a, b)
    if path is not None:
        beside = sum(TOWN.snap([a, b]).off.tolist())
        assert sum(straight(p, q) for p, q in pairwise(path)) == pytest.approx(metres(TOWN, a, b) - beside, abs=0.05)
        assert max(TOWN.snap(path).off.tolist()) < 0.02


@given(st.floats(0, 400), st.floats(0, 400))
def test_two_points_on_one_road_are_as_far_as_the_road_between_them(first: float, second: float):
    found = roads([(0, 0), (200, 0), (200, 200)])

    def spot(along: float) -> Position:
        return at(min(along, 200), max(along - 200, 0))

    assert metres(found, spot(first), spot(second)) == pytest.approx(abs(first - second), abs=0.02)


def test_a_ring_is_gone_round_the_shorter_way():
    found = roads([(0, 0), (300, 0), (300, 300), (0, 300), (0, 0)])
    assert metres(found, at(50, 0), at(0, 50)) == pytest.approx(100, abs=0.05)
    assert metres(found, at(150, 0), at(150, 300)) == pytest.approx(600, abs=0.05)


def test_roads_that_cross_touch_or_all_but_touch_are_joined_there():
    crossing = roads([(0, 0), (200, 0)], [(100, -100), (100, 100)])
    assert metres(crossing, at(0, 0), at(100, 100)) == pytest.approx(200, abs=0.05)
    short_of_it = roads([(0, 0), (200, 0)], [(100, 3), (100, 100)])
    assert metres(short_of_it, at(0, 0), at(100, 100)) == pytest.approx(200, abs=0.05)
    apart = roads([(0, 0), (200, 0)], [(100, 30), (100, 100)])
    assert not is_by_road(apart, at(0, 0), at(100, 100))


def test_what_lies_beside_the_road_counts_at_both_ends():
    found = roads([(0, 0), (500, 0)])
    assert metres(found, at(0, 40), at(500, -60)) == pytest.approx(600, abs=0.05)


def test_far_from_every_road_or_on_another_net_the_straight_line_is_taken_and_said():
    found = roads([(0, 0), (500, 0)], [(0, 2000), (500, 2000)])
    for a, b in [((0, OFF_ROAD_M + 1), (500, 0)), ((500, 0), (0, OFF_ROAD_M + 1)), ((0, 0), (0, 2000))]:
        ((_, far, by_road),) = found.nearest(at(*a), [at(*b)], 1)
        assert not by_road and far == pytest.approx(DETOUR * math.dist(a, b), abs=0.05)


def test_no_roads_at_all_still_say_who_is_nearest():
    found = roads()
    assert [w.which for w in found.nearest(at(0, 0), [at(900, 0), at(0, 200), at(50, 0)], 2)] == [2, 1]
    assert found.path(at(0, 0), at(10, 0)) is None
    assert found.nearest(at(0, 0), [], 5) == []


def test_the_nearest_by_road_is_found_behind_many_that_only_look_near():
    """A wall with one far gap: those beyond it are near as the crow flies, and the limit must be widened."""
    found = roads([(0, 0), (9000, 0), (9000, 50), (0, 50)], [(0, 0), (0, -3000)])
    beyond = [at(10 * k, 50) for k in range(20)]
    ways = found.nearest(at(0, 0), [*beyond, at(0, -3000)], 2)
    assert [(w.which, w.is_by_road) for w in ways] == [(20, True), (19, True)]
    assert ways[1].metres == pytest.approx(9000 + 50 + 9000 - 190, abs=0.1)


def test_the_demo_districts_roads_are_quick_and_mostly_one_net():
    district = demo_district()
    started = time.perf_counter()
    found = roads_of(district)
    built = time.perf_counter() - started
    origin, *units = [c for a in district.grids.values() if (c := a.centre) is not None][:201]
    found.nearest(origin, units, 5)
    started = time.perf_counter()
    for _ in range(10):
        found.nearest(origin, units, 5)
    asked = (time.perf_counter() - started) / 10
    assert built < 2 and asked < 0.05, (built, asked)  # 0.2 s and 2 ms at rest; the machine may be busy
    assert np.bincount(found.part).max() > 0.6 * len(found.nodes)


def test_a_road_that_cannot_be_read_is_left_out():
    geometries = [
        None,
        {"type": "Point", "coordinates": [118.9, 31.9]},
        {"type": "LineString", "coordinates": [1]},
        {"type": "MultiLineString", "coordinates": [[[118.9, 31.9, 5], [118.91, 31.9, 5]]]},
    ]
    features = [{"type": "Feature", "properties": {}, "geometry": g} for g in geometries]
    found = roads_of(dataclasses.replace(demo_district(), layers={"roads": {"features": features}}))
    assert len(found.edges) == 1
