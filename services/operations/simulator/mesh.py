"""A map that tiles: faces cut in two along roads and rivers, every corner shared by all the faces that meet there.

Areas that are drawn one by one leave slivers. Here a cut puts its two new corners into the neighbours' rings as well,
so that whatever is done to the corners afterwards (bending, rounding), the faces still meet exactly.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from shapely import LineString, Polygon
from shapely.geometry.base import BaseGeometry

Point = tuple[float, float]
SNAP_M = 28.0
STEP_M = 160.0


@dataclass(frozen=True, slots=True)
class Cut:
    """A border that was cut: ``rank`` 0 between streets, 1 between communities, 2 between grids."""

    rank: int
    corners: tuple[int, ...]


class Mesh:
    """Corners in metres, faces as rings of corner numbers (counter-clockwise), and the cuts made."""

    def __init__(self, outline: Sequence[Point]) -> None:
        self.corners: list[Point] = list(outline)
        self.faces: dict[int, list[int]] = {0: list(range(len(outline)))}
        self.cuts: list[Cut] = []
        self._beside: dict[tuple[int, int], int] = {}
        self._claim(0)

    def polygon(self, face: int) -> Polygon:
        """The face as it is drawn before bending."""
        return Polygon([self.corners[c] for c in self.faces[face]])

    def cut(self, face: int, line: LineString, rank: int) -> tuple[int, int] | None:
        """Cut a face along a line that crosses it; the part that keeps the number is left of nothing in particular.

        Returns the two faces, or None when the line does not part this face in two sound ones.
        """
        piece = _longest(self.polygon(face).intersection(line))
        if piece is None:
            return None
        start, end = self._corner_at(face, piece.coords[0]), self._corner_at(face, piece.coords[-1])
        if start == end or self._adjacent(face, start, end):
            return None
        inner = self._inner(piece, start, end)
        ring = self.faces[face]
        i, j = ring.index(start), ring.index(end)
        if i > j:
            i, j, inner = j, i, inner[::-1]
        first = ring[i : j + 1] + inner[::-1]
        second = ring[j:] + ring[: i + 1] + inner
        if not all(Polygon([self.corners[c] for c in r]).is_valid for r in (first, second)):
            return None
        new = len(self.faces)
        self.faces[face], self.faces[new] = first, second
        self._claim(face)
        self._claim(new)
        self.cuts.append(Cut(rank, (ring[i], *inner, ring[j])))
        return face, new

    def _inner(self, piece: LineString, start: int, end: int) -> list[int]:
        a, b = np.asarray(self.corners[start]), np.asarray(self.corners[end])
        count = max(1, round(piece.length / STEP_M))
        numbers = []
        for k in range(1, count):
            point = piece.interpolate(k / count, normalized=True)
            if min(np.hypot(*(a - point.coords[0])), np.hypot(*(b - point.coords[0]))) > SNAP_M:
                numbers.append(len(self.corners))
                self.corners.append((point.x, point.y))
        return numbers

    def _corner_at(self, face: int, point: Sequence[float]) -> int:
        """The corner of the face at a point of its ring: the nearest that exists, or a new one in both faces."""
        ring = self.faces[face]
        spots: NDArray[np.float64] = np.asarray([self.corners[c] for c in ring])
        away = np.hypot(spots[:, 0] - point[0], spots[:, 1] - point[1])
        near = int(away.argmin())
        if away[near] < SNAP_M:
            return ring[near]
        ahead = np.roll(spots, -1, axis=0) - spots
        along = ((np.asarray(point[:2]) - spots) * ahead).sum(axis=1) / np.maximum((ahead**2).sum(axis=1), 1e-9)
        foot = spots + ahead * along.clip(0, 1)[:, None]
        k = int(np.hypot(foot[:, 0] - point[0], foot[:, 1] - point[1]).argmin())
        a, b = ring[k], ring[(k + 1) % len(ring)]
        new = len(self.corners)
        self.corners.append((float(point[0]), float(point[1])))
        for u, v in ((a, b), (b, a)):
            owner = self._beside.pop((u, v), None)
            if owner is not None:
                other = self.faces[owner]
                other.insert(other.index(u) + 1, new)
                self._beside[u, new] = self._beside[new, v] = owner
        return new

    def _adjacent(self, face: int, a: int, b: int) -> bool:
        return self._beside.get((a, b)) == face or self._beside.get((b, a)) == face

    def _claim(self, face: int) -> None:
        ring = self.faces[face]
        for a, b in zip(ring, [*ring[1:], ring[0]], strict=True):
            self._beside[a, b] = face


def _longest(found: BaseGeometry) -> LineString | None:
    parts = [p for p in getattr(found, "geoms", [found]) if isinstance(p, LineString) and len(p.coords) > 1]
    return max(parts, key=lambda p: p.length, default=None)


def chord(through: Point, angle: float, bow: float = 0.0, reach: float = 20_000.0) -> LineString:
    """A long line through a point at an angle (radians), bent by ``bow`` metres for each kilometre squared."""
    dx, dy = math.cos(angle), math.sin(angle)
    steps = np.linspace(-reach, reach, 161)
    aside = bow * (steps / 1000.0) ** 2
    return LineString(np.column_stack([through[0] + steps * dx - aside * dy, through[1] + steps * dy + aside * dx]))
