"""The pictures of docs/coverage.md, drawn from the engine's own answers on a small town: ``make pictures`` runs it."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from services.coverage.cameras import polygons_of
from services.coverage.geometry.footprints import Footprints
from services.coverage.geometry.raster import raster_over
from services.coverage.geometry.sweep import Floats, look, raise_walls
from services.coverage.spots import unseen_of

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"
GROUND, HOUSE, VIEW, EDGE, BLIND, INK = "#101214", "#3a4048", "#8fa6c8", "#c9d6ea", "#f5b83d", "#eceef0"


def main() -> None:
    """Write the three pictures."""
    houses = Footprints(
        [
            shapely.box(10, 10, 40, 30),
            shapely.box(55, 8, 90, 28),
            shapely.box(12, 48, 34, 78),
            shapely.box(50, 50, 92, 64).union(shapely.box(50, 50, 62, 86)),
            shapely.box(72, 74, 92, 90),
            shapely.box(100, 40, 116, 84),
            shapely.box(104, 6, 118, 26),
        ]
    )
    frame = shapely.box(0, 0, 124, 94)
    _sweep(houses, frame)
    _gaps(houses, frame)
    _cells(houses, frame)


def _seen(houses: Footprints, *views: tuple[float, float, float, float, float]) -> list[BaseGeometry]:
    return list(polygons_of(look(raise_walls(houses.walls()), np.array(views))))


def _sweep(houses: Footprints, frame: BaseGeometry) -> None:
    """One camera: its sector, and what of it the buildings leave."""
    eye = (44.0, 40.0, 60.0, 100.0, 62.0)
    (seen,) = _seen(houses, eye)
    (sector,) = _seen(Footprints([]), eye)
    corners = shapely.get_coordinates(seen)
    rays = [shapely.LineString([eye[:2], corner]) for corner in corners[:-1:4]]
    _write(
        "coverage-sweep.svg",
        frame,
        [
            *_fill(houses.solids, HOUSE),
            *_line([sector], EDGE, dash="1.5 1.5"),
            *_fill([seen], VIEW, 0.45),
            *_line(rays, EDGE, 0.12),
            *_line([seen], EDGE),
            _dot(eye),
        ],
    )


def _gaps(houses: Footprints, frame: BaseGeometry) -> None:
    """A key area: planned by two cameras, one of them off-line; what is left unseen."""
    area = shapely.box(6, 32, 98, 70)
    here, there = (44.0, 40.0, 60.0, 100.0, 62.0), (96.0, 46.0, 250.0, 80.0, 60.0)
    seen, lost = _seen(houses, here, there)
    ground = houses.outdoors(area)
    permanent, live = unseen_of(ground, [seen, lost]), unseen_of(ground, [seen])
    _write(
        "coverage-gaps.svg", frame,
        [*_fill(houses.solids, HOUSE), *_fill([seen], VIEW, 0.35), *_line([lost], EDGE, 0.35, "2 1.2"),
         *_fill([shapely.difference(live, permanent)], BLIND, 0.35), *_fill([permanent], BLIND, 0.7),
         *_line([area], INK, 0.5, "2 2"), _dot(here), _dot(there, hollow=True)],
    )  # fmt: skip


def _cells(houses: Footprints, frame: BaseGeometry) -> None:
    """The turned cells of two metres that one camera sees."""
    eye = (44.0, 40.0, 60.0, 100.0, 62.0)
    (seen,) = _seen(houses, eye)
    raster = raster_over([frame])
    squares = []
    for r, c0, c1 in raster.runs_of([seen]).cells.tolist():
        for c in range(c0, c1):
            corners = np.array([(c, r), (c + 1, r), (c + 1, r + 1), (c, r + 1)]) - 0.5
            squares.append(shapely.Polygon(raster.middles(corners[:, 1], corners[:, 0])))
    _write(
        "coverage-cells.svg",
        frame,
        [
            *_fill(houses.solids, HOUSE),
            *_fill(squares, VIEW, 0.5),
            *_line(squares, GROUND, 0.15),
            *_line([seen], EDGE),
            _dot(eye),
        ],
    )


def _path(shape: BaseGeometry) -> str:
    found = []
    for part in shapely.get_parts(shape):
        lines = [part.exterior, *part.interiors] if part.geom_type == "Polygon" else [part]
        for line in lines:
            points = " ".join(f"{x:.2f},{94 - y:.2f}" for x, y in shapely.get_coordinates(line))
            found.append(f"M{points}{'Z' if part.geom_type == 'Polygon' else ''}")
    return "".join(found)


def _fill(shapes: Iterable[BaseGeometry], colour: str, opacity: float = 1.0) -> list[str]:
    return [f'<path d="{_path(s)}" fill="{colour}" fill-opacity="{opacity}" fill-rule="evenodd"/>' for s in shapes]


def _line(shapes: Iterable[BaseGeometry], colour: str, width: float = 0.4, dash: str = "") -> list[str]:
    style = f' stroke-dasharray="{dash}"' if dash else ""
    return [f'<path d="{_path(s)}" fill="none" stroke="{colour}" stroke-width="{width}"{style}/>' for s in shapes]


def _dot(eye: tuple[float, ...] | Floats, *, hollow: bool = False) -> str:
    inside = GROUND if hollow else INK
    return f'<circle cx="{eye[0]}" cy="{94 - eye[1]}" r="1.3" fill="{inside}" stroke="{INK}" stroke-width="0.4"/>'


def _write(name: str, frame: BaseGeometry, parts: list[str]) -> None:
    west, south, east, north = frame.bounds
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{west} {south} {east - west} {north - south}" width="744">'
    )
    ground = f'<rect width="{east}" height="{north}" fill="{GROUND}"/>'
    (FOLDER / name).write_text("\n".join([head, ground, *parts, "</svg>"]) + "\n", "utf-8")


if __name__ == "__main__":
    main()
