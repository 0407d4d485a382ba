"""GeoJSON features as shapes in metres, tens of thousands at once. What cannot be read is counted, not fatal."""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.errors import ShapelyError
from shapely.geometry import shape

from services.district.plane import Plane

# A district that may go on beyond longitude 180 (``district.antimeridian``).
_BESIDE_180 = 150.0


class Outlines(NamedTuple):
    """Shapes in metres, the places of their features, and the places of those that cannot be read."""

    shapes: NDArray[np.object_]
    of: list[int]
    unreadable: list[int]


def outlines(features: Sequence[Mapping[str, Any]], plane: Plane) -> Outlines:
    """Read every feature's geometry; plain polygons, which most are, all in one go."""
    plain: list[int] = []
    rings: list[Sequence[Sequence[float]]] = []
    shapes: dict[int, Any] = {}
    unreadable: list[int] = []
    for i, feature in enumerate(features):
        geometry = feature.get("geometry") or {}
        try:
            if geometry["type"] == "Polygon" and len(geometry["coordinates"]) == 1:
                ring = geometry["coordinates"][0]
                if len(ring) < 4 or ring[0] != ring[-1]:
                    raise ValueError("no closed ring")
                plain.append(i)
                rings.append([point[:2] for point in ring])  # a height is left out
            else:
                shapes[i] = shapely.force_2d(shape(geometry))
        except (ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError):
            unreadable.append(i)
    if rings:
        try:
            points = np.array(list(chain.from_iterable(rings)), dtype=float)
            of_ring = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])
            found: Any = shapely.polygons(shapely.linearrings(points, indices=of_ring))
            shapes.update(zip(plain, found, strict=True))
        except (ShapelyError, ValueError, TypeError):  # one of them has no numbers: which, is found one by one
            for i, ring in zip(plain, rings, strict=True):
                try:
                    shapes[i] = shapely.Polygon(ring)
                except (ShapelyError, ValueError, TypeError):
                    unreadable.append(i)
    order = _on_earth(shapes, 360.0 if abs(plane.lon) > _BESIDE_180 else 180.0)
    turned = shapely.transform(np.array([shapes[i] for i in order], dtype=object), plane.to_metres)
    return Outlines(np.atleast_1d(turned), order, sorted({*unreadable, *(set(shapes) - set(order))}))


def _on_earth(shapes: Mapping[int, Any], most: float) -> list[int]:
    """The places of those that have points, all of them longitudes and latitudes, in order."""
    places = sorted(shapes)
    points, of = shapely.get_coordinates(np.array([shapes[i] for i in places], dtype=object), return_index=True)
    bad = ~(np.abs(points) <= (most, 90.0)).all(axis=1)
    good = np.setdiff1d(of, of[bad])
    return [places[k] for k in good.tolist()]
