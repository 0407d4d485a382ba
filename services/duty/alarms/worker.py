"""``lianqin alarms``: raise, repeat, climb and clear what calls for a person. One leader at a time.

It keeps a board up with the store by the outbox, holds the alarms against its conditions (``services.duty.alarms``),
and writes what has changed as things and as steps of the alarms' lives. What it decides on is read again under the
feed's lock: an officer who takes an alarm in between, or a second keeper, is never overwritten.
"""

import logging
import threading
import time
from collections.abc import Callable, Collection, Sequence

import msgspec
import redis
from sqlalchemy import Engine

from services.board.state import Board
from services.cases import reader
from services.district.package import District
from services.duty.alarms.conditions import AlarmInputs, ReportDue, conditions, intake
from services.duty.alarms.life import AlarmChange, step
from services.duty.alarms.store import kept_alarms
from services.duty.alarms.writing_store import write_changes
from services.health.waiting import EntryWait
from services.platform.clock import Clock, machine_ms
from services.platform.database import reading
from services.platform.leading import lead
from services.platform.lease import Lease
from services.platform.pulse import NO_PULSE, Pulse
from services.platform.wakeups import Wakeups
from services.projector.outbox.announce import announce
from services.projector.outbox.delta import Delta, ThingChange
from services.projector.outbox.follow import RevisionDelta, StoreFollower
from services.projector.outbox.read import read_mark
from services.projector.store import read
from services.projector.store.write import Feed, Writer, read_feed

log = logging.getLogger(__name__)

# The clock strikes between changes: everything is judged again this often, and after a change not more often than
# ``AFTER_CHANGE_S``, nor for more than this share of the time.
JUDGE_EVERY_S, AFTER_CHANGE_S, JUDGING_SHARE = 1.0, 0.2, 0.1
# An entry that has waited longer for the projector: what the board says is of the past, and raises and clears nothing.
BLIND_AFTER_MS = 10_000
# The things that conditions are made from. What cameras see is a hundred times as much, and none of it is.
KINDS = ("source", "heartbeat", "coverage", "alarm")

Reports = Callable[[Board, int], Sequence[ReportDue]]


def no_reports(_board: Board, _now: int) -> Sequence[ReportDue]:
    """Where nobody says which reports are due."""
    return ()


def every_seat() -> Collection[str] | None:
    """Where nobody says for which units and grids there is an account."""
    return None


class AlarmKeeper:
    """One process of the alarms.

    ``reports`` says which reports of incidents are due; ``seated`` for which units and grids there is an account;
    ``waiting_ms`` how long the oldest entry behind a position has waited (default: Redis is asked).
    """

    name = "alarms"

    def __init__(
        self,
        engine: Engine,
        client: redis.Redis,
        district: District,
        clock: Clock,
        *,
        reports: Reports = no_reports,
        seated: Callable[[], Collection[str] | None] = every_seat,
        real_now_ms: Callable[[], int] = machine_ms,
        waiting_ms: Callable[[str], int] | None = None,
        pulse: Pulse = NO_PULSE,
    ) -> None:
        self._pulse = pulse
        self._engine, self._district, self.clock = engine, district, clock
        self._reports, self._seated, self._real_now_ms = reports, seated, real_now_ms
        self._lease = Lease(client, district.code, role="alarms")
        self._wakeups = Wakeups(client, district.code)
        self._waiting, self._waiting_ms = EntryWait(), waiting_ms or self._look
        self._next, self._soonest = 0.0, 0.0
        self._store = StoreFollower(engine, self.load, self._take)
        self.board = Board(district)

    def run(self, stop: threading.Event, is_outdated: Callable[[], bool] = lambda: False) -> None:
        """Lead or stand by until ``stop``, or until another package is loaded; what is away is waited for."""
        lead(self, self._lease, self._wakeups, stop, is_outdated=is_outdated, pulse=self._pulse)

    def load(self) -> None:
        """Take over the state of the store: open cases, proposals, sources, the alarms that are kept."""
        board = Board(self._district)
        with reading(self._engine) as connection:
            feed, mark = read_feed(connection), read_mark(connection)
            things = read.all_things(connection, KINDS)
            rows = list(reader.open_cases(connection))
            board.proposals = {proposal.case_id: proposal for proposal in read.all_proposals(connection)}
        board.load_things(
            (ThingChange(t.kind, t.key, t.version, t.entry, msgspec.Raw(t.body)) for t in things),
            0 if feed is None else feed.revision,
        )
        board.load(rows, [], self.clock.now_ms())
        if feed is not None:
            board.revision = feed.revision
            board.lost, board.lost_at, board.emptied_at = feed.lost, feed.lost_at, feed.emptied_at
        self.board, self._next = board, 0.0
        self._store.start_at(mark)

    def work(self) -> None:
        """Take in what has come; judge everything once a second, and soon after each change."""
        has_changed = self.follow()
        started = time.monotonic()
        if started < self._soonest or (not has_changed and started < self._next):
            if has_changed:
                self._next = self._soonest
            return
        self.judge()
        took = time.monotonic() - started
        self._soonest = started + max(AFTER_CHANGE_S, took / JUDGING_SHARE)
        self._next = max(started + JUDGE_EVERY_S, self._soonest)

    def judge(self) -> list[AlarmChange]:
        """Hold the alarms against what is so now, and write what that changes; returns it."""
        now = self.clock.now_ms()
        self.board.tick(now)
        waits_ms, real_now = self._waits_ms(), self._real_now_ms()
        waiting_since = real_now - waits_ms if waits_ms else None
        reports = self._reports(self.board, now)
        scene = AlarmInputs(self.board, now, real_now, reports, waiting_since, self._seated())
        is_blind = waits_ms >= BLIND_AFTER_MS
        found = intake(scene) if is_blind else conditions(scene)
        policy = scene.policy
        if not step(self.board.alarms.values(), found, now, policy, is_blind=is_blind):
            return []
        changes: list[AlarmChange] = []

        def rows(writer: Writer, feed: Feed) -> Delta:
            changes[:] = step(kept_alarms(writer.connection), found, now, policy, is_blind=is_blind)
            return write_changes(writer, feed, now, changes)

        announce(self._engine, self._wakeups, now, rows)
        self.follow()
        return changes

    def follow(self) -> bool:
        """Take in what the outbox holds behind the board; whether there was anything."""
        return self._store.follow()

    def _take(self, steps: Sequence[RevisionDelta]) -> None:
        for revision, delta in steps:
            things = [thing for thing in delta.things if thing.kind in KINDS]
            ours = msgspec.structs.replace(delta, things=things, counts=[], happened=[], tallies=[])
            self.board.apply(revision, ours, self.clock.now_ms())

    def _waits_ms(self) -> int:
        """How long the oldest entry has waited that the store has not taken in; 0: none waits."""
        with self._engine.connect() as connection:
            feed = read_feed(connection)
        return 0 if feed is None else self._waiting_ms(feed.position)

    def _look(self, position: str) -> int:
        return self._waiting.waiting_ms(self._wakeups.look(position), position, time.monotonic())
