"""The commands that people have sent: written before they leave, settled by the case system's answers."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, and_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from services.cases.tables import commands as table
from services.commands.judge import Sent, answer_of
from services.platform.database import is_postgres
from services.projector.store import tables as schema

WAITING = ("unsent", "sent")


_C = table.c
_COLUMNS = [_C[name] for name in Sent.__struct_fields__]


def keep(connection: Connection, rows: Sequence[Sent]) -> dict[str, Sent]:
    """Write them down unless they are there already; what stands now, by id."""
    if not rows:
        return {}
    make = postgresql.insert if is_postgres(connection) else sqlite.insert
    connection.execute(make(table).on_conflict_do_nothing(), [msgspec.structs.asdict(row) for row in rows])
    return {row.command_id: row for row in by_ids(connection, [row.command_id for row in rows])}


def by_ids(connection: Connection, ids: Sequence[str]) -> list[Sent]:
    """The commands of these ids."""
    found = connection.execute(select(*_COLUMNS).where(_C.command_id.in_(ids)))
    return [Sent(*row) for row in found]


def camera_version(connection: Connection, camera_id: str) -> int:
    """The version of a camera's newest event; 0 where none has told of it."""
    t = schema.things.c
    found = connection.execute(select(t.version).where(t.kind == "camera", t.key == camera_id)).scalar()
    return int(found or 0)


def left(connection: Connection, ids: Sequence[str]) -> None:
    """They are on the stream."""
    where = and_(_C.command_id.in_(ids), _C.state == "unsent")
    connection.execute(update(table).where(where).values(state="sent"))


def has_answers(connection: Connection) -> bool:
    """Whether an answer has come that nobody has taken over."""
    return connection.execute(_answered().limit(1)).first() is not None


def _answered() -> Select[Any]:
    """The commands that wait, with their answers."""
    t = schema.things.c
    of_command = and_(t.kind == "command", t.key == _C.command_id)
    return select(*_COLUMNS, t.body).join_from(table, schema.things, of_command).where(_C.state.in_(WAITING))


def settle(connection: Connection, now: int) -> list[Sent]:
    """Take over the answers that have come; the commands that are settled by it."""
    found = []
    for row in connection.execute(_answered()).all():
        state, reason = answer_of(row[-1])
        sent = msgspec.structs.replace(Sent(*row[:-1]), state=state, answered_at=now, reason=reason)
        connection.execute(
            update(table).where(_C.command_id == sent.command_id).values(state=state, answered_at=now, reason=reason)
        )
        found.append(sent)
    return found
