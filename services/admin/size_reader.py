"""How big the database is, how fast it grows, and for how many days there is room: what a gauge would not say."""

import shutil
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, func, select, text

from services.platform.clock import DAY_MS
from services.platform.database import is_postgres
from services.projector.store import tables as schema
from services.projector.store.numbers import read_numbering

SPAN_DAYS = 7
# So little of a history says nothing of how fast it grows.
LEAST_ENTRIES = 1000


class DatabaseSize(NamedTuple):
    """``a_day`` and ``days_left`` are None where nobody can know: too little history, or a disk that is elsewhere."""

    bytes: int
    a_day: int | None
    free: int | None
    days_left: int | None


def database_size(connection: Connection, now: int) -> DatabaseSize:
    """As of now; ``now`` is the machine's clock in Unix ms. Growth is that of the last ``SPAN_DAYS`` days' entries."""
    size, free = size_of(connection), None
    h = schema.history.c
    total = int(connection.execute(select(func.count()).select_from(schema.history)).scalar_one())
    key = read_numbering(connection).key((now - SPAN_DAYS * DAY_MS, 0))
    a_day = None
    if total >= LEAST_ENTRIES and key is not None:
        late = int(connection.execute(select(func.count()).where(h.entry >= key)).scalar_one())
        a_day = round(size * late / total / SPAN_DAYS)
    file = connection.engine.url.database
    if not is_postgres(connection) and file:
        free = shutil.disk_usage(Path(file).resolve().parent).free
    days_left = None if free is None or not a_day else free // a_day
    return DatabaseSize(size, a_day, free, days_left)


def size_of(connection: Connection) -> int:
    """In bytes."""
    if is_postgres(connection):
        return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
    pages = int(connection.execute(text("PRAGMA page_count")).scalar_one())
    return pages * int(connection.execute(text("PRAGMA page_size")).scalar_one())
