"""Heartbeats leave no rows in the history: kept is from when to when each source was heard without a pause.

Times are those of receipt, on the district's clock (Unix ms).
"""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from services.projector.store import tables as schema

# As many intervals of silence as make a source late (liveboard.sources).
SILENT_AFTER = 3
_B = schema.beats.c


class SourceBeat(NamedTuple):
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


def keep_beats(connection: Connection, beats: Iterable[SourceBeat]) -> None:
    """Add heartbeats; of each source in the order in which they were received, or it costs a look at the table."""
    spans: dict[str, Heard | None] = {}
    moved: dict[tuple[str, int], Heard] = {}
    for beat in beats:
        last = spans.get(beat.source)
        if beat.source not in spans or (last is not None and beat.received_at < last.since):
            _write(connection, moved)
            last = _newest(connection, beat.source, beat.received_at)
        if last is not None and beat.received_at <= last.until:
            spans[beat.source] = last
            continue
        if last is not None and _goes_on(last, beat):
            last = last._replace(until=beat.received_at)
            moved[last.source, last.since] = last
        else:
            _write(connection, moved)
            last = Heard(beat.source, beat.received_at, beat.received_at, beat.interval_s)
            connection.execute(insert(schema.beats).values(**last._asdict()))
        spans[beat.source] = last
    _write(connection, moved)


def _write(connection: Connection, moved: dict[tuple[str, int], Heard]) -> None:
    for (source, since), heard in moved.items():
        is_it = (_B.source == source) & (_B.since == since)
        connection.execute(update(schema.beats).where(is_it).values(until=heard.until))
    moved.clear()


def heard_between(connection: Connection, after: int, until: int) -> list[Heard]:
    """The spans that reach into what lies behind ``after`` up to ``until``."""
    query = select(_B.source, _B.since, _B.until, _B.interval_s).where(_B.until > after, _B.since <= until)
    return [Heard(*row) for row in connection.execute(query.order_by(_B.since, _B.source))]


def _goes_on(last: Heard, beat: SourceBeat) -> bool:
    gap = beat.received_at - last.until
    return gap < SILENT_AFTER * beat.interval_s * 1000 and last.interval_s == beat.interval_s


def _newest(connection: Connection, source: str, at: int) -> Heard | None:
    """The last span that had begun by ``at``."""
    query = select(_B.source, _B.since, _B.until, _B.interval_s).where(_B.source == source, _B.since <= at)
    row = connection.execute(query.order_by(_B.since.desc()).limit(1)).first()
    return None if row is None else Heard(*row)
