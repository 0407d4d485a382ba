"""A past room as the wall shows it: the wall's own lens and tiles, at the moment's clock; frames of how it went on."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from services.board.lenses import WallLens, units_of
from services.board.sources import source_rows
from services.board.tiles import tiles
from services.board.zone import TICKER_LINES, Zone
from services.district.package import District
from services.district.policy import Policy
from services.duty.alarms.tiles import alarm_tiles, for_visitors
from services.duty.roster import Roster
from services.past.moments import EVERY_MS
from services.past.room import Arrived, LookUp, PastRoom
from services.platform.clock import MINUTE_MS

# The same minute of the day before is asked for again after so long.
COMPARE_EVERY_MS = 10 * MINUTE_MS
EPOCH = "past"
# (moment) → the figures of the same minute of the comparable day (board.comparison_reader).
Before = Callable[[int], Mapping[str, Any]]
# (moment) → when the coverage was kept last before it, and its tiles then; None: nobody kept it.
BlindAt = Callable[[int], tuple[int, Mapping[str, msgspec.Raw]] | None]
# (moment) → the policy that was in force then (past.policy_reader).
PolicyAt = Callable[[int], Policy]
# (moment) → the district with the names that were in force then (district.past_names_reader).
DistrictAt = Callable[[int], District]


def changed_names(then: District, now: District) -> dict[str, dict[str, tuple[str, str]]]:
    """The streets and units that had another name: code → that name, and as an English page has it."""
    found: dict[str, dict[str, tuple[str, str]]] = {"streets": {}, "units": {}}
    for code, area in then.streets.items():
        told, name = (area.name, then.streets_en.get(code, area.name)), now.streets[code].name
        if told != (name, now.streets_en.get(code, name)):
            found["streets"][code] = told
    for code, name in then.units.items():
        told, present = (name, then.units_en.get(code, name)), now.units.get(code)
        if told != (present, now.units_en.get(code, present)):
            found["units"][code] = told
    return found


class Showing:
    """One past room on its way."""

    def __init__(
        self,
        room: PastRoom,
        district: District,
        before: Before,
        blind_at: BlindAt,
        policy_at: PolicyAt,
        *,
        district_at: DistrictAt,
    ) -> None:
        """``policy_at`` and ``district_at``: targets and names are those of the moment that is shown."""
        self._district_at = district_at
        self.room, self._district, self._before, self._policy_at = room, district, before, policy_at
        self._blind_at, self._blind = blind_at, blind_at(room.at)
        self._spots: set[str] = set()
        self._roster = Roster(district)
        self._compared: tuple[int, Mapping[str, Any]] = (room.at, before(room.at))
        self._zone = Zone(room.board, WallLens(room.board, self._tiles), EPOCH)
        self._zone.flush(room.at)

    def snapshot(self) -> list[bytes]:
        """The parts of the whole state (JSON), as the wall's socket sends them: made now, as the room stands."""
        return list(self._zone.parts(self.room.at))

    def frames(
        self, arrived: Arrived, until: int, step: int, *, look_up: LookUp, before: Before, blind_at: BlindAt
    ) -> Iterator[bytes]:
        """Move on to ``until`` in steps of ``step`` ms; the deltas (JSON) of those in which something changed."""
        self._before, self._blind_at = before, blind_at
        self.room.remember([p.subject for p in arrived.pasts if p.type.startswith("case.")], look_up)
        pasts, alarms = sorted(arrived.pasts, key=lambda past: past.received_at), list(arrived.alarms)
        refused, read, rung, turned_away = list(arrived.refused), 0, 0, 0
        at = self.room.at
        while at < until:
            at = min(at + step, until)
            first, began, turned = read, rung, turned_away
            while read < len(pasts) and pasts[read].received_at <= at:
                read += 1
            while rung < len(alarms) and alarms[rung].at <= at:
                rung += 1
            while turned_away < len(refused) and refused[turned_away].at <= at:
                turned_away += 1
            if at // EVERY_MS != self.room.at // EVERY_MS:
                self._blind = self._blind_at(at)
            arrives = Arrived(pasts[first:read], alarms[began:rung], refused[turned:turned_away])
            self._zone.mark(self.room.take(arrives, at, look_up))
            if (frame := self._zone.flush(at)) is not None:
                yield frame

    def _tiles(self) -> dict[str, Any]:
        board, at = self.room.board, self.room.at
        if not 0 <= at - self._compared[0] < COMPARE_EVERY_MS:
            self._compared = at, self._before(at)
        shown, policy = tiles(board, self._compared[1]), self._policy_at(at)
        targets = policy.target_grid, policy.target_street, policy.target_district
        found: dict[str, Any] = msgspec.structs.asdict(shown)
        found["streets"] = msgspec.structs.replace(shown.streets, target=policy.target_on_time)
        found["funnel"] = msgspec.structs.replace(shown.funnel, targets=targets)
        found |= self._coverage()
        found |= {
            "sources": source_rows(board, self._district.sources, at),
            "feed": [None, None, None, None],
            "shift": self._roster.shift_at(at),
            "ticker": list(board.happened)[-TICKER_LINES:],
            "units": units_of(board),
            "names": changed_names(self._district_at(at), self._district),
            "alarms": for_visitors(alarm_tiles(board, self._district.code, at)),
        }
        return found

    def _coverage(self) -> dict[str, Any]:
        """Which cameras showed a picture is known of every moment; what was blind, of those that were kept."""
        cameras, online = self.room.cameras.count(self.room.at)
        target = self._policy_at(self.room.at).coverage.target_online
        figures: dict[str, Any] = {
            "is_night": False,
            "top": [],
            "gaps": 0,
            "notes": ["not_kept"],
            "outages": [],
            "target_online": target,
        }
        spots: dict[str, Any] = {}
        if self._blind is not None:
            kept_at, kept = self._blind
            figures |= msgspec.json.decode(kept["coverage"]) or {}
            figures["kept_at"] = kept_at
            spots = {name: body for name, body in kept.items() if name != "coverage"}
        gone = dict.fromkeys(self._spots - spots.keys())
        self._spots = set(spots)
        return {"coverage": {**figures, "outages": [], "cameras": cameras, "online": online}, **gone, **spots}
