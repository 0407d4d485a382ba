"""A small district of blocks, key spots and cameras for the tests of the coverage model."""

from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import shapely
from numpy.random import Generator, default_rng
from shapely.geometry import mapping

from services.cases.case import CaseRow
from services.contract.others import CameraChanged
from services.coverage.condition import Reported
from services.coverage.model import CoverageModel
from services.district.package import Area, District
from services.district.plane import Plane
from services.platform.clock import parse_ms
from tests.scenes import block

PLANE = Plane(118.9, 31.9)
NOON = parse_ms("2026-11-23T12:00:00+08:00")
MIDNIGHT = parse_ms("2026-11-23T23:30:00+08:00")


def at(x: float, y: float) -> tuple[float, float]:
    """(lon, lat) of a point in metres."""
    lon, lat = PLANE.to_degrees(np.array([[x, y]]))[0].tolist()
    return lon, lat


def degrees(shape: Any) -> Any:
    return shapely.transform(shape, PLANE.to_degrees)


def layer(*shapes: Any, **properties: list[Any]) -> dict[str, object]:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": mapping(degrees(shape)),
                "properties": {"code": f"{i:03d}", **{name: values[i] for name, values in properties.items()}},
            }
            for i, shape in enumerate(shapes)
        ],
    }


def area(code: str, parent: str, shape: Any) -> Area:
    return Area(code, code, parent, degrees(shape))


def small_district(seed: int = 1, buildings: int = 40, **layers: dict[str, object]) -> District:
    """400 × 400 m around (118.9, 31.9): two streets, four communities, eight grids; areas, a road, places."""
    rng = default_rng(seed)
    streets = {f"S{i}": area(f"S{i}", "D", shapely.box(-200 + 200 * i, -200, 200 * i, 200)) for i in range(2)}
    communities = {
        f"C{i}{j}": area(f"C{i}{j}", f"S{i}", shapely.box(-200 + 200 * i, -200 + 200 * j, 200 * i, 200 * j))
        for i in range(2)
        for j in range(2)
    }
    grids = {
        f"G{i}{j}": area(f"G{i}{j}", f"C{i // 2}{j}", shapely.box(100 * i - 200, 200 * j - 200, 100 * i - 100, 200 * j))
        for i in range(4)
        for j in range(2)
    }
    found = {
        "buildings": layer(*(block(rng, 380) for _ in range(buildings))),
        "key_areas": layer(shapely.box(-150, -150, -30, -40), shapely.box(20, 20, 140, 160)),
        "key_roads": layer(shapely.LineString([(-190, 3), (190, 5)])),
        "key_places": layer(*(shapely.Point(*rng.uniform(-180, 180, 2)) for _ in range(6))),
    }
    return District(
        code="D",
        name="小区",
        zone=ZoneInfo("Asia/Shanghai"),
        streets=streets,
        communities=communities,
        grids=grids,
        layers=found | layers,
    )


def some_camera(rng: Generator, number: int, version: int = 1) -> CameraChanged:
    lon, lat = PLANE.to_degrees(rng.uniform(-210, 210, (1, 2)))[0].tolist()
    kind = str(rng.choice(["bullet", "bullet", "dome", "ptz", "checkpoint", "lookout"]))
    known = rng.uniform() < 0.9
    return CameraChanged(
        camera_id=f"K{number:03d}", version=version, lon=lon, lat=lat, coord_sys="WGS84", kind=kind,
        azimuth=float(rng.uniform(1, 359)) if known else None, pan_now=float(rng.uniform(0, 360)),
        night=str(rng.choice(["none", "infrared"])), status="online",
    )  # fmt: skip


def some_case(rng: Generator, number: int, now: int = NOON) -> CaseRow:
    lon, lat = PLANE.to_degrees(rng.uniform(-200, 200, (1, 2)))[0].tolist()
    severity, reported_at = int(rng.integers(1, 5)), now - int(rng.uniform(0, 3e9))
    return a_case(f"A{number:04d}", lon, lat, severity=severity, reported_at=reported_at)


def a_case(case_id: str, lon: float | None, lat: float | None, **more: Any) -> CaseRow:
    values: dict[str, Any] = dict.fromkeys(CaseRow.__struct_fields__, "")
    values.update(
        case_id=case_id, version=1, entry=1, event_at=NOON, is_open=True, severity=4, lon=lon, lat=lat,
        reported_at=NOON, merged=False, status="reported", grid="", street="S0",
    )  # fmt: skip
    return CaseRow(**(values | more))


def filled(seed: int, cameras: int = 60, cases: int = 300, now: int = NOON, **layers: Any) -> CoverageModel:
    rng = default_rng(seed)
    model = CoverageModel(small_district(seed, **layers))
    model.load([(some_camera(rng, i), None) for i in range(cameras)], [some_case(rng, i) for i in range(cases)], now)
    model.measure_spots()
    model.clear()
    return model


def some_event(model: CoverageModel, rng: Generator, now: int, measured: float = 0.3) -> None:
    """One thing that may happen to a camera or a case; ``measured``: how often the key spots are measured after it."""
    number = int(rng.integers(0, 70))
    dice = rng.uniform()
    if dice < 0.6:
        status = str(rng.choice(["online", "offline", "degraded"]))
        fault = str(rng.choice(["", "blurred", "dark"])) if status == "degraded" else ""
        model.report(f"K{number:03d}", Reported(now, status, fault), now)
    elif dice < 0.8:
        model.put([(some_camera(rng, number, now), None)], now)
    elif dice < 0.85:
        model.remove(f"K{number:03d}")
    else:
        model.put_cases([some_case(rng, number, now)], now)
    model.tick(now)
    if rng.uniform() < measured:
        model.measure_spots()
        model.clear()


def state(model: CoverageModel) -> tuple[Any, ...]:
    """Everything that a model says, to be compared."""
    model.measure_spots()
    gaps = {i: spot.gaps[:5] for i, spot in model.spots.by_id.items() if spot.gaps is not None}
    regions = {key: (outdoor, *seen.tolist()) for key, (outdoor, seen) in model.region_cells().items()}
    return gaps, regions, model.cases.seen(), np.asarray(model.counters.counts).tobytes()
