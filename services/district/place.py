"""Position → grid, community, street: point in polygon with one STRtree per level (ARCHITECTURE.md, projector).

Every grid belongs to one community and every community to one street, so the finest level that holds the point names
the others; where a package has no grids (or a hole in them) the coarser levels are asked.
"""

from collections.abc import Sequence
from typing import get_args

import numpy as np
import shapely
from shapely import STRtree

from services.contract.codes import CoordSys
from services.district.antimeridian import near
from services.district.coords import to_wgs84
from services.district.package import Area, District

# A position farther out than this, with no known code beside it, is most often a wrong coord_sys.
OUTSIDE_M = 5_000.0
_METRES_PER_DEGREE = 111_320.0


class Placer:
    """Finds areas for positions; made once per package."""

    def __init__(self, district: District) -> None:
        self._district = district
        self._levels = [_Level(areas) for areas in (district.grids, district.communities, district.streets)]
        shapes = [a.geometry for a in district.streets.values() if a.geometry is not None]
        self._outline = shapely.union_all(shapes) if shapes else None
        if self._outline is not None:
            centre = self._outline.centroid
            self._lon = float(centre.x)
            self._scale = (float(np.cos(np.radians(centre.y))) * _METRES_PER_DEGREE, _METRES_PER_DEGREE)
            self._near_outline = shapely.transform(self._outline, self._metres)
            shapely.prepare(self._near_outline)

    @property
    def has_geometry(self) -> bool:
        """Whether positions can be placed and checked at all."""
        return self._outline is not None

    def is_near(self, lon: float, lat: float, coord_sys: str) -> bool:
        """Whether a position lies in the district or up to 5 km from it; of a package without outlines any does."""
        if coord_sys not in get_args(CoordSys) or not (-180 <= lon <= 180 and -90 <= lat <= 90):
            return False
        return not self.has_geometry or not self.is_outside([to_wgs84(lon, lat, coord_sys)])[0]

    def find(self, points: Sequence[tuple[float, float]]) -> list[tuple[str, str, str]]:
        """(street, community, grid) codes for each (lon, lat); empty where no area holds the point."""
        found: list[tuple[str, str, str]] = [("", "", "")] * len(points)
        if not points:
            return found
        geometry = np.atleast_1d(np.asarray(shapely.points(self._near(points))))
        todo = np.arange(len(points))
        for depth, level in enumerate(self._levels):
            if level.tree is None or not len(todo):
                continue
            inputs, areas = level.tree.query(geometry[todo], predicate="intersects")
            # A point on a shared edge is in two areas: the first code wins, so that it is the same every time.
            order = np.lexsort((areas, inputs))
            parents = level.parents
            for i, area in zip(todo[inputs[order][::-1]].tolist(), areas[order][::-1].tolist(), strict=True):
                if area not in parents:
                    parents[area] = self.parents(level.codes[area], depth)
                found[i] = parents[area]
            todo = todo[~np.isin(np.arange(len(todo)), inputs)]
        return found

    def parents(self, code: str, depth: int = 0) -> tuple[str, str, str]:
        """The (street, community, grid) that a grid (depth 0), community (1) or street (2) code stands for."""
        street, community, grid = "", "", ""
        if depth == 0 and code in self._district.grids:
            grid, community = code, self._district.grids[code].parent
        elif depth == 1:
            community = code
        else:
            street = code
        if community in self._district.communities:
            street = self._district.communities[community].parent
        return street, community, grid

    def is_outside(self, points: Sequence[tuple[float, float]]) -> list[bool]:
        """Whether each (lon, lat) is more than 5 km from the district; never, where no street has a geometry."""
        if self._outline is None or not points:
            return [False] * len(points)
        metres = shapely.points(self._metres(self._near(points)))
        return [bool(d > OUTSIDE_M) for d in np.atleast_1d(shapely.distance(metres, self._near_outline))]

    def _near(self, points: Sequence[tuple[float, float]]) -> np.ndarray:
        """The positions on the outline's side of longitude 180."""
        degrees = np.asarray(points, dtype=float)
        return degrees if self._outline is None else near(degrees, self._lon)

    def _metres(self, degrees: np.ndarray) -> np.ndarray:
        return np.asarray(degrees * np.asarray(self._scale))


class _Level:
    def __init__(self, areas: dict[str, Area]) -> None:
        drawn = sorted((a for a in areas.values() if a.geometry is not None), key=lambda a: a.code)
        self.codes = [a.code for a in drawn]
        self.parents: dict[int, tuple[str, str, str]] = {}
        self.tree = STRtree([a.geometry for a in drawn if a.geometry is not None]) if drawn else None
