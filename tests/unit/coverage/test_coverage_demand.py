"""What a spot's cases weigh, whose they are, what counts as covered, and what a plan prefers."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from numpy.random import default_rng

from services.contract.others import CameraChanged
from services.coverage.model import CoverageModel
from services.coverage.siting.plan import make_plan, snapshot
from services.coverage.telling import tell_coverage, tell_spot
from services.district.policy import CoveragePolicy, Policy
from tests.coverage_districts import NOON, a_case, at, layer, small_district

DAY = 86_400_000


def model_of(cases: list[Any], *cameras: CameraChanged, **layers: Any) -> CoverageModel:
    model = CoverageModel(small_district(2, buildings=0, **layers))
    model.load([(camera, None) for camera in cameras], cases, NOON)
    model.measure_spots()
    return model


def demand(model: CoverageModel, spot_id: str) -> tuple[float, int]:
    told = tell_spot(model, model.spots.by_id[spot_id], NOON)
    return told.demand, told.cases


@pytest.mark.parametrize(
    ("severity", "days", "weight"),
    [(1, 0, 8), (2, 0, 4), (3, 0, 2), (4, 0, 1), (1, 10, 4), (1, 20, 2), (4, 29.9, 0.1), (1, 30.1, 0)],
)
def test_a_case_weighs_by_severity_and_half_as_much_every_ten_days(severity: int, days: float, weight: float) -> None:
    case = a_case("A", *at(-90, -100), severity=severity, reported_at=NOON - round(days * DAY))
    assert demand(model_of([case]), "area:000") == (pytest.approx(weight, abs=0.05), int(days <= 30))


def test_a_class_may_weigh_more() -> None:
    policy = Policy(coverage=CoveragePolicy(class_weights={"06": 2.5}))
    model = CoverageModel(replace(small_district(2, buildings=0), policy=policy))
    model.load([], [a_case(domain, *at(-90, -100), domain=domain) for domain in ("06", "04")], NOON)
    model.measure_spots()
    assert demand(model, "area:000") == (3.5, 2)


def test_void_and_merged_cases_and_those_without_a_place_weigh_nothing() -> None:
    here = at(-90, -100)
    cases = [a_case("V", *here, status="voided"), a_case("M", *here, merged=True), a_case("N", None, None)]
    assert demand(model_of(cases), "area:000") == (0, 0)


@pytest.mark.parametrize(("metres", "counts"), [(14.9, 1), (15.1, 0)])
def test_a_road_has_the_cases_within_15_metres(metres: float, counts: int) -> None:
    model = model_of([a_case("A", *at(0, 5 + metres))], key_roads=layer(shapely.LineString([(-50, 5), (50, 5)])))
    assert demand(model, "road:000")[1] == counts


@pytest.mark.parametrize(("metres", "counts"), [(49.9, 1), (50.1, 0)])
def test_a_place_has_the_cases_within_50_metres(metres: float, counts: int) -> None:
    turned = (metres * np.cos(0.1), metres * np.sin(0.1))
    model = model_of([a_case("A", *at(10 + turned[0], 10 + turned[1]))], key_places=layer(shapely.Point(10, 10)))
    assert demand(model, "place:000")[1] == counts


def test_at_present_a_turning_camera_counts_only_where_it_looks() -> None:
    ptz = CameraChanged(
        "P", 1, *at(-90, -95), "WGS84", kind="ptz", range_m=30, pan_now=90.0, hfov_now=60.0, status="online"
    )
    told = tell_spot(model := model_of([], ptz), model.spots.by_id["area:000"], NOON)
    assert told.size - told.live == pytest.approx(np.pi * 900, rel=2e-3)
    assert told.size - told.now == pytest.approx(np.pi * 900 / 6, rel=2e-3)
    blind = CameraChanged("P", 2, *at(-90, -95), "WGS84", kind="ptz", range_m=30, status="online")
    told = tell_spot(model := model_of([], blind), model.spots.by_id["area:000"], NOON)
    assert told.now == told.size  # nobody knows where it looks


@pytest.mark.parametrize(("share", "covered"), [(0.5, 1), (0.9, 0)])
def test_a_listed_place_is_covered_when_so_much_of_it_is_seen(share: float, covered: int) -> None:
    """A dome in the middle of 40 × 40 m, 20 m of range: 79 % are seen."""
    district = small_district(2, buildings=0, key_areas=layer(shapely.box(0, 0, 40, 40)))
    model = CoverageModel(replace(district, policy=Policy(coverage=CoveragePolicy(covered_share=share))))
    dome = CameraChanged("K", 1, *at(20, 20), "WGS84", kind="dome", range_m=20, status="online")
    model.load([(dome, None)], [], NOON)
    model.measure_spots()
    assert tell_coverage(model, NOON).areas.planned == covered


@pytest.mark.parametrize(
    ("given", "weight"), [(3.5, 3.5), (0, 0.0), (-3, 2.0), ("viel", 2.0), (None, 2.0), (float("nan"), 2.0)]
)
def test_a_weight_that_is_none_is_the_usual_one(given: object, weight: float) -> None:
    model = model_of([], key_areas=layer(shapely.box(0, 0, 40, 40), weight=[given]))
    assert model.spots.by_id["area:000"].weight == weight


def test_two_spots_of_one_code_are_two() -> None:
    areas = layer(shapely.box(0, 0, 40, 40), shapely.box(100, 100, 140, 140), code=["X", "X"])
    assert len(model_of([], key_areas=areas).spots.by_id) == 2 + 1 + 6


def test_a_plan_goes_first_where_the_weight_is_and_never_over_the_cap() -> None:
    """Ten poles far from everything but for one in a key area of weight 50; two cameras a pole at most."""
    poles = layer(*[shapely.Point(-180 + 36 * i, 150) for i in range(10)], shapely.Point(-90, -95))
    areas = layer(shapely.box(-150, -150, -30, -40), weight=[50.0])
    far = CameraChanged("K", 1, *at(150, -180), "WGS84", kind="dome", range_m=10, status="online")
    model = model_of([], far, poles=poles, key_areas=areas)
    plan = make_plan(snapshot(model, NOON), 6)
    assert [site.pole for site in plan.sites].count("010") == model.policy.cameras_a_pole
    assert plan.sites[0].pole == "010"


def test_the_gain_is_of_all_blind_ground_not_only_of_what_poles_can_see() -> None:
    """One pole, a dome of 35 m: its gain is its share of 400 × 400 m that all weigh the same."""
    far = CameraChanged("K", 1, *at(190, -190), "WGS84", kind="dome", range_m=5, status="online")
    model = model_of(
        [], far, poles=layer(shapely.Point(0, 100)), key_areas=layer(), key_roads=layer(), key_places=layer()
    )
    plan = make_plan(snapshot(model, NOON), 1)
    assert plan.curve[-1] == pytest.approx(np.pi * 35**2 / 160_000, rel=0.03)


@pytest.mark.parametrize("ring", [[[0, 0, 3], [0, 0.001, 3], [0.001, 0.001, 3], [0, 0, 3]]])
def test_a_building_with_heights_in_its_corners_is_a_building(ring: list[list[float]]) -> None:
    lon, lat = at(0, 0)
    corners = [[lon + x, lat + y, z] for x, y, z in ring]
    buildings = {"features": [{"properties": None, "geometry": {"type": "Polygon", "coordinates": [corners]}}]}
    district = small_district(2, buildings=0)
    district.layers["buildings"] = buildings
    assert len(CoverageModel(district).footprints.solids) == 1


@pytest.mark.parametrize("bad", [float("nan"), 1e308, 400.0, "x", None])
def test_a_building_that_is_nowhere_is_counted_and_the_rest_works(bad: object) -> None:
    district = small_district(2, buildings=5)
    lon, lat = at(0, 0)
    ring = [[lon, lat], [lon, bad], [lon + 0.001, lat], [lon, lat]]
    features: Any = district.layers["buildings"]["features"]
    features.append({"properties": {}, "geometry": {"type": "Polygon", "coordinates": [ring]}})
    model = CoverageModel(district)
    assert model.unreadable_buildings == 1
    assert len(model.footprints.solids) >= 1
    assert "unreadable_buildings" in tell_coverage(model, NOON).notes


def test_roads_and_poles_without_properties_are_places_all_the_same() -> None:
    for name, shape in (("roads", shapely.LineString([(-190, -60), (190, -60)])), ("poles", shapely.Point(0, 0))):
        drawn = layer(shape)
        drawn["features"][0]["properties"] = None
        far = CameraChanged("K", 1, *at(190, -190), "WGS84", kind="dome", range_m=5, status="online")
        assert make_plan(snapshot(model_of([], far, **{name: drawn}), NOON), 2).sites


def test_a_new_camera_near_a_gap_is_thought_of() -> None:
    model = model_of([], CameraChanged("far", 1, *at(150, 180), "WGS84", kind="dome", range_m=10, status="online"))
    spot = model.spots.by_id["area:000"]
    assert tell_spot(model, spot, NOON).camera == "far"
    rng = default_rng(1)
    near = CameraChanged("near", 1, *at(-90 + rng.uniform(), -30), "WGS84", kind="dome", range_m=5, status="online")
    model.put([(near, None)], NOON)
    model.measure_spots()
    assert tell_spot(model, spot, NOON).camera == "near"
