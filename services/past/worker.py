"""``lianqin worker``'s part in a replay: it keeps boards of the past, and answers what a page asks of them.

Questions come by Redis and go back the same way: a few hundred ms each, far from the process that holds the sockets.
While nothing is asked the next board is made. Several workers may run: who asks is answered by one of them.
"""

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

from services.board.comparison_reader import compared
from services.board.coverage_tiles import coverage_tiles
from services.district.package import District
from services.district.past_names_reader import names_then
from services.past import store as past
from services.past.asking import (
    ALIVE_S,
    WAIT_S,
    PastAnswer,
    Question,
    decode_question,
    encode,
    redis_ms,
)
from services.past.knowledge import MOST_LATE, knowledge
from services.past.moments import EVERY_MS
from services.past.policy_reader import policies
from services.past.reader import Archived, NothingThen, NotYet, PastReader, Unmade, looks_up, next_moment
from services.past.room import PastRoom
from services.past.showing import Showing
from services.past.store import drop_moments
from services.platform.clock import DAY_MS, MINUTE_MS, Clock
from services.platform.database import writing
from services.platform.errors import REDIS_ERRORS, STORE_ERRORS, fault_of
from services.platform.pulse import NO_PULSE, Pulse
from services.platform.redis import Keys
from services.projector.outbox.read import NOTHING, is_same, read_mark
from services.projector.store import read

log = logging.getLogger(__name__)

LOOK_S = 2
ROOMS_KEPT = 4
MOST_FRAMES = 400
# A board is kept of a moment that lies so far back, and a room is shown up to so far: what was received by then is in
# the store. By the machine's clock: a district's that is faster passes more of its time meanwhile.
SETTLED_MS, SHOWN_MS = 120_000, 5_000
# The room from which boards are made is begun anew after so many: what it has gathered goes.
BOARDS_A_ROOM = 42
# The coverage of an hour is kept if it is still that of about this moment.
BLIND_WITHIN_MS = 15 * MINUTE_MS


