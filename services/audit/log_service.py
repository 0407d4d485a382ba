"""The audit in the store: append, and read. Nothing here deletes; triggers of the database refuse it to everybody."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import msgspec
from sqlalchemy import ColumnElement, Connection, Engine, exists, func, insert, select, text

from services.audit import NO_SIGNER, AuditRecord, Deed, Signer, Who, chain, distrust
from services.audit.chain import SYSTEM
from services.audit.tables import audit
from services.audit.verdict import noted
from services.platform.database import is_postgres, writing

CHUNK = 2000
# So many rows behind one that is not as it should be are looked through for the last one that is.
MOST_BACK = 20_000
# A row is followed by the next one only where so many numbers behind it are free: one that somebody has put at the end
# of the column (2^63 - 1) must not be the last one ever. The database counts in the same way (migration 0014).
ROOM = 1 << 32
LAST_COUNTED = (1 << 63) - 1 - ROOM
# One process at a time appends. Not a lock of the table: a VACUUM that guards against wrap-around would hold that up.
_LOCK = text("SELECT pg_advisory_xact_lock(7165170001)")
_COLUMNS = [audit.c[name] for name in AuditRecord.__struct_fields__]


class Head(NamedTuple):
    """The newest row: its number, and its link for paper. (0, "") while there is none."""

    number: int
    link: str

    @property
    def noted(self) -> str:
        """As it is printed: 1234:9f86d081 884c7d65 9a2feaa0 c55ad015. Half of the link is more than can be forged."""
        return noted(self.number, self.link)


class AuditQuery(msgspec.Struct, frozen=True):
    """What the auditor looks for; empty and None mean all. ``since`` is in, ``until`` is out (Unix milliseconds)."""

    who: str = ""
    actions: tuple[str, ...] = ()
    object: str = ""
    since: int | None = None
    until: int | None = None


class AuditLog:
    """Where deeds are written down. ``signer`` seals them, when there is a data key.

    ``note`` is told of the newest row after each commit: it writes heads outside the database now and then.
    """

    def __init__(
        self, engine: Engine, signer: Signer = NO_SIGNER, note: Callable[[AuditRecord], None] = lambda _: None
    ) -> None:
        self._engine, self._signer, self._note = engine, signer, note

    def append(
        self, now: int, who: Who, action: str, about: str = "", /, *, within: Connection | None = None, **detail: object
    ) -> int:
        """Write one deed down; returns its number. ``now``: the machine's Unix milliseconds. See ``append_many``."""
        return self.append_many(now, who, [Deed(action, about, detail)], within=within)

    def append_many(self, now: int, who: Who, deeds: Sequence[Deed], *, within: Connection | None = None) -> int:
        """Write deeds down in one transaction; returns the last one's number.

        ``within``: a transaction begun by ``writing``, with which they stand or fall; whoever else appends waits for
        its end, so append last. Raises what the database raises: nothing is written then, and the deed must not be
        done. Where the newest row is not sealed as it should be, a row that says so goes first: our seal would
        otherwise stand for what it has not seen.
        """
        with self._writing(within) as connection:
            _wait_for_turn(connection)
            # In PostgreSQL a statement behind the lock sees what the one before has committed (READ COMMITTED).
            last, prior = _last_two(connection)
            records = self._marked(connection, last, prior, now) if deeds else []
            records += chain(records[-1] if records else last, now, who, deeds, self._signer)
            if records:
                connection.execute(insert(audit), [msgspec.structs.asdict(record) for record in records])
        if records and within is None:
            self._note(records[-1])
        return records[-1].number if records else 0

    @contextmanager
    def alone(self) -> Iterator[Connection]:
        """A transaction in which nobody else appends: for a row that depends on those before it."""
        with writing(self._engine) as connection:
            _wait_for_turn(connection)
            yield connection

    def _marked(
        self, connection: Connection, last: AuditRecord | None, prior: AuditRecord | None, now: int
    ) -> list[AuditRecord]:
        why = distrust(last, prior, self._signer)
        # While a key is changed some processes do not know the new one yet; ``verify`` fails for a name that is none.
        if last is None or why in {"", "unknown"}:
            return []
        first = _first_of_these(connection, last, self._signer)
        mark = Deed("unsealed_before", "", {"first": first, "last": last.number, "why": why})
        return list(chain(last, now, SYSTEM, [mark], self._signer))

    @contextmanager
    def _writing(self, within: Connection | None) -> Iterator[Connection]:
        if within is not None:
            yield within
            return
        with writing(self._engine) as connection:
            yield connection


def head(connection: Connection) -> Head:
    """The last row's number and link: print it where the database cannot reach, and ``audit verify --head`` it."""
    last = last_row(connection)
    return Head(last.number, last.link) if last is not None else Head(0, "")


def last_row(connection: Connection) -> AuditRecord | None:
    """The row that the next one follows; None: there is none. Rows near the end of the column are passed over."""
    return _last_two(connection)[0]


