"""What is drawn besides the areas: roads, water, green, buildings, and the places that must be watched."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import LineString, MultiPolygon, Point, Polygon, STRtree
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union

from services.operations.simulator import blocks, names, sections, terrain
from services.operations.simulator.dice import Dice
from services.operations.simulator.sections import Layer, Properties
from services.operations.simulator.survey import Survey

_PLACES = [
    ("school", "小学", "Primary School", 34, 4), ("school", "中学", "Middle School", 16, 4),
    ("market", "农贸市场", "Market", 22, 3), ("hospital", "医院", "Hospital", 7, 4),
    ("station", "公交枢纽", "Bus Hub", 9, 3),
    ("station", "地铁站", "Metro Station", 14, 4), ("mall", "商业广场", "Plaza", 12, 3),
    ("bank", "银行", "Bank", 14, 2),
    ("government", "便民服务中心", "Service Centre", 13, 3), ("nursing", "颐养院", "Care Home", 9, 3),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Layers:
    """Each layer in metres on the ground, with its properties."""

    roads: Layer
    water: Layer
    green: Layer
    buildings: Layer
    key_places: Layer
    key_areas: Layer
    key_roads: Layer
    watch_areas: Layer


def draw(found: Survey, seed: int) -> Layers:
    """Draw every layer of the district."""
    dice = Dice(seed, "layers")
    lakes = [_bent(terrain.blob(c, r, dice)) for c, r in terrain.LAKES]
    river = _bent(terrain.stream(terrain.river(), 62, 16)).intersection(found.outline)
    hills = [_bent(terrain.blob(c, r, dice)).intersection(found.outline) for c, r in terrain.HILLS]
    water_names = ("澜江", *(f"{found.names.place()[0]}湖" for _ in lakes))
    water: Layer = [(w, {"name": n}) for w, n in zip([river, *lakes], water_names, strict=True)]
    wet = unary_union([river, *lakes])
    parks, park_grids = _parks(found, wet, hills, dice)
    green: Layer = [(g, {"name": n}) for g, n in parks]
    roads = _roads(found, wet, unary_union(hills), dice)
    buildings = _buildings(found, [w for w, _ in water] + [g for g, _ in parks], roads, park_grids, dice)
    places = _key_places(found, wet, dice)
    key_areas = _key_areas(found, places, dice)
    key_roads = sections.cut(roads)
    return Layers(roads, water, green, buildings, places, key_areas, key_roads, _watch_areas(found, dice))


def _bent(flat: Polygon) -> Polygon:
    return Polygon(terrain.bend(np.asarray(flat.segmentize(60).exterior.coords)))


def _solid(geometry: BaseGeometry) -> BaseGeometry:
    """Only the polygons of a geometry, without crumbs."""
    parts = [p for p in getattr(geometry, "geoms", [geometry]) if isinstance(p, Polygon) and p.area > 400]
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _parks(
    found: Survey, wet: BaseGeometry, hills: list[BaseGeometry], dice: Dice
) -> tuple[list[tuple[BaseGeometry, str]], set[str]]:
    parks = [(_solid(hill.difference(wet)), f"{found.names.place()[0]}山") for hill in hills]
    banks = wet.buffer(95).difference(wet).intersection(found.outline)
    parks.append((_solid(banks.simplify(4)), "滨水绿地"))
    small = [g for g in found.grids if g.ground.area < 9e4 and not g.ground.intersects(wet)]
    chosen = dice.shuffled(small)[:26]
    parks += [(_solid(g.ground.buffer(-24).intersection(g.ground.centroid.buffer(150))), g.name_en) for g in chosen]
    named = [(g, n if "Grid" not in n else f"{found.names.place()[0]}公园") for g, n in parks if not g.is_empty]
    return named, {g.code for g in chosen}


def _roads(found: Survey, wet: BaseGeometry, hills: BaseGeometry, dice: Dice) -> Layer:
    """The cuts between areas are the roads; a lane goes round a lake or a hill, a main road crosses."""
    around = unary_union([wet.buffer(6), hills])
    lines: Layer = []
    for cut in found.mesh.cuts:
        if cut.rank < 0:
            lines.append(
                (_embankment(found, cut.corners), {"class": "minor", "name": "澜江路", "name_en": "Lanjiang Road"})
            )
            continue
        line: BaseGeometry = LineString(found.corners[list(cut.corners)])
        is_major = cut.rank == 0 or (cut.rank == 1 and line.length > 1500)
        works = 0 if cut.rank == 0 else 1 if is_major else dice.whole(1, 2) if cut.rank == 1 else dice.whole(2, 3)
        name, english = found.names.place() if cut.rank < 2 else _lane(dice)
        if not is_major:
            line = line.difference(around)
        properties: Properties = {
            "class": "major" if is_major else "minor",
            "name": name + names.WORKS[works],
            "name_en": f"{english} {names.WORKS_EN[works]}",
        }
        lines += [(p, properties) for p in getattr(line, "geoms", [line]) if p.length > 60]
    return lines


def _lane(dice: Dice) -> tuple[str, str]:
    """A lane's name; lanes are many, so it may come twice, as it does in the field."""
    return names.Names(Dice("lane", dice.whole(0, 400))).place()


