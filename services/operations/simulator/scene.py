"""Where cases happen and who deals with them, read once from the package: points, addresses, units, quality."""

from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely import STRtree
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from services.district.package import Area, District
from services.operations.simulator.classes import CaseClass, read_classes
from services.operations.simulator.dice import Dice, Weighted, shares

POINTS_A_GRID = 96
Position = tuple[float, float]
# Which share of its cases a street closes late: the worst and the best of the district.
LATE_WORST, LATE_BEST = 0.142, 0.004


@dataclass(frozen=True, slots=True)
class GridSpot:
    """A grid with points inside it, and the words of its address."""

    street: str
    community: str
    grid: str
    place_name: str
    roads: tuple[str, ...]
    points: tuple[Position, ...]
    worker: str


@dataclass(frozen=True, slots=True)
class RepeatPoint:
    """One point to which the same class keeps coming back."""

    spot: GridSpot
    at: Position
    case_class: CaseClass


@dataclass(frozen=True, slots=True)
class Scene:
    """What the case system knows about the district."""

    spots: Weighted[GridSpot]
    by_street: dict[str, Weighted[GridSpot]]
    hot: tuple[RepeatPoint, ...]
    classes: dict[str, Weighted[CaseClass]] = field(repr=False)
    brigades: dict[str, str]
    departments: dict[str, tuple[str, ...]]
    late: dict[str, float]
    campaigns: dict[str, str]


# Which classes a channel brings: a factor on a class's weight by domain; what is not named counts as it is.
CHANNEL_DOMAINS: dict[str, dict[str, float]] = {
    "GRID": {"01": 1.4, "02": 1.2, "06": 1.5, "09": 0.6, "10": 1.6, "11": 1.5, "15": 0.15, "99": 0.1, "16": 0.5},
    "H12345": {"01": 0.5, "02": 0.5, "09": 1.8, "12": 2.2, "15": 4.0, "14": 1.4, "99": 4.0, "10": 0.5},
    "SZCG": dict.fromkeys(("06", "07", "08", "09", "10", "11", "12", "15", "99"), 0.0),
    "ZZ": {
        "01": 0.05,
        "02": 0.05,
        "03": 0.0,
        "04": 0.0,
        "05": 0.0,
        "08": 6.0,
        "09": 3.0,
        "10": 4.0,
        "11": 4.0,
        "06": 2.0,
    },
    "VIDEO": {"02": 3.0, "14": 3.0, "01": 1.0, "09": 0.0, "10": 0.0, "11": 0.0, "12": 0.0, "15": 0.0, "99": 0.0},
    "IOT": {
        "01": 0.1,
        "02": 0.0,
        "09": 0.0,
        "10": 0.0,
        "11": 0.0,
        "12": 0.0,
        "15": 0.0,
        "99": 0.0,
        "16": 6.0,
        "06": 4.0,
    },
}
STORM_CLASSES = {
    "道路积水": 9.0, "排水管道堵塞、破裂": 7.0, "行道树": 7.0, "雨水箅子": 4.0, "架空线缆脱落": 2.5,
    "雨水井盖": 2.0, "户外广告": 2.0, "路面塌陷": 0.3, "停水停电停气": 2.0, "交通护栏": 1.0, "施工工地围挡": 1.0,
    "高空坠物": 0.6,
}  # fmt: skip


def read_scene(district: District, seed: int) -> Scene:
    """Read the scene from a package; whatever the package lacks is left out of the cases."""
    classes = read_classes()
    by_channel = {
        channel: Weighted([(c, c.weight * CHANNEL_DOMAINS.get(channel, {}).get(c.domain, 1.0)) for c in classes])
        for channel in ("GRID", "APP", "H12345", "SZCG", "ZZ", "VIDEO", "PATROL", "DEPT", "LEADER", "MEDIA", "IOT")
    }
    by_channel["STORM"] = Weighted([(c, STORM_CLASSES[c.name]) for c in classes if c.name in STORM_CLASSES])
    pairs = _spots(district, seed)
    streets = {code: Weighted([(s, w) for s, w in pairs if s.street == code]) for code in {s.street for s, _ in pairs}}
    spots = Weighted(pairs)
    order = Dice(seed, "quality").shuffled(sorted(district.streets))
    step = (LATE_WORST - LATE_BEST) / max(1, len(order) - 1)
    return Scene(
        spots, streets, _hot_spots(spots, by_channel["GRID"], seed), by_channel,
        {r["street"]: r["code"] for r in district.tables.get("departments", ()) if r.get("street")},
        _departments(district), {code: LATE_BEST + k * step for k, code in enumerate(order)},
        {r["domain"]: r["code"] for r in district.tables.get("campaigns", ()) if r.get("domain")},
    )  # fmt: skip


