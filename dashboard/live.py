"""The socket: a zone's room, a snapshot or what followed, a beat, and no client that can harm the others.

A change leaves at once while changes are few; a stream of them leaves coalesced, once a beat (ARCHITECTURE.md, decision
4). Messages are JSON in bytes, encoded once for everyone. The client's side is docs/protocol.md and assets/live.js.
"""

import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable
from socket import SHUT_RDWR
from typing import Any

import gevent
import msgspec
from flask import request
from flask_socketio import SocketIO, join_room
from gevent.event import Event

from dashboard.wire import KEY
from services.clock import Clock
from services.duty.roster import Roster
from services.liveboard.board import Board, thing_list
from services.liveboard.coverage_feed import encode_changes
from services.liveboard.coverage_tiles import CoverageTiles
from services.liveboard.figures import tiles
from services.liveboard.follower import Follower
from services.liveboard.sources import source_rows
from services.liveboard.zone import TICKER_LINES, Zone

log = logging.getLogger(__name__)

BEAT_S = 0.08
# Up to this many changes a second each leaves at once; beyond it they wait for the beat.
ALONE_PER_S = 40
QUEUE_LIMIT = 200
# Together with the beat, which looks once a second, less than the 10 s within which a client that reads nothing goes:
# what is on its way to it does not move, or where everything still fits into the kernel's buffers, it answers no ping.
STUCK_S = 5
PING_EVERY_S, PING_TIMEOUT_S = 4, 4
LOOK_S = 1.5
WALL = "wall"
COVERAGE = "coverage"


