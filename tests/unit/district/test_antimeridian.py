"""A district on both sides of longitude 180 is a district like any other: plane, places, areas, cameras, map."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.contract.others import CameraChanged
from services.coverage.model import CoverageModel
from services.district.antimeridian import near
from services.district.cameras.reading import read_cameras
from services.district.cameras.site import site_of
from services.district.load import load
from services.district.outline import layer
from services.district.package import District
from services.district.place import Placer
from services.district.plane import plane_of

LAT = -16.9


def box(west: float, east: float, south: float = LAT, north: float = LAT + 0.05) -> dict[str, Any]:
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def collection(*features: tuple[dict[str, str], dict[str, Any]]) -> str:
    found = [{"type": "Feature", "properties": p, "geometry": g} for p, g in features]
    return json.dumps({"type": "FeatureCollection", "features": found})


@pytest.fixture
def across(tmp_path: Path) -> District:
    """Two streets side by side, one on each side; a house 200 m west and one 200 m east of the line."""
    (tmp_path / "district.toml").write_text('code = "fj"\nname = "Taveuni"\ntime_zone = "Pacific/Fiji"\n')
    streets = ({"code": "1", "name": "一"}, box(179.95, 180)), ({"code": "2", "name": "二"}, box(-180, -179.95))
    (tmp_path / "streets.geojson").write_text(collection(*streets))
    houses = [({}, box(x, x + 0.0002, LAT + 0.02, LAT + 0.0202)) for x in (179.998, -179.998)]
    (tmp_path / "buildings.geojson").write_text(collection(*houses))
    return load(tmp_path)


def test_the_plane_lies_in_the_middle_and_is_whole(across: District) -> None:
    plane = plane_of(across)
    assert plane.lon == pytest.approx(180)
    ((west, _), (east, _)) = plane.to_metres(np.array([[179.99, LAT], [-179.99, LAT]])).tolist()
    assert east - west == pytest.approx(0.02 * plane.metres_per_degree[0])


def test_positions_are_placed_on_both_sides_and_distances_go_the_short_way(across: District) -> None:
    placer = Placer(across)
    points = [(179.97, LAT + 0.02), (-179.97, LAT + 0.02), (180.03, LAT + 0.02), (-180.0, LAT + 0.02), (0.0, LAT)]
    assert [found[0] for found in placer.find(points)] == ["1", "2", "2", "1", ""]
    assert placer.is_outside([*points, (179.949, LAT), (-179.9, LAT)]) == [False] * 4 + [True, False, True]


def test_a_street_that_crosses_the_line_by_itself_is_one_piece(tmp_path: Path) -> None:
    (tmp_path / "district.toml").write_text('code = "fj"\nname = "Taveuni"\n')
    ring = [[179.95, LAT], [-179.95, LAT], [-179.95, LAT + 0.05], [179.95, LAT + 0.05], [179.95, LAT]]
    crossing = {"type": "Polygon", "coordinates": [ring]}
    (tmp_path / "streets.geojson").write_text(collection(({"code": "1", "name": "一"}, crossing)))
    outline = load(tmp_path).streets["1"].geometry
    assert outline is not None and outline.bounds[2] - outline.bounds[0] == pytest.approx(0.1)


def test_the_map_is_one_piece(across: District) -> None:
    found = layer(across, "streets")
    assert found is not None
    lons = [lon for f in found["features"] for ring in f["geometry"]["coordinates"] for lon, _ in ring]
    assert max(lons) - min(lons) == pytest.approx(0.1)


def test_cameras_see_across_the_line_and_among_its_buildings(across: District) -> None:
    model = CoverageModel(across)
    assert model.unreadable_buildings == 0 and len(model.footprints.solids) == 2
    assert sum(outline.area for outline in model.areas["street"].values()) == pytest.approx(5.897e7, rel=2e-3)
    camera = CameraChanged(
        camera_id="C", version=1, lon=-179.9999, lat=LAT + 0.01, coord_sys="WGS84", kind="dome", range_m=100
    )
    model.load([(camera, None)], [], 0)
    (placed,) = model.cameras.values()
    assert placed.street == "2" and placed.area_m2 == pytest.approx(math.pi * 100**2)
    x0, _, x1, _ = placed.seen.bounds
    assert x0 < 0 < x1


def test_cameras_of_both_sides_are_taken_and_far_ones_are_not(across: District) -> None:
    site = site_of([area.geometry for area in across.streets.values() if area.geometry is not None])
    table = "camera_id,lon,lat,kind\nA,179.97,-16.88,dome\nB,-179.97,-16.88,dome\nC,0.03,-16.88,dome\n"
    found = read_cameras(table.encode(), site=site)
    assert [camera.camera_id for camera in found.cameras] == ["A", "B"]
    assert [(f.row, f.kind) for f in found.findings] == [(4, "outside")]


@given(st.floats(-180, 180), st.floats(-360, 360))
def test_the_nearest_longitude_is_the_same_meridian_within_half_a_turn(middle: float, lon: float) -> None:
    ((found, _),) = near(np.array([[lon, 0.0]]), middle).tolist()
    assert abs(found - middle) <= 180 + 1e-9
    assert (found - lon) % 360 in {0.0, 360.0} or math.isclose((found - lon) % 360, 0, abs_tol=1e-9)
    if abs(lon - middle) <= 180:
        assert found == lon
