"""The wake-ups after a commit, on the ``board`` stream, and a look at how far the ``events`` stream has come.

A wake-up may carry what the commit changed. The store alone is the truth: who takes it from here first holds its token
against the commit that they have (``services.projector.outbox.follow``), and whoever cannot reads the outbox.
"""

from typing import Any, NamedTuple

import redis

from services.platform.redis import BOARD_LENGTH, Keys

# Of a delta that is longer (bytes) the store is asked: a stream keeps some hundreds of them in Redis' memory.
CARRIED_MOST = 16_384


class StreamLook(NamedTuple):
    """One look at the ``events`` stream: two entry ids, ``""`` where there is none, and Redis' clock (Unix ms)."""

    first_unread: str
    newest: str
    redis_ms: int


class Wake(NamedTuple):
    """A commit that others hear of. Without ``payload`` they read it in the store.

    ``after`` and ``token`` name the commit before and this one, as the outbox does; ``payload`` is this one's delta.
    """

    revision: int
    epoch: str = ""
    after: str = ""
    token: str = ""
    payload: bytes = b""

    def fields(self) -> dict[str, str | int | bytes]:
        """The entry of the ``board`` stream."""
        if not self.payload or len(self.payload) > CARRIED_MOST:
            return {"revision": self.revision}
        return self._asdict()


class Wakeups:
    """Follows the ``board`` stream. Everything here raises what Redis raises."""

    def __init__(self, client: redis.Redis, district: str) -> None:
        self._client: Any = client
        self._keys = Keys(district)
        self._after = ""
        self._waiting: Any = None

    def wait(self, block_ms: int) -> list[Wake]:
        """The next wake-ups, or none after ``block_ms``. What was there before the first call is no wake-up."""
        if not self._after:
            last = self._client.xrevrange(self._keys.board, count=1)
            self._after = last[0][0].decode() if last else "0-0"
        answer = self._read(block_ms)
        if not answer:
            return []
        entries = next(iter(answer.values())) if isinstance(answer, dict) else answer[0][1]  # RESP3, RESP2
        self._after = entries[-1][0].decode()
        return [_wake(dict(zip(fields[::2], fields[1::2], strict=True))) for _, fields in entries]

    def _read(self, block_ms: int) -> Any:
        """XREAD's answer, on a connection of our own: to borrow and look over one each time took longer than to read.

        What is broken off leaves no answer behind that the next call would take for its own.
        """
        if self._waiting is None:
            self._waiting = self._client.connection_pool.get_connection()
        try:
            self._waiting.send_command(
                "XREAD", "BLOCK", block_ms, "COUNT", 1000, "STREAMS", self._keys.board, self._after
            )
            return self._waiting.read_response()
        except BaseException:
            self._waiting.disconnect()
            raise

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


def _wake(fields: dict[bytes, bytes]) -> Wake:
    """What an entry says; one that cannot be read says that there is something in the store."""
    try:
        return Wake(
            int(fields[b"revision"]),
            fields[b"epoch"].decode(),
            fields[b"after"].decode(),
            fields[b"token"].decode(),
            fields[b"payload"],
        )
    except (KeyError, ValueError):
        return Wake(0)


def _id(entries: Any) -> str:
    return str(entries[0][0].decode()) if entries else ""
