"""The model of a district moves by one camera at a time and always equals counting everything again."""

from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from services.contract.others import CameraChanged
from services.coverage.condition import Reported
from services.coverage.geometry.ground import LIVE, PLANNED
from services.coverage.geometry.raster import place_of
from services.coverage.model import CoverageModel, Recount
from services.coverage.telling import tell_coverage, tell_grid, tell_regions, tell_sight, tell_spot
from tests.coverage_districts import (
    MIDNIGHT,
    NOON,
    a_case,
    at,
    filled,
    layer,
    small_district,
    some_camera,
    some_event,
    state,
)

MINUTE = 60_000


@settings(max_examples=2, deadline=None)
@given(st.integers(0, 1_000_000))
def test_after_any_thousand_events_the_counters_are_those_of_a_recount(seed: int) -> None:
    model = filled(seed)
    rng = default_rng(seed)
    for step in range(1000):
        some_event(model, rng, NOON + step * MINUTE, measured=0.02)  # measuring a key spot is dear
        if step % 250 == 245:
            model.measure_spots()
            model.clear()  # what no event touches from now on must stand at the recount
        if step % 250 == 249:
            assert model.recount() == Recount(0, 0, 0)
    model.measure_spots()
    assert model.recount() == Recount(0, 0, 0)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 1_000_000))
def test_the_state_is_that_of_a_model_that_was_loaded_with_the_end(seed: int) -> None:
    model = filled(seed, cases=0)
    rng = default_rng(seed)
    now = NOON
    for step in range(120):
        now = NOON + step * MINUTE
        some_event(model, rng, now, measured=0.1)
    later = now + 10 * MINUTE  # every flapping camera is steady again
    model.tick(later)
    fresh = CoverageModel(model.district)
    cameras = [(placed.camera, placed.condition.reported) for placed in model.cameras.values()]
    fresh.load(cameras, [], later)
    assert state(fresh)[:2] == state(model)[:2]
    assert (fresh.counters.counts == model.counters.counts).all()


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1_000_000))
def test_off_and_on_again_is_the_state_of_before_bit_for_bit(seed: int) -> None:
    model = filled(seed, cameras=30, cases=100)
    before = state(model)
    ids = sorted(model.cameras)
    for minutes, status in ((1, "offline"), (200, "online")):
        for i, camera_id in enumerate(ids):
            now = NOON + minutes * MINUTE
            model.report(camera_id, Reported(now + i, status, ""), now)
        if status == "offline":
            assert state(model)[3] != before[3]
            assert all(n == (0, 0) for n in model.cases.seen().values())
    assert state(model) == before


def test_saying_a_thing_twice_changes_nothing() -> None:
    model = filled(3)
    off = Reported(NOON + MINUTE, "offline", "")
    assert model.report("K001", off, NOON + MINUTE)
    model.measure_spots()
    before = state(model)
    model.clear()
    assert not model.report("K001", off, NOON + MINUTE)
    assert not model.report("K001", Reported(NOON, "online", ""), NOON + MINUTE)  # an older one
    model.put([(model.cameras["K001"].camera, off)], NOON + MINUTE)
    assert not model.changed_cameras and not model.changed_spots
    assert state(model) == before


def test_a_camera_that_nobody_knows_says_nothing() -> None:
    model = filled(3)
    assert not model.report("nobody", Reported(NOON, "offline", ""), NOON)
    model.remove("nobody")
    assert not model.changed_cameras


def test_a_status_that_comes_before_its_camera_or_outlives_it_counts() -> None:
    model = filled(3, cameras=0, cases=0)
    camera = some_camera(default_rng(1), 1)
    model.report(camera.camera_id, Reported(NOON, "offline", ""), NOON)
    for _ in range(2):
        model.put([(camera, None)], NOON)
        assert tell_sight(model, model.cameras[camera.camera_id], NOON).state == "offline"
        model.remove(camera.camera_id)


def test_vector_and_half_metre_raster_agree() -> None:
    """Within 0.6 percentage points of each key area."""
    for seed in range(6):
        model = filled(seed, cameras=25, cases=0)
        fine = CoverageModel(model.district, cell_m=0.5)
        fine.load([(p.camera, None) for p in model.cameras.values()], [], NOON)
        unseen = fine.counters.unseen(LIVE)
        for spot in model.spots.by_id.values():
            if spot.kind != "area" or spot.gaps is None:
                continue
            blind = 0
            raster = fine.counters.raster
            runs = raster.runs_of([spot.ground]).cells
            outdoor = 0
            for r, c0, c1 in runs.tolist():
                line = unseen[[place_of(r, c, raster.tiles) for c in range(c0, c1)]]
                outdoor += len(line)
                blind += int(line.sum())
            assert blind / outdoor == pytest.approx(spot.gaps.live / spot.size, abs=0.006)


