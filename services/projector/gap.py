"""What was trimmed away before we read it. Redis 7 raises no error for it: it has to be counted.

gap = entries ever added − entries that we took in − entries still to come: those not yet delivered, and those delivered
to somebody that can still be read and are not in the store (research/peers-and-reliability.md, «Facts checked here»).
It is exact whenever no commit falls between its two sides; ``loop`` sees to that.
"""

from collections.abc import Collection
from typing import NamedTuple

from services.contract.entry import before, entry_order
from services.projector.store.write import Feed
from services.projector.stream import StreamState


class Gap(NamedTuple):
    """``lost`` entries, and the position and the count of entries to go on from.

    ``emptied``: the stream is another one than before, and nobody can say what was in the old one.
    """

    lost: int
    position: str
    processed: int
    emptied: bool


def measure(feed: Feed, stream: StreamState, known: Collection[str]) -> Gap | None:
    """Compare our own durable count with the stream's; None when they agree, or when it cannot be said now.

    ``known``: which of ``stream.ids()`` are in the store. Pure.
    """
    if feed.processed and _is_another(feed, stream, known):
        below = _is_below(stream.last, feed.position)
        return Gap(0, "0-0" if below else feed.position, stream.added - stream.length, True)
    position = feed.position
    if feed.processed and _is_below(stream.last, position):
        # The same stream, fallen back (a replica took over): what it says next may lie below our position.
        position = max((entry for entry in stream.newest if entry in known), key=entry_order)
    to_come = _to_come(position, stream, known)
    if to_come is None:
        return None
    lost = stream.added - feed.processed - to_come
    if lost > 0:
        if not stream.first:
            position = max(stream.last, position, key=entry_order)
        elif _is_behind(stream, position):
            position = before(stream.first)
        return Gap(lost, position, feed.processed + lost, False)
    if position != feed.position or (lost < 0 and not stream.held):
        return Gap(0, position, feed.processed + lost, False)
    return None


def _is_another(feed: Feed, stream: StreamState, known: Collection[str]) -> bool:
    if _is_below(stream.last, feed.position):
        return not any(entry in known for entry in stream.newest)
    if not _is_behind(stream, feed.position):
        return False
    # Never trimmed, and yet nothing that we ever took in is in it.
    is_new = stream.added == stream.length > 0 and _is_behind(stream, feed.last_entry)
    return stream.added < feed.processed or is_new


def _is_below(one: str, other: str) -> bool:
    return entry_order(one) < entry_order(other)


def _is_behind(stream: StreamState, entry: str) -> bool:
    """Whether everything that can be read lies behind ``entry``."""
    return not stream.first or _is_below(entry, stream.first)


def _to_come(position: str, stream: StreamState, known: Collection[str]) -> int | None:
    """The entries that can still be read and were not taken in; None where they were not all looked at."""
    done = max(position, stream.last_delivered, key=entry_order)
    unread = sum(_is_below(done, entry) for entry in stream.newest)
    if unread == len(stream.newest) < stream.length:
        if not _is_behind(stream, done):
            return None  # a long backlog: the next time, when it is shorter
        unread = stream.length
    if stream.held is None:
        return None
    if not stream.first:
        return unread
    after = max(before(stream.first), position, key=entry_order)
    return unread + sum(
        _is_below(after, entry) and not _is_below(done, entry) and entry not in known for entry in stream.held
    )
