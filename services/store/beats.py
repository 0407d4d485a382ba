"""Heartbeats leave no rows in the history: kept is from when to when each source was heard without a pause.

Times are those of receipt, on the district's clock (Unix ms).
"""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from services.store import schema

# As many intervals of silence as make a source late (liveboard.sources).
SILENT_AFTER = 3
_B = schema.beats.c


class Beat(NamedTuple):
    """One heartbeat: whose, when it was received, how often they come (seconds)."""

    source: str
    received_at: int
    interval_s: float


class Heard(NamedTuple):
    """A source was heard from ``since`` to ``until``, every ``interval_s`` seconds."""

    source: str
    since: int
    until: int
    interval_s: float

    def last_at(self, moment: int) -> int:
        """When it was last heard at ``moment``, which does not lie before ``since``."""
        if moment >= self.until:
            return self.until
        step = max(round(self.interval_s * 1000), 1)
        return self.since + (moment - self.since) // step * step


def keep_beats(connection: Connection, beats: Iterable[Beat]) -> None:
    """Add heartbeats, in the order in which they were received."""
    newest: dict[str, Heard | None] = {}
    changed: dict[tuple[str, int], Heard] = {}
    added: list[Heard] = []
    for beat in beats:
        if beat.source not in newest:
            newest[beat.source] = _newest(connection, beat.source)
        last = newest[beat.source]
        if last is not None and last.since <= beat.received_at <= last.until:
            continue
        if last is not None and _goes_on(last, beat):
            now = last._replace(until=beat.received_at)
            changed[last.source, last.since] = now
        else:
            now = Heard(beat.source, beat.received_at, beat.received_at, beat.interval_s)
            if last is not None and beat.received_at < last.since:
                continue  # the district's clock went back: what is kept of then stands
            added.append(now)
        newest[beat.source] = now
    if added:
        rows = {heard[:2]: heard._asdict() for heard in added}
        connection.execute(insert(schema.beats), list(rows.values()))
    for (source, since), heard in changed.items():
        is_it = (_B.source == source) & (_B.since == since)
        connection.execute(update(schema.beats).where(is_it).values(until=heard.until))


def heard_between(connection: Connection, after: int, until: int) -> list[Heard]:
    """The spans that reach into what lies behind ``after`` up to ``until``."""
    query = select(_B.source, _B.since, _B.until, _B.interval_s).where(_B.until > after, _B.since <= until)
    return [Heard(*row) for row in connection.execute(query.order_by(_B.since, _B.source))]


def _goes_on(last: Heard, beat: Beat) -> bool:
    gap = beat.received_at - last.until
    return gap < SILENT_AFTER * beat.interval_s * 1000 and last.interval_s == beat.interval_s


def _newest(connection: Connection, source: str) -> Heard | None:
    query = select(_B.source, _B.since, _B.until, _B.interval_s).where(_B.source == source)
    row = connection.execute(query.order_by(_B.since.desc()).limit(1)).first()
    return None if row is None else Heard(*row)
