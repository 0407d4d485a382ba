"""A street's page: its grids with their load and people, boundary cases, watched areas. Reads only.

One reader a process: it keeps up with the patrols' positions by itself.
"""

from typing import NamedTuple

from sqlalchemy import Connection, Engine

from services.board.follower import PATROLS_BACK_MS
from services.board.state import Board
from services.board.watched_areas import CaseAt, Watch, WatchedAreas, position_in
from services.contract.codes import SENSITIVE_DOMAINS
from services.contract.entry import entry_key
from services.district.borders import NEAR_M, At, Borders, Neighbour
from services.district.package import District
from services.duty import store as duty
from services.duty.grids import GridLoad, GridPatrols, GridPeople, grid_loads
from services.duty.reader import street_of
from services.indicators.scope import Scope
from services.indicators.store import totals
from services.platform.clock import DAY_MS
from services.platform.offload import Offload, directly
from services.projector.store import read
from services.projector.store.write import read_feed


class Passed(NamedTuple):
    """What the positions up to an entry of the history say: grid and area → when a patrol was last there (Unix ms)."""

    after: int
    grids: dict[str, int]
    areas: dict[str, int]


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

        def ask() -> tuple[Passed, dict[str, tuple[int, int]]]:
            with self._engine.connect() as connection:
                return self._passed(connection), self._month(connection, street, now)

        passed, month = self._offload(ask)
        self._take(passed)
        patrolled = dict(self._patrols.last)
        return self._offload(
            lambda: grid_loads(
                self._district, street, rows, lights, month=month, people=self._people, patrolled=patrolled
            )
        )

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

        def ask() -> tuple[Passed, list[CaseAt]]:
            with self._engine.connect() as connection:
                cases = [CaseAt(*row) for row in duty.placed_cases(connection, street, now - DAY_MS)]
                return self._passed(connection), cases

        passed, cases = self._offload(ask)
        self._take(passed)
        areas = self._offload(lambda: self.areas.watch(cases, now))
        return [area for area in areas if street is None or area.street == street]

    def _month(self, connection: Connection, street: str, now: int) -> dict[str, tuple[int, int]]:
        """Grid → (reported, solved on the spot) of the statistical month so far, from the roll-ups."""
        today = self._district.day_of(now)
        days = self._district.month_start(today), self._district.day_after(today)
        found = totals(connection, Scope(street=street), days, ("intake", "self_handled"), ("grid",))
        return {str(grid): (sums["intake"], sums["self_handled"]) for (grid,), sums in found.items()}

    def _passed(self, connection: Connection) -> Passed:
        """Where patrols have been since the last time; a fresh process looks two hours back. Changes nothing."""
        feed = read_feed(connection)
        newest = entry_key(feed.last_entry) if feed is not None else 0
        after = max(self._patrols.after, newest - (PATROLS_BACK_MS << 20))
        positions = read.positions_from(connection, after)
        seen = [position_in(data) for _, data in positions]
        return Passed(positions[-1][0] if positions else after, self._patrols.passed(seen), self.areas.passed(seen))

    def _take(self, passed: Passed) -> None:
        """Take it in where we are called, never in a thread of the pool: two of those may read at once."""
        self._patrols.after = max(self._patrols.after, passed.after)
        self._patrols.merge(passed.grids)
        self.areas.merge(passed.areas)
