"""Which cameras see a place, from what the surveyor has told: the web process's side of coverage. Pure, no numba.

Polygons are those of ``told.Sight``, rounded to decimetres.
"""

from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import STRtree
from shapely.geometry.base import BaseGeometry as Geometry

from services.district.plane import Plane


class CameraSight(msgspec.Struct, frozen=True):
    """What this needs of a ``told.Sight``."""

    id: str
    lon: float = 0.0
    lat: float = 0.0
    sees_day: bool = False
    sees_night: bool = False
    shapes: list[list[int]] = []
    removed: bool = False


_VIEW = msgspec.json.Decoder(CameraSight).decode


class Seeing:
    """The told cameras of a district."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        self.is_night = False
        self._views: dict[str, CameraSight] = {}
        self._shapes: dict[str, Geometry] = {}
        self._tree: tuple[STRtree, list[str]] | None = None

    @property
    def knows(self) -> bool:
        """Whether any camera with a view is known: else nothing can be called unseen."""
        return bool(self._shapes)

    def put(self, body: bytes) -> list[Geometry]:
        """Take over one camera as it was told; the polygons in which what is seen may have changed."""
        view = _VIEW(body)
        before, known = self._views.get(view.id), self._shapes.get(view.id)
        if view.removed:
            self._views.pop(view.id, None)
            if self._shapes.pop(view.id, None) is not None:
                self._tree = None
            return [] if known is None else [known]
        self._views[view.id] = view
        if before is not None and (before.shapes, before.lon, before.lat) == (view.shapes, view.lon, view.lat):
            is_same = (before.sees_day, before.sees_night) == (view.sees_day, view.sees_night)
            return [] if known is None or is_same else [known]
        self._tree = None
        shape = self._polygon(view)
        if shape is None:
            self._shapes.pop(view.id, None)
        else:
            self._shapes[view.id] = shape
        return [geometry for geometry in (known, shape) if geometry is not None]

    def unseen(self, degrees: Sequence[tuple[float, float]]) -> list[bool]:
        """Whether no working camera sees each (lon, lat) by the present light; no where no camera is known."""
        if not self.knows or not degrees:
            return [False] * len(degrees)
        found = np.ones(len(degrees), bool)
        for i, camera_id in self._query(degrees):
            view = self._views[camera_id]
            if view.sees_night if self.is_night else view.sees_day:
                found[i] = False
        return [bool(one) for one in found]

    def inside(self, shapes: Iterable[Geometry], degrees: Sequence[tuple[float, float]]) -> list[int]:
        """The places of those points (lon, lat) that lie in one of these polygons."""
        if not degrees:
            return []
        tree = STRtree(self._points(degrees))
        found = tree.query(np.asarray(list(shapes), dtype=object), predicate="intersects")[1]
        return [int(i) for i in np.unique(found)]

    def _query(self, degrees: Sequence[tuple[float, float]]) -> list[tuple[int, str]]:
        if self._tree is None:
            ids = list(self._shapes)
            self._tree = STRtree([self._shapes[i] for i in ids]), ids
        tree, ids = self._tree
        return [(int(i), ids[int(k)]) for i, k in tree.query(self._points(degrees), predicate="intersects").T]

    def _points(self, degrees: Sequence[tuple[float, float]]) -> NDArray[np.object_]:
        metres = self.plane.to_metres(np.asarray(degrees, dtype=float))
        return np.asarray(shapely.points(metres), dtype=object)

    def _metres(self, view: CameraSight) -> np.ndarray:
        found: np.ndarray = self.plane.to_metres(np.array([(view.lon, view.lat)]))[0]
        return found

    def _polygon(self, view: CameraSight) -> Geometry | None:
        rings = [np.asarray(ring, dtype=float).reshape(-1, 2) / 10 for ring in view.shapes if len(ring) >= 6]
        if not rings:
            return None
        middle = self._metres(view)
        parts = [shapely.Polygon(ring + middle) for ring in rings]
        # Rounded corners may cross by a decimetre.
        sound = [part if part.is_valid else shapely.make_valid(part) for part in parts]
        return sound[0] if len(sound) == 1 else shapely.union_all(sound)
