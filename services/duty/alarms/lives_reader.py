"""Reads what became of alarms: the steps of their lives."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from services.board.alarm import Alarm, decode_alarm
from services.duty.tables import alarm_lives

_LIFE = [alarm_lives.c[name] for name in ("id", "at", "seat", "kind", "what", "who", "comment", "body")]


class Life(NamedTuple):
    """One step of an alarm's life. ``who`` is empty where nobody did it; ``alarm`` is how it was after it."""

    id: int
    at: int
    seat: str
    kind: str
    what: str
    who: str
    comment: str
    alarm: Alarm


def lives_between(
    connection: Connection, start: int, end: int, *, seat: str = "", before: int | None = None, limit: int = 500
) -> list[Life]:
    """The steps from ``start`` up to, not including, ``end``, the newest first; of one seat, or (empty) of all.

    ``before`` is the id of the last step that was read: what follows it.
    """
    c = alarm_lives.c
    query = select(*_LIFE).where(c.at >= start, c.at < end)
    if seat:
        query = query.where(c.seat == seat)
    if before is not None:
        query = query.where(c.id < before)
    return [_life(row) for row in connection.execute(query.order_by(c.id.desc()).limit(limit))]


def _life(row: Sequence[Any]) -> Life:
    return Life._make([*row[:7], decode_alarm(row[7])])
