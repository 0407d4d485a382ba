"""A district in metres: east and north of a point in it, on the WGS-84 ellipsoid's radii there.

The curvature of parallels is left out: ten kilometres north or south of the point an east-west distance is wrong by one
in a thousand, twenty kilometres away by two; within a street the shape is right and the scale is that much off.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.district.antimeridian import near
from services.district.package import District

Points = NDArray[np.float64]
_A, _E2 = 6_378_137.0, 0.006_694_379_990_14


class Plane(NamedTuple):
    """The plane around (``lon``, ``lat``) in degrees."""

    lon: float
    lat: float

    @property
    def metres_per_degree(self) -> tuple[float, float]:
        """(of longitude, of latitude), at the plane's point."""
        phi = math.radians(self.lat)
        w = math.sqrt(1 - _E2 * math.sin(phi) ** 2)
        return math.radians(_A * math.cos(phi) / w), math.radians(_A * (1 - _E2) / w**3)

    def to_metres(self, degrees: Points) -> Points:
        """(n, 2) degrees → (n, 2) metres east and north."""
        at = near(np.asarray(degrees, dtype=float).reshape(-1, 2), self.lon)
        found: Points = (at - (self.lon, self.lat)) * self.metres_per_degree
        return found

    def to_degrees(self, metres: Points) -> Points:
        """(n, 2) metres → (n, 2) degrees."""
        found: Points = np.asarray(metres, dtype=float) / self.metres_per_degree + (self.lon, self.lat)
        return found


def plane_of(district: District) -> Plane:
    """The plane around the middle of the district's streets; (0, 0) where none has a geometry."""
    boxes = [area.geometry.bounds for area in district.streets.values() if area.geometry is not None]
    if not boxes:
        return Plane(0.0, 0.0)
    west, south, east, north = (min, min, max, max)
    lon = (west(b[0] for b in boxes) + east(b[2] for b in boxes)) / 2
    lat = (south(b[1] for b in boxes) + north(b[3] for b in boxes)) / 2
    return Plane(lon, lat)
