"""Write the demo's district package: an invented district at the figures of DOMAIN.md §1, the same for the same seed.

Columns and properties are those that ``services.district.load`` checks, and ``name_en`` beside every name.
"""

import csv
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import shapely
from shapely.geometry import mapping
from shapely.geometry.base import BaseGeometry

from services.district.cameras import table
from services.operations.simulator import layers, names, tables, terrain
from services.operations.simulator.camera_errors import with_errors
from services.operations.simulator.cameras import place
from services.operations.simulator.dice import Dice
from services.operations.simulator.sections import Layer
from services.operations.simulator.survey import CODE, SurveyArea, survey

SEED = 20261123


def generate(folder: Path, seed: int = SEED) -> None:
    """Write a complete package into ``folder`` (made where it is missing)."""
    folder.mkdir(parents=True, exist_ok=True)
    found = survey(seed)
    drawn = layers.draw(found, seed)
    for name, places in (("streets", found.streets), ("communities", found.communities), ("grids", found.grids)):
        _write_geojson(folder / f"{name}.geojson", ((p.degrees, _properties(p)) for p in places))
    for name in layers.Layers.__slots__:
        layer: Layer = getattr(drawn, name)
        _write_geojson(folder / f"{name}.geojson", ((_in_degrees(g), p) for g, p in layer))
    chosen, poles = place(found, drawn, seed)
    _write_geojson(folder / "poles.geojson", ((_in_degrees(g), p) for g, p in poles))
    (folder / "cameras.csv").write_text(table.write(with_errors(chosen, seed)), encoding="utf-8", newline="")
    dice = Dice(seed, "tables")
    _write_table(folder / "departments.csv", tables.departments(found.streets))
    _write_table(folder / "people.csv", tables.people(found.grids, dice))
    _write_table(folder / "roster.csv", tables.roster(found.streets, dice))
    _write_table(folder / "campaigns.csv", tables.CAMPAIGNS)
    _write_table(folder / "categories.csv", tables.categories())
    _write_table(folder / "class_map.csv", tables.class_map())
    _write_table(folder / "holidays.csv", tables.holidays())
    (folder / "district.toml").write_text(
        f'code = "{CODE}"\nname = "{names.DISTRICT[0]}"\nname_en = "{names.DISTRICT[1]}"\n' + tables.DISTRICT_TOML,
        encoding="utf-8",
    )
    (folder / "policy.toml").write_text(tables.POLICY_TOML, encoding="utf-8")


def _properties(place: SurveyArea) -> dict[str, object]:
    found: dict[str, object] = {
        "code": place.code,
        "name": place.name,
        "name_en": place.name_en,
        "parent": place.parent,
    }
    if place.households:
        found["households"] = place.households
    return found


def _in_degrees(ground: BaseGeometry) -> BaseGeometry:
    def degrees(points: terrain.Plane) -> terrain.Plane:
        return terrain.to_degrees(points)

    turned = shapely.transform(ground, degrees)
    return turned if turned.is_valid or turned.geom_type != "Polygon" else shapely.make_valid(turned)


def _write_geojson(path: Path, features: Iterable[tuple[BaseGeometry, dict[str, object]]]) -> None:
    rows = [
        {"type": "Feature", "properties": properties, "geometry": mapping(geometry)}
        for geometry, properties in features
    ]
    text = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    path.write_text('{"type":"FeatureCollection","features":[\n' + text + "\n]}\n", encoding="utf-8")


def _write_table(path: Path, rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
