"""The reading loop: own pending first, then new; ACK after the commit; back by itself from anything that breaks.

At start and after every failure the loop goes through ``recover``: the group is there (at our stored position, never at
``$`` or ``0``), what lies between our position and the group's is read again, own pending entries are taken in, a gap
is measured. All of it is idempotent, so there is one way back and not five.
"""

import contextlib
import gc
import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy import Engine

from services.contract.entry import entry_order
from services.contract.parse import Refused
from services.district.package import District
from services.platform.clock import MINUTE_MS, Clock
from services.platform.errors import Fault, fault_of, first_line
from services.platform.every import Every
from services.platform.pulse import NO_PULSE, Pulse
from services.platform.wakeups import Wake
from services.projector.batch import Batch
from services.projector.collector import rare_collections
from services.projector.counts import IngestCounts
from services.projector.gap import measure
from services.projector.ingest import Ingest
from services.projector.isolation import Entry, Isolation, NotTakenIn
from services.projector.probe import probe_batches
from services.projector.store.write import Feed, read_feed
from services.projector.stream import EventStream

log = logging.getLogger(__name__)

BATCH = 500
# As much once we are behind: a page that two events touch is written once, and a roll-up moved once.
BATCH_BEHIND = 2_000
# Up to so many entries with nothing under way are written in the thread that has read them.
WRITTEN_HERE = 16
BLOCK_MS = 1000
CLAIM_IDLE_MS = 30_000
# A gap is on the truth bar within 5 s.
CHORES_EVERY_S = 4.0
# Entries stay readable this long behind our position, for whoever else reads the stream.
KEEP_BEHIND_MS = 5 * MINUTE_MS
LONGEST_PAUSE_S = 2.0
SAY_EVERY_S = 1.0
# A batch that takes the database too long comes back in so many parts.
PARTS = 4
# What an entry's specversion says once it has broken us: it is refused then, and kept among the dead.
BROKEN = b"broken: "

Entries = Sequence[Entry]


