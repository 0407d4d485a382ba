"""What there is in a district and has a name: places, units, watched areas, roads, cameras. Pure."""

from collections.abc import Iterator
from typing import NamedTuple

from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

from services.district.initials import initials_of
from services.district.package import Area, District, features_of
from services.platform.search_text import normal
from services.search.query import SearchQuery

# (kind, layer of the package): in the order in which they are shown, behind streets, communities, grids and units.
_LAYERS = (
    ("watch_area", "watch_areas"),
    ("key_area", "key_areas"),
    ("key_place", "key_places"),
    ("key_road", "key_roads"),
    ("road", "roads"),
)
_BY_INITIALS = {"street", "community", "unit", "watch_area"}


class PlaceHit(NamedTuple):
    """Something that has a name; ``at`` is (lon, lat) where it has a place, ``street`` the street's code it is of."""

    kind: str
    code: str
    name: str
    at: tuple[float, float] | None
    street: str


class NamedPlaces:
    """Everything in a package that has a name, looked through word by word."""

    def __init__(self, district: District) -> None:
        hits = dict.fromkeys(_hits(district))
        self._named = [
            (hit, normal(f"{hit.name} {hit.code}"), initials_of(hit.name) if hit.kind in _BY_INITIALS else "")
            for hit in hits
        ]

    def find(
        self, query: SearchQuery, street: str = "", most: int = 20, *, has_cameras: bool = True
    ) -> tuple[list[PlaceHit], int]:
        """What has all the words in its name, and how many there are; of one street where it is named.

        Units belong to the district, and are every seat's.
        """
        words = [word.text for word in query.words]
        if query.problem or not words or query.since is not None:
            return [], 0
        found = [
            hit
            for hit, text, initials in self._named
            if all(word in text or (len(word) > 1 and initials.startswith(word)) for word in words)
            and (not street or hit.kind == "unit" or hit.street == street)
            and (has_cameras or hit.kind != "camera")
        ]
        return found[:most], len(found)


def _hits(district: District) -> Iterator[PlaceHit]:
    def street_of(area: Area) -> str:
        parent = district.communities.get(area.parent)
        return parent.parent if parent is not None else area.parent

    for code, area in district.streets.items():
        yield PlaceHit("street", code, area.name, area.centre, code)
    for kind, areas in (("community", district.communities), ("grid", district.grids)):
        for code, area in areas.items():
            yield PlaceHit(kind, code, area.name, area.centre, street_of(area))
    for code, name in district.units.items():
        yield PlaceHit("unit", code, name, None, "")
    for kind, layer in _LAYERS:
        for feature in features_of(district, layer):
            properties = feature.get("properties") or {}
            if name := str(properties.get("name") or ""):
                point = shape(feature["geometry"]).representative_point()
                code = "" if kind == "road" else str(properties.get("code") or "")
                yield _placed(district, PlaceHit(kind, code, name, (point.x, point.y), ""))
    for camera in district.cameras:
        yield _placed(district, PlaceHit("camera", camera.camera_id, camera.name or "", (camera.lon, camera.lat), ""))


def _placed(district: District, hit: PlaceHit) -> PlaceHit:
    """With the street in which its point lies, rounded to what a map shows."""
    assert hit.at is not None
    point = Point(hit.at)
    at = round(hit.at[0], 6), round(hit.at[1], 6)
    for code, area in district.streets.items():
        if area.geometry is not None and _lies_in(area.geometry, point):
            return hit._replace(at=at, street=code)
    return hit._replace(at=at)


def _lies_in(geometry: BaseGeometry, point: Point) -> bool:
    west, south, east, north = geometry.bounds
    return bool(west <= point.x <= east and south <= point.y <= north and geometry.contains(point))
