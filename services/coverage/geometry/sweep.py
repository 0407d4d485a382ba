"""What can be seen from a point among walls: an exact angular sweep.

After Asano's and Suri–O'Rourke's rotating sweep, with a range and a field of view. Edges lie in a grid of squares;
those that face away are left out, the rest is cut to the disc of the range, and between two neighbouring angles of
end points one edge alone is nearest: it bounds the visible polygon there. Edges may touch and must not cross
(``services.coverage.geometry.footprints`` sees to that); nobody stands on an edge. About n log n + n × (edges that
one ray meets). Metres, x east, y north; azimuths in degrees clockwise from north.
"""

import math
from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

from services.coverage.growing import longer

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

SQUARE_M = 50.0
# 500 km × 500 km; 0.8 GB of counters.
_MOST_SQUARES = 100_000_000
# An arc is drawn as chords that leave it by at most this much, each of at most two degrees.
SAGITTA_M = 0.05
_CHORD = math.radians(2.0)
# No chord is shorter than this, however far the range: a full circle has at most 63,000 corners.
_LEAST_CHORD = 1e-4
# Corners nearer to each other than this are one; angles nearer than that have nothing between them.
_SAME_M = 1e-6
_SAME_RAD = 1e-12
_TURN = 2 * math.pi


class Walls(NamedTuple):
    """Edges (n, 4) as x1 y1 x2 y2 with what blocks on their left, and the squares that they pass through."""

    edges: Floats
    west: float
    south: float
    columns: int
    rows: int
    start: Ints
    items: Ints


class Views(NamedTuple):
    """Visible polygons: the corners of view ``i`` are ``points[start[i]:start[i + 1]]``, counter-clockwise, not closed.

    ``areas`` are exact (m²): arcs count as arcs, where the corners have chords inside them.
    """

    start: Ints
    points: Floats
    areas: Floats


