"""What a store and a stream are at a moment: read in one transaction, or from the copy itself."""

from typing import Any, NamedTuple

import redis
from sqlalchemy import Connection, func, select

from services.audit import log_service
from services.backup.manifest import AuditPosition, BackupError, StorePosition, StreamPosition
from services.cases import tables as case_tables
from services.platform.migrate import head, revision_in
from services.platform.redis import GROUP, Keys
from services.projector.store import tables as schema
from services.projector.store.write import read_feed

# The newest sealed text is near the end, or there is none.
LOOKED_THROUGH = 10_000


class StoreFacts(NamedTuple):
    """``sealed``: the newest encrypted text, to try the data key on; None where there is none."""

    district: str
    migration: str
    store: StorePosition
    audit: AuditPosition
    sealed: bytes | None


def read_facts(connection: Connection) -> StoreFacts:
    """As the connection's transaction sees them. Raises BackupError for a store that is empty or of another program."""
    migration = revision_in(connection)
    if migration is None:
        raise BackupError("the store is empty: there is nothing to back up")
    if migration != head():
        raise BackupError(
            f"the store is at migration {migration}, this program at {head()}: make the backup with the program that "
            "the store was last used with, or call `lianqin upgrade` first"
        )
    if (feed := read_feed(connection)) is None:
        raise BackupError("the store is empty: there is nothing to back up")
    cases = connection.execute(select(func.count()).select_from(case_tables.cases)).scalar_one()
    entries = connection.execute(select(func.count()).select_from(schema.history)).scalar_one()
    newest = log_service.head(connection)
    position = StorePosition(feed.revision, feed.position, feed.last_entry, feed.processed, feed.epoch, cases, entries)
    return StoreFacts(
        feed.district, migration, position, AuditPosition(newest.number, newest.link), _sealed(connection)
    )


def _sealed(connection: Connection) -> bytes | None:
    for table in (schema.history, schema.dead):
        some = select(table.c.sealed).order_by(table.c.entry.desc()).limit(LOOKED_THROUGH).subquery()
        found = connection.execute(select(some.c.sealed).where(some.c.sealed.is_not(None)).limit(1)).scalar()
        if found is not None:
            return bytes(found)
    return None


def read_stream(client: redis.Redis, code: str) -> StreamPosition | None:
    """How the stream is now; None where nobody has published yet. Raises what Redis raises."""
    own: Any = client
    key = Keys(code).events
    if not own.exists(key):
        return None
    about = own.xinfo_stream(key)
    groups = {_text(group["name"]): group for group in own.xinfo_groups(key)}
    ours = groups.get(GROUP, {})
    first = about.get("first-entry")
    return StreamPosition(
        int(about["length"]),
        _text(first[0]) if first else "",
        _text(about["last-generated-id"]),
        _text(ours.get("last-delivered-id", "")),
        int(ours.get("pending", 0)),
    )


def _text(raw: object) -> str:
    return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
