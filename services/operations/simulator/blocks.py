"""Buildings: slabs that face south, towers, old courtyards, malls, sheds and villages, each in its own quarter."""

import math
from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Polygon

from services.operations.simulator.dice import Dice
from services.operations.simulator.terrain import Plane


@dataclass(frozen=True, slots=True)
class Manner:
    """How a quarter is built: footprints and their spacing in metres, storeys, and how many of them stand."""

    name: str
    length: float
    depth: float
    pitch_x: float
    pitch_y: float
    height: tuple[float, float]
    share: float
    most: int


SLABS = Manner("slabs", 54, 15, 68, 38, (17, 24), 0.84, 26)
TOWERS = Manner("towers", 30, 26, 58, 54, (54, 99), 0.8, 20)
OLD = Manner("old", 32, 22, 44, 34, (6, 12), 0.8, 32)
MALLS = Manner("malls", 74, 48, 100, 76, (22, 72), 0.8, 11)
SHEDS = Manner("sheds", 84, 40, 112, 64, (9, 15), 0.7, 13)
VILLAGE = Manner("village", 22, 14, 36, 30, (6, 10), 0.65, 22)
COTTAGES = Manner("cottages", 26, 14, 44, 36, (6, 10), 0.55, 14)


@dataclass(frozen=True, slots=True)
class Footprint:
    """A building on the ground, in metres."""

    shape: Polygon
    height_m: float


def manner_of(centre: tuple[float, float], area_ha: float, dice: Dice) -> Manner:
    """How a grid is built: by its size (fields or town) and how far it is from the old town."""
    away = math.hypot(centre[0] - 300, centre[1] - 400)
    if area_ha > 17:
        return dice.pick((VILLAGE, VILLAGE, COTTAGES, SHEDS))
    if away < 1100:
        return dice.pick((OLD, OLD, OLD, MALLS, SLABS))
    if away < 2300:
        return dice.pick((SLABS, SLABS, OLD, TOWERS, MALLS))
    return dice.pick((SLABS, SLABS, TOWERS, TOWERS, VILLAGE, SHEDS, MALLS))


def fill(grid: Polygon, manner: Manner, axis: float, dice: Dice) -> list[Footprint]:
    """The buildings of one grid, clear of the roads at its border."""
    yard = grid.buffer(-15 if manner is OLD else -19)
    if yard.is_empty:
        return []
    rows = _lattice(yard, manner, axis, dice)
    if manner in {VILLAGE, COTTAGES, SHEDS}:
        x, y = yard.representative_point().coords[0]
        reach = math.sqrt(manner.most / manner.share * manner.pitch_x * manner.pitch_y / math.pi) * 1.15
        rows = rows[np.hypot(rows[:, 0] - x, rows[:, 1] - y) < reach]
    shapes = _rectangles(rows, manner, axis, dice)
    shapely.prepare(yard)
    inside = [s for s in shapes if yard.contains(s) and dice.chance(manner.share)]
    chosen = dice.shuffled(inside)[: manner.most]
    return [Footprint(s, round(dice.between(*manner.height))) for s in chosen]


def _lattice(yard: Polygon, manner: Manner, axis: float, dice: Dice) -> Plane:
    """Centres of the plots that could hold a building."""
    turn = np.asarray([[math.cos(axis), math.sin(axis)], [-math.sin(axis), math.cos(axis)]])
    ring = np.concatenate([np.asarray(p.exterior.coords) for p in getattr(yard, "geoms", [yard])]) @ turn.T
    west, south = ring.min(axis=0) + np.asarray([manner.length, manner.depth]) / 2
    east, north = ring.max(axis=0)
    x = np.arange(west + dice.between(0, 8), east, manner.pitch_x)
    y = np.arange(south + dice.between(0, 6), north, manner.pitch_y)
    grid: Plane = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2) @ turn
    return grid


def _rectangles(rows: Plane, manner: Manner, axis: float, dice: Dice) -> list[Polygon]:
    if not len(rows):
        return []
    ahead = np.asarray([math.cos(axis), math.sin(axis)])
    aside = np.asarray([-math.sin(axis), math.cos(axis)])
    half_x = np.asarray([manner.length / 2 * dice.between(0.72, 1.08) for _ in rows])[:, None] * ahead
    half_y = np.asarray([manner.depth / 2 * dice.between(0.85, 1.15) for _ in rows])[:, None] * aside
    corners = [rows - half_x - half_y, rows + half_x - half_y, rows + half_x + half_y, rows - half_x + half_y]
    return [Polygon(ring) for ring in np.stack([*corners, corners[0]], axis=1)]
