"""Alarms in the store: those that are kept on the list (things) and every step of their lives (``alarm_lives``)."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, insert, select

from services.access.tables import alarm_lives
from services.board.alarm import Alarm, decode_alarm
from services.projector.store import tables as schema

KIND = "alarm"
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


def kept_alarms(connection: Connection) -> list[Alarm]:
    """Every alarm on the list: those that stand, and those that have cleared not long ago."""
    c = schema.things.c
    return [decode_alarm(row[0]) for row in connection.execute(select(c.body).where(c.kind == KIND))]


def one_alarm(connection: Connection, alarm_id: str) -> Alarm | None:
    """One alarm on the list."""
    c = schema.things.c
    body = connection.execute(select(c.body).where(c.kind == KIND, c.key == alarm_id)).scalar()
    return None if body is None else decode_alarm(body)


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


def lives_of(connection: Connection, alarm_id: str) -> list[Life]:
    """One alarm's life, from its first raise on."""
    c = alarm_lives.c
    return [_life(row) for row in connection.execute(select(*_LIFE).where(c.alarm == alarm_id).order_by(c.id))]


def write_lives(connection: Connection, rows: Iterable[tuple[int, str, str, str, Alarm, bytes]]) -> None:
    """Keep steps: (at, what, who, comment, the alarm, its body)."""
    values = [
        {"at": at, "alarm": alarm.id, "seat": alarm.seat, "kind": alarm.kind, "what": what, "who": who,
         "comment": comment, "body": body}
        for at, what, who, comment, alarm, body in rows
    ]  # fmt: skip
    if values:
        connection.execute(insert(alarm_lives), values)


def _life(row: Sequence[Any]) -> Life:
    return Life._make([*row[:7], decode_alarm(row[7])])
