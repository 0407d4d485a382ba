"""How far it is along the roads: a graph of the package's ``roads.geojson`` in metres, and shortest ways on it. Pure.

Lines that cross or touch are joined there, with a common vertex or without (shapely's snap-rounding union). The file
says neither which roads are one-way nor which cross on a bridge, so every road is taken both ways and every crossing
for a junction: a way is «about», good for who is near, not for guiding a driver. Build it once a package; it is never
changed, so threads may share it.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import scipy  # its parts are loaded when the first way is asked for: a third of a second
import shapely
from numpy.typing import NDArray
from shapely import LineString, STRtree
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.ops import substring

from services.district.package import District, features_of
from services.district.plane import Plane, plane_of

Position = tuple[float, float]
Whole = NDArray[np.int64]
Reals = NDArray[np.float64]
Objects = NDArray[np.object_]
# Further from every road than this a way along the roads says nothing: a field, a lake, a package with few roads.
OFF_ROAD_M = 300.0
# How much longer than the straight line a way in a town is: about 1.2 to 1.4 where it has been measured.
DETOUR = 1.3
# A road's end this near to the middle of another road lies on it: half a carriageway. Drawings stop a little short.
JOIN_M = 5.0
_GRID_M = 0.01
# A first guess for how far to look, as a multiple of the n-th straight distance; then four times that, then anywhere.
_FIRST_LIMIT, _NEXT_LIMIT = 2.0, 8.0
_LEAST_M = 1e-9  # scipy's graphs hold no edge of length 0


class Way(NamedTuple):
    """How far a candidate is: by road, with what lies off the road at both ends, or 1.3 × the straight line."""

    which: int
    metres: float
    is_by_road: bool


class RoadPoints(NamedTuple):
    """Points on the graph: the edge (-1: none near), metres along it from its first end, metres beside it."""

    edge: Whole
    along: Reals
    off: Reals


class Roads:
    """The roads as a graph; ``lines`` in metres may cross and touch as they like."""

    def __init__(self, lines: Sequence[LineString], plane: Plane) -> None:
        self.plane = plane
        self.edges = _noded(lines)
        self.lengths: Reals = shapely.length(self.edges)
        ends = np.vstack([_ends(self.edges, 0), _ends(self.edges, -1)])
        cells, numbers = np.unique(np.rint(ends / _GRID_M).astype(np.int64), axis=0, return_inverse=True)
        self.nodes: Reals = cells.astype(float) * _GRID_M
        self.heads: Whole
        self.tails: Whole
        self.heads, self.tails = np.split(numbers.reshape(-1), 2)
        self._graph, self._between = _graph(self.heads, self.tails, self.lengths, len(self.nodes))
        self._tree = STRtree(self.edges)
        self.part: Whole = (
            scipy.sparse.csgraph.connected_components(self._graph, directed=False)[1]
            if len(self.nodes)
            else np.empty(0, int)
        )

    def snap(self, points: Sequence[Position]) -> RoadPoints:
        """The nearest place on any road, for (lon, lat) in WGS-84."""
        places = _points(self._metres(points))
        edge = np.full(len(places), -1)
        along, off = np.zeros(len(places)), np.zeros(len(places))
        if len(self.edges) and len(places):
            which, found = self._tree.query_nearest(places, max_distance=OFF_ROAD_M, all_matches=False)
            edge[which] = found
            along[which] = shapely.line_locate_point(self.edges[found], places[which])
            off[which] = shapely.distance(self.edges[found], places[which])
        return RoadPoints(edge, along, off)

    def nearest(self, origin: Position, candidates: Sequence[Position], n: int) -> list[Way]:
        """The ``n`` nearest candidates, nearest first; all of them where ``n`` is as many."""
        if not candidates or n <= 0:
            return []
        straight = np.hypot(*(self._metres(candidates) - self._metres([origin])).T)
        spots = self.snap([origin, *candidates])
        by_road = self._are_joined(spots)
        n = min(n, len(candidates))
        nth = float(np.partition(straight, n - 1)[n - 1]) + OFF_ROAD_M
        metres = straight * DETOUR
        for limit in (nth * _FIRST_LIMIT, nth * _NEXT_LIMIT, np.inf) if by_road.any() else ():
            metres[by_road] = self._along(spots, limit)[by_road]
            # What lies beyond the limit is further than it: once n lie within, no other is among the nearest.
            if np.partition(metres, n - 1)[n - 1] <= limit:
                break
        order = np.argsort(metres, kind="stable")[:n]
        return [Way(int(k), float(metres[k]), bool(by_road[k])) for k in order]

    def path(self, start: Position, goal: Position) -> list[Position] | None:
        """The way's corners in degrees from the road at ``start`` to the road at ``goal``; None: no way by road."""
        spots = self.snap([start, goal])
        if not self._are_joined(spots)[0]:
            return None
        (first, last), (here, there) = spots.edge.tolist(), spots.along.tolist()
        origin, length = len(self.nodes), float(self.lengths[last])
        far, before = scipy.sparse.csgraph.dijkstra(
            self._with_origin(first, here), indices=origin, return_predecessors=True
        )
        head, tail = int(self.heads[last]), int(self.tails[last])
        whole, node, end = min((far[head] + there, head, 0.0), (far[tail] + length - there, tail, length))
        if first == last and abs(here - there) <= whole:
            return self._degrees([_piece(self.edges[first], here, there)])
        nodes = [node]
        while before[nodes[-1]] != origin:
            nodes.append(int(before[nodes[-1]]))
        nodes.reverse()
        begin = 0.0 if nodes[0] == self.heads[first] else float(self.lengths[first])
        middle = [self._edge_from(a, b) for a, b in pairwise(nodes)]
        return self._degrees([_piece(self.edges[first], here, begin), *middle, _piece(self.edges[last], end, there)])

    def _are_joined(self, spots: RoadPoints) -> NDArray[np.bool_]:
        """Which of the spots after the first can be reached from it by road."""
        found = np.zeros(len(spots.edge) - 1, bool)
        if spots.edge[0] >= 0:
            is_near = spots.edge[1:] >= 0
            found[is_near] = self.part[self.heads[spots.edge[1:][is_near]]] == self.part[self.heads[spots.edge[0]]]
        return found

    def _along(self, spots: RoadPoints, limit: float) -> Reals:
        """Metres from the first spot to each of the others, with what lies beside the road; inf: beyond the limit."""
        edge, along, off = spots.edge[1:], spots.along[1:], spots.off[1:]
        graph = self._with_origin(int(spots.edge[0]), float(spots.along[0]))
        far = scipy.sparse.csgraph.dijkstra(graph, indices=len(self.nodes), limit=limit)
        by_head = far[self.heads[edge]] + along
        by_tail = far[self.tails[edge]] + self.lengths[edge] - along
        direct = np.where(edge == spots.edge[0], np.abs(along - spots.along[0]), np.inf)
        found: Reals = np.minimum(np.minimum(by_head, by_tail), direct) + off + spots.off[0]
        return found

    def _with_origin(self, edge: int, along: float) -> "scipy.sparse.csr_matrix":
        """The graph with one node more, on an edge: the last one."""
        n, graph = len(self.nodes), self._graph
        data = [max(along, _LEAST_M), max(float(self.lengths[edge]) - along, _LEAST_M)]
        indices = np.concatenate([graph.indices, [self.heads[edge], self.tails[edge]]])
        indptr = np.append(graph.indptr, graph.indptr[-1] + 2)
        return scipy.sparse.csr_matrix((np.concatenate([graph.data, data]), indices, indptr), shape=(n + 1, n + 1))

    def _edge_from(self, start: int, end: int) -> LineString:
        line: LineString = self.edges[self._between[min(start, end), max(start, end)]]
        at = self.nodes[start]
        x, y = line.coords[0]
        return line if np.hypot(x - at[0], y - at[1]) < _GRID_M else line.reverse()

    def _metres(self, points: Sequence[Position]) -> Reals:
        return self.plane.to_metres(np.asarray(points, float).reshape(-1, 2))

    def _degrees(self, pieces: Sequence[LineString]) -> list[Position]:
        corners = self.plane.to_degrees(np.vstack([shapely.get_coordinates(piece) for piece in pieces]))
        steps = (np.abs(np.diff(corners, axis=0)) > 1e-9).any(axis=1)
        return [(float(x), float(y)) for x, y in corners[np.concatenate([[True], steps])]]


