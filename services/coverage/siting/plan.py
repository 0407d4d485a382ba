"""A plan of the next cameras for a district: candidates, weights, the greedy choice, and what coverage becomes.

A blind cell weighs by the recent cases around it (decayed, weighted by severity, spread over 60 m) and by the weight of
the key spot that it lies in. Blind is what no camera sees that there is: broken ones are repaired, not doubled.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numba
import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, uniform_filter
from shapely.geometry.base import BaseGeometry as Geometry

from services.coverage.geometry.ground import PLANNED, first_behind
from services.coverage.geometry.outlines import outlines
from services.coverage.geometry.raster import CellRuns, place_of
from services.coverage.geometry.sweep import Floats, Ints, look
from services.coverage.model import CoverageModel
from services.coverage.siting.siting import MODELS, Choices, Chosen, Model, choose, configurations
from services.coverage.spots import measure, unseen_of
from services.coverage.told import PlannedSite, SitePlan
from services.district.package import features_of

SPREAD_M = 60.0
MOST_POLES = 4000
_COARSE = 10  # cells of 2 m in one of the density's
# A place without cases is worth this share of the mean density: a key area that is quiet must be seen too.
_FLOOR = 0.2
_ALONG_ROADS_M = 40.0


class Snapshot(NamedTuple):
    """What a plan is made from, taken at one moment: it may be worked out beside the live model."""

    model: CoverageModel
    blind: NDArray[np.bool_]
    case_xy: Floats
    case_weight: Floats
    unseen_xy: Floats
    seen_cells: int
    blind_of: dict[str, Geometry]
    now: int


def snapshot(model: CoverageModel, now: int) -> Snapshot:
    """Take what a plan needs."""
    xy, weight = model.cases.weighted(now)
    return Snapshot(
        model, model.counters.unseen(PLANNED), xy, weight,
        model.cases.never_seen([p.seen for p in model.cameras.values() if p.layers]),
        int(model.counters.seen[:, PLANNED].sum()),
        {spot.id: spot.gaps.blind_planned for spot in model.spots.by_id.values() if spot.gaps is not None}, now,
    )  # fmt: skip


def make_plan(taken: Snapshot, n: int, *, models: Sequence[Model] = MODELS, budget: float | None = None) -> SitePlan:
    """The next ``n`` cameras (fewer where nothing more is to be gained)."""
    model = taken.model
    poles, names, source = _worth_asking(taken, *candidate_poles(model))
    views, pole, model_of, cost = configurations(poles, models)
    seen = look(model.site.walls, views)
    runs = model.site.raster.runs(seen.points, seen.start, np.arange(len(views) + 1))
    choices, total = choices_of(taken, runs, pole, cost)
    chosen = choose(choices, n, cap=model.policy.cameras_a_pole, budget=budget)
    shapes = model.site.see(views[[one.candidate for one in chosen]])[0]
    return _tell(taken, chosen, choices, views, shapes, [models[k] for k in model_of.tolist()], names, source, total)


def candidate_poles(model: CoverageModel) -> tuple[Floats, list[tuple[str, str]], str]:
    """Places for a camera in metres with (code, name) each, and where they are from: ``poles`` or ``roads``."""
    source = "poles" if features_of(model.district, "poles") else "roads"
    features = features_of(model.district, source)
    read = outlines(features, model.plane)
    places, names = [np.zeros((0, 2))], []
    for i, drawn in zip(read.of, read.shapes, strict=True):
        properties = features[i].get("properties") or {}
        code, name = str(properties.get("code") or i), str(properties.get("name") or "")
        for part in shapely.get_parts(drawn):
            if source == "poles" and part.geom_type == "Point":
                places.append(shapely.get_coordinates(part))
                names.append((code, name))
            elif source == "roads" and part.geom_type == "LineString":
                steps = np.arange(_ALONG_ROADS_M / 2, part.length, _ALONG_ROADS_M)
                places.append(shapely.get_coordinates(shapely.line_interpolate_point(part, steps)))
                names += [(f"{code}-{len(names) + k}", name) for k in range(len(steps))]
    metres = np.concatenate(places)
    stood = [(stand, name) for stand, name in zip(model.footprints.stand(metres), names, strict=True) if stand]
    found = np.asarray([(stand.x, stand.y) for stand, _ in stood], dtype=np.float64).reshape(-1, 2)
    return found, [name for _, name in stood], source


def _worth_asking(
    taken: Snapshot, poles: Floats, names: list[tuple[str, str]], source: str
) -> tuple[Floats, list[tuple[str, str]], str]:
    """The poles with most weighted blind ground around them: a district's roads have more than can be asked."""
    if len(poles) <= MOST_POLES:
        return poles, names, source
    raster = taken.model.counters.raster
    density = _density(taken)
    rows, columns = density.shape
    ground = taken.model.counters.ground
    blind = _blind_by_square(ground.start, ground.cells, taken.blind, raster.tiles, (rows, columns))
    around = uniform_filter(density * blind, 7)
    at = np.clip(raster.to_cells(poles) // _COARSE, 0, (columns - 1, rows - 1)).astype(np.int64)
    best = np.sort(np.argsort(-around[at[:, 1], at[:, 0]], kind="stable")[:MOST_POLES])
    return poles[best], [names[i] for i in best.tolist()], source


def choices_of(taken: Snapshot, runs: CellRuns, pole: Ints, cost: Floats) -> tuple[Choices, float]:
    """The blind outdoor cells that each candidate would see, with the weight of each; and the weight of all of them."""
    raster, ground = taken.model.counters.raster, taken.model.counters.ground
    density, factor = _density(taken), _factor(taken.model)
    start, cells = _blind_cells(runs.cells, runs.start, ground.start, ground.cells, taken.blind, raster.tiles)
    met = np.zeros(raster.size, bool)
    met[cells] = True
    known, place = np.flatnonzero(met), np.cumsum(met, dtype=np.int32) - 1
    rows, columns = raster.cells_at(known)
    weight = density[rows // _COARSE, columns // _COARSE] * factor[known]
    total = _blind_weight(ground.start, ground.cells, taken.blind, raster.tiles, density, factor)
    return Choices(start, place[cells], weight.astype(np.float32), pole, cost), float(total)


def _density(taken: Snapshot) -> Floats:
    raster = taken.model.counters.raster
    rows, columns = -(-raster.rows // _COARSE), -(-raster.columns // _COARSE)
    found = np.zeros((rows, columns))
    at = raster.to_cells(taken.case_xy) / _COARSE
    inside = (at >= 0).all(axis=1) & (at[:, 0] < columns) & (at[:, 1] < rows)
    place = at[inside].astype(np.int64)
    np.add.at(found, (place[:, 1], place[:, 0]), taken.case_weight[inside])
    spread = gaussian_filter(found, SPREAD_M / (raster.cell_m * _COARSE), mode="constant")
    mean = float(spread.mean())
    weight: Floats = spread + (_FLOOR * mean if mean else 1.0)
    return weight


def _factor(model: CoverageModel) -> NDArray[np.float32]:
    """The weight of the key spot that each cell lies in, else 1."""
    raster = model.counters.raster
    found = np.ones(raster.size, np.float32)
    spots = list(model.spots.by_id.values())
    reach = [
        s.ground if s.kind == "area" or s.ground.area else s.ground.buffer(model.policy.road_metres) for s in spots
    ]
    runs = raster.runs_of(reach)
    _raise(found, runs.start, runs.cells, np.array([s.weight for s in spots], np.float32), raster.tiles)
    return found


def _tell(
    taken: Snapshot, chosen: Sequence[Chosen], choices: Choices, views: Floats, shapes: NDArray[np.object_],
    models: Sequence[Model], names: Sequence[tuple[str, str]], source: str, total: float,
) -> SitePlan:  # fmt: skip
    model = taken.model
    m2 = model.counters.raster.cell_m**2
    outdoor = float(model.counters.ground.outdoor.sum()) * m2
    seen_m2 = taken.seen_cells * m2
    covered = np.zeros(len(choices.weight), bool)
    uncovered = np.ones(len(taken.unseen_xy), bool)
    blind = dict(taken.blind_of)
    sites: list[PlannedSite] = []
    curve, district = [0.0], [seen_m2 / outdoor if outdoor else 0.0]
    listed = {kind: [_covered(model, kind, blind)] for kind in ("area", "road", "place")}
    for rank, one in enumerate(chosen, start=1):
        x, y, azimuth, hfov, range_m = views[one.candidate].tolist()
        cells = choices.cells[choices.start[one.candidate] : choices.start[one.candidate + 1]]
        new_m2 = float((~covered[cells]).sum()) * m2
        covered[cells] = True
        polygon = shapes[rank - 1]
        hit = uncovered & shapely.intersects_xy(polygon, taken.unseen_xy) if len(uncovered) else uncovered
        uncovered &= ~hit
        seen_m2 += new_m2
        touched = model.spots.touching([polygon])[0]
        for spot in touched:
            if spot.id in blind:
                blind[spot.id] = unseen_of(blind[spot.id], [polygon])
        lon, lat = model.plane.to_degrees(np.array([(x, y)]))[0].tolist()
        code, name = names[int(choices.pole[one.candidate])]
        kind = models[one.candidate]
        sites.append(
            PlannedSite(
                rank, code, name, model.site.street_at(x, y), round(lon, 7), round(lat, 7), kind.name, azimuth, hfov,
                range_m, one.gain / total if total else 0.0, round(new_m2, 1), int(hit.sum()), kind.cost,
                np.rint((shapely.get_coordinates(polygon)[:-1] - (x, y)) * 10).astype(int).ravel().tolist(),
            )
        )  # fmt: skip
        curve.append(curve[-1] + sites[-1].gain)
        district.append(seen_m2 / outdoor if outdoor else 0.0)
        for kind_, counts in listed.items():
            counts.append(_covered(model, kind_, blind))
    return SitePlan(
        at=taken.now, candidates=len(views), poles=len(names), pole_source=source, sites=sites,
        curve=[round(share, 5) for share in curve], district=[round(share, 5) for share in district],
        areas=listed["area"], roads=listed["road"], places=listed["place"],
    )  # fmt: skip


def _covered(model: CoverageModel, kind: str, blind: dict[str, Geometry]) -> int:
    """How many of the listed spots of a kind are covered, with these parts of them blind."""
    allowed = 1 - model.policy.covered_share
    spots = [spot for spot in model.spots.by_id.values() if spot.kind == kind and spot.id in blind]
    return sum(measure(blind[spot.id]) <= allowed * spot.size + 1e-9 for spot in spots)


@numba.njit(cache=True, nogil=True)
def _blind_cells(runs, sizes, start, ground, blind, tiles):  # type: ignore[no-untyped-def]  # numba's
    n = len(sizes) - 1
    offsets = np.zeros(n + 1, np.int64)
    cells = np.zeros(0, np.int32)
    for turn in range(2):
        for i in range(n):
            k = offsets[i]
            count = 0
            for p in range(sizes[i], sizes[i + 1]):
                r, c0, c1 = runs[p]
                low = first_behind(ground, start[r], start[r + 1], c0)
                while low < start[r + 1] and ground[low, 0] < c1:
                    for c in range(max(ground[low, 0], c0), min(ground[low, 1], c1)):
                        cell = place_of(r, c, tiles)
                        if blind[cell]:
                            if turn:
                                cells[k + count] = cell
                            count += 1
                    low += 1
            if not turn:
                offsets[i + 1] = offsets[i] + count
        if not turn:
            cells = np.zeros(offsets[n], np.int32)
    return offsets, cells


@numba.njit(cache=True, nogil=True)
def _blind_by_square(start, cells, blind, tiles, shape):  # type: ignore[no-untyped-def]  # numba's
    """How many blind outdoor cells each square of the density has."""
    found = np.zeros(shape)
    for r in range(len(start) - 1):
        for k in range(start[r], start[r + 1]):
            for c in range(cells[k, 0], cells[k, 1]):
                found[r // _COARSE, c // _COARSE] += blind[place_of(r, c, tiles)]
    return found


@numba.njit(cache=True, nogil=True)
def _blind_weight(start, cells, blind, tiles, density, factor):  # type: ignore[no-untyped-def]  # numba's
    total = 0.0
    for r in range(len(start) - 1):
        for k in range(start[r], start[r + 1]):
            for c in range(cells[k, 0], cells[k, 1]):
                cell = place_of(r, c, tiles)
                if blind[cell]:
                    total += density[r // _COARSE, c // _COARSE] * factor[cell]
    return total


@numba.njit(cache=True, nogil=True)
def _raise(found, start, cells, weights, tiles):  # type: ignore[no-untyped-def]  # numba's
    for i in range(len(weights)):
        for k in range(start[i], start[i + 1]):
            r, c0, c1 = cells[k]
            for c in range(c0, c1):
                cell = place_of(r, c, tiles)
                found[cell] = max(found[cell], weights[i])
