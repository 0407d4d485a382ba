"""What one camera alone sees: its polygon without those of the others that work; and which cameras see a place.

Exact, from the bodies that the screens have (``told.Sight``), in metres on the district's plane. Pure.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

import shapely
from shapely.geometry.base import BaseGeometry

from services.coverage.told import Ring, Sight, WatchedSpot
from services.district.plane import Plane


class Alone(NamedTuple):
    """What a camera sees in m², and what of that no other working camera sees. ``area`` is the latter's shape."""

    seen_m2: float
    alone_m2: float
    area: BaseGeometry


class Watcher(NamedTuple):
    """A camera that sees a place, or the nearest one that does not: its metres."""

    sight: Sight
    metres: float
    sees: bool


def shape_of(rings: Iterable[Ring], lon: float, lat: float, plane: Plane) -> BaseGeometry:
    """The union of rings in decimetres around (lon, lat), in metres on the plane; empty where there are none."""
    kx, ky = plane.metres_per_degree
    east, north = (lon - plane.lon) * kx, (lat - plane.lat) * ky
    polygons = [
        shapely.Polygon([(east + ring[i] / 10, north + ring[i + 1] / 10) for i in range(0, len(ring) - 1, 2)])
        for ring in rings
        if len(ring) >= 6
    ]
    return shapely.union_all([p if p.is_valid else shapely.make_valid(p) for p in polygons])


def outline_of(spot: WatchedSpot, plane: Plane) -> BaseGeometry:
    """What a spot looks after, in metres on the plane: polygons, lines or a point."""
    kx, ky = plane.metres_per_degree
    east, north = (spot.lon - plane.lon) * kx, (spot.lat - plane.lat) * ky
    parts: list[BaseGeometry] = []
    for rings in spot.outline:
        lines = [[(east + r[i] / 10, north + r[i + 1] / 10) for i in range(0, len(r) - 1, 2)] for r in rings]
        if len(lines[0]) == 1:
            parts.append(shapely.Point(lines[0][0]))
        elif spot.kind == "road" or len(lines[0]) == 2:
            parts.append(shapely.LineString(lines[0]))
        else:
            parts.append(shapely.make_valid(shapely.Polygon(lines[0], [line for line in lines[1:] if len(line) > 2])))
    return shapely.union_all(parts) if parts else shapely.Point(east, north)


def alone(sight: Sight, others: Iterable[Sight], plane: Plane, *, by_night: bool) -> Alone:
    """What nobody else sees of what ``sight`` sees (or would see, if it worked) in the light that there is."""
    mine = shape_of(sight.shapes, sight.lon, sight.lat, plane)
    near = [
        shape_of(other.shapes, other.lon, other.lat, plane)
        for other in others
        if other.id != sight.id and sees_now(other, by_night=by_night) and _may_meet(sight, other, plane)
    ]
    left = mine.difference(shapely.union_all(near)) if near else mine
    return Alone(mine.area, left.area, left)


def sees_now(sight: Sight, *, by_night: bool) -> bool:
    """Whether the camera counts in the light that there is."""
    return sight.sees_night if by_night else sight.sees_day


def watchers(
    lon: float, lat: float, sights: Iterable[tuple[Sight, float]], plane: Plane, *, by_night: bool, most: int = 5
) -> list[Watcher]:
    """The working cameras that see a place, the nearest first; if there are none, the nearest camera of all.

    ``sights``: each with how far it sees (``reach``).
    """
    found: list[Watcher] = []
    nearest: Watcher | None = None
    kx, ky = plane.metres_per_degree
    for sight, reach_m in sights:
        east, north = (lon - sight.lon) * kx, (lat - sight.lat) * ky
        metres = math.hypot(east, north)
        if nearest is None or metres < nearest.metres:
            nearest = Watcher(sight, metres, sees=False)
        if not sees_now(sight, by_night=by_night) or metres > reach_m:
            continue
        place = ((lon - plane.lon) * kx, (lat - plane.lat) * ky)
        if shape_of(sight.shapes, sight.lon, sight.lat, plane).covers(shapely.Point(place)):
            found.append(Watcher(sight, metres, sees=True))
    found.sort(key=lambda watcher: watcher.metres)
    return found[:most] if found or nearest is None else [nearest]


def reach(sight: Sight) -> float:
    """How far its polygon goes, in metres (a ring is decimetres from where it stands)."""
    return max(
        (math.hypot(ring[i], ring[i + 1]) / 10 for ring in sight.shapes for i in range(0, len(ring) - 1, 2)),
        default=0.0,
    )


def _may_meet(one: Sight, other: Sight, plane: Plane) -> bool:
    kx, ky = plane.metres_per_degree
    apart = math.hypot((one.lon - other.lon) * kx, (one.lat - other.lat) * ky)
    return apart <= reach(one) + reach(other)
