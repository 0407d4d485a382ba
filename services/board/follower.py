"""Keep the board up with the store: a wake-up from Redis, then the outbox behind our revision.

The store alone is the truth: with Redis gone the outbox is polled, so a late wake-up costs time and never a change.
Blocking work goes through ``offload`` (gevent's native threads in the web process): nothing here may hold its loop.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec
import redis
from sqlalchemy import Engine

from services.board.comparison_reader import compared
from services.board.state import Board, kept_from
from services.board.watched_areas import CaseAt, Watch, WatchedAreas, position_in
from services.cases import reader
from services.cases.case import CaseRow
from services.cases.escalation import Proposal
from services.contract.entry import entry_key
from services.coverage.told import KINDS as COVERAGE_KINDS
from services.district.package import District
from services.health.around_reader import Oddity, RedisWatch
from services.health.beats import FEEDS_THE_PAGE, WRONG, Process
from services.health.heart import Heart
from services.health.waiting import LATE_BELOW_MS, WAITS_AT_MOST_MS, EntryWait, shown_age_ms
from services.health.watching_reader import ProcessWatch
from services.indicators import store as rollups
from services.indicators.cells import Cell
from services.platform.clock import DAY_MS, HOUR_MS, Clock
from services.platform.database import reading
from services.platform.errors import REDIS_ERRORS, STORE_ERRORS, fault_of, first_line
from services.platform.every import Every
from services.platform.offload import Offload, directly
from services.platform.wakeups import Wake, Wakeups
from services.projector.outbox.delta import ThingChange
from services.projector.outbox.follow import RevisionDelta, StoreFollower
from services.projector.outbox.read import SeenCommit, read_mark
from services.projector.store import read
from services.projector.store.write import Feed, read_feed

log = logging.getLogger(__name__)

# With Redis gone the outbox is asked this often; with it there, at the latest after this long without a wake-up.
POLL_S = 0.5
COMPARE_EVERY_S = 20.0
WATCH_EVERY_S = 30.0
# How far back a fresh process looks for the last patrol.
PATROLS_BACK_MS = 2 * HOUR_MS
KINDS = ("source", "heartbeat", "unit", "notice", "hot_spots", "alarm", *COVERAGE_KINDS)


@dataclass(slots=True)
class Health:
    """What stands between the case system and the screen, as Unix ms since when it is so (None: it is well).

    ``refused_since``: Redis writes nothing down. ``processes`` are those of the district that are known or expected.
    ``around`` is what is wrong around the streams and stops nothing yet.
    In monotonic seconds: ``fault_at`` is since when something keeps entries out, or would; ``looked_at`` when the last
    look began that everything answered. ``waiting_ms`` is how long the oldest unread entry had waited then.
    """

    redis_down_since: int | None = None
    store_down_since: int | None = None
    behind_since: int | None = None
    refused_since: int | None = None
    processes: list[Process] = field(default_factory=list)
    around: list[Oddity] = field(default_factory=list)
    fault_at: float | None = None
    looked_at: float = field(default_factory=lambda: time.monotonic() - LATE_BELOW_MS / 1000)
    waiting_ms: int = 0

    def fresh_ms(self) -> int:
        """The age of what the screens show, in ms: 5,000 and more is late (``services.health.waiting``)."""
        unsure_ms = int((time.monotonic() - self.looked_at) * 1000)
        fault_ms = 0 if self.fault_at is None else int((time.monotonic() - self.fault_at) * 1000)
        return shown_age_ms(unsure_ms, max(self.waiting_ms + unsure_ms if self.waiting_ms else 0, fault_ms))


class _Everything(NamedTuple):
    """What a board begins with, of one state of the store."""

    feed: Feed | None
    mark: SeenCommit
    rows: list[CaseRow]
    counts: list[tuple[Cell, dict[int, int]]]
    things: list[ThingChange]
    tallies: dict[tuple[str, str], int]
    proposals: list[Proposal]


class Follower:
    """Owns the board of this process. ``changed`` is told which cases changed; None says: all of it is new."""

    def __init__(
        self,
        engine: Engine,
        client: redis.Redis,
        district: District,
        clock: Clock,
        changed: Callable[[set[str] | None], None],
        *,
        offload: Offload = directly,
        watch: ProcessWatch | None = None,
        heart: Heart | None = None,
        around: RedisWatch | None = None,
    ) -> None:
        self._processes, self._heart, self._around = watch, heart, around
        self.board = Board(district)
        self.health = Health()
        self.before: dict[str, Any] = {}
        self._engine, self._clock = engine, clock
        self._wakeups = Wakeups(client, district.code)
        self._changed, self._offload = changed, offload
        self._district = district
        self._compare_every = Every(COMPARE_EVERY_S)
        self._store = StoreFollower(engine, self.load, self._take, offload)
        self._judge_every = Every(POLL_S)
        self._waiting = EntryWait()
        self.watched: list[Watch] = []
        self._areas = WatchedAreas(district)
        self._watch_every, self._patrols_from = Every(WATCH_EVERY_S), 0

    def load(self) -> None:
        """Read open cases and the mark of the store in one transaction, and start from there."""
        found = self._offload(self._read_all)
        board = Board(self._district)
        board.load_things(found.things, found.mark.revision)
        board.load(found.rows, found.counts, self._clock.now_ms())
        board.tallies = found.tallies
        board.proposals = {proposal.case_id: proposal for proposal in found.proposals}
        if (feed := found.feed) is not None:
            board.revision, board.last_entry = feed.revision, feed.last_entry
            board.lost, board.lost_at, board.emptied_at = feed.lost, feed.lost_at, feed.emptied_at
        self.board, self._patrols_from = board, 0
        self._store.start_at(found.mark)
        self._changed(None)

    def run(self, alive: Callable[[], bool] = lambda: True) -> None:
        """Follow until ``alive`` says no."""
        loaded, wakes = False, list[Wake]()
        while alive():
            try:
                if not loaded:
                    self.load()
                    loaded = True
                self.sync(wakes)
                self.health.store_down_since = None
            except STORE_ERRORS as error:
                if self.health.store_down_since is None:
                    self.health.store_down_since = self._clock.now_ms()
                    log.warning("%s; the last picture stays: %s", fault_of(error).words, first_line(error))
                time.sleep(POLL_S)
            if self._heart is not None:
                self._say_turn(self._heart)
            self._judge()
            wakes = self._wait_for_wake()

    def _say_turn(self, heart: Heart) -> None:
        health = self.health
        if health.store_down_since is not None or health.redis_down_since is not None:
            heart.waits("the database does not answer" if health.store_down_since else "Redis does not answer")
        else:
            heart.turn()

    def sync(self, wakes: Sequence[Wake] = ()) -> None:
        """Apply what the wake-ups bring, or what the outbox holds behind our revision, and let the clock work."""
        self._store.follow_wakes(wakes)
        self._compare()
        self._watch()

    def _take(self, steps: Sequence[RevisionDelta]) -> None:
        changed: set[str] = set()
        for revision, delta in steps:
            changed |= self.board.apply(revision, delta, self._clock.now_ms())
        self._changed(changed)

    def tick(self) -> None:
        """Once a second: lights that turn by themselves, the day's cut."""
        if changed := self.board.tick(self._clock.now_ms()):
            self._changed(changed)

    def _wait_for_wake(self) -> list[Wake]:
        try:
            wakes = self._wakeups.wait(int(POLL_S * 1000))
            self.health.redis_down_since = None
            return wakes
        except REDIS_ERRORS as error:
            if self.health.redis_down_since is None:
                self.health.redis_down_since = self._clock.now_ms()
                log.warning("%s; the store is asked all the same: %s", fault_of(error).words, first_line(error))
            time.sleep(POLL_S)
            return []

    def _judge(self) -> None:
        """Are we up to date? Only when Redis and the store answer, and no entry has waited for long.

        Where this fails or hangs nothing is looked at, and the age of what is shown rises by itself.
        """
        began = time.monotonic()
        if not self._judge_every.take():
            return
        health = self.health
        if health.redis_down_since is not None:
            return
        try:
            self._look_at_processes(began)
            if health.store_down_since is not None:
                return
            feed = self._offload(self._read_feed)
            position = "0-0" if feed is None else feed.position
            waiting_ms = self._waiting.waiting_ms(self._wakeups.look(position), position, time.monotonic())
        except (*REDIS_ERRORS, *STORE_ERRORS):
            return  # the next round says which of the two it is
        if self._around is not None:
            health.around = self._around.look()
        health.looked_at, health.waiting_ms = began, waiting_ms
        if waiting_ms <= WAITS_AT_MOST_MS:
            health.behind_since = None
        elif health.behind_since is None:
            health.behind_since = self._clock.now_ms()

    def _look_at_processes(self, now_s: float) -> None:
        """Who lives; and whether what feeds the page does, and could."""
        health, heart = self.health, self._heart
        refused_s = None if heart is None else heart.refused_s
        if refused_s is None:
            health.refused_since = None
        elif health.refused_since is None:
            health.refused_since = self._clock.now_ms()
        if self._processes is None:
            return
        if refused_s is not None:
            self._processes.blind()  # nobody can say that it lives
            health.processes, health.fault_at = [], refused_s
            return
        health.processes = self._processes.look()
        is_fed = all(p.name != FEEDS_THE_PAGE or p.state not in WRONG for p in health.processes)
        if is_fed:
            health.fault_at = None
        elif health.fault_at is None:
            health.fault_at = now_s - (WAITS_AT_MOST_MS + 1) / 1000  # its silence was witnessed: late at once

    def _compare(self) -> None:
        """Now and then: the figures of the same minute of the day that today is compared with."""
        if not self._compare_every.is_due() and self.board.day:
            return
        self._compare_every.begin()
        self.before = self._offload(self._read_before)

    def _watch(self) -> None:
        """Now and then: what the watched areas hold."""
        if self._areas.areas and self._watch_every.take():
            self.watched = self._offload(self._read_watch)

    def _read_watch(self) -> list[Watch]:
        now = self._clock.now_ms()
        with self._engine.connect() as connection:
            feed = read_feed(connection)
            newest = entry_key(feed.last_entry) if feed is not None else 0
            after = max(self._patrols_from, newest - (PATROLS_BACK_MS << 20))
            positions = read.positions_from(connection, after)
            cases = [CaseAt(*row) for row in reader.open_or_new(connection, now - DAY_MS)]
        if positions:
            self._patrols_from = positions[-1][0]
        self._areas.patrols(position_in(data) for _, data in positions)
        return self._areas.watch(cases, now)

    def _read_before(self) -> dict[str, Any]:
        with self._engine.connect() as connection, connection.begin():
            return compared(connection, self._district, self._clock.now_ms())

    def _read_all(self) -> "_Everything":
        today = self._district.day_of(self._clock.now_ms())
        floors = kept_from(self._district, today)
        with reading(self._engine) as connection:
            things = [
                ThingChange(t.kind, t.key, t.version, t.entry, msgspec.Raw(t.body))
                for t in read.all_things(connection, KINDS)
            ]
            cells = [cell for cut, first in floors.items() for cell in rollups.live_cells(connection, (cut,), first)]
            return _Everything(
                feed=read_feed(connection),
                mark=read_mark(connection),
                rows=list(reader.open_cases(connection)),
                counts=cells,
                things=things,
                tallies=read.all_tallies(connection),
                proposals=read.all_proposals(connection),
            )

    def _read_feed(self) -> Feed | None:
        with self._engine.connect() as connection:
            return read_feed(connection)