class Projector:
    """One consumer of the group. ``checkpoint`` is called with the name of each step: the kill tests stand there."""

    def __init__(
        self,
        stream: EventStream,
        engine: Engine,
        ingest: Ingest,
        clock: Clock,
        *,
        checkpoint: Callable[[str], None] = lambda step: None,
        claim_idle_ms: int = CLAIM_IDLE_MS,
        chores_every_s: float = CHORES_EVERY_S,
        newer_package: Callable[[], District | None] = lambda: None,
        pulse: Pulse = NO_PULSE,
    ) -> None:
        self._pulse = pulse
        self._claim_idle_ms, self._chores_every = claim_idle_ms, Every(chores_every_s)
        self._newer_package = newer_package
        self._stream = stream
        self._engine = engine
        self._ingest = ingest
        self._clock = clock
        self._checkpoint = checkpoint
        self._advanced_to = ""
        self._passed: deque[tuple[float, str]] = deque()
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="writer")
        self._under_way: Future[None] | None = None
        self._pause_s = 0.0
        self._batch, self._most = BATCH, BATCH_BEHIND
        self._is_said, self._say_every = False, Every(SAY_EVERY_S)
        self._position_known = False
        self.counts = IngestCounts()
        self._isolation = Isolation(self._take_in, self._probe, self._set_aside)
        self.waiting: Fault | None = None

    def run(self, stop: threading.Event) -> None:
        """Project until ``stop`` is set; the batch under way is finished."""
        try:
            with rare_collections():
                self._run(stop)
        finally:
            self._writer.shutdown()

    def _run(self, stop: threading.Event) -> None:
        ready = False
        while not stop.is_set():
            try:
                if not ready:
                    self._recover(stop)
                    ready = True
                if entries := self._stream.read(">", self._batch, BLOCK_MS):
                    self._hand_over(entries)
                else:
                    self._settle()
                    self._advance()
                self._chores()
                self._is_well()
            except Exception as error:  # nothing ends this process: ``fault_of`` says what we wait for
                ready = self._wait(fault_of(error), error, stop)

    def drain(self) -> None:
        """Take in everything that can be read now, then return: for tests, benches and ``replay --instant``."""
        self._recover(threading.Event())
        with rare_collections():
            while entries := self._stream.read(">", self._batch, None):
                self._hand_over(entries)
            self._settle()

    def _is_well(self) -> None:
        self._pulse.turn()
        self._pause_s, self._is_said, self.waiting = 0.0, False, None

    def _wait(self, fault: Fault, error: Exception, stop: threading.Event) -> bool:
        """Say what we wait for, once; ``waiting`` says it to whoever asks for our health."""
        self.waiting = fault
        self._pulse.waits(fault.words)
        if fault.code == "store_timeout":
            self._most = max(self._most // PARTS, 1)
        if fault.code == "redis_full":
            self._make_room()
        if not self._is_said and self._say_every.take():
            self._is_said = True
            bug = error if fault.code == "program" else None
            log.warning("%s; trying again until it does: %s", fault.words, first_line(error), exc_info=bug)
        self._pause_s = min(max(self._pause_s * 2, 0.1), LONGEST_PAUSE_S)
        stop.wait(self._pause_s)
        with contextlib.suppress(Exception):  # it fails of the same cause; ``_recover`` reads it again
            self._settle()
        return False

    def _feed(self) -> Feed:
        with self._engine.connect() as connection:
            feed = read_feed(connection)
        assert feed is not None  # Ingest has opened it
        return feed

    def _recover(self, stop: threading.Event) -> None:
        self._settle()
        self._advanced_to = ""  # whoever answers now may not know how far we are
        feed = self._feed()
        self._stream.ensure_group(feed.position, feed.processed)
        self._read_again(stop)
        after = "0"
        while not stop.is_set() and (entries := self._stream.read(after, min(BATCH, self._most), None)):
            self._step(entries)
            after = entries[-1][0]
        self._measure_gap()

    def _read_again(self, stop: threading.Event) -> None:
        """Between our position and the group's may lie entries that were acknowledged before a power cut undid us."""
        position, delivered = self._feed().position, self._stream.delivered()
        while not stop.is_set() and entry_order(position) < entry_order(delivered):
            entries = self._stream.range(position, delivered, min(BATCH, self._most))
            if not entries:
                return
            position = entries[-1][0]
            self._step(entries, position)

    def _hand_over(self, entries: Entries) -> None:
        """Read a batch here while the one before it is written there: the database leaves Python idle, and back.

        One batch is under way at most. What went wrong with it is raised here, before anything follows it. A few
        entries after which nothing waits are written here: the way to another thread would be a tenth of their time.
        """
        self._checkpoint("read")
        self._batch = min(BATCH_BEHIND if len(entries) >= self._batch else BATCH, self._most)
        batch = self._read(entries)
        is_busy = self._under_way is not None and not self._under_way.done()
        self._settle()
        if is_busy or len(entries) > WRITTEN_HERE:
            self._under_way = self._writer.submit(self._write, entries, batch)
        else:
            self._write(entries, batch)

    def _settle(self) -> None:
        """Wait for the batch under way; raises what it raised."""
        under_way, self._under_way = self._under_way, None
        if under_way is not None:
            under_way.result()

    def _step(self, entries: Entries, position: str = "") -> None:
        """Take in one batch, here and now. ``position``: where the group cannot know it."""
        if entries:
            self._checkpoint("read")
            self._write(entries, self._read(entries), position)

    def _read(self, entries: Entries) -> Batch | Exception:
        try:
            readable = [(i, fields) for i, fields in entries if fields is not None]
            return self._ingest.read(readable, self._clock.now_ms())
        except Exception as error:  # whatever a publisher may have found: ``_write`` isolates it
            return error

    def _write(self, entries: Entries, batch: Batch | Exception, position: str = "") -> None:
        """Commit, wake, tell the dead, acknowledge; where the batch fails, find out which entry it is."""
        try:
            self._commit(entries, batch, position)
        except NotTakenIn as failure:
            self._position_known = bool(position)
            self._isolation.settle(entries, failure.error)

    def _take_in(self, entries: Entries) -> None:
        """A part of a batch that has failed as a whole."""
        self._commit(entries, self._read(entries), entries[-1][0] if self._position_known else "")

    def _commit(self, entries: Entries, batch: Batch | Exception, position: str) -> None:
        ids = [i for i, _ in entries]
        low_water = position or self._stream.low_water(ids)
        self._checkpoint("before_commit")
        began_s = time.perf_counter()
        try:
            if isinstance(batch, Exception):
                raise batch
            outcome = self._ingest.commit(batch, self._clock.now_ms(), low_water)
        except Exception as error:  # sorted by ``fault_of``
            raise NotTakenIn(error) from error
        self._checkpoint("committed")
        self.counts.committed(
            read=len(entries),
            accepted=outcome.accepted,
            refused=len(outcome.refused),
            seconds=time.perf_counter() - began_s,
        )
        now = self._clock.now_ms()
        self._stream.finish(ids, outcome.wake, [dead_fields(r, now) for _, r in outcome.refused], low_water)
        self._checkpoint("acknowledged")
        if outcome.accepted:
            self._isolation.went_through()
        self._most = min(max(self._most * 2, 1), BATCH_BEHIND)
        self._is_well()  # all the way through: what fails from now on is another outage

    def _advance(self) -> None:
        """Nothing new: move the position over what two projectors, each waiting for the other, have left behind."""
        low_water = self._stream.low_water([])
        if low_water != self._advanced_to:
            self._ingest.advance(low_water)
            self._stream.finish([], Wake(0), [], low_water)
            self._advanced_to = low_water

    def _probe(self, like: Entry) -> None:
        kind = (like[1] or {}).get(b"type", b"").decode("utf-8", "replace")
        now = self._clock.now_ms()
        self._ingest.rehearse(probe_batches(self._ingest.district, now, kind), now)

    def _set_aside(self, entry: Entry, error: Exception) -> None:
        """Refuse the one entry that alone fails, beside a good probe, and keep it among the dead."""
        entry_id_, fields = entry
        if fields is None or fields.get(b"specversion", b"").startswith(BROKEN):
            raise error
        bug = error if fault_of(error).code == "program" else None
        log.error("entry %s alone cannot be taken in and is set aside: %s", entry_id_, first_line(error), exc_info=bug)
        self._take_in([(entry_id_, {**fields, b"specversion": BROKEN + type(error).__name__.encode()})])

    def _chores(self) -> None:
        if not self._chores_every.take():
            return
        self._settle()
        if (district := self._newer_package()) is not None:
            log.warning("package %s was loaded: cases are placed with it from now on", district.digest)
            self._ingest.use(district)
            self._pulse.follows(district.digest)
        gc.collect()
        claimed, deleted = self._stream.claim(self._claim_idle_ms, BATCH)
        self._step([*claimed, *((i, None) for i in deleted)])
        self._measure_gap()
        self._trim(self._feed().position)

    def _trim(self, position: str) -> None:
        """Drop what lies five minutes behind our position: by the entries' ids, or by our own watch.

        Redis numbers on from an id that was ahead of its clock: then the ids say nothing of the time.
        """
        now = time.monotonic()
        self._passed.append((now, position))
        while len(self._passed) > 1 and now - self._passed[1][0] >= KEEP_BEHIND_MS / 1000:
            self._passed.popleft()
        floors = [f"{max(entry_order(position)[0] - KEEP_BEHIND_MS, 0)}-0"]
        if now - self._passed[0][0] >= KEEP_BEHIND_MS / 1000:
            floors.append(self._passed[0][1])
        self._stream.trim(max(floors, key=entry_order))

    def _make_room(self) -> None:
        """Redis has no memory left: drop all that everybody has read. It allows XTRIM then, and refuses MULTI."""
        with contextlib.suppress(Exception):  # said already, and tried again
            self._stream.trim(self._feed().position, exactly=True)

    def _measure_gap(self) -> None:
        """Look at both sides, and at ours again: where somebody has committed in between, the next time will do."""
        before = self._feed()
        state = self._stream.state()
        known = self._ingest.known_ids(state.ids())
        after = self._feed()
        if after.revision != before.revision:
            return
        gap = measure(after, state, known)
        if gap is None:
            return
        revision = self._ingest.note_gap(gap, after.revision, self._clock.now_ms())
        if not revision:
            return
        if entry_order(gap.position) < entry_order(after.position):
            log.warning(
                "the stream has gone back from %s to %s: it is read again from there", after.position, state.last
            )
            self._stream.set_back(gap.position, gap.processed)
            self._advanced_to = ""
        self._stream.finish([], Wake(revision), [])


def dead_fields(refusal: Refused, now_ms: int) -> dict[str, str]:
    """The entry of the ``dead`` stream: what was refused, why, when."""
    return {
        "entry_id": refusal.entry_id,
        "reason": refusal.reason,
        "detail": refusal.detail,
        "source": refusal.source,
        "type": refusal.type,
        "at": str(now_ms),
    }
