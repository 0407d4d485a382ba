"""The past as it was received: the history between two moments, what came late, and the kept boards. Plain rows."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, and_, delete, func, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite

from services.contract.others import Heartbeat
from services.duty.tables import alarm_lives
from services.past import tables as past_tables
from services.platform.database import is_postgres
from services.projector.store import tables as schema
from services.projector.store.beats import heard_between
from services.projector.store.read import Past
from services.projector.store.tables import LATE_MS

_H, _M, _D = schema.history.c, past_tables.moments.c, schema.dead.c
_PAST = [_H[name] for name in Past._fields]
_IS_LATE = text(f"received_at - time > {LATE_MS}")
MOVED, BEAT = "unit.moved", "source.heartbeat"
_ENCODE = msgspec.json.Encoder().encode


class KeptBoard(NamedTuple):
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


class RefusedAt(NamedTuple):
    """An entry that was refused: when (Unix ms), why, whose."""

    at: int
    reason: str
    source: str


def first_received(connection: Connection) -> int | None:
    """When the first entry that is kept was received (Unix ms), or None in an empty store."""
    found = connection.execute(select(func.min(_H.received_at))).scalar()
    return None if found is None else int(found)


def received_between(connection: Connection, after: int, until: int, *, positions: bool = True) -> list[Past]:
    """What was received behind ``after`` up to ``until`` (Unix ms), in the order of the stream.

    ``positions``: the patrols' too.
    """
    where = and_(_H.received_at > after, _H.received_at <= until)
    if not positions:
        where = and_(where, _H.type != MOVED)
    return [Past(*row) for row in connection.execute(select(*_PAST).where(where).order_by(_H.entry))]


def beats_between(connection: Connection, after: int, until: int) -> list[Past]:
    """The last heartbeat of each source behind ``after`` up to ``until`` (Unix ms), as entries of the history."""
    found: dict[str, Past] = {}
    for heard in heard_between(connection, after, until):
        at = heard.last_at(until)
        if at > after:
            data = _ENCODE(Heartbeat(at=datetime.fromtimestamp(at / 1000, UTC), interval_s=heard.interval_s))
            found[heard.source] = Past(at << 20, at, at, BEAT, heard.source, "", "", "", data)
    return list(found.values())


def positions_at(connection: Connection, after: int, at: int) -> list[Past]:
    """The newest position of each patrol that was heard of behind ``after`` up to ``at`` (Unix ms)."""
    heard = and_(_H.received_at > after, _H.received_at <= at, _H.type == MOVED)
    newest = select(func.max(_H.entry)).where(heard).group_by(_H.subject)
    return [Past(*row) for row in connection.execute(select(*_PAST).where(_H.entry.in_(newest)))]


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


def late_at(connection: Connection, moment: int, limit: int) -> tuple[int, list[Past]]:
    """What had happened by ``moment`` and was received after it, more than a minute late: how many, the oldest."""
    where = and_(_IS_LATE, _H.received_at > moment, _H.time <= moment, _H.type.like("case.%"))
    query = select(*_PAST).where(where).order_by(_H.received_at, _H.entry).limit(limit)
    found = [Past(*row) for row in connection.execute(query)]
    n = len(found)
    if n == limit:
        n = int(connection.execute(select(func.count()).select_from(schema.history).where(where)).scalar() or 0)
    return n, found


def refused_between(connection: Connection, after: int, until: int) -> list[RefusedAt]:
    """What was refused behind ``after`` up to ``until`` (Unix ms), in its order."""
    query = select(_D.at, _D.reason, _D.source).where(_D.at > after, _D.at <= until).order_by(_D.at)
    return [RefusedAt(*row) for row in connection.execute(query)]


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


def moment_before(connection: Connection, at: int, made_of: str) -> KeptBoard | None:
    """The newest kept board of this making that is not behind ``at``."""
    query = select(past_tables.moments).where(_M.at <= at, _M.made_of == made_of).order_by(_M.at.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else KeptBoard(*row)


def oldest_moment(connection: Connection, made_of: str) -> int | None:
    """When the oldest kept board of this making stood, or None."""
    found = connection.execute(select(func.min(_M.at)).where(_M.made_of == made_of)).scalar()
    return None if found is None else int(found)


def keep_moment(connection: Connection, kept: KeptBoard) -> None:
    """Keep a board, in the place of one of the same moment, whoever made it."""
    insert = postgresql.insert if is_postgres(connection) else sqlite.insert
    values = kept._asdict()
    connection.execute(
        insert(past_tables.moments).values(**values).on_conflict_do_update(index_elements=["at"], set_=values)
    )


def drop_moments(connection: Connection, made_of: str, behind: int, *, keep_others: bool) -> int:
    """Forget the boards behind ``behind`` (Unix ms), and those of another making but for ``keep_others``."""
    wrong = _M.at > behind if keep_others else or_(_M.made_of != made_of, _M.at > behind)
    return int(connection.execute(delete(past_tables.moments).where(wrong)).rowcount)
