"""The district's layers for a map, as GeoJSON: only what a drawing needs, coordinates to about a decimetre. Pure."""

from typing import Any

import shapely
from shapely.geometry import mapping

from services.district.package import District

AREAS = ("streets", "communities", "grids")
KEPT = ("code", "name", "name_en", "class", "place_type", "weight", "height_m")


def layer(district: District, name: str) -> dict[str, Any] | None:
    """A feature collection, or None when the package has no such layer. ``ground`` is all that lies under the cases."""
    if name == "ground":
        return _collection(_ground(district))
    if name in AREAS:
        features = _areas(district, name)
        return _collection(features) if features else None
    found = district.layers.get(name)
    if found is None:
        return None
    return _collection([_slim(f) for f in _features(found) if f.get("geometry")])


def _ground(district: District) -> list[dict[str, Any]]:
    """Bottom to top: land, green, water, roads (minor, major), street borders, key areas; ``kind`` names each."""
    found = _of_kind("land", _areas(district, "streets"))
    for kind in ("green", "water"):
        found += _of_kind(kind, _features(district.layers.get(kind)))
    roads = _features(district.layers.get("roads"))
    for part in ("minor", "major"):
        kept = [f for f in roads if ((f.get("properties") or {}).get("class") == "major") == (part == "major")]
        found += _of_kind(f"road-{part}", kept)
    found += _of_kind("border", _areas(district, "streets"))
    found += _of_kind("watch-area", _features(district.layers.get("watch_areas")))
    return found + _of_kind("key-area", _features(district.layers.get("key_areas")))


def _of_kind(kind: str, features: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"type": "Feature", "properties": {"kind": kind, **_code(f)}, "geometry": f["geometry"]}
        for f in features
        if f.get("geometry")
    ]


def _code(feature: dict[str, Any]) -> dict[str, str]:
    code = (feature.get("properties") or {}).get("code")
    return {"code": code} if code else {}


def _features(found: Any) -> list[dict[str, Any]]:
    return list(found["features"]) if found else []


def _areas(district: District, name: str) -> list[dict[str, Any]]:
    return [
        {"type": "Feature", "properties": {"code": a.code}, "geometry": _rounded(a.geometry)}
        for a in getattr(district, name).values()
        if a.geometry is not None
    ]


def _collection(features: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


def _slim(feature: dict[str, Any]) -> dict[str, Any]:
    properties = feature.get("properties") or {}
    kept = {name: properties[name] for name in KEPT if name in properties}
    return {"type": "Feature", "properties": kept, "geometry": feature["geometry"]}


def _rounded(geometry: Any) -> dict[str, Any]:
    found: dict[str, Any] = mapping(shapely.set_precision(geometry, 1e-6, mode="pointwise"))
    return found
