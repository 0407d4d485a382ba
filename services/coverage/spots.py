"""What nobody sees of the places that must be seen: exact polygons, lengths and points (采集部位).

A key area counts with its outdoor part, a key road section with its line outside buildings, a key place with its point;
a place whose point lies in a building counts with the ground 10 m around that building, for no camera looks through
walls. Metres.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry as Geometry

from services.coverage.cameras import NOTHING, PlacedCamera
from services.coverage.geometry.footprints import Footprints
from services.coverage.geometry.outlines import outlines
from services.coverage.told import SpotKind, WatchedSpot
from services.district.package import District, features_of
from services.district.plane import Plane

AROUND_M = 10.0
# Of a polygon or line, less than this is the rounding of two edges that should be one.
CRUMB = 1e-6
_LAYERS: tuple[tuple[str, SpotKind, float], ...] = (
    ("key_areas", "area", 2.0),
    ("key_roads", "road", 1.5),
    ("key_places", "place", 1.0),
)


class Gaps(NamedTuple):
    """What is not seen: m², metres or 0 and 1; ``blind`` is the part that no working camera sees by the light given."""

    planned: float
    live: float
    planned_night: float
    live_night: float
    now: float
    blind: Geometry
    blind_planned: Geometry


@dataclass(slots=True, eq=False)
class Watched:
    """A key area, road section or place. ``ground`` is what must be seen of ``outline``.

    ``told`` is what was said of its gaps when they were last measured; cases move only the rest.
    """

    id: str
    kind: SpotKind
    name: str
    street: str
    place_type: str
    weight: float
    outline: Geometry
    ground: Geometry
    cameras: set[str] = field(default_factory=set)
    gaps: Gaps | None = None
    told: WatchedSpot | None = None
    size: float = field(init=False)

    def __post_init__(self) -> None:
        """``size`` is m², metres, or 1."""
        self.size = measure(self.ground)


def measure(ground: Geometry) -> float:
    """m² of a polygon, metres of a line, how many points."""
    dimension = shapely.get_dimensions(ground)
    if shapely.is_empty(ground):
        return 0.0
    if dimension == 0:
        return float(shapely.get_num_geometries(ground))
    return float(shapely.area(ground) if dimension == 2 else shapely.length(ground))


def read_spots(
    district: District, plane: Plane, footprints: Footprints, streets: Mapping[str, Geometry]
) -> list[Watched]:
    """The package's key areas, roads and places. One that crosses itself is mended; an empty one is left out."""
    found: list[Watched] = []
    known: set[str] = set()
    for layer, kind, usual in _LAYERS:
        features = features_of(district, layer)
        read = outlines(features, plane)
        for number, drawn in zip(read.of, read.shapes, strict=True):
            outline = drawn if drawn.is_valid else shapely.make_valid(drawn)
            ground = _ground(kind, outline, footprints)
            if ground.is_empty:
                continue
            properties: Mapping[str, Any] = features[number].get("properties") or {}
            code = str(properties.get("code") or number + 1)
            while f"{kind}:{code}" in known:  # two of one code are two all the same
                code += "'"
            known.add(f"{kind}:{code}")
            found.append(
                Watched(
                    f"{kind}:{code}", kind, str(properties.get("name") or code),
                    _street_of(outline, streets), str(properties.get("place_type") or ""),
                    _weight(properties.get("weight"), usual), outline, ground,
                )
            )  # fmt: skip
    return found


def _weight(given: object, usual: float) -> float:
    """A weight from 0 on; the usual one where it is none."""
    is_number = isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given) and given >= 0
    return float(given) if is_number else usual  # type: ignore[arg-type]  # it is a number


def _ground(kind: SpotKind, outline: Geometry, footprints: Footprints) -> Geometry:
    if kind == "place" and shapely.get_dimensions(outline) == 0:
        around = footprints.within(outline)
        if not len(around):
            return outline
        building = shapely.union_all(around)
        return footprints.outdoors(shapely.difference(shapely.buffer(building, AROUND_M, quad_segs=32), building))
    return footprints.outdoors(outline)


