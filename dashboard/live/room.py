"""The socket: rooms by zone, a snapshot or what followed, a beat, and no client that can harm the others.

A change leaves at once while changes are few; a stream of them leaves coalesced, at the pace of the work (``pace``).
Messages are JSON in bytes, encoded once for everyone. The client's side is docs/protocol.md and
assets/modules/core/socket.js. Who joins a room has its right (dashboard.door.guards); every second each open socket's
session is judged anew.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import gevent
from flask import request
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import SocketIO, join_room, leave_room
from gevent.event import Event

from dashboard.door.access import Access, refuse
from dashboard.door.guards import EVENTS, ROOMS
from dashboard.door.wire import KEY
from dashboard.live.pace import Pace
from dashboard.live.zones import DESK, GRID, STREET, UNIT, WALL, Zones
from dashboard.sockets.door import PERSON
from dashboard.sockets.judge import Judge
from dashboard.sockets.refusals import Refusals
from dashboard.sockets.sessions import end_sessions
from dashboard.sockets.stuck import drop_strangers, drop_stuck, shut
from services.access.rights import Person, may, may_desk
from services.board.coverage_feed import encode_changes
from services.board.follower import Follower
from services.board.state import Board
from services.board.zone import Zone
from services.cases.case import CaseRow
from services.district.borders import Borders
from services.district.package import District
from services.platform.clock import Clock
from services.platform.errors import STORE_ERRORS

log = logging.getLogger(__name__)

SESSIONS_EVERY_S = 0.5
COVERAGE = "coverage"


class LiveRoom:
    """The zones of this process and the browsers that watch them."""

    def __init__(
        self,
        socketio: SocketIO,
        clock: Clock,
        access: Access,
        filling: Callable[[], float | None] = lambda: None,
        refusals: Refusals | None = None,
    ) -> None:
        self.socketio, self._clock, self._access = socketio, clock, access
        self._wake = Event()
        self._pace = Pace()
        self._coverage_told = 0
        self._filling = filling
        self.refusals = refusals or Refusals()
        self.people: dict[str, Person] = {}
        self._strangers: dict[str, float] = {}
        self.zone_of: dict[str, str] = {}
        self.zones: Zones | None = None
        self.follower: Follower | None = None
        self.dropped = 0
        # What else the zones show, what is done after each flush, and when a browser leaves (dashboard.live.desk_room).
        self.more: list[Callable[[str], dict[str, Any]]] = []
        self.on_flush: list[Callable[[], None]] = []
        self.on_gone: list[Callable[[str], None]] = []
        socketio.on_event("connect", self.enter)
        socketio.on_event("hello", self.guarded("hello", self.hello))
        socketio.on_event("watch_coverage", self.guarded("watch_coverage", self.watch_coverage))
        socketio.on_event("disconnect", self.gone)
        Judge(socketio, self.refusals)

    @property
    def is_loaded(self) -> bool:
        """Whether there is a board to show."""
        return self.zones is not None

    def board(self) -> Board:
        """The board; the request is refused with 503 while there is none."""
        if not self.is_loaded or self.follower is None:
            refuse(503, "the board is not loaded yet: ask /readyz")
        return self.follower.board

    def neighbour(self, row: CaseRow) -> str:
        """The street at whose border the case lies; empty: at none, or not loaded."""
        return self.zones.neighbour(row) if self.zones is not None else ""

    def start(self, follower: Follower) -> None:
        """Follow the store, flush and beat, each in a greenlet of its own."""
        self.follower = follower
        self._borders = Borders(follower.board.district)
        for loop in (follower.run, self._flush_loop, self._beat_loop, self._session_loop):
            gevent.spawn(_for_ever, loop)

    def changed(self, case_ids: set[str] | None) -> None:
        """The follower's word: these cases changed; None, everything is new."""
        assert self.follower is not None
        if case_ids is None:
            self.zones = Zones(self.follower, self._clock, self._filling, self._borders, self.more)
            for key in {"wall", *self.zone_of.values()}:
                zone = self.zones.get(key)
                for part in zone.snapshot(self._clock.now_ms())[0]:
                    self.socketio.emit("snapshot", part, to=key)
            # Whoever watches the coverage asks for what changed since the revision that it has.
            self._coverage_told = self.follower.board.coverage.revision
            self.socketio.emit("coverage", {"ask": True}, to=COVERAGE)
            return
        assert self.zones is not None
        self.zones.mark(case_ids)
        if self._pace.is_due():
            self._flush()
        else:
            self._wake.set()

    def enter(self, _auth: Any = None) -> None:
        """A browser enters: from a page of ours, with a session or from a wall's place.

        Its socket's door has judged that before the upgrade; where there was no door it is judged here.
        """
        person: Person | None = request.environ.get(PERSON)
        if person is None:
            person = self._judged()
        self.people[_sid()] = person

    def _judged(self) -> Person:
        if not self._access.is_ours(request.environ):
            raise Refused("another site")
        try:
            found = self._access.find(request.environ, request.cookies)
        except STORE_ERRORS:
            raise Refused("wait") from None  # the browser asks again in a moment
        if found is None or found.must_change:
            raise Refused("log in")
        return found.person

    def guarded(self, event: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The event's handler behind its right: whoever lacks it hears «forbidden»."""

        def handler(*arguments: Any) -> Any:
            person = self.people.get(_sid())
            if person is None or not may(person, EVENTS.get(event, "")):
                self.refusals.count("right", "%s may not say %s", person.user_id if person else "nobody", event)
                self.socketio.emit("forbidden", {"event": event}, to=_sid())
                return None
            return work(*arguments)

        handler.__name__ = event
        return handler

    def hello(self, wish: Any = None) -> None:
        """A browser joins a zone: it names what it has and gets what it lacks."""
        if self.zones is None or self.follower is None:
            self.socketio.emit("wait", to=_sid())
            return
        sid, person = _sid(), self.people[_sid()]
        wanted = zone_wished(wish, person, self.follower.board.district)
        if wanted is None or not wanted.is_open_to(person):
            self.refusals.count("zone", "%s (%s) may not join %.200r", person.user_id, person.role, wish)
            self.socketio.emit("forbidden", {"event": "hello"}, to=sid)
            return
        key = wanted.key
        if (before := self.zone_of.get(sid)) not in {None, key}:
            leave_room(before)
        self.zone_of[sid] = key
        zone = self.zones.get(key)
        deltas = zone.since(*_wish(wish))
        parts: list[bytes] = []
        if deltas is None:
            parts, deltas = zone.snapshot(self._clock.now_ms())
        join_room(key)
        for event, messages in (("snapshot", parts), ("delta", deltas)):
            for message in messages:
                self.socketio.emit(event, message, to=sid)
        self.socketio.emit("beat", self._beat(zone), to=sid)

    def watch_coverage(self, _wish: Any = None) -> None:
        """A browser joins: from now on it hears what changes; what it lacks it then asks for over HTTP."""
        join_room(COVERAGE)
        self.socketio.emit("coverage", {"ask": True}, to=_sid())

    def gone(self, reason: object = None) -> None:
        """A browser left. The connection of one that answers no ping is closed, for a greenlet may hang on it."""
        sid = _sid()
        self.people.pop(sid, None)
        self.zone_of.pop(sid, None)
        for room in self.socketio.server.rooms(sid):
            if room != sid:
                leave_room(room)
        for forget in self.on_gone:
            forget(sid)
        if reason == self.socketio.server.reason.PING_TIMEOUT:
            self.dropped += 1
            log.warning("a browser answers no ping: dropped")
            shut(request.environ.get(KEY))

    def browsers(self) -> int:
        """How many browsers are in the zones."""
        return len(self.zone_of)

    def tell(self, event: str, body: Any, to: str) -> None:
        """Send something to one browser or room."""
        self.socketio.emit(event, body, to=to)

    def flush_soon(self) -> None:
        """Something beside the cases has changed: let the zones look."""
        self._wake.set()

    def _flush(self) -> None:
        self._pace.begin()
        if self.zones is not None:
            for key, message in self.zones.flush():
                self.socketio.emit("delta", message, to=key)
        self._flush_coverage()
        for work in self.on_flush:
            work()
        # After the writers of all browsers, which stand in the loop's line already.
        gevent.get_hub().loop.run_callback(self._pace.out)

    def _flush_coverage(self) -> None:
        """What changed of the coverage, encoded once for all who watch it."""
        assert self.follower is not None
        feed = self.follower.board.coverage
        if feed.revision > self._coverage_told:
            changes, self._coverage_told = feed.since(self._coverage_told), feed.revision
            self.socketio.emit("coverage", encode_changes(changes), to=COVERAGE)

    def _flush_loop(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while (left_s := self._pace.left_s()) > 0:
                gevent.sleep(left_s)
            self._flush()

    def _beat_loop(self) -> None:
        while True:
            gevent.sleep(1)
            drop_strangers(self.socketio, self._strangers)
            if self.zones is None:
                continue
            assert self.follower is not None
            # Before the beat: what we put into a queue in this turn waits for nobody.
            self.dropped += drop_stuck(self.socketio)
            self.follower.tick()
            self._flush()
            self.zones.forget(set(self.zone_of.values()))
            for key in self.zones.keys():  # noqa: SIM118
                self.socketio.emit("beat", self._beat(self.zones.get(key)), to=key)

    def _session_loop(self) -> None:
        """Twice a second, whatever the beat has to do: the sockets whose session has ended are closed."""
        while True:
            at = time.monotonic()
            self.end_sessions()
            gevent.sleep(max(at + SESSIONS_EVERY_S - time.monotonic(), 0.1))

    def end_sessions(self) -> None:
        """Judge every open socket anew."""
        end_sessions(self.socketio, self._access, self.people)

    def _beat(self, zone: Zone) -> dict[str, Any]:
        assert self.follower is not None
        return {
            "epoch": zone.epoch,
            "seq": zone.seq,
            "now": self._clock.now_ms(),
            "speed": self._clock.rate(),
            "fresh_ms": self.follower.health.fresh_ms(),
            "last_entry": self.follower.board.last_entry,
        }


class WantedZone(NamedTuple):
    """A zone that there is, its right, and whose it is: a ``street``, ``unit`` or ``grid`` by its code, or nobody's."""

    key: str
    right: str
    kind: str = ""
    code: str = ""

    def is_open_to(self, person: Person) -> bool:
        """Whether the person may join it."""
        return may_desk(person, self.right, self.kind, self.code) if self.kind else may(person, self.right)


def zone_wished(wish: Any, person: Person, district: District) -> WantedZone | None:
    """What a browser wants to join; a workstation's seat gets its community of the street.

    None where there is no such zone: a room that only hears of something (coverage) is none.
    """
    name = wish.get("zone", "wall") if isinstance(wish, dict) else "wall"
    if not isinstance(name, str):
        return None
    if name in {WALL, DESK}:
        return WantedZone(name, ROOMS[name])
    for start, codes in ((STREET, district.streets), (UNIT, district.units), (GRID, district.grids)):
        code = name.removeprefix(start)
        if code != name and code in codes:
            kind = start.rstrip(":")
            more = f"/{person.community}" if kind == "street" and person.community else ""
            return WantedZone(name + more, ROOMS[kind], kind, code)
    return None


def _wish(wish: Any) -> tuple[str, int]:
    """The epoch and sequence number that a browser says it has; anything else counts as nothing."""
    if not isinstance(wish, dict):
        return "", 0
    epoch, seq = wish.get("epoch"), wish.get("seq")
    if isinstance(epoch, str) and isinstance(seq, int) and not isinstance(seq, bool):
        return epoch[:64], seq
    return "", 0


def _sid() -> str:
    sid: str = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO adds it
    return sid


def _for_ever(loop: Any) -> None:
    """A loop that fails is logged and begun again: a wall must not stand still because of one bad moment."""
    while True:
        try:
            loop()
        except Exception:
            log.exception("%s failed and begins again", getattr(loop, "__name__", loop))
            gevent.sleep(1)
