"""Every kernel of coverage once, in a process of its own: ``python -m tests.kernels_once`` (test_kernel_bounds.py)."""

import math

import numpy as np
import shapely
from numpy.random import default_rng

from services.coverage.geometry.sweep import look, raise_walls
from services.coverage.model import CoverageModel
from services.coverage.siting import plan
from services.coverage.siting.siting import choose
from tests.coverage_districts import NOON, layer, small_district, some_camera, some_case
from tests.siting_plainly import choose_plainly


def main() -> None:
    """Look over open ground and among walls, then plan over a small district; what it prints is compared."""
    walls = raise_walls(np.array([[-5.0, 50.0, 5.0, 50.0], [60.0, -5.0, 60.0, 5.0]]))
    for reach in (0.0, 1.0, 2_657.0, 2_700.0, 5_000.0, 20_000.0, 50_000.0):
        for field in (360.0, 100.0):
            for standing in (raise_walls(np.zeros((0, 4))), walls):
                found = look(standing, np.array([[0.0, 0.0, 0.0, field, reach]] * 2))
                assert 0 <= found.areas[0] <= math.pi * reach**2 * (1 + 1e-9)
    poles = layer(*(shapely.Point(x, y) for x in range(-180, 181, 60) for y in range(-180, 181, 60)))
    model = CoverageModel(small_district(12, poles=poles))
    rng = default_rng(12)
    cameras = [some_camera(rng, i) for i in range(6)]
    model.load([(camera, None) for camera in cameras], [some_case(rng, i) for i in range(40)], NOON)
    model.measure_spots()
    model.counters.leaves_of(next(p.runs for p in model.cameras.values() if len(p.runs)))
    model.remove(cameras[0].camera_id)
    plan.MOST_POLES = 20  # as with a city's poles: the most needed are asked
    taken = plan.snapshot(model, NOON)
    assert plan.make_plan(taken, 2).sites
    poles_xy, _, _ = plan.candidate_poles(model)
    views, pole, _, cost = plan.configurations(poles_xy, plan.MODELS)
    seen = look(model.site.walls, views)
    runs = model.site.raster.runs(seen.points, seen.start, np.arange(len(views) + 1))
    choices, _ = plan.choices_of(taken, runs, pole, cost)
    assert [c.candidate for c in choose(choices, 1)] == [c.candidate for c in choose_plainly(choices, 1)]


if __name__ == "__main__":
    main()
