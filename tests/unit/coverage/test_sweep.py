"""What is seen from a point: against closed forms, an independent exact isovist, and lines of sight."""

import json
import math
from pathlib import Path

import numpy as np
import pysovist
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Polygon
from shapely.geometry import shape

from services.coverage.geometry.footprints import CLEAR_M, Footprints
from services.coverage.geometry.sweep import Floats, Views, look, raise_walls
from services.district.plane import Plane
from tests.scenes import block, scene, sector

REAL = Path(__file__).parents[3].parent / "shared/data/real/cameras"


def see(solids: Footprints, *views: tuple[float, float, float, float, float]) -> tuple[list[Polygon], Floats]:
    found = look(raise_walls(solids.walls()), np.array(views))
    return polygons(found), found.areas


def polygons(found: Views) -> list[Polygon]:
    return [
        Polygon(found.points[a:b]) if b - a > 2 else Polygon()
        for a, b in zip(found.start[:-1], found.start[1:], strict=True)
    ]


def oracle(walls: Floats, view: Floats) -> float:
    x, y, azimuth, field, reach = view.ravel().tolist()
    left, right = walls[:, 0::2].min(1), walls[:, 0::2].max(1)
    low, high = walls[:, 1::2].min(1), walls[:, 1::2].max(1)
    # Every wall that comes into the square around the circle: no other can be seen or hide anything.
    near = walls[(left <= x + reach) & (right >= x - reach) & (low <= y + reach) & (high >= y - reach)]
    if not len(near):
        return reach**2 * math.radians(field) / 2
    found = pysovist.isovist(
        near.reshape(-1, 2, 2),
        (x, y),
        max_distance=reach,
        fov=math.radians(field),
        direction=math.radians((90 - azimuth) % 360),
    )
    assert not found.flags.on_wall
    return float(found.metrics["area"])


def test_with_nothing_in_the_way_the_whole_sector_is_seen() -> None:
    for field in (1.0, 90.0, 200.0, 359.9, 360.0):
        (polygon,), (area,) = see(Footprints([]), (5, -3, 350, field, 40))
        assert area == pytest.approx(40**2 * math.radians(field) / 2, rel=1e-12)
        assert polygon.area == pytest.approx(area, rel=3e-4)


def test_one_long_wall_leaves_the_triangle_in_front_of_it() -> None:
    wall = Footprints([shapely.box(-200, 10, 200, 12)])
    (polygon,), (area,) = see(wall, (0, 0, 0, 90, 50))
    assert area == pytest.approx(100, rel=1e-12)
    assert polygon.equals_exact(Polygon([(0, 0), (10, 10), (-10, 10)]), 1e-9, normalize=True)


def test_in_a_convex_room_the_room_is_seen() -> None:
    room = shapely.box(-30, -30, 30, 30).difference(Polygon([(-9, -7), (9, -8), (10, 6), (0, 11), (-8, 5)]))
    (polygon,), (area,) = see(Footprints([room]), (1, 2, 123, 360, 100))
    assert area == pytest.approx(Polygon(room.interiors[0]).area, rel=1e-12)
    assert polygon.equals_exact(Polygon(room.interiors[0]), 1e-9, normalize=True) or polygon.symmetric_difference(
        Polygon(room.interiors[0])
    ).area == pytest.approx(0, abs=1e-9)


def test_across_north_nothing_is_different() -> None:
    rng = np.random.default_rng(2)
    solids = Footprints([block(rng) for _ in range(20)])
    walls = raise_walls(solids.walls())
    for azimuth in (0.0, 359.99, 360.0, -0.01, 720.0):
        view = np.array([[150.0, 150.0, azimuth, 80.0, 120.0]])
        assert look(walls, view).areas[0] == pytest.approx(oracle(walls.edges, view), rel=1e-9)


@pytest.mark.parametrize("part", range(5))
def test_the_area_is_that_of_an_independent_exact_isovist(part: int) -> None:
    """500 random scenes in five parts."""
    for seed in range(part * 100, part * 100 + 100):
        solids, view = scene(seed)
        walls = raise_walls(solids.walls())
        assert look(walls, view).areas[0] == pytest.approx(oracle(walls.edges, view), rel=1e-9), seed


@pytest.mark.skipif(not REAL.is_dir(), reason="../shared/data is not beside the project")
@pytest.mark.parametrize("city", ["helsinki", "monaco"])
def test_so_it_is_among_real_buildings(city: str) -> None:
    buildings = json.loads((REAL / f"{city}_osm_buildings.geojson").read_text("utf-8"))["features"]
    cameras = json.loads((REAL / f"{city}_osm_cameras.geojson").read_text("utf-8"))["features"]
    places = np.array([camera["geometry"]["coordinates"][:2] for camera in cameras])
    plane = Plane(*places.mean(axis=0).tolist())
    solids = Footprints([shapely.transform(shape(b["geometry"]), plane.to_metres) for b in buildings])
    walls = raise_walls(solids.walls())
    rng = np.random.default_rng(7)
    stands = [stand for stand in solids.stand(plane.to_metres(places)) if stand is not None]
    views = np.array(
        [(s.x, s.y, rng.uniform(0, 360), rng.choice([60, 90, 200, 360]), rng.uniform(20, 150)) for s in stands]
    )
    found = look(walls, views)
    for i in range(len(views)):
        assert found.areas[i] == pytest.approx(oracle(walls.edges, views[i]), rel=1e-9), views[i]
    assert all(polygon.is_valid for polygon in polygons(found))


