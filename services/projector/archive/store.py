"""The store's side of the archive: what is in files, the rows of a month, taking them out and putting them back.

Every statement touches a window of entries, not the whole table: none holds a lock or the log for long.
"""

from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, column, delete, exists, func, insert, not_, or_, select, table

from services.cases.tables import cases
from services.platform.database import is_postgres
from services.projector.archive.tables import archived_events, archives
from services.projector.store.read import Past
from services.projector.store.tables import history, things
from services.projector.store.upsert import append_due, append_history

WINDOW = 20_000  # entries
EVERYTHING = (-1, (1 << 63) - 1)
# Patrols' positions are kept for seven days, heartbeats as spans (store.purge): no archive carries them on.
NOT_ARCHIVED = ("unit.moved", "source.heartbeat")
_QUARTER_MS = 900_000  # every time zone's months begin at a quarter of an hour

# Of a partition that goes at most so many rows are put back: more are better left where they are.
MOST_STAY = 50_000
_STAYS = table("history_stays", *(column(name) for name in history.c.keys()))  # noqa: SIM118  # its columns' names

_PAST = [history.c[name] for name in Past._fields]

Span = tuple[int, int]


class Archive(NamedTuple):
    """A month that is in a file. Times in Unix milliseconds by the machine's clock."""

    month: str
    file: str
    rows: int
    sha256: str
    first_entry: int
    last_entry: int
    written_at: int
    removing_at: int | None = None
    removed_at: int | None = None

    @property
    def is_whole(self) -> bool:
        """Whether the store still holds the month whole."""
        return self.removing_at is None


def all_archives(connection: Connection) -> list[Archive]:
    """Every archived month, in their order."""
    columns = [archives.c[name] for name in Archive._fields]
    return [Archive(*row) for row in connection.execute(select(*columns).order_by(archives.c.month))]


def gone(connection: Connection) -> list[Archive]:
    """The months of which the store no longer holds everything."""
    return [found for found in all_archives(connection) if not found.is_whole]


def one_archive(connection: Connection, month: str) -> Archive | None:
    """An archived month."""
    return next((found for found in all_archives(connection) if found.month == month), None)


def put_archive(connection: Connection, archive: Archive) -> None:
    """Write it down, in the place of what was known of the month."""
    connection.execute(delete(archives).where(archives.c.month == archive.month))
    connection.execute(insert(archives).values(**archive._asdict()))


def windows(connection: Connection, size: int = WINDOW) -> Iterator[tuple[int, int]]:
    """(after, last) of each so many entries of the history. Its transaction ends before each is given."""
    after = -1
    while True:
        some = select(history.c.entry).where(history.c.entry > after).order_by(history.c.entry).limit(size).subquery()
        last = connection.execute(select(func.max(some.c.entry))).scalar()
        connection.rollback()  # no transaction stays open: SQLite's log could not be cut meanwhile
        if last is None:
            return
        yield after, last
        after = last


def rows_of(connection: Connection, span: Span, size: int = WINDOW) -> Iterator[list[Past]]:
    """The rows that belong into a month's archive, ``span`` being its ``received_at`` (from, until; Unix ms)."""
    for after, last in windows(connection, size):
        where = _within(after, last, span)
        found = [Past(*row) for row in connection.execute(select(*_PAST).where(where).order_by(history.c.entry))]
        connection.rollback()
        if found:
            yield [row._replace(data=bytes(row.data)) for row in found]


def has_some(connection: Connection, span: Span, window: tuple[int, int]) -> bool:
    """Whether a window has a row of the month that may go: most have none, and need no lock."""
    where = and_(_within(*window, span), _may_go(*window))
    found = connection.execute(select(history.c.entry).where(where).limit(1)).first()
    connection.rollback()
    return found is not None


def quarters(connection: Connection, *, removable: bool = False) -> set[int]:
    """The quarters of an hour (their beginnings in Unix ms) in which rows for the archive were received.

    ``removable``: only rows that may be taken out.
    """
    found: set[int] = set()
    quarter = history.c.received_at - history.c.received_at % _QUARTER_MS
    for after, last in windows(connection):
        where = _within(after, last, None)
        if removable:
            where = and_(where, _may_go(after, last))
        found.update(row[0] for row in connection.execute(select(quarter).where(where).distinct()))
        connection.rollback()
    return found


def take_out(connection: Connection, month: str, span: Span, window: tuple[int, int], known: Container[int]) -> int:
    """Delete a window's rows of a month that may go and that the file has (``known``). Returns how many.

    In the caller's transaction, which holds the feed's lock: no case is opened again meanwhile.
    """
    h = history.c
    where = and_(_within(*window, span), _may_go(*window))
    found = [row for row in connection.execute(select(h.entry, h.type, h.subject).where(where)) if row[0] in known]
    delete_entries(connection, [row[0] for row in found])
    _is_out(connection, month, [(row[1], row[2]) for row in found])
    return len(found)