def roads_of(district: District) -> Roads:
    """The graph of a package's roads: none in it, none in the graph. It takes a moment: keep it by the digest."""
    plane = plane_of(district)
    lines: list[LineString] = []
    for feature in features_of(district, "roads"):
        lines += _lines_in(feature["geometry"])
    return Roads([shapely.transform(line, plane.to_metres) for line in lines], plane)


def _lines_in(geometry: dict[str, Any]) -> list[LineString]:
    try:
        found = shapely.force_2d(shape(geometry))
    except (ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError):
        return []  # a road that cannot be read is no way; drawing it is no matter of ours either
    parts = shapely.get_parts(found)
    return [p for p in parts if p.geom_type in {"LineString", "LinearRing"} and p.length > 0 and shapely.is_valid(p)]


def _noded(lines: Sequence[LineString]) -> Objects:
    """The lines cut wherever two meet, and rings in half: no edge begins where it ends."""
    if not len(lines):
        return np.empty(0, object)
    given = np.asarray(lines, dtype=object)
    met = shapely.unary_union(np.concatenate([given, _joints(given)]), grid_size=_GRID_M)
    edges = shapely.get_parts(shapely.line_merge(met))
    whole: list[LineString] = []
    for edge in edges[shapely.length(edges) > 0]:
        half = edge.length / 2
        whole += [_piece(edge, 0.0, half), _piece(edge, half, edge.length)] if edge.is_closed else [edge]
    return np.asarray(whole, dtype=object)


