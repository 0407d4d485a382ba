"""Cameras that stand inside a building by the map, and how far the nearest wall is."""

from collections.abc import Mapping, Sequence

import numpy as np
import shapely
from shapely import STRtree
from shapely.errors import ShapelyError
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from services.contract.others import CameraChanged
from services.district.finding import RowFinding
from services.district.plane import Plane

# A position is good to some 3 m; further inside than that somebody should look.
NAMED_FROM_M = 3.0


def footprints(layer: dict[str, object]) -> list[BaseGeometry]:
    """The readable polygons of a ``buildings`` layer, in degrees."""
    features = layer.get("features", [])
    assert isinstance(features, list)
    found: list[BaseGeometry] = []
    for feature in features:
        try:
            geometry = shape(feature["geometry"])
        except (ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError):
            continue  # a building that cannot be read hides nothing; the package's reader names it
        if geometry.geom_type in {"Polygon", "MultiPolygon"} and not geometry.is_empty:
            found.append(geometry)
    return found


def find_moved(
    cameras: Sequence[CameraChanged], row_of: Mapping[str, int], buildings: list[BaseGeometry], plane: Plane
) -> list[RowFinding]:
    """A finding for each camera more than 3 m inside; on roofs and indoors it stands where it should."""
    outdoors = [c for c in cameras if c.mount not in {"roof", "indoor"}]
    if not outdoors or not buildings:
        return []
    metres = shapely.transform(np.asarray(buildings, dtype=object), plane.to_metres)
    degrees = np.asarray([(c.lon, c.lat) for c in outdoors])
    points = np.asarray(shapely.points(plane.to_metres(degrees)), dtype=object)
    hits, houses = STRtree(metres).query(points, predicate="within")
    depth = np.asarray(shapely.distance(points[hits], shapely.boundary(metres[houses])), dtype=float)
    deepest: dict[int, float] = {}
    for camera, m in zip(hits.tolist(), depth.tolist(), strict=True):
        deepest[camera] = max(m, deepest.get(camera, 0.0))
    return [
        RowFinding(
            row_of.get(outdoors[i].camera_id, 0),
            outdoors[i].camera_id,
            "moved",
            f"stands {m:.1f} m inside a building: seen from its wall",
            "Correct it, or write mount roof or indoor",
        )
        for i, m in sorted(deepest.items())
        if m > NAMED_FROM_M
    ]
