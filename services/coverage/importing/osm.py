"""Cameras of OpenStreetMap as GeoJSON: ``man_made=surveillance`` (wiki: Tag:man_made=surveillance).

``camera:angle`` is a tilt with some mappers and a field of view with others, so it is neither here.
"""

import json
import re
from typing import Any

from services.coverage.importing.row import NotReadable, Row, decoded

POINTS = "N NNE NE ENE E ESE SE SSE S SSW SW WSW W WNW NW NNW".split()
KINDS = {"fixed": "bullet", "panning": "ptz", "dome": "dome"}
MOUNTS = {
    "pole": "pole", "street_lamp": "pole", "street_light": "pole", "mast": "pole", "wall": "wall", "building": "wall",
    "roof": "roof",
}  # fmt: skip
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_RANGE = re.compile(r"\s*([\d.]+|[A-Za-z]{1,3})\s*°?\s*-\s*([\d.]+|[A-Za-z]{1,3})\s*°?\s*")


def rows(data: bytes) -> tuple[list[Row], int]:
    """The cameras of a feature collection, and how many features are something else. Raises NotReadable."""
    try:
        found = json.loads(decoded(data))
    except (json.JSONDecodeError, RecursionError) as error:
        raise NotReadable(f"is not JSON: {error}", "Export GeoJSON again") from error
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list):
        raise NotReadable("is not a FeatureCollection", "Export GeoJSON, for example from Overpass")
    taken, others = [], 0
    for number, feature in enumerate(features, start=1):
        row = _row(number, feature) if isinstance(feature, dict) else Row(number)
        if row is None:
            others += 1
        else:
            taken.append(row)
    return taken, others


def _row(number: int, feature: dict[str, Any]) -> Row | None:
    """The row of a feature; None: it is no camera (a guard, a reader of plates on a gate, a bench)."""
    tags = feature.get("properties")
    if not isinstance(tags, dict):
        return None
    tags = {k: str(v).strip() for k, v in tags.items() if v not in (None, "")}
    if tags.get("man_made") != "surveillance" or tags.get("surveillance:type", "camera").lower() != "camera":
        return None
    values: dict[str, object] = {"coord_sys": "WGS84", "source_quality": "estimated"}
    number_id = tags.get("osm_id") or tags.get("@id") or str(feature.get("id") or tags.get("id") or "")
    if number_id:
        values["camera_id"] = f"osm-{number_id.replace('/', '-')}"
    geometry = feature.get("geometry")
    at = geometry.get("coordinates") if isinstance(geometry, dict) and geometry.get("type") == "Point" else None
    if isinstance(at, list) and len(at) >= 2:
        values |= {"lon": at[0], "lat": at[1]}
    values |= {ours: tags[theirs] for ours, theirs in (("name", "name"), ("tilt", "camera:tilt")) if theirs in tags}
    if kind := KINDS.get(tags.get("camera:type", "").lower()):
        values["kind"] = kind
    if mount := MOUNTS.get(tags.get("camera:mount", "").lower()):
        values["mount"] = mount
    if tags.get("surveillance") == "indoor" or tags.get("indoor") == "yes":
        values["mount"] = "indoor"
    if (height := _NUMBER.match(tags.get("height", ""))) and "'" not in tags["height"]:
        values["mount_height_m"] = height[0]
    if direction := tags.get("camera:direction") or tags.get("direction"):
        values |= aim(direction)
    return Row(number, values)


def aim(text: str) -> dict[str, object]:
    """``azimuth``, ``hfov`` and ``directions`` of a direction's text; what cannot be read stays as it is, to be named.

    Degrees, one of 16 compass points, a span ``a-b`` clockwise (its middle, and its width as field of view), lists.
    """
    middles: list[object] = []
    widths: list[float] = []
    for part in filter(str.strip, text.split(";")):
        span = _RANGE.fullmatch(part)
        start, end = (degrees(span[1]), degrees(span[2])) if span else (None, None)
        if start is not None and end is not None and max(start, end) <= 360:
            width = (end - start) % 360 or 360.0
            middles.append((start + width / 2) % 360)
            widths.append(width)
        else:
            found = degrees(part)
            middles.append(part.strip() if found is None else found)
    values: dict[str, object] = {"hfov": max(widths)} if widths else {}
    return values | ({"azimuth": middles[0]} if len(middles) == 1 else {"directions": middles})


def degrees(text: str) -> float | None:
    """Degrees clockwise from north; None where the text is neither a number nor a compass point."""
    text = text.strip().removesuffix("°").strip()
    if text.upper() in POINTS:
        return POINTS.index(text.upper()) * 22.5
    return float(text) if _NUMBER.fullmatch(text) else None