def _departments(district: District) -> dict[str, tuple[str, ...]]:
    """The departments by the unified domain that they lead; under «» all of them."""
    rows = [r for r in district.tables.get("departments", ()) if not r.get("street")]
    found: dict[str, list[str]] = {}
    for row in rows:
        for domain in (row.get("domains") or "").split():
            found.setdefault(domain, []).append(row["code"])
    return {"": tuple(r["code"] for r in rows), **{d: tuple(codes) for d, codes in found.items()}}


def _spots(district: District, seed: int) -> list[tuple[GridSpot, float]]:
    roads = _road_names(district)
    workers = {r["grid"]: r["name"] for r in district.tables.get("people", ()) if r["role"] == "grid_leader"}
    found: list[tuple[GridSpot, float]] = []
    finest = district.grids or district.communities or district.streets
    for area in finest.values():
        street, community, grid = _codes(district, area)
        place = district.communities.get(community) or area
        spot = GridSpot(
            street, community, grid, place.name, roads.get(area.code, ()), _points(area, seed), workers.get(grid, "")
        )
        found.append((spot, (area.households or 400) * Dice(seed, "busy", area.code).between(0.5, 1.6)))
    return found


def _codes(district: District, area: Area) -> tuple[str, str, str]:
    if area.code in district.grids:
        community = area.parent
        return district.communities[community].parent if community in district.communities else "", community, area.code
    if area.code in district.communities:
        return area.parent, area.code, ""
    return area.code, "", ""


def _points(area: Area, seed: int) -> tuple[Position, ...]:
    if area.geometry is None:
        return ()
    west, south, east, north = area.geometry.bounds
    count = POINTS_A_GRID * 3
    x = np.round(west + shares(count, seed, area.code, "x") * (east - west), 6)
    y = np.round(south + shares(count, seed, area.code, "y") * (north - south), 6)
    keep = shapely.contains_xy(area.geometry, x, y)
    points = tuple(zip(x[keep].tolist(), y[keep].tolist(), strict=True))[:POINTS_A_GRID]
    return points or (area.centre or (west, south),)


def _road_names(district: District) -> dict[str, tuple[str, ...]]:
    """The named roads that touch each grid, for addresses."""
    features = district.layers.get("roads", {}).get("features", [])
    assert isinstance(features, list)
    lines: list[BaseGeometry] = []
    names: list[str] = []
    for feature in features:
        name = (feature.get("properties") or {}).get("name")
        try:
            line = shape(feature["geometry"]) if name and feature.get("geometry") else None
        except (ShapelyError, ValueError, KeyError, TypeError):
            line = None  # a road that cannot be read gives no address; the package's reader reports it
        if line is not None:
            lines.append(line)
            names.append(str(name))
    areas = [a for a in (district.grids or district.communities).values() if a.geometry is not None]
    if not lines or not areas:
        return {}
    found: dict[str, list[str]] = {}
    near = np.asarray([a.geometry for a in areas], dtype=object)
    hits = STRtree(lines).query(near, predicate="dwithin", distance=0.0005)
    for area, line in zip(*hits.tolist(), strict=True):
        found.setdefault(areas[area].code, []).append(names[line])
    return {code: tuple(sorted(set(these))) for code, these in found.items()}


def _hot_spots(spots: Weighted[GridSpot], classes: Weighted[CaseClass], seed: int) -> tuple[RepeatPoint, ...]:
    found = []
    for number in range(70):
        dice = Dice(seed, "hot", number)
        spot = spots.pick(dice)
        if spot.points:
            found.append(RepeatPoint(spot, dice.pick(spot.points), classes.pick(dice)))
    return tuple(found)