def take_out_whole(
    connection: Connection,
    month: str,
    span: Span,
    window: tuple[int, int],
    *,
    known: Container[int],
    drop: Callable[[], None],
) -> int | None:
    """The same for a window that is a partition: ``drop`` takes it away with all rows, those that stay are put back.

    In the caller's transaction, which holds the feed's lock. None, and nothing is done: too many stay.
    """
    h = history.c
    may_go = and_(_within(*window, span), _may_go(*window))
    rows = connection.execute(select(h.entry, h.type, h.subject).where(may_go)).all()
    found, late = [], []
    for row in rows:
        if row[0] in known:
            found.append(row)
        else:
            late.append(row[0])
    here = and_(h.entry > window[0], h.entry <= window[1])
    if connection.execute(select(func.count()).where(here)).scalar_one() - len(found) > MOST_STAY:
        return None
    connection.exec_driver_sql("CREATE TEMP TABLE history_stays (LIKE history INCLUDING DEFAULTS) ON COMMIT DROP")
    stays = select(*h).where(here, or_(not_(may_go), h.entry.in_(late)))
    connection.execute(insert(_STAYS).from_select([*h.keys()], stays))
    drop()
    connection.exec_driver_sql("INSERT INTO history SELECT * FROM history_stays")
    _is_out(connection, month, [(row[1], row[2]) for row in found])
    return len(found)


def _is_out(connection: Connection, month: str, found: Sequence[tuple[str, str]]) -> None:
    """Note of (type, subject) of each row that it is in the month's file alone.

    What of their people was kept has gone: the search is to forget it too.
    """
    of_cases = Counter(subject for kind, subject in found if kind.startswith("case."))
    append_due(connection, sorted(of_cases), is_whole=True)
    _count(connection, month, of_cases, 1)


def put_back(connection: Connection, rows: Sequence[Past], month: str | None = None) -> list[int]:
    """Put those rows in that are not there. Returns their entries. ``month``: they are no longer in its file alone."""
    found = _existing(connection, [row.entry for row in rows])
    missing = [row for row in rows if row.entry not in found]
    append_history(connection, [(*row, None) for row in missing])
    if month is not None:
        _count(connection, month, Counter(row.subject for row in missing if row.type.startswith("case.")), -1)
    return [row.entry for row in missing]


def delete_entries(connection: Connection, entries: Sequence[int]) -> None:
    """Delete rows of the history."""
    if entries:
        _of_many(connection, "DELETE FROM history WHERE entry", entries)


def archived_of(connection: Connection, case_id: str) -> dict[str, int]:
    """Month → how many events of a case are in its file alone."""
    c = archived_events.c
    rows = connection.execute(select(c.month, c.n).where(c.case_id == case_id).order_by(c.month))
    return {row[0]: row[1] for row in rows}


def _within(after: int, last: int, span: Span | None) -> ColumnElement[bool]:
    h = history.c
    where = and_(h.entry > after, h.entry <= last, h.type.not_in(NOT_ARCHIVED))
    return where if span is None else and_(where, h.received_at >= span[0], h.received_at < span[1])


def _may_go(after: int, last: int) -> ColumnElement[bool]:
    """Neither of a case that is open, nor what the newest state of anything comes from."""
    h = history.c
    is_open = exists().where(cases.c.case_id == h.subject, cases.c.is_open)
    stands = select(things.c.entry).where(things.c.entry > after, things.c.entry <= last)
    return and_(~and_(h.type.like("case.%"), is_open), h.entry.not_in(stands))


def _count(connection: Connection, month: str, moved: Mapping[str, int], sign: int) -> None:
    """Move how many events of each case are in the month's file alone."""
    if not moved:
        return
    these = f"FROM archived_events WHERE month = '{month}' AND case_id"  # a Month's own text
    before = {row[0]: row[1] for row in _of_many(connection, f"SELECT case_id, n {these}", [*moved])}
    after = {case_id: before.get(case_id, 0) + sign * n for case_id, n in moved.items()}
    if before:
        _of_many(connection, f"DELETE {these}", [*before])
    left = [{"case_id": case_id, "month": month, "n": n} for case_id, n in after.items() if n > 0]
    if left:
        connection.execute(insert(archived_events), left)


def _existing(connection: Connection, entries: Sequence[int]) -> set[int]:
    return {row[0] for row in _of_many(connection, "SELECT entry FROM history WHERE entry", entries)}


def _of_many(connection: Connection, before: str, values: Sequence[object]) -> Any:
    """A statement on rows whose last-named column is one of ``values``: one parameter, as in store.write."""
    if is_postgres(connection):
        return connection.exec_driver_sql(f"{before} = ANY(%s)", (list(values),))
    return connection.exec_driver_sql(
        f"{before} IN (SELECT value FROM json_each(?))", (msgspec.json.encode(list(values)).decode(),)
    )
