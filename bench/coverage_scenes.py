"""Towns for the coverage bench: 10 × 10 km of blocks with 57,000 buildings, set side by side for a city."""

from zoneinfo import ZoneInfo

import numpy as np
import shapely
from shapely.geometry import mapping

from services.contract.others import CameraChanged
from services.district.package import Area, District
from services.district.plane import Plane

SIDE_M, BLOCK_M = 10_000.0, 100.0
PLANE = Plane(118.9, 31.9)


def town_buildings(seed: int) -> list[shapely.Polygon]:
    """About 57,000 footprints in blocks of 100 m, 44 % of them built."""
    rng = np.random.default_rng(seed)
    found: list[shapely.Polygon] = []
    for x in np.arange(0, SIDE_M, BLOCK_M):
        for y in np.arange(0, SIDE_M, BLOCK_M):
            columns, rows = int(rng.integers(2, 4)), int(rng.integers(2, 4))
            w, h = (BLOCK_M - 14) / columns, (BLOCK_M - 14) / rows
            for i in range(columns):
                for j in range(rows):
                    x0, y0 = x + 7 + i * w, y + 7 + j * h
                    dx, dy = rng.uniform(0.08, 0.2, 2)
                    corner = (x0 + dx * w, y0 + dy * h, x0 + (1 - dx) * w, y0 + (1 - dy) * h)
                    box = shapely.box(*corner)
                    found.append(box if rng.uniform() < 0.6 else _l_shape(corner))
    return found


def _l_shape(box: tuple[float, float, float, float]) -> shapely.Polygon:
    x0, y0, x1, y1 = box
    xm, ym = (x0 + x1) / 2, (y0 + y1) / 2
    return shapely.Polygon([(x0, y0), (x1, y0), (x1, ym), (xm, ym), (xm, y1), (x0, y1)])


def some_cameras(n: int, width: float, seed: int) -> list[CameraChanged]:
    """70 % fixed of 30–80 m, 20 % turning of 100–150 m, 10 % domes, along the lanes."""
    rng = np.random.default_rng(seed)
    lanes = np.arange(0, width, BLOCK_M)
    along, lane = rng.uniform(0, width, n), rng.choice(lanes, n) + rng.uniform(-5, 5, n)
    is_east = rng.uniform(size=n) < 0.5
    places = PLANE.to_degrees(
        np.where(is_east[:, None], np.column_stack([along, lane]), np.column_stack([lane, along]))
    )
    found = []
    for i, (lon, lat) in enumerate(places.tolist()):
        dice = rng.uniform()
        kind, reach = ("bullet", rng.uniform(30, 80)) if dice < 0.7 else ("ptz", rng.uniform(100, 150))
        if dice >= 0.9:
            kind, reach = "dome", rng.uniform(30, 80)
        found.append(
            CameraChanged(
                f"C{i:06d}", 1, lon, lat, "WGS84", kind=kind, azimuth=float(rng.uniform(1, 359)),  # type: ignore[arg-type]  # drawn from the kinds
                hfov=float(rng.uniform(60, 100)) if kind == "bullet" else None, range_m=float(reach),
                night=str(rng.choice(["infrared", "none"])), status="online", source_quality="surveyed",  # type: ignore[arg-type]  # drawn from the kinds
            )
        )  # fmt: skip
    return found


def town(towns: int = 1, seed: int = 1, spots: int = 400, *, with_buildings: bool = True) -> District:
    """A district of so many towns, nearly a square; 12 streets and 648 grids to each column of them."""
    across = int(np.ceil(np.sqrt(towns)))
    width, height = across * SIDE_M, -(-towns // across) * SIDE_M
    streets = _cut(width, height, 4 * across, 3 * across, letter="S", parent=lambda i, j: "D")
    communities = _cut(
        width, height, 12 * across, 9 * across, letter="C", parent=lambda i, j: f"S{i // 3:03d}{j // 3:03d}"
    )
    grids = _cut(width, height, 24 * across, 27 * across, letter="G", parent=lambda i, j: f"C{i // 2:03d}{j // 3:03d}")
    rng = np.random.default_rng(seed + 1)
    middles = rng.uniform(300, (width - 300, height - 300), (spots, 2))
    areas = [shapely.box(x - 100, y - 100, x + 100, y + 100) for x, y in middles[: spots // 2]]
    roads = [shapely.LineString([(x - 200, y), (x + 200, y)]) for x, y in middles[spots // 2 : 3 * spots // 4]]
    places = [shapely.Point(x, y) for x, y in middles[3 * spots // 4 :]]
    return District(
        code="D",
        name="测速",
        zone=ZoneInfo("Asia/Shanghai"),
        streets=streets,
        communities=communities,
        grids=grids,
        layers={
            "buildings": _layer(city_buildings(towns, seed) if with_buildings else []),
            "key_areas": _layer(areas),
            "key_roads": _layer(roads),
            "key_places": _layer(places),
        },
    )


def city_buildings(towns: int, seed: int = 1, onto: Plane = PLANE):  # type: ignore[no-untyped-def]  # shapes of numpy and shapely
    """The buildings of so many towns side by side, in metres of a plane."""
    across = int(np.ceil(np.sqrt(towns)))
    one = np.asarray(town_buildings(seed), dtype=object)
    middle = onto.to_metres(np.array([(PLANE.lon, PLANE.lat)]))[0]
    scale = np.divide(onto.metres_per_degree, PLANE.metres_per_degree)

    def shifted(k: int):  # type: ignore[no-untyped-def]  # shapes of numpy and shapely
        corner = (k % across * SIDE_M, k // across * SIDE_M)
        return shapely.transform(one, lambda points: (np.asarray(points) + corner) * scale + middle)

    return np.concatenate([shifted(k) for k in range(towns)])


def poles(n: int, width: float, seed: int) -> dict[str, object]:
    """A layer of ``n`` poles along the lanes."""
    rng = np.random.default_rng(seed)
    lanes = rng.choice(np.arange(0, width, BLOCK_M), n)
    along = rng.uniform(0, width, n)
    return _layer([shapely.Point(a, b) for a, b in zip(along, lanes, strict=True)])


def _cut(width, height, columns, rows, *, letter, parent):  # type: ignore[no-untyped-def]  # shapes of numpy and shapely
    w, h = width / columns, height / rows
    return {
        (code := f"{letter}{i:03d}{j:03d}"): Area(
            code,
            code,
            parent(i, j),
            shapely.transform(shapely.box(i * w, j * h, (i + 1) * w, (j + 1) * h), PLANE.to_degrees),
        )
        for i in range(columns)
        for j in range(rows)
    }


def _layer(shapes) -> dict[str, object]:  # type: ignore[no-untyped-def]  # shapes of numpy and shapely
    turned = shapely.transform(np.asarray(shapes, dtype=object), PLANE.to_degrees)
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {"code": f"{i:05d}"}, "geometry": mapping(shape)}
            for i, shape in enumerate(turned)
        ],
    }
