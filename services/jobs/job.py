"""A paper that somebody has asked for."""

from typing import NamedTuple

MOST_WAITING = 5


class Job(NamedTuple):
    """One job without its file. ``state``: waiting, running, done, failed; ``said``: how far, or why not."""

    id: str
    kind: str
    wanted: str
    who: str
    asked_at: int
    state: str
    tries: int
    said: str
    name: str
