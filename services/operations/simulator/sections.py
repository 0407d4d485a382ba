"""Key roads in sections of a few hundred metres, cut at crossings: each is one thing to look after (采集部位)."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely import LineString, STRtree
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from services.operations.simulator import terrain

Properties = dict[str, object]
Layer = list[tuple[BaseGeometry, Properties]]

ROADS, SECTIONS = 14, 96
SHORTEST_M, USUAL_M, LONGEST_M = 250.0, 350.0, 450.0
AT_CROSSING_M = 14.0


@dataclass(frozen=True, slots=True)
class Crossing:
    """How far along a road another one meets it, and that one's name in both languages."""

    at_m: float
    name: str
    name_en: str


def cut(roads: Layer) -> Layer:
    """The sections of the longest main roads that lie where most people are, in reading order of their roads."""
    major = sorted((pair for pair in roads if pair[1]["class"] == "major"), key=lambda pair: -pair[0].length)
    ends = np.asarray(
        [shapely.Point(xy) for line, _ in roads for xy in (line.coords[0], line.coords[-1])], dtype=object
    )
    found: list[tuple[LineString, Properties, float]] = []
    for line, properties in major[:ROADS]:
        assert isinstance(line, LineString)
        found += _sections(line, properties, _crossings(line, properties, roads, ends))
    busiest = sorted(found, key=lambda section: -section[2])[:SECTIONS]
    taken = {id(section) for section in busiest}
    kept = [section for section in found if id(section) in taken]
    return [
        (line, {**properties, "code": f"KR{number:03d}", "weight": 4 if busy > 0.9 else 3 if busy > 0.45 else 2})
        for number, (line, properties, busy) in enumerate(kept, start=1)
    ]


def _crossings(line: LineString, properties: Properties, roads: Layer, ends: NDArray[np.object_]) -> list[Crossing]:
    """Where other roads end at this one or cross it."""
    found = []
    for number in STRtree(ends).query(line, predicate="dwithin", distance=AT_CROSSING_M).tolist():
        other = roads[number // 2][1]
        if other["name"] != properties["name"]:
            found.append(Crossing(line.project(ends[number]), str(other["name"]), str(other["name_en"])))
    return sorted(found, key=lambda crossing: crossing.at_m)


def _sections(
    line: LineString, properties: Properties, crossings: list[Crossing]
) -> list[tuple[LineString, Properties, float]]:
    cuts: list[tuple[float, Crossing | None]] = [(0.0, next((c for c in crossings if c.at_m < 20), None))]
    while line.length - cuts[-1][0] > LONGEST_M + SHORTEST_M / 2:
        start = cuts[-1][0]
        within = [c for c in crossings if SHORTEST_M <= c.at_m - start <= LONGEST_M]
        best = min(within, key=lambda c: abs(c.at_m - start - USUAL_M), default=None)
        cuts.append((start + USUAL_M, None) if best is None else (best.at_m, best))
    cuts.append((line.length, next((c for c in crossings if c.at_m > line.length - 20), None)))
    found = []
    for number, ((start, first), (end, last)) in enumerate(pairwise(cuts), start=1):
        piece = substring(line, start, end)
        assert isinstance(piece, LineString)
        middle = piece.interpolate(0.5, normalized=True)
        busy = float(terrain.built_up(np.asarray([[middle.x, middle.y]]))[0])
        name, english = properties["name"], properties["name_en"]
        if first is not None and last is not None and first.name != last.name:
            named = {
                "name": f"{name}({first.name}—{last.name})",
                "name_en": f"{english} ({first.name_en} – {last.name_en})",
            }
        else:
            named = {"name": f"{name}第{number}段", "name_en": f"{english}, section {number}"}
        found.append((piece, {**properties, **named}, busy))
    return found
