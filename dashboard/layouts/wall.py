"""The wall: a frame that the live feed fills (PRODUCT.md, «The screens»; design/DESIGN.md). No data access here."""

import json
from typing import Any

import dash_leaflet as dl
from dash import html
from dash.development.base_component import Component

from dashboard.door.static_files import words_address
from dashboard.layouts import ids
from services.district.package import District
from services.district.plane import plane_of
from services.district.spot_names import spots_en


def layout(district: District, words: dict[str, Any], menu: Component | None = None) -> html.Div:
    """The whole wall for one district in one language; ``menu`` leads to the other pages."""
    tile = words["tile"]
    english = words["language"] == "en"
    name = district.name_en if english and district.name_en else district.name
    data: Any = {"data-texts": words_address(words["language"]), "data-district": names_of(district, english)}
    return html.Div(
        id=ids.WALL,
        className="wall",
        lang=words["language"],
        **data,
        children=[
            _truth_bar(words["word"]["center"].format(name=name)),
            html.Main(
                [
                    html.Div(
                        [
                            _tile(ids.TODAY, tile["today"]),
                            _tile(ids.FUNNEL, tile["funnel"]),
                            _tile(ids.HOURS, tile["hours"]),
                            _tile(ids.CHANNELS, tile["channels"]),
                        ],
                        className="column",
                    ),
                    html.Div(
                        [
                            _tile(ids.STREETS, tile["streets"]),
                            _tile(ids.DOMAINS, tile["domains"]),
                        ],
                        className="column",
                    ),
                    _map(district, tile["map"]),
                    html.Div(
                        [
                            _tile(ids.QUEUE, tile["queue"]),
                            _tile(ids.NEXT, tile["next"]),
                            _tile(ids.BLIND, words["coverage"]["tile"], words["coverage"]["tile_basis"]),
                            html.Div(
                                [
                                    _tile(ids.CAMERAS, words["coverage"]["online_tile"]),
                                    _tile(ids.UNKNOWN, tile["unknown"]),
                                ],
                                className="halves",
                            ),
                        ],
                        className="column",
                    ),
                ]
            ),
            html.Footer(
                [
                    html.Div(id=ids.WALL_ALARMS, className="wall-alarms", role="status"),
                    html.Div(id=ids.TICKER, className="lines"),
                    html.Span(className="dim note", id="note"),
                ]
            ),
            picked_panel(words),
            *([menu] if menu is not None else []),
        ],
    )


def _truth_bar(name: str) -> html.Header:
    return html.Header(
        [
            html.Span("--:--:--", id=ids.CLOCK, className="clock"),
            html.Span(id=ids.DATE, className="mid"),
            html.H1(name),
            html.Span(id=ids.SHIFT, className="mid"),
            html.Div(id=ids.SOURCES, className="sources", role="status"),
        ],
        className="truth",
    )


def _tile(tile_id: str, name: str, basis: str = "") -> html.Section:
    """A rule, a name, its basis and its time; then the answer."""
    return html.Section(
        [
            html.Header(
                [
                    html.H2(name),
                    html.Span([html.Span(basis, className="basis"), html.Time(className="as-of")], className="when"),
                ]
            ),
            html.Div(className="body loading"),
        ],
        id=tile_id,
        className="tile",
    )


def _map(district: District, name: str) -> html.Section:
    return html.Section(
        [
            html.Header(
                [
                    html.H2(name),
                    html.Span(
                        [html.Span(id=ids.WATCH_KEY, className="basis"), html.Time(className="as-of")], className="when"
                    ),
                ]
            ),
            html.Div(id=ids.MAP_KEY, className="key"),
            map_box(district),
            html.Div(id=ids.INSETS, className="insets"),
            html.Div(id=ids.MAP_LEGEND, className="key legend"),
        ],
        id=ids.MAP_TILE,
        className="tile map-tile",
    )


def map_box(district: District) -> html.Div:
    """The map with its tooltip; the page's script lays the ground on it (assets/modules/map/ground.js)."""
    west, south, east, north = bounds(district)
    data: Any = {"data-bounds": json.dumps([south, west, north, east])}
    return html.Div(
        [
            dl.Map(
                id=ids.MAP, bounds=[[south, west], [north, east]], trackViewport=False,
                zoomSnap=0, zoomDelta=0.5, minZoom=8, maxZoom=19, zoomControl=False, attributionControl=False,
                preferCanvas=True, wheelPxPerZoomLevel=90, className="map",
            ),
            html.Div(id=ids.TOOLTIP, className="tooltip", role="tooltip", hidden=True),
        ],
        className="map-box",
        **data,
    )  # fmt: skip


def picked_panel(words: dict[str, Any]) -> html.Aside:
    """The panel of what was picked: a case, a camera, a figure."""
    return html.Aside(
        [
            html.Button("×", id=ids.PANEL_CLOSE, className="close", title=words["word"]["close_panel"]),
            html.Div(id=ids.PANEL_BODY),
        ],
        id=ids.PANEL,
        className="case-panel",
        lang=words["language"],
        hidden=True,
        tabIndex=-1,
        **{"aria-label": words["desk"]["columns"]["case"]},
    )


def bounds(district: District) -> tuple[float, float, float, float]:
    """(west, south, east, north) of all streets with a geometry; a stand-in where none has one."""
    shapes = [a.geometry.bounds for a in district.streets.values() if a.geometry is not None]
    if not shapes:
        return 114.30, 22.60, 114.45, 22.80
    wests, souths, easts, norths = zip(*shapes, strict=True)
    return min(wests), min(souths), max(easts), max(norths)


def names_of(district: District, english: bool) -> str:
    """What the browser must know of the district: zone, plane, streets with a place for their names, units."""
    plane = plane_of(district)
    kx, ky = plane.metres_per_degree
    streets = {
        code: {
            "name": _name(area.name, district.streets_en.get(code), english),
            "at": area.centre,
            "box": area.geometry.bounds if area.geometry is not None else None,
        }
        for code, area in district.streets.items()
    }
    units = {code: _name(name, district.units_en.get(code), english) for code, name in district.units.items()}
    return json.dumps(
        {
            "zone": district.zone.key,
            "code": district.code,
            "streets": streets,
            "spots": spots_en(district) if english else {},
            "units": units,
            "plane": {"lon": plane.lon, "lat": plane.lat, "kx": kx, "ky": ky},
        },
        ensure_ascii=False,
    )


def _name(name: str, name_en: str | None, english: bool) -> str:
    return name_en if english and name_en else name
