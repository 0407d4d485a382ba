"""What the store keeps encrypted, for those who count it or encrypt it anew: ``history.sealed`` and ``dead.sealed``."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, Table, bindparam, select, update

from services.store.schema import dead, history

TABLES: tuple[Table, ...] = (history, dead)


class Sealed(NamedTuple):
    """One encrypted text."""

    entry: int
    sealed: bytes


def batches(connection: Connection, table: Table, size: int) -> Iterator[list[Sealed]]:
    """All encrypted texts of a table in the order of their entries."""
    after = -1
    c = table.c
    while True:
        query = select(c.entry, c.sealed).where(c.entry > after, c.sealed.is_not(None)).order_by(c.entry).limit(size)
        found = [Sealed(row[0], bytes(row[1])) for row in connection.execute(query)]
        connection.rollback()  # no transaction stays open between batches: SQLite's log could not be cut meanwhile
        if not found:
            return
        yield found
        after = found[-1].entry


def replace(connection: Connection, table: Table, changes: Sequence[tuple[Sealed, bytes]]) -> None:
    """Put the new texts in the place of the old ones, where these still stand."""
    if not changes:
        return
    c = table.c
    put = (
        update(table)
        .where(c.entry == bindparam("b_entry"), c.sealed == bindparam("b_old"))
        .values(sealed=bindparam("b_new"))
    )
    connection.execute(put, [{"b_entry": old.entry, "b_old": old.sealed, "b_new": new} for old, new in changes])
