"""A street's page: its grids with their load and people, boundary cases, watched areas. Reads only.

One reader a process: it keeps up with the patrols' positions by itself.
"""

from sqlalchemy import Connection, Engine

from services.district.package import District
from services.duty.boundary import NEAR_M, At, Borders, Neighbour
from services.duty.grids import GridLoad, GridPatrols, GridPeople, grid_loads
from services.duty_gathering import street_of
from services.events.codes import SENSITIVE_DOMAINS
from services.events.entry import entry_key
from services.liveboard.board import Board
from services.liveboard.follower import PATROLS_BACK_MS
from services.projector.follow import Offload, directly
from services.store import duty, read
from services.store.rollups import Scope, totals
from services.store.write import read_feed
from services.watch import DAY_MS, CaseAt, Watch, WatchedAreas, position_in


class GridReader:
    """Answers for the streets of one district; ``offload`` runs what blocks where it harms nobody."""

    def __init__(self, engine: Engine, district: District, offload: Offload = directly) -> None:
        self._engine, self._district, self._offload = engine, district, offload
        self._people, self._borders = GridPeople(district), Borders(district)
        self._patrols = GridPatrols(district)
        self.areas = WatchedAreas(district)

    def grids(self, board: Board, street: str, now: int) -> list[GridLoad]:
        """The street's grids, those with most overdue, then most open, first."""
        rows = [row for row in board.rows.values() if row.street == street]
        lights = {row.case_id: board.lights[row.case_id] for row in rows}

        def ask() -> list[GridLoad]:
            with self._engine.connect() as connection:
                self._follow_patrols(connection)
                month = self._month(connection, street, now)
            return grid_loads(
                self._district, street, rows, lights, month=month, people=self._people, patrolled=self._patrols.last
            )

        return self._offload(ask)

    def boundary(self, board: Board, seat: str, metres: float = NEAR_M) -> dict[str, Neighbour]:
        """The seat's open cases within ``metres`` of another grid or street, with that neighbour.

        Not the sensitive ones: where they are shows on no screen.
        """
        street = street_of(self._district, seat)
        cases = [
            At(row.case_id, row.lon, row.lat, row.street, row.grid)
            for row in board.rows.values()
            if (street is None or row.street == street) and row.domain not in SENSITIVE_DOMAINS
            if row.lon is not None and row.lat is not None
        ]
        return self._offload(lambda: self._borders.near(cases, metres))

    def watched(self, seat: str, now: int) -> list[Watch]:
        """The seat's watched areas with who watches them, those with most open cases first."""
        street = street_of(self._district, seat)

        def ask() -> list[Watch]:
            with self._engine.connect() as connection:
                self._follow_patrols(connection)
                cases = [CaseAt(*row) for row in duty.placed_cases(connection, street, now - DAY_MS)]
            return [area for area in self.areas.watch(cases, now) if street is None or area.street == street]

        return self._offload(ask)

    def _month(self, connection: Connection, street: str, now: int) -> dict[str, tuple[int, int]]:
        """Grid → (reported, solved on the spot) of the statistical month so far, from the roll-ups."""
        today = self._district.day_of(now)
        days = self._district.month_start(today), self._district.day_after(today)
        found = totals(connection, Scope(street=street), days, ("intake", "self_handled"), ("grid",))
        return {str(grid): (sums["intake"], sums["self_handled"]) for (grid,), sums in found.items()}

    def _follow_patrols(self, connection: Connection) -> None:
        """Take in the positions kept since the last time; a fresh process looks two hours back."""
        feed = read_feed(connection)
        newest = entry_key(feed.last_entry) if feed is not None else 0
        positions = read.positions_from(connection, max(self._patrols.after, newest - (PATROLS_BACK_MS << 20)))
        if positions:
            self._patrols.after = positions[-1][0]
            seen = [position_in(data) for _, data in positions]
            self._patrols.take(seen)
            self.areas.patrols(seen)
