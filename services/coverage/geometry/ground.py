"""Whose ground each outdoor cell is, as runs; and counters of how many cameras see each cell.

A leaf is what lies in one street, one community and one grid: the figures of every region are sums over leaves. Cells
under buildings and outside the district are in no run and are never counted.
"""

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from services.coverage.geometry.raster import TILE, CellRuns, Cells, Raster, place_of
from services.coverage.geometry.sweep import Ints
from services.coverage.growing import longer

# The layers of the counters: all cameras by day and by night, those that work by day and by night.
PLANNED, LIVE, PLANNED_NIGHT, LIVE_NIGHT = range(4)
LAYERS = 4
_PIECE = 1_000_000


class Ground(NamedTuple):
    """Outdoor runs in the order of rows: those of row ``r`` are ``cells[start[r]:start[r + 1]]`` as from, until, leaf.

    ``slots`` says which tiles of the raster have outdoor ground, one after the other: -1 for those that have none.
    ``leaves`` are (n, 3): the places of street, community and grid in the lists given, -1 for none; ``outdoor`` cells.
    """

    start: Ints
    cells: Cells
    slots: NDArray[np.int32]
    leaves: Ints
    outdoor: Ints


def lay_ground(
    raster: Raster, streets: CellRuns, communities: CellRuns, grids: CellRuns, buildings: CellRuns
) -> Ground:
    """Cut the district into runs of one leaf each, buildings out. Where regions overlap the later one has the cell."""
    sizes = tuple(len(runs.start) for runs in (streets, communities, grids))
    start, runs, keys = _lay(
        raster.rows, raster.columns, sizes, *(_by_row(raster.rows, r) for r in (streets, communities, grids, buildings))
    )
    # A city has twenty million runs: its leaves are numbered piece by piece.
    pieces = [keys[first : first + _PIECE] for first in range(0, len(keys), _PIECE)]
    found = np.unique(np.concatenate([*map(np.unique, pieces), keys[:0]]))
    cells = np.empty((len(keys), 3), np.int32)
    cells[:, :2] = runs
    for number, piece in enumerate(pieces):
        cells[number * _PIECE : number * _PIECE + len(piece), 2] = np.searchsorted(found, piece)
    grid, rest = found % sizes[2], found // sizes[2]
    leaves = np.column_stack([rest // sizes[1], rest % sizes[1], grid]) - 1
    outdoor = np.bincount(cells[:, 2], weights=runs[:, 1] - runs[:, 0], minlength=len(found)).astype(np.int64)
    return Ground(start, cells, _tiles_with_ground(start, cells, raster.tiles, raster.size), leaves, outdoor)


class Counters:
    """How many cameras see each outdoor cell, in each layer; and how many cells of each leaf are seen at all.

    One byte a cell and layer, until somewhere 255 cameras would see one cell: then two.
    """

    def __init__(self, raster: Raster, ground: Ground) -> None:
        self.raster, self.ground = raster, ground
        tiles = int(ground.slots.max(initial=-1)) + 1
        self.counts: NDArray[np.unsignedinteger] = np.zeros((tiles << 2 * TILE, LAYERS), np.uint8)
        self.seen = np.zeros((len(ground.leaves), LAYERS), np.int64)

    def add(self, runs: Cells, layers: int, sign: int) -> None:
        """Let the cells of ``runs`` be seen by one camera more (``sign`` 1) or less (-1) in the layers of the bits."""
        if not layers or not len(runs):
            return
        if self.counts.dtype == np.uint8 and sign > 0 and self._is_full(runs):
            self.counts = self.counts.astype(np.uint16)
        _add(self.counts, self.seen, self.ground, self.raster.tiles, runs, layers, sign)

    def _is_full(self, runs: Cells) -> bool:
        return bool(_highest(self.counts, self.ground, self.raster.tiles, runs) == np.iinfo(np.uint8).max)

    def unseen(self, layer: int) -> NDArray[np.bool_]:
        """By place (``raster.place_of``) whether no camera sees a cell; of one that is not outdoors it says nothing."""
        found = np.zeros((self.raster.size >> 2 * TILE, 1 << 2 * TILE), bool)
        found[self.ground.slots >= 0] = (self.counts[:, layer] == 0).reshape(-1, 1 << 2 * TILE)
        return found.ravel()

    def leaves_of(self, runs: Cells) -> Ints:
        """The leaves in which these runs have outdoor cells."""
        touched = np.zeros(len(self.ground.leaves), np.bool_)
        _touch(touched, self.ground, runs)
        return np.flatnonzero(touched)


def _by_row(rows: int, runs: CellRuns) -> tuple[Ints, Cells, NDArray[np.int32]]:
    """Runs of many shapes, sorted by row: (start of each row, runs, the shape of each)."""
    of = np.repeat(np.arange(len(runs.start) - 1, dtype=np.int32), np.diff(runs.start))
    order = np.argsort(runs.cells[:, 0], kind="stable")
    start = np.searchsorted(runs.cells[order, 0], np.arange(rows + 1)).astype(np.int64)
    return start, runs.cells[order], of[order].astype(np.int32)


@numba.njit(cache=True, nogil=True)
def _lay(rows, columns, sizes, streets, communities, grids, buildings):  # type: ignore[no-untyped-def]  # numba's
    start = np.zeros(rows + 1, np.int64)
    out, keys, used = np.empty((1024, 2), np.int32), np.empty((1024, 1), np.int64), 0
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
                out, keys = longer(out, used), longer(keys, used)
            out[used, 0], out[used, 1], keys[used, 0] = first, c, key
            used += 1
        start[r + 1] = used
    return start, out[:used].copy(), keys[:used, 0].copy()


@numba.njit(cache=True, nogil=True)
def first_behind(cells, low, high, column):  # type: ignore[no-untyped-def]  # numba's
    """The first of the runs from ``low`` to ``high`` (of one row) that ends behind a column."""
    while low < high:
        middle = (low + high) // 2
        if cells[middle, 1] > column:
            high = middle
        else:
            low = middle + 1
    return low


@numba.njit(cache=True, nogil=True)
def _tiles_with_ground(start, cells, tiles, size):  # type: ignore[no-untyped-def]  # numba's
    slots = np.full(size >> 2 * TILE, -1, np.int32)
    for r in range(len(start) - 1):
        for k in range(start[r], start[r + 1]):
            for tile in range(cells[k, 0] >> TILE, (cells[k, 1] - 1 >> TILE) + 1):
                slots[(r >> TILE) * tiles + tile] = 0
    used = 0
    for tile in range(len(slots)):
        if slots[tile] == 0:
            slots[tile] = used
            used += 1
    return slots


@numba.njit(cache=True, nogil=True, inline="always")
def _slot_of(r, c, tiles, slots):  # type: ignore[no-untyped-def]  # numba's
    place = place_of(r, c, tiles)
    return (np.int64(slots[place >> 2 * TILE]) << 2 * TILE) | (place & ((1 << 2 * TILE) - 1))


@numba.njit(cache=True, nogil=True)
def _add(counts, seen, ground, tiles, runs, layers, sign):  # type: ignore[no-untyped-def]  # numba's
    start, cells = ground.start, ground.cells
    for i in range(len(runs)):
        r, c0, c1 = runs[i]
        k = first_behind(cells, start[r], start[r + 1], c0)
        while k < start[r + 1] and cells[k, 0] < c1:
            leaf = cells[k, 2]
            for c in range(max(cells[k, 0], c0), min(cells[k, 1], c1)):
                cell = _slot_of(r, c, tiles, ground.slots)
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
def _highest(counts, ground, tiles, runs):  # type: ignore[no-untyped-def]  # numba's
    highest, start, cells = 0, ground.start, ground.cells
    for i in range(len(runs)):
        r, c0, c1 = runs[i]
        k = first_behind(cells, start[r], start[r + 1], c0)
        while k < start[r + 1] and cells[k, 0] < c1:
            for c in range(max(cells[k, 0], c0), min(cells[k, 1], c1)):
                cell = _slot_of(r, c, tiles, ground.slots)
                for layer in range(LAYERS):
                    highest = max(highest, counts[cell, layer])
            k += 1
    return highest


@numba.njit(cache=True, nogil=True)
def _touch(touched, ground, runs):  # type: ignore[no-untyped-def]  # numba's
    start, cells = ground.start, ground.cells
    for i in range(len(runs)):
        r, c0, c1 = runs[i]
        k = first_behind(cells, start[r], start[r + 1], c0)
        while k < start[r + 1] and cells[k, 0] < c1:
            touched[cells[k, 2]] = True
            k += 1
