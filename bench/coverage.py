"""The coverage engine: from nothing to every figure, one camera's change, five hundred at once, the next sites, a city.

``python -m bench.coverage [--city]``; kernels are warmed on another scene first. Prints one JSON object.
"""

import argparse
import json
import resource
import sys
import time

import numpy as np

from bench.coverage_scenes import PLANE, SIDE_M, city_buildings, poles, some_cameras, town
from services.cases.case import CaseRow
from services.contract.others import CameraChanged
from services.coverage.condition import Reported
from services.coverage.geometry.footprints import Footprints
from services.coverage.model import CoverageModel
from services.coverage.siting.plan import make_plan, snapshot
from services.coverage.telling import tell_coverage, tell_regions, tell_sight, tell_spot
from services.district.package import District
from services.district.plane import plane_of
from tests.coverage_districts import NOON, a_case, filled, some_event

EVENTS = 1000
TOWNS, CAMERAS = 18, 100_000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--city", action="store_true", help="100,000 cameras and 1.1 million buildings instead")
    options = parser.parse_args()
    _warm()
    print(json.dumps(city() if options.city else district()))


def district() -> dict[str, object]:
    """5,000 cameras among 57,000 buildings."""
    ground, cameras, cases = town(), some_cameras(5000, SIDE_M, 3), _cases(45_000, SIDE_M)
    found: dict[str, object] = {"buildings": len(ground.layers["buildings"]["features"])}  # type: ignore[arg-type]  # JSON
    model, found["build_s"] = _build(ground, cameras, cases)
    found["change_ms"] = _changes(model)
    found["lost_500_s"] = _lost(model, 500)
    found["recount"] = sum(model.recount())
    ground.layers["poles"] = poles(2000, SIDE_M, 5)
    started = time.perf_counter()
    plan = make_plan(snapshot(model, NOON), 20)
    found |= {
        "plan_s": time.perf_counter() - started,
        "plan_candidates": plan.candidates,
        "plan_sites": len(plan.sites),
    }
    found["rss_mb"] = _rss_mb()
    return found


def city() -> dict[str, object]:
    """100,000 cameras among 1.1 million buildings, without their cases; the footprints lie in memory as shapes."""
    ground = town(TOWNS, spots=2000, with_buildings=False)
    plane = plane_of(ground)
    shapes = city_buildings(TOWNS, onto=plane)
    cameras = some_cameras(CAMERAS, 4 * SIDE_M, 3)
    found: dict[str, object] = {"buildings": len(shapes), "rss_before_mb": _rss_mb()}
    started = time.perf_counter()
    footprints = Footprints(shapes)
    del shapes
    _, took = _build(ground, cameras, [], footprints)
    found |= {"footprints_s": time.perf_counter() - started - took, "build_s": time.perf_counter() - started}
    found["rss_mb"] = _rss_mb()
    return found


def _build(
    ground: District, cameras: list[CameraChanged], cases: list[CaseRow], footprints: Footprints | None = None
) -> tuple[CoverageModel, float]:
    """From the package as read to every figure: regions, spots, sights, the district's line."""
    started = time.perf_counter()
    model = CoverageModel(ground, footprints=footprints)
    model.load([(camera, None) for camera in cameras], cases, NOON)
    model.measure_spots()
    figures = [*tell_regions(model), *(tell_spot(model, s, NOON) for s in model.spots.by_id.values())]
    tell_coverage(model, NOON)
    assert figures
    model.clear()
    return model, time.perf_counter() - started


def _changes(model: CoverageModel) -> dict[str, float]:
    """One camera off or on at a time, until everything that it changes is worked out and in the screens' words."""
    rng = np.random.default_rng(9)
    ids, took = list(model.cameras), []
    for step in range(EVENTS):
        now = NOON + step * 600_000
        camera_id = ids[int(rng.integers(len(ids)))]
        status = "offline" if model.cameras[camera_id].condition.reported.status == "online" else "online"
        started = time.perf_counter()
        model.report(camera_id, Reported(now, status, ""), now)  # type: ignore[arg-type]  # one of two words
        _tell(model, now)
        took.append((time.perf_counter() - started) * 1000)
    return {f"p{q}": float(np.percentile(took, q)) for q in (50, 95, 99)} | {"max": max(took)}


def _lost(model: CoverageModel, n: int) -> float:
    """So many neighbours off-line in one go."""
    stands = {i: p.stand for i, p in model.cameras.items()}
    near = sorted(stands, key=lambda i: (stands[i].x - 5000) ** 2 + (stands[i].y - 5000) ** 2)[:n]
    now = NOON + (EVENTS + 1) * 600_000
    started = time.perf_counter()
    for i, camera_id in enumerate(near):
        model.report(camera_id, Reported(now + i, "offline", ""), now + i)
    _tell(model, now)
    return time.perf_counter() - started


def _tell(model: CoverageModel, now: int) -> None:
    model.measure_spots()
    for camera_id in model.changed_cameras:
        tell_sight(model, model.cameras[camera_id], now)
    for spot_id in model.changed_spots:
        if (spot := model.spots.by_id.get(spot_id)) is not None:
            tell_spot(model, spot, now)
    list(tell_regions(model, model.changed_regions))
    tell_coverage(model, now)
    model.clear()


def _cases(n: int, width: float) -> list[CaseRow]:
    rng = np.random.default_rng(4)
    places = PLANE.to_degrees(rng.uniform(0, width, (n, 2))).tolist()
    return [
        a_case(f"A{i}", lon, lat, severity=int(rng.integers(1, 5)), reported_at=NOON - int(rng.uniform(0, 2.5e9)))
        for i, (lon, lat) in enumerate(places)
    ]


def _warm() -> None:
    """Compile every kernel on a small scene: the bench measures the engine, not the compiler."""
    model = filled(1)
    rng = np.random.default_rng(1)
    for step in range(50):
        some_event(model, rng, NOON + step * 60_000)
    model.recount()
    model.district.layers["poles"] = poles(20, 300, 1)
    make_plan(snapshot(model, NOON), 3)


def _rss_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