class Answerer:
    """One worker's rooms of the past."""

    def __init__(  # one of each door
        self, engine: Engine, client: redis.Redis, district: District, clock: Clock, pulse: Pulse = NO_PULSE
    ) -> None:
        self._pulse = pulse
        self._engine, self._client, self._district, self._clock = engine, client, district, clock
        self._keys = Keys(district.code)
        self._reader = PastReader(district)
        self._rooms: OrderedDict[int, Showing] = OrderedDict()
        self._making: PastRoom | None = None
        self._began, self._boards = False, 0
        self._mark = NOTHING

    def run(self, stop: threading.Event, *, is_outdated: Callable[[], bool] = lambda: False) -> None:
        """Until told to stop, or until another package was loaded."""
        while not stop.is_set() and not is_outdated():
            self._pulse.turn()
            try:
                self.forget_another_store()
                is_busy = self.make()
            except STORE_ERRORS as error:
                self._pulse.waits(fault_of(error).words)
                log.warning("the store does not answer: trying again")
                self._making, is_busy = None, False
            except Exception:  # the boards that are there answer all the same
                log.exception("a board of the past could not be made")
                self._making, is_busy = None, False
            try:
                self.answer(0.01 if is_busy else LOOK_S)
            except REDIS_ERRORS as error:
                self._pulse.waits(fault_of(error).words)
                stop.wait(LOOK_S)

    def forget_another_store(self) -> None:
        """Drop what was read of a store that has gone back since, or was rebuilt. Raises what the database raises."""
        with self._engine.connect() as connection:
            if not is_same(connection, self._mark):
                self._rooms.clear()
                self._making, self._began = None, False
            self._mark = read_mark(connection)

    def answer(self, wait_s: float) -> bool:
        """Answer one question, if one comes within ``wait_s``; whether there was one. Raises what Redis raises."""
        client: Any = self._client
        client.set(self._keys.past_alive, 1, ex=ALIVE_S)
        found = client.blpop([self._keys.past_ask], timeout=wait_s)
        if found is None:
            return False
        question = decode_question(found[1])
        if question is None or redis_ms(client) - question.asked_at > 1000 * WAIT_S:
            return True  # who asked has given up
        body = encode(self.said_to(question))
        key = self._keys.past_answer(question.id)
        with client.pipeline() as pipe:
            pipe.rpush(key, body)
            pipe.expire(key, ALIVE_S)
            pipe.execute()
        return True

    def said_to(self, question: Question) -> PastAnswer:
        """The answer to a question; what cannot be answered is said."""
        try:
            self.forget_another_store()
            with self._engine.connect() as connection, connection.begin():
                return self._said(connection, question)
        except NotYet as wait:
            return PastAnswer(error="not_yet", share=wait.share)
        except NothingThen as nothing:
            return PastAnswer(error="nothing", first=nothing.first)
        except Archived as gone:
            return PastAnswer(error="archived", first=gone.first)
        except Unmade:
            return PastAnswer(error="unmade")
        except STORE_ERRORS:
            return PastAnswer(error="store")
        except Exception:  # one room that cannot be made must not end the others
            log.exception("the past at %s", question.at)
            return PastAnswer(error="broken")

    def _said(self, connection: Connection, question: Question) -> PastAnswer:
        if question.at > self._clock.now_ms():
            return PastAnswer(error="future")
        now = self._clock.now_ms() - round(SHOWN_MS * max(self._clock.rate(), 1))
        if question.kind == "room":
            showing = self._at(connection, min(question.at, now))
            body = showing.snapshot()
        else:
            until = min(question.until, now)
            steps = -(-(until - question.at) // max(question.step, 1))
            if steps > MOST_FRAMES or until - question.at > DAY_MS:
                return PastAnswer(error="too_much")
            showing = self._at(connection, question.at)
            del self._rooms[question.at]  # it goes on: another stands there no more
            arrived = self._reader.arrived(connection, question.at, until)
            body = list(
                showing.frames(
                    arrived,
                    until,
                    question.step,
                    look_up=looks_up(connection),
                    before=self._before(connection),
                    blind_at=lambda at: self._reader.blind_at(connection, at),
                )
            )
            self._keep(showing)
        room = showing.room
        late = past.late_at(connection, room.at, MOST_LATE)
        said = knowledge(room, late, looks_up(connection))
        return PastAnswer(at=room.at, parts=[msgspec.Raw(part) for part in body], known=said)

    def _at(self, connection: Connection, at: int) -> Showing:
        if (known := self._rooms.get(at)) is not None:
            return known
        room = self._reader.room_at(connection, at)
        showing = Showing(
            room,
            self._district,
            self._before(connection),
            lambda moment: self._reader.blind_at(connection, moment),
            policies(connection, self._district),
            district_at=names_then(connection, self._district),
        )
        self._keep(showing)
        return showing

    def _keep(self, showing: Showing) -> None:
        self._rooms[showing.room.at] = showing
        while len(self._rooms) > ROOMS_KEPT:
            self._rooms.popitem(last=False)

    def _before(self, connection: Connection) -> Callable[[int], Mapping[str, Any]]:
        """The same minute of the comparable day, as the wall compares with it."""
        return lambda moment: compared(connection, self._district, moment)

    def make(self) -> bool:
        """Make the next board that is kept, if its moment has passed; whether there is more to make.

        Raises what the database raises.
        """
        if not self._began:
            with writing(self._engine) as connection:
                # A clock that was set back: what was kept of a future that did not come goes. What another package
                # made goes too, but for what could not be made again if that package came back.
                keep_others = self._reader.has_archive(connection)
                drop_moments(connection, self._reader.made_of, self._clock.now_ms(), keep_others=keep_others)
            self._began = True
        with self._engine.connect() as connection, connection.begin():
            if self._making is None:
                self._making = self._reader.begin(connection)
            settled = self._clock.now_ms() - round(SETTLED_MS * max(self._clock.rate(), 1))
            room = self._making
            if room is None or next_moment(room.at) > settled:
                return False
            self._reader.move(connection, room, next_moment(room.at))
            blind = self._blind(connection, room.at)
        started = time.monotonic()
        with writing(self._engine) as connection:
            self._reader.keep(connection, room, blind)
        self._boards += 1
        if self._boards % BOARDS_A_ROOM == 0:
            self._making = None
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
        tiles = coverage_tiles(things["coverage", "all"], spots, self._district)
        return zlib.compress(msgspec.json.encode(tiles))


assert EVERY_MS > SETTLED_MS