def _street_of(outline: Geometry, streets: Mapping[str, Geometry]) -> str:
    point = outline.representative_point()
    return next((code for code, area in streets.items() if area.covers(point)), "")


class WatchedSpots:
    """The watched places of a district, with the cameras that see a part of each."""

    def __init__(self, spots: Sequence[Watched]) -> None:
        self.by_id = {spot.id: spot for spot in spots}
        self._list = list(spots)
        self._tree = STRtree([spot.ground for spot in spots])

    def touching(self, shapes: Sequence[Geometry]) -> list[list[Watched]]:
        """The spots that each polygon sees something of."""
        found: list[list[Watched]] = [[] for _ in shapes]
        if len(shapes) and self._list:
            for i, spot in self._tree.query(np.asarray(shapes, dtype=object), predicate="intersects").T.tolist():
                found[i].append(self._list[spot])
        return found

    def near(self, x: float, y: float, reach: float) -> list[Watched]:
        """The spots within so many metres of a point."""
        if not self._list:
            return []
        return [
            self._list[i] for i in self._tree.query(shapely.Point(x, y), predicate="dwithin", distance=reach).tolist()
        ]

    def link(self, cameras: Iterable[PlacedCamera]) -> None:
        """These cameras are new."""
        placed = list(cameras)
        for camera, spots in zip(placed, self.touching([camera.seen for camera in placed]), strict=True):
            for spot in spots:
                spot.cameras.add(camera.camera.camera_id)

    def of(self, camera_id: str, seen: Geometry) -> list[Watched]:
        """The spots that a camera is linked with."""
        return [spot for spot in self.touching([seen])[0] if camera_id in spot.cameras]

    def unlink(self, camera_id: str, seen: Geometry) -> list[Watched]:
        """A camera is gone or sees something else; the spots it was linked with."""
        found = self.of(camera_id, seen)
        for spot in found:
            spot.cameras.discard(camera_id)
        return found


def gaps_of(
    spot: Watched, cameras: Mapping[str, PlacedCamera], sees: Mapping[str, tuple[bool, bool]], *, is_night: bool
) -> Gaps:
    """Work a spot's gaps out, exactly. ``sees`` says of each camera whether it works by day and by night."""
    ids = sorted(spot.cameras)
    has_light = [i for i in ids if cameras[i].aim.by_night]
    by_day, by_night = [i for i in ids if sees[i][0]], [i for i in has_light if sees[i][1]]
    known: dict[tuple[str, ...], Geometry] = {}

    def left(chosen: Sequence[str]) -> Geometry:
        key = tuple(chosen)
        if key not in known:
            known[key] = unseen_of(spot.ground, [cameras[i].seen for i in chosen])
        return known[key]

    present = by_night if is_night else by_day
    at_present = [cameras[i].now if cameras[i].aim.view == "reach" else cameras[i].seen for i in present]
    is_turning = any(cameras[i].aim.view == "reach" for i in present)
    now = unseen_of(spot.ground, at_present) if is_turning else left(present)
    planned, blind = left(ids), left(present)
    return Gaps(
        planned=measure(planned),
        live=measure(left(by_day)),
        planned_night=measure(left(has_light)),
        live_night=measure(left(by_night)),
        now=measure(now),
        blind=blind,
        blind_planned=planned,
    )


def unseen_of(ground: Geometry, shapes: Sequence[Geometry]) -> Geometry:
    """What of the ground lies in none of the shapes; crumbs of rounding left out."""
    left = shapely.difference(ground, shapely.union_all(shapes)) if shapes else ground
    if left.is_empty or shapely.get_dimensions(ground) == 0:
        return left
    if left.geom_type in {"Polygon", "LineString"}:
        return left if measure(left) > CRUMB else NOTHING
    parts = shapely.get_parts(left)
    sizes = shapely.area(parts) if shapely.get_dimensions(ground) == 2 else shapely.length(parts)
    kept = parts[(sizes > CRUMB) & (shapely.get_dimensions(parts) == shapely.get_dimensions(ground))]
    if len(kept) == len(parts):
        return left
    return kept[0] if len(kept) == 1 else shapely.union_all(kept) if len(kept) else NOTHING
