"""A past board as a map for paper: SVG, readable in black and white by the shapes of its signs. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from services.board.state import Board
from services.cases.deadlines import LIGHTS
from services.cases.masking import GridCentres, for_wall
from services.district.outline import layer
from services.district.package import District
from services.district.plane import plane_of

_FILL = {"land": "#f4f5f7", "green": "#e6ece3", "water": "#d5dde6"}
_LINE = {"border": ("#868f9a", 0.6), "road-major": ("#c3c9d0", 0.5), "key-area": ("#868f9a", 0.4)}
OVERDUE, DUE_SOON = LIGHTS.index("overdue"), LIGHTS.index("due_soon")


def map_svg(board: Board, district: District, names: Mapping[str, str], width: int = 300) -> str:
    """The district with its open cases, ``width`` units wide; empty where the package has no outlines.

    ``names`` are the streets' where they are others than the package's.

    ◆ overdue, ▲ due soon, a dot for the rest; a case of a sensitive class stands at its grid's centre, as on the wall.
    """
    ground: Any = layer(district, "ground")
    shapes = [f for f in ground["features"] if f["properties"]["kind"] in {*_FILL, *_LINE}] if ground else []
    bounds = [a.geometry.bounds for a in district.streets.values() if a.geometry is not None]
    if not bounds:
        return ""
    west, south = min(b[0] for b in bounds), min(b[1] for b in bounds)
    east, north = max(b[2] for b in bounds), max(b[3] for b in bounds)
    kx, ky = plane_of(district).metres_per_degree
    scale = (width - 12) / ((east - west) * kx)
    height = round((north - south) * ky * scale) + 12

    def at(lon: float, lat: float) -> tuple[float, float]:
        return 6 + (lon - west) * kx * scale, 6 + (north - lat) * ky * scale

    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="100%">']
    parts += [_drawn(f, at) for f in shapes]
    for area in district.streets.values():
        if area.centre is not None:
            x, y = at(*area.centre)
            look = 'font-size="9" fill="#5b636c" text-anchor="middle"'
            parts.append(f'<text x="{x:.1f}" y="{y:.1f}" {look}>{escape(names.get(area.code, area.name))}</text>')
    parts += _signs(board, district, at)
    return "".join([*parts, "</svg>"])


def _drawn(feature: dict[str, Any], at: Any) -> str:
    kind = feature["properties"]["kind"]
    lines = "".join(_paths(feature["geometry"], at))
    if kind in _FILL:
        return f'<path d="{lines}" fill="{_FILL[kind]}" fill-rule="evenodd"/>'
    colour, thick = _LINE[kind]
    dashes = ' stroke-dasharray="3 2"' if kind == "key-area" else ""
    return f'<path d="{lines}" fill="none" stroke="{colour}" stroke-width="{thick}"{dashes}/>'


def _paths(geometry: dict[str, Any], at: Any) -> Iterator[str]:
    kind, found = geometry["type"], geometry["coordinates"]
    rings: Any = {"Polygon": found, "LineString": [found], "MultiLineString": found}.get(kind, [])
    if kind == "MultiPolygon":
        rings = [ring for part in found for ring in part]
    for ring in rings:
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point[:2]) for point in ring))
        yield f"M{points}" + ("Z" if "Polygon" in kind else "")


def _signs(board: Board, district: District, at: Any) -> Iterator[str]:
    """The rest first, so that what is overdue lies on top."""
    centres = GridCentres(district)
    shown = [for_wall(row, board.lights[case_id], centres) for case_id, row in sorted(board.rows.items())]
    for case in sorted(shown, key=lambda case: (case.light == OVERDUE, case.light == DUE_SOON)):
        if case.lon is None or case.lat is None:
            continue
        x, y = at(case.lon, case.lat)
        if case.light == OVERDUE:
            r = 5 if case.severity <= 2 else 3.5
            yield (
                f'<path d="M{x:.1f},{y - r:.1f} {x + r:.1f},{y:.1f} {x:.1f},{y + r:.1f} {x - r:.1f},{y:.1f}Z" '
                'fill="#b3261e" stroke="#ffffff" stroke-width="0.6"/>'
            )
        elif case.light == DUE_SOON:
            yield (
                f'<path d="M{x:.1f},{y - 3:.1f} {x + 3:.1f},{y + 2.4:.1f} {x - 3:.1f},{y + 2.4:.1f}Z" '
                'fill="#ffffff" stroke="#946000" stroke-width="1"/>'
            )
        else:
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="0.9" fill="#4b535c"/>'
