"""The demo's cameras: as many and as mixed as in the field, with the errors of a catalogue and no more of them."""

import csv
import functools
import math
from collections import Counter

import numpy as np
import shapely
from shapely.geometry import shape

from services.coverage.errands import examine
from services.district.cameras.reading import Reading
from services.district.plane import plane_of
from tests.unit.operations.test_demo_district import demo_district, demo_folder


@functools.cache
def rows() -> list[dict[str, str]]:
    with (demo_folder() / "cameras.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@functools.cache
def reading() -> Reading:
    return examine(demo_district(), (demo_folder() / "cameras.csv").read_bytes(), "csv", None, now_ms=1)


def problems(kind: str, words: str = "") -> int:
    return sum(f.kind == kind and words in f.problem for f in reading().findings)


def share(count: int, of: int) -> float:
    return count / of


def test_there_are_five_thousand_of_five_kinds() -> None:
    assert len(rows()) == 5000 == len({row["camera_id"] for row in rows()})
    assert Counter(row["kind"] for row in rows()) == {
        "bullet": 3100,
        "dome": 900,
        "ptz": 600,
        "checkpoint": 300,
        "lookout": 100,
    }
    assert all(len(row["camera_id"]) == 20 and row["camera_id"][10:13] in {"131", "132"} for row in rows())


def test_directions_are_as_good_as_a_catalogues() -> None:
    fixed = [row for row in rows() if row["kind"] in {"bullet", "checkpoint"}]
    assert 0.27 < share(sum(bool(r["direction_type"]) for r in fixed), len(fixed)) < 0.33
    unknown = sum(not (r["direction_type"] or r["azimuth"] or r["directions"]) for r in fixed)
    assert 0.03 < share(unknown, len(fixed)) < 0.05
    north = [r for r in fixed if r["azimuth"] == "0"]
    assert 0.014 < share(len(north), len(fixed)) < 0.026
    assert {r["source_quality"] for r in north} == {"catalogue"}


def test_half_of_the_rest_is_empty_and_one_in_sixty_is_out() -> None:
    filled = {
        name: share(sum(bool(r[name]) for r in rows()), 5000) for name in ("hfov", "range_m", "width_px", "night")
    }
    assert 0.2 < filled["hfov"] < 0.4 and 0.3 < filled["range_m"] < 0.4
    assert 0.45 < filled["width_px"] < 0.55 and 0.75 < filled["night"] < 0.85
    out = Counter(r["status"] for r in rows())
    assert 0.014 < share(out["offline"] + out["degraded"], 5000) < 0.022
    assert {"wall", "roof", "indoor", "pole"} == {r["mount"] for r in rows()}


def test_the_import_names_exactly_the_errors_that_were_sown() -> None:
    found = reading()
    shifted = problems("refused", "probably GCJ02")
    assert 6 <= shifted <= 15 and problems("refused") == shifted
    assert problems("outside") == 2 and problems("doubtful", "range_m 5000") == 5
    assert problems("doubtful", "azimuth '720'") == 3
    assert 15 <= problems("moved") <= 45
    assert len(found.cameras) == 5000 - shifted - 2
    twins = problems("doubtful", "the very position and azimuth")
    assert problems("doubtful") == 5 + 3 + twins + problems("doubtful", "azimuth is exactly 0") and twins < 8
    assert problems("missing") == problems("missing", "has no direction")


def test_some_forty_cameras_stand_in_a_building_and_a_few_metres_at_most_unless_they_were_shifted() -> None:
    district, plane = demo_district(), plane_of(demo_district())
    features = district.layers["buildings"]["features"]
    assert isinstance(features, list)
    houses = shapely.transform(np.asarray([shape(f["geometry"]) for f in features], dtype=object), plane.to_metres)
    outdoors = [c for c in reading().cameras if c.mount in {"pole", "wall"}]
    points = shapely.points(plane.to_metres(np.asarray([(c.lon, c.lat) for c in outdoors])))
    hits, which = shapely.STRtree(houses).query(points, predicate="within")
    deep = shapely.distance(np.asarray(points)[hits], shapely.boundary(houses[which]))
    assert 38 <= len(hits) <= 50 and np.sum(deep > 6.1) <= 5


def test_some_places_are_covered_well_some_badly_and_villages_hardly() -> None:
    district = demo_district()
    points = shapely.points([(c.lon, c.lat) for c in reading().cameras])
    grids = list(district.grids.values())
    hits = shapely.STRtree([g.geometry for g in grids]).query(points, predicate="within")[1]
    counts = np.bincount(hits, minlength=len(grids))
    town = counts[[g.households > 400 for g in grids]]
    village = counts[[g.households < 400 for g in grids]]
    assert np.median(town) > 4 * max(1, np.median(village)) and 40 < np.sum(counts == 0) < 160
    areas = district.layers["key_areas"]["features"]
    assert isinstance(areas, list)
    density = [int(shapely.contains(s, points).sum()) / s.area for s in (shape(f["geometry"]) for f in areas)]
    assert max(density) > 3 * min(density)


def test_two_thousand_poles_are_free_and_do_not_stand_in_buildings() -> None:
    features = demo_district().layers["poles"]["features"]
    buildings = demo_district().layers["buildings"]["features"]
    assert isinstance(features, list) and isinstance(buildings, list)
    assert len(features) == 2000 == len({f["properties"]["code"] for f in features})
    poles = np.asarray([shape(f["geometry"]) for f in features], dtype=object)
    houses = shapely.STRtree([shape(f["geometry"]) for f in buildings])
    assert len(houses.query(poles, predicate="within")[0]) < 20
    carrying = {(c.lon, c.lat) for c in reading().cameras}
    assert sum(tuple(f["geometry"]["coordinates"]) in carrying for f in features) <= 60


def test_key_roads_are_sections_that_end_at_crossings_where_there_are_any() -> None:
    plane, features = plane_of(demo_district()), demo_district().layers["key_roads"]["features"]
    assert isinstance(features, list)
    assert 60 <= len(features) <= 110
    lengths = [shapely.transform(shape(f["geometry"]), plane.to_metres).length for f in features]
    assert 240 < float(np.median(lengths)) < 450 and math.fsum(lengths) > 20_000 and max(lengths) < 600
    named = [f["properties"] for f in features]
    assert [p["code"] for p in named] == [f"KR{n:03d}" for n in range(1, len(named) + 1)]
    assert sum("—" in p["name"] for p in named) > len(named) / 2
    assert all(p["name_en"].isprintable() and p["weight"] in {2, 3, 4} for p in named)
    areas = demo_district().layers["key_areas"]["features"]
    assert isinstance(areas, list) and all(f["properties"]["place_type"] and f["properties"]["weight"] for f in areas)
