"""From a camera's record to what it is aimed at, and how sure that is.

Pixel density by distance: image width (px) × focal length / (sensor width × px per metre), the levels of IEC 62676-4.
Where the record is silent a default by type stands in and is named (估算); an unknown direction is never a circle.
"""

import math
from typing import NamedTuple

from services.contract.others import CameraChanged
from services.coverage.told import Grade, View

# Detection, observation, recognition, identification: pixels a metre.
LEVELS_PX_M = (25.0, 62.5, 125.0, 250.0)
# GB/T 28181: 1 E 2 W 3 S 4 N 5 SE 6 NE 7 SW 8 NW.
EIGHT = {1: 90.0, 2: 270.0, 3: 180.0, 4: 0.0, 5: 135.0, 6: 45.0, 7: 225.0, 8: 315.0}
# By GB/T 28181's PTZ type, where no kind is given: 1 ball, 2 half-dome, 3 bullet, 4 and 5 remote, 6 and 7 many lenses.
_KIND_OF_PTZ = {1: "ptz", 2: "dome", 3: "bullet", 4: "ptz", 5: "ptz", 6: "dome", 7: "dome"}
# Field of view in degrees and range in metres by type (DOMAIN.md §7), and the farthest that is believed.
_DEFAULTS = {
    "dome": (360.0, 80.0, 300.0),
    "bullet": (80.0, 60.0, 500.0),
    "ptz": (360.0, 100.0, 500.0),
    "checkpoint": (30.0, 30.0, 200.0),
    "lookout": (360.0, 500.0, 3000.0),
}
_TURNING = frozenset({"dome", "ptz", "lookout"})
_HFOV_NOW = 60.0
# Why a camera is not graded A, and the best grade that each reason leaves. Four that leave B make it a C.
REASONS: dict[str, Grade] = {
    "azimuth_8_points": "B", "hfov_estimated": "B", "range_estimated": "B", "night_unknown": "B", "moved_out": "B",
    "position_catalogue": "B", "roof": "B", "degraded": "B",
    "moved_far": "C", "position_doubtful": "C", "estimated_source": "C", "kind_estimated": "C", "range_refused": "C",
    "azimuth_unknown": "D", "azimuth_zero": "D", "outside": "D", "walled_in": "D", "indoor": "D",
}  # fmt: skip


class Aim(NamedTuple):
    """``sectors`` and ``now`` are (azimuth, field of view) in degrees, apart from each other; metres of range."""

    kind: str
    view: View
    sectors: tuple[tuple[float, float], ...]
    now: tuple[float, float] | None
    range_m: float
    levels_m: tuple[float, ...]
    by_night: bool
    estimated: tuple[str, ...]
    reasons: tuple[str, ...]


def aim(camera: CameraChanged, level_px_m: float = 25.0) -> Aim:
    """What the camera's record says that it sees, to the distance that leaves ``level_px_m`` pixels a metre."""
    estimated: list[str] = []
    reasons: list[str] = []
    kind = camera.kind or _KIND_OF_PTZ.get(camera.ptz_type or 0, "")
    if not kind:
        kind = "bullet"
        reasons.append("kind_estimated")
    usual_field, usual_range, farthest = _DEFAULTS[kind]
    levels = _levels(camera)
    range_m = camera.range_m or 0.0
    if range_m > farthest:
        range_m = 0.0
        reasons.append("range_refused")
    if not range_m and levels:
        range_m = min(levels[0], farthest)
    if not range_m:
        range_m = usual_range
        estimated.append("range")
        reasons.append("range_estimated")
    if not levels:
        levels = tuple(range_m * LEVELS_PX_M[0] / density for density in LEVELS_PX_M)
        estimated.append("levels")
    by_night = camera.night in {"infrared", "white", "laser"} or bool(camera.lit_at_night)
    if camera.night is None and camera.lit_at_night is None:
        estimated.append("night")
        reasons.append("night_unknown")
    reasons += _of_source(camera)
    field = camera.hfov or _field(camera)
    view, sectors = _sectors(camera, kind, field=field, usual=usual_field, estimated=estimated, reasons=reasons)
    now = None
    if view == "reach" and camera.pan_now is not None:
        now = (camera.pan_now, camera.hfov_now or _HFOV_NOW)
    # Not beyond the distance that leaves so many pixels a metre, whatever range is claimed.
    reach = min(range_m, levels[0] * LEVELS_PX_M[0] / level_px_m)
    return Aim(kind, view, sectors, now, reach, levels, by_night, tuple(estimated), tuple(reasons))


