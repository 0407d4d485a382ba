"""Where a camera could stand: by roads, at crossings, on walls, at key places, on roofs; and how likely it is there."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from shapely import LineString, Point, Polygon, STRtree

from services.operations.simulator import terrain
from services.operations.simulator.dice import Dice
from services.operations.simulator.layers import Layers
from services.operations.simulator.sections import Layer
from services.operations.simulator.survey import Survey

Where = Literal["road", "crossing", "wall", "place", "roof"]
STEP_M = {"major": 42.0, "minor": 58.0}
ASIDE_M = {"major": 12.0, "minor": 6.0}
SAME_CROSSING_M = 16.0
# A village's grids and one community in nine have next to nothing; so has a half of some key areas.
VILLAGE, LEFT_OUT, LEFT_OUT_SHARE = 0.1, 0.02, 0.11


@dataclass(frozen=True, slots=True)
class Stand:
    """A place for cameras: metres on the ground, ``headings`` that make sense there, how likely one is there.

    ``inward`` points from a wall into its building, for the errors of a survey.
    """

    where: Where
    x: float
    y: float
    headings: tuple[float, ...]
    name: str
    grid: str
    street: str
    weight: float
    is_major: bool = False
    is_town: bool = True
    is_key: bool = False
    height_m: float = 0.0
    place_type: str = ""
    inward: tuple[float, float] | None = None


class Stands:
    """Every stand of the district."""

    def __init__(self, found: Survey, drawn: Layers, seed: int) -> None:
        self._found, self._seed = found, seed
        self._grids = STRtree([g.ground for g in found.grids])
        dice = Dice(seed, "stands")
        left_out = {c.code for c in found.communities if dice.chance(LEFT_OUT_SHARE)}
        self._appetite = {
            g.code: (LEFT_OUT if g.parent in left_out else VILLAGE if g.households < 400 else 1.0)
            * dice.between(0.35, 1.65)
            for g in found.grids
        }
        self._streets = {c.code: c.parent for c in found.communities}
        self._areas = [(shape, self._quality(shape, dice)) for shape, _ in drawn.key_areas]
        self._area_tree = STRtree([shape for shape, _ in self._areas])
        self._buildings: list[Polygon] = [b for b, _ in drawn.buildings if isinstance(b, Polygon)]
        self._houses = STRtree(self._buildings)
        self.roads = self._along_roads(drawn.roads)
        self.crossings = self._at_crossings(drawn.roads)
        self.walls = self._on_walls(drawn.buildings, dice)
        self.places = self._at_places(drawn.key_places, dice)
        self.roofs = self._on_roofs(drawn.buildings)

    def _quality(self, shape: shapely.Geometry, dice: Dice) -> tuple[float, float | None]:
        """How well a key area is covered, and, of four in ten, towards which side it is not."""
        return dice.pick((0.5, 1.6, 2.6, 2.6, 3.4)), dice.between(0, 2 * math.pi) if dice.chance(0.4) else None

    def _stand(
        self, where: Where, at: tuple[float, float], headings: Sequence[float], name: str, **more: object
    ) -> Stand:
        spot = Point(at)
        grid = self._found.grids[int(self._grids.nearest(spot))]
        weight, is_key = self._appetite[grid.code], False
        for number in self._area_tree.query(spot, predicate="within").tolist():
            shape, (quality, bare) = self._areas[number]
            centre, is_key = shape.centroid, True
            is_bare = bare is not None and math.cos(math.atan2(at[1] - centre.y, at[0] - centre.x) - bare) > 0.2
            weight = 0.02 if is_bare else quality
        factor = more.pop("factor", 1.0)
        assert isinstance(factor, float)
        return Stand(
            where, at[0], at[1], tuple(h % 360 for h in headings), name, grid.code, self._streets[grid.parent],
            weight * factor, is_town=grid.households > 400, is_key=is_key, **more,  # type: ignore[arg-type]  # more fields of a Stand
        )  # fmt: skip

    def _along_roads(self, roads: Layer) -> list[Stand]:
        found = []
        for line, properties in roads:
            assert isinstance(line, LineString)
            kind, name = str(properties["class"]), str(properties["name"])
            for number in range(1, int(line.length / STEP_M[kind])):
                at_m = number * STEP_M[kind]
                a, b = line.interpolate(at_m - 2), line.interpolate(at_m + 2)
                along = bearing(b.x - a.x, b.y - a.y)
                side = 1 if number % 2 else -1
                x, y = offset(((a.x + b.x) / 2, (a.y + b.y) / 2), along + 90 * side, ASIDE_M[kind])
                found.append(
                    self._stand(
                        "road",
                        (x, y),
                        (along, along + 180),
                        f"{name}{number}号杆",
                        is_major=kind == "major",
                        factor=1.3 if kind == "major" else 0.8,
                    )
                )
        return found

    def _at_crossings(self, roads: Layer) -> list[Stand]:
        """Where a road ends at another; the arms are the headings."""
        lines = [line for line, _ in roads]
        tree = STRtree(lines)
        ends = [Point(xy) for line in lines for xy in (line.coords[0], line.coords[-1])]
        taken: set[tuple[int, int]] = set()
        found = []
        for number, end in enumerate(ends):
            cell = (round(end.x / SAME_CROSSING_M), round(end.y / SAME_CROSSING_M))
            if cell in taken:
                continue
            taken.add(cell)
            near = tree.query(end, predicate="dwithin", distance=14).tolist()
            names = list(dict.fromkeys(str(roads[k][1]["name"]) for k in (number // 2, *near)))
            if len(names) < 2:
                continue
            arms = [h for k in near for h in _arms(lines[k], end)]
            is_major = any(roads[k][1]["class"] == "major" for k in near)
            x, y = offset((end.x, end.y), arms[0] + 45, 10.0 if is_major else 6.5)
            found.append(
                self._stand(
                    "crossing",
                    (x, y),
                    arms,
                    f"{names[0]}{names[1]}口",
                    is_major=is_major,
                    factor=2.0 if is_major else 1.0,
                )
            )
        return found

    def _on_walls(self, buildings: Layer, dice: Dice) -> list[Stand]:
        found = []
        for shape, properties in buildings:
            if not dice.chance(0.35):
                continue
            assert isinstance(shape, Polygon)
            found.append(self._wall(shape, dice.whole(0, 3), f"{properties['height_m']} m", dice.between(0.2, 0.8)))
        return found

    def _wall(self, shape: Polygon, edge: int, name: str, share: float) -> Stand:
        ring = shape.exterior.coords
        (x1, y1), (x2, y2) = ring[edge][:2], ring[edge + 1][:2]
        out = bearing(y2 - y1, x1 - x2) if shape.exterior.is_ccw else bearing(y1 - y2, x2 - x1)
        at = offset((x1 + (x2 - x1) * share, y1 + (y2 - y1) * share), out, 0.4)
        inward = offset((0.0, 0.0), out + 180, 1.0)
        stand = self._stand("wall", at, (out - 25, out, out + 25), name, inward=inward)
        grid = next(iter(self._grids.query(Point(at), predicate="within").tolist()), None)
        label = self._found.grids[grid].name if grid is not None else ""
        return _renamed(stand, f"{label}楼侧")

    def _at_places(self, places: Layer, dice: Dice) -> list[Stand]:
        """The gate of a key place: on the nearest house's wall, or on a pole before it."""
        found = []
        for spot, properties in places:
            assert isinstance(spot, Point)
            for number in range(dice.whole(2, 8)):
                name, kind = f"{properties['name']}{number + 1}号", str(properties["place_type"])
                house = self._buildings[int(self._houses.nearest(spot))]
                if number % 2 == 0 and house.distance(spot) < 70:
                    stand = self._wall(house, dice.whole(0, 3), name, dice.between(0.2, 0.8))
                    found.append(_renamed(stand, name, "place", kind))
                    continue
                turn = dice.between(0, 360)
                at = offset((spot.x, spot.y), turn, dice.between(6, 38))
                if not len(self._houses.query(Point(at).buffer(1.5), predicate="intersects")):
                    found.append(self._stand("place", at, (turn, turn + 180), name, place_type=kind, factor=1.5))
        return found

    def _on_roofs(self, buildings: Layer) -> list[Stand]:
        tall = sorted(((int(str(p["height_m"])), shape) for shape, p in buildings), key=lambda pair: -pair[0])
        found: list[Stand] = []
        for height, shape in tall[:2500]:
            centre = shape.centroid
            if all(math.hypot(centre.x - s.x, centre.y - s.y) > 480 for s in found):
                stand = self._stand(
                    "roof", (centre.x, centre.y), (0.0,), f"高点{len(found) + 1}号", height_m=float(height)
                )
                found.append(stand)
        return found


