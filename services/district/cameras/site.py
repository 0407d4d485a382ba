"""Whether a position lies in the district, and whether it only would in another coordinate system."""

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from services.contract.others import CameraChanged
from services.district.coords import to_wgs84, wgs84_to_bd09, wgs84_to_gcj02
from services.district.finding import Kind, RowFinding
from services.district.plane import Plane, Points

# A camera on the border's far pavement is the district's; one within sight may look in; further off it covers nothing.
BORDER_M, IN_SIGHT_M = 50.0, 500.0


@dataclass(frozen=True, slots=True)
class DistrictOutline:
    """The district's outline in metres."""

    plane: Plane
    outline: BaseGeometry

    def outside_m(self, degrees: Points) -> Points:
        """How many metres each of (n, 2) positions lies outside: 0 within."""
        points = shapely.points(self.plane.to_metres(degrees))
        return np.asarray(shapely.distance(points, self.outline), dtype=float)


def site_of(outlines: list[BaseGeometry]) -> DistrictOutline | None:
    """The site that these areas in degrees make up; None where there is none."""
    if not outlines:
        return None
    whole = shapely.union_all(outlines)
    west, south, east, north = whole.bounds
    plane = Plane((west + east) / 2, (south + north) / 2)
    outline = shapely.transform(whole, plane.to_metres)
    shapely.prepare(outline)
    return DistrictOutline(plane, outline)


def judge_place(
    row: int, camera: CameraChanged, stated: str, away_m: float, site: DistrictOutline
) -> tuple[bool, RowFinding]:
    """Whether a camera ``away_m`` outside is taken all the same, and what to say.

    A position that would lie inside under another coordinate system is not taken: hundreds of metres off it would
    cover the wrong streets, and look right.
    """
    found = f"position {camera.lon:.5f}, {camera.lat:.5f} is {_metres(away_m)} outside of the district"
    for system in ("GCJ02", "BD09", "WGS84"):
        if system == stated or (system == "WGS84" and stated == "CGCS2000"):
            continue
        other = to_wgs84(*_as_stated(camera, stated), system)
        if site.outside_m(np.asarray([other]))[0] == 0:
            remedy = f"Set coord_sys to {system}, or import with --coord-sys {system}"
            return False, _finding(row, camera, "refused", f"{found}, inside as {system}: probably {system}", remedy)
    if away_m <= IN_SIGHT_M:
        return True, _finding(row, camera, "outside", f"{found}; taken, it may look in", "Check the position")
    remedy = "Correct the position or its coord_sys, or leave the row to the district that it lies in"
    return False, _finding(row, camera, "outside", f"{found}; not taken", remedy)


def _as_stated(camera: CameraChanged, stated: str) -> tuple[float, float]:
    """The numbers that the file had."""
    if stated == "GCJ02":
        return wgs84_to_gcj02(camera.lon, camera.lat)
    return wgs84_to_bd09(camera.lon, camera.lat) if stated == "BD09" else (camera.lon, camera.lat)


def _finding(row: int, camera: CameraChanged, kind: Kind, problem: str, remedy: str) -> RowFinding:
    return RowFinding(row, camera.camera_id, kind, problem, remedy)


def _metres(away_m: float) -> str:
    return f"{away_m:,.0f} m" if away_m < 10_000 else f"{away_m / 1000:,.0f} km"
