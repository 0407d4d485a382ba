"""The English names of the listed spots (key areas, roads, places), where the package gives them. Pure."""

from typing import Any

from services.district.package import District

LAYERS = (("key_areas", "area"), ("key_roads", "road"), ("key_places", "place"))


def spots_en(district: District) -> dict[str, str]:
    """By the spot's id: «area:KA03»."""
    found = {}
    for layer, kind in LAYERS:
        features: Any = district.layers.get(layer, {}).get("features", [])
        for feature in features:
            properties = feature.get("properties") or {}
            if properties.get("code") and properties.get("name_en"):
                found[f"{kind}:{properties['code']}"] = str(properties["name_en"])
    return found
