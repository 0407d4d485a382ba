"""From the outline to streets, communities and grids: halving along roads until each grid holds its share of people."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import shapely
from shapely import Polygon

from services.operations.simulator import terrain
from services.operations.simulator.dice import Dice
from services.operations.simulator.mesh import Mesh, chord

STREETS, GRIDS = 12, 706
GRIDS_A_COMMUNITY = 5.9


@dataclass(slots=True)
class AreaPart:
    """A street (its communities), a community (its grids) or a grid (a face of the mesh)."""

    grids: int
    axis: float
    parts: list["AreaPart"] = field(default_factory=list)
    face: int = -1

    def faces(self) -> list[int]:
        """The faces of the mesh that it is made of."""
        return [self.face] if not self.parts else [f for part in self.parts for f in part.faces()]


def part_district(mesh: Mesh, dice: Dice, seed: int) -> list[AreaPart]:
    """Cut the mesh's only face into 12 streets, some 120 communities and 706 grids."""
    crowd = terrain.crowd(mesh.polygon(0), 90_000, seed)
    halves = mesh.cut(0, terrain.river(), rank=-1)
    assert halves is not None
    inside = [_within(mesh.polygon(half), crowd) for half in halves]
    first = len(inside[0]) / (len(inside[0]) + len(inside[1]))
    streets: list[AreaPart] = []
    for half, people, share in zip(halves, inside, (first, 1 - first), strict=True):
        count = max(2, round(STREETS * share)) if half == halves[0] else STREETS - len(streets)
        grids = round(GRIDS * share) if half == halves[0] else GRIDS - sum(s.grids for s in streets)
        side = [AreaPart(n, math.radians(9 + dice.between(-7, 7))) for n in _spread(grids, count, 0.26, dice)]
        _halve(mesh, half, side, people, dice=dice, rank=0)
        streets += side
    for street in streets:
        people = _within(mesh.polygon(street.face), crowd)
        count = round(street.grids / GRIDS_A_COMMUNITY)
        street.parts = [AreaPart(n, street.axis) for n in _spread(street.grids, count, 0.3, dice)]
        _halve(mesh, street.face, street.parts, people, dice=dice, rank=1)
        for community in street.parts:
            near = _within(mesh.polygon(community.face), people)
            community.parts = [AreaPart(1, community.axis) for _ in range(community.grids)]
            _halve(mesh, community.face, community.parts, near, dice=dice, rank=2)
    return streets


def _spread(total: int, count: int, swing: float, dice: Dice) -> list[int]:
    """``count`` whole numbers that add up to ``total``, each near the mean."""
    weights = [dice.between(1 - swing, 1 + swing) for _ in range(count)]
    bounds = np.round(np.cumsum([0.0, *weights]) / sum(weights) * total).astype(int)
    return [int(b - a) for a, b in pairwise(bounds)]


def _within(border: Polygon, points: terrain.Plane) -> terrain.Plane:
    found: terrain.Plane = points[shapely.contains_xy(border, points[:, 0], points[:, 1])]
    return found


def _halve(mesh: Mesh, face: int, parts: Sequence[AreaPart], people: terrain.Plane, *, dice: Dice, rank: int) -> None:
    """Give each of ``parts`` a face of its own inside ``face``, sized by how many live there."""
    if len(parts) == 1:
        parts[0].face = face
        return
    middle = len(parts) // 2
    first, second = parts[:middle], parts[middle:]
    wanted = sum(p.grids for p in first) / sum(p.grids for p in parts)
    faces = _best_cut(mesh, face, wanted, people, axis=parts[0].axis, dice=dice, rank=rank)
    borders = [mesh.polygon(f) for f in faces]
    counts = [_within(border, people) for border in borders]
    held = len(counts[0]) / max(1, len(counts[0]) + len(counts[1]))
    if abs(held - wanted) > abs(1 - held - wanted):
        faces, counts = (faces[1], faces[0]), counts[::-1]
    _halve(mesh, faces[0], first, counts[0], dice=dice, rank=rank)
    _halve(mesh, faces[1], second, counts[1], dice=dice, rank=rank)


def _best_cut(
    mesh: Mesh, face: int, wanted: float, people: terrain.Plane, *, axis: float, dice: Dice, rank: int
) -> tuple[int, int]:
    border = mesh.polygon(face)
    ring = np.asarray(border.exterior.coords)
    if len(people) < 12:
        people = ring
    spans = []
    for angle in (axis, axis + math.pi / 2):
        along = ring @ (math.cos(angle), math.sin(angle))
        spans.append((float(np.ptp(along)), angle))
    spans.sort(reverse=True)
    for strict in (True, False):
        for _, direction in spans if spans[0][0] < 1.7 * spans[1][0] or not strict else spans[:1]:
            for nudge in (0.0, 0.05, -0.05, 0.1, -0.1, 0.16, -0.16, 0.24, -0.24):
                share = min(0.85, max(0.15, (wanted if dice.chance(0.5) else 1 - wanted) + nudge))
                turn = direction + dice.between(-0.09, 0.09) * (0.6 if rank == 2 else 1.0)
                along = people @ (math.cos(turn), math.sin(turn))
                at = float(np.quantile(along, share))
                middle = border.centroid
                off = at - (middle.x * math.cos(turn) + middle.y * math.sin(turn))
                through = (middle.x + off * math.cos(turn), middle.y + off * math.sin(turn))
                line = chord(through, turn + math.pi / 2, dice.between(-28, 28) if rank < 2 else 0.0)
                crossing = border.intersection(line)
                if strict and (crossing.geom_type != "LineString" or crossing.length > 2.2 * spans[1][0]):
                    continue
                faces = mesh.cut(face, line, rank)
                if faces is not None:
                    return faces
    raise RuntimeError(f"no sound cut of face {face} was found: try another seed")
