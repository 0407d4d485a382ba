"""A district on both sides of longitude 180: its outlines on one side, so that a plane and a map lie around them.

RFC 7946 has such an area cut in two, 179.9 … 180 and -180 … -179.9. Here the western part becomes 180 … 180.1;
positions of events and cameras stay as they are told and are compared by the shorter way round. Pure.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

Points = NDArray[np.float64]


def crosses(outlines: Iterable[BaseGeometry]) -> bool:
    """Whether these outlines in degrees, of one district, lie on both sides of longitude 180."""
    boxes = [outline.bounds for outline in outlines if not outline.is_empty]
    return bool(boxes) and max(box[2] for box in boxes) - min(box[0] for box in boxes) > 180


def unwrapped(outline: BaseGeometry) -> BaseGeometry:
    """The outline with western longitudes counted on from 180."""
    found: BaseGeometry = shapely.transform(outline, _eastern)
    return found


def unwrapped_layer(layer: Mapping[str, Any]) -> dict[str, Any]:
    """The same for a GeoJSON feature collection as read."""
    features = [
        {**feature, "geometry": _geometry(feature["geometry"])}
        if isinstance(feature.get("geometry"), dict)
        else feature
        for feature in layer.get("features", [])
    ]
    return {**layer, "features": features}


def near(degrees: Points, lon: float) -> Points:
    """(n, 2) positions with the longitude that is nearest to ``lon``: -179.9 is 180.1 beside 180."""
    degrees = np.asarray(degrees, dtype=float)
    away = degrees[:, 0] - lon
    if (np.abs(away) <= 180).all():  # everywhere but at longitude 180, and for what is no number
        return degrees
    found = degrees.copy()
    found[:, 0] -= 360 * np.round(np.where(np.abs(away) > 180, away, 0) / 360)
    return found


def _eastern(points: Points) -> Points:
    found: Points = points + np.column_stack([np.where(points[:, 0] < 0, 360.0, 0.0), np.zeros(len(points))])
    return found


def _geometry(geometry: Mapping[str, Any]) -> dict[str, Any]:
    if "geometries" in geometry:
        return {**geometry, "geometries": [_geometry(part) for part in geometry["geometries"]]}
    return {**geometry, "coordinates": _coordinates(geometry.get("coordinates"))}


def _coordinates(found: Any) -> Any:
    if not isinstance(found, list) or not found:
        return found
    if isinstance(found[0], int | float):
        return [found[0] + 360 if found[0] < 0 else found[0], *found[1:]]
    return [_coordinates(part) for part in found]
