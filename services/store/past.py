"""The past as it was received: the history between two moments, what came late, and the kept boards. Plain rows."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, and_, delete, func, insert, select, text

from services.store import schema
from services.store.engine import is_postgres
from services.store.people_schema import alarm_lives
from services.store.read import Past
from services.store.schema import LATE_MS

_H, _M, _D = schema.history.c, schema.moments.c, schema.dead.c
_PAST = [_H[name] for name in Past._fields]
_IS_LATE = text(f"received_at - time > {LATE_MS}")
_ENCODE = msgspec.json.Encoder().encode


class Kept(NamedTuple):
    """A kept board: when (Unix ms), of which program and package, and its packed bodies."""

    at: int
    made_of: str
    body: bytes
    blind: bytes | None


class AlarmAt(NamedTuple):
    """A step of an alarm's life: its number, when, whose alarm, and the alarm as it stood after it (JSON)."""

    id: int
    at: int
    alarm: str
    body: bytes


def first_received(connection: Connection) -> int | None:
    """When the first entry that is kept was received (Unix ms), or None in an empty store."""
    found = connection.execute(select(func.min(_H.received_at))).scalar()
    return None if found is None else int(found)


def received_between(connection: Connection, after: int, until: int) -> list[Past]:
    """What was received behind ``after`` up to ``until`` (Unix ms), in the order of the stream."""
    where = and_(_H.received_at > after, _H.received_at <= until)
    return [Past(*row) for row in connection.execute(select(*_PAST).where(where).order_by(_H.entry))]


def received_of(connection: Connection, case_ids: Sequence[str], until: int) -> Iterator[Past]:
    """The events of these cases that were received up to ``until`` (Unix ms), in no order."""
    if not case_ids:
        return
    columns = ", ".join(Past._fields)
    query = f"SELECT {columns} FROM history WHERE received_at <= {int(until)} AND type LIKE 'case.%%' AND subject"
    if is_postgres(connection):
        rows = connection.exec_driver_sql(f"{query} = ANY(%s)", (list(case_ids),))
    else:
        each = f"{query} IN (SELECT value FROM json_each(?))".replace("%%", "%")
        rows = connection.exec_driver_sql(each, (_ENCODE(list(case_ids)).decode(),))
    for row in rows:
        yield Past(*row)


def late_at(connection: Connection, moment: int, limit: int) -> list[Past]:
    """What had happened by ``moment`` and was received after it, more than a minute late; the oldest first."""
    where = and_(_IS_LATE, _H.received_at > moment, _H.time <= moment, _H.type.like("case.%"))
    query = select(*_PAST).where(where).order_by(_H.received_at, _H.entry).limit(limit)
    return [Past(*row) for row in connection.execute(query)]


def refused_between(connection: Connection, after: int, until: int) -> dict[tuple[str, str], int]:
    """(reason, source) → how many entries were refused behind ``after`` up to ``until`` (Unix ms)."""
    where = and_(_D.at > after, _D.at <= until)
    rows = connection.execute(select(_D.reason, _D.source, func.count()).where(where).group_by(_D.reason, _D.source))
    return {(row[0], row[1]): int(row[2]) for row in rows}


def alarm_steps(connection: Connection, after: int, until: int) -> list[AlarmAt]:
    """What happened to alarms behind ``after`` up to ``until`` (Unix ms), in their order."""
    c = alarm_lives.c
    query = select(c.id, c.at, c.alarm, c.body).where(c.at > after, c.at <= until).order_by(c.id)
    return [AlarmAt(*row) for row in connection.execute(query)]


def rhythm(connection: Connection, start: int, end: int, step: int) -> list[int]:
    """How many entries of cases were received in each ``step`` ms from ``start`` up to, not including, ``end``."""
    found = [0] * -(-(end - start) // step)
    slot = (_H.received_at - start) // step
    where = and_(_H.received_at >= start, _H.received_at < end, _H.type.like("case.%"))
    for at, n in connection.execute(select(slot, func.count()).where(where).group_by(slot)):
        found[int(at)] = int(n)
    return found


def moment_before(connection: Connection, at: int, made_of: str) -> Kept | None:
    """The newest kept board of this making that is not behind ``at``."""
    query = select(schema.moments).where(_M.at <= at, _M.made_of == made_of).order_by(_M.at.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else Kept(*row)


def newest_moment(connection: Connection, made_of: str) -> int | None:
    """When the newest kept board of this making stands (Unix ms)."""
    found = connection.execute(select(func.max(_M.at)).where(_M.made_of == made_of)).scalar()
    return None if found is None else int(found)


def keep_moment(connection: Connection, kept: Kept) -> None:
    """Keep a board; one of the same moment goes, whoever made it."""
    connection.execute(delete(schema.moments).where(_M.at == kept.at))
    connection.execute(insert(schema.moments).values(**kept._asdict()))


def drop_moments(connection: Connection, made_of: str, behind: int) -> int:
    """Forget the boards of another making, and those behind ``behind`` (Unix ms). Returns how many."""
    wrong = (_M.made_of != made_of) | (_M.at > behind)
    return int(connection.execute(delete(schema.moments).where(wrong)).rowcount)
