"""The web process's side of Redis: wait for the projector's word, and see how far the stream has come."""

from typing import Any

import redis

from services.stream import BOARD_LENGTH, Keys


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

    def newest_entry(self) -> str:
        """The id of the newest entry of the ``events`` stream; ``0-0`` when it is empty."""
        newest = self._client.xrevrange(self._keys.events, count=1)
        return str(newest[0][0].decode()) if newest else "0-0"

    def first_after(self, position: str) -> int | None:
        """When the first entry behind ``position`` came into the ``events`` stream (Unix milliseconds), or None."""
        found = self._client.xrange(self._keys.events, min=f"({position}", count=1)
        return int(found[0][0].split(b"-")[0]) if found else None


def _last_id(answer: Any) -> bytes:
    """The id of the last entry in an XREAD answer of one stream, in RESP2's or RESP3's shape."""
    entries = next(iter(answer.values())) if isinstance(answer, dict) else answer[0][1]
    while isinstance(entries[0], list):
        entries = entries[0]
    found: bytes = entries[-1][0]
    return found