def _arms(line: shapely.Geometry, end: Point) -> list[float]:
    """The bearings in which a road leaves a crossing."""
    assert isinstance(line, LineString)
    at_m, found = line.project(end), []
    here = line.interpolate(at_m)
    for step in (-30.0, 30.0):
        if 0 <= at_m + step <= line.length:
            there = line.interpolate(at_m + step)
            found.append(bearing(there.x - here.x, there.y - here.y))
    return found or [0.0]


def _renamed(stand: Stand, name: str, where: Where | None = None, place_type: str = "") -> Stand:
    return Stand(
        where or stand.where, stand.x, stand.y, stand.headings, name, stand.grid, stand.street, stand.weight,
        stand.is_major, stand.is_town, stand.is_key, stand.height_m, place_type, stand.inward,
    )  # fmt: skip


def bearing(dx: float, dy: float) -> float:
    """Degrees clockwise from north."""
    return math.degrees(math.atan2(dx, dy)) % 360


def offset(at: tuple[float, float], heading: float, metres: float) -> tuple[float, float]:
    """The point so many metres away in a direction."""
    turn = math.radians(heading)
    return at[0] + metres * math.sin(turn), at[1] + metres * math.cos(turn)


def degrees_of(stands: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Longitude and latitude, to 6 digits."""
    return [(float(lon), float(lat)) for lon, lat in terrain.to_degrees(np.asarray(stands))]
