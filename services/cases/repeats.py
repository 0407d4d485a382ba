"""Cases near each other: repeats (同地重复), the same matter reported twice, hot spots. Pure.

Distances on the ground in metres, by a local projection good to a decimetre over a district.
"""

import heapq
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from shapely import Point, STRtree

from services.cases.case import CaseRow
from services.district.policy import EscalationPolicy, MergingPolicy
from services.platform.clock import DAY_MS, HOUR_MS

_METRES_PER_DEGREE = 111_320.0


class ComparedCase(NamedTuple):
    """What a comparison needs of a case; times in Unix milliseconds."""

    case_id: str
    lon: float
    lat: float
    class_key: str
    domain: str
    reported_at: int
    closed_at: int | None
    is_open: bool = True
    street: str = ""
    community: str = ""


class HotSpot(NamedTuple):
    """Cases of one class that gather at a place: its middle in WGS-84, how many, how many of them open."""

    lon: float
    lat: float
    domain: str
    case_ids: tuple[str, ...]
    open: int
    newest_at: int


def seen(row: CaseRow) -> ComparedCase | None:
    """A case as it is compared; None without a position, or when it counts for nothing."""
    if row.lon is None or row.lat is None or row.status == "voided" or row.merged:
        return None
    return ComparedCase(
        row.case_id, row.lon, row.lat, row.class_key, row.domain, row.reported_at, row.closed_at, row.is_open,
        row.street, row.community,
    )  # fmt: skip


def metres(a: tuple[float, float], b: tuple[float, float]) -> float:
    """The distance between two (lon, lat) of one district."""
    scale = math.cos(math.radians((a[1] + b[1]) / 2))
    return math.hypot((a[0] - b[0]) * scale, a[1] - b[1]) * _METRES_PER_DEGREE


class Neighbours:
    """Cases by place: a grid of cells as wide as the radius asked for, so that a question looks at nine of them."""

    def __init__(self, radius_m: float, rows: Iterable[ComparedCase] = ()) -> None:
        self._radius_m = radius_m
        self._step = max(radius_m, 1.0) / _METRES_PER_DEGREE
        self._cells: defaultdict[tuple[int, int], dict[str, ComparedCase]] = defaultdict(dict)
        self._at: dict[str, tuple[int, int]] = {}
        for row in rows:
            self.put(row)

    def __len__(self) -> int:
        return len(self._at)

    def __iter__(self) -> Iterator[ComparedCase]:
        for case_id, cell in self._at.items():
            yield self._cells[cell][case_id]

    def put(self, row: ComparedCase) -> None:
        """Add a case, or move it."""
        self.drop(row.case_id)
        cell = self._cell(row.lon, row.lat)
        self._cells[cell][row.case_id] = row
        self._at[row.case_id] = cell

    def drop(self, case_id: str) -> None:
        """Forget a case."""
        cell = self._at.pop(case_id, None)
        if cell is not None:
            del self._cells[cell][case_id]

    def near(self, lon: float, lat: float) -> Iterator[tuple[ComparedCase, float]]:
        """Every case within the radius, with its distance in metres."""
        for row in self.around(lon, lat):
            if (distance := metres((lon, lat), (row.lon, row.lat))) <= self._radius_m:
                yield row, distance

    def is_near(self, lon: float, lat: float, row: ComparedCase) -> bool:
        """Whether a case lies within the radius."""
        return metres((lon, lat), (row.lon, row.lat)) <= self._radius_m

    def around(self, lon: float, lat: float) -> Iterator[ComparedCase]:
        """Every case in the cells that the radius reaches: those within it, and some more."""
        x, y = self._cell(lon, lat)
        # A degree of longitude is shorter than one of latitude: as many cells more to either side.
        wide = math.ceil(1 / max(math.cos(math.radians(lat)), 0.01))
        for dx in range(-wide, wide + 1):
            for dy in (-1, 0, 1):
                if (cell := self._cells.get((x + dx, y + dy))) is not None:
                    yield from cell.values()

    def _cell(self, lon: float, lat: float) -> tuple[int, int]:
        return math.floor(lon / self._step), math.floor(lat / self._step)


def earlier_closed(row: CaseRow, neighbours: Neighbours, policy: EscalationPolicy) -> int:
    """How many earlier cases of the same minor class within the policy's metres were closed within its days."""
    if row.lon is None or row.lat is None or not row.class_key:
        return 0
    since = row.reported_at - policy.repeat_days * DAY_MS
    return sum(
        1
        for other in neighbours.around(row.lon, row.lat)
        if other.class_key == row.class_key
        and other.closed_at is not None
        and since <= other.closed_at <= row.reported_at
        and other.case_id != row.case_id
        and neighbours.is_near(row.lon, row.lat, other)
    )


