"""Where trouble is: recent cases by spot, decayed and weighted; and which of them some working camera sees. Pure.

A case weighs 1, 2, 4 or 8 by its severity (4 to 1), times its class's weight, and half as much every ten days
(policy.toml, ``[coverage]``).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry as Geometry

from services.cases.case import CaseRow
from services.coverage.spots import Watched
from services.district.plane import Plane
from services.district.policy import CoveragePolicy
from services.platform.clock import DAY_MS

BY_SEVERITY = {1: 8.0, 2: 4.0, 3: 2.0, 4: 1.0}
_WORTH = 64


class SpotDemand(NamedTuple):
    """Of one spot: the weighted cases, how many of the window, how many of them no working camera sees."""

    demand: float = 0.0
    cases: int = 0
    unseen: int = 0


class RecentCases:
    """The placed cases of the window, by slot; each with its spots and how many cameras see it by day and by night."""

    def __init__(self, spots: Sequence[Watched], plane: Plane, policy: CoveragePolicy) -> None:
        self._plane, self._policy = plane, policy
        self._ids = [spot.id for spot in spots]
        self._tree = STRtree([_reach(spot, policy) for spot in spots])
        self._slots: dict[str, int] = {}
        self._free: list[int] = []
        self._xy = np.full((_WORTH, 2), np.nan)
        self._at = np.zeros(_WORTH, np.int64)
        self._weight = np.zeros(_WORTH)
        self._by_day, self._by_night = np.zeros(_WORTH, np.int32), np.zeros(_WORTH, np.int32)
        self._spots: dict[int, tuple[str, ...]] = {}
        self._members: dict[str, set[int]] = {}

    def __len__(self) -> int:
        return len(self._slots)

    def put(self, rows: Iterable[CaseRow], now: int) -> tuple[list[str], list[int]]:
        """Take in cases as they stand; (spots whose figures change, slots whose place is new and must be looked at)."""
        touched: set[str] = set()
        fresh: list[int] = []
        counted = []
        for row in rows:
            slot = self._slots.get(row.case_id)
            counts = row.lon is not None and row.lat is not None and not row.merged and row.status != "voided"
            if not counts or row.reported_at <= now - self._policy.window_days * DAY_MS:
                touched.update(self._drop(row.case_id))
                continue
            counted.append((row, slot))
        xy = self._plane.to_metres(np.array([(row.lon, row.lat) for row, _ in counted], dtype=float).reshape(-1, 2))
        for (row, known), place in zip(counted, xy, strict=True):
            weight = BY_SEVERITY.get(row.severity, 1.0) * self._policy.class_weights.get(row.domain, 1.0)
            if known is not None and self._is_same(known, row, weight, place):
                continue
            touched.update(self._drop(row.case_id))
            slot = self._take(row.case_id)
            self._xy[slot], self._at[slot], self._weight[slot] = place, row.reported_at, weight
            self._spots[slot] = (f"grid:{row.grid}",) if row.grid else ()
            fresh.append(slot)
        if fresh:
            points = shapely.points(self._xy[fresh])
            for i, spot in self._tree.query(points, predicate="intersects").T.tolist():
                self._spots[fresh[i]] += (self._ids[spot],)
            for slot in fresh:
                for spot_id in self._spots[slot]:
                    self._members.setdefault(spot_id, set()).add(slot)
                    touched.add(spot_id)
        return sorted(touched), fresh

    def _is_same(self, slot: int, row: CaseRow, weight: float, place: np.ndarray) -> bool:
        of_grid = (f"grid:{row.grid}",) if row.grid else ()
        grid = tuple(spot_id for spot_id in self._spots[slot] if spot_id.startswith("grid:"))
        same = self._weight[slot] == weight and self._at[slot] == row.reported_at and grid == of_grid
        return bool(same and np.array_equal(self._xy[slot], place))

    def expire(self, now: int) -> list[str]:
        """Forget what is older than the window; the spots whose figures change."""
        floor = now - self._policy.window_days * DAY_MS
        touched: set[str] = set()
        for case_id in [case_id for case_id, slot in self._slots.items() if self._at[slot] <= floor]:
            touched.update(self._drop(case_id))
        return sorted(touched)

    def see(self, shape: Geometry, by_day: int, by_night: int) -> list[str]:
        """One camera more (1) or less (-1) sees this polygon by day and by night; the spots with a case in it."""
        slots = self.within(shape)
        self._by_day[slots] += by_day
        self._by_night[slots] += by_night
        return sorted({spot_id for slot in slots.tolist() for spot_id in self._spots[slot]})

    def look(self, slots: Sequence[int], shapes: STRtree, lit: Callable[[int], tuple[bool, bool]]) -> None:
        """Count the cameras that see new slots: ``lit`` says which of the tree's shapes work, by day and by night."""
        points = shapely.points(self._xy[list(slots)])
        for i, camera in shapes.query(points, predicate="intersects").T.tolist():
            by_day, by_night = lit(camera)
            self._by_day[slots[i]] += by_day
            self._by_night[slots[i]] += by_night

    def within(self, shape: Geometry) -> np.ndarray:
        """The slots in a polygon, its border included."""
        if shape.is_empty:
            return np.zeros(0, np.int64)
        west, south, east, north = shape.bounds
        x, y = self._xy[:, 0], self._xy[:, 1]
        slots = np.flatnonzero((x >= west) & (x <= east) & (y >= south) & (y <= north))
        return slots[shapely.intersects_xy(shape, self._xy[slots])] if len(slots) else slots

    def of(self, spot_id: str, now: int, *, is_night: bool) -> SpotDemand:
        """The figures of one spot at ``now``."""
        slots = np.fromiter(self._members.get(spot_id, ()), np.int64)
        if not len(slots):
            return SpotDemand()
        slots.sort()  # sums of fractions depend on their order
        age = np.maximum(now - self._at[slots], 0) / DAY_MS
        seen = (self._by_night if is_night else self._by_day)[slots]
        weights = self._weight[slots] * 0.5 ** (age / self._policy.half_life_days)
        return SpotDemand(float(weights.sum()), len(slots), int((seen == 0).sum()))

    def weighted(self, now: int) -> tuple[np.ndarray, np.ndarray]:
        """Every case's place in metres (n, 2) and its decayed weight (n)."""
        slots = np.array(sorted(self._slots.values()), np.int64)
        age = np.maximum(now - self._at[slots], 0) / DAY_MS
        return self._xy[slots], self._weight[slots] * 0.5 ** (age / self._policy.half_life_days)

    def never_seen(self, shapes: Sequence[Geometry]) -> np.ndarray:
        """The places (n, 2) of the cases that lie in none of these polygons."""
        slots = np.array(sorted(self._slots.values()), np.int64)
        xy = self._xy[slots]
        inside = STRtree(shapes).query(shapely.points(xy), predicate="intersects")[0] if len(shapes) else []
        left = np.ones(len(slots), bool)
        left[inside] = False
        found: np.ndarray = xy[left]
        return found

    def seen(self) -> dict[str, tuple[int, int]]:
        """By case how many cameras see it, by day and by night."""
        return {i: (int(self._by_day[slot]), int(self._by_night[slot])) for i, slot in self._slots.items()}

    def seen_again(self, cameras: Iterable[tuple[Geometry, bool, bool]]) -> dict[str, tuple[int, int]]:
        """As ``seen``, counted anew from (polygon, works by day, works by night); changes nothing."""
        by_day, by_night = np.zeros_like(self._by_day), np.zeros_like(self._by_night)
        for shape, day, night in cameras:
            slots = self.within(shape)
            by_day[slots] += day
            by_night[slots] += night
        return {i: (int(by_day[slot]), int(by_night[slot])) for i, slot in self._slots.items()}

    def _take(self, case_id: str) -> int:
        if self._free:
            slot = self._free.pop()
        else:
            slot = len(self._slots)
            if slot == len(self._at):
                for name in ("_xy", "_at", "_weight", "_by_day", "_by_night"):
                    old = getattr(self, name)
                    setattr(self, name, np.concatenate([old, np.full_like(old, np.nan if name == "_xy" else 0)]))
        self._slots[case_id] = slot
        return slot

    def _drop(self, case_id: str) -> tuple[str, ...]:
        slot = self._slots.pop(case_id, None)
        if slot is None:
            return ()
        self._xy[slot], self._by_day[slot], self._by_night[slot] = np.nan, 0, 0
        self._free.append(slot)
        spots = self._spots.pop(slot)
        for spot_id in spots:
            self._members[spot_id].discard(slot)
        return spots


def _reach(spot: Watched, policy: CoveragePolicy) -> Geometry:
    """Where a case counts as one of this spot."""
    if spot.kind == "area":
        return spot.outline
    reach = policy.road_metres if spot.kind == "road" else policy.place_metres
    return shapely.buffer(spot.outline, reach, quad_segs=32)
