"""Watched areas (问题突出地区全天候管控): what is open in each, new in 24 hours, when a patrol was last there. Pure.

A watched area is a polygon of the package, or a hot spot of repeats that offers itself as one.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
import shapely
from shapely import Geometry, STRtree
from shapely.geometry import shape

from services.contract.kept import kept_decoder
from services.contract.others import UnitMoved
from services.district.coords import to_wgs84
from services.district.package import District
from services.district.watch_windows import WatchWindow, is_watched, read_windows
from services.platform.clock import DAY_MS, to_ms

_UNIT = kept_decoder(UnitMoved)


def position_in(data: bytes) -> tuple[float, float, int]:
    """A patrol's kept position in WGS-84 with its time in Unix milliseconds."""
    unit = _UNIT(data)
    lon, lat = to_wgs84(unit.lon, unit.lat, unit.coord_sys)
    return lon, lat, to_ms(unit.at)


class WatchedArea(NamedTuple):
    """One area under watch: its code, its name, the street it lies in, who watches it ('' = nobody is named).

    ``windows``: when it is watched; none: round the clock. What happens outside of them is not of it.
    """

    code: str
    name: str
    street: str
    watched_by: str
    geometry: Geometry
    windows: tuple[WatchWindow, ...] = ()


class CaseAt(NamedTuple):
    """What an area counts of a case; times in Unix milliseconds."""

    lon: float
    lat: float
    reported_at: int
    is_open: bool


class Watch(msgspec.Struct, frozen=True):
    """The figures of one area. ``unseen`` is how many of its open cases no camera sees: None while nobody knows."""

    code: str
    name: str
    street: str
    watched_by: str
    open: int
    new: int
    unseen: int | None
    patrolled_at: int | None


class WatchedAreas:
    """The areas of one package, with a tree to find them by; and when a patrol was last seen in each."""

    def __init__(self, district: District) -> None:
        self.areas = watched_areas(district)
        self._district = district
        self._tree = STRtree([area.geometry for area in self.areas])
        self.patrolled: dict[str, int] = {}

    def inside(self, points: Sequence[tuple[float, float]]) -> list[tuple[int, int]]:
        """(point, area) by their places in the lists."""
        if not points or not self.areas:
            return []
        found = self._tree.query(shapely.points(points), predicate="intersects")
        return [(int(p), int(a)) for p, a in found.T]

    def patrols(self, seen: Iterable[tuple[float, float, int]]) -> None:
        """Take in positions of patrols as (lon, lat, Unix ms)."""
        self.merge(self.passed(seen))

    def passed(self, seen: Iterable[tuple[float, float, int]]) -> dict[str, int]:
        """Area → when a patrol was last there, by these positions alone: it changes nothing, any thread may ask."""
        places = list(seen)
        found: dict[str, int] = {}
        for p, a in self.inside([(lon, lat) for lon, lat, _ in places]):
            code, at = self.areas[a].code, places[p][2]
            if is_watched(self.areas[a].windows, self._district, at):
                found[code] = max(at, found.get(code, at))
        return found

    def merge(self, passed: Mapping[str, int]) -> None:
        """Take in what ``passed`` has found."""
        for code, at in passed.items():
            self.patrolled[code] = max(at, self.patrolled.get(code, at))

    def watch(self, cases: Sequence[CaseAt], now: int) -> list[Watch]:
        """The figures at ``now``, the areas with most open cases first; of cases reported while the area is watched."""
        opened, new = [0] * len(self.areas), [0] * len(self.areas)
        for p, a in self.inside([(case.lon, case.lat) for case in cases]):
            if not is_watched(self.areas[a].windows, self._district, cases[p].reported_at):
                continue
            opened[a] += cases[p].is_open
            new[a] += now - DAY_MS < cases[p].reported_at <= now
        found = [
            Watch(area.code, area.name, area.street, area.watched_by, opened[i], new[i], None,
                  self.patrolled.get(area.code))
            for i, area in enumerate(self.areas)
        ]  # fmt: skip
        return sorted(found, key=lambda watch: (-watch.open, -watch.new, watch.code))


def watched_areas(district: District) -> list[WatchedArea]:
    """The areas of a package that have an outline."""
    features: Any = district.layers.get("watch_areas", {}).get("features", [])
    found = []
    for number, feature in enumerate(features):
        properties: Mapping[str, Any] = feature.get("properties") or {}
        if not feature.get("geometry"):
            continue
        code = str(properties.get("code") or number)
        found.append(
            WatchedArea(
                code,
                str(properties.get("name") or code),
                str(properties.get("street") or ""),
                str(properties.get("watched_by") or ""),
                shape(feature["geometry"]),
                read_windows(str(properties.get("windows") or "")),
            )
        )
    return found