def grade(reasons: tuple[str, ...]) -> Grade:
    """A: surveyed and whole; B: sound; C: to be looked at; D: not to be relied on."""
    worst: Grade = max((REASONS[reason] for reason in reasons), default="A")
    return "C" if worst == "B" and len(reasons) >= 4 else worst


def _sectors(
    camera: CameraChanged, kind: str, *, field: float, usual: float, estimated: list[str], reasons: list[str]
) -> tuple[View, tuple[tuple[float, float], ...]]:
    if camera.mount == "indoor":
        reasons.append("indoor")
        return "none", ()
    directions = _directions(camera, reasons)
    is_fixed_dome = kind == "dome" and camera.ptz_type in {None, 2} and directions and field
    if kind in _TURNING and not is_fixed_dome and len(directions) < 2:
        reasons[:] = [reason for reason in reasons if not reason.startswith("azimuth")]
        return "reach", ((0.0, 360.0),)
    if not directions:
        return "unknown", ()
    if not field:
        field = usual if usual < 360 else 90.0
        estimated.append("hfov")
        reasons.append("hfov_estimated")
    return "fixed", merged([(azimuth, field) for azimuth in directions])


def _directions(camera: CameraChanged, reasons: list[str]) -> list[float]:
    """The azimuths that are known. Exactly 0 means «nobody filled it in» more often than north."""
    if camera.directions:
        return [direction % 360 for direction in camera.directions]
    eight = EIGHT.get(camera.direction_type or 0)
    if camera.azimuth is not None:
        is_empty = camera.azimuth % 360 == 0 and camera.source_quality != "surveyed"
        if not is_empty or eight == 0:
            return [camera.azimuth % 360]
        if eight is None:
            reasons.append("azimuth_zero")
            return []
    if eight is None:
        reasons.append("azimuth_unknown")
        return []
    reasons.append("azimuth_8_points")
    return [eight]


def merged(sectors: list[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Sectors apart from each other that together see what these see; azimuth of the middle, width, in degrees."""
    if sum(width for _, width in sectors) <= 0 or any(width >= 360 for _, width in sectors):
        return ((0.0, 360.0),) if sectors else ()
    spans = sorted(((azimuth - width / 2) % 360, width) for azimuth, width in sectors)
    # Begin where no other sector reaches, or they go all round.
    for turn in range(len(spans)):
        start = spans[turn][0]
        row = sorted(((first - start) % 360, width) for first, width in spans)
        found: list[list[float]] = []
        for first, width in row:
            if found and first <= found[-1][1]:
                found[-1][1] = max(found[-1][1], first + width)
            else:
                found.append([first, first + width])
        if found[-1][1] <= 360:
            return tuple(sorted(((start + (low + high) / 2) % 360, high - low) for low, high in found))
    return ((0.0, 360.0),)


def _levels(camera: CameraChanged) -> tuple[float, ...]:
    if camera.width_px and camera.focal_mm and camera.sensor_width_mm:
        at_one = camera.width_px * camera.focal_mm / camera.sensor_width_mm
        return tuple(at_one / density for density in LEVELS_PX_M)
    return ()


def _field(camera: CameraChanged) -> float:
    if camera.focal_mm and camera.sensor_width_mm:
        return math.degrees(2 * math.atan(camera.sensor_width_mm / (2 * camera.focal_mm)))
    return 0.0


def _of_source(camera: CameraChanged) -> list[str]:
    found = [] if camera.source_quality == "surveyed" else ["position_catalogue"]
    if camera.source_quality == "estimated":
        found = ["estimated_source"]
    if camera.mount == "roof":
        found.append("roof")
    return found
