"""Fourteen patrols on their rounds: where each is follows from the moment, until one is sent to a case."""

import math
from dataclasses import dataclass
from typing import Literal

from shapely import LineString, Polygon

from services.district.package import District
from services.events.others import UnitMoved
from services.simulator.dice import Dice
from services.simulator.step import utc

PATROLS = 14
_METRES = 111_320.0
Kind = Literal["car", "foot", "volunteer", "enforcement"]
_KINDS: tuple[tuple[Kind, float], ...] = (
    ("car", 7.0),
    ("foot", 1.3),
    ("enforcement", 6.0),
    ("volunteer", 1.1),
    ("car", 7.5),
)


@dataclass(frozen=True, slots=True)
class Round:
    """A patrol and the loop of roads around its communities; lengths in degrees of latitude, speed in m/s."""

    unit_id: str
    kind: Kind
    group: str
    street: str
    loop: LineString
    speed: float
    start: float


@dataclass(frozen=True, slots=True)
class Errand:
    """A patrol sent to a case: from where, to where, since when."""

    case_id: str
    since_ms: int
    origin: tuple[float, float]
    goal: tuple[float, float]


class Patrols:
    """The district's patrols."""

    def __init__(self, district: District, seed: int) -> None:
        self._rounds = {r.unit_id: r for r in _rounds(district, seed)}
        self._errands: dict[str, Errand] = {}

    @property
    def unit_ids(self) -> list[str]:
        """Every patrol."""
        return list(self._rounds)

    def send(self, unit_id: str, case_id: str, goal: tuple[float, float] | None, now_ms: int) -> None:
        """Send a patrol to a case; one that has no place is looked for from where the patrol is."""
        if unit_id in self._rounds:
            origin = self._on_round(self._rounds[unit_id], now_ms)
            self._errands[unit_id] = Errand(case_id, now_ms, origin, goal or origin)

    def release(self, case_id: str) -> None:
        """Let the patrols of a case that has ended go back to their rounds."""
        self._errands = {u: e for u, e in self._errands.items() if e.case_id != case_id}

    def at(self, now_ms: int) -> list[UnitMoved]:
        """Where every patrol is."""
        return [self._moved(r, now_ms) for r in self._rounds.values()]

    def _moved(self, patrol: Round, now_ms: int) -> UnitMoved:
        errand = self._errands.get(patrol.unit_id)
        status: Literal["free", "assigned", "on_scene"] = "free"
        if errand is None:
            lon, lat = self._on_round(patrol, now_ms)
        else:
            (x1, y1), (x2, y2) = errand.origin, errand.goal
            way_m = math.hypot((x2 - x1) * 0.85, y2 - y1) * _METRES
            done = min(1.0, (now_ms - errand.since_ms) / 1000 * 9.0 / max(way_m, 1.0))
            lon, lat, status = x1 + (x2 - x1) * done, y1 + (y2 - y1) * done, "on_scene" if done >= 1.0 else "assigned"
        return UnitMoved(
            unit_id=patrol.unit_id, at=utc(now_ms), lon=round(lon, 6), lat=round(lat, 6), coord_sys="WGS84",
            kind=patrol.kind, group=patrol.group, street=patrol.street, status=status,
            case_id=errand.case_id if errand else None,
        )  # fmt: skip

    def _on_round(self, patrol: Round, now_ms: int) -> tuple[float, float]:
        gone = patrol.speed * now_ms / 1000 / _METRES
        spot = patrol.loop.interpolate((patrol.start + gone) % patrol.loop.length)
        return spot.x, spot.y


def _rounds(district: District, seed: int) -> list[Round]:
    areas = [a for a in (district.communities or district.streets).values() if isinstance(a.geometry, Polygon)]
    by_street: dict[str, list[LineString]] = {}
    for area in areas:
        assert isinstance(area.geometry, Polygon)
        by_street.setdefault(area.parent, []).append(LineString(area.geometry.exterior.coords))
    streets = sorted(by_street)
    found = []
    for number in range(PATROLS if streets else 0):
        dice = Dice(seed, "patrol", number)
        street = streets[number % len(streets)]
        loop = dice.pick(by_street[street])
        kind, speed = _KINDS[number % len(_KINDS)]
        found.append(
            Round(f"XF-{number + 1:02d}", kind, f"联勤{number + 1}组", street, loop, speed, dice.share() * loop.length)
        )
    return found
