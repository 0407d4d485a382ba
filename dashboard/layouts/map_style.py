"""The map's ground: the district's own outlines, in the greys of tokens.css (Leaflet's canvas reads no CSS variables)."""

import dash_leaflet as dl

from services.district.package import District

# The values of assets/tokens.css, dark theme; tests/unit/test_map_style.py holds them together.
TOKENS = {
    "map-land": "#1e2327",
    "map-water": "#14191e",
    "map-road-minor": "#262c31",
    "map-road-major": "#363d44",
    "map-border": "#69727b",
    "map-key-area": "#c6ccd2",
}
MAJOR = "major"


def layers(district: District) -> list[dl.GeoJSON]:
    """Bottom to top: land, green and water, roads, borders, key areas. What the package lacks is not drawn."""
    found = []
    if any(area.geometry is not None for area in district.streets.values()):
        found.append(_layer("land", "streets", fillColor=TOKENS["map-land"], fillOpacity=1, stroke=False))
    for name, style in (
        ("green", {"fillColor": TOKENS["map-road-minor"], "fillOpacity": 0.45, "stroke": False}),
        ("water", {"fillColor": TOKENS["map-water"], "fillOpacity": 1, "color": TOKENS["map-road-major"], "weight": 1}),
        ("roads_minor", {"color": TOKENS["map-road-minor"], "weight": 1}),
        ("roads_major", {"color": TOKENS["map-road-major"], "weight": 3, "lineJoin": "round"}),
    ):
        if name.split("_")[0] in district.layers:
            found.append(_layer(name, name, **style))
    if any(area.geometry is not None for area in district.streets.values()):
        found.append(_layer("borders", "streets", color=TOKENS["map-border"], weight=1.5, fill=False))
    if "key_areas" in district.layers:
        found.append(_layer("key-areas", "key_areas", color=TOKENS["map-key-area"], weight=2, dashArray="8 5", fill=False))
    return found


def _layer(name: str, address: str, **style: object) -> dl.GeoJSON:
    return dl.GeoJSON(id=f"layer-{name}", url=f"/district/{address}.geojson", style=style, interactive=False)
