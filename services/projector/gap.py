"""What was trimmed away before we read it. Redis 7 raises no error for it: it has to be counted.

gap = entries ever added − entries that we took in − entries still to come: those not yet delivered, and those delivered
to somebody that can still be read and are not in the store (research/peers-and-reliability.md, «Facts checked here»).
It is exact whenever no commit falls between its two sides; ``loop`` sees to that.
"""

from collections.abc import Collection
from typing import NamedTuple

from services.events.entry import entry_id, entry_key
from services.store.write import Feed
from services.stream import StreamState


class Gap(NamedTuple):
    """``lost`` entries, and the position and the count of entries to go on from.

    ``emptied``: the stream is another one than before, and nobody can say what was in the old one.
    """

    lost: int
    position: str
    processed: int
    emptied: bool


def measure(feed: Feed, stream: StreamState, known: Collection[int]) -> Gap | None:
    """Compare our own durable count with the stream's; None when they agree, or when it cannot be said now.

    ``known``: which of ``stream.keys()`` are in the store. Pure.
    """
    if feed.processed and _is_another(feed, stream, known):
        below = entry_key(stream.last) < entry_key(feed.position)
        return Gap(0, "0-0" if below else feed.position, stream.added - stream.length, True)
    position = feed.position
    if feed.processed and entry_key(stream.last) < entry_key(position):
        # The same stream, fallen back (a replica took over): what it says next may lie below our position.
        position = entry_id(max(key for key in stream.newest_keys if key in known))
    to_come = _to_come(position, stream, known)
    if to_come is None:
        return None
    lost = stream.added - feed.processed - to_come
    if lost > 0:
        if not stream.first:
            position = max(stream.last, position, key=entry_key)
        elif _is_behind(stream, position):
            position = entry_id(entry_key(stream.first) - 1)
        return Gap(lost, position, feed.processed + lost, False)
    if position != feed.position or (lost < 0 and not stream.held):
        return Gap(0, position, feed.processed + lost, False)
    return None


def _is_another(feed: Feed, stream: StreamState, known: Collection[int]) -> bool:
    if entry_key(stream.last) < entry_key(feed.position):
        return not any(key in known for key in stream.newest_keys)
    if not _is_behind(stream, feed.position):
        return False
    # Never trimmed, and yet nothing that we ever took in is in it.
    is_new = stream.added == stream.length > 0 and _is_behind(stream, feed.last_entry)
    return stream.added < feed.processed or is_new


def _is_behind(stream: StreamState, entry: str) -> bool:
    """Whether everything that can be read lies behind ``entry``."""
    return not stream.first or entry_key(stream.first) > entry_key(entry)


def _to_come(position: str, stream: StreamState, known: Collection[int]) -> int | None:
    """The entries that can still be read and were not taken in; None where they were not all looked at."""
    done = max(entry_key(position), entry_key(stream.last_delivered))
    unread: int = sum(key > done for key in stream.newest_keys)
    if unread == len(stream.newest_keys) < stream.length:
        if not _is_behind(stream, entry_id(done)):
            return None  # a long backlog: the next time, when it is shorter
        unread = stream.length
    if stream.held is None:
        return None
    first = entry_key(stream.first) if stream.first else done + 1
    after = max(first - 1, entry_key(position))
    return unread + sum(after < key <= done and key not in known for key in map(entry_key, stream.held))
