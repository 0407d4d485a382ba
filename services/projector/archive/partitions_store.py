"""The history's partitions on PostgreSQL, one a month of the district's calendar; on SQLite there are none.

A month that has none, or whose rows were there before partitions came, is taken out row by row as before.
"""

import logging
import re
from collections.abc import Iterable
from typing import NamedTuple
from zoneinfo import ZoneInfo

from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Engine, text

from services.platform.database import is_postgres, writing
from services.platform.errors import STORE_ERRORS, first_line
from services.projector.archive.month import Month, month_of
from services.projector.store.numbers import read_numbering
from services.projector.store.write import Writer

log = logging.getLogger(__name__)

# Partitions are made so many months ahead: who is down for a while finds them there.
AHEAD = 2


class Bounds(NamedTuple):
    """The entries of a partition: from ``first`` up to, not including, ``until``."""

    first: int
    until: int


def coming_months(zone: ZoneInfo, now_ms: int) -> list[Month]:
    """The present month and those for which a partition is made ahead."""
    present = month_of(now_ms, zone)
    return [present.plus(n) for n in range(AHEAD + 1)]


def make_months(engine: Engine, zone: ZoneInfo, months: Iterable[Month]) -> list[Month]:
    """See that these months have partitions; returns those that were made.

    Where the store is away, or its owner has not given the right, their rows lie in ``history_rest``: it is said, and
    tried again the next time.
    """
    made = []
    for month in months if is_postgres(engine) else ():
        try:
            if _make_month(engine, month, zone):
                made.append(month)
        except STORE_ERRORS as error:
            log.warning("the history has no partition for %s yet: %s", month, first_line(error))
            break
    return made


def _make_month(engine: Engine, month: Month, zone: ZoneInfo) -> bool:
    """Make a month's partition; False where it is there, or where other rows are in its place."""
    with engine.connect() as connection:
        if _is_there(connection, month):
            return False
        bounds = _bounds(connection, month, zone)
        if bounds is None or bounds.first < _before(connection):
            return False  # its rows lie among those of before, or in the rest
    with writing(engine) as connection:
        Writer(connection).lock()  # nobody writes while rows move
        asked = text("SELECT history_month(:month, :first, :until)")
        return bool(connection.execute(asked, {"month": str(month), **bounds._asdict()}).scalar())


def bounds_of(engine: Engine, month: Month, zone: ZoneInfo) -> Bounds | None:
    """The entries of a month's own partition; None where it has none."""
    if not is_postgres(engine):
        return None
    with engine.connect() as connection:
        return _bounds(connection, month, zone) if _is_there(connection, month) else None


def drop_month(connection: Connection, month: Month) -> None:
    """Detach and drop a month's partition, in the caller's transaction. Raises what PostgreSQL raises."""
    connection.execute(text("SELECT history_month_drop(:month)"), {"month": str(month)})


def is_lock_timeout(error: BaseException) -> bool:
    """Whether somebody has read the history for so long that its partition could not be detached."""
    return isinstance(getattr(error, "orig", None), LockNotAvailable)


def lacks_rights(connection: Connection) -> bool:
    """Whether PostgreSQL's role lacks what `deploy/postgres/roles.sql` gives it: months, and tables of its session."""
    if not is_postgres(connection):
        return False
    has_both = (
        "SELECT has_database_privilege(current_database(), 'TEMPORARY') "
        "AND has_function_privilege('history_month(text, bigint, bigint)', 'EXECUTE')"
    )
    return not connection.execute(text(has_both)).scalar()


def _bounds(connection: Connection, month: Month, zone: ZoneInfo) -> Bounds | None:
    """None where the ids of that time have no numbers of their own, or not in order."""
    numbering = read_numbering(connection)
    first, until = (numbering.key((ms, 0)) for ms in month.span(zone))
    return None if first is None or until is None or first >= until else Bounds(first, until)


def _before(connection: Connection) -> int:
    """Up to which entry ``history_before`` reaches; 0 where there is none."""
    query = text("SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = to_regclass('history_before')")
    told = re.search(r"TO \('?(\d+)'?\)", str(connection.execute(query).scalar()))
    return int(told.group(1)) if told else 0


def _is_there(connection: Connection, month: Month) -> bool:
    ours = "SELECT FROM pg_inherits WHERE inhparent = 'history'::regclass AND inhrelid = to_regclass(:name)"
    return bool(connection.execute(text(f"SELECT EXISTS ({ours})"), {"name": _name(month)}).scalar())


def _name(month: Month) -> str:
    return f"history_{month.year:04}_{month.number:02}"
