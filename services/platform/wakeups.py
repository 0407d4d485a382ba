"""The web process's side of Redis: wait for the projector's word, and see how far the stream has come."""

from typing import Any, NamedTuple

import redis

from services.platform.redis import BOARD_LENGTH, Keys


class StreamLook(NamedTuple):
    """One look at the ``events`` stream: two entry ids, ``""`` where there is none, and Redis' clock (Unix ms)."""

    first_unread: str
    newest: str
    redis_ms: int


class Wakeups:
    """Follows the ``board`` stream. Everything here raises what Redis raises."""

    def __init__(self, client: redis.Redis, district: str) -> None:
        self._client: Any = client
        self._keys = Keys(district)
        self._after = ""

    def wait(self, block_ms: int) -> None:
        """Return at the next wake-up, or after ``block_ms``. What was there before the first call is no wake-up."""
        if not self._after:
            last = self._client.xrevrange(self._keys.board, count=1)
            self._after = last[0][0].decode() if last else "0-0"
        answer = self._client.xread({self._keys.board: self._after}, block=block_ms, count=1000)
        if answer:
            self._after = _last_id(answer).decode()

    def tell(self, revision: int) -> None:
        """Wake everybody who waits: the store has this revision now."""
        self._client.xadd(self._keys.board, {"revision": revision}, maxlen=BOARD_LENGTH, approximate=True)

    def look(self, position: str) -> StreamLook:
        """The first entry behind ``position``, the newest one, and Redis' clock: one round trip."""
        with self._client.pipeline(transaction=False) as pipe:
            pipe.xrange(self._keys.events, min=f"({position}", count=1)
            pipe.xrevrange(self._keys.events, count=1)
            pipe.time()
            first, newest, (seconds, micros) = pipe.execute()
        return StreamLook(_id(first), _id(newest), int(seconds) * 1000 + int(micros) // 1000)


def _last_id(answer: Any) -> bytes:
    """The id of the last entry in an XREAD answer of one stream, in RESP2's or RESP3's shape."""
    entries = next(iter(answer.values())) if isinstance(answer, dict) else answer[0][1]
    while isinstance(entries[0], list):
        entries = entries[0]
    found: bytes = entries[-1][0]
    return found


def _id(entries: Any) -> str:
    return str(entries[0][0].decode()) if entries else ""