def _embankment(found: Survey, corners: tuple[int, ...]) -> BaseGeometry:
    return LineString(found.corners[list(corners)]).parallel_offset(105, "left").intersection(found.outline)


def _buildings(found: Survey, clear: list[BaseGeometry], roads: Layer, parks: set[str], dice: Dice) -> Layer:
    manners: dict[str, blocks.Manner] = {}
    shapes: list[Polygon] = []
    heights: list[float] = []
    for grid in found.grids:
        if grid.code in parks:
            continue
        centre = grid.ground.centroid
        if grid.parent not in manners or dice.chance(0.25):
            manners[grid.parent] = blocks.manner_of((centre.x, centre.y), grid.ground.area / 1e4, dice)
        for footprint in blocks.fill(grid.ground, manners[grid.parent], grid.axis, dice):
            shapes.append(footprint.shape)
            heights.append(footprint.height_m)
    blocked = [*clear, *(g.buffer(16) for g, p in roads if p["class"] == "major")]
    taken, _ = STRtree(shapes).query(shapely.buffer(np.asarray(blocked, dtype=object), 6), predicate="intersects")[::-1]
    away = set(taken.tolist())
    return [(s, {"height_m": h}) for i, (s, h) in enumerate(zip(shapes, heights, strict=True)) if i not in away]


def _key_places(found: Survey, wet: BaseGeometry, dice: Dice) -> Layer:
    towns = [g for g in found.grids if g.households > 400] * 2 + found.grids
    places: Layer = []
    for kind, word, english, count, weight in _PLACES:
        for _ in range(count):
            grid = dice.pick(towns)
            at = grid.ground.buffer(-40).representative_point()
            spot = Point(at.x + dice.between(-30, 30), at.y + dice.between(-30, 30))
            if wet.contains(spot) or not grid.ground.contains(spot):
                continue
            (name, name_en), number = found.names.place(), len(places) + 1
            places.append(
                (
                    spot,
                    {
                        "code": f"KP{number:03d}",
                        "name": f"澜城{name}{word}",
                        "name_en": f"{name_en} {english}",
                        "place_type": kind,
                        "weight": weight,
                        "grid": grid.code,
                    },
                )
            )
    return places


def _key_areas(found: Survey, places: Layer, dice: Dice) -> Layer:
    """Places where people gather: a square of streets around a mall, a station, a hospital or a school."""
    chosen = [(g, p) for g, p in places if p["place_type"] in {"mall", "station", "hospital"}][:24]
    areas: Layer = []
    for spot, properties in dice.shuffled(chosen):
        turn, half = math.radians(9), dice.between(140, 290)
        square = shapely.affinity.rotate(spot.buffer(half, cap_style="square"), turn, use_radians=True)
        shape = square.intersection(found.outline)
        if len(areas) == 14 or any(shape.intersects(other) for other, _ in areas):
            continue
        name, english = f"{properties['name']}周边", f"By {properties['name_en']}"
        areas.append(
            (
                shape,
                {
                    "code": f"KA{len(areas) + 1:02d}",
                    "name": name,
                    "name_en": english,
                    "place_type": properties["place_type"],
                    "weight": properties["weight"],
                },
            )
        )
    return areas


def _watch_areas(found: Survey, dice: Dice) -> Layer:
    return list(_watched(found, dice))


def _watched(found: Survey, dice: Dice) -> Iterator[tuple[BaseGeometry, Properties]]:
    """Problem areas watched round the clock: two or three grids of one community each."""
    for number, community in enumerate(dice.shuffled(found.communities)[:7], start=1):
        grids = [g for g in found.grids if g.parent == community.code][:3]
        shape = unary_union([g.ground for g in grids])
        if isinstance(shape, Polygon):
            yield (
                shape,
                {
                    "code": f"WA{number:02d}",
                    "name": f"{community.name[:2]}片区",
                    "name_en": f"{community.name_en.split()[0]} quarter",
                    "street": community.parent,
                    "watched_by": f"S{community.parent[-3:]}",
                },
            )
