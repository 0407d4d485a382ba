"""Cameras of OpenStreetMap as GeoJSON: ``man_made=surveillance`` (wiki: Tag:man_made=surveillance).

``camera:angle`` is a tilt with some mappers and a field of view with others, so it is neither here. Exports write the
tags in several ways: as properties, as ``tags`` or ``all_tags``, or in GDAL's ``other_tags`` (hstore or JSON).
"""

import re
from collections.abc import Iterator
from typing import Any

from services.district.cameras.row import CameraRow, NotReadable
from services.district.finding import RowFinding
from services.files.fault import FileFault
from services.files.geojson import TWICE, read_json
from services.files.text import decode

POINTS = "N NNE NE ENE E ESE SE SSE S SSW SW WSW W WNW NW NNW".split()
KINDS = {"fixed": "bullet", "panning": "ptz", "dome": "dome"}
MOUNTS = {
    "pole": "pole",
    "street_lamp": "pole",
    "street_light": "pole",
    "mast": "pole",
    "wall": "wall",
    "building": "wall",
    "roof": "roof",
}
PLATE_READERS = {"alpr", "anpr", "lpr"}
PACKED = {"other_tags", "all_tags", "tags"}
# Tags whose colon an export may have written as an underscore.
COLONS = ("surveillance:type", "surveillance:zone", "camera:type", "camera:direction", "camera:mount", "camera:tilt")
_PAIR = re.compile(r'"((?:[^"\\]|\\.)*)"\s*=>\s*(?:"((?:[^"\\]|\\.)*)"|NULL)', re.DOTALL)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_RANGE = re.compile(r"\s*([\d.]+|[A-Za-z]{1,3})\s*°?\s*-\s*([\d.]+|[A-Za-z]{1,3})\s*°?\s*")


def rows(data: bytes) -> tuple[list[CameraRow], list[RowFinding], int]:
    """The cameras of a feature collection, what there is to say, and how many features are something else.

    Raises NotReadable.
    """
    try:
        text = decode(data)
        found = read_json(text.text)
    except FileFault as error:
        raise NotReadable(error.faults[0].problem, "Export GeoJSON again") from error
    features = found.get("features") if isinstance(found, dict) else None
    if not isinstance(features, list):
        raise NotReadable("is not a FeatureCollection", "Export GeoJSON, for example from Overpass")
    findings = [RowFinding(0, "", "doubtful", text.note, "Check the names of the cameras")] if text.note else []
    taken, others = [], 0
    for number, feature in enumerate(features, start=1):
        row = _row(number, feature, findings) if isinstance(feature, dict) else CameraRow(number)
        if row is None:
            others += 1
        else:
            taken.append(row)
    return taken, findings, others


def tags_of(properties: dict[str, Any]) -> dict[str, str]:
    """The tags of a feature's properties, whichever way an export has them; empty ones are none."""
    found: dict[str, object] = {}
    for packed in ("other_tags", "all_tags", "tags"):
        value = properties.get(packed)
        found |= value if isinstance(value, dict) else dict(_unpacked(value)) if isinstance(value, str) else {}
    found |= {name: value for name, value in properties.items() if value not in (None, "") and name not in PACKED}
    tags = {str(k): str(v).strip() for k, v in found.items() if v not in (None, "") and k != TWICE}
    for name in COLONS:
        if name not in tags and (other := tags.get(name.replace(":", "_"))):
            tags[name] = other
    return tags


def _unpacked(text: str) -> Iterator[tuple[str, str]]:
    """The pairs of an hstore text, ``"key"=>"value","key"=>NULL``, or of a JSON object."""
    if text.lstrip().startswith("{"):
        try:
            found = read_json(text)
        except FileFault:
            return
        if isinstance(found, dict):
            yield from ((name, value) for name, value in found.items() if isinstance(value, str))
        return
    for pair in _PAIR.finditer(text):
        if pair[2] is not None:
            yield _ESCAPE.sub(r"\1", pair[1]), _ESCAPE.sub(r"\1", pair[2])


def _row(number: int, feature: dict[str, Any], findings: list[RowFinding]) -> CameraRow | None:
    """The row of a feature; None: it is no camera (a guard, a bench)."""
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        return None
    tags = tags_of(properties)
    types = set(re.split(r"[;,]\s*", tags.get("surveillance:type", "camera").lower()))
    if tags.get("man_made") != "surveillance" or not types & {"camera", *PLATE_READERS}:
        return None
    for name in properties.get(TWICE, ()):
        findings.append(RowFinding(number, "", "doubtful", f"names {name} twice: the last counts", "Leave one of them"))
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
    if not types & {"camera"}:
        values["kind"] = "checkpoint"  # 卡口: it reads plates at one line across the road
    if mount := MOUNTS.get(tags.get("camera:mount", "").lower()):
        values["mount"] = mount
    if tags.get("surveillance") == "indoor" or tags.get("indoor") == "yes":
        values["mount"] = "indoor"
    if (height := _NUMBER.match(tags.get("height", ""))) and "'" not in tags["height"]:
        values["mount_height_m"] = height[0]
    if direction := tags.get("camera:direction") or tags.get("direction"):
        values |= aim(direction)
    return CameraRow(number, values)


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
