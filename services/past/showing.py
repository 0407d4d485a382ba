"""A past room as the wall shows it: the wall's own lens and tiles, at the moment's clock; frames of how it went on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from services.district.package import District
from services.duty.roster import Roster
from services.liveboard.alarm_tiles import alarm_tiles, for_visitors
from services.liveboard.figures import tiles
from services.liveboard.lenses import WallLens, units_of
from services.liveboard.sources import source_rows
from services.liveboard.zone import TICKER_LINES, Zone
from services.past.room import Arrived, LookUp, PastRoom

MINUTE_MS = 60_000
# The same minute of the day before is asked for again after so long.
COMPARE_EVERY_MS = 10 * MINUTE_MS
EPOCH = "past"
# (moment) → the figures of the same minute of the day before, {} where nothing is known of it.
Before = Callable[[int], Mapping[str, Any]]


class Showing:
    """One past room on its way. ``blind``: the coverage's tiles of the hour, None where nobody kept them."""

    def __init__(
        self, room: PastRoom, district: District, before: Before, blind: Mapping[str, msgspec.Raw] | None
    ) -> None:
        self.room, self._district, self._before, self._blind = room, district, before, blind
        self._roster = Roster(district)
        self._compared: tuple[int, Mapping[str, Any]] = (room.at, before(room.at))
        self._zone = Zone(room.board, WallLens(room.board, self._tiles), EPOCH)
        self._zone.flush(room.at)

    def snapshot(self) -> list[bytes]:
        """The parts of the whole state (JSON), as the wall's socket sends them."""
        return self._zone.snapshot(self.room.at)[0]

    def frames(self, arrived: Arrived, until: int, step: int, look_up: LookUp, before: Before) -> Iterator[bytes]:
        """Move on to ``until`` in steps of ``step`` ms; the deltas (JSON) of those in which something changed."""
        self._before = before
        self.room.remember([p.subject for p in arrived.pasts if p.type.startswith("case.")], look_up)
        pasts, alarms = sorted(arrived.pasts, key=lambda past: past.received_at), list(arrived.alarms)
        refused, read, rung = arrived.refused, 0, 0
        at = self.room.at
        while at < until:
            at = min(at + step, until)
            first, began = read, rung
            while read < len(pasts) and pasts[read].received_at <= at:
                read += 1
            while rung < len(alarms) and alarms[rung].at <= at:
                rung += 1
            self._zone.mark(self.room.take(Arrived(pasts[first:read], alarms[began:rung], refused), at, look_up))
            refused = {}
            if (frame := self._zone.flush(at)) is not None:
                yield frame

    def _tiles(self) -> dict[str, Any]:
        board, at = self.room.board, self.room.at
        if not 0 <= at - self._compared[0] < COMPARE_EVERY_MS:
            self._compared = at, self._before(at)
        del board.happened[:-TICKER_LINES]
        found = tiles(board, self._compared[1])
        found |= self._coverage()
        found |= {
            "sources": source_rows(board, self._district.sources, at),
            "feed": [None, None, None],
            "shift": self._roster.shift_at(at),
            "ticker": list(board.happened),
            "units": units_of(board),
            "alarms": for_visitors(alarm_tiles(board, self._district.code, at)),
        }
        return found

    def _coverage(self) -> dict[str, Any]:
        """Which cameras showed a picture is known of every moment; what was blind, of those that were kept."""
        cameras, online = self.room.cameras.count(self.room.at)
        target = self._district.policy.coverage.target_online
        figures: dict[str, Any] = {
            "is_night": False, "top": [], "gaps": 0, "notes": ["not_kept"], "outages": [], "target_online": target,
        }  # fmt: skip
        spots: Sequence[tuple[str, Any]] = ()
        if self._blind is not None:
            figures |= msgspec.json.decode(self._blind["coverage"]) or {}
            spots = [(name, body) for name, body in self._blind.items() if name != "coverage"]
        return {"coverage": {**figures, "outages": [], "cameras": cameras, "online": online}, **dict(spots)}