def _joints(lines: Objects) -> Objects:
    """From the end of each line to every line that it all but touches: a T whose foot stops a little short."""
    ends = _points(np.vstack([_ends(lines, 0), _ends(lines, -1)]))
    tree = STRtree(lines)
    which, near = tree.query(ends, predicate="dwithin", distance=JOIN_M)
    apart = shapely.distance(ends[which], lines[near])
    gaps = (which % len(lines) != near) & (apart > 0)
    found: Objects = shapely.shortest_line(ends[which][gaps], lines[near][gaps])
    return found


def _points(xy: Reals) -> Objects:
    return np.asarray(shapely.points(xy), dtype=object)


def _ends(lines: Objects, which: int) -> Reals:
    found: Reals = shapely.get_coordinates(shapely.get_point(lines, which))
    return found


def _graph(
    heads: Whole, tails: Whole, lengths: Reals, count: int
) -> "tuple[scipy.sparse.csr_matrix, dict[tuple[int, int], int]]":
    """The graph both ways, and the edge between two nodes: of two that join the same nodes the shorter."""
    between: dict[tuple[int, int], int] = {}
    for edge in np.argsort(lengths, kind="stable").tolist():
        a, b = int(heads[edge]), int(tails[edge])
        between.setdefault((min(a, b), max(a, b)), edge)
    pairs = np.array(list(between), dtype=np.int64).reshape(-1, 2)
    metres = lengths[list(between.values())] if between else np.empty(0)
    a, b = np.vstack([pairs, pairs[:, ::-1]]).T
    return scipy.sparse.csr_matrix((np.concatenate([metres, metres]), (a, b)), shape=(count, count)), between


def _piece(line: LineString, start: float, end: float) -> LineString:
    found = substring(line, start, end)
    return found if isinstance(found, LineString) else LineString([found.coords[0], found.coords[0]])
