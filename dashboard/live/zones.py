"""The zones that browsers watch: the wall's from the start, a desk's (whatever its lens) from its first visitor on."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any

import msgspec

from services.board.border_marks import BorderMarks
from services.board.coverage_tiles import CoverageTiles
from services.board.follower import Follower
from services.board.lenses import DeskLens, GridLens, UnitLens, WallLens, desk_figures, shown_figures, units_of
from services.board.sources import source_rows
from services.board.state import Board, thing_list
from services.board.tiles import street_rows, tiles
from services.board.zone import TICKER_LINES, Zone
from services.cases.case import CaseRow
from services.district.borders import Borders
from services.duty.alarms.tiles import alarm_tiles, for_visitors
from services.duty.roster import Roster
from services.duty.seats import seat_kind
from services.health.beats import to_name
from services.platform.clock import Clock, machine_ms

WALL, DESK, STREET, UNIT, GRID = "wall", "desk", "street:", "unit:", "grid:"
# A zone that nobody watches is kept this long: a page that is loaded anew finds it.
KEPT_S = 120.0


class Zones:
    """Every zone of one loaded board."""

    def __init__(
        self,
        follower: Follower,
        clock: Clock,
        filling: Callable[[], float | None],
        borders: Borders,
        more: Sequence[Callable[[str], dict[str, Any]]] = (),
    ) -> None:
        self._follower, self._clock, self._filling = follower, clock, filling
        self._board: Board = follower.board
        self._coverage = CoverageTiles()
        self._roster = Roster(self._board.district)
        self._rows: list[dict[str, Any]] = []
        self._borders = BorderMarks(borders)
        self._borders.learn(self._board.rows.values())
        self._alarms: dict[str, tuple[int, float, dict[str, Any]]] = {}
        self._zones: dict[str, Zone] = {}
        self._watched_at: dict[str, float] = {}
        self._parts = more  # zone → tiles beside those of the board
        self.get(WALL)

    def keys(self) -> list[str]:
        """The zones that there are now."""
        return list(self._zones)

    def get(self, key: str) -> Zone:
        """The zone, made when it is new."""
        if key not in self._zones:
            self._zones[key] = self._make(key)
            self._zones[key].flush(self._clock.now_ms())
        self._watched_at[key] = time.monotonic()
        return self._zones[key]

    def sees(self, key: str, case_id: str) -> bool:
        """Whether an open case is one of a zone's."""
        return key in self._zones and self._zones[key].sees(case_id)

    def neighbour(self, row: CaseRow) -> str:
        """At whose border a case lies; empty for none."""
        return self._borders.of(row)

    def mark(self, case_ids: Iterable[str]) -> None:
        """These cases changed."""
        for zone in self._zones.values():
            zone.mark(case_ids)

    def flush(self) -> Iterator[tuple[str, bytes]]:
        """(zone, message) of each that has something to tell."""
        now = self._clock.now_ms()
        self._rows = []
        for key, zone in self._zones.items():
            if (message := zone.flush(now)) is not None:
                yield key, message

    def forget(self, watched: Collection[str]) -> None:
        """Drop zones that nobody has watched for a while."""
        now = time.monotonic()
        for key in watched:
            self._watched_at[key] = now
        for key in self.keys():
            if key != WALL and now - self._watched_at[key] > KEPT_S:
                del self._zones[key], self._watched_at[key]

    def _make(self, key: str) -> Zone:
        if key == WALL:
            return Zone(self._board, WallLens(self._board, self._wall_tiles))
        if key.startswith(UNIT):
            unit_lens = UnitLens(self._board, lambda: self._shown_tiles(key), key.removeprefix(UNIT))
            return Zone(self._board, unit_lens, every_entry=False)
        if key.startswith(GRID):
            grid_lens = GridLens(self._board, lambda: self._shown_tiles(key), key.removeprefix(GRID))
            return Zone(self._board, grid_lens, every_entry=False)
        street, _, community = key.removeprefix(STREET).partition("/") if key.startswith(STREET) else ("", "", "")
        lens = DeskLens(
            self._board, lambda: self._desk_tiles(key, street, community), street, community, self._borders.of
        )
        # A street hears of what concerns it; the newest entry comes with the beat.
        return Zone(self._board, lens, every_entry=not street)

    def _street_rows(self) -> list[dict[str, Any]]:
        """Reckoned once a flush for all desks."""
        if not self._rows:
            self._rows = street_rows(self._board)
        return self._rows

    def _truth(self) -> dict[str, Any]:
        health, board = self._follower.health, self._board
        return {
            "sources": source_rows(board, board.district.sources, machine_ms()),
            "feed": [
                health.redis_down_since,
                health.store_down_since,
                health.behind_since,
                health.refused_since,
            ],
            "processes": [[p.name, p.state, p.at] for p in to_name(health.processes)],
            "around": [[one.kind, one.about] for one in health.around],
            "filling": self._filling(),
            "shift": self._roster.shift_at(self._clock.now_ms()),
        }

    def _wall_tiles(self) -> dict[str, Any]:
        follower, board = self._follower, self._board
        found = self._truth()
        # A history that is only half there is nothing to compare with.
        found |= msgspec.structs.asdict(tiles(board, follower.before if found["filling"] is None else {}))
        spots = board.things.get(("hot_spots", "all"))
        found |= self._coverage.of(board)
        found["watch"] = [len(follower.watched), 0 if spots is None else len(thing_list(spots))]
        found["ticker"] = list(board.happened)[-TICKER_LINES:]
        found["units"] = units_of(board)
        found["alarms"] = for_visitors(self._alarm_tiles(board.district.code))
        return found | self._more(WALL)

    def _alarm_tiles(self, seat: str, community: str = "") -> dict[str, Any]:
        """Reckoned anew when an alarm has changed, and once a second for what the clock moves."""
        board, now = self._board, time.monotonic()
        key = f"{seat}/{community}"
        known = self._alarms.get(key)
        if known is None or known[0] != board.alarms_told or now - known[1] >= 1:
            found = alarm_tiles(board, seat, self._clock.now_ms(), community)
            known = self._alarms[key] = board.alarms_told, now, found
        return known[2]

    def _desk_tiles(self, key: str, street: str, community: str) -> dict[str, Any]:
        board = self._board
        found = self._truth()
        found["figures"] = desk_figures(board, self._street_rows(), street, community)
        found["units"] = units_of(board, street)
        found["alarms"] = self._alarm_tiles(street or board.district.code, community)
        found["refused"] = sum(n for (what, _), n in board.tallies.items() if what.startswith("refused:"))
        return found | self._more(key)

    def _shown_tiles(self, key: str) -> dict[str, Any]:
        """A unit's or a grid's desk: its own alarms, and no patrols."""
        board, found = self._board, self._truth()
        kind, _, code = key.partition(":")
        if seat_kind(board.district, code) == kind:
            found["alarms"] = self._alarm_tiles(code)
        found["figures"] = shown_figures(board, self._zones[key].shown)
        return found | self._more(key)

    def _more(self, key: str) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for part in self._parts:
            found |= part(key)
        return found
