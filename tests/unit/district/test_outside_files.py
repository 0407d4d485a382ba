"""Real files that came from outside, as they came: what each says, and what it costs."""

from pathlib import Path

import pytest

from services.district.cameras.reading import Reading, read_cameras
from services.district.load import PackageError, load
from services.operations.replay.plan import plan
from services.operations.replay.source import ReplayError

OUTSIDE = Path(__file__).parents[3].parent / "shared/data/outside"
pytestmark = pytest.mark.skipif(not OUTSIDE.is_dir(), reason="../shared/data/outside is not beside the project")


def cameras(name: str) -> Reading:
    return read_cameras((OUTSIDE / name).read_bytes())


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("a4_quote_small.csv", "line 3, column SUB_TYPE_NAME: a quote opens here and never closes"),
        ("a5_bad.csv.gz", "damaged gzip"),
        ("a2_chicago_georeport.csv", "do not lie in Boston"),
        ("a6_sf_present.csv", "nor like one of them"),
    ],
)
def test_a_case_file_that_cannot_be_replayed_says_why(name: str, says: str) -> None:
    with pytest.raises(ReplayError, match=says):
        plan(OUTSIDE / name)


def test_a_package_with_a_quote_that_never_closes_is_not_loaded() -> None:
    with pytest.raises(PackageError, match=r"departments.csv \[line 3\]: column name: a quote opens here"):
        load(OUTSIDE / "d13_departments_quote")


def test_soft_line_breaks_make_no_units() -> None:
    assert list(load(OUTSIDE / "d14_departments_vt").units) == ["D001", "D002", "D003"]


def test_the_catalogues() -> None:
    assert [c.name for c in cameras("b1_control_char.xml").cameras] == ["东门", "西门"]
    utf8 = cameras("b3_says_gb2312_is_utf8.xml")
    assert utf8.cameras[0].name == "澜江大道东口" and "is in UTF-8" in utf8.findings[0].problem
    pages = cameras("b5_pages_missing.xml")
    assert len(pages.cameras) == 2
    assert any("announces 40 items and 2 are here" in finding.problem for finding in pages.findings)


def test_the_maps() -> None:
    packed = cameras("c1_ogr2ogr_other_tags.geojson")
    assert [c.azimuth for c in packed.cameras] == [225] and packed.others == 1
    assert [c.kind for c in cameras("c3_alpr.geojson").cameras] == ["checkpoint", "bullet"]
