"""Buildings as what blocks a view: footprints mended and dissolved, their walls, and where a camera may stand.

The sweep asks for walls that do not cross, so that overlapping footprints become one; most touch nothing, and only
groups that do are united. Footprints and points are in metres.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely import STRtree
from shapely.geometry.base import BaseGeometry as Geometry

from services.coverage.geometry.raster import AT_ONCE
from services.coverage.geometry.sweep import Floats

# A camera within a footprint sees from this far in front of its nearest wall.
CLEAR_M = 0.3
# Nearer to a wall than this it stands on it.
ON_WALL_M = 0.05
# How many walls are tried before a camera counts as walled in.
_TRIES = 40
_POLYGON = 3


class Standpoint(NamedTuple):
    """Where a camera sees from; ``moved_m`` from where it was said to be. None: walled in on all sides."""

    x: float
    y: float
    moved_m: float


class Footprints:
    """Dissolved footprints (``solids``: polygons, holes are courtyards). ``mended`` are indices of those that crossed
    themselves, ``dropped`` of those of which nothing was left.
    """

    def __init__(self, footprints: Sequence[Geometry] | NDArray[np.object_]) -> None:
        shapes: NDArray[np.object_] = np.asarray([*footprints, None], dtype=object)[:-1]
        crossed = ~shapely.is_valid(shapes) & ~shapely.is_missing(shapes)
        self.mended: list[int] = np.flatnonzero(crossed).tolist()
        shapes[crossed] = shapely.make_valid(shapes[crossed])
        # Most are plain polygons; the others are taken apart. What make_valid makes of a bow tie may have lines in it.
        plain = (shapely.get_type_id(shapes) == _POLYGON) & (shapely.area(shapes) > 0)
        odd = np.flatnonzero(~plain)
        parts, of = shapely.get_parts(shapes[odd], return_index=True)
        parts, again = shapely.get_parts(parts, return_index=True)
        of = of[again]
        solid = (shapely.get_type_id(parts) == _POLYGON) & (shapely.area(parts) > 0)
        self.dropped: list[int] = sorted(set(odd.tolist()) - set(odd[of[solid]].tolist()))
        self.solids = _dissolve(np.concatenate([shapes[plain], parts[solid]]))
        self._tree = STRtree(self.solids)

    def walls(self) -> Floats:
        """Every wall as (n, 4) x1 y1 x2 y2, the building on its left."""
        parts = [walls_of(self.solids[first : first + AT_ONCE]) for first in range(0, len(self.solids), AT_ONCE)]
        return np.concatenate([*parts, np.zeros((0, 4))])

    def within(self, boxes: Geometry) -> NDArray[np.object_]:
        """The solids that a geometry touches."""
        found: NDArray[np.object_] = self.solids[self._tree.query(boxes, predicate="intersects")]
        return found

    def outdoors(self, area: Geometry) -> Geometry:
        """An area without the buildings in it."""
        solids = self.within(area)
        return shapely.difference(area, shapely.union_all(solids)) if len(solids) else area

    def stand(self, points: Floats) -> list[Standpoint | None]:
        """Where cameras at (n, 2) points see from: there, or in front of the nearest wall of the footprint around."""
        places = np.atleast_1d(np.asarray(shapely.points(np.asarray(points, dtype=float).reshape(-1, 2))))
        found: list[Standpoint | None] = [Standpoint(float(p.x), float(p.y), 0.0) for p in places]
        inputs, _ = self._tree.query(places, predicate="dwithin", distance=ON_WALL_M)
        for i in np.unique(inputs).tolist():
            found[i] = self._in_front(float(places[i].x), float(places[i].y))
        return found

    def _in_front(self, x: float, y: float) -> Standpoint | None:
        here = shapely.points(x, y)
        near = self._tree.query(here, predicate="dwithin", distance=ON_WALL_M)
        walls = walls_of(self.solids[near])
        a, along = walls[:, :2], walls[:, 2:] - walls[:, :2]
        length = np.hypot(*along.T)
        a, along, length = a[length > 0], along[length > 0], length[length > 0]
        t = np.clip(((np.array([x, y]) - a) * along).sum(1) / length**2, 0, 1)
        foot = a + along * t[:, None]
        # The building lies on the left of a wall: outwards is to its right.
        outwards = np.column_stack([along[:, 1], -along[:, 0]]) / length[:, None]
        order = np.argsort(np.hypot(*(foot - (x, y)).T), kind="stable")[:_TRIES]
        for clear in (CLEAR_M, 0.1):
            out = foot[order] + outwards[order] * clear
            free = np.ones(len(order), bool)
            free[self._tree.query(shapely.points(out), predicate="dwithin", distance=ON_WALL_M)[0]] = False
            if free.any():
                px, py = out[np.argmax(free)]
                return Standpoint(float(px), float(py), float(np.hypot(px - x, py - y)))
        return None


def walls_of(solids: NDArray[np.object_]) -> Floats:
    """The walls of polygons as (n, 4) x1 y1 x2 y2, the building on their left."""
    rings = shapely.get_rings(shapely.orient_polygons(solids))
    points, of = shapely.get_coordinates(rings, return_index=True)
    same = of[:-1] == of[1:]
    return np.hstack([points[:-1][same], points[1:][same]])


def _dissolve(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Unite those that overlap or touch, group by group; the rest stays as it is."""
    if not len(shapes):
        return shapes
    one, other = STRtree(shapes).query(shapes, predicate="intersects")
    n, group = connected_components(coo_array((np.ones(len(one)), (one, other)), shape=(len(shapes),) * 2), False)
    sizes = np.bincount(group, minlength=n)
    alone: NDArray[np.object_] = shapes[sizes[group] == 1]
    crowded = np.flatnonzero(sizes[group] > 1)
    if not len(crowded):
        return alone
    order = crowded[np.argsort(group[crowded], kind="stable")]
    cuts = np.flatnonzero(np.diff(group[order])) + 1
    united = [shapely.union_all(shapes[members]) for members in np.split(order, cuts)]
    parts = shapely.get_parts(np.asarray(united, dtype=object))
    found: NDArray[np.object_] = np.asarray([*alone, *parts[shapely.area(parts) > 0]], dtype=object)
    return found
