"""The district's patrols: where each is follows from the moment, until one is sent to a case, by the roads."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import shapely
from shapely import LineString

from services.contract.others import UnitMoved
from services.district.roads import Position
from services.operations.simulator.rounds import Beats, Round
from services.operations.simulator.step import utc
from services.platform.clock import DAY_MS, HOUR_MS

Status = Literal["free", "assigned", "on_scene", "off"]
# Cars tell their position at each beat, walkers at every third (they go 4 m in 3 s), who is off duty once a minute.
_EVERY = {"car": 1, "enforcement": 1, "foot": 3, "volunteer": 3}
_EVERY_OFF = 20


@dataclass(frozen=True, slots=True)
class Errand:
    """A patrol on its way to a case, or (``case_id`` "") back to its round: since when, along what, in metres."""

    case_id: str
    since_ms: int
    way: LineString


class Patrols:
    """The patrols at work."""

    def __init__(self, beats: Beats) -> None:
        self._roads, self._offset_ms = beats.roads, beats.offset_ms
        self._rounds = {r.unit_id: r for r in beats.rounds}
        self._errands: dict[str, Errand] = {}
        self._shifts: dict[str, float] = {}
        self._told: dict[str, str] = {}
        self._beat = 0

    def statuses(self, now_ms: int) -> dict[str, Status]:
        """What every patrol does now, by its id."""
        return {unit_id: self._status(patrol, now_ms) for unit_id, patrol in self._rounds.items()}

    def send(self, unit_id: str, case_id: str, goal: Position | None, now_ms: int) -> None:
        """Send a patrol to a case; one that has no place is looked for from where the patrol is."""
        if unit_id in self._rounds:
            here = self._place(self._rounds[unit_id], now_ms)
            self._errands[unit_id] = Errand(case_id, now_ms, self._way(here, goal or here))

    def release(self, case_id: str, now_ms: int) -> None:
        """Let the patrols of a case that has ended go back to their rounds."""
        for unit_id in [u for u, e in self._errands.items() if e.case_id == case_id]:
            patrol = self._rounds[unit_id]
            here = self._place(patrol, now_ms)
            back = patrol.loop.project(shapely.Point(self._metres(here)))
            spot = patrol.loop.interpolate(back)
            way = self._way(here, self._degrees(spot.x, spot.y))
            self._errands[unit_id] = Errand("", now_ms, way)
            there_ms = now_ms + int(way.length / patrol.speed * 1000)
            self._shifts[unit_id] = back - patrol.start - patrol.speed * self._on_duty_s(patrol, there_ms)

    def due(self, now_ms: int) -> list[UnitMoved]:
        """The positions of the next beat: at the first, and whenever its status changes, everybody's."""
        found = []
        for number, patrol in enumerate(self._rounds.values()):
            status = self._status(patrol, now_ms)
            every = _EVERY_OFF if status == "off" else _EVERY[patrol.kind]
            if (self._beat + number) % every == 0 or self._told.get(patrol.unit_id) != status:
                self._told[patrol.unit_id] = status
                found.append(self._moved(patrol, status, now_ms))
        self._beat += 1
        return found

    def _moved(self, patrol: Round, status: Status, now_ms: int) -> UnitMoved:
        lon, lat = self._place(patrol, now_ms)
        errand = self._errands.get(patrol.unit_id)
        return UnitMoved(
            unit_id=patrol.unit_id, at=utc(now_ms), lon=round(lon, 6), lat=round(lat, 6), coord_sys="WGS84",
            kind=patrol.kind, group=patrol.group, street=patrol.street, status=status,
            case_id=(errand.case_id if errand else "") or None,
        )  # fmt: skip

    def _status(self, patrol: Round, now_ms: int) -> Status:
        errand = self._errands.get(patrol.unit_id)
        if errand is not None and errand.case_id:
            return "on_scene" if self._gone(patrol, errand, now_ms) >= errand.way.length else "assigned"
        first, last = patrol.hours
        return "free" if first * HOUR_MS <= (now_ms + self._offset_ms) % DAY_MS < last * HOUR_MS else "off"

    def _place(self, patrol: Round, now_ms: int) -> Position:
        errand = self._errands.get(patrol.unit_id)
        if errand is not None and not errand.case_id and self._gone(patrol, errand, now_ms) >= errand.way.length:
            del self._errands[patrol.unit_id]  # it is back
            errand = None
        if errand is not None:
            spot = errand.way.interpolate(self._gone(patrol, errand, now_ms))
        else:
            gone = patrol.start + patrol.speed * self._on_duty_s(patrol, now_ms) + self._shifts.get(patrol.unit_id, 0.0)
            spot = patrol.loop.interpolate(gone % patrol.loop.length)
        return self._degrees(spot.x, spot.y)

    def _gone(self, patrol: Round, errand: Errand, now_ms: int) -> float:
        return max(now_ms - errand.since_ms, 0) / 1000 * patrol.speed

    def _on_duty_s(self, patrol: Round, now_ms: int) -> float:
        """Seconds on duty since 1970: off duty a patrol stands where it was, and goes on from there."""
        days, today = divmod(now_ms + self._offset_ms, DAY_MS)
        first, last = (hour * HOUR_MS for hour in patrol.hours)
        return (days * (last - first) + min(max(today - first, 0), last - first)) / 1000

    def _way(self, start: Position, goal: Position) -> LineString:
        """By the roads where they lead there, else straight."""
        corners = [start, *(self._roads.path(start, goal) or ()), goal]
        return LineString(self._roads.plane.to_metres(np.array(corners)))

    def _metres(self, place: Position) -> Position:
        ((x, y),) = self._roads.plane.to_metres(np.array([place]))
        return float(x), float(y)

    def _degrees(self, x: float, y: float) -> Position:
        ((lon, lat),) = self._roads.plane.to_degrees(np.array([[x, y]]))
        return float(lon), float(lat)
