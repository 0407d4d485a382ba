"""Cells of a turned raster: which lie in a shape, whose they are, how many cameras see them."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from services.coverage.geometry.ground import LAYERS, Counters, lay_ground
from services.coverage.geometry.raster import Raster, place_of, raster_over
from services.coverage.geometry.sweep import look, raise_walls
from tests.scenes import block, scene


def cells_of(raster: Raster, shape: shapely.Geometry) -> set[tuple[int, int]]:
    return {(r, c) for r, c0, c1 in raster.runs_of([shape]).cells.tolist() for c in range(c0, c1)}


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1_000_000))
def test_a_cell_is_in_a_shape_when_its_middle_is(seed: int) -> None:
    rng = default_rng(seed)
    shape = shapely.union_all([block(rng, 60) for _ in range(3)])  # parts, holes
    raster = raster_over([shapely.box(-80, -80, 80, 80)])
    rows, columns = (a.ravel() for a in np.indices((raster.rows, raster.columns)))
    middles = raster.middles(rows, columns)
    inside = shapely.contains_xy(shape, middles)
    assert cells_of(raster, shape) == set(zip(rows[inside].tolist(), columns[inside].tolist(), strict=True))


def test_cells_of_shapes_that_adjoin_are_never_counted_twice_nor_left_out() -> None:
    raster = raster_over([shapely.box(0, 0, 100, 100)])
    whole = cells_of(raster, shapely.box(0, 0, 100, 100))
    parts = [cells_of(raster, shapely.box(x, y, x + 25, y + 50)) for x in range(0, 100, 25) for y in (0, 50)]
    assert sum(map(len, parts)) == len(whole)
    assert set.union(*parts) == whole


def test_the_raster_is_turned_and_its_middles_lie_in_their_cells() -> None:
    raster = raster_over([shapely.box(0, 0, 50, 30)])
    rows, columns = np.array([3, 5]), np.array([4, 8])
    assert np.floor(raster.to_cells(raster.middles(rows, columns))).tolist() == [[4, 3], [8, 5]]
    assert raster.turned != 0


def test_every_cell_has_a_place_of_its_own_and_neighbours_are_near() -> None:
    raster = raster_over([shapely.box(0, 0, 300, 170)])
    rows, columns = (a.ravel() for a in np.indices((raster.rows, raster.columns)))
    places = np.array([place_of(int(r), int(c), raster.tiles) for r, c in zip(rows, columns, strict=True)])
    assert len(set(places.tolist())) == len(places)
    assert places.min() >= 0 and places.max() < raster.size
    back = raster.cells_at(places)
    assert (back[0] == rows).all() and (back[1] == columns).all()


def test_an_axis_aligned_town_makes_no_alias() -> None:
    """Blocks of 100 m along the axes, lanes of 7 m: the outdoor share in 2 m cells is right for every origin."""
    blocks = [shapely.box(x + 3.5, y + 3.5, x + 96.5, y + 96.5) for x in range(0, 600, 100) for y in range(0, 600, 100)]
    exact = 1 - sum(b.area for b in blocks) / 360_000
    for shift in (0.0, 0.4, 0.9, 1.3, 1.7):
        moved = [shapely.affinity.translate(b, shift, shift / 3) for b in blocks]
        outline = shapely.affinity.translate(shapely.box(0, 0, 600, 600), shift, shift / 3)
        raster = raster_over([outline])
        ground = lay_ground(raster, *[raster.runs_of(s) for s in ([outline], [], [], moved)])
        assert ground.outdoor.sum() * 4 / 360_000 == pytest.approx(exact, abs=0.002)


def test_of_regions_that_overlap_the_later_has_the_cell_and_each_cell_one_leaf() -> None:
    raster = raster_over([shapely.box(0, 0, 60, 60)])
    streets = [shapely.box(0, 0, 40, 60), shapely.box(30, 0, 60, 60)]
    ground = lay_ground(raster, *[raster.runs_of(s) for s in (streets, [], [], [])])
    assert ground.leaves.tolist() == [[0, -1, -1], [1, -1, -1]]
    assert ground.outdoor.sum() == len(cells_of(raster, shapely.box(0, 0, 60, 60)))
    assert ground.outdoor[0] == pytest.approx(30 * 60 / 4, rel=0.03)


def test_a_region_of_two_parts_is_both_of_them() -> None:
    raster = raster_over([shapely.box(0, 0, 60, 60)])
    two = shapely.MultiPolygon([shapely.box(0, 0, 20, 20), shapely.box(40, 40, 60, 60)])
    assert len(cells_of(raster, two)) == pytest.approx(200, abs=12)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 100_000))
def test_counters_are_a_count_of_who_sees_what(seed: int) -> None:
    solids, _ = scene(seed, buildings=10)
    outline = shapely.box(-110, -110, 110, 110)
    raster = raster_over([outline])
    ground = lay_ground(raster, *[raster.runs_of(s) for s in ([outline], [], [], list(solids.solids))])
    counters = Counters(raster, ground)
    rng = default_rng(seed)
    expected = np.zeros((raster.size, LAYERS), int)
    outdoor = {
        place_of(r, c, raster.tiles)
        for r in range(raster.rows)
        for c0, c1, _ in ground.cells[ground.start[r] : ground.start[r + 1]].tolist()
        for c in range(c0, c1)
    }
    walls = raise_walls(solids.walls())
    for _ in range(8):
        seen = look(walls, np.array([[*rng.uniform(-100, 100, 2), rng.uniform(0, 360), 90.0, 60.0]]))
        runs = raster.runs(seen.points, seen.start, np.array([0, 1])).cells
        layers = int(rng.integers(0, 1 << LAYERS))
        counters.add(runs, layers, 1)
        for r, c0, c1 in runs.tolist():
            for c in range(c0, c1):
                if (cell := place_of(r, c, raster.tiles)) in outdoor:
                    expected[cell] += [layers >> layer & 1 for layer in range(LAYERS)]
    for layer in range(LAYERS):
        unseen = counters.unseen(layer)
        assert all(unseen[cell] == (expected[cell, layer] == 0) for cell in outdoor)
    assert counters.counts.sum(axis=0).tolist() == expected.sum(axis=0).tolist()
    assert counters.seen.sum(axis=0).tolist() == (expected > 0).sum(axis=0).tolist()