def test_every_point_of_20_000_is_seen_exactly_where_a_line_of_sight_reaches_it() -> None:
    asked = wrong = 0
    for seed in range(1000, 1040):
        solids, view = scene(seed)
        x, y, azimuth, field, reach = view[0].tolist()
        (polygon,) = polygons(look(raise_walls(solids.walls()), view))
        rng = np.random.default_rng(seed)
        points = np.array([x, y]) + rng.uniform(-reach, reach, (500, 2))
        away = np.hypot(*(points - (x, y)).T)
        turned = np.abs((90 - np.degrees(np.arctan2(points[:, 1] - y, points[:, 0] - x)) - azimuth + 180) % 360 - 180)
        lines = shapely.linestrings(np.stack([np.broadcast_to((x, y), points.shape), points], axis=1))
        mass = shapely.union_all(solids.solids)
        free = ~shapely.intersects(lines, mass)
        expected = (away < reach) & (turned < field / 2) & free
        # Within a hand's breadth of an edge of the answer (chords, corners) either answer is right.
        sure = shapely.distance(polygon.exterior, shapely.points(points)) > 0.06
        seen = shapely.contains_xy(polygon, points)
        asked += len(points)
        wrong += int((seen != expected)[sure].sum())
        assert sure.mean() > 0.9
    assert (asked, wrong) == (20_000, 0)


@settings(max_examples=60, deadline=None)
@given(st.integers(2000, 1_000_000))
def test_a_polygon_is_valid_in_its_sector_clear_of_buildings_and_star_shaped(seed: int) -> None:
    solids, view = scene(seed)
    found = look(raise_walls(solids.walls()), view)
    (polygon,) = polygons(found)
    assert polygon.is_valid
    assert polygon.area == pytest.approx(found.areas[0], rel=3e-4, abs=1e-6)
    assert polygon.difference(sector(view)).area < 1e-6
    assert polygon.intersection(shapely.union_all(solids.solids)).area < 1e-6
    eye, around = view[0, :2], polygon.buffer(1e-6)
    for corner in np.asarray(polygon.exterior.coords):
        assert shapely.LineString([eye, eye + 0.999 * (corner - eye)]).difference(around).length < 1e-6


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1_000_000))
def test_a_further_building_never_adds_area(seed: int) -> None:
    solids, view = scene(seed, buildings=12)
    rng = np.random.default_rng(seed + 1)
    more = block(rng)
    if shapely.distance(more, shapely.Point(view[0, :2])) < 0.1:
        return
    before = look(raise_walls(solids.walls()), view).areas[0]
    after = look(raise_walls(Footprints([*solids.solids, more]).walls()), view).areas[0]
    assert after <= before * (1 + 1e-12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1_000_000), st.floats(0, 360), st.floats(-1000, 1000))
def test_a_scene_turned_and_shifted_has_the_same_area(seed: int, turn: float, shift: float) -> None:
    solids, view = scene(seed)
    x, y, azimuth, field, reach = view[0].tolist()
    before = look(raise_walls(solids.walls()), view).areas[0]
    moved = [
        shapely.affinity.translate(shapely.affinity.rotate(s, turn, origin=(0, 0)), shift, -shift)
        for s in solids.solids
    ]
    eye = shapely.affinity.translate(shapely.affinity.rotate(shapely.Point(x, y), turn, origin=(0, 0)), shift, -shift)
    after = look(
        raise_walls(Footprints(moved).walls()), np.array([[eye.x, eye.y, azimuth - turn, field, reach]])
    ).areas[0]
    assert after == pytest.approx(before, rel=1e-7, abs=1e-6)


# --- where cameras stand


def stand(solids: Footprints, x: float, y: float) -> tuple[float, float, float]:
    (found,) = solids.stand(np.array([[x, y]]))
    assert found is not None
    return found


def test_a_camera_in_a_footprint_sees_from_in_front_of_the_nearest_wall() -> None:
    house = Footprints([shapely.box(0, 0, 20, 10)])
    x, y, moved = stand(house, 10, 9)
    assert (x, y) == pytest.approx((10, 10 + CLEAR_M))
    assert moved == pytest.approx(1 + CLEAR_M)


@pytest.mark.parametrize(("x", "y"), [(10.0, 10.0), (20.0, 10.0), (0.0, 5.0), (0.0, 0.0)])
def test_on_a_wall_or_a_corner_it_is_moved_off_and_sees_as_the_isovist_does(x: float, y: float) -> None:
    house = Footprints([shapely.box(0, 0, 20, 10)])
    px, py, _ = stand(house, x, y)
    view = (px, py, 30.0, 360.0, 50.0)
    (polygon,), (area,) = see(house, view)
    assert polygon.is_valid
    assert area == pytest.approx(oracle(house.walls(), np.array(view)), rel=1e-9)


