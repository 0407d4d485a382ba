"""A person's saved views of a desk: filters, sort and grouping under a name."""

from sqlalchemy import Connection, and_, delete, insert, select

from services.access.tables import saved_views as table

MOST = 30
_C = table.c


def views(connection: Connection, user_id: str, page: str) -> list[tuple[str, str]]:
    """(name, JSON) of each, by name."""
    query = select(_C.name, _C.body).where(_C.user_id == user_id, _C.page == page).order_by(_C.name)
    return [(row[0], row[1]) for row in connection.execute(query)]


def save(connection: Connection, user_id: str, page: str, *, name: str, body: str, now: int) -> bool:
    """Keep it in the place of one of that name; False when there are too many."""
    drop(connection, user_id, page, name)
    if len(views(connection, user_id, page)) >= MOST:
        return False
    connection.execute(insert(table).values(user_id=user_id, page=page, name=name, body=body, at=now))
    return True


def drop(connection: Connection, user_id: str, page: str, name: str) -> None:
    """Forget one."""
    connection.execute(delete(table).where(and_(_C.user_id == user_id, _C.page == page, _C.name == name)))
