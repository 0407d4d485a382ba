"""What a screen may know of a case (DOMAIN.md §8). Pure.

The wall hangs in a room that visitors see: no description, no address, no person. A dispute or a special-population
case (domains 09 and 10) stands at its grid's centre, without text.
"""

from collections.abc import Container

import msgspec

from services.access.rights import Person
from services.cases.case import CaseRow, PresentEscalation, decode_escalation
from services.cases.whose import may_case
from services.contract.codes import SENSITIVE_DOMAINS
from services.contract.personal import mask_text
from services.district.package import Area, District


class WallCase(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """An open case as it leaves for a wall, as an array in this order: names would be a third of the bytes."""

    case_id: str
    version: int
    lon: float | None
    lat: float | None
    street: str
    domain: str
    class_name: str
    severity: int
    status: str
    channel: str
    level: str
    reported_at: int
    deadline_at: int | None
    estimated: bool
    escalation: PresentEscalation | None
    light: int
    unseen: int


class GridCentres:
    """The points that stand for a sensitive case: its grid's, else its community's, else its street's centre."""

    def __init__(self, district: District) -> None:
        self.units = district.units
        self._levels = (district.grids, district.communities, district.streets)
        self._found: dict[str, tuple[float, float] | None] = {}

    def centre(self, row: CaseRow) -> tuple[float | None, float | None]:
        """(lon, lat), or (None, None): the case's own position is never the answer."""
        for areas, code in zip(self._levels, (row.grid, row.community, row.street), strict=True):
            if (area := areas.get(code)) is not None and (point := self._point(area)) is not None:
                return point
        return None, None

    def _point(self, area: Area) -> tuple[float, float] | None:
        if area.code not in self._found:
            self._found[area.code] = area.centre
        return self._found[area.code]


def for_wall(row: CaseRow, light: int, centres: GridCentres, *, unseen: bool = False) -> WallCase:
    """The case as the wall may see it; ``light`` is the index in deadlines.LIGHTS, ``unseen``: by every camera."""
    lon, lat, class_name = row.lon, row.lat, row.class_name
    escalation = decode_escalation(row.escalation) if row.escalation else None
    if row.domain in SENSITIVE_DOMAINS:
        (lon, lat), class_name = centres.centre(row), ""
        if escalation is not None and escalation.to not in centres.units:
            escalation = msgspec.structs.replace(escalation, to="")
    return WallCase(
        row.case_id, row.version, _short(lon), _short(lat), row.street, row.domain, class_name, row.severity,
        row.status, row.channel, row.level, row.reported_at, row.deadline_at, row.deadline_estimated,
        escalation, light, int(unseen),
    )  # fmt: skip


def for_file(row: CaseRow, asking: Person | None, known_units: Container[str]) -> CaseRow | None:
    """The case as a file may have it that ``asking`` takes along; None: it is not theirs. None asks for the machine's.

    A file goes on without us: of a sensitive case it names class, community, grid and position only for who works on
    it, and a unit only when the package knows it (it may be any text). One rule for every file with cases in it.
    """
    if asking is not None and not may_case(asking, "export_cases", row):
        return None
    if row.domain not in SENSITIVE_DOMAINS:
        return msgspec.structs.replace(row, class_name=mask_text(row.class_name))
    if asking is not None and may_case(asking, "see_sensitive", row):
        return msgspec.structs.replace(row, class_name=mask_text(row.class_name))
    unit = row.lead_unit if row.lead_unit in known_units else ""
    return msgspec.structs.replace(
        row, class_name="", class_key="", community="", grid="", lon=None, lat=None, lead_unit=unit
    )


def _short(degrees: float | None) -> float | None:
    return None if degrees is None else round(degrees, 6)
