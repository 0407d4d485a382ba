"""How a gap is closed: repair what is broken, turn what looks elsewhere, light what is dark, or add a camera. Pure."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry as Geometry

from services.coverage.cameras import CoverageGround, PlacedCamera, lit
from services.coverage.spots import Gaps, Watched, measure, unseen_of
from services.coverage.told import Gap, Way

# A camera that could see at least so much of a gap, were it turned, is worth turning.
WORTH_TURNING = 0.5
# How many of the nearest cameras are asked.
_ASKED = 6
# Less than this share of a spot is no gap of its kind.
_CRUMB_SHARE = 0.005


class Advice(NamedTuple):
    """What makes most of a gap, how to close it, by which camera, and how far that one is in metres."""

    gap: Gap
    way: Way
    camera: str
    camera_m: float


def kind_of_gap(planned: float, live: float, live_night: float, size: float, *, is_night: bool) -> Gap:
    """The kind that makes most of what is not seen now; by day the night counts only where nothing else is missing."""
    floor = size * _CRUMB_SHARE
    parts: list[tuple[float, Gap]] = [(planned, "permanent"), (live - planned, "live")]
    night: tuple[float, Gap] = (live_night - live, "night")
    if is_night or all(part <= floor for part, _ in parts):
        parts.append(night)
    most, gap = max(parts, key=lambda part: part[0])
    return gap if most > floor else "none"


def advise(
    spot: Watched,
    gaps: Gaps,
    cameras: Mapping[str, PlacedCamera],
    nearest: Sequence[str],
    site: CoverageGround,
    *,
    is_night: bool,
) -> Advice:
    """How to close this spot's gap. ``nearest`` are the ids of the cameras around it, the nearest first."""
    gap = kind_of_gap(gaps.planned, gaps.live, gaps.live_night, spot.size, is_night=is_night)
    if gap == "none":
        return Advice(gap, "", "", 0.0)
    if gap == "live":
        broken = [i for i in spot.cameras if not lit(cameras[i])[0]]
        return _by("live", "repair", _sees_most(broken, cameras, gaps.blind), cameras, spot.ground)
    if gap == "night":
        dark = [i for i in spot.cameras if lit(cameras[i])[0] and not cameras[i].aim.by_night]
        where = gaps.blind if is_night else spot.ground
        return _by("night", "light", _sees_most(dark, cameras, where), cameras, spot.ground)
    blind = gaps.blind_planned
    if turned := _turnable([cameras[i] for i in nearest], blind, site):
        return _by("permanent", "turn", turned, cameras, blind)
    return _by("permanent", "add", nearest[0] if nearest else "", cameras, blind)


def _by(gap: Gap, way: Way, camera: str, cameras: Mapping[str, PlacedCamera], where: Geometry) -> Advice:
    if not camera:
        return Advice(gap, way, "", 0.0)
    stand = cameras[camera].stand
    return Advice(gap, way, camera, float(shapely.distance(where, shapely.Point(stand.x, stand.y))))


def _sees_most(ids: Sequence[str], cameras: Mapping[str, PlacedCamera], of: Geometry) -> str:
    """The camera whose view holds most of a geometry; the first by id of equals."""
    if len(ids) < 2 or of.is_empty:
        return min(ids, default="")
    return max(sorted(ids), key=lambda i: measure(shapely.intersection(of, cameras[i].seen)))


def _turnable(nearest: Sequence[PlacedCamera], blind: Geometry, site: CoverageGround) -> str:
    """The nearest camera, fixed or of unknown direction, that could see half of the gap from where it is."""
    size = measure(blind)
    asked = [p for p in nearest if p.aim.view in {"fixed", "unknown"} and "walled_in" not in p.reasons]
    near = [p for p in asked[:_ASKED] if shapely.distance(blind, shapely.Point(p.stand.x, p.stand.y)) < p.aim.range_m]
    if not near or not size:
        return ""
    circles = site.see(np.array([(p.stand.x, p.stand.y, 0.0, 360.0, p.aim.range_m) for p in near]))[0]
    for placed, circle in zip(near, circles, strict=True):
        if measure(unseen_of(blind, [circle])) <= (1 - WORTH_TURNING) * size:
            return placed.camera.camera_id
    return ""
