"""Alarms in the store: those that are kept on the list (things) and every step of their lives (``alarm_lives``)."""

from collections.abc import Iterable

from sqlalchemy import Connection, insert, select

from services.board.alarm import Alarm, decode_alarm
from services.duty.tables import alarm_lives
from services.projector.store import tables as schema

KIND = "alarm"


def kept_alarms(connection: Connection) -> list[Alarm]:
    """Every alarm on the list: those that stand, and those that have cleared not long ago."""
    c = schema.things.c
    return [decode_alarm(row[0]) for row in connection.execute(select(c.body).where(c.kind == KIND))]


def one_alarm(connection: Connection, alarm_id: str) -> Alarm | None:
    """One alarm on the list."""
    c = schema.things.c
    body = connection.execute(select(c.body).where(c.kind == KIND, c.key == alarm_id)).scalar()
    return None if body is None else decode_alarm(body)


def write_lives(connection: Connection, rows: Iterable[tuple[int, str, str, str, Alarm, bytes]]) -> None:
    """Keep steps: (at, what, who, comment, the alarm, its body)."""
    values = [
        {"at": at, "alarm": alarm.id, "seat": alarm.seat, "kind": alarm.kind, "what": what, "who": who,
         "comment": comment, "body": body}
        for at, what, who, comment, alarm, body in rows
    ]  # fmt: skip
    if values:
        connection.execute(insert(alarm_lives), values)
