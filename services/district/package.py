"""What a district package holds, once it has been read and checked."""

from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from shapely.geometry.base import BaseGeometry

LAYERS = ("water", "green", "roads", "buildings", "key_areas", "key_roads", "key_places", "watch_areas", "poles")


@lru_cache(maxsize=65_536)
def _local(zone: ZoneInfo, minute: int) -> tuple[int, int]:
    """(yyyymmdd, hour) of a minute since 1970 on a local clock. Cases share minutes, and zones change at minutes."""
    moment = datetime.fromtimestamp(minute * 60, zone)
    return moment.year * 10_000 + moment.month * 100 + moment.day, moment.hour


@dataclass(frozen=True, slots=True)
class Area:
    """A street, community or grid: ``geometry`` is in WGS-84 degrees, or None when it is counted but not drawn."""

    code: str
    name: str
    parent: str
    geometry: BaseGeometry | None
    households: int = 0

    @property
    def centre(self) -> tuple[float, float] | None:
        """A point inside the area: (lon, lat)."""
        if self.geometry is None:
            return None
        point = self.geometry.representative_point()
        return point.x, point.y


@dataclass(frozen=True, slots=True)
class Category:
    """One row of ``categories.csv``: a filing condition and its limit."""

    scheme: str
    kind: str
    major: str
    minor: str
    name: str
    condition: str
    value: float
    unit: str
    domain: str


@dataclass(frozen=True, slots=True)
class Policy:
    """``policy.toml``: targets and lights, each with the default of DOMAIN.md."""

    target_on_time: float = 0.90
    target_grid: float = 0.80
    target_street: float = 0.80
    target_district: float = 0.04
    due_soon_share: float = 0.25


@dataclass(frozen=True, slots=True)
class District:
    """A whole package. Tables are keyed by code; ``layers`` holds GeoJSON feature collections as read.

    ``working_hours`` are minutes of the local day, ``working_week`` ISO weekdays, ``holidays`` day → whether it is
    worked.
    """

    code: str
    name: str
    zone: ZoneInfo
    day_cut_hour: int = 0
    month_first_day: int = 1
    name_en: str = ""
    streets: dict[str, Area] = field(default_factory=dict)
    communities: dict[str, Area] = field(default_factory=dict)
    grids: dict[str, Area] = field(default_factory=dict)
    streets_en: dict[str, str] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    units_en: dict[str, str] = field(default_factory=dict)
    sources: dict[str, str] = field(default_factory=dict)
    categories: tuple[Category, ...] = ()
    class_map: dict[tuple[str, str, str, str, str], str] = field(default_factory=dict)
    layers: dict[str, dict[str, object]] = field(default_factory=dict)
    tables: dict[str, tuple[dict[str, str], ...]] = field(default_factory=dict)
    policy: Policy = Policy()
    working_hours: tuple[tuple[int, int], ...] = ((480, 720), (840, 1080))
    working_week: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    holidays: dict[date, bool] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    digest: str = ""

    def day_of(self, ms: int) -> int:
        """The counting day that ``ms`` (Unix milliseconds) belongs to, as yyyymmdd: it turns at the day's cut."""
        return _local(self.zone, ms // 60_000 - self.day_cut_hour * 60)[0]

    def day_start_ms(self, day: int) -> int:
        """The first millisecond of a counting day yyyymmdd."""
        start = datetime(day // 10_000, day // 100 % 100, day % 100, self.day_cut_hour, tzinfo=self.zone)
        return round(start.timestamp() * 1000)

    def hour_of(self, ms: int) -> int:
        """The hour of the local clock, 0–23."""
        return _local(self.zone, ms // 60_000)[1]
