"""Where the next cameras go: lazy greedy is greedy, and greedy is as good as it promises, against the exact optimum."""

import math
from collections import Counter

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import lil_array

from services.coverage.model import CoverageModel
from services.coverage.siting.plan import make_plan, snapshot
from services.coverage.siting.siting import Choices, choose
from tests.coverage_districts import NOON, filled, layer, small_district, some_camera, some_case
from tests.siting_plainly import choose_plainly


def overlapping(seed: int, poles: int = 8, a_pole: int = 4, cells: int = 120, share: float = 0.25) -> Choices:
    """Candidates that overlap heavily: each sees a quarter of all cells, near ones much the same."""
    rng = default_rng(seed)
    n = poles * a_pole
    sets = []
    for i in range(n):
        middle = (i // a_pole) / poles
        chance = share * 2 * np.exp(-3 * np.abs(np.arange(cells) / cells - middle)) * rng.uniform(0.3, 1, cells)
        sets.append(np.flatnonzero(rng.uniform(size=cells) < chance))
    start = np.cumsum([0, *map(len, sets)])
    weight = rng.exponential(1.0, cells).astype(np.float32)
    return Choices(start, np.concatenate(sets).astype(np.int32), weight, np.arange(n) // a_pole, rng.uniform(0.5, 3, n))


def value(choices: Choices, chosen: list[int]) -> float:
    seen = {int(c) for i in chosen for c in choices.cells[choices.start[i] : choices.start[i + 1]]}
    return float(sum(choices.weight[c] for c in sorted(seen)))


def optimum(choices: Choices, n: int, cap: int | None = None, budget: float | None = None) -> float:
    """The exact best, by HiGHS: x says which candidates, y which cells are seen."""
    m, cells = len(choices.pole), len(choices.weight)
    rows = lil_array((cells, m + cells))
    for i in range(m):
        for c in choices.cells[choices.start[i] : choices.start[i + 1]]:
            rows[c, i] = -1
    for c in range(cells):
        rows[c, m + c] = 1
    limits = [LinearConstraint(rows.tocsr(), -np.inf, 0)]
    one = np.concatenate([np.ones(m), np.zeros(cells)])
    limits.append(LinearConstraint(one[None], -np.inf, n))
    if cap is not None:
        for pole in np.unique(choices.pole):
            of = np.concatenate([choices.pole == pole, np.zeros(cells)])
            limits.append(LinearConstraint(of[None], -np.inf, cap))
    if budget is not None:
        limits.append(LinearConstraint(np.concatenate([choices.cost, np.zeros(cells)])[None], -np.inf, budget))
    whole = np.concatenate([np.ones(m), np.zeros(cells)])
    found = milp(
        np.concatenate([np.zeros(m), -choices.weight]), constraints=limits, integrality=whole, bounds=Bounds(0, 1)
    )
    assert found.success
    return float(-found.fun)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1_000_000), st.integers(1, 12), st.sampled_from([None, 1, 2]))
def test_lazy_greedy_chooses_what_plain_greedy_chooses(seed: int, n: int, cap: int | None) -> None:
    choices = overlapping(seed)
    lazy, plain = choose(choices, n, cap=cap), choose_plainly(choices, n, cap=cap)
    assert [one.candidate for one in lazy] == [one.candidate for one in plain]
    assert [one.gain for one in lazy] == pytest.approx([one.gain for one in plain])
    assert sum(one.gain for one in lazy) == pytest.approx(value(choices, [one.candidate for one in lazy]), rel=1e-5)
    gains = [one.gain for one in lazy]
    assert gains == sorted(gains, reverse=True)


@pytest.mark.parametrize("seed", range(12))
def test_greedy_is_at_least_1_minus_1_over_e_of_the_optimum(seed: int) -> None:
    choices = overlapping(seed)
    found = value(choices, [one.candidate for one in choose(choices, 5)])
    best = optimum(choices, 5)
    assert (1 - 1 / math.e) * best <= found <= best * (1 + 1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_with_a_cap_a_pole_it_is_at_least_half_of_the_optimum(seed: int) -> None:
    choices = overlapping(seed)
    chosen = [one.candidate for one in choose(choices, 5, cap=1)]
    assert len({int(choices.pole[i]) for i in chosen}) == len(chosen)
    best = optimum(choices, 5, cap=1)
    assert best / 2 <= value(choices, chosen) <= best * (1 + 1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_with_a_budget_the_better_of_two_greedies_is_taken(seed: int) -> None:
    choices = overlapping(seed)
    chosen = [one.candidate for one in choose(choices, 32, budget=6.0)]
    assert sum(choices.cost[i] for i in chosen) <= 6.0 + 1e-9
    best = optimum(choices, 32, budget=6.0)
    assert (1 - 1 / math.sqrt(math.e)) * best <= value(choices, chosen) <= best * (1 + 1e-6)


def test_the_overlap_of_these_cases_is_heavy() -> None:
    """Else the comparison with the optimum would say little: cells are seen by many candidates."""
    for seed in range(12):
        choices = overlapping(seed)
        assert len(choices.cells) / len(np.unique(choices.cells)) > 4


def test_a_plan_says_what_becomes_of_coverage() -> None:
    roads = layer(shapely.LineString([(-190, -90), (190, -80)]), shapely.LineString([(10, -190), (0, 190)]))
    model = filled(11, cameras=6, cases=200, roads=roads)
    plan = make_plan(snapshot(model, NOON), 8)
    assert (len(plan.sites), plan.pole_source) == (8, "roads")
    for values in (plan.curve, plan.district, plan.areas, plan.roads, plan.places):
        assert len(values) == 9
        assert values == sorted(values)


def test_the_sites_put_up_give_the_coverage_that_the_plan_says() -> None:
    poles = layer(*(shapely.Point(x, y) for x in range(-180, 181, 60) for y in range(-180, 181, 60)))
    district = small_district(12, poles=poles)
    rng = default_rng(12)
    cameras, cases = [some_camera(rng, i) for i in range(8)], [some_case(rng, i) for i in range(100)]
    model = CoverageModel(district)
    model.load([(camera, None) for camera in cameras], cases, NOON)
    model.measure_spots()
    before = len(snapshot(model, NOON).unseen_xy)
    plan = make_plan(snapshot(model, NOON), 6)
    assert plan.pole_source == "poles"
    built = [
        type(cameras[0])(
            f"new{site.rank}", 1, site.lon, site.lat, "WGS84", kind="bullet", azimuth=site.azimuth or 0.001,
            hfov=site.hfov, range_m=site.range_m, status="online", source_quality="surveyed",
        )
        for site in plan.sites
    ]  # fmt: skip
    model.put([(camera, None) for camera in built], NOON)
    model.measure_spots()
    outdoor, seen = model.region_cells()["district", ""]
    assert seen[0] / outdoor == pytest.approx(plan.district[-1], abs=0.002)
    a_pole = Counter(site.pole for site in plan.sites)
    assert max(a_pole.values()) <= model.policy.cameras_a_pole
    assert len(snapshot(model, NOON).unseen_xy) == before - sum(site.cases for site in plan.sites)


def test_without_poles_and_roads_there_is_no_site() -> None:
    model = filled(13, cameras=3, cases=10)
    plan = make_plan(snapshot(model, NOON), 5)
    assert plan.sites == [] and plan.curve == [0.0]
