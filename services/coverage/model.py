"""One district's coverage at this moment: cameras, counters, gaps and need, moved one camera at a time. Pure.

Each camera carries the layers in which it is counted; a change works out the layers anew and adds or takes away what
differs, so that saying a thing twice changes nothing and off and on again is the state of before. A recount proves it.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry as Geometry

from services.cases.case import CaseRow
from services.contract.others import CameraChanged
from services.coverage.cameras import CoverageGround, PlacedCamera, first_condition, lit
from services.coverage.condition import Reported
from services.coverage.demand import RecentCases
from services.coverage.geometry.aim import grade
from services.coverage.geometry.daylight import is_night
from services.coverage.geometry.footprints import Footprints
from services.coverage.geometry.ground import LIVE, LIVE_NIGHT, PLANNED, PLANNED_NIGHT, Counters, lay_ground
from services.coverage.geometry.outlines import outlines
from services.coverage.geometry.raster import CELL_M, raster_over
from services.coverage.outages import Lost, Outages
from services.coverage.spots import WatchedSpots, gaps_of, read_spots
from services.district.package import District, features_of
from services.district.plane import Plane, plane_of
from services.platform.clock import MINUTE_MS

LEVELS = ("street", "community", "grid")
_NEAR = 12
_EXPIRE_MS = MINUTE_MS
# Advice names a camera up to so far away; farther ones are only for orientation.
_ADVISED_M = 300.0
# A building farther from every street than a camera can stand and see hides nothing: a slip in a package, put at
# longitude 0, must not stretch the squares of the walls around the world.
_IN_SIGHT_M = 21_000.0


class Recount(NamedTuple):
    """What a recount found: cells whose counters differ, spots and cases whose figures do."""

    cells: int
    spots: int
    cases: int


class CoverageModel:
    """``changed_cameras``, ``changed_spots``, ``changed_by_cases`` (spots whose gaps stand as they were) and
    ``changed_regions`` say what has moved since ``clear`` was called.

    ``footprints`` stands for the district's layer of buildings, where that is at hand already.
    """

    def __init__(self, district: District, cell_m: float = CELL_M, footprints: Footprints | None = None) -> None:
        self.district, self.policy = district, district.policy.coverage
        self.plane = plane_of(district)
        self.unreadable_buildings = 0
        if footprints is None:
            buildings = outlines(features_of(district, "buildings"), self.plane)
            self.unreadable_buildings = len(buildings.unreadable)
            footprints = Footprints(_within_sight(buildings.shapes, self.plane, district))
        self.footprints = footprints
        areas = {
            level: {a.code: shapely.transform(a.geometry, self.plane.to_metres) for a in found.values() if a.geometry}
            for level, found in zip(LEVELS, (district.streets, district.communities, district.grids), strict=True)
        }
        self.areas: dict[str, dict[str, Geometry]] = areas
        self._codes = {level: list(found) for level, found in areas.items()}
        raster = raster_over(areas["street"].values(), cell_m)
        self.site = CoverageGround(self.plane, self.footprints, list(areas["street"].items()), raster)
        streets, communities, grids = (raster.runs_of(list(areas[level].values())) for level in LEVELS)
        ground = lay_ground(raster, streets, communities, grids, raster.runs_of(list(self.footprints.solids)))
        self.counters = Counters(raster, ground)
        self.spots = WatchedSpots(read_spots(district, self.plane, self.footprints, areas["street"]))
        self.cases = RecentCases(list(self.spots.by_id.values()), self.plane, self.policy)
        self.cameras: dict[str, PlacedCamera] = {}
        self.sees: dict[str, tuple[bool, bool]] = {}
        self._notices: dict[str, Reported] = {}
        self.outages = Outages()
        self.is_night = False
        self.changed_cameras: set[str] = set()
        self.changed_spots: set[str] = set(self.spots.by_id)
        self.changed_by_cases: set[str] = set()
        self.changed_regions: set[tuple[str, str]] = set()
        self.tally: Counter[str] = Counter()
        self.not_online: set[str] = set()
        self._tallied: dict[str, tuple[str, ...]] = {}
        self.plan_is_old = True
        self.light_turned = False
        self._expired_at = 0
        self._unsteady: set[str] = set()
        self._near: tuple[STRtree, list[str]] | None = None
        self._views: tuple[STRtree, list[str]] | None = None

    def load(
        self, cameras: Iterable[tuple[CameraChanged, Reported | None]], cases: Iterable[CaseRow], now: int
    ) -> None:
        """Take over every camera and the recent cases, from nothing."""
        self._turn_light(now)
        self.put(cameras, now)
        self.put_cases(cases, now)

    def put(self, cameras: Iterable[tuple[CameraChanged, Reported | None]], now: int) -> None:
        """These cameras are new or changed; ``Reported`` is the last notice of their status."""
        wanted, lost = [], list[Lost]()
        is_first = not self.cameras  # then everything is new anyhow
        for camera, reported in cameras:
            known = self.cameras.get(camera.camera_id)
            if reported is not None:
                self._note(camera.camera_id, reported)
            condition = first_condition(camera, self._notices.get(camera.camera_id))
            if known is not None:
                if known.camera == camera:
                    if reported is not None:
                        self.report(camera.camera_id, reported, now)
                    continue
                lost += _lost(known, condition.reported)
                if known.condition.reported != condition.reported:
                    known.condition.become(condition.reported)
                condition = known.condition
                self._take_out(known)
            wanted.append((camera, condition))
        placed = self.site.place(wanted, self.policy.level_px_m)
        for one in placed:
            self.cameras[one.camera.camera_id] = one
        self.spots.link(placed)
        for one in placed:
            self._settle(one, now, is_first=is_first)
            if not is_first:
                self._advise_again(one)
        self.outages.lose(lost)
        if placed:
            self._near = self._views = None
            self.plan_is_old = True
        if is_first:
            self._renew()

    def remove(self, camera_id: str) -> None:
        """A camera is gone for good."""
        placed = self.cameras.get(camera_id)
        if placed is not None:
            self._take_out(placed)
            self._advise_again(placed)
            self.tally.subtract(self._tallied.pop(camera_id))
            self.not_online.discard(camera_id)
            del self.cameras[camera_id], self.sees[camera_id]
            self._near = self._views = None

    def report(self, camera_id: str, reported: Reported, now: int) -> bool:
        """A camera's status is told; whether that says anything new. It may come before its camera."""
        self._note(camera_id, reported)
        placed = self.cameras.get(camera_id)
        if placed is None:
            return False
        lost = _lost(placed, reported)
        if not placed.condition.report(reported):
            return False
        self.outages.lose(lost)
        self._settle(placed, now)
        return True

    def _advise_again(self, placed: PlacedCamera) -> None:
        """A camera has come, gone or turned: where it might be the nearest, or be turned, it must be thought over."""
        for spot in self.spots.near(placed.stand.x, placed.stand.y, max(placed.aim.range_m, _ADVISED_M)):
            if spot.told is not None and spot.told.way in {"turn", "add"}:
                self.changed_spots.add(spot.id)

    def _note(self, camera_id: str, reported: Reported) -> None:
        known = self._notices.get(camera_id)
        if known is None or reported.at >= known.at:
            self._notices[camera_id] = reported

    def put_cases(self, rows: Iterable[CaseRow], now: int) -> None:
        """These cases are new or changed."""
        spots, fresh = self.cases.put(rows, now)
        if fresh:
            if self._views is None:
                ids = list(self.cameras)
                self._views = STRtree([self.cameras[i].seen for i in ids]), ids
            tree, ids = self._views
            self.cases.look(fresh, tree, lambda k: lit(self.cameras[ids[k]]))
        self.changed_by_cases.update(spots)

    def tick(self, now: int) -> None:
        """Let the clock work: dusk and dawn, cameras that have become steady, cases that grow old."""
        self.light_turned = self._turn_light(now)
        if self.light_turned:
            self.changed_spots.update(self.spots.by_id, (f"grid:{code}" for code in self._codes["grid"]))
        for camera_id in sorted(self._unsteady):
            placed = self.cameras.get(camera_id)
            if placed is None or placed.condition.unsteady_until <= now:
                self._unsteady.discard(camera_id)
                if placed is not None:
                    self._settle(placed, now)
        if now - self._expired_at >= _EXPIRE_MS:
            self._expired_at = now
            self.changed_by_cases.update(self.cases.expire(now))

    def measure_spots(self) -> None:
        """Work out the gaps of the changed spots."""
        for spot_id in self.changed_spots:
            if (spot := self.spots.by_id.get(spot_id)) is not None:
                spot.gaps, spot.told = gaps_of(spot, self.cameras, self.sees, is_night=self.is_night), None

    def nearest(self, where: Geometry) -> list[str]:
        """The ids of the cameras around a geometry, the nearest first."""
        if self._near is None:
            ids = sorted(self.cameras)
            self._near = STRtree([shapely.Point(self.cameras[i].stand[:2]) for i in ids]), ids
        tree, ids = self._near
        reach = 60.0
        found = np.zeros(0, np.int64)
        while len(found) < min(_NEAR, len(ids)) and reach < 4000:
            found = tree.query(where, predicate="dwithin", distance=reach)
            reach *= 2
        away = shapely.distance(where, tree.geometries[found])
        return [ids[i] for i in found[np.lexsort((found, away))[:_NEAR]].tolist()]

    def region_cells(self) -> dict[tuple[str, str], tuple[int, np.ndarray]]:
        """(level, code) → outdoor cells and how many of them are seen in each layer; the district's code is ''."""
        ground, seen = self.counters.ground, self.counters.seen
        found = {("district", ""): (int(ground.outdoor.sum()), seen.sum(axis=0))}
        for column, level in enumerate(LEVELS):
            codes, of = self._codes[level], ground.leaves[:, column]
            inside = of >= 0
            outdoor = np.bincount(of[inside], weights=ground.outdoor[inside], minlength=len(codes))
            sums = np.zeros((len(codes), seen.shape[1]), np.int64)
            np.add.at(sums, of[inside], seen[inside])
            found.update({(level, code): (int(outdoor[i]), sums[i]) for i, code in enumerate(codes)})
        return found

    def recount(self) -> Recount:
        """Count everything again from the cameras, and say how much of what stands differs. Changes nothing."""
        again = Counters(self.counters.raster, self.counters.ground)
        for placed in self.cameras.values():
            again.add(placed.runs, placed.layers, 1)
        cells = int((again.counts != self.counters.counts).any(axis=1).sum())
        cells += int((again.seen != self.counters.seen).any(axis=1).sum())
        spots = 0
        for spot in self.spots.by_id.values():
            fresh = gaps_of(spot, self.cameras, self.sees, is_night=self.is_night)
            spots += spot.gaps is not None and spot.id not in self.changed_spots and fresh[:5] != spot.gaps[:5]
        standing = self.cases.seen()
        fresh_cases = self.cases.seen_again([(p.seen, *lit(p)) for p in self.cameras.values()])
        return Recount(cells, spots, sum(fresh_cases[case_id] != n for case_id, n in standing.items()))

    def clear(self, *, with_cases: bool = True) -> None:
        """What has changed until now has been told."""
        if with_cases:
            self.changed_by_cases = set()
        self.changed_cameras, self.changed_spots, self.changed_regions = set(), set(), set()

    def _settle(self, placed: PlacedCamera, now: int, *, is_first: bool = False) -> None:
        """Count a camera in the layers in which its state puts it."""
        camera_id = placed.camera.camera_id
        by_day, by_night = placed.condition.sees(now)
        if placed.condition.unsteady_until > now:
            self._unsteady.add(camera_id)
        has_view = placed.aim.view in {"fixed", "reach"}
        has_light = placed.aim.by_night
        layers = 0
        if has_view:
            layers = 1 << PLANNED | by_day << LIVE | has_light << PLANNED_NIGHT | (has_light and by_night) << LIVE_NIGHT
        self.sees[camera_id] = (by_day and has_view, by_night and has_view)
        self._count(placed, layers, is_first=is_first)
        self._tally(placed, now)
        self.changed_cameras.add(camera_id)

    def _tally(self, placed: PlacedCamera, now: int) -> None:
        """Let a camera stand for what it is in the district's figures."""
        camera_id, state = placed.camera.camera_id, placed.condition.state(now)
        # Of a state and of a view «unknown» is said apart.
        words = [
            f"{word} {kind}" if word == "unknown" else word
            for word, kind in ((state, "state"), (placed.aim.view, "view"))
        ]
        stands_for = [*words, f"grade {grade(reasons_now(placed))}", *placed.reasons]
        if state == "online" and not placed.condition.reported.fault:
            stands_for.append("intact")
        if placed.layers:
            stands_for.append("counted")
        self.tally.subtract(self._tallied.get(camera_id, ()))
        self.tally.update(stands_for)
        self._tallied[camera_id] = tuple(stands_for)
        if state in {"online", "degraded"}:
            self.not_online.discard(camera_id)
        else:
            self.not_online.add(camera_id)

    def _count(self, placed: PlacedCamera, layers: int, *, is_first: bool = False) -> None:
        before = placed.layers
        if layers == before:
            return
        self.counters.add(placed.runs, layers & ~before, 1)
        self.counters.add(placed.runs, before & ~layers, -1)
        placed.layers = layers
        if is_first and not len(self.cases):
            return
        by_day = (layers >> LIVE & 1) - (before >> LIVE & 1)
        by_night = (layers >> LIVE_NIGHT & 1) - (before >> LIVE_NIGHT & 1)
        if len(self.cases) and (by_day or by_night):
            self.changed_spots.update(self.cases.see(placed.seen, by_day, by_night))
        self.changed_spots.update(spot.id for spot in self.spots.of(placed.camera.camera_id, placed.seen))
        self.changed_regions |= (regions := self._regions_of(placed))
        self.changed_spots.update(f"grid:{code}" for level, code in regions if level == "grid")
        self.plan_is_old = self.plan_is_old or bool((layers ^ before) >> PLANNED & 1)

    def _take_out(self, placed: PlacedCamera) -> None:
        camera_id = placed.camera.camera_id
        self._count(placed, 0)
        # Where it was named as the one to turn or the nearest, another is.
        self.changed_spots.update(i for i, s in self.spots.by_id.items() if s.told and s.told.camera == camera_id)
        self.changed_spots.update(spot.id for spot in self.spots.unlink(placed.camera.camera_id, placed.seen))
        self.changed_cameras.add(placed.camera.camera_id)

    def _regions_of(self, placed: PlacedCamera) -> set[tuple[str, str]]:
        """The (level, code) of the regions that a camera sees something of."""
        leaves = self.counters.ground.leaves[self.counters.leaves_of(placed.runs)]
        found = {("district", "")} if len(leaves) else set()
        for column, level in enumerate(LEVELS):
            found.update((level, self._codes[level][i]) for i in set(leaves[:, column].tolist()) if i >= 0)
        return found

    def _renew(self) -> None:
        """Every spot and region is new."""
        self.changed_spots.update(self.spots.by_id, (f"grid:{code}" for code in self._codes["grid"]))
        self.changed_regions = {("district", ""), *((level, code) for level in LEVELS for code in self._codes[level])}

    def _turn_light(self, now: int) -> bool:
        dark = is_night(self.plane.lon, self.plane.lat, now)
        turned, self.is_night = dark != self.is_night, dark
        return turned


