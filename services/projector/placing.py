"""Where each case of a batch is: convert once, find the areas, say what was odd. Pure.

A known code wins over the position; an unknown code is kept as text; a bad position beside a known code is dropped; all
three are flagged. A bad or far position with no known code beside it is refused (CONTRACT.md).
"""

import math
from collections.abc import Sequence

from services.cases.case import CasePlace
from services.contract.case import Case
from services.contract.parse import Event, Refused
from services.district.coords import to_wgs84
from services.district.package import District
from services.district.place import Placer

Point = tuple[float, float]
# A case's events tell its position again and again: so many are remembered (some 4 MB).
SEEN_MOST = 20_000


class Locator:
    """Places the cases of one district."""

    def __init__(self, district: District) -> None:
        self.district = district
        self.placer = Placer(district)
        self._seen: dict[Point, tuple[tuple[str, str, str], bool]] = {}

    def locate(self, events: Sequence[Event]) -> list[CasePlace | Refused]:
        """A place, or the refusal, for each case event."""
        found: list[CasePlace | Refused | None] = [None] * len(events)
        points: list[tuple[float, float]] = []
        at: list[int] = []
        for i, event in enumerate(events):
            case = event.body
            assert isinstance(case, Case)
            if case.lon is None and case.lat is None:
                found[i] = self._by_code(case, None)
                continue
            problem = _problem(case)
            if problem is None:
                assert case.lon is not None and case.lat is not None and case.coord_sys is not None
                points.append(to_wgs84(case.lon, case.lat, case.coord_sys))
                at.append(i)
            elif self._known(case):
                found[i] = self._by_code(case, None, "bad_position")
            else:
                reason, detail = problem
                found[i] = Refused(event.entry_id, reason, detail, event.source, event.type)  # type: ignore[arg-type]  # `_problem` names reasons of the contract alone
        self._place(events, points, at, found)
        return found  # type: ignore[return-value]  # every slot is filled by now

    def _place(
        self,
        events: Sequence[Event],
        points: list[tuple[float, float]],
        at: list[int],
        found: list[CasePlace | Refused | None],
    ) -> None:
        areas = self._areas(points)
        for k, i in enumerate(at):
            event = events[i]
            case = event.body
            assert isinstance(case, Case)
            area, is_outside = areas[points[k]]
            if not is_outside:
                found[i] = self._by_code(case, points[k], area=area)
            elif self._known(case):
                found[i] = self._by_code(case, None, "bad_position")
            else:
                detail = (
                    f"position lon={case.lon} lat={case.lat} ({case.coord_sys}) is more than 5 km outside the district"
                    ": most often coord_sys is wrong"
                )
                found[i] = Refused(event.entry_id, "outside_district", detail, event.source, event.type)

    def _areas(self, points: Sequence[Point]) -> dict[Point, tuple[tuple[str, str, str], bool]]:
        """(street, community, grid) of each position, and whether it is outside of the district."""
        found = {point: self._seen[point] for point in points if point in self._seen}
        if new := [point for point in dict.fromkeys(points) if point not in found]:
            areas = self.placer.find(new)
            unplaced = [point for point, area in zip(new, areas, strict=True) if area == ("", "", "")]
            outside = dict(zip(unplaced, self.placer.is_outside(unplaced), strict=True))
            placed = {point: (area, outside.get(point, False)) for point, area in zip(new, areas, strict=True)}
            if len(self._seen) + len(placed) > SEEN_MOST:
                self._seen = {}
            self._seen |= placed
            found |= placed
        return found

    def _by_code(
        self,
        case: Case,
        point: tuple[float, float] | None,
        flag: str = "",
        area: tuple[str, str, str] = ("", "", ""),
    ) -> CasePlace:
        flags = [flag] if flag else []
        coded = self._coded(case)
        given = (case.street or "", case.community or "", case.grid or "")
        if not any(given):
            place = area
        else:
            if not any(coded):
                place = area
            elif any(a and c and a != c for a, c in zip(area, coded, strict=True)):
                flags.append("place_disagrees")
                place = coded
            else:
                # The code may name the street only: where the position agrees the finer levels come from it.
                place = _filled(coded, area)
            if any(g and g != c for g, c in zip(given, coded, strict=True)):
                flags.append("unknown_code")
                place = _filled(place, given)
        lon, lat = point if point else (None, None)
        street, community, grid = place
        if "\x00" in street + community + grid:
            street, community, grid = (text.replace("\x00", "") for text in place)
        return CasePlace(lon, lat, street, community, grid, tuple(flags))

    def _coded(self, case: Case) -> tuple[str, str, str]:
        """(street, community, grid) by the finest known code of the case."""
        district, placer = self.district, self.placer
        if case.grid and case.grid in district.grids:
            return placer.parents(case.grid, 0)
        if case.community and case.community in district.communities:
            return placer.parents(case.community, 1)
        if case.street and case.street in district.streets:
            return placer.parents(case.street, 2)
        return "", "", ""

    def _known(self, case: Case) -> bool:
        return any(self._coded(case))


def _filled(place: tuple[str, str, str], other: tuple[str, str, str]) -> tuple[str, str, str]:
    """``place`` with its empty levels from ``other``."""
    return place[0] or other[0], place[1] or other[1], place[2] or other[2]


def _problem(case: Case) -> tuple[str, str] | None:
    """Why a position cannot be used: a reason of the contract and a sentence."""
    if case.lon is None or case.lat is None:
        return "missing_field", "lon or lat is missing: a position needs both"
    if case.coord_sys is None:
        return "missing_field", "coord_sys is missing: it is required with a position"
    if not (math.isfinite(case.lon) and math.isfinite(case.lat) and abs(case.lon) <= 180 and abs(case.lat) <= 90):
        return "bad_value", f"position lon={case.lon} lat={case.lat} is not on the globe"
    return None
