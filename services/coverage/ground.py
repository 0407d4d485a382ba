"""Whose ground each outdoor cell is, as runs; and counters of how many cameras see each cell.

A leaf is what lies in one street, one community and one grid: the figures of every region are sums over leaves. Cells
under buildings and outside the district are in no run and are never counted.
"""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from services.coverage.raster import Cells, Raster, Runs, place_of
from services.coverage.sweep import Ints

# The layers of the counters: all cameras by day and by night, those that work by day and by night.
PLANNED, LIVE, PLANNED_NIGHT, LIVE_NIGHT = range(4)
LAYERS = 4


class Ground(NamedTuple):
    """Outdoor runs in the order of rows: those of row ``r`` are ``cells[start[r]:start[r + 1]]`` as from, until, leaf.

    ``leaves`` are (n, 3): the places of street, community and grid in the lists given, -1 for none; ``outdoor`` cells.
    """

    start: Ints
    cells: Cells
    leaves: Ints
    outdoor: Ints


def lay_ground(raster: Raster, streets: Runs, communities: Runs, grids: Runs, buildings: Runs) -> Ground:
    """Cut the district into runs of one leaf each, buildings out. Where regions overlap the later one has the cell."""
    sizes = tuple(len(runs.start) for runs in (streets, communities, grids))
    start, runs, keys = _lay(
        raster.rows, raster.columns, sizes, *(_by_row(raster.rows, r) for r in (streets, communities, grids, buildings))
    )
    found, leaf = np.unique(keys, return_inverse=True)
    cells = np.column_stack([runs, leaf]).astype(np.int32)
    grid, rest = found % sizes[2], found // sizes[2]
    leaves = np.column_stack([rest // sizes[1], rest % sizes[1], grid]) - 1
    outdoor = np.bincount(leaf, weights=runs[:, 1] - runs[:, 0], minlength=len(found)).astype(np.int64)
    return Ground(start, np.ascontiguousarray(cells), leaves, outdoor)


class Counters:
    """How many cameras see each outdoor cell, in each layer; and how many cells of each leaf are seen at all.

    One byte a cell and layer, until somewhere 255 cameras would see one cell: then two.
    """

    def __init__(self, raster: Raster, ground: Ground) -> None:
        self.raster, self.ground = raster, ground
        self.counts: NDArray[np.unsignedinteger] = np.zeros((raster.size, LAYERS), np.uint8)
        self.seen = np.zeros((len(ground.leaves), LAYERS), np.int64)

    def add(self, runs: Cells, layers: int, sign: int) -> None:
        """Let the cells of ``runs`` be seen by one camera more (``sign`` 1) or less (-1) in the layers of the bits."""
        if not layers or not len(runs):
            return
        if self.counts.dtype == np.uint8 and sign > 0 and self._is_full(runs):
            self.counts = self.counts.astype(np.uint16)
        _add(self.counts, self.seen, self.ground.start, self.ground.cells, self.raster.tiles, runs, layers, sign)

    def _is_full(self, runs: Cells) -> bool:
        return bool(_highest(self.counts, self.raster.tiles, runs) == np.iinfo(np.uint8).max)

    def leaves_of(self, runs: Cells) -> Ints:
        """The leaves in which these runs have outdoor cells."""
        touched = np.zeros(len(self.ground.leaves), np.bool_)
        _touch(touched, self.ground.start, self.ground.cells, runs)
        return np.flatnonzero(touched)


def _by_row(rows: int, runs: Runs) -> tuple[Ints, Cells, Ints]:
    """Runs of many shapes, sorted by row: (start of each row, runs, the shape of each)."""
    of = np.repeat(np.arange(len(runs.start) - 1), np.diff(runs.start))
    order = np.argsort(runs.cells[:, 0], kind="stable")
    start = np.searchsorted(runs.cells[order, 0], np.arange(rows + 1)).astype(np.int64)
    return start, np.ascontiguousarray(runs.cells[order]), of[order].astype(np.int64)


@numba.njit(cache=True, nogil=True)
def _lay(rows, columns, sizes, streets, communities, grids, buildings):  # type: ignore[no-untyped-def]  # numba's
    start = np.zeros(rows + 1, np.int64)
    out, keys, used = np.empty((1024, 2), np.int64), np.empty(1024, np.int64), 0
    line, one = np.zeros(columns, np.int64), np.zeros(columns, np.int64)
    for r in range(rows):
        line[:] = 0
        for depth, (at, cells, of) in enumerate((streets, communities, grids)):
            one[:] = 0
            for k in range(at[r], at[r + 1]):
                one[cells[k, 1] : cells[k, 2]] = of[k] + 1
            line *= sizes[depth]
            line += one
        at, cells, of = buildings
        for k in range(at[r], at[r + 1]):
            line[cells[k, 1] : cells[k, 2]] = 0
        c = 0
        while c < columns:
            key, first = line[c], c
            while c < columns and line[c] == key:
                c += 1
            if key == 0:
                continue
            if used == len(out):
                wider, more = np.empty((2 * used, 2), np.int64), np.empty(2 * used, np.int64)
                wider[:used], more[:used] = out, keys
                out, keys = wider, more
            out[used, 0], out[used, 1], keys[used] = first, c, key
            used += 1
        start[r + 1] = used
    return start, out[:used].copy(), keys[:used].copy()


@numba.njit(cache=True, nogil=True)
def _add(counts, seen, start, cells, tiles, runs, layers, sign):  # type: ignore[no-untyped-def]  # numba's
    for i in range(len(runs)):
        r, c0, c1 = runs[i]
        k, high = start[r], start[r + 1]
        while k < high:  # the first run that ends behind c0
            middle = (k + high) // 2
            if cells[middle, 1] > c0:
                high = middle
            else:
                k = middle + 1
        while k < start[r + 1] and cells[k, 0] < c1:
            leaf = cells[k, 2]
            for c in range(max(cells[k, 0], c0), min(cells[k, 1], c1)):
                cell = place_of(r, c, tiles)
                for layer in range(LAYERS):
                    if layers >> layer & 1:
                        n = counts[cell, layer]
                        if sign > 0:
                            counts[cell, layer] = n + 1
                            if n == 0:
                                seen[leaf, layer] += 1
                        else:
                            counts[cell, layer] = n - 1
                            if n == 1:
                                seen[leaf, layer] -= 1
            k += 1


@numba.njit(cache=True, nogil=True)
def _highest(counts, tiles, runs):  # type: ignore[no-untyped-def]  # numba's
    highest = 0
    for i in range(len(runs)):
        r, c0, c1 = runs[i]
        for c in range(c0, c1):
            cell = place_of(r, c, tiles)
            for layer in range(LAYERS):
                highest = max(highest, counts[cell, layer])
    return highest


@numba.njit(cache=True, nogil=True)
def _touch(touched, start, cells, runs):  # type: ignore[no-untyped-def]  # numba's
    for i in range(len(runs)):
        r, c0, c1 = runs[i]
        for k in range(start[r], start[r + 1]):
            if cells[k, 0] < c1 and cells[k, 1] > c0:
                touched[cells[k, 2]] = True
