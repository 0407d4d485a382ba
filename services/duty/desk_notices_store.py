"""Notices to the desks in the store. Plain SQL."""

from sqlalchemy import Connection, insert, select, update

from services.duty import tables as schema
from services.duty.desk_notice import DeskNotice

_N = schema.desk_notices.c
_COLUMNS = [_N[name] for name in DeskNotice.__struct_fields__]


def put(connection: Connection, one: DeskNotice) -> None:
    """Keep a notice."""
    connection.execute(insert(schema.desk_notices).values(**{n: getattr(one, n) for n in one.__struct_fields__}))


def standing(connection: Connection, now: int) -> list[DeskNotice]:
    """Those that desks show at ``now`` (Unix ms, the district's clock), the oldest first."""
    where = (_N.ended_at.is_(None), _N.at <= now, _N.until > now)
    return [DeskNotice(*row) for row in connection.execute(select(*_COLUMNS).where(*where).order_by(_N.at, _N.id))]


def newest(connection: Connection, limit: int) -> list[DeskNotice]:
    """The newest first, over or not."""
    query = select(*_COLUMNS).order_by(_N.at.desc(), _N.id).limit(limit)
    return [DeskNotice(*row) for row in connection.execute(query)]


def end(connection: Connection, notice_id: str, now: int, who: str) -> DeskNotice | None:
    """Take one down that stands; as it is after that, None where none of this id stands."""
    where = (_N.id == notice_id, _N.ended_at.is_(None), _N.until > now)
    done = connection.execute(update(schema.desk_notices).where(*where).values(ended_at=now, ended_by=who))
    if not done.rowcount:
        return None
    return DeskNotice(*connection.execute(select(*_COLUMNS).where(_N.id == notice_id)).one())