def same_matter(
    row: CaseRow, others: Iterable[ComparedCase], policy: MergingPolicy
) -> list[tuple[ComparedCase, float]]:
    """Candidates for the same matter, the nearest first, with metres: same unified class, near in place and time."""
    if row.lon is None or row.lat is None or row.merged or row.status == "voided":
        return []
    found = []
    for other in others:
        if other.case_id == row.case_id or other.domain != row.domain:
            continue
        if abs(other.reported_at - row.reported_at) > policy.hours * HOUR_MS:
            continue
        if other.closed_at is not None and other.closed_at < row.reported_at:
            continue  # what was closed before this was reported is a repeat, not the same matter
        distance = metres((row.lon, row.lat), (other.lon, other.lat))
        if distance <= policy.metres:
            found.append((other, distance))
    return sorted(found, key=lambda item: (item[1], item[0].case_id))


def hot_spots(rows: Iterable[ComparedCase], policy: MergingPolicy) -> list[HotSpot]:
    """Where cases of one minor class gather (of one unified class where the minor one is unknown), the largest first.

    A spot is a disc: a case with everything of its class within the policy's metres. The fullest disc is taken first
    and its cases with it, so that no case stands in two, and a long row of small steps is several.
    """
    by_class: defaultdict[str, list[ComparedCase]] = defaultdict(list)
    for row in rows:
        by_class[row.class_key or row.domain].append(row)
    found = []
    for members in by_class.values():
        if len(members) >= policy.hot_spot_cases:
            members.sort(key=lambda m: m.case_id)
            found += [_hot_spot(group) for group in _discs(members, policy.hot_spot_metres, policy.hot_spot_cases)]
    return sorted(found, key=lambda spot: (-len(spot.case_ids), -spot.newest_at, spot.case_ids))


def _discs(members: list[ComparedCase], radius_m: float, least: int) -> Iterator[list[ComparedCase]]:
    scale = math.cos(math.radians(members[0].lat)) * _METRES_PER_DEGREE
    points = [Point(m.lon * scale, m.lat * _METRES_PER_DEGREE) for m in members]
    near: list[set[int]] = [set() for _ in members]
    for i, j in STRtree(points).query(points, predicate="dwithin", distance=radius_m).T:
        near[int(i)].add(int(j))
    heap = [(-len(of), i) for i, of in enumerate(near) if len(of) >= least]
    heapq.heapify(heap)
    while heap:
        size, i = heapq.heappop(heap)
        disc = near[i]
        if len(disc) < least:
            continue
        if len(disc) < -size:  # some of it has gone into a fuller one
            heapq.heappush(heap, (-len(disc), i))
            continue
        taken = set(disc)
        for j in {k for m in taken for k in near[m]}:
            near[j] -= taken
        yield [members[j] for j in sorted(taken)]


def _hot_spot(group: list[ComparedCase]) -> HotSpot:
    return HotSpot(
        sum(m.lon for m in group) / len(group),
        sum(m.lat for m in group) / len(group),
        group[0].domain,
        tuple(sorted(m.case_id for m in group)),
        sum(m.is_open for m in group),
        max(m.reported_at for m in group),
    )


def squares_per_degree(metres_wide: float, lat: float) -> tuple[float, float]:
    """How many squares so wide a degree of longitude and of latitude hold, at ``lat``."""
    per_lat = _METRES_PER_DEGREE / metres_wide
    return per_lat * math.cos(math.radians(lat)), per_lat


def gathered(squares: Iterable[tuple[str, int, int, int]], least: int, most: int) -> list[tuple[int, ...]]:
    """Where one class comes again: squares of several cases (class, x, y, n) joined to places of ``least`` and more.

    The fullest square takes those around it that nobody has taken; so no case stands in two places, and a long row of
    them is several. Returns the places, the fullest first, at most ``most``: each the positions of its squares in what
    was given, its fullest first.
    """
    given = list(squares)
    order = sorted(range(len(given)), key=lambda i: (-given[i][3], given[i][:3]))
    at = {square[:3]: i for i, square in enumerate(given)}
    taken: set[int] = set()
    found: list[tuple[int, tuple[int, ...]]] = []
    for i in order:
        if i in taken:
            continue
        key, x, y, _ = given[i]
        around = [at.get((key, x + dx, y + dy)) for dx in (-1, 0, 1) for dy in (-1, 0, 1) if dx or dy]
        members = (i, *(j for j in around if j is not None and j not in taken))
        n = sum(given[j][3] for j in members)
        if n >= least:
            taken.update(members)
            found.append((n, members))
    found.sort(key=lambda place: (-place[0], given[place[1][0]][:3]))
    return [members for _, members in found[:most]]
