"""``lianqin worker``'s part in a replay: it keeps boards of the past, and answers what a page asks of them.

Questions come by Redis and go back the same way: a few hundred ms each, far from the process that holds the sockets.
While nothing is asked the next board is made. Several workers may run: who asks is answered by one of them.
"""

import contextlib
import logging
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import redis
from sqlalchemy import Connection, Engine

from services.clock import Clock
from services.district.package import District
from services.liveboard.coverage_tiles import coverage_tiles
from services.liveboard.follower import REDIS_ERRORS, STORE_ERRORS
from services.past.asking import (
    ALIVE_S,
    Answer,
    Question,
    alive_key,
    answer_key,
    ask_key,
    decode_question,
    encode,
)
from services.past.knowledge import knowledge
from services.past.moments import EVERY_MS
from services.past.reading import Archived, NothingThen, NotYet, PastReader, looks_up, next_moment
from services.past.room import PastRoom
from services.past.showing import Showing
from services.store import past, read
from services.store.engine import writing
from services.store.past import drop_moments

log = logging.getLogger(__name__)

WAIT_S = 2
ROOMS_KEPT = 4
MOST_LATE = 2000
MOST_FRAMES = 400
# A board is kept of a moment that lies so far back: what was received by then is in the store.
SETTLED_MS = 120_000
# The coverage of an hour is kept if it is still that of about this moment.
BLIND_WITHIN_MS = 15 * 60_000
DAY_MS = 86_400_000


class Answerer:
    """One worker's rooms of the past."""

    def __init__(self, engine: Engine, client: redis.Redis, district: District, clock: Clock) -> None:
        self._engine, self._client, self._district, self._clock = engine, client, district, clock
        self._reader = PastReader(district)
        self._rooms: OrderedDict[int, Showing] = OrderedDict()
        self._making: PastRoom | None = None
        self._began = False

    def run(self, stop: threading.Event, *, is_outdated: Callable[[], bool] = lambda: False) -> None:
        """Until told to stop, or until another package was loaded."""
        while not stop.is_set() and not is_outdated():
            try:
                is_busy = self.make()
            except STORE_ERRORS:
                log.warning("the store does not answer: trying again")
                self._making, is_busy = None, False
            try:
                self.answer(0.01 if is_busy else WAIT_S)
            except REDIS_ERRORS:
                stop.wait(WAIT_S)

    def answer(self, wait_s: float) -> bool:
        """Answer one question, if one comes within ``wait_s``; whether there was one. Raises what Redis raises."""
        client: Any = self._client
        client.set(alive_key(self._district.code), 1, ex=ALIVE_S)
        found = client.blpop([ask_key(self._district.code)], timeout=wait_s)
        if found is None:
            return False
        question = decode_question(found[1])
        if question is None:
            return True
        body = encode(self.said_to(question))
        key = answer_key(self._district.code, question.id)
        with client.pipeline() as pipe:
            pipe.rpush(key, body)
            pipe.expire(key, ALIVE_S)
            pipe.execute()
        return True

    def said_to(self, question: Question) -> Answer:
        """The answer to a question; what cannot be answered is said."""
        try:
            with self._engine.connect() as connection, connection.begin():
                return self._said(connection, question)
        except NotYet as wait:
            return Answer(error="not_yet", share=wait.share)
        except NothingThen as nothing:
            return Answer(error="nothing", first=nothing.first)
        except Archived as gone:
            return Answer(error="archived", first=gone.first)
        except STORE_ERRORS:
            return Answer(error="store")

    def _said(self, connection: Connection, question: Question) -> Answer:
        now = self._clock.now_ms()
        if question.at > now:
            return Answer(error="future")
        if question.kind == "room":
            showing = self._at(connection, question.at)
            body = showing.snapshot()
        else:
            until = min(question.until, now)
            steps = -(-(until - question.at) // max(question.step, 1))
            if steps > MOST_FRAMES or until - question.at > DAY_MS:
                return Answer(error="too_much")
            showing = self._at(connection, question.at)
            del self._rooms[question.at]  # it goes on: another stands there no more
            arrived = self._reader.arrived(connection, question.at, until)
            body = list(
                showing.frames(arrived, until, question.step, looks_up(connection), self._before(connection))
            )  # fmt: skip
            self._keep(showing)
        room = showing.room
        late = past.late_at(connection, room.at, MOST_LATE)
        said = knowledge(room, late, looks_up(connection))
        return Answer(at=room.at, parts=[msgspec.Raw(part) for part in body], known=said)

    def _at(self, connection: Connection, at: int) -> Showing:
        if (known := self._rooms.get(at)) is not None:
            return known
        room = self._reader.room_at(connection, at)
        blind = self._reader.blind_at(connection, at)
        showing = Showing(room, self._district, self._before(connection), blind[1] if blind else None)
        self._keep(showing)
        return showing

    def _keep(self, showing: Showing) -> None:
        self._rooms[showing.room.at] = showing
        while len(self._rooms) > ROOMS_KEPT:
            self._rooms.popitem(last=False)

    def _before(self, connection: Connection) -> Callable[[int], Mapping[str, Any]]:
        """The same minute of the day before, as the wall compares with it."""
        district = self._district

        def before(moment: int) -> Mapping[str, Any]:
            today = district.day_of(moment)
            start = district.day_start_ms(district.day_after(today, -1))
            found = read.counts_at(connection, start, start + moment - district.day_start_ms(today))
            return found if found["reported"] or found["open"] else {}

        return before

    def make(self) -> bool:
        """Make the next board that is kept, if its moment has passed; whether there is more to make.

        Raises what the database raises.
        """
        if not self._began:
            with writing(self._engine) as connection:
                # A clock that was set back: what was kept of a future that did not come goes.
                drop_moments(connection, self._reader.made_of, self._clock.now_ms())
            self._began = True
        with self._engine.connect() as connection, connection.begin():
            if self._making is None:
                self._making = self._reader.begin(connection)
            room, settled = self._making, self._clock.now_ms() - SETTLED_MS
            if room is None or next_moment(room.at) > settled:
                return False
            self._reader.move(connection, room, next_moment(room.at))
            blind = self._blind(connection, room.at)
        started = time.monotonic()
        with writing(self._engine) as connection:
            self._reader.keep(connection, room, blind)
        log.debug("the board of %s is kept (%.2f s)", room.at, time.monotonic() - started)
        return next_moment(room.at) <= settled

    def _blind(self, connection: Connection, at: int) -> bytes | None:
        """The coverage's tiles as they are, if this is about their hour: nothing else keeps them."""
        if abs(self._clock.now_ms() - at) > BLIND_WITHIN_MS:
            return None
        things = {(t.kind, t.key): msgspec.Raw(t.body) for t in read.all_things(connection, ("coverage", "spot"))}
        if ("coverage", "all") not in things:
            return None
        spots = [body for (kind, _), body in things.items() if kind == "spot" and b'"removed"' not in bytes(body)[:200]]
        with contextlib.suppress(msgspec.MsgspecError):
            tiles = coverage_tiles(things["coverage", "all"], spots, self._district)
            return zlib.compress(msgspec.json.encode(tiles))
        return None


assert EVERY_MS > SETTLED_MS