def test_a_courtyard_is_outdoors() -> None:
    yard = Footprints([shapely.box(0, 0, 30, 30).difference(shapely.box(10, 10, 20, 20))])
    x, y, moved = stand(yard, 15, 15)
    assert moved == 0
    assert see(yard, (x, y, 0, 360, 100))[1][0] == pytest.approx(100)


def test_a_building_all_around_is_left_by_the_nearest_way_out() -> None:
    block_of_flats = Footprints([shapely.box(-50, -50, 50, 50)])
    x, y, moved = stand(block_of_flats, 0, 40)
    assert (x, y) == pytest.approx((0, 50 + CLEAR_M))
    assert moved == pytest.approx(10 + CLEAR_M)


def test_touching_and_overlapping_footprints_are_one() -> None:
    row = Footprints([shapely.box(0, 0, 10, 10), shapely.box(10, 0, 20, 10), shapely.box(15, 5, 30, 12)])
    assert len(row.solids) == 1
    assert row.solids[0].area == pytest.approx(100 + 100 + 105 - 25)
    view = (5.0, -20.0, 0.0, 360.0, 60.0)
    assert see(row, view)[1][0] == pytest.approx(oracle(row.walls(), np.array(view)), rel=1e-9)


def test_collinear_walls_and_edges_without_length_change_nothing() -> None:
    plain = Footprints([shapely.box(0, 0, 20, 10)])
    dotted = Polygon([(0, 0), (5, 0), (5, 0), (12, 0), (20, 0), (20, 10), (20, 10), (0, 10), (0, 4)])
    view = (10.0, -15.0, 10.0, 200.0, 60.0)
    walls = np.vstack([Footprints([dotted]).walls(), [[3, 3, 3, 3]]])
    assert look(raise_walls(walls), np.array([view])).areas[0] == pytest.approx(see(plain, view)[1][0], rel=1e-12)


def test_a_footprint_that_crosses_itself_is_mended_and_named_an_empty_one_dropped() -> None:
    bow_tie = Polygon([(0, 0), (10, 10), (10, 0), (0, 10)])
    found = Footprints([shapely.box(50, 50, 60, 60), bow_tie, Polygon(), Polygon([(0, 0), (1, 1), (2, 2)])])
    assert found.mended == [1, 3]
    assert found.dropped == [2, 3]
    assert sum(solid.area for solid in found.solids) == pytest.approx(150)


def test_a_camera_that_looks_into_its_own_wall_sees_next_to_nothing() -> None:
    house = Footprints([shapely.box(0, 0, 20, 10)])
    x, y, _ = stand(house, 10, 9.9)
    (polygon,), (area,) = see(house, (x, y, 180, 60, 50))
    assert area == pytest.approx(0.3**2 * math.tan(math.radians(30)), rel=1e-9)
    assert polygon.is_valid


@pytest.mark.parametrize("reach", [0.01, 1.0, 2_656.0, 2_700.0, 5_000.0, 50_000.0, 1e7])
@pytest.mark.parametrize("field", [360.0, 359.0, 47.0])
def test_open_ground_is_seen_whole_at_any_range(reach: float, field: float) -> None:
    (polygon,), (area,) = see(Footprints([]), (0, 0, 10, field, reach))
    assert area == pytest.approx(math.pi * reach**2 * field / 360, rel=1e-12)
    assert polygon.area == pytest.approx(area, rel=3e-4)
    assert not np.isnan(np.asarray(polygon.exterior.coords)).any()


def test_a_far_sight_over_few_walls_has_room_for_every_corner() -> None:
    walls = raise_walls(Footprints([shapely.box(10 * k, 50, 10 * k + 3, 53) for k in range(-40, 40)]).walls())
    for reach in (2_700.0, 20_000.0):
        found = look(walls, np.array([[0.0, 0.0, 0.0, 360.0, reach]] * 3))
        (first, *_) = polygons(found)
        assert first.area == pytest.approx(found.areas[0], rel=3e-4)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_view_that_is_not_finite_is_refused_in_words(bad: float) -> None:
    with pytest.raises(ValueError, match="not a number"):
        look(raise_walls(np.zeros((0, 4))), np.array([[0.0, 0.0, 0.0, 360.0, bad]]))


def test_walls_that_no_district_can_hold_are_refused_in_words() -> None:
    with pytest.raises(ValueError, match="not a number"):
        raise_walls(np.array([[0.0, 0.0, math.nan, 1.0]]))
    with pytest.raises(ValueError, match="no district"):
        raise_walls(np.array([[0.0, 0.0, 5.0, 5.0], [1e8, 1e8, 1e8, 1.1e8]]))


@pytest.mark.parametrize("reach", [0.0, -1.0, 5e-324])
def test_a_view_without_a_range_sees_nothing(reach: float) -> None:
    found = look(raise_walls(np.zeros((0, 4))), np.array([[0.0, 0.0, 0.0, 360.0, reach], [0.0, 0.0, 0.0, 90.0, 10.0]]))
    assert found.areas[0] == 0
    assert found.areas[1] == pytest.approx(25 * math.pi)
