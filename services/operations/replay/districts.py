"""The district package that a case file belongs to: outlines from a boundary file, units and names from the file.

Where no boundary file is at hand (Pingshan has none) the streets are written without geometry: counted, not drawn.
"""

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from shapely import make_valid
from shapely.geometry import MultiPolygon, mapping, shape
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from services.files.raw import read_file
from services.operations.replay.formats import BOSTON, SAN_FRANCISCO, City
from services.operations.replay.plan import ReplayPlan
from services.operations.replay.source import ReplayError
from services.operations.replay.vocabulary import BOSTON_STREETS, BOSTON_UNITS

Feature = dict[str, Any]


def write_package(plan: ReplayPlan, boundaries: Path | None, folder: Path) -> Path:
    """Write the package of the plan's city into ``folder`` and return it.

    ``boundaries`` is the folder of boundary files; None, or one without the city's file: no geometry.
    """
    city = plan.form.city
    streets = _streets(plan, boundaries)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "district.toml").write_text(_head(city), encoding="utf-8")
    _write_geojson(folder / "streets.geojson", streets)
    if communities := _communities(plan):
        _write_geojson(folder / "communities.geojson", communities)
    with (folder / "departments.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("code", "name"))
        writer.writerows(sorted(_units(plan).items()))
    return folder


def _head(city: City) -> str:
    values = {"code": city.code, "name": city.name, "name_en": city.name_en, "time_zone": city.time_zone}
    return "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in values.items())


def _streets(plan: ReplayPlan, boundaries: Path | None) -> list[Feature]:
    city = plan.form.city
    path = boundaries / city.boundaries if boundaries is not None and city.boundaries else None
    if path is not None and path.is_file():
        features = [_street_of(city, feature) for feature in _read_features(path)]
    else:
        names = {code: name for name, code in BOSTON_STREETS.items()} if city == BOSTON else {}
        names |= _names((c.street, c.street_name) for c in plan.cases)
        features = [_feature(code, name, None) for code, name in names.items()]
    if not features:
        raise ReplayError(f"no street of {city.name_en} is known: give the folder of boundary files")
    return sorted(features, key=lambda feature: str(feature["properties"]["code"]))


def _street_of(city: City, feature: Feature) -> Feature:
    properties = feature["properties"]
    if city == SAN_FRANCISCO:
        code = str(properties["supervisor"])
        name = f"District {code}"
    else:
        code, name = str(properties["neighborhood_id"]), str(properties["name"])
    return _feature(code, name, _polygons(shape(feature["geometry"])))


def _communities(plan: ReplayPlan) -> list[Feature]:
    names = _names((c.community, c.community_name) for c in plan.cases)
    parents = _names((c.community, c.street) for c in plan.cases)
    return [_feature(code, names[code], None, parents[code]) for code in sorted(names) if parents.get(code)]


def _units(plan: ReplayPlan) -> dict[str, str]:
    if plan.form.city == BOSTON:
        known = {code: name for code, (name, _) in BOSTON_UNITS.items()}
        return known | {c.unit: c.unit_name for c in plan.cases if c.unit and c.unit not in known}
    return _names((c.unit, c.unit_name) for c in plan.cases)


def _names(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """The commonest name of each code (one number often has two spellings), the longer one of equals."""
    seen: dict[str, Counter[str]] = defaultdict(Counter)
    for code, name in pairs:
        if code and name:
            seen[code][name] += 1
    return {code: max(names, key=lambda n: (names[n], len(n), n)) for code, names in sorted(seen.items())}


def _read_features(path: Path) -> list[Feature]:
    try:
        features: list[Feature] = json.loads(read_file(path))["features"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ReplayError(f"{path.name}: is not a GeoJSON FeatureCollection: {error}") from error
    return features


def _polygons(geometry: BaseGeometry) -> BaseGeometry:
    """The geometry made valid, without the lines and points that mending may leave over."""
    if geometry.is_valid:
        return geometry
    mended = make_valid(geometry)
    parts = [p for p in getattr(mended, "geoms", [mended]) if p.geom_type in {"Polygon", "MultiPolygon"}]
    merged = unary_union(parts)
    return merged if merged.geom_type in {"Polygon", "MultiPolygon"} else MultiPolygon(parts)


def _feature(code: str, name: str, geometry: BaseGeometry | None, parent: str = "") -> Feature:
    properties = {"code": code, "name": name} | ({"parent": parent} if parent else {})
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": mapping(geometry) if geometry is not None else None,
    }


def _write_geojson(path: Path, features: list[Feature]) -> None:
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")
