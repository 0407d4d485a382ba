"""Boundary cases (边界案件): those within 30 m of a neighbour, over which two grids or streets may both think «theirs».

Metres by the district's plane; one question to a tree for all of the cases.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree
from shapely.geometry.base import BaseGeometry

from services.district.package import Area, District
from services.district.plane import plane_of

NEAR_M = 30.0


class At(NamedTuple):
    """Where a case is, and which street and grid it counts in ('' unknown)."""

    case_id: str
    lon: float
    lat: float
    street: str
    grid: str


class Neighbour(NamedTuple):
    """The nearest other grid and the nearest other street within reach; empty where there is none."""

    grid: str
    street: str


class Borders:
    """The outlines of a package's grids and streets in metres; made once per package."""

    def __init__(self, district: District) -> None:
        self._plane = plane_of(district)
        self._grids = self._level(district.grids)
        self._streets = self._level(district.streets)

    def near(self, cases: Sequence[At], metres: float = NEAR_M) -> dict[str, Neighbour]:
        """The cases within ``metres`` of another grid or street than their own, with that neighbour."""
        if not cases:
            return {}
        places = self._plane.to_metres(np.array([(case.lon, case.lat) for case in cases]))
        points = np.atleast_1d(np.asarray(shapely.points(places)))
        grids = self._grids.nearest_others(points, [case.grid for case in cases], metres)
        streets = self._streets.nearest_others(points, [case.street for case in cases], metres)
        return {cases[i].case_id: Neighbour(grids.get(i, ""), streets.get(i, "")) for i in sorted({*grids, *streets})}

    def _level(self, areas: Mapping[str, Area]) -> "_Level":
        drawn = [(area.code, area.geometry) for area in areas.values() if area.geometry is not None]
        shapes = [shapely.transform(geometry, self._plane.to_metres) for _, geometry in drawn]
        return _Level(np.array([code for code, _ in drawn], dtype=object), shapes)


class _Level:
    """One kind of area. Those who ask name their own area: it is not its own neighbour.

    A case without a known area of its own (unplaced, or counted by a code elsewhere) takes the one that it stands in as
    its own: that one is at no distance.
    """

    def __init__(self, codes: NDArray[np.object_], shapes: Sequence[BaseGeometry]) -> None:
        self._codes, self._shapes = codes, np.array(shapes, dtype=object)
        self._tree = STRtree(shapes)

    def nearest_others(self, points: NDArray[np.object_], own: Sequence[str], metres: float) -> dict[int, str]:
        """Place in ``points`` → the code of the nearest other area within ``metres``."""
        if not len(self._codes):
            return {}
        inputs, areas = self._tree.query(points, predicate="dwithin", distance=metres)
        is_other = self._codes[areas] != np.array(own, dtype=object)[inputs]
        inputs, areas = inputs[is_other], areas[is_other]
        away = shapely.distance(points[inputs], self._shapes[areas])
        nameless = np.array([not code for code in own], dtype=bool)[inputs] & (away == 0)
        inputs, areas, away = inputs[~nameless], areas[~nameless], away[~nameless]
        order = np.lexsort((self._codes[areas].astype(str), away, inputs))[::-1]
        return dict(zip(inputs[order].tolist(), self._codes[areas[order]].tolist(), strict=True))