def test_the_two_metre_counters_are_within_a_point_of_the_exact_union() -> None:
    for seed in range(4):
        model = filled(seed, cases=0)
        outline = shapely.union_all(list(model.areas["street"].values()))
        outdoors = model.footprints.outdoors(outline)
        seen = shapely.union_all([p.seen for p in model.cameras.values() if p.layers])
        exact = shapely.intersection(outdoors, seen).area / outdoors.area
        outdoor, layers = model.region_cells()["district", ""]
        assert layers[PLANNED] / outdoor == pytest.approx(exact, abs=0.01)


def test_regions_add_up() -> None:
    model = filled(5)
    regions = {(r.kind, r.code): r for r in tell_regions(model)}
    whole = regions["district", "D"]
    for kind in ("street", "community", "grid"):
        parts = [r for r in regions.values() if r.kind == kind]
        for name in ("outdoor_m2", "planned", "live", "planned_night", "live_night"):
            assert sum(getattr(r, name) for r in parts) == pytest.approx(getattr(whole, name))
    assert whole.live == whole.planned > whole.planned_night > 0


def test_at_dusk_what_has_no_light_goes_blind_and_comes_back_at_dawn() -> None:
    model = filled(4)
    day = state(model)
    model.tick(MIDNIGHT)
    assert model.is_night
    assert model.changed_spots >= set(model.spots.by_id)
    assert any(
        tell_spot(model, spot, MIDNIGHT).live_night != spot.gaps.live
        for spot in model.spots.by_id.values()
        if spot.gaps
    )
    model.tick(MIDNIGHT + 12 * 60 * MINUTE)
    assert state(model)[:2] == day[:2]


def test_a_camera_that_flaps_counts_as_not_working_until_it_is_steady() -> None:
    model = filled(6)
    for i in range(5):
        now = NOON + i * 10_000
        model.report("K002", Reported(now, "offline" if i % 2 == 0 else "online", ""), now)
    model.report("K002", Reported(NOON + 50_000, "online", ""), NOON + 50_000)
    assert tell_sight(model, model.cameras["K002"], NOON + 50_000).state == "unstable"
    assert not model.cameras["K002"].layers >> LIVE & 1
    model.tick(NOON + 20 * MINUTE)
    assert model.cameras["K002"].layers >> LIVE & 1


def test_a_switch_that_fails_is_one_outage() -> None:
    model = filled(7)
    for i, camera_id in enumerate(sorted(model.cameras)):
        model.report(camera_id, Reported(NOON + i * 20, "offline", ""), NOON + i * 20)
    (outage,) = tell_coverage(model, NOON + MINUTE).outages
    assert outage.cameras == outage.still == len(model.cameras)
    assert set(outage.streets) <= {"S0", "S1"}
    model.report("K001", Reported(NOON + MINUTE, "online", ""), NOON + MINUTE)
    (outage,) = tell_coverage(model, NOON + 2 * MINUTE).outages
    assert outage.still == outage.cameras - 1


def test_what_cannot_be_computed_is_unknown_and_not_covered() -> None:
    cameras = [
        CameraChanged("far", 1, *at(5000, 0), "WGS84", kind="dome"),
        CameraChanged("blind", 1, *at(10, 10), "WGS84", kind="bullet", status="online"),
        CameraChanged("in", 1, *at(10, 10), "WGS84", kind="dome", mount="indoor", status="online"),
    ]
    model = CoverageModel(small_district(2))
    model.load([(camera, None) for camera in cameras], [], NOON)
    model.measure_spots()
    told = tell_coverage(model, NOON)
    assert (told.cameras, told.counted, told.refused, told.direction_unknown, told.indoor) == (3, 0, 1, 1, 1)
    assert told.grades == {"D": 3}
    assert [s.view for s in (tell_sight(model, p, NOON) for p in model.cameras.values())] == ["none", "unknown", "none"]
    assert next(tell_regions(model)).planned == 0


def test_without_cameras_every_gap_is_unknown() -> None:
    model = CoverageModel(small_district(2))
    model.load([], [], NOON)
    model.measure_spots()
    spots = [tell_spot(model, spot, NOON) for spot in model.spots.by_id.values()]
    assert spots and all(spot.live is None and spot.gap == "unknown" for spot in spots)
    told = tell_coverage(model, NOON)
    assert told.areas.unknown == told.areas.n == 2
    assert "no_cameras" in told.notes


