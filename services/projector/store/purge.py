"""What the history does not keep: unit positions after 7 days, and heartbeats, which are kept as spans (store.beats).

Found by the index ``history_passing``, deleted in steps of bounded size, each a transaction of its own.
"""

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection, Engine, bindparam, delete, or_, text

from services.platform.clock import DAY_MS
from services.platform.database import writing
from services.projector.store import tables as schema
from services.projector.store.beats import SourceBeat, keep_beats

UNITS_KEPT_MS = 7 * DAY_MS
# Rows of one transaction: the projector waits for no more than this.
STEP = 2_000
# Steps of one round: what is left comes with the next one.
MOST_STEPS = 200

# Older by the unit's own clock, or by ours: a clock that runs ahead keeps nothing longer.
_OLD_POSITIONS = text(
    f"DELETE FROM history WHERE entry IN (SELECT entry FROM history WHERE {schema.PASSING} AND type = 'unit.moved' "
    "AND (received_at < :before OR time < :before) LIMIT :step)"
)
_OLD_BEATS = text(
    f"SELECT entry, source, received_at, data FROM history WHERE {schema.PASSING} AND type = 'source.heartbeat' "
    "ORDER BY received_at LIMIT :step"
)
_DROP = text("DELETE FROM history WHERE entry IN :entries").bindparams(bindparam("entries", expanding=True))


class _Interval(msgspec.Struct):
    interval_s: float = 10.0


_INTERVAL = msgspec.json.Decoder(_Interval).decode


def purge(engine: Engine, now_ms: int, *, step: int = STEP, goes_on: Callable[[], bool] = lambda: True) -> int:
    """Delete what is no longer kept; returns how many rows. ``goes_on`` is asked before each step."""
    before = now_ms - UNITS_KEPT_MS
    done = in_steps(engine, lambda c: _positions(c, before, step), step, goes_on)
    done += in_steps(engine, lambda c: _beats(c, step), step, goes_on)
    t = schema.things.c
    gone = (t.kind == "unit") & or_(t.version < before, t.entry < before << 20)
    with writing(engine) as connection:
        return done + connection.execute(delete(schema.things).where(gone)).rowcount


def in_steps(
    engine: Engine, one: Callable[[Connection], int], step: int, goes_on: Callable[[], bool] = lambda: True
) -> int:
    """Call ``one`` in a transaction of its own until it deletes less than ``step``; returns how many rows in all."""
    done = 0
    for _ in range(MOST_STEPS):
        if not goes_on():
            return done
        with writing(engine) as connection:
            deleted = one(connection)
        done += deleted
        if deleted < step:
            return done
    return done


def _positions(connection: Connection, before: int, step: int) -> int:
    return connection.execute(_OLD_POSITIONS, {"before": before, "step": step}).rowcount


def _beats(connection: Connection, step: int) -> int:
    """Rows of earlier versions: what they say is kept as spans."""
    rows = connection.execute(_OLD_BEATS, {"step": step}).all()
    if rows:
        keep_beats(
            connection, [SourceBeat(source, at, _INTERVAL(bytes(data)).interval_s) for _, source, at, data in rows]
        )
        connection.execute(_DROP, {"entries": [row[0] for row in rows]})
    return len(rows)
