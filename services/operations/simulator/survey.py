"""The surveyed district: every area with its code, its names and its border, on the ground and in degrees."""

from dataclasses import dataclass

import numpy as np
from shapely import Polygon
from shapely.ops import unary_union

from services.operations.simulator import names, terrain
from services.operations.simulator.dice import Dice
from services.operations.simulator.mesh import Mesh
from services.operations.simulator.parting import AreaPart, part_district

CODE = "320499"
TOWN_GRID_HA = 14.5


@dataclass(frozen=True, slots=True)
class SurveyArea:
    """An area: ``ground`` in metres, ``degrees`` in WGS-84; both have the same corners in the same order."""

    code: str
    name: str
    name_en: str
    parent: str
    ground: Polygon
    degrees: Polygon
    axis: float
    households: int = 0


@dataclass(frozen=True, slots=True)
class Survey:
    """Everything that was measured; the layers and the tables are drawn from it."""

    streets: list[SurveyArea]
    communities: list[SurveyArea]
    grids: list[SurveyArea]
    mesh: Mesh
    corners: terrain.Plane
    outline: Polygon
    names: names.Names


def survey(seed: int) -> Survey:
    """Invent and measure a district."""
    dice = Dice(seed, "survey")
    mesh = Mesh(terrain.outline(dice))
    parts = part_district(mesh, dice, seed)
    corners = terrain.bend(np.asarray(mesh.corners))
    return _Surveyor(mesh, corners, dice).measure(parts)


class _Surveyor:
    def __init__(self, mesh: Mesh, corners: terrain.Plane, dice: Dice) -> None:
        self.mesh, self.corners, self.dice = mesh, corners, dice
        self.degrees = terrain.to_degrees(corners)
        self.names = names.Names(dice)
        self.streets: list[SurveyArea] = []
        self.communities: list[SurveyArea] = []
        self.grids: list[SurveyArea] = []

    def measure(self, parts: list[AreaPart]) -> Survey:
        towns, villages = iter(names.TOWN_STREETS), iter(names.VILLAGE_STREETS)
        # From the north-west to the south-east, as an office would number them.
        for number, part in enumerate(sorted(parts, key=self._reading_order), start=1):
            ground, degrees = self._borders(part)
            is_town = ground.area / part.grids / 1e4 < TOWN_GRID_HA + 0.7
            name, english = next(towns if is_town else villages)
            street = SurveyArea(f"{CODE}{number:03d}", name, english, CODE, ground, degrees, part.axis)
            self.streets.append(street)
            for k, community in enumerate(sorted(part.parts, key=self._reading_order), start=1):
                self._community(street, community, k)
        outline = unary_union([p.ground for p in self.streets])
        assert isinstance(outline, Polygon)  # the streets tile one face of the mesh
        return Survey(self.streets, self.communities, self.grids, self.mesh, self.corners, outline, self.names)

    def _community(self, street: SurveyArea, part: AreaPart, number: int) -> None:
        ground, degrees = self._borders(part)
        is_town = ground.area / part.grids / 1e4 < TOWN_GRID_HA
        (name, english), (kind, kind_en) = self.names.place(), ("社区", "Community") if is_town else ("村", "Village")
        code = f"{street.code}{number:03d}"
        self.communities.append(
            SurveyArea(code, name + kind, f"{english} {kind_en}", street.code, ground, degrees, part.axis)
        )
        for k, grid in enumerate(sorted(part.parts, key=self._reading_order), start=1):
            ground, degrees = self._borders(grid)
            homes = self.dice.whole(420, 580) if is_town else self.dice.whole(240, 360)
            self.grids.append(
                SurveyArea(f"{code}{k:02d}", f"{name}{kind}第{k}网格", f"{english} Grid {k}", code, ground, degrees,
                           part.axis, homes)
            )  # fmt: skip

    def _reading_order(self, part: AreaPart) -> tuple[float, float]:
        centre = unary_union([self.mesh.polygon(f) for f in part.faces()]).centroid
        return -round(centre.y / 700), centre.x

    def _borders(self, part: AreaPart) -> tuple[Polygon, Polygon]:
        """The border on the ground and in degrees: the ring of corners around all its faces."""
        ring = _around([self.mesh.faces[f] for f in part.faces()])
        return Polygon(self.corners[ring]), Polygon(self.degrees[ring])


def _around(rings: list[list[int]]) -> list[int]:
    """One ring around rings that adjoin: the edges that only one of them has, in order."""
    if len(rings) == 1:
        return rings[0]
    edges = {edge for ring in rings for edge in zip(ring, [*ring[1:], ring[0]], strict=True)}
    border = {a: b for a, b in edges if (b, a) not in edges}
    start = min(border)
    ring = [start]
    while (following := border[ring[-1]]) != start:
        ring.append(following)
    return ring
