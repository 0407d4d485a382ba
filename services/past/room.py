"""The board of a past moment, moved on by what was received since: the fold that the projector does, into memory.

«Then» is by when an entry was received: what happened earlier and was told later was not known. The clock is the
moment's: lights, counts and the counting day are as they were.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from services.board.state import Board
from services.cases.case import CaseRow
from services.contract.case import Case
from services.contract.entry import entry_id, entry_key
from services.contract.others import Heartbeat
from services.contract.parse import Event
from services.district.calendar import calendar_of
from services.district.package import District
from services.duty.alarms.life import leaves_the_list
from services.indicators.case_counts import count, counted_text
from services.indicators.cells import LIVE_CUTS
from services.past.cameras import PastCameras
from services.past.moments import Moment, board_of, moment_of
from services.past.store import MOVED, AlarmAt, RefusedAt
from services.platform.clock import MINUTE_MS
from services.projector.fold import change_cases, settle_all, tallies_of, things_of, ticker, winners
from services.projector.outbox.delta import Delta, ThingChange
from services.projector.placing import Locator
from services.projector.refold import event_of, placed_again, row_of
from services.projector.regular import irregular_of
from services.projector.store.read import Past
from services.projector.store.write import OldCase

# Cases that have ended and are remembered, so that a late call-back need not be looked up.
REMEMBERED = 50_000
# A patrol of which nothing was heard for so long is not shown where it was.
HEARD_MS = 30 * MINUTE_MS
# What a board keeps beside its cases: the rest of what was told of things nobody reads from it.
_KEPT = frozenset({"source", "heartbeat", "unit"})
# (cases, moment) → every event of theirs that had been received by then.
LookUp = Callable[[Sequence[str], int], Iterable[Past]]


class Arrived:
    """What was received between two moments, in the order of the stream."""

    __slots__ = ("alarms", "pasts", "refused")

    def __init__(
        self,
        pasts: Sequence[Past] = (),
        alarms: Sequence[AlarmAt] = (),
        refused: Sequence[RefusedAt] = (),
    ) -> None:
        self.pasts, self.alarms, self.refused = pasts, alarms, refused


class PastRoom:
    """The board as it stood at ``at`` (Unix ms), by what was known then."""

    def __init__(self, district: District, locator: Locator, moment: Moment | None, at: int = 0) -> None:
        self.district, self._locator = district, locator
        self._calendar = calendar_of(district)
        self._known: dict[str, OldCase | None] = {}
        if moment is None:
            self.at, self.board, self.cameras = at, Board(district), PastCameras(district)
            self.board.load((), (), at)
        else:
            self.at, self.board = moment.at, board_of(district, moment)
            self.cameras = PastCameras(district, moment.cameras)

    def moment(self) -> Moment:
        """What is kept of it."""
        return moment_of(self.board, self.cameras, self.at)

    def copy(self) -> "PastRoom":
        """Another one that stands as this does: what happens to it happens to it alone."""
        other = PastRoom(self.district, self._locator, self.moment())
        other._known = dict(self._known)  # of our own kind
        return other

    def remember(self, case_ids: Iterable[str], look_up: LookUp) -> None:
        """Look up how these cases stood: those that are not on the board. One question for all that comes next."""
        asked = dict.fromkeys(case_id for case_id in case_ids if case_id not in self.board.rows)
        if len(self._known) + len(asked) > REMEMBERED:
            self._known.clear()
        unknown = [case_id for case_id in asked if case_id not in self._known]
        found: dict[str, list[Past]] = {}
        for past in look_up(unknown, self.at):
            found.setdefault(past.subject, []).append(past)
        for case_id in unknown:
            self._known[case_id] = self._old_of(found[case_id]) if case_id in found else None

    def take(self, arrived: Arrived, until: int, look_up: LookUp) -> set[str]:
        """Move on to ``until`` with what was received up to it. Returns the ids of the cases that changed or left."""
        self.remember([past.subject for past in arrived.pasts if past.type.startswith("case.")], look_up)
        events = [(past, event_of(past)) for past in _without_ways(arrived.pasts)]
        cases = [(past.entry, event) for past, event in events if isinstance(event.body, Case)]
        placed = list(placed_again(cases, self._locator.locate([event for _, event in cases])))
        best = winners(placed)
        old = {case_id: before for case_id in best if (before := self._before(case_id)) is not None}
        irregular, broken = irregular_of(placed, old, lambda ids: _steps(look_up(ids, self.at)), self._calendar)
        changes = change_cases(best, old, irregular, settle_all(best.values(), self.district))
        rows = [row for row, _ in changes.rows]
        for row, text in changes.rows:
            self._known[row.case_id] = _old(row, text)
        rows += self._judged(irregular.keys() - {row.case_id for row in rows}, irregular)
        plain = [event for _, event in events]
        self.cameras.take(plain)
        tallies = tallies_of(plain)
        for refused in arrived.refused:
            key = (f"refused:{refused.reason}", refused.source)
            tallies[key] = tallies.get(key, 0) + 1
        for key, n in broken.items():
            tallies[key] = tallies.get(key, 0) + n
        newest = max((past.entry for past in arrived.pasts), default=0)
        delta = Delta(
            last_entry=max(self.board.last_entry, entry_id(newest), key=entry_key),
            rows=[row for row in rows if row.is_open],
            gone=changes.gone,
            counts=[item for item in changes.counts.items() if item[0].cut in LIVE_CUTS],
            things=[*_things(events), *_alarms(arrived.alarms)],
            tallies=[(*key, n) for key, n in tallies.items()],
            happened=ticker(best, changes),
            things_gone=list(self._forgotten(until)),
        )
        changed = self.board.tick(until)
        changed |= self.board.apply(self.board.revision + 1, delta, until)
        self.at = until
        return changed

    def _forgotten(self, now: int) -> Iterator[tuple[str, str]]:
        """Alarms that have left the list, and patrols that have not been heard of for a while."""
        policy = self.district.policy.alarms
        for key, alarm in self.board.alarms.items():
            if leaves_the_list(alarm, now, policy):
                yield "alarm", key
        for (kind, key), thing in self.board.things.items():
            if kind == "unit" and thing.version < now - HEARD_MS:
                yield kind, key

    def place_patrols(self, positions: Sequence[Past]) -> None:
        """The patrols where they were last heard of."""
        things = things_of([(past.entry, event_of(past)) for past in positions])
        patrols = [thing for thing in things if thing.kind == "unit"]
        board = self.board
        board.apply(board.revision + 1, Delta(board.last_entry, things=patrols), self.at)

    def rows_of(self, case_ids: Iterable[str], pasts: Iterable[Past]) -> dict[str, CaseRow]:
        """The rows that these events leave of the cases named: of those, too, that are on no board any more."""
        wanted: dict[str, list[Past]] = {case_id: [] for case_id in case_ids}
        for past in pasts:
            if past.subject in wanted:
                wanted[past.subject].append(past)
        rows = ((case_id, row_of(of, self.district, self._locator)) for case_id, of in wanted.items())
        return {case_id: row for case_id, row in rows if row is not None}

    def _before(self, case_id: str) -> OldCase | None:
        row = self.board.rows.get(case_id)
        return self._known.get(case_id) if row is None else self._old(row)

    def _old(self, row: CaseRow) -> OldCase:
        return _old(row, counted_text(count(row, self.district)))

    def _old_of(self, pasts: Sequence[Past]) -> OldCase:
        """How a case stood after these events of its."""
        row = row_of(pasts, self.district, self._locator)
        assert row is not None
        return self._old(row)

    def _judged(self, case_ids: Iterable[str], irregular: dict[str, int]) -> list[CaseRow]:
        """The open cases of which only the number of irregular steps has changed."""
        found = []
        for case_id in case_ids:
            row = self.board.rows.get(case_id)
            if row is not None:
                found.append(msgspec.structs.replace(row, irregular=irregular[case_id]))
            elif (known := self._known.get(case_id)) is not None:
                self._known[case_id] = msgspec.structs.replace(known, irregular=irregular[case_id])
        return found


def _old(row: CaseRow, text: str) -> OldCase:
    return OldCase(row.version, row.entry, row.is_open, text, row.status, row.level, row.deadline_at, row.irregular)


def _steps(pasts: Iterable[Past]) -> Iterable[Sequence[object]]:
    """As the write path reads them (``Writer.past_of``)."""
    return [(past.subject, past.entry, past.time, past.type, past.source, past.data) for past in pasts]


def _things(events: Sequence[tuple[Past, Event]]) -> list[ThingChange]:
    """A heartbeat's age goes by its arrival on the district's clock: that is what is asked later."""

    def key(past: Past, event: Event) -> int:
        return past.received_at << 20 | past.entry & 0xFFFFF if isinstance(event.body, Heartbeat) else past.entry

    return [thing for thing in things_of([(key(*one), one[1]) for one in events]) if thing.kind in _KEPT]


def _without_ways(pasts: Sequence[Past]) -> list[Past]:
    """Of each patrol's positions only the last: where it went meanwhile nobody sees."""
    last = {past.subject: past.entry for past in pasts if past.type == MOVED}
    return [past for past in pasts if past.type != MOVED or last[past.subject] == past.entry]


def _alarms(steps: Sequence[AlarmAt]) -> list[ThingChange]:
    """The last step of each alarm is what it is."""
    last = {step.alarm: step for step in steps}
    return [ThingChange("alarm", step.alarm, step.id, 0, msgspec.Raw(step.body)) for step in last.values()]
