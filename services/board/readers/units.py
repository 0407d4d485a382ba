"""Units for a panel and a map: the nearest to a case with their ways, the brigades with their lists.

The road graph is built at the first question (a second or so, through ``offload``) and kept for the package's life.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from services.board.state import Board
from services.board.units import ClockReading, Near, Unit, brigades, freshness, nearest_units, units_on
from services.cases.case import CaseRow
from services.district.package import District
from services.district.roads import Position, Roads, roads_of
from services.platform.clock import Clock, machine_ms
from services.platform.offload import Offload, directly


class UnitReader:
    """Answers for one district. The board is read where the question is asked; ways are reckoned by ``offload``."""

    def __init__(
        self,
        district: District,
        board_of: Callable[[], Board],
        clock: Clock,
        *,
        offload: Offload = directly,
        real_now: Callable[[], int] = machine_ms,
    ) -> None:
        self._district, self._board_of, self._clock = district, board_of, clock
        self._offload, self._real_now = offload, real_now
        self._roads: Roads | None = None
        english = district.units_en
        self._english = {name: english[code] for code, name in district.units.items() if code in english}

    def near(self, case_id: str, street: str = "", n: int = 5, *, only_free: bool = True) -> list[dict[str, Any]]:
        """The ``n`` units nearest to an open case, nearest first; none where the case is unknown or has no place.

        ``street`` is the desk that asks: it sees its own cases and sends its own units; "" is the district's.
        ``is_from_area``: the case has no position of its own, the ways are to the middle of its grid or community.
        """
        board = self._board_of()
        row = board.rows.get(case_id)
        if row is None or (street and row.street != street) or (goal := self._place(row)) is None:
            return []
        units, moment = units_on(board, street), self.moment()

        def reckon() -> list[Near]:
            return nearest_units(self._graph(), goal, units, moment, n=n, only_free=only_free, street=street)

        found = self._offload(reckon)
        is_from_area = row.lon is None
        return [
            {
                **self._told(near.unit, moment),
                "metres": round(near.metres),
                "is_by_road": near.is_by_road,
                "eta_s": round(near.eta_s),
                "is_from_area": is_from_area,
            }
            for near in found
        ]

    def brigades(self, street: str = "") -> list[dict[str, Any]]:
        """The groups of a street, or ("") of the whole district, with their lists."""
        moment = self.moment()
        return [
            {
                "street": found.street, "group": found.group, "group_en": self._english.get(found.group, found.group),
                "members": [self._told(unit, moment) for unit in found.members],
                "free": found.free, "assigned": found.assigned, "on_scene": found.on_scene, "off": found.off,
                "newest_at": found.newest_at,
            }
            for found in brigades(units_on(self._board_of(), street))
        ]  # fmt: skip

    def units(self, street: str = "") -> list[dict[str, Any]]:
        """Every unit with how old its position is: what a map draws."""
        moment = self.moment()
        return [self._told(unit, moment) for unit in units_on(self._board_of(), street)]

    def moment(self) -> ClockReading:
        """Now, by both clocks."""
        return ClockReading(self._clock.now_ms(), self._real_now(), self._clock.rate())

    def _told(self, unit: Unit, moment: ClockReading) -> dict[str, Any]:
        told = msgspec.structs.asdict(unit)
        del told["arrived_at"]
        return {**told, "freshness": freshness(unit, moment)}

    def _place(self, row: CaseRow) -> Position | None:
        """Where to send somebody: the case's position, else the middle of the smallest area that is known."""
        if row.lon is not None and row.lat is not None:
            return row.lon, row.lat
        district = self._district
        for areas, code in (
            (district.grids, row.grid),
            (district.communities, row.community),
            (district.streets, row.street),
        ):
            if code in areas and (centre := areas[code].centre) is not None:
                return centre
        return None

    def _graph(self) -> Roads:
        if self._roads is None:  # two first questions at once may build it twice: the same graph
            self._roads = roads_of(self._district)
        return self._roads
