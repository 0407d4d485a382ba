"""The invented ground: outline, river, lakes, how dense it is built, and the bending that makes straight lines real.

Everything is cut in a flat plane of metres around the district's centre, then bent once, corner by corner, so that
roads, borders and blocks bend together.
"""

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from shapely import LineString, Polygon, union_all

from services.operations.simulator.dice import Dice, shares

Plane = NDArray[np.float64]
CENTRE_LON, CENTRE_LAT = 118.9, 31.9
_M_LAT = 110_880.0
_M_LON = 111_320.0 * math.cos(math.radians(CENTRE_LAT))

# The outline by hand, clockwise from the north-west, in metres: lobes and notches as real districts have them.
_OUTLINE = [
    (-1900, 6350), (-700, 6750), (300, 6300), (900, 6500), (1900, 6050), (2300, 5200), (3350, 4900), (3500, 3600),
    (4150, 3200), (4300, 1700), (3700, 1100), (3900, -300), (4450, -900), (4350, -2300), (3500, -2600), (3450, -3900),
    (2700, -4300), (2500, -5500), (1300, -6200), (200, -5900), (-500, -6500), (-1600, -6250), (-1900, -5300),
    (-3000, -4900), (-3300, -3800), (-4200, -3300), (-4350, -1900), (-3700, -1200), (-3950, 300), (-4400, 900),
    (-4100, 2300), (-3200, 2700), (-3250, 3900), (-2500, 4500), (-2600, 5600),
]  # fmt: skip
# The river from the north-west edge to the south-east one.
_RIVER = [
    (-6500, 4300), (-4700, 3350), (-3300, 3150), (-2200, 2500), (-1750, 1500), (-2050, 500), (-1700, -500),
    (-700, -1000), (350, -900), (1150, -1400), (1350, -2300), (1000, -3200), (1350, -4100), (2300, -4700),
    (3400, -5300), (6000, -6400),
]  # fmt: skip
# Built-up centres: east, north, weight, radius in metres.
_CENTRES = [
    (300.0, 500.0, 1.0, 2300.0),
    (-2600.0, -1800.0, 0.45, 1000.0),
    (1500.0, 3900.0, 0.4, 900.0),
    (-300.0, -4300.0, 0.5, 950.0),
    (2700.0, -1200.0, 0.35, 900.0),
]
LAKES = [((-900.0, 4550.0), 420.0), ((2650.0, 1900.0), 360.0), ((-2750.0, -3300.0), 300.0), ((700.0, -350.0), 150.0)]
HILLS = [((2250.0, 4050.0), 760.0), ((-3450.0, 1450.0), 520.0), ((1850.0, -5000.0), 480.0)]


def outline(dice: Dice) -> list[tuple[float, float]]:
    """The district's border in flat metres, counter-clockwise, roughened between the hand-made points."""
    points: list[tuple[float, float]] = []
    for (x1, y1), (x2, y2) in zip(_OUTLINE, [*_OUTLINE[1:], _OUTLINE[0]], strict=True):
        length = math.hypot(x2 - x1, y2 - y1)
        steps = max(2, round(length / 190))
        rough = dice.chance(0.55)
        bulge = dice.between(-0.1, 0.1) * length
        for k in range(steps):
            t = k / steps
            aside = math.sin(math.pi * t) * bulge + (dice.between(-45, 45) if rough and k else 0.0)
            points.append(
                (x1 + (x2 - x1) * t - (y2 - y1) / length * aside, y1 + (y2 - y1) * t + (x2 - x1) / length * aside)
            )
    return points[::-1]


def river() -> LineString:
    """The river's middle line in flat metres, rounded by corner cutting (Chaikin)."""
    line = np.asarray(_RIVER, dtype=float)
    for _ in range(3):
        a, b = line[:-1], line[1:]
        cut = np.empty((2 * len(a), 2))
        cut[0::2], cut[1::2] = 0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b
        line = np.vstack([line[:1], cut, line[-1:]])
    return LineString(line)


def built_up(points: Plane) -> Plane:
    """How densely people live at flat points: about 0.15 in the fields, above 1 in the old town."""
    found = np.full(len(points), 0.13)
    for x, y, weight, radius in _CENTRES:
        away = np.hypot(points[:, 0] - x, points[:, 1] - y) / radius
        found += weight * np.exp(-(away**2))
    return found


def crowd(border: Polygon, count: int, seed: int) -> Plane:
    """Points spread as people live: the cuts follow their quantiles, so that grids are small where many live."""
    west, south, east, north = border.bounds
    x = west + shares(count, seed, "crowd-x") * (east - west)
    y = south + shares(count, seed, "crowd-y") * (north - south)
    points = np.column_stack([x, y])
    keep = shares(count, seed, "crowd-keep") * 1.25 < built_up(points)
    kept: Plane = points[keep]
    return kept


def bend(points: Plane) -> Plane:
    """Flat metres to the ground's metres: long waves for the valley, short ones for the streets."""
    x, y = points[:, 0], points[:, 1]
    dx = 260 * np.sin(y / 1500 + 0.4) + 85 * np.sin((x + 2 * y) / 620 + 1.0) + 12 * np.sin((2 * x - y) / 150)
    dy = 210 * np.sin(x / 1350 + 1.9) + 75 * np.sin((2 * x - y) / 590 + 0.2) + 12 * np.sin((x + 2 * y) / 160 + 2.0)
    return np.column_stack([x + dx, y + dy])


def to_degrees(points: Plane) -> Plane:
    """The ground's metres to longitude and latitude, to 6 digits."""
    found: Plane = np.column_stack([CENTRE_LON + points[:, 0] / _M_LON, CENTRE_LAT + points[:, 1] / _M_LAT])
    return found.round(6)


def blob(centre: tuple[float, float], radius: float, dice: Dice) -> Polygon:
    """A lake or a hill in flat metres: a circle with three waves in its shore."""
    phases = [dice.between(0, 2 * math.pi) for _ in range(3)]
    angles = np.linspace(0, 2 * math.pi, 64, endpoint=False)
    waves = 0.2 * np.sin(2 * angles + phases[0]) + 0.12 * np.sin(3 * angles + phases[1])
    away = radius * (1 + waves + 0.05 * np.sin(7 * angles + phases[2]))
    return Polygon(np.column_stack([centre[0] + 1.15 * away * np.cos(angles), centre[1] + away * np.sin(angles)]))


def stream(line: LineString, width_m: float, swing_m: float) -> Polygon:
    """Water of a width that swings along a middle line."""
    steps = np.linspace(0, line.length, max(12, int(line.length / 60)))
    discs = [line.interpolate(s).buffer(width_m + swing_m * math.sin(s / 700), 4) for s in steps]
    parts = [a.union(b).convex_hull for a, b in pairwise(discs)]
    found = union_all(parts)
    assert isinstance(found, Polygon)  # each part holds the next one's first disc
    return found
