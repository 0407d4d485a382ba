"""What lies inside an edge that is being drawn: last 30 days' cases and those that are open."""

import msgspec
from shapely.geometry import Polygon
from sqlalchemy import Connection

from services.admin.area_edit import count_inside, square_km, streets_of
from services.cases import reader as cases
from services.district.package import District
from services.platform.clock import DAY_MS

DAYS = 30


class AreaFigures(msgspec.Struct, frozen=True):
    """``reported`` in 30 days and ``open`` now; square kilometres; the streets that it lies in, by code."""

    reported: int
    open: int
    square_km: float
    streets: list[str]


def placed_cases(connection: Connection, now: int) -> list[tuple[float, float, int, bool]]:
    """The placed cases that are open, or were reported in the last 30 days."""
    return cases.open_or_new(connection, now - DAYS * DAY_MS)


def area_figures(connection: Connection, district: District, polygon: Polygon, now: int) -> AreaFigures:
    """The figures of one edge."""
    reported, still_open = count_inside(polygon, placed_cases(connection, now), now - DAYS * DAY_MS)
    return AreaFigures(reported, still_open, round(square_km(polygon), 3), streets_of(polygon, district))
