"""Write a delta of our own beside the projector's: the next revision, seen by every web process as any other.

After the commit everybody who waits is woken here, so that no caller can forget it.
"""

import contextlib
from collections.abc import Callable

import msgspec
from sqlalchemy import Engine

from services.platform.database import writing
from services.platform.errors import REDIS_ERRORS
from services.platform.offload import Offload, directly
from services.platform.wakeups import Wakeups
from services.projector.outbox.delta import Delta, encode_delta
from services.projector.store.write import Feed, Writer


def announce(
    engine: Engine,
    wakeups: Wakeups,
    now: int,
    make: Callable[[Writer, Feed], Delta | None],
    offload: Offload = directly,
) -> int:
    """In one transaction let ``make`` write its rows and publish the delta that it returns; then wake the others.

    Returns the new revision, or 0 where ``make`` returns None or a delta that changes nothing: no revision is spent.
    ``offload`` runs the transaction alone: Redis is spoken to where we are called, its client belongs to that loop.
    Raises what ``make`` and the database raise: nothing is committed then.
    """

    def commit() -> int:
        with writing(engine) as connection:
            writer = Writer(connection)
            feed = writer.lock()
            delta = make(writer, feed)
            if delta is None or delta == Delta(last_entry=delta.last_entry):
                return 0
            whole = msgspec.structs.replace(
                delta, last_entry=feed.last_entry, lost=feed.lost, lost_at=feed.lost_at, emptied_at=feed.emptied_at
            )
            after = msgspec.structs.replace(feed, revision=feed.revision + 1)
            writer.publish(after.revision, now, encode_delta(whole))
            writer.move_feed(after)
            return after.revision

    revision = offload(commit)
    if revision:
        with contextlib.suppress(*REDIS_ERRORS):  # it is in the store, and everybody looks there twice a second
            wakeups.tell(revision)
    return revision
