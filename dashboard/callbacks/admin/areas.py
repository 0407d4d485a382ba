"""/admin/areas: watched areas, drawn on the district's own outlines; what lies inside is counted while it is drawn."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
from flask import Flask, Response, request
from shapely.geometry import Polygon, shape
from shapely.geometry.base import BaseGeometry

from dashboard.callbacks.admin.package_pages import PackagePages, Unsaved, entered_number
from dashboard.door.bodies import as_json, body
from dashboard.door.routes import add_routes, redirect
from services.admin.area_edit import (
    LONGEST_NAME,
    MOST_CORNERS,
    AreaRow,
    Edge,
    EdgeRefused,
    areas_in,
    check_edge,
    next_code,
    read_edge,
    with_area,
    without_area,
)
from services.admin.area_reader import AreaFigures, area_figures, placed_cases
from services.admin.changes import PackageChange
from services.district.package import features_of
from services.district.watch_windows import read_windows, written_windows

FILE = "watch_areas.geojson"
# The map's square: a unit is about a metre and a half in a district of fifteen kilometres.
SIZE = 10_000
SMOOTH = 0.00015
NEAREST = 1_500
NEW = "new"
LONGEST_WINDOWS = 500

Corner = Annotated[list[Annotated[float, msgspec.Meta(ge=-180, le=180)]], msgspec.Meta(min_length=2, max_length=2)]


class DrawnEdge(msgspec.Struct, frozen=True):
    """The corners of an edge as they are drawn: longitude and latitude."""

    edge: Annotated[list[Corner], msgspec.Meta(max_length=MOST_CORNERS)]


@dataclass(slots=True)
class _Ground:
    """The district drawn once: paths in units of the map, and how a degree becomes one."""

    lon: float
    lat: float
    per_lon: float
    per_lat: float
    streets: list[dict[str, Any]] = field(default_factory=list)
    lines: dict[str, str] = field(default_factory=dict)

    def at(self, lon: float, lat: float) -> tuple[int, int]:
        """A position in units of the map, from its upper left corner."""
        return round((lon - self.lon) * self.per_lon), round((self.lat - lat) * self.per_lat)

    def path(self, geometry: BaseGeometry) -> str:
        """An outline as SVG writes it."""
        return "".join(
            "M" + "L".join(f"{x} {y}" for x, y in (self.at(*point[:2]) for point in ring.coords)) + "Z"
            for ring in _rings(geometry)
        )


@dataclass(slots=True)
class AreasPage:
    """The page, its save and its figures."""

    pages: PackagePages
    _ground: _Ground | None = None

    def areas_page(self) -> Response:
        """Show the areas, and the one that is named with its edge to be drawn."""
        return self._show(request.args.get("about", "")[:64])

    def change_area(self) -> Response:
        """Set or end an area."""
        form, words = request.form, self.pages.words["areas"]
        code, name = form.get("about", "")[:64], form.get("name", "").strip()[: LONGEST_NAME + 1]
        present = self.pages.keeper.present(FILE)[FILE]
        areas = areas_in(present.newest)
        known = next((area for area in areas if area.code == code), None)
        typed = AreaRow(code, name, form.get("street", "")[:64], form.get("watched_by", "")[:64], ())
        try:
            if form.get("do") == "end" and known is not None:
                content = without_area(present.newest, code)
            else:
                typed = typed._replace(
                    code=known.code if known else next_code(areas), edge=read_edge(form.get("edge", ""))
                )
                typed = typed._replace(windows=self._windows(form.get("windows", "")[:LONGEST_WINDOWS]))
                if not 0 < len(name) <= LONGEST_NAME:
                    raise Unsaved(words["no_name"], code=400)
                if known is None or known.edge or typed.edge:
                    check_edge(typed.edge, self.pages.shell.district)
                content = with_area(present.newest, typed)
            made = self.pages.save(
                PackageChange(
                    "areas", typed.code, {FILE: content}, form.get("reason", "").strip()[:501], entered_number("seen")
                )
            )
        except EdgeRefused as refused:
            return self._show(code, 400, wrong=words["edge"][refused.code], typed=typed)
        except Unsaved as error:
            return self._show(code, error.code, wrong=" · ".join([error.words, *error.lines]), typed=typed)
        about = "" if form.get("do") == "end" else typed.code
        return redirect(self.pages.shell.to("/admin/areas", about=about, done=made.number), 303)

    def _windows(self, text: str) -> str:
        """When it is watched, as the package keeps it. Raises Unsaved."""
        try:
            return written_windows(read_windows(text))
        except ValueError as error:
            raise Unsaved(self.pages.words["areas"]["bad_windows"].format(text=str(error)[:60]), code=400) from None

    def area_figures(self) -> Response:
        """Count what lies inside an edge that is being drawn."""
        asked = body(DrawnEdge)
        edge: Edge = tuple((lon, lat) for lon, lat in asked.edge)
        try:
            figures = self._figures(edge)
        except EdgeRefused as refused:
            return as_json({"wrong": self.pages.words["areas"]["edge"][refused.code], "code": refused.code})
        return as_json(self._told(figures))

    def _figures(self, edge: Edge) -> AreaFigures:
        shell = self.pages.shell
        polygon = check_edge(edge, shell.district)

        def work() -> AreaFigures:
            with shell.engine.connect() as connection:
                return area_figures(connection, shell.district, polygon, shell.clock.now_ms())

        found: AreaFigures = shell.offload(work)
        return found

    def _told(self, found: AreaFigures) -> dict[str, str]:
        streets, words = self.pages.shell.district.streets, self.pages.words["areas"]
        names = [streets[code].name for code in found.streets]
        across = (
            words["across"].format(n=len(names), names=words["and"].join(names))
            if len(names) > 1
            else words["not_across"]
        )
        return {
            "reported": f"{found.reported:,}",
            "open": f"{found.open:,}",
            "square_km": f"{found.square_km:.2f}",
            "streets": across,
            "first": found.streets[0] if found.streets else "",
        }

    def _show(self, code: str, answer: int = 200, *, wrong: str = "", typed: AreaRow | None = None) -> Response:
        shell, words = self.pages.shell, self.pages.words
        present = self.pages.keeper.present(FILE)[FILE]
        areas = areas_in(present.newest)
        known = next((area for area in areas if area.code == code), None)
        chosen = typed or known or (AreaRow("", "", "", "", ()) if code == NEW else None)
        figures = None
        if chosen is not None and chosen.edge and not wrong:
            figures = self._told(self._figures(chosen.edge))
        ground = self._drawn()
        typed_windows = request.form.get("windows", "")[:LONGEST_WINDOWS]
        return shell.show(
            "areas", "admin_areas.html", answer, wrong=wrong, said="" if wrong else self.pages.done(), o=words,
            r=words["areas"],
            here_about=code,
            areas=areas,
            chosen=chosen,
            known=known,
            figures=figures,
            ground=ground,
            view=_view(ground, chosen.edge if chosen else ()),
            size=SIZE, cases=self._open_cases(ground), paths={a.code: self._path(ground, a) for a in areas},
            middles={a.code: _middle(ground, a.edge) for a in areas if a.edge}, shadowed=self.pages.shadowed(),
            seen=present.number,
            streets=[(one.code, one.name) for one in shell.district.streets.values()],
            units=[*shell.district.units.items()],
            history=self.pages.history("areas", self._name, known.code if known else ""),
            windows=typed_windows if typed else self.pages.windows_said(chosen.windows) if chosen else "",
            edge="\n".join(f"{lon}, {lat}" for lon, lat in chosen.edge) if chosen else "", part="areas",
            about=known.code if known else "",
        )  # fmt: skip

    def _name(self, key: str, column: str) -> str:
        labels = self.pages.words["areas"]["columns"]
        return f"{key} {labels.get(column, column)}".strip()

    def _drawn(self) -> _Ground:
        if self._ground is None:
            self._ground = self._draw()
        return self._ground

    def _draw(self) -> _Ground:
        district = self.pages.shell.district
        outlines = [area.geometry for area in district.streets.values() if area.geometry is not None]
        bounds = [outline.bounds for outline in outlines] or [(0.0, 0.0, 1.0, 1.0)]
        west, south, east, north = (
            min(b[0] for b in bounds),
            min(b[1] for b in bounds),
            max(b[2] for b in bounds),
            max(b[3] for b in bounds),
        )
        narrow = math.cos(math.radians((south + north) / 2))
        per_lat = SIZE / max(north - south, (east - west) * narrow)
        left = west - (SIZE / (per_lat * narrow) - (east - west)) / 2
        ground = _Ground(left, north + (SIZE / per_lat - (north - south)) / 2, per_lat * narrow, per_lat)
        for area in district.streets.values():
            if area.geometry is not None and area.centre is not None:
                ground.streets.append(
                    {
                        "name": area.name,
                        "path": ground.path(area.geometry.simplify(SMOOTH)),
                        "at": ground.at(*area.centre),
                    }
                )
        for layer in ("water", "green"):
            shapes = (shape(one["geometry"]).simplify(SMOOTH) for one in features_of(district, layer))
            ground.lines[layer] = "".join(ground.path(one) for one in shapes)
        return ground

    def _path(self, ground: _Ground, area: AreaRow) -> str:
        return (
            "M" + "L".join(f"{x} {y}" for x, y in (ground.at(*point) for point in area.edge)) + "Z" if area.edge else ""
        )

    def _open_cases(self, ground: _Ground) -> str:
        shell = self.pages.shell

        def work() -> list[tuple[float, float, int, bool]]:
            with shell.engine.connect() as connection:
                return placed_cases(connection, shell.clock.now_ms())

        places = {ground.at(lon, lat) for lon, lat, _at, is_open in shell.offload(work) if is_open}
        return "".join(f"M{x} {y}h0" for x, y in sorted(places) if 0 <= x <= SIZE and 0 <= y <= SIZE)


def _rings(geometry: BaseGeometry) -> Iterator[Any]:
    for part in getattr(geometry, "geoms", (geometry,)):
        if isinstance(part, Polygon) and not part.is_empty:
            yield part.exterior
            yield from part.interiors


def _view(ground: _Ground, edge: Edge) -> str:
    """The part of the map that is shown first: an area with what is around it, else all."""
    if not edge:
        return f"0 0 {SIZE} {SIZE}"
    places = [ground.at(*point) for point in edge]
    west, north = min(x for x, _ in places), min(y for _, y in places)
    width, height = max(x for x, _ in places) - west, max(y for _, y in places) - north
    side = min(SIZE, max(NEAREST, 3 * max(width, height)))
    return f"{west + (width - side) // 2} {north + (height - side) // 2} {side} {side}"


def _middle(ground: _Ground, edge: Edge) -> tuple[int, int]:
    places = [ground.at(*point) for point in edge]
    return sum(x for x, _ in places) // len(places), sum(y for _, y in places) // len(places)


def register_areas(server: Flask, pages: PackagePages) -> None:
    """Add the page, its save and its figures."""
    page = AreasPage(pages)
    add_routes(
        server,
        [
            ("/admin/areas", "GET", page.areas_page),
            ("/admin/areas", "POST", page.change_area),
            ("/admin/areas/figures", "POST", page.area_figures),
        ],
    )
