"""Who patrols the demo's streets and where: a brigade and volunteers in each, on loops of the package's own roads.

Where the package has no roads, or none that make a loop, a patrol goes round a community's border.
"""

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import shapely
from shapely import LineString, Polygon

from services.board.units import SPEEDS_KMH
from services.district.package import Area, District
from services.district.roads import Position, Roads, roads_of
from services.operations.simulator.dice import Dice

Kind = Literal["car", "foot", "volunteer", "enforcement"]
Hours = tuple[int, int]
ALL_DAY: Hours = (0, 24)
VOLUNTEERS = "志愿者"
# A street's staff, in the order in which they are given out: kind, whether of the brigade, hours on duty.
_STAFF: tuple[tuple[Kind, bool, Hours], ...] = (
    ("car", True, ALL_DAY),
    ("enforcement", True, ALL_DAY),
    ("foot", True, (6, 22)),
    ("enforcement", True, (7, 21)),
    ("volunteer", False, (8, 20)),
    ("foot", True, (8, 18)),
)
# A district of many streets gets fewer in each: each position is an event.
MOST_UNITS = 80
_TURNS, _TRIES = 3, 8
_REACH_M = {"car": 2500.0, "enforcement": 2000.0, "foot": 700.0, "volunteer": 600.0}


@dataclass(frozen=True, slots=True)
class Round:
    """A patrol and its loop, in metres on the district's plane; ``speed`` in m/s, ``start`` in metres along it."""

    unit_id: str
    kind: Kind
    group: str
    street: str
    loop: LineString
    speed: float
    start: float
    hours: Hours


@dataclass(frozen=True, slots=True)
class Beats:
    """Every round of a district, with the roads that they are on."""

    rounds: tuple[Round, ...]
    roads: Roads
    offset_ms: int


def read_beats(district: District, seed: int, offset_ms: int) -> Beats:
    """The rounds that a seed gives a district; ``offset_ms`` is its clock's from UTC."""
    roads = roads_of(district)
    borders = _borders(district, roads)
    streets = sorted(borders)
    staff = _STAFF[: max(2, MOST_UNITS // max(len(streets), 1))]
    names = {row["street"]: row["name"] for row in district.tables.get("departments", ()) if row.get("street")}
    nodes = {code: _nodes_in(roads, district.streets.get(code)) for code in streets}
    found = []
    for number, (kind, is_brigade, hours) in enumerate(staff):
        for place, street in enumerate(streets):
            unit_id = f"XF-{number * len(streets) + place + 1:02d}"
            dice = Dice(seed, "patrol", unit_id)
            loop = _road_loop(roads, nodes[street], _REACH_M[kind], dice) or dice.pick(borders[street])
            name = district.streets[street].name if street in district.streets else ""
            group = names.get(street, f"{name}联勤大队") if is_brigade else VOLUNTEERS
            speed = SPEEDS_KMH[kind] / 3.6
            found.append(Round(unit_id, kind, group, street, loop, speed, dice.share() * loop.length, hours))
    return Beats(tuple(found), roads, offset_ms)


def _borders(district: District, roads: Roads) -> dict[str, list[LineString]]:
    """The borders of each street's communities, in metres; of the street itself where there are none."""
    found: dict[str, list[LineString]] = {}
    for area in (district.communities or district.streets).values():
        if area.geometry is None:
            continue
        solid = max(shapely.get_parts(area.geometry), key=lambda part: part.area)
        assert isinstance(solid, Polygon)
        ring = LineString(roads.plane.to_metres(np.asarray(solid.exterior.coords)[:, :2]))
        found.setdefault(area.parent if district.communities else area.code, []).append(ring)
    return found


def _nodes_in(roads: Roads, street: Area | None) -> list[Position]:
    """The crossings and ends of roads in a street, in degrees."""
    if street is None or street.geometry is None or not len(roads.nodes):
        return []
    degrees = roads.plane.to_degrees(roads.nodes)
    inside = degrees[shapely.contains_xy(street.geometry, degrees[:, 0], degrees[:, 1])]
    return [(float(x), float(y)) for x, y in inside]


def _road_loop(roads: Roads, nodes: list[Position], reach_m: float, dice: Dice) -> LineString | None:
    """A walk from a crossing by two others near it and back; None where no such walk is found."""
    for _ in range(_TRIES if len(nodes) >= _TURNS else 0):
        home = dice.pick(nodes)
        away = np.hypot(*(roads.plane.to_metres(np.array(nodes)) - roads.plane.to_metres(np.array([home]))).T)
        near = [node for node, metres in zip(nodes, away.tolist(), strict=True) if 0 < metres <= reach_m]
        if len(near) < _TURNS - 1:
            continue
        stops = [home, *(dice.pick(near) for _ in range(_TURNS - 1)), home]
        legs = [roads.path(a, b) for a, b in pairwise(stops)]
        if all(leg is not None for leg in legs):
            corners = [corner for leg in legs if leg is not None for corner in leg]
            loop = LineString(roads.plane.to_metres(np.array(corners)))
            if loop.length > reach_m / 2:
                return loop
    return None
