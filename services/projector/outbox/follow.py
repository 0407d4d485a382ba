"""Follow the store: the deltas behind what one has, or everything anew. One loop for every process that does.

Whoever follows reads its state and the mark of it in one transaction (``services.platform.database.reading``), then
takes the deltas one after the other. Everything is read anew when a delta asks for it, when the outbox was cut behind
us, and when the store is no longer the one that was read: restored from a backup, a stand-by that was promoted,
rebuilt.
"""

import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import Engine

from services.platform.offload import Offload, directly
from services.projector.outbox.delta import Delta, decode_delta
from services.projector.outbox.read import MOST, NOTHING, CommitsSince, SeenCommit, behind

log = logging.getLogger(__name__)


class RevisionDelta(NamedTuple):
    """The delta of one revision."""

    revision: int
    delta: Delta


class StoreFollower:
    """Knows which commit its owner has, and brings it what follows.

    ``load`` reads everything and ends with ``start_at``; ``take`` takes in a batch of deltas, in order. Both may raise:
    the mark stays then where it was, and the next ``follow`` tries again.
    """

    def __init__(
        self,
        engine: Engine,
        load: Callable[[], None],
        take: Callable[[Sequence[RevisionDelta]], None],
        offload: Offload = directly,
    ) -> None:
        self._engine, self._load, self._take, self._offload = engine, load, take, offload
        self.mark: SeenCommit = NOTHING

    def start_at(self, mark: SeenCommit) -> None:
        """The owner has the state of this commit now."""
        self.mark = mark

    def follow(self) -> bool:
        """Bring what lies behind the mark; whether there was anything. Raises what the database raises."""
        has_come = False
        while True:
            seen = self._offload(self._read)
            if not seen.is_same:
                log.warning("the store is another one than at revision %d: everything is read anew", self.mark.revision)
                self._load()
                return True
            steps = [RevisionDelta(message.revision, decode_delta(message.payload)) for message in seen.messages]
            if any(step.delta.reload for step in steps):
                self._load()
                return True
            if steps:
                self._take(steps)
                last = seen.messages[-1]
                self.mark = SeenCommit(self.mark.epoch, last.revision, last.token)
                has_come = True
            if len(steps) < MOST:
                return has_come

    def _read(self) -> CommitsSince:
        with self._engine.connect() as connection:
            return behind(connection, self.mark)
