"""What the replay's page asks: a counting day's line, the room at a moment, how it goes on. docs/protocol.md.

The rooms are made by ``lianqin worker``: the question goes to it by Redis and its answer passes through here unread.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flask
import msgspec
import redis
from flask import Flask, Response, request
from sqlalchemy import Engine

from dashboard.door.access import refuse
from dashboard.door.bodies import packed
from services.district.package import District
from services.past.asking import WAIT_S, PastAnswer, Question, encode, error_of, redis_ms
from services.past.day_line_reader import day_line
from services.platform.clock import Clock
from services.platform.errors import REDIS_ERRORS, STORE_ERRORS
from services.platform.redis import Keys

STATUS = {
    "": 200, "not_yet": 503, "no_worker": 503, "store": 503, "feed": 503, "broken": 500, "nothing": 404,
    "archived": 404, "unmade": 404, "future": 400, "too_much": 400,
}  # fmt: skip
LAST_MS = 4_000_000_000_000  # of the year 2096: what is later is no moment of ours


@dataclass(frozen=True, slots=True)
class Replaying:
    """What the addresses need."""

    engine: Engine
    redis: redis.Redis
    district: District
    clock: Clock
    offload: Callable[[Any], Any]

    def ask(self, question: Question) -> bytes:
        """A worker's answer (JSON); that there is none is an answer too."""
        client: Any = self.redis
        keys = Keys(self.district.code)
        try:
            if not client.exists(keys.past_alive):
                return encode(PastAnswer(error="no_worker"))
            asked = msgspec.structs.replace(question, asked_at=redis_ms(client))
            client.rpush(keys.past_ask, encode(asked))
            found = client.blpop([keys.past_answer(question.id)], timeout=WAIT_S)
        except REDIS_ERRORS:
            return encode(PastAnswer(error="feed"))
        return bytes(found[1]) if found else encode(PastAnswer(error="no_worker"))


def register_replay(server: Flask, replaying: Replaying) -> None:
    """Add the addresses."""
    district = replaying.district

    @server.get("/api/v1/replay/day")
    def replay_day() -> Response:
        now = replaying.clock.now_ms()
        day = district.day_of(_ms("at") if "at" in request.args else now)

        def read() -> bytes:
            with replaying.engine.connect() as connection:
                return encode(day_line(connection, district, day, now))

        try:
            return _json(replaying.offload(read))
        except STORE_ERRORS:
            return _json(encode(PastAnswer(error="store")), STATUS["store"])

    @server.get("/api/v1/replay/room")
    def replay_room() -> Response:
        return _answer(replaying, Question(secrets.token_urlsafe(9), "room", _ms("at")))

    @server.get("/api/v1/replay/span")
    def replay_span() -> Response:
        question = Question(secrets.token_urlsafe(9), "span", _ms("at"), _ms("until"), max(_ms("step"), 1))
        return _answer(replaying, question)


def _ms(name: str) -> int:
    found = request.args.get(name, "")
    if not (found.isascii() and found.isdecimal() and len(found) <= 15 and int(found) <= LAST_MS):
        refuse(400, f"{name} is a number of milliseconds")
    return int(found)


def _answer(replaying: Replaying, question: Question) -> Response:
    body = replaying.ask(question)
    return packed(_json(body, STATUS[error_of(body)]), replaying.offload)


def _json(body: bytes, status: int = 200) -> Response:
    return flask.Response(body, status, content_type="application/json")
