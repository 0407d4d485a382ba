"""Notices to people: kept until they say that they have read them. Plain SQL."""

import msgspec
from sqlalchemy import Connection, and_, insert, select, update

from services.access import tables as schema
from services.access.notice import PersonNotice

_N = schema.person_notices.c
SHOWN = 50


def tell(connection: Connection, one: PersonNotice) -> None:
    """Keep a notice."""
    detail = msgspec.json.encode(one.detail, order="sorted").decode()
    row = {**msgspec.structs.asdict(one), "detail": detail, "read_at": 0}
    connection.execute(insert(schema.person_notices).values(**row))


def unread(connection: Connection, user_id: str) -> list[PersonNotice]:
    """What a person has not read yet, the oldest first."""
    query = select(_N.id, _N.user_id, _N.at, _N.kind, _N.detail).where(_N.user_id == user_id, _N.read_at == 0)
    found = connection.execute(query.order_by(_N.at, _N.id).limit(SHOWN))
    return [PersonNotice(*row[:4], msgspec.json.decode(row[4])) for row in found]


def mark_read(connection: Connection, user_id: str, until: int, now: int) -> int:
    """The person has read what came up to ``until`` (Unix ms); how many there were."""
    where = and_(_N.user_id == user_id, _N.read_at == 0, _N.at <= until)
    return connection.execute(update(schema.person_notices).where(where).values(read_at=now)).rowcount
