"""Watched areas as a form has them: read from the package's file, one set or ended, its edge judged. Pure.

The other areas, and properties that the form does not know, stay as they are.
"""

import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import shapely
from shapely.geometry import MultiPolygon, Polygon, shape

from services.district.package import District
from services.platform.refusal import Refusal

Edge = tuple[tuple[float, float], ...]
MOST_CORNERS, LEAST_CORNERS = 200, 3
LONGEST_NAME = 60
_NUMBERED = re.compile(r"(.*?)(\d+)")
_METRES = 111_320.0


class AreaRow(NamedTuple):
    """An area: ``edge`` is its ring in WGS-84 degrees, without the first point again; empty where it has several.

    ``windows``: when it is watched, as the package keeps it (services.district.watch_windows); empty: round the clock.
    """

    code: str
    name: str
    street: str
    watched_by: str
    edge: Edge
    windows: str = ""


class EdgeRefused(Refusal):
    """An edge that cannot be; ``code`` says why: few, many, number, crossing, outside."""

    texts, status = "package.areas.edge.", 400

    def __init__(self, code: str) -> None:
        super().__init__(code, code)


def areas_in(content: bytes | None) -> list[AreaRow]:
    """The areas of a file that was checked already."""
    return [_row(number, feature) for number, feature in enumerate(_features(content))]


def read_edge(text: str) -> Edge:
    """The corners of a text: a line each, longitude and latitude. Raises EdgeRefused."""
    found = []
    for line in filter(str.strip, text.splitlines()):
        try:
            lon, lat = (float(part) for part in re.split(r"[,，\s]+", line.strip()))
        except ValueError:
            raise EdgeRefused("number") from None
        if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
            raise EdgeRefused("number")
        found.append((round(lon, 6), round(lat, 6)))
    return tuple(found)


def check_edge(edge: Edge, district: District) -> Polygon:
    """The polygon of an edge. Raises EdgeRefused where it crosses itself, or lies outside of the district."""
    if len(set(edge)) < LEAST_CORNERS:
        raise EdgeRefused("few")
    if len(edge) > MOST_CORNERS:
        raise EdgeRefused("many")
    found = Polygon(edge)
    if not found.is_valid or found.area == 0:
        raise EdgeRefused("crossing")
    outlines = [area.geometry for area in district.streets.values() if area.geometry is not None]
    if outlines and not any(found.intersects(outline) for outline in outlines):
        raise EdgeRefused("outside")
    return found


def with_area(content: bytes | None, wanted: AreaRow) -> bytes:
    """The file with the area set; an empty edge leaves the one that it has."""
    features = _features(content)
    place = next((n for n, one in enumerate(features) if _row(n, one).code == wanted.code), None)
    feature = {"type": "Feature", "properties": {}, "geometry": None} if place is None else features[place]
    known = dict(feature.get("properties") or {})
    given = {
        "code": wanted.code,
        "name": wanted.name,
        "street": wanted.street,
        "watched_by": wanted.watched_by,
        "windows": wanted.windows,
    }
    properties = known | {key: value for key, value in given.items() if value or known.get(key)}
    geometry = feature["geometry"]
    if wanted.edge and (place is None or _row(place, feature).edge != wanted.edge):
        ring = [list(point) for point in (*wanted.edge, wanted.edge[0])]
        geometry = {"type": "Polygon", "coordinates": [ring]}
    made = {**feature, "properties": properties, "geometry": geometry}
    return _written([*features, made] if place is None else [*features[:place], made, *features[place + 1 :]])


def without_area(content: bytes | None, code: str) -> bytes:
    """The file without the area."""
    return _written([one for n, one in enumerate(_features(content)) if _row(n, one).code != code])


def next_code(areas: Iterable[AreaRow]) -> str:
    """A code for a new area, counted on from the ones that there are."""
    found = [m for area in areas if (m := _NUMBERED.fullmatch(area.code))]
    if not found:
        return "WA01"
    last = max(found, key=lambda m: int(m.group(2)))
    return f"{last.group(1)}{int(last.group(2)) + 1:0{len(last.group(2))}}"


def square_km(polygon: Polygon) -> float:
    """Its area; a district is small enough for one scale."""
    return float(polygon.area) * (_METRES / 1000) ** 2 * math.cos(math.radians(polygon.centroid.y))


def streets_of(polygon: Polygon, district: District) -> list[str]:
    """The streets that it lies in, the most of it first; slivers along a border are none."""
    parts = [
        (area.geometry.intersection(polygon).area / polygon.area, code)
        for code, area in district.streets.items()
        if area.geometry is not None and area.geometry.intersects(polygon)
    ]
    return [code for share, code in sorted(parts, reverse=True) if share > 0.01]


def count_inside(polygon: Polygon, cases: Sequence[tuple[float, float, int, bool]], since: int) -> tuple[int, int]:
    """(reported since then, open) of the cases inside; each as longitude, latitude, reported at, open."""
    if not cases:
        return 0, 0
    inside = shapely.contains_xy(polygon, [one[0] for one in cases], [one[1] for one in cases])
    found = [one for one, is_in in zip(cases, inside, strict=True) if is_in]
    return sum(one[2] >= since for one in found), sum(one[3] for one in found)


def _features(content: bytes | None) -> list[dict[str, Any]]:
    return list(json.loads(content.decode("utf-8-sig"))["features"]) if content else []


def _row(number: int, feature: dict[str, Any]) -> AreaRow:
    properties = feature.get("properties") or {}
    code = str(properties.get("code") or number)
    edge: Edge = ()
    if geometry := feature.get("geometry"):
        found = shape(geometry)
        if isinstance(found, MultiPolygon) and len(found.geoms) == 1:
            found = found.geoms[0]
        if isinstance(found, Polygon) and not found.interiors:
            edge = tuple((float(point[0]), float(point[1])) for point in found.exterior.coords[:-1])
    return AreaRow(
        code,
        str(properties.get("name") or code),
        str(properties.get("street") or ""),
        str(properties.get("watched_by") or ""),
        edge,
        str(properties.get("windows") or ""),
    )


def _written(features: list[dict[str, Any]]) -> bytes:
    rows = ",\n".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) for one in features)
    return f'{{"type":"FeatureCollection","features":[\n{rows}\n]}}\n'.encode()
