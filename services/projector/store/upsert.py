"""Bulk writes at the driver's speed, one statement a table: the same meaning on both databases.

SQLite takes tuples through executemany. PostgreSQL takes them by COPY into a temporary table of the same shape and one
INSERT … SELECT from it: psycopg writes COPY rows in C, where arrays for ``unnest`` are written in Python, at half the
speed end to end (docs/promises.md).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, lru_cache
from typing import Any

import psycopg
from sqlalchemy import Connection, Table
from sqlalchemy.exc import DBAPIError

from services.cases.tables import cases
from services.indicators.tables import case_marks, rollups, rollups_later
from services.platform.database import is_postgres
from services.projector.store.tables import history, search_due, tallies, things

Row = Sequence[Any]
# Up to so many rows go to PostgreSQL one by one, in one round trip: a temporary table costs four.
FEW = 8

# Of two rows of one thing the greater (version, -entry) stands: services.cases.case says why.
_NEWER = "excluded.version > {t}.version OR (excluded.version = {t}.version AND excluded.entry < {t}.entry)"


def upsert_cases(connection: Connection, rows: Sequence[Row]) -> None:
    """Insert or replace case rows, each a tuple in the order of the columns; an older version changes nothing."""
    _write(connection, cases, rows, f"({_key(cases)}) DO UPDATE SET {_all(cases)} WHERE {_NEWER.format(t='cases')}")


def upsert_things(connection: Connection, rows: Sequence[Row]) -> None:
    """The same for cameras, units, notices, sources and answers."""
    _write(connection, things, rows, f"({_key(things)}) DO UPDATE SET {_all(things)} WHERE {_NEWER.format(t='things')}")


def add_rollups(connection: Connection, measures: Sequence[str], rows: Sequence[Row]) -> None:
    """Add to each cell: a tuple of its key and of what these measures (most batches move few) rise by."""
    sums = ", ".join(f"{name} = rollups.{name} + excluded.{name}" for name in measures)
    names = ", ".join((*(column.name for column in rollups.primary_key), *measures))
    _write(connection, rollups, rows, f"({_key(rollups)}) DO UPDATE SET {sums}", names)


def add_rollups_later(connection: Connection, rows: Sequence[Row]) -> None:
    """Add ``n`` to each (cell, measure, day that sees it)."""
    _write(connection, rollups_later, rows, f"({_key(rollups_later)}) DO UPDATE SET n = rollups_later.n + excluded.n")


def add_tallies(connection: Connection, rows: Sequence[Row]) -> None:
    """Add ``n`` to each (what, source)."""
    _write(connection, tallies, rows, f"({_key(tallies)}) DO UPDATE SET n = tallies.n + excluded.n")


def drop_marks(connection: Connection, keys: Sequence[Row]) -> None:
    """Delete the marks of these keys (what, at, case_id, n)."""
    if keys:
        one = "%s" if is_postgres(connection) else "?"
        where = " AND ".join(f"{column.name} = {one}" for column in case_marks.primary_key)
        connection.exec_driver_sql(f"DELETE FROM case_marks WHERE {where}", list(map(tuple, keys)))


def put_marks(connection: Connection, rows: Sequence[Row]) -> None:
    """Insert or replace marks, in the order of the columns."""
    _write(connection, case_marks, rows, f"({_key(case_marks)}) DO UPDATE SET {_all(case_marks)}")


def append_history(connection: Connection, rows: Sequence[Row]) -> None:
    """Append accepted entries that are not there yet (``Writer.known`` has said so, under the feed's lock)."""
    if len(rows) > FEW and is_postgres(connection) and not _is_piped(connection):
        with _cursor(connection) as cursor:
            _copy_rows(cursor, history.name, _names(history), rows)  # straight in: they are most of what is written
    else:
        _write(connection, history, rows, f"({_key(history)}) DO NOTHING")


def append_due(connection: Connection, case_ids: Sequence[str], *, is_whole: bool = False) -> None:
    """Say that the search must look at these cases again. Appended, never changed: no note of it can be lost."""
    rows = [(case_id, is_whole) for case_id in case_ids]
    if len(rows) > FEW and is_postgres(connection) and not _is_piped(connection):
        with _cursor(connection) as cursor:
            _copy_rows(cursor, search_due.name, "case_id, is_whole", rows)
    elif rows:
        marks = "%s, %s" if is_postgres(connection) else "?, ?"
        connection.exec_driver_sql(f"INSERT INTO search_due (case_id, is_whole) VALUES ({marks})", rows)


def read_people_anew(connection: Connection) -> None:
    """Say so of every case: the search's tokens are then of the first key."""
    connection.exec_driver_sql("INSERT INTO search_due (case_id, is_whole) SELECT case_id, TRUE FROM cases")


def _key(table: Table) -> str:
    return ", ".join(column.name for column in table.primary_key)


def _all(table: Table) -> str:
    keys = {column.name for column in table.primary_key}
    return ", ".join(f"{c.name} = excluded.{c.name}" for c in table.columns if c.name not in keys)


def _write(connection: Connection, table: Table, rows: Sequence[Row], on_conflict: str, names: str = "") -> None:
    """``names``: the columns of the rows, where they are not all of the table's."""
    if not rows:
        return
    names = names or _names(table)
    if is_postgres(connection):
        if len(rows) <= FEW or _is_piped(connection):
            statement = _values(table, on_conflict, names).replace("?", "%s")
            connection.exec_driver_sql(statement, list(map(tuple, rows)))
        else:
            _copy(connection, table, rows, on_conflict, names)
    else:
        connection.exec_driver_sql(_values(table, on_conflict, names), list(map(tuple, rows)))


def _copy(connection: Connection, table: Table, rows: Sequence[Row], on_conflict: str, names: str) -> None:
    incoming = f"incoming_{table.name}"
    connection.exec_driver_sql(
        f"CREATE TEMP TABLE IF NOT EXISTS {incoming} (LIKE {table.name} INCLUDING DEFAULTS) ON COMMIT DELETE ROWS"
    )
    with _cursor(connection) as cursor:
        _copy_rows(cursor, incoming, names, rows)
        cursor.execute(
            f"INSERT INTO {table.name} ({names}) SELECT {names} FROM {incoming} ON CONFLICT {on_conflict}".encode()
        )
        cursor.execute(f"DELETE FROM {incoming}".encode())  # the same table may be written twice in a transaction


def _copy_rows(cursor: "psycopg.Cursor[Any]", into: str, names: str, rows: Sequence[Row]) -> None:
    with cursor.copy(f"COPY {into} ({names}) FROM STDIN".encode()) as copy:
        for row in rows:
            copy.write_row(row)


@contextmanager
def together(connection: Connection, *, is_small: bool) -> Iterator[None]:
    """Statements whose answers nobody waits for: on PostgreSQL a small batch of them takes one round trip together.

    What one of them raises may be raised by a later one, or at the end; a large batch goes by COPY, which has no such
    way.
    """
    if is_small and is_postgres(connection):
        driver: Any = connection.connection.driver_connection
        with _driver_errors(connection), driver.pipeline():
            yield
    else:
        yield


def _is_piped(connection: Connection) -> bool:
    driver: Any = connection.connection.driver_connection
    return bool(driver.pgconn.pipeline_status)


@contextmanager
def _cursor(connection: Connection) -> Iterator["psycopg.Cursor[Any]"]:
    """The driver's own."""
    driver: Any = connection.connection.driver_connection
    with _driver_errors(connection), driver.cursor() as cursor:
        yield cursor


@contextmanager
def _driver_errors(connection: Connection) -> Iterator[None]:
    """What the driver raises, told as SQLAlchemy tells it. A connection lost under it is not used again."""
    driver: Any = connection.connection.driver_connection
    try:
        yield
    except psycopg.Error as error:
        is_lost = bool(driver.closed)
        if is_lost:
            connection.invalidate(error)
        raise _told(error, is_lost) from error


def _told(error: psycopg.Error, is_lost: bool) -> Exception:
    """The driver's error as SQLAlchemy raises it, so that every caller catches one kind."""
    return DBAPIError.instance("COPY", None, error, psycopg.Error, hide_parameters=True, connection_invalidated=is_lost)


@cache
def _names(table: Table) -> str:
    return ", ".join(column.name for column in table.columns)


@lru_cache(maxsize=256)
def _values(table: Table, on_conflict: str, names: str) -> str:
    marks = ", ".join("?" for _ in names.split(", "))
    return f"INSERT INTO {table.name} ({names}) VALUES ({marks}) ON CONFLICT {on_conflict}"