def test_without_buildings_it_works_and_says_so() -> None:
    model = CoverageModel(small_district(8, buildings=0))
    model.load([(some_camera(default_rng(1), 1), None)], [], NOON)
    assert "no_buildings" in tell_coverage(model, NOON).notes


def test_footprints_and_areas_that_cross_themselves_are_mended() -> None:
    bow = shapely.Polygon([(0, 0), (40, 40), (40, 0), (0, 40)])
    model = CoverageModel(small_district(9, key_areas=layer(bow)))
    model.load([(some_camera(default_rng(1), 1), None)], [], NOON)
    model.measure_spots()
    assert model.spots.by_id["area:000"].outline.is_valid
    assert model.spots.by_id["area:000"].outline.area == pytest.approx(800)


def test_more_than_255_cameras_on_one_cell_are_counted() -> None:
    model = CoverageModel(small_district(2, buildings=0))
    domes = [CameraChanged(f"X{i}", 1, *at(0, 0), "WGS84", kind="dome", status="online") for i in range(300)]
    model.load([(dome, None) for dome in domes], [], NOON)
    assert model.counters.counts.max() == 300
    assert model.recount() == Recount(0, 0, 0)
    for i in range(300):
        model.remove(f"X{i}")
    assert model.counters.counts.max() == 0
    assert model.counters.seen.sum() == 0


def test_cases_outside_every_working_view_are_unseen_and_need_says_its_terms() -> None:
    model = CoverageModel(small_district(2, buildings=0))
    middle, corner = at(-90, -100), at(-140, -140)  # of the first key area
    dome = CameraChanged("dome", 1, *middle, "WGS84", kind="dome", range_m=20, status="online", night="none")
    model.load([(dome, None)], [a_case("in", *middle, severity=2), a_case("out", *corner)], NOON)
    model.measure_spots()
    told = tell_spot(model, model.spots.by_id["area:000"], NOON)
    assert (told.cases, told.unseen, told.demand) == (2, 1, 5.0)
    assert told.size == pytest.approx(120 * 110)
    assert told.live == pytest.approx(120 * 110 - np.pi * 400, rel=1e-3)
    assert told.need == pytest.approx(5.0 * 2.0 * told.live / told.size, abs=0.1)
    assert (told.gap, told.way) == ("permanent", "add")
    model.report("dome", Reported(NOON + 1, "offline", ""), NOON + 1)
    model.measure_spots()
    off = tell_spot(model, model.spots.by_id["area:000"], NOON + 1)
    assert off.live == pytest.approx(off.size)
    assert off.unseen == 2
    model.tick(MIDNIGHT)
    model.report("dome", Reported(NOON + 2, "online", ""), MIDNIGHT)
    model.measure_spots()
    assert tell_spot(model, model.spots.by_id["area:000"], MIDNIGHT).unseen == 2


@pytest.mark.parametrize(
    ("camera", "expected"),
    [
        ({"kind": "dome", "status": "offline", "night": "infrared"}, ("live", "repair", "k")),
        ({"kind": "bullet", "azimuth": 180.0, "hfov": 90.0, "status": "online"}, ("permanent", "turn", "k")),
        ({"kind": "bullet", "status": "online"}, ("permanent", "turn", "k")),
        ({"kind": "dome", "status": "online", "night": "none"}, ("night", "light", "k")),
        ({"kind": "bullet", "azimuth": 180.0, "range_m": 5.0, "status": "online"}, ("permanent", "add", "k")),
        ({"kind": "dome", "status": "online", "night": "infrared"}, ("none", "", "")),
    ],
)
def test_how_a_gap_is_closed(camera: dict[str, Any], expected: tuple[str, str, str]) -> None:
    """Repair what is broken, turn what looks elsewhere, light what is dark, add where nothing near would do."""
    model = CoverageModel(small_district(2, buildings=0, key_areas=layer(shapely.box(0, 0, 30, 30))))
    model.load([(CameraChanged("k", 1, *at(15, -3), "WGS84", **camera), None)], [], NOON)
    model.measure_spots()
    told = tell_spot(model, model.spots.by_id["area:000"], NOON)
    assert (told.gap, told.way, told.camera) == expected


def test_a_grid_tells_what_its_counters_say() -> None:
    model = filled(5)
    told = tell_grid(model, "G00", model.region_cells()["grid", "G00"], NOON)
    region = next(r for r in tell_regions(model) if r.code == "G00")
    assert told.size == region.outdoor_m2
    assert told.live == pytest.approx(region.outdoor_m2 - region.live)
