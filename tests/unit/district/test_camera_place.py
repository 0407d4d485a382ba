"""Where cameras stand: outside, in another coordinate system, inside a building; and a package that has such rows."""

from pathlib import Path

import pytest

from services.district.cameras.inside import find_moved, footprints
from services.district.cameras.reading import Reading, read_cameras
from services.district.cameras.site import DistrictOutline, site_of
from services.district.coords import wgs84_to_bd09, wgs84_to_gcj02
from services.district.finding import RowFinding
from services.district.load import load
from services.district.package import District
from services.district.plane import plane_of
from services.operations.packages import check_district
from tests.tiny import SOUTH, STEP, WEST, write_tiny_district

HEAD = "camera_id,lon,lat,coord_sys,kind,azimuth,mount\n"
EAST, NORTH = WEST + 4 * STEP, SOUTH + 2 * STEP


@pytest.fixture
def site(tiny: District) -> DistrictOutline:
    found = site_of([a.geometry for a in tiny.streets.values() if a.geometry is not None])
    assert found is not None
    return found


def read(*rows: str, site: DistrictOutline | None = None, coord_sys: str | None = None) -> Reading:
    return read_cameras((HEAD + "\n".join(rows)).encode(), "csv", site=site, coord_sys=coord_sys)


def row(lon: float, lat: float, coord_sys: str = "WGS84", name: str = "A") -> str:
    return f"{name},{lon:.6f},{lat:.6f},{coord_sys},bullet,10,"


def test_a_camera_on_the_borders_far_pavement_is_the_districts(site: DistrictOutline) -> None:
    found = read(row(EAST + 0.0003, SOUTH + 0.001), site=site)
    assert len(found.cameras) == 1 and not found.findings


def test_one_within_sight_is_taken_and_named_and_one_far_off_is_only_named(site: DistrictOutline) -> None:
    found = read(row(WEST - 0.002, NORTH - 0.001), row(80.0, 40.0, name="B"), site=site)
    assert [c.camera_id for c in found.cameras] == ["A"]
    assert [(f.camera_id, f.kind) for f in found.findings] == [("A", "outside"), ("B", "outside")]
    assert "189 m outside" in found.findings[0].problem


@pytest.mark.parametrize(("system", "shift"), [("GCJ02", wgs84_to_gcj02), ("BD09", wgs84_to_bd09)])
def test_a_position_that_only_fits_in_another_system_is_refused_with_the_remedy(
    site: DistrictOutline, system: str, shift
) -> None:
    lon, lat = shift(EAST - 0.0005, NORTH - 0.0005)
    found = read(row(lon, lat), site=site)
    ((finding,), cameras) = found.findings, found.cameras
    assert (finding.kind, cameras) == ("refused", [])
    assert finding.problem.endswith(f"probably {system}") and f"--coord-sys {system}" in finding.remedy
    mended = read(row(lon, lat), site=site, coord_sys=system)
    assert not mended.findings and mended.cameras[0].coord_sys == "WGS84"
    assert mended.cameras[0].lon == pytest.approx(EAST - 0.0005, abs=2e-6)


def test_positions_said_to_be_shifted_that_are_not_are_found_too(site: DistrictOutline) -> None:
    (finding,) = read(row(WEST + 0.0005, NORTH - 0.0005, "GCJ02"), site=site).findings
    assert finding.problem.endswith("probably WGS84")


def test_several_such_rows_cast_doubt_on_the_whole_file(site: DistrictOutline) -> None:
    rows = [row(*wgs84_to_gcj02(EAST - 0.0005, NORTH - 0.001 * k), name=f"A{k}") for k in range(1, 5)]
    first, *rest = read(*rows, site=site).findings
    assert (first.row, first.kind) == (
        0,
        "doubtful",
    ) and "4 of 4 positions only fit the district as GCJ02" in first.problem
    assert {f.kind for f in rest} == {"refused"}


def _building(*ring: tuple[float, float]) -> dict[str, object]:
    points = [[WEST + x, SOUTH + y] for x, y in (*ring, ring[0])]
    return {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [points]}}


HOUSE = _building((0.001, 0.001), (0.002, 0.001), (0.002, 0.002), (0.001, 0.002))


def moved(tiny: District, *rows: str) -> list[RowFinding]:
    found = read(*rows)
    broken = {"type": "Feature", "properties": {}, "geometry": {"type": "Polygon", "coordinates": [[["x"]]]}}
    layer: dict[str, object] = {"features": [HOUSE, broken, {"geometry": None}]}
    return find_moved(found.cameras, found.row_of, footprints(layer), plane_of(tiny))


def test_a_camera_more_than_three_metres_inside_a_building_is_named_with_the_metres(tiny: District) -> None:
    (finding,) = moved(tiny, row(WEST + 0.0011, SOUTH + 0.0015), row(WEST + 0.00102, SOUTH + 0.0015, name="B"))
    assert (finding.row, finding.camera_id, finding.kind) == (2, "A", "moved")
    assert "9.5 m inside" in finding.problem


@pytest.mark.parametrize("mount", ["roof", "indoor"])
def test_on_a_roof_and_indoors_a_camera_stands_where_it_should(tiny: District, mount: str) -> None:
    assert not moved(tiny, row(WEST + 0.0015, SOUTH + 0.0015) + mount)


def test_a_bad_row_does_not_stop_the_package_and_the_check_says_it(tmp_path: Path) -> None:
    write_tiny_district(tmp_path)
    rows = [row(WEST + 0.001, SOUTH + 0.001), row(80, 40, name="B"), "C,118.905,31.905,WGS84,bullet,720,"]
    (tmp_path / "cameras.csv").write_text(HEAD + "\n".join(rows), "utf-8")
    found = load(tmp_path)
    assert [(c.camera_id, c.version) for c in found.cameras] == [("A", 0), ("C", 0)]
    assert [f.kind for f in found.camera_findings] == ["outside", "doubtful", "missing"]
    said = check_district(tmp_path)
    assert "  2 cameras\n  1 outside of the district\n    row 3 [B]: position" in said and "1 missing" in said
