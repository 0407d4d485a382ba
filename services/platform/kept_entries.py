"""What a publisher has sent and the store may not have yet: kept, and sent again when Redis may have forgotten it.

A master that fails takes with it what it had not passed on, whoever was told «taken». The projector says after each
commit up to which entry everything is in the store (``stored``); what lies beyond it is kept here. Whenever the
connection was made anew, another server may answer: all that is kept goes out again, under the same ids of its events,
and counts once.
"""

import logging
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

import redis

from services.platform.redis import Keys

log = logging.getLogger(__name__)

Fields = Mapping[bytes, bytes]
BATCH = 500
# What is kept while nothing is stored: of some 1.5 kB each.
MOST = 100_000


class KeptEntries:
    """The entries of one publisher that are not stored yet, oldest first.

    For one thread, with a ``client`` of its own: each connection that it makes is counted.
    Everything that asks raises what Redis raises; what is kept stays kept then.
    """

    def __init__(self, client: redis.Redis, district: str, most: int = MOST) -> None:
        self._client: Any = client
        keys = Keys(district)
        self._events, self._stored = keys.events, keys.stored
        self._kept: deque[tuple[tuple[int, int], Fields]] = deque()
        self._most, self._is_said = most, False
        self._connected = self._known = 0
        pool = client.connection_pool
        pool.connection_kwargs["redis_connect_func"] = self._connect
        pool.disconnect(inuse_connections=False)
        pool.reset()  # those that were made before would connect anew uncounted

    def __len__(self) -> int:
        return len(self._kept)

    def keep(self, entry_ids: Sequence[bytes], entries: Sequence[Fields]) -> None:
        """Keep what was just sent, with the ids that Redis gave."""
        self._kept.extend((_order(i), fields) for i, fields in zip(entry_ids, entries, strict=True))
        while len(self._kept) > self._most:
            self._kept.popleft()
            if not self._is_said:
                self._is_said = True
                log.warning("more than %s entries are not stored: the oldest are no longer kept", f"{self._most:,}")

    def look(self) -> int:
        """Drop what is stored; where the connection is a new one, send all that is kept again. How many that were."""
        stored = self._client.get(self._stored)
        if self._connected != self._known:
            return self._send_again()
        if stored is not None:
            reached = _order(stored)
            while self._kept and self._kept[0][0] <= reached:
                self._kept.popleft()
        self._is_said = self._is_said and bool(self._kept)
        return 0

    def _send_again(self) -> int:
        """Send everything, and note the connection only then: one that breaks meanwhile begins it anew."""
        connected, entries = self._connected, [fields for _, fields in self._kept]
        ids: list[bytes] = []
        for begin in range(0, len(entries), BATCH):
            with self._client.pipeline(transaction=False) as pipe:
                for fields in entries[begin : begin + BATCH]:
                    pipe.xadd(self._events, dict(fields))
                ids += pipe.execute()
        if entries:
            log.warning("the connection to Redis is a new one: %s entries were sent again", f"{len(entries):,}")
        self._kept.clear()
        self.keep(ids, entries)
        self._known = connected
        return len(entries)

    def _connect(self, connection: Any) -> None:
        connection.on_connect()
        self._connected += 1


def _order(entry_id: bytes) -> tuple[int, int]:
    ms, _, seq = entry_id.partition(b"-")
    return int(ms), int(seq)
