"""The model in the words of ``told``: bodies for the screens, rounded to decimetres. Pure."""

from collections.abc import Iterator

import numpy as np
import shapely
from msgspec.structs import replace
from shapely.geometry.base import BaseGeometry as Geometry

from services.coverage.cameras import PlacedCamera, lit
from services.coverage.closing import advise, kind_of_gap
from services.coverage.demand import SpotDemand
from services.coverage.geometry.aim import grade
from services.coverage.geometry.ground import LIVE, LIVE_NIGHT, PLANNED, PLANNED_NIGHT
from services.coverage.model import CoverageModel, reasons_now
from services.coverage.spots import Watched
from services.coverage.told import Coverage, Listed, Region, Ring, Sight, WatchedSpot

Origin = tuple[float, float]


def tell_sight(model: CoverageModel, placed: PlacedCamera, now: int) -> Sight:
    """One camera."""
    camera, aimed, condition = placed.camera, placed.aim, placed.condition
    origin = (placed.stand.x, placed.stand.y)
    lon, lat = model.plane.to_degrees(np.array([origin]))[0].tolist()
    reasons = reasons_now(placed)
    by_day, by_night = lit(placed)
    return Sight(
        id=camera.camera_id, name=camera.name or camera.camera_id, kind=aimed.kind,
        lon=round(lon, 7), lat=round(lat, 7), state=condition.state(now), view=aimed.view, grade=grade(reasons),
        street=placed.street, fault=condition.reported.fault, since=condition.reported.at,
        sees_day=by_day, sees_night=by_night,
        azimuths=[] if aimed.view == "reach" else [round(azimuth, 1) for azimuth, _ in aimed.sectors],
        hfov=round(aimed.sectors[0][1], 1) if aimed.sectors else 0.0,
        range_m=round(aimed.range_m, 1), levels_m=[round(level, 1) for level in aimed.levels_m],
        estimated=list(aimed.estimated), reasons=list(reasons), moved_m=round(placed.stand.moved_m, 1),
        shapes=[ring for polygon in rings_of(placed.seen, origin) for ring in polygon[:1]],
        now=[ring for polygon in rings_of(placed.now, origin) for ring in polygon[:1]],
        url=camera.stream_url or "",
    )  # fmt: skip


def tell_spot(model: CoverageModel, spot: Watched, now: int) -> WatchedSpot:
    """One key area, road section or place."""
    if spot.told is None:
        spot.told = _measured(model, spot)
    demand = model.cases.of(spot.id, now, is_night=model.is_night)
    gap = spot.told.live_night if model.is_night else spot.told.live
    return replace(
        spot.told,
        demand=round(demand.demand, 1),
        cases=demand.cases,
        unseen=demand.unseen,
        need=need_of(demand, spot.weight, gap, spot.size),
    )


def _measured(model: CoverageModel, spot: Watched) -> WatchedSpot:
    """What is said of a spot whatever its cases."""
    point = spot.outline.representative_point()
    origin = (point.x, point.y)
    lon, lat = model.plane.to_degrees(np.array([origin]))[0].tolist()
    bare = WatchedSpot(
        id=spot.id, kind=spot.kind, name=spot.name, lon=round(lon, 7), lat=round(lat, 7), street=spot.street,
        place_type=spot.place_type, weight=spot.weight, size=round(spot.size, 1),
        outline=rings_of(spot.outline, origin),
    )  # fmt: skip
    gaps = spot.gaps
    if gaps is None or not model.cameras:
        return bare
    found = advise(spot, gaps, model.cameras, model.nearest(spot.ground), model.site, is_night=model.is_night)
    return replace(
        bare, planned=round(gaps.planned, 1), live=round(gaps.live, 1), planned_night=round(gaps.planned_night, 1),
        live_night=round(gaps.live_night, 1), now=round(gaps.now, 1), gap=found.gap, way=found.way,
        camera=found.camera, camera_m=round(found.camera_m, 1), blind=rings_of(gaps.blind, origin),
    )  # fmt: skip


def need_of(demand: SpotDemand, weight: float, gap: float | None, size: float) -> float:
    """Demand × weight × the share of the gap; 0 where the gap is not known."""
    return round(demand.demand * weight * gap / size, 1) if gap and size else 0.0


