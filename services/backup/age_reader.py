"""When the last backup was made: the audit has it, on whichever machine it was made."""

from typing import NamedTuple

import msgspec
from sqlalchemy import Connection, select

from services.audit.log_service import head
from services.audit.tables import audit
from services.platform.clock import parse_ms

# So many of the newest rows are looked through: who has made no backup among them has none to speak of.
LOOKED_THROUGH = 100_000
ACTIONS = ("backup_made", "backup_restored")


class LastBackup(NamedTuple):
    """``at`` (Unix ms): when the newest was made; None: none since ``looked_since``, or ever where that is None too."""

    at: int | None
    looked_since: int | None = None


class _Detail(msgspec.Struct):
    made_at: str


def last_backup(connection: Connection) -> LastBackup:
    """A store that was put back knows of the backup that it came from."""
    c = audit.c
    newest = head(connection).number
    first = max(newest - LOOKED_THROUGH, 0)
    found = connection.execute(
        select(c.at, c.detail)
        .where(c.number > first, c.number <= newest, c.action.in_(ACTIONS))
        .order_by(c.number.desc())
        .limit(1)
    ).first()
    if found is not None:
        return LastBackup(_made_at(*found))
    if not first:
        return LastBackup(None)
    return LastBackup(None, connection.execute(select(c.at).where(c.number == first + 1)).scalar())


def _made_at(at: int, detail: str) -> int:
    try:
        return parse_ms(msgspec.json.decode(detail, type=_Detail).made_at)
    except (msgspec.DecodeError, ValueError):  # a row that is none of ours is looked at all the same
        return at