def _within_sight(shapes: np.ndarray, plane: Plane, district: District) -> np.ndarray:
    """Of shapes in metres those in the box of the streets and of what can be seen from it."""
    streets = [area.geometry for area in district.streets.values() if area.geometry is not None]
    if not streets or not len(shapes):
        return shapes
    west, south, east, north = shapely.total_bounds([shapely.transform(s, plane.to_metres) for s in streets])
    left, below, right, above = shapely.bounds(shapes).T
    kept = (right >= west - _IN_SIGHT_M) & (left <= east + _IN_SIGHT_M)
    kept &= (above >= south - _IN_SIGHT_M) & (below <= north + _IN_SIGHT_M)
    found: np.ndarray = shapes[kept]
    return found


def _lost(placed: PlacedCamera, reported: Reported) -> list[Lost]:
    """A camera that was on line, whatever it sees, and by this report is not."""
    was_there = placed.condition.reported.status in {"online", "degraded"}
    if was_there and reported.status == "offline" and reported.at:
        return [Lost(placed.camera.camera_id, reported.at, placed.street)]
    return []


def reasons_now(placed: PlacedCamera) -> tuple[str, ...]:
    """The reasons of a camera's grade, its present state among them."""
    return placed.reasons + (("degraded",) if placed.condition.reported.status == "degraded" else ())