def tell_grid(model: CoverageModel, code: str, cells: tuple[int, np.ndarray], now: int) -> WatchedSpot:
    """One grid, from the counters."""
    area = model.areas["grid"][code]
    outdoor, seen = cells
    m2 = model.counters.raster.cell_m**2
    size = outdoor * m2
    planned, live, planned_night, live_night = (size - int(n) * m2 for n in seen)
    demand = model.cases.of(f"grid:{code}", now, is_night=model.is_night)
    point = area.representative_point()
    origin = (point.x, point.y)
    lon, lat = model.plane.to_degrees(np.array([origin]))[0].tolist()
    bare = WatchedSpot(
        id=f"grid:{code}", kind="grid", name=model.district.grids[code].name, lon=round(lon, 7), lat=round(lat, 7),
        street=_street_of_grid(model, code), size=round(size, 1), demand=round(demand.demand, 1),
        cases=demand.cases, unseen=demand.unseen, outline=rings_of(area, origin),
    )  # fmt: skip
    if not model.cameras:
        return bare
    gap = kind_of_gap(planned, live, live_night, size, is_night=model.is_night)
    way = {"permanent": "add", "live": "repair", "night": "light"}.get(gap, "")
    return replace(
        bare, planned=round(planned, 1), live=round(live, 1), planned_night=round(planned_night, 1),
        live_night=round(live_night, 1), gap=gap, way=way,
        need=need_of(demand, 1.0, live_night if model.is_night else live, size),
    )  # fmt: skip


def tell_regions(model: CoverageModel, wanted: set[tuple[str, str]] | None = None) -> Iterator[Region]:
    """The district and every street, community and grid; or only those of ``wanted``: (level, code)."""
    m2 = model.counters.raster.cell_m**2
    for (level, code), (outdoor, seen) in model.region_cells().items():
        if wanted is None or (level, code) in wanted:
            yield Region(
                code or model.district.code,
                level,  # type: ignore[arg-type]  # of LEVELS
                round(outdoor * m2, 1),
                *(round(int(seen[layer]) * m2, 1) for layer in (PLANNED, LIVE, PLANNED_NIGHT, LIVE_NIGHT)),
            )


def tell_coverage(model: CoverageModel, now: int) -> Coverage:
    """The district's figures. ``at`` is the minute: the rest says when something has changed."""
    tally, n = model.tally, len(model.cameras)
    kinds = {
        kind: _listed(model, [s for s in model.spots.by_id.values() if s.kind == kind])
        for kind in ("area", "road", "place")
    }
    notes = [
        note
        for note, is_so in (
            ("no_buildings", not len(model.footprints.solids)),
            ("no_cameras", not n),
            ("no_key_spots", not model.spots.by_id),
            ("mended_buildings", bool(model.footprints.mended)),
            ("unreadable_buildings", bool(model.unreadable_buildings)),
        )
        if is_so
    ]
    return Coverage(
        at=now, is_night=model.is_night, cameras=n, online=tally["online"] + tally["degraded"], intact=tally["intact"],
        unstable=tally["unstable"], state_unknown=tally["unknown state"], counted=tally["counted"],
        turning=tally["reach"], direction_unknown=tally["unknown view"],
        refused=tally["outside"] + tally["walled_in"], indoor=tally["indoor"], dark_unknown=tally["night_unknown"],
        grades={grade: tally[f"grade {grade}"] for grade in "ABCD" if tally[f"grade {grade}"]},
        areas=kinds["area"], roads=kinds["road"], places=kinds["place"],
        outages=model.outages.told(model.not_online, now), notes=notes, target_online=model.policy.target_online,
        target_intact=model.policy.target_intact, covered_share=model.policy.covered_share,
    )  # fmt: skip


def _listed(model: CoverageModel, spots: list[Watched]) -> Listed:
    measured = [(spot.gaps, spot.size) for spot in spots if spot.gaps is not None] if model.cameras else []
    allowed = 1 - model.policy.covered_share
    night = model.is_night
    return Listed(
        n=len(spots),
        planned=sum((g.planned_night if night else g.planned) <= allowed * size + 1e-9 for g, size in measured),
        live=sum((g.live_night if night else g.live) <= allowed * size + 1e-9 for g, size in measured),
        unknown=len(spots) - len(measured),
    )


def _street_of_grid(model: CoverageModel, code: str) -> str:
    community = model.district.communities.get(model.district.grids[code].parent)
    return community.parent if community is not None else ""


def rings_of(geometry: Geometry, origin: Origin) -> list[list[Ring]]:
    """A geometry's parts as lists of rings (of lines and points: one each) in decimetres from ``origin`` (metres)."""
    found = []
    for part in shapely.get_parts(geometry):
        if part.is_empty:
            continue
        if part.geom_type == "Polygon":
            rings = [_ring(ring, origin, closed=True) for ring in (part.exterior, *part.interiors)]
            if len(rings[0]) >= 6:
                found.append([ring for ring in rings if len(ring) >= 6])
        elif part.geom_type in {"LineString", "Point", "LinearRing"}:
            found.append([_ring(part, origin, closed=False)])
    return found


def _ring(line: Geometry, origin: Origin, *, closed: bool) -> Ring:
    whole = np.rint((shapely.get_coordinates(line) - origin) * 10).astype(np.int64)
    keep = np.ones(len(whole), bool)
    keep[1:] = (whole[1:] != whole[:-1]).any(axis=1)
    whole = whole[keep]
    if closed and len(whole) > 1 and (whole[0] == whole[-1]).all():
        whole = whole[:-1]
    flat: Ring = whole.ravel().tolist()
    return flat
