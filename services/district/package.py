"""What a district package holds, once it has been read and checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from shapely.geometry.base import BaseGeometry

from services.contract.others import CameraChanged
from services.district.antimeridian import unwrapped
from services.district.finding import RowFinding
from services.district.policy import Policy

LAYERS = ("water", "green", "roads", "buildings", "key_areas", "key_roads", "key_places", "watch_areas", "poles")


@lru_cache(maxsize=65_536)
def _hour(zone: ZoneInfo, minute: int) -> int:
    """The hour of a minute since 1970 on a local clock. Cases share minutes, and zones change at minutes."""
    return datetime.fromtimestamp(minute * 60, zone).hour


@lru_cache(maxsize=65_536)
def _day_start_ms(zone: ZoneInfo, day: int, cut_hour: int) -> int:
    start = datetime(day // 10_000, day // 100 % 100, day % 100, cut_hour, tzinfo=zone)
    return round(start.timestamp() * 1000)


@lru_cache(maxsize=65_536)
def _days_of_minute(zone: ZoneInfo, minute: int, cut_hour: int) -> tuple[int, int, int]:
    """(counting day at the start of a minute since 1970, the moment at which it ends, the day after that moment).

    A day is what lies between its start and the next day's, whatever the clock was turned by in between. A date that
    a zone left out (Samoa's 30 December 2011) is a day without a moment: it starts when the next one does.
    """
    at = minute * 60_000
    local = datetime.fromtimestamp(minute * 60, zone)
    day = local.year * 10_000 + local.month * 100 + local.day
    while at < _day_start_ms(zone, day, cut_hour):
        day = day_after(day, -1)
    while at >= _day_start_ms(zone, day_after(day), cut_hour):
        day = day_after(day)
    ends = _day_start_ms(zone, following := day_after(day), cut_hour)
    while _day_start_ms(zone, day_after(following), cut_hour) == ends:
        following = day_after(following)
    return day, ends, following


@lru_cache(maxsize=65_536)
def day_after(day: int, days: int = 1) -> int:
    """The day yyyymmdd so many days after ``day`` (before it, when negative)."""
    found = date(day // 10_000, day // 100 % 100, day % 100) + timedelta(days=days)
    return found.year * 10_000 + found.month * 100 + found.day


@dataclass(frozen=True, slots=True)
class Area:
    """A street, community or grid: ``geometry`` is in WGS-84 degrees, or None when it is counted but not drawn."""

    code: str
    name: str
    parent: str
    geometry: BaseGeometry | None
    households: int = 0

    def unwrapped(self) -> "Area":
        """The same area with western longitudes counted on from 180 (``district.antimeridian``)."""
        return self if self.geometry is None else replace(self, geometry=unwrapped(self.geometry))

    @property
    def centre(self) -> tuple[float, float] | None:
        """A point inside the area: (lon, lat)."""
        if self.geometry is None:
            return None
        point = self.geometry.representative_point()
        return point.x, point.y


def features_of(district: "District", layer: str) -> list[dict[str, Any]]:
    """The features of a layer that have a geometry; none where the package has no such layer."""
    found: Any = district.layers.get(layer, {}).get("features", [])
    return [feature for feature in found if feature.get("geometry")]


@dataclass(frozen=True, slots=True)
class FilingCondition:
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
class District:
    """A whole package. Tables are keyed by code; ``layers`` holds GeoJSON feature collections as read.

    ``cameras`` are those rows of ``cameras.csv`` that can be used, in WGS-84 and at version 0: any event is newer.

    ``photos`` are the addresses that photos of cases may begin with.

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
    categories: tuple[FilingCondition, ...] = ()
    class_map: dict[tuple[str, str, str, str, str], str] = field(default_factory=dict)
    layers: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    tables: dict[str, tuple[dict[str, str], ...]] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    cameras: tuple[CameraChanged, ...] = ()
    working_hours: tuple[tuple[int, int], ...] = ((480, 720), (840, 1080))
    working_week: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    holidays: dict[date, bool] = field(default_factory=dict)
    camera_findings: tuple[RowFinding, ...] = ()
    absent: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()
    digest: str = ""
    folder_digest: str = ""
    stored_mark: int = 0

    def day_of(self, ms: int) -> int:
        """The counting day that ``ms`` (Unix milliseconds) belongs to, as yyyymmdd: it turns at the day's cut."""
        day, ends, following = _days_of_minute(self.zone, ms // 60_000, self.day_cut_hour)
        return day if ms < ends else following

    def day_start_ms(self, day: int) -> int:
        """The first millisecond of a counting day yyyymmdd."""
        return _day_start_ms(self.zone, day, self.day_cut_hour)

    def day_after(self, day: int, days: int = 1) -> int:
        """The counting day so many days after ``day`` (before it, when negative)."""
        return day_after(day, days)

    def month_start(self, day: int) -> int:
        """The first counting day of the statistical month that ``day`` lies in."""
        year, month, day_of_month = day // 10_000, day // 100 % 100, day % 100
        if day_of_month < self.month_first_day:
            year, month = (year - 1, 12) if month == 1 else (year, month - 1)
        return year * 10_000 + month * 100 + self.month_first_day

    def cut_from(self, ms: int) -> int:
        """The first counting day that begins at ``ms`` or later."""
        day = self.day_of(ms)
        return day if self.day_start_ms(day) == ms else self.day_after(day)

    def days(self, first: int, end: int) -> list[int]:
        """The counting days from ``first`` up to, not including, ``end``."""
        found = []
        while first < end:
            found.append(first)
            first = self.day_after(first)
        return found

    def hour_of(self, ms: int) -> int:
        """The hour of the local clock, 0–23."""
        return _hour(self.zone, ms // 60_000)