def raise_walls(edges: Floats) -> Walls:
    """Put edges, (n, 4) in metres, into squares of 50 m. Those without length block nothing.

    Raises ValueError for an edge that is not finite, and for edges so far apart that the squares would fill the memory.
    """
    edges = np.ascontiguousarray(edges, dtype=float).reshape(-1, 4)
    if not np.isfinite(edges).all():
        raise ValueError("a wall has a coordinate that is not a number")
    edges = edges[(edges[:, 0] != edges[:, 2]) | (edges[:, 1] != edges[:, 3])]
    if not len(edges):
        return Walls(edges, 0.0, 0.0, 0, 0, np.zeros(1, np.int64), np.zeros(0, np.int64))
    xs, ys = edges[:, 0::2], edges[:, 1::2]
    west, south = float(xs.min()), float(ys.min())
    columns, rows = int((xs.max() - west) // SQUARE_M) + 1, int((ys.max() - south) // SQUARE_M) + 1
    if columns * rows > _MOST_SQUARES:
        raise ValueError(f"the walls lie {columns * SQUARE_M:,.0f} × {rows * SQUARE_M:,.0f} m apart: no district's")
    start, items = _fill_squares(edges, west, south, columns, rows)
    return Walls(edges, west, south, columns, rows, start, items)


def look(walls: Walls, views: Floats) -> Views:
    """The visible polygon of each view: (n, 5) rows of x, y, azimuth, field of view (degrees, up to 360), range (m).

    A view whose range is not above 0 sees nothing. Raises ValueError for a view that is not finite.
    """
    views = np.ascontiguousarray(views, dtype=float).reshape(-1, 5)
    if not np.isfinite(views).all():
        raise ValueError("a view has a value that is not a number")
    start, points, areas = _look(
        views, walls.edges, walls.west, walls.south, walls.columns, walls.rows, walls.start, walls.items
    )
    return Views(start, points, areas)


@numba.njit(cache=True, nogil=True)
def _fill_squares(edges: Floats, west: float, south: float, columns: int, rows: int) -> tuple[Ints, Ints]:
    start = np.zeros(columns * rows + 1, np.int64)
    items = np.zeros(0, np.int64)
    for turn in range(2):
        fill = start.copy()
        for k in range(len(edges)):
            x1, y1, x2, y2 = edges[k]
            c1, c2 = int((min(x1, x2) - west) // SQUARE_M), int((max(x1, x2) - west) // SQUARE_M)
            r1, r2 = int((min(y1, y2) - south) // SQUARE_M), int((max(y1, y2) - south) // SQUARE_M)
            for r in range(r1, r2 + 1):
                for c in range(c1, c2 + 1):
                    square = r * columns + c
                    if turn:
                        items[fill[square]] = k
                        fill[square] += 1
                    else:
                        start[square + 1] += 1
        if not turn:
            start = np.cumsum(start)
            items = np.zeros(start[-1], np.int64)
    return start, items


@numba.njit(cache=True, nogil=True)
def _look(
    views: Floats, edges: Floats, west: float, south: float, columns: int, rows: int, start: Ints, items: Ints
) -> tuple[Ints, Floats, Floats]:
    n = len(views)
    offsets, areas = np.zeros(n + 1, np.int64), np.zeros(n)
    points, used = np.empty((64 * n + 1024, 2)), 0
    near = np.empty((64, 6))
    for i in range(n):
        x, y, azimuth, field, reach = views[i]
        offsets[i + 1] = used
        if reach <= 0.0:
            continue
        near, count = _edges_near(x, y, reach, edges, west, south, columns, rows, start, items, near)
        found, area = _sweep(near, count, math.radians(90.0 - azimuth - field / 2), math.radians(field), reach)
        areas[i] = area
        while used + len(found) > len(points):
            points = longer(points, used)
        for k in range(len(found)):
            points[used, 0], points[used, 1] = x + found[k, 0], y + found[k, 1]
            used += 1
        offsets[i + 1] = used
    return offsets, points[:used].copy(), areas


@numba.njit(cache=True, nogil=True)
def _edges_near(
    x: float, y: float, reach: float,
    edges: Floats, west: float, south: float, columns: int, rows: int, start: Ints, items: Ints, near: Floats,
) -> tuple[Floats, int]:  # fmt: skip
    """The parts of the facing edges within the disc, relative to its middle, as rows x1 y1 x2 y2 and their angles.

    From the first angle counter-clockwise to the second. An edge is met in the first of its squares that are asked.
    """
    count = 0
    c1, c2 = max(int((x - reach - west) // SQUARE_M), 0), min(int((x + reach - west) // SQUARE_M), columns - 1)
    r1, r2 = max(int((y - reach - south) // SQUARE_M), 0), min(int((y + reach - south) // SQUARE_M), rows - 1)
    for r in range(r1, r2 + 1):
        for c in range(c1, c2 + 1):
            square = r * columns + c
            for p in range(start[square], start[square + 1]):
                k = items[p]
                if r != max(int((min(edges[k, 1], edges[k, 3]) - south) // SQUARE_M), r1):
                    continue
                if c != max(int((min(edges[k, 0], edges[k, 2]) - west) // SQUARE_M), c1):
                    continue
                # Turned round: of an edge that faces us its end comes first, counter-clockwise.
                px, py, qx, qy = edges[k, 2] - x, edges[k, 3] - y, edges[k, 0] - x, edges[k, 1] - y
                if px * qy - py * qx <= 0:
                    continue
                dx, dy = qx - px, qy - py
                a, b, g = dx * dx + dy * dy, px * dx + py * dy, px * px + py * py - reach * reach
                root = b * b - a * g
                if root <= 0:
                    continue
                root = math.sqrt(root)
                t1, t2 = (-b - root) / a, (-b + root) / a
                if t1 >= 1 or t2 <= 0:
                    continue
                if t2 < 1:
                    qx, qy = px + t2 * dx, py + t2 * dy
                if t1 > 0:
                    px, py = px + t1 * dx, py + t1 * dy
                if count == len(near):
                    near = longer(near, count)
                near[count, 0], near[count, 1], near[count, 2], near[count, 3] = px, py, qx, qy
                near[count, 4], near[count, 5] = math.atan2(py, px), math.atan2(qy, qx)
                count += 1
    return near, count


@numba.njit(cache=True, nogil=True)
def _sweep(near: Floats, count: int, first: float, field: float, reach: float) -> tuple[Floats, float]:
    """The polygon, relative to the middle, of what is seen from angle ``first`` over ``field``; and its exact area."""
    is_whole = field >= _TURN - 1e-12
    if is_whole:
        field = _TURN
    angle, edge, is_start, m = _ends(near, count, first, field)
    order = np.argsort(angle[:m])
    active, place, live = np.empty(count, np.int64), np.full(count, -1, np.int64), 0
    out, used, area = np.empty((2 * m + 256, 2)), 0, 0.0
    before, since, at, e = -2, 0, 0.0, 0
    while at < field - _SAME_RAD:
        while e < m and angle[order[e]] - at <= _SAME_RAD:
            k = edge[order[e]]
            if is_start[order[e]]:
                if place[k] < 0:
                    place[k], active[live] = live, k
                    live += 1
            elif place[k] >= 0:
                live -= 1
                last = active[live]
                active[place[k]], place[last] = last, place[k]
                place[k] = -1
            e += 1
        until = min(angle[order[e]], field) if e < m else field
        middle = first + (at + until) / 2
        cx, cy = math.cos(middle), math.sin(middle)
        nearest, distance = -1, reach
        for j in range(live):
            k = active[j]
            r = _distance(near, k, cx, cy)
            if r < distance:
                nearest, distance = k, r
        steps = 1
        if nearest < 0:
            chord = 2 * math.acos(max(1 - SAGITTA_M / reach, 0.0))
            steps = max(int(math.ceil((until - at) / max(min(_CHORD, chord), _LEAST_CHORD))), 1)
        # Room for every corner of this stretch, and for the corner at the middle that closes a sector.
        while used + steps + 2 > len(out):
            out = longer(out, used)
        if nearest < 0:
            area += reach * reach * (until - at) / 2
            for step in range(steps + 1):
                used = _corner(out, used, reach, first + at + (until - at) * step / steps)
        else:
            r1 = _distance(near, nearest, math.cos(first + at), math.sin(first + at))
            r2 = _distance(near, nearest, math.cos(first + until), math.sin(first + until))
            area += r1 * r2 * math.sin(until - at) / 2
            if nearest == before:
                used = since  # no corner in the middle of one wall
            else:
                used = _corner(out, used, r1, first + at)
                since = used
            used = _corner(out, used, r2, first + until)
        before, at = nearest, until
    if not is_whole:
        out[used] = 0.0
        used += 1
    if used > 1 and math.hypot(out[0, 0] - out[used - 1, 0], out[0, 1] - out[used - 1, 1]) < _SAME_M:
        used -= 1
    return out[:used], area


@numba.njit(cache=True, nogil=True)
def _ends(near: Floats, count: int, first: float, field: float) -> tuple[Floats, Ints, Bools, int]:
    """Where edges begin and end: the angle from ``first``, the edge, whether it begins; and how many of these.

    An edge that lies across ``first`` begins and ends twice.
    """
    angle, edge, is_start = np.empty(4 * count), np.empty(4 * count, np.int64), np.empty(4 * count, np.bool_)
    m = 0
    for k in range(count):
        a, b = (near[k, 4] - first) % _TURN, (near[k, 5] - first) % _TURN
        pieces = 2 if b < a else 1
        for piece in range(pieces):
            low, high = (a, b) if pieces == 1 else ((0.0, b) if piece else (a, _TURN))
            high = min(high, field)
            if high - low <= _SAME_RAD:
                continue
            angle[m], edge[m], is_start[m] = low, k, True
            angle[m + 1], edge[m + 1], is_start[m + 1] = high, k, False
            m += 2
    return angle, edge, is_start, m


@numba.njit(cache=True, nogil=True)
def _distance(near: Floats, k: int, cx: float, cy: float) -> float:
    """How far along the direction (cx, cy) the line of an edge lies."""
    px, py, qx, qy = near[k, 0], near[k, 1], near[k, 2], near[k, 3]
    return float((px * qy - py * qx) / (cx * (qy - py) - cy * (qx - px)))


@numba.njit(cache=True, nogil=True)
def _corner(out: Floats, used: int, r: float, angle: float) -> int:
    x, y = r * math.cos(angle), r * math.sin(angle)
    if used and math.hypot(out[used - 1, 0] - x, out[used - 1, 1] - y) < _SAME_M:
        return used
    out[used, 0], out[used, 1] = x, y
    return used + 1
