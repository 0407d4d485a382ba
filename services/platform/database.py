"""The store's door: engines with the settings that the rest of the code counts on, and a check at opening."""

import os
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DisconnectionError

SQLITE_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # WAL with NORMAL survives a killed process; after a power cut the newest commits may be gone together with the
    # position that they stored, and the projector reads those entries again (projector.loop, on start).
    "PRAGMA synchronous=NORMAL",
    "PRAGMA busy_timeout=20000",
    "PRAGMA temp_store=MEMORY",
    "PRAGMA cache_size=-32768",
    # A checkpoint rewrites every page that changed since the last one, once: at 64 MB of log instead of 4 MB the pages
    # that change all the time are written a tenth as often.
    "PRAGMA wal_autocheckpoint=16000",
)
STATEMENT_TIMEOUT_MS = 30_000
# A server whose machine has gone answers nothing, not even that: it is given up after some 11 s.
PATIENCE = {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 11_000}
# By engine, who let us in last, of the hosts in its address.
_ANSWERED: weakref.WeakKeyDictionary[Engine, str] = weakref.WeakKeyDictionary()


def open_engine(url: str, *, pool_size: int = 4) -> Engine:
    """An engine for ``url``. SQLite's folder is made; nothing is connected yet."""
    if url.startswith("sqlite"):
        path = url.removeprefix("sqlite:///")
        if path and path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            url,
            pool_size=pool_size,
            hide_parameters=True,  # they are people's cases, and an error's text goes to a log
            connect_args={"check_same_thread": False, "timeout": 20},
        )
        event.listen(engine, "connect", _sqlite_connected)
        event.listen(engine, "checkout", _sqlite_file_is_ours(path))
        event.listen(engine, "begin", _sqlite_begin)
        return engine
    engine = create_engine(
        url,
        pool_size=pool_size,
        pool_pre_ping=True,
        pool_recycle=1800,
        hide_parameters=True,
        connect_args={"connect_timeout": 5, "options": f"-c statement_timeout={STATEMENT_TIMEOUT_MS}", **PATIENCE},
    )
    event.listen(engine, "connect", lambda connection, _record: _note_host(engine, connection))
    return engine


def hosts_of(url: URL) -> tuple[str, ...]:
    """The hosts of an address, with their ports, in its order; none of SQLite."""
    if url.host is not None:
        return (f"{url.host}:{url.port or 5432}",)
    names, ports = (str(url.query.get(part, "")).split(",") for part in ("host", "port"))
    return tuple(f"{name}:{port}" for name, port in zip(names, ports, strict=False) if name)


def answering(engine: Engine) -> str:
    """Which of PostgreSQL's hosts has let us in last, with its port; empty of SQLite, and before anybody has."""
    return _ANSWERED.get(engine, "")


def answering_place(engine: Engine) -> str:
    """``answering`` without a name, for everybody: «2 of 3» in the address's order; empty where there is one host."""
    hosts, answered = hosts_of(engine.url), answering(engine)
    return f"{hosts.index(answered) + 1} of {len(hosts)}" if len(hosts) > 1 and answered in hosts else ""


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One write transaction. On SQLite it takes the write lock at once, so that it never fails half way for it."""
    with engine.connect().execution_options(lianqin_write=True) as connection, connection.begin():
        yield connection


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One read transaction that sees one state of the store throughout, whatever is committed meanwhile."""
    with engine.connect() as connection:
        if is_postgres(connection):
            connection.execution_options(isolation_level="REPEATABLE READ")  # SQLite reads so by itself
        with connection.begin():
            yield connection


def is_postgres(connection: Connection | Engine) -> bool:
    """Whether this is PostgreSQL (else SQLite)."""
    return connection.dialect.name == "postgresql"


def is_read_only(connection: Connection) -> bool:
    """Whether PostgreSQL refuses writes to everybody; SQLite is asked by writing only."""
    if not is_postgres(connection):
        return False
    query = "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only') = 'on'"
    return bool(connection.execute(text(query)).scalar())


def ping(engine: Engine) -> None:
    """Raise when the database does not answer."""
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))


def _note_host(engine: Engine, connection: Any) -> None:
    _ANSWERED[engine] = f"{connection.info.host}:{connection.info.port}"


def _sqlite_connected(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: the driver's own way begins too late
    for pragma in SQLITE_PRAGMAS:
        connection.execute(pragma)


def _sqlite_file_is_ours(path: str) -> Any:
    """Whether a kept connection still has the file that lies at ``path``: a backup may have been put in its place.

    The pool connects anew where it has not: it would read, and write, a file that nobody else sees.
    """

    def files() -> tuple[int | None, ...]:
        found: list[int | None] = []
        for name in (path, f"{path}-wal"):
            try:
                found.append(os.stat(name).st_ino)
            except FileNotFoundError:
                found.append(None)
        return tuple(found)

    def checkout(_connection: object, record: Any, _proxy: object) -> None:
        now, known = files(), record.info.pop("files", None)
        if known is not None and any(before not in {None, file} for before, file in zip(known, now, strict=True)):
            raise DisconnectionError("another file lies in the place of the store")
        record.info["files"] = now

    return checkout


def _sqlite_begin(connection: Connection) -> None:
    mode = "IMMEDIATE" if connection.get_execution_options().get("lianqin_write") else "DEFERRED"
    connection.exec_driver_sql(f"BEGIN {mode}")
