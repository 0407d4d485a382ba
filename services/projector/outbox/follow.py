"""Follow the store: the deltas behind what one has, or everything anew. One loop for every process that does.

Whoever follows reads its state and the mark of it in one transaction (``services.platform.database.reading``), then
takes the deltas one after the other. Everything is read anew when a delta asks for it, when the outbox was cut behind
us, and when the store is no longer the one that was read: restored from a backup, a stand-by that was promoted,
rebuilt.

A wake-up may bring the delta with it. It is taken where it follows what one has, by epoch, revision and token, as the
outbox would show it; the store itself is asked all the same twice a second, and whenever anything does not fit.
"""

import logging
from collections.abc import Callable, Sequence
from typing import NamedTuple

from sqlalchemy import Engine

from services.platform.every import Every
from services.platform.offload import Offload, directly
from services.platform.wakeups import Wake
from services.projector.outbox.delta import Delta, decode_delta
from services.projector.outbox.read import MOST, NOTHING, CommitsSince, SeenCommit, behind

log = logging.getLogger(__name__)

# Whatever the wake-ups bring, the store is asked so often: whether it answers, and is still the same.
ASK_EVERY_S = 0.5


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
        self._ask_every = Every(ASK_EVERY_S)

    def start_at(self, mark: SeenCommit) -> None:
        """The owner has the state of this commit now."""
        self.mark = mark

    def follow_wakes(self, wakes: Sequence[Wake]) -> None:
        """Take what the wake-ups bring, where it fits; else, and every half second, ``follow``. Raises what it does."""
        mark, steps = self.mark, list[RevisionDelta]()
        for wake in wakes:
            if wake.payload and (wake.epoch, wake.revision, wake.after) == (mark.epoch, mark.revision + 1, mark.token):
                steps.append(RevisionDelta(wake.revision, decode_delta(wake.payload)))
                mark = SeenCommit(wake.epoch, wake.revision, wake.token)
        fits = bool(wakes) and all(0 < wake.revision <= mark.revision and wake.epoch == mark.epoch for wake in wakes)
        if steps and fits and not any(step.delta.reload for step in steps):
            self._take(steps)
            self.mark = mark
        else:
            fits = fits and not steps
        if not fits or self._ask_every.is_due():
            self.follow()

    def follow(self) -> bool:
        """Bring what lies behind the mark; whether there was anything. Raises what the database raises."""
        has_come = False
        self._ask_every.begin()
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
