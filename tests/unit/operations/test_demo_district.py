"""The generated district: at the figures of the field, without a gap, the same for the same seed."""

import csv
import functools
import hashlib
import tempfile
from pathlib import Path

import shapely

from services.district.load import load
from services.district.package import Area, District
from services.operations.simulator.classes import read_classes
from services.operations.simulator.generate import generate


@functools.cache
def demo_folder() -> Path:
    """One generated package for all the tests of a run."""
    folder = Path(tempfile.mkdtemp(prefix="lianqin-demo-"))
    generate(folder)
    return folder


@functools.cache
def demo_district() -> District:
    return load(demo_folder())


def shapes(areas: dict[str, Area]) -> list[shapely.Geometry]:
    return [a.geometry for a in areas.values() if a.geometry is not None]


def test_the_package_loads_at_the_figures_of_the_field():
    found = demo_district()
    assert (len(found.streets), len(found.grids), len(found.units)) == (12, 706, 55)
    assert 110 <= len(found.communities) <= 130
    assert found.absent == ()
    assert len(found.tables["people"]) == 5 * 706
    assert len(found.tables["campaigns"]) == 9


def test_every_level_tiles_the_district_with_no_gap_and_no_overlap():
    found = demo_district()
    levels = [shapes(areas) for areas in (found.streets, found.communities, found.grids)]
    for level in levels:
        assert all(s.is_valid and s.geom_type == "Polygon" for s in level)
        assert shapely.coverage_is_valid(level)
    outlines = [shapely.coverage_union_all(level) for level in levels]
    assert outlines[0].geom_type == "Polygon"
    assert outlines[0].equals(outlines[1]) and outlines[0].equals(outlines[2])


def test_every_area_lies_in_its_parent():
    found = demo_district()
    for children, parents in ((found.grids, found.communities), (found.communities, found.streets)):
        for code, parent in parents.items():
            parts = [a.geometry for a in children.values() if a.parent == code]
            assert parts and shapely.coverage_union_all(parts).equals(parent.geometry)


def test_a_town_grid_has_some_500_households_and_a_village_grid_some_300():
    homes = [a.households for a in demo_district().grids.values()]
    town = [h for h in homes if h > 400]
    village = [h for h in homes if h < 400]
    assert 480 < sum(town) / len(town) < 520 and 280 < sum(village) / len(village) < 320
    assert len(village) > 60


def test_the_layers_hold_what_a_map_of_a_real_district_holds():
    layers = demo_district().layers
    sizes = {name: len(layer["features"]) for name, layer in layers.items()}
    assert 6_000 <= sizes["buildings"] <= 12_000
    assert sizes["roads"] > 500 and sizes["water"] >= 4 and sizes["green"] >= 20 and sizes["key_places"] > 100
    features = layers["roads"]["features"]
    assert isinstance(features, list)
    assert {f["properties"]["class"] for f in features} == {"major", "minor"}


def test_names_are_in_both_languages():
    with (demo_folder() / "departments.csv").open(encoding="utf-8") as file:
        assert all(row["name_en"].isascii() and row["name"] for row in csv.DictReader(file))
    assert '"name_en":"' in (demo_folder() / "streets.geojson").read_text(encoding="utf-8")


def test_the_table_holds_the_190_classes_of_city_management_and_no_class_twice():
    classes = read_classes()
    keys = {(c.scheme, c.kind, c.major, c.minor) for c in classes}
    assert len(keys) == len(classes)
    assert sum(c.scheme != "LQ" for c in classes) == 190


def test_the_same_seed_writes_the_same_bytes_and_another_seed_others(tmp_path: Path):
    def digest(folder: Path) -> str:
        return hashlib.sha256(b"".join(p.read_bytes() for p in sorted(folder.iterdir()))).hexdigest()

    generate(tmp_path / "again")
    generate(tmp_path / "other", seed=7)
    assert digest(tmp_path / "again") == digest(demo_folder()) != digest(tmp_path / "other")
    other = load(tmp_path / "other")
    assert (len(other.streets), len(other.grids)) == (12, 706)
