"""Write a delta of our own beside the projector's: the next revision, seen by every web process as any other."""

from collections.abc import Callable

import msgspec
from sqlalchemy import Engine

from services.projector.delta import Delta, encode_delta
from services.store.engine import writing
from services.store.write import Feed, Writer


def announce(engine: Engine, now: int, make: Callable[[Writer, Feed], Delta]) -> int:
    """In one transaction let ``make`` write its rows, and publish the delta that it returns; the new revision."""
    with writing(engine) as connection:
        writer = Writer(connection)
        feed = writer.lock()
        delta = make(writer, feed)
        whole = msgspec.structs.replace(
            delta, last_entry=feed.last_entry, lost=feed.lost, lost_at=feed.lost_at, emptied_at=feed.emptied_at
        )
        after = msgspec.structs.replace(feed, revision=feed.revision + 1)
        writer.publish(after.revision, now, encode_delta(whole))
        writer.move_feed(after)
    return after.revision
