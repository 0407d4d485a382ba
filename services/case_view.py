"""One case for a panel: the row, its events, the names of its places. A read; nothing here may hold the loop long."""

from collections.abc import Callable
from typing import NamedTuple

from sqlalchemy import Engine

from services.cases import CaseRow, decode_escalation
from services.district.package import District
from services.store import read


class CaseView(NamedTuple):
    """What a panel shows: the row, the events as (Unix ms, type), the names of its area and unit."""

    row: CaseRow
    events: tuple[tuple[int, str], ...]
    area: str
    unit: str
    escalated_to: str


class CaseReader:
    """Reads cases for panels; ``offload`` runs the query where it blocks nobody."""

    def __init__(
        self, engine: Engine, district: District, offload: Callable[[Callable[[], CaseView | None]], CaseView | None]
    ) -> None:
        self._engine, self._district, self._offload = engine, district, offload

    def view(self, case_id: str, *, english: bool = False) -> CaseView | None:
        """The case, or None when there is none. Raises what the database raises."""
        return self._offload(lambda: self._read(case_id, english))

    def _read(self, case_id: str, english: bool) -> CaseView | None:
        with self._engine.connect() as connection:
            row = read.one_case(connection, case_id)
            if row is None:
                return None
            told = read.history_of(connection, case_id)
        events = tuple(sorted((past.time, past.type) for past in told))
        to = decode_escalation(row.escalation).to if row.escalation else ""
        return CaseView(
            row, events, self._area(row, english), self._unit(row.lead_unit, english), self._unit(to, english)
        )

    def _area(self, row: CaseRow, english: bool) -> str:
        district = self._district
        names = []
        for areas, code in (
            (district.streets, row.street), (district.communities, row.community), (district.grids, row.grid),
        ):  # fmt: skip
            if code:
                names.append(areas[code].name if code in areas else code)
        if english and row.street in district.streets_en:
            names[0] = district.streets_en[row.street]
        return " · ".join(names)

    def _unit(self, code: str, english: bool) -> str:
        name = self._district.units.get(code, code)
        return self._district.units_en.get(code, name) if english else name
