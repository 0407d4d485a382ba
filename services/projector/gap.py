"""What was trimmed away before we read it. Redis 7 raises no error for it: it has to be counted.

gap = (entries ever added − entries we took in − entries still pending) − entries still readable, and only where the
first readable entry lies behind our position (research/peers-and-reliability.md, «Facts checked here»).
"""

from typing import NamedTuple

from services.events.entry import entry_id, entry_key
from services.store.write import Feed
from services.stream import StreamState


class Gap(NamedTuple):
    """``lost`` entries and the position to go on from; or ``emptied``: the stream is a new one, nobody can say."""

    lost: int
    position: str
    emptied: bool


NONE = Gap(0, "", False)


def measure(feed: Feed, stream: StreamState, pending: int) -> Gap:
    """Compare our own durable count with the stream's. Pure."""

    def is_behind(entry: str) -> bool:
        """Whether everything that can be read lies behind ``entry``."""
        return not stream.first or entry_key(stream.first) > entry_key(entry)

    if not is_behind(feed.position):
        return NONE
    # Never trimmed, and yet nothing that we ever took in is in it: it is another stream.
    is_new = stream.added == stream.length > 0 and is_behind(feed.last_entry)
    if feed.processed and (stream.added < feed.processed or is_new):
        return Gap(0, feed.position, True)
    lost = stream.added - feed.processed - pending - stream.length
    if lost <= 0:
        return NONE
    position = entry_id(entry_key(stream.first) - 1) if stream.first else max(stream.last, feed.position, key=entry_key)
    return Gap(lost, position, False)