class LiveRoom:
    """The wall's zone and the browsers that watch it."""

    def __init__(self, socketio: SocketIO, clock: Clock, filling: Callable[[], float | None] = lambda: None) -> None:
        self._filling = filling
        self._socketio = socketio
        self._clock = clock
        self._wake = Event()
        self._flushed_at = 0.0
        self._arrivals: deque[float] = deque(maxlen=ALONE_PER_S)
        self._coverage = CoverageTiles()
        self._coverage_told = 0
        self.zone: Zone | None = None
        self.follower: Follower | None = None
        self.dropped = 0
        socketio.on_event("hello", self.hello)
        socketio.on_event("watch_coverage", self.watch_coverage)
        socketio.on_event("disconnect", self.gone)

    def start(self, follower: Follower) -> None:
        """Follow the store, flush and beat, each in a greenlet of its own."""
        self.follower = follower
        self._roster = Roster(follower.board.district)
        for loop in (follower.run, self._flush_loop, self._beat_loop):
            gevent.spawn(_for_ever, loop)

    def changed(self, case_ids: set[str] | None) -> None:
        """The follower's word: these cases changed; None, everything is new."""
        assert self.follower is not None
        if case_ids is None:
            self.zone = Zone(self.follower.board, self._tiles)
            self.zone.flush(self._clock.now_ms())
            for part in self.zone.snapshot(self._clock.now_ms())[0]:
                self._socketio.emit("snapshot", part, to=WALL)
            # Whoever watches the coverage asks for what changed since the revision that it has.
            self._coverage_told = self.follower.board.coverage.revision
            self._socketio.emit("coverage", {"ask": True}, to=COVERAGE)
            return
        assert self.zone is not None
        self.zone.mark(case_ids)
        now = time.monotonic()
        self._arrivals.append(now)
        alone = len(self._arrivals) < ALONE_PER_S or now - self._arrivals[0] >= 1
        if alone or now - self._flushed_at >= BEAT_S:
            self._flush()
        else:
            self._wake.set()

    def hello(self, wish: Any = None) -> None:
        """A browser joins: it names what it has and gets what it lacks."""
        if self.zone is None:
            self._socketio.emit("wait", to=request.sid)  # type: ignore[attr-defined]  # Flask-SocketIO adds sid
            return
        sid = request.sid  # type: ignore[attr-defined]
        deltas = self.zone.since(*_wish(wish))
        parts: list[bytes] = []
        if deltas is None:
            parts, deltas = self.zone.snapshot(self._clock.now_ms())
        join_room(WALL)
        for event, messages in (("snapshot", parts), ("delta", deltas)):
            for message in messages:
                self._socketio.emit(event, message, to=sid)
        self._socketio.emit("beat", self._beat(), to=sid)

    def watch_coverage(self, _wish: Any = None) -> None:
        """A browser joins: from now on it hears what changes; what it lacks it then asks for over HTTP."""
        join_room(COVERAGE)
        self._socketio.emit("coverage", {"ask": True}, to=request.sid)  # type: ignore[attr-defined]

    def gone(self, reason: object = None) -> None:
        """A browser left. The connection of one that answers no ping is closed, for a greenlet may hang on it."""
        if reason == self._socketio.server.reason.PING_TIMEOUT:
            self.dropped += 1
            log.warning("a browser answers no ping: dropped")
            _shut(request.environ.get(KEY))

    def browsers(self) -> int:
        """How many browsers are in the room."""
        return sum(1 for _ in self._socketio.server.manager.get_participants("/", WALL))

    def _tiles(self) -> dict[str, Any]:
        follower = self.follower
        assert follower is not None
        board: Board = follower.board
        filling = self._filling()
        # A history that is only half there is nothing to compare with.
        found = tiles(board, follower.before if filling is None else {})
        del board.happened[:-TICKER_LINES]
        spots = board.things.get(("hot_spots", "all"))
        found |= self._coverage.of(board)
        found["watch"] = [len(follower.watched), 0 if spots is None else len(thing_list(spots))]
        found["ticker"] = list(board.happened)
        found["sources"] = source_rows(board, board.district.sources, time.time_ns() // 1_000_000)
        health = follower.health
        found["feed"] = [health.redis_down_since, health.store_down_since, health.behind_since]
        found["filling"] = filling
        found["shift"] = self._roster.shift_at(self._clock.now_ms())
        found["units"] = [msgspec.Raw(t.body) for (kind, _), t in board.things.items() if kind == "unit"]
        return found

    def _flush(self) -> None:
        self._flushed_at = time.monotonic()
        if self.zone is not None and (message := self.zone.flush(self._clock.now_ms())) is not None:
            self._socketio.emit("delta", message, to=WALL)
        self._flush_coverage()

    def _flush_coverage(self) -> None:
        """What changed of the coverage, encoded once for all who watch it."""
        assert self.follower is not None
        feed = self.follower.board.coverage
        if feed.revision > self._coverage_told:
            changes, self._coverage_told = feed.since(self._coverage_told), feed.revision
            self._socketio.emit("coverage", encode_changes(changes), to=COVERAGE)

    def _flush_loop(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            gevent.sleep(max(self._flushed_at + BEAT_S - time.monotonic(), 0))
            self._flush()

    def _beat_loop(self) -> None:
        while True:
            gevent.sleep(1)
            if self.zone is None:
                continue
            assert self.follower is not None
            self._drop_stuck()  # before the beat: what we put into a queue in this turn waits for nobody
            self.follower.tick()
            self._flush()
            self._socketio.emit("beat", self._beat(), to=WALL)

    def _beat(self) -> dict[str, Any]:
        assert self.zone is not None and self.follower is not None
        return {
            "epoch": self.zone.epoch, "seq": self.zone.seq, "now": self._clock.now_ms(), "speed": self._clock.rate(),
            "fresh_ms": self.follower.health.fresh_ms(), "last_entry": self.follower.board.last_entry,
        }  # fmt: skip

    def _drop_stuck(self) -> None:
        """Cut a client with a long queue, or to which nothing of what is being sent moves.

        A slow one that takes something now and then is not cut: it would only ask for everything again. Its pong
        may come late, for the ping waits behind what it is taking.
        """
        now = time.monotonic()
        for sid, eio_sid in list(self._socketio.server.manager.get_participants("/", WALL)):
            socket = self._socketio.server.eio.sockets.get(eio_sid)
            if socket is None:
                continue
            waiting = socket.queue.qsize()
            wire = self._socketio.server.get_environ(sid, "/").get(KEY)
            is_stuck = wire is not None and wire.waits_since and now - wire.waits_since > STUCK_S
            if waiting > QUEUE_LIMIT or is_stuck:
                self.dropped += 1
                log.warning("a browser reads nothing (%d packets wait): dropped", waiting)
                _cut(socket, wire)
            elif wire is not None and socket.last_ping and now - wire.moved_at < LOOK_S:
                socket.last_ping = time.time()


def _cut(socket: Any, wire: Any) -> None:
    """Close it at once: what waits for it goes, and its TCP connection, on which a greenlet may hang."""
    while socket.queue.qsize():
        socket.queue.get_nowait()
    socket.close(wait=False, abort=True)
    _shut(wire)


def _shut(wire: Any) -> None:
    if wire is not None:
        with contextlib.suppress(OSError):  # the other side may have closed it meanwhile
            wire.shutdown(SHUT_RDWR)


def _wish(wish: Any) -> tuple[str, int]:
    """The epoch and sequence number that a browser says it has; anything else counts as nothing."""
    if not isinstance(wish, dict):
        return "", 0
    epoch, seq = wish.get("epoch"), wish.get("seq")
    if isinstance(epoch, str) and isinstance(seq, int) and not isinstance(seq, bool):
        return epoch[:64], seq
    return "", 0


def _for_ever(loop: Any) -> None:
    """A loop that fails is logged and begun again: a wall must not stand still because of one bad moment."""
    while True:
        try:
            loop()
        except Exception:
            log.exception("%s failed and begins again", getattr(loop, "__name__", loop))
            gevent.sleep(1)