def beyond(connection: Connection) -> int:
    """How many rows stand behind the last one, near the end of the column: none of them is ours."""
    last = last_row(connection)
    behind = select(func.count()).select_from(audit).where(audit.c.number > (last.number if last is not None else 0))
    return int(connection.execute(behind).scalar_one())


def hash_of(connection: Connection, number: int) -> str:
    """The whole hash of a row; empty when there is none."""
    if number >= 1 << 63:  # more than the column holds: the database would not even look
        return ""
    found = connection.execute(select(audit.c.hash).where(audit.c.number == number)).scalar()
    return str(found or "")


def first_since(connection: Connection, since: int) -> int:
    """The number of the first row that is not before ``since`` (Unix ms); the next number when there is none."""
    found = connection.execute(select(func.min(audit.c.number)).where(audit.c.at >= since)).scalar()
    return int(found) if found is not None else head(connection).number + 1


def records(connection: Connection, first: int = 1, until: int | None = None) -> Iterator[AuditRecord]:
    """The rows from number ``first`` on in their order, up to the first that is not before ``until`` (Unix ms)."""
    where = audit.c.number >= first
    while True:
        found = connection.execute(select(*_COLUMNS).where(where).order_by(audit.c.number).limit(CHUNK)).all()
        for row in found:
            record = _record(row)
            if until is not None and record.at >= until:
                return
            yield record
        if len(found) < CHUNK:
            return
        where = audit.c.number > found[-1].number


def newest(connection: Connection, wanted: AuditQuery, limit: int, below: int | None = None) -> list[AuditRecord]:
    """A page of what is wanted, newest first; ``below``: the last number of the page before."""
    query = select(*_COLUMNS).where(*_conditions(wanted))
    if below is not None:
        query = query.where(audit.c.number < below)
    return [_record(row) for row in connection.execute(query.order_by(audit.c.number.desc()).limit(limit))]


def wanted_records(connection: Connection, wanted: AuditQuery) -> Iterator[AuditRecord]:
    """All that is wanted, newest first: the rows of an export."""
    below: int | None = None
    while page := newest(connection, wanted, CHUNK, below):
        yield from page
        below = page[-1].number


def _conditions(wanted: AuditQuery) -> list[ColumnElement[bool]]:
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


def count_between(connection: Connection, who: str, action: str, since: int, until: int) -> int:
    """How many deeds of a kind a person has done (Unix ms, ``since`` out, ``until`` in)."""
    where = audit.c.at > since, audit.c.at <= until, audit.c.who == who, audit.c.action == action
    return int(connection.execute(select(func.count()).select_from(audit).where(*where)).scalar_one())


def count_of(connection: Connection, action: str, since: int) -> int:
    """How often a kind of deed was done since (Unix ms, out)."""
    where = audit.c.at > since, audit.c.action == action
    return int(connection.execute(select(func.count()).select_from(audit).where(*where)).scalar_one())


def _wait_for_turn(connection: Connection) -> None:
    if is_postgres(connection):  # a writing transaction of SQLite is alone already
        connection.execute(_LOCK)


def details_of(connection: Connection, action: str) -> list[str]:
    """The details of all rows of an action, in their order; for actions that are rare."""
    found = connection.execute(select(audit.c.detail).where(audit.c.action == action).order_by(audit.c.number))
    return [str(detail) for (detail,) in found]


def _last_two(connection: Connection) -> tuple[AuditRecord | None, AuditRecord | None]:
    """The last row that has room behind it, and the one before it in the table."""
    one, other = audit.alias(), audit.alias()
    is_followed = exists().where(other.c.number > one.c.number, other.c.number <= one.c.number + ROOM)
    counted = one.c.number.between(1, LAST_COUNTED)
    last = select(one.c.number).where(counted, ~is_followed).order_by(one.c.number.desc()).limit(1).scalar_subquery()
    two = select(*_COLUMNS).where(audit.c.number <= last).order_by(audit.c.number.desc()).limit(2)
    found = [_record(row) for row in connection.execute(two)]
    return found[0] if found else None, found[1] if len(found) > 1 else None


def _first_of_these(connection: Connection, last: AuditRecord, signer: Signer) -> int:
    """The number of the first of the rows up to ``last`` that are not as they should be, one behind the other."""
    row, first = last, last.number
    for prior in (*newest(connection, AuditQuery(), MOST_BACK, last.number), None):
        if not distrust(row, prior, signer):
            return row.number + 1
        first = row.number
        if prior is None:
            break
        row = prior
    return first


def _record(row: Sequence[object]) -> AuditRecord:
    """A row as it stands. SQLite keeps whatever it is given: what is no number or no text cannot have been ours.

    It becomes 0 or its own text, so that its hash does not fit and the check goes on.
    """
    found = dict(zip(AuditRecord.__struct_fields__, row, strict=True))
    typed = {
        name: (value if isinstance(value, int) else 0)
        if name in {"number", "at"}
        else value
        if isinstance(value, str)
        else repr(value)
        for name, value in found.items()
    }
    return AuditRecord(**typed)  # type: ignore[arg-type]  # by the names above
