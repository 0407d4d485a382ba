"""Two-metre cells under a district: which of them are outdoors, and whose; shapes as runs of cells.

The grid is turned and shifted against north: streets and blocks that lie along an axis would make aliases of an aligned
one. A cell is in a shape when its middle is (even-odd, half open: cells of two shapes that adjoin are never counted
twice). A run is a row and two columns, the second not included.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numba
import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry as Geometry

from services.coverage.geometry.sweep import Floats, Ints
from services.coverage.growing import longer

CELL_M = 2.0
TURNED_RAD = math.radians(17.3)
SHIFT = (0.37, 0.71)
# A tile has 32 × 32 cells.
TILE = 5
# A cell's place is kept in 32 bits: over a district of more than some 8,500 km² the cells become larger.
MOST_CELLS = 2**31 - 1
# Shapes are taken apart so many at once: a city's copies would fill the memory.
AT_ONCE = 50_000

Cells = NDArray[np.int32]


class CellRuns(NamedTuple):
    """Runs of many shapes: those of shape ``i`` are ``cells[start[i]:start[i + 1]]``, rows of row, from, until."""

    start: Ints
    cells: Cells


class Raster(NamedTuple):
    """A grid of ``rows`` × ``columns`` cells; ``east``, ``north`` is its corner in turned cells."""

    cell_m: float
    turned: float
    east: float
    north: float
    columns: int
    rows: int

    def to_cells(self, points: Floats) -> Floats:
        """(n, 2) metres → (n, 2) columns and rows, with fractions."""
        c, s = math.cos(self.turned) / self.cell_m, math.sin(self.turned) / self.cell_m
        x, y = points[:, 0], points[:, 1]
        return np.column_stack([x * c + y * s - self.east, y * c - x * s - self.north])

    def middles(self, rows: Ints, columns: Ints) -> Floats:
        """The middles of cells in metres."""
        u, v = (columns + 0.5 + self.east) * self.cell_m, (rows + 0.5 + self.north) * self.cell_m
        c, s = math.cos(self.turned), math.sin(self.turned)
        return np.column_stack([u * c - v * s, u * s + v * c])

    @property
    def tiles(self) -> int:
        """How many tiles lie side by side."""
        return (self.columns >> TILE) + 1

    @property
    def size(self) -> int:
        """How many cells have a place."""
        return self.tiles * ((self.rows >> TILE) + 1) << 2 * TILE

    def cells_at(self, places: Ints) -> tuple[Ints, Ints]:
        """The rows and columns of cells by their places (``place_of``)."""
        tile, side = places >> 2 * TILE, (1 << TILE) - 1
        rows = (tile // self.tiles << TILE) | (places >> TILE & side)
        return rows, (tile % self.tiles << TILE) | (places & side)

    def runs(self, points: Floats, ring_start: Ints, shape_start: Ints) -> CellRuns:
        """The cells of shapes given as rings: shape ``i`` has the rings from ``shape_start[i]``, those the points."""
        start, cells = _runs(self.to_cells(points), ring_start, shape_start, self.columns, self.rows)
        return CellRuns(start, cells)

    def runs_of(self, shapes: Sequence[Geometry | None] | NDArray[np.object_]) -> CellRuns:
        """The cells of polygons, with their holes; nothing for None."""
        start, cells = [np.zeros(1, np.int64)], [np.zeros((0, 3), np.int32)]
        for first in range(0, len(shapes), AT_ONCE):
            part = self._runs_of(shapes[first : first + AT_ONCE])
            start.append(part.start[1:] + start[-1][-1])
            cells.append(part.cells)
        return CellRuns(np.concatenate(start), np.concatenate(cells))

    def _runs_of(self, shapes: Sequence[Geometry | None] | NDArray[np.object_]) -> CellRuns:
        given = np.asarray([shapely.Polygon() if shape is None else shape for shape in shapes], dtype=object)
        # Only polygons have rings: a region of two parts is both of them.
        parts, of_shape = shapely.get_parts(given, return_index=True)
        rings, of_part = shapely.get_rings(parts, return_index=True)
        of = of_shape[of_part]
        points, ring_of = shapely.get_coordinates(rings, return_index=True)
        ring_start = np.searchsorted(ring_of, np.arange(len(rings) + 1)).astype(np.int64)
        return self.runs(points, ring_start, np.searchsorted(of, np.arange(len(shapes) + 1)).astype(np.int64))


@numba.njit(cache=True, nogil=True, inline="always")
def place_of(row: int, column: int, tiles: int) -> int:
    """Where a cell stands in an array of all cells: tile by tile, so that neighbours share a page of memory."""
    side = (1 << TILE) - 1
    return ((row >> TILE) * tiles + (column >> TILE) << 2 * TILE) | ((row & side) << TILE) | (column & side)


def raster_over(outline: Iterable[Geometry], cell_m: float = CELL_M, turned: float = TURNED_RAD) -> Raster:
    """The raster that holds every one of these shapes, in cells of ``cell_m``, or of twice, four times … as much.

    Raises ValueError for a point that is not finite.
    """
    points = shapely.get_coordinates(list(outline))
    if not np.isfinite(points).all():
        raise ValueError("an outline has a coordinate that is not a number")
    while True:
        bare = Raster(cell_m, turned, 0.0, 0.0, 0, 0)
        turned_points = bare.to_cells(points) if len(points) else np.zeros((1, 2))
        low, high = np.floor(turned_points.min(0)) - 1 - np.array(SHIFT), np.ceil(turned_points.max(0)) + 1
        columns, rows = np.ceil(high - low).astype(int).tolist()
        raster = Raster(cell_m, turned, float(low[0]), float(low[1]), columns, rows)
        if raster.size <= MOST_CELLS:
            return raster
        cell_m *= 2


@numba.njit(cache=True, nogil=True)
def _runs(cells: Floats, ring_start: Ints, shape_start: Ints, columns: int, rows: int) -> tuple[Ints, Cells]:
    n = len(shape_start) - 1
    start = np.zeros(n + 1, np.int64)
    out, used = np.empty((1024 + 64 * n, 3), np.int32), 0
    for i in range(n):
        first, last = ring_start[shape_start[i]], ring_start[shape_start[i + 1]]
        low, high = math.inf, -math.inf
        for k in range(first, last):
            low, high = min(low, cells[k, 1]), max(high, cells[k, 1])
        r0, r1 = max(int(math.ceil(low - 0.5)), 0) if last > first else 0, 0
        if last > first:
            r1 = min(int(math.ceil(high - 0.5)), rows)
        if r1 <= r0:
            start[i + 1] = used
            continue
        # Where the edges cross the middle of each row: counted, then filled, then sorted within the row.
        at = np.zeros(r1 - r0 + 1, np.int64)
        crossings = np.empty(0)
        for turn in range(2):
            fill = at.copy()
            for ring in range(shape_start[i], shape_start[i + 1]):
                a, b = ring_start[ring], ring_start[ring + 1]
                for k in range(a, b):
                    j = k + 1 if k + 1 < b else a
                    x1, y1, x2, y2 = cells[k, 0], cells[k, 1], cells[j, 0], cells[j, 1]
                    if y1 > y2:
                        x1, y1, x2, y2 = x2, y2, x1, y1
                    for r in range(max(int(math.ceil(y1 - 0.5)), r0), min(int(math.ceil(y2 - 0.5)), r1)):
                        if turn:
                            crossings[fill[r - r0]] = x1 + (r + 0.5 - y1) / (y2 - y1) * (x2 - x1)
                            fill[r - r0] += 1
                        else:
                            at[r - r0 + 1] += 1
            if not turn:
                at = np.cumsum(at)
                crossings = np.empty(at[-1])
        for r in range(r0, r1):
            xs = crossings[at[r - r0] : at[r - r0 + 1]]
            xs.sort()
            for p in range(0, len(xs) - 1, 2):
                c0, c1 = max(int(math.ceil(xs[p] - 0.5)), 0), min(int(math.ceil(xs[p + 1] - 0.5)), columns)
                if c1 <= c0:
                    continue
                if used == len(out):
                    out = longer(out, used)
                out[used, 0], out[used, 1], out[used, 2] = r, c0, c1
                used += 1
        start[i + 1] = used
    return start, out[:used].copy()
