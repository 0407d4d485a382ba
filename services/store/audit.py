"""The audit in the store: append, and read. Nothing here deletes; triggers of the database refuse it to everybody."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, func, insert, select, text

from services.audit import NO_SIGNER, Deed, Record, Signer, Who, chain
from services.store.engine import is_postgres, writing
from services.store.people_schema import audit

CHUNK = 2000
# One process at a time appends. Not a lock of the table: a VACUUM that guards against wrap-around would hold that up.
_LOCK = text("SELECT pg_advisory_xact_lock(7165170001)")
_COLUMNS = [audit.c[name] for name in Record.__struct_fields__]


class Head(NamedTuple):
    """The newest row: its number, and its link for paper. (0, "") while there is none."""

    number: int
    link: str

    @property
    def noted(self) -> str:
        """As it is printed: 1234:9f86d081 884c7d65 9a2feaa0 c55ad015. Half of the link is more than can be forged."""
        return f"{self.number}:{' '.join(self.link[i : i + 8] for i in range(0, 32, 8))}" if self.number else ""


class Wanted(msgspec.Struct, frozen=True):
    """What the auditor looks for; empty and None mean all. ``since`` is in, ``until`` is out (Unix milliseconds)."""

    who: str = ""
    actions: tuple[str, ...] = ()
    object: str = ""
    since: int | None = None
    until: int | None = None


class AuditLog:
    """Where deeds are written down. ``signer`` seals them, when there is a data key."""

    def __init__(self, engine: Engine, signer: Signer = NO_SIGNER) -> None:
        self._engine, self._signer = engine, signer

    def append(
        self, now: int, who: Who, action: str, about: str = "", /, *, within: Connection | None = None, **detail: object
    ) -> int:
        """Write one deed down; returns its number. ``now``: the machine's Unix milliseconds. See ``append_many``."""
        return self.append_many(now, who, [Deed(action, about, detail)], within=within)

    def append_many(self, now: int, who: Who, deeds: Sequence[Deed], *, within: Connection | None = None) -> int:
        """Write deeds down in one transaction; returns the last one's number.

        ``within``: a transaction begun by ``writing``, with which they stand or fall; whoever else appends waits for
        its end, so append last. Raises what the database raises: nothing is written then, and the deed must not be
        done.
        """
        with self._writing(within) as connection:
            if is_postgres(connection):
                connection.execute(_LOCK)
            # In PostgreSQL a statement behind the lock sees what the one before has committed (READ COMMITTED).
            records = list(chain(_newest(connection), now, who, deeds, self._signer))
            if records:
                connection.execute(insert(audit), [msgspec.structs.asdict(record) for record in records])
        return records[-1].number if records else 0

    @contextmanager
    def _writing(self, within: Connection | None) -> Iterator[Connection]:
        if within is not None:
            yield within
            return
        with writing(self._engine) as connection:
            yield connection


def head(connection: Connection) -> Head:
    """The newest row's number and link: print it where the database cannot reach, and ``audit verify --head`` it."""
    last = _newest(connection)
    return Head(last.number, last.link) if last is not None else Head(0, "")


def hash_of(connection: Connection, number: int) -> str:
    """The whole hash of a row; empty when there is none."""
    found = connection.execute(select(audit.c.hash).where(audit.c.number == number)).scalar()
    return str(found or "")


def first_since(connection: Connection, since: int) -> int:
    """The number of the first row that is not before ``since`` (Unix ms); the next number when there is none."""
    found = connection.execute(select(func.min(audit.c.number)).where(audit.c.at >= since)).scalar()
    return int(found) if found is not None else head(connection).number + 1


def records(connection: Connection, first: int = 1, until: int | None = None) -> Iterator[Record]:
    """The rows from number ``first`` on in their order, up to the first that is not before ``until`` (Unix ms)."""
    while True:
        where = audit.c.number >= first
        found = connection.execute(select(*_COLUMNS).where(where).order_by(audit.c.number).limit(CHUNK)).all()
        for row in found:
            record = _record(row)
            if until is not None and record.at >= until:
                return
            yield record
        if len(found) < CHUNK:
            return
        first = found[-1].number + 1


def newest(connection: Connection, wanted: Wanted, limit: int, below: int | None = None) -> list[Record]:
    """A page of what is wanted, newest first; ``below``: the last number of the page before."""
    query = select(*_COLUMNS).where(*_conditions(wanted))
    if below is not None:
        query = query.where(audit.c.number < below)
    return [_record(row) for row in connection.execute(query.order_by(audit.c.number.desc()).limit(limit))]


def wanted_records(connection: Connection, wanted: Wanted) -> Iterator[Record]:
    """All that is wanted, newest first: the rows of an export."""
    below: int | None = None
    while page := newest(connection, wanted, CHUNK, below):
        yield from page
        below = page[-1].number


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    c = audit.c
    found: list[ColumnElement[bool]] = []
    if wanted.who:
        found.append(c.who == wanted.who)
    if wanted.actions:
        found.append(c.action.in_(wanted.actions))
    if wanted.object:
        found.append(c.object == wanted.object)
    if wanted.since is not None:
        found.append(c.at >= wanted.since)
    if wanted.until is not None:
        found.append(c.at < wanted.until)
    return found


def _newest(connection: Connection) -> Record | None:
    row = connection.execute(select(*_COLUMNS).order_by(audit.c.number.desc()).limit(1)).first()
    return _record(row) if row is not None else None


def _record(row: Sequence[object]) -> Record:
    return Record(**dict(zip(Record.__struct_fields__, row, strict=True)))  # type: ignore[arg-type]  # of the columns
