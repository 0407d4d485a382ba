"""What the store keeps encrypted, for those who count it or encrypt it anew.

``history.sealed``, ``dead.sealed`` and the second factors' secrets, ``accounts.factor``.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Table, bindparam, select, update

from services.access.tables import accounts
from services.projector.store.tables import dead, history

TABLES: tuple[Table, ...] = (history, dead, accounts)
_KEY: dict[str, str] = {history.name: "entry", dead.name: "entry", accounts.name: "user_id"}
_SEALED: dict[str, str] = {history.name: "sealed", dead.name: "sealed", accounts.name: "factor"}


class Sealed(NamedTuple):
    """One encrypted text, and the key of its row."""

    entry: Any
    sealed: bytes


def batches(connection: Connection, table: Table, size: int) -> Iterator[list[Sealed]]:
    """All encrypted texts of a table in the order of their keys."""
    key, text = table.c[_KEY[table.name]], table.c[_SEALED[table.name]]
    after: Any = None
    while True:
        query = select(key, text).where(text.is_not(None)).order_by(key).limit(size)
        if after is not None:
            query = query.where(key > after)
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
    key, text = table.c[_KEY[table.name]], table.c[_SEALED[table.name]]
    put = (
        update(table)
        .where(key == bindparam("b_entry"), text == bindparam("b_old"))
        .values({text.name: bindparam("b_new")})
    )
    connection.execute(put, [{"b_entry": old.entry, "b_old": old.sealed, "b_new": new} for old, new in changes])
