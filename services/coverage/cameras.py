"""Cameras on the ground: where each sees from, its visible polygon, its cells. Many at once or one, the same way."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import MultiPolygon, STRtree
from shapely.geometry.base import BaseGeometry as Geometry

from services.contract.others import CameraChanged
from services.coverage.condition import CameraCondition, Reported, reported_in
from services.coverage.geometry.aim import Aim, aim, grade
from services.coverage.geometry.footprints import Footprints, Standpoint
from services.coverage.geometry.ground import LIVE, LIVE_NIGHT
from services.coverage.geometry.raster import Cells, Raster
from services.coverage.geometry.sweep import Floats, Views, look, raise_walls
from services.coverage.told import Grade
from services.district.coords import to_wgs84
from services.district.plane import Plane

# From here on somebody must look at the position of a camera that stands within a footprint.
FAR_M = 3.0
# Farther out than this from every street a position is most often in a wrong coordinate system.
OUTSIDE_M = 500.0
NOTHING = MultiPolygon()


@dataclass(slots=True, eq=False)
class PlacedCamera:
    """A camera with what follows from where it is. ``seen`` and ``now`` are in metres, ``area_m2`` exact."""

    camera: CameraChanged
    condition: CameraCondition
    aim: Aim
    stand: Standpoint
    street: str
    reasons: tuple[str, ...]
    grade: Grade
    seen: Geometry = NOTHING
    now: Geometry = NOTHING
    area_m2: float = 0.0
    runs: Cells = field(default_factory=lambda: np.zeros((0, 3), np.int32))
    layers: int = 0


class CoverageGround:
    """What stays while cameras come and go: the plane, the walls, the streets, the cells."""

    def __init__(
        self, plane: Plane, footprints: Footprints, streets: Sequence[tuple[str, Geometry]], raster: Raster
    ) -> None:
        self.plane, self.footprints, self.raster = plane, footprints, raster
        self.walls = raise_walls(footprints.walls())
        self._streets = [code for code, _ in streets]
        self._tree = STRtree([shape for _, shape in streets])

    def place(self, cameras: Sequence[tuple[CameraChanged, CameraCondition]], level_px_m: float) -> list[PlacedCamera]:
        """Work out these cameras."""
        degrees = [to_wgs84(c.lon, c.lat, c.coord_sys) for c, _ in cameras]
        metres = self.plane.to_metres(np.asarray(degrees, dtype=float).reshape(-1, 2))
        stands = self.footprints.stand(metres)
        streets = self._street_of(metres)
        found = []
        for (camera, condition), (x, y), stand, street in zip(cameras, metres.tolist(), stands, streets, strict=True):
            aimed = aim(camera, level_px_m)
            reasons = list(aimed.reasons)
            if street is None:
                reasons.append("outside")
                aimed = aimed._replace(view="none", sectors=(), now=None)
            if stand is None:
                reasons.append("walled_in")
                aimed = aimed._replace(view="none", sectors=(), now=None)
            elif stand.moved_m > 0 and camera.mount != "indoor":
                reasons.append("moved_far" if stand.moved_m > FAR_M else "moved_out")
            why = tuple(reasons)
            found.append(
                PlacedCamera(camera, condition, aimed, stand or Standpoint(x, y, 0.0), street or "", why, grade(why))
            )
        self._look(found)
        return found

    def _look(self, cameras: Sequence[PlacedCamera]) -> None:
        views, of = [], []
        for i, placed in enumerate(cameras):
            x, y, _ = placed.stand
            of += [i] * len(placed.aim.sectors)
            views += [(x, y, azimuth, width, placed.aim.range_m) for azimuth, width in placed.aim.sectors]
        shapes, areas, runs = self.see(np.asarray(views, dtype=float).reshape(-1, 5))
        for i, shape, area, cells in zip(of, shapes, areas.tolist(), runs, strict=True):
            placed = cameras[i]
            placed.seen = shape if placed.seen is NOTHING else shapely.union(placed.seen, shape)
            placed.area_m2 += area
            placed.runs = cells if not len(placed.runs) else np.concatenate([placed.runs, cells])
        turned = [placed for placed in cameras if placed.aim.now is not None]
        views = [(p.stand.x, p.stand.y, *p.aim.now, p.aim.range_m) for p in turned if p.aim.now is not None]
        if views:
            for placed, shape in zip(turned, self.see(np.asarray(views))[0], strict=True):
                placed.now = shape

    def see(self, views: Floats) -> tuple[NDArray[np.object_], Floats, list[Cells]]:
        """Polygons, exact areas and cells of (n, 5) views: x, y, azimuth, field of view, range."""
        if not len(views):
            return np.zeros(0, object), np.zeros(0), []
        seen = look(self.walls, views)
        runs = self.raster.runs(seen.points, seen.start, np.arange(len(views) + 1))
        cells = [runs.cells[a:b] for a, b in zip(runs.start[:-1], runs.start[1:], strict=True)]
        return polygons_of(seen), seen.areas, cells

    def street_at(self, x: float, y: float) -> str:
        """The street that a point lies in, '' for none."""
        return self._street_of(np.array([(x, y)]))[0] or ""

    def _street_of(self, metres: Floats) -> list[str | None]:
        """The street of each point, '' where it is near one, None where it is outside."""
        found: list[str | None] = [None] * len(metres)
        if not self._streets:
            return [""] * len(metres)
        points = shapely.points(metres)
        for i, _ in self._tree.query(points, predicate="dwithin", distance=OUTSIDE_M).T.tolist():
            found[i] = ""
        for i, street in self._tree.query(points, predicate="intersects").T.tolist():
            found[i] = self._streets[street]
        return found


def polygons_of(seen: Views) -> NDArray[np.object_]:
    """Views as polygons. One into the wall in front may have two corners only: an empty one."""
    sizes = np.diff(seen.start)
    whole = np.flatnonzero(sizes >= 3)
    of = np.repeat(np.arange(len(sizes)), sizes)
    shapes: NDArray[np.object_] = np.full(len(sizes), shapely.Polygon(), dtype=object)
    keep = np.isin(of, whole)
    if len(whole):
        shapes[whole] = shapely.polygons(
            shapely.linearrings(seen.points[keep], indices=np.searchsorted(whole, of[keep]))
        )
    if not (valid := shapely.is_valid(shapes)).all():
        shapes[~valid] = shapely.make_valid(shapes[~valid])
    return shapes


def first_condition(camera: CameraChanged, reported: Reported | None) -> CameraCondition:
    """The condition of a camera that is new to us: by its own record or, if that is later, by the last notice."""
    condition = CameraCondition(reported_in(camera))
    if reported is not None:
        condition.report(reported)
    return condition


def lit(placed: PlacedCamera) -> tuple[bool, bool]:
    """Whether a camera is counted as working, by day and by night."""
    return bool(placed.layers >> LIVE & 1), bool(placed.layers >> LIVE_NIGHT & 1)
