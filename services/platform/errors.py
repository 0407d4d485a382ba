"""The errors of the database and of Redis, sorted once for every process.

``STORE_ERRORS`` and ``REDIS_ERRORS`` are what a caller catches. ``fault_of`` says what an error means: an outage or a
state of the server, which passes or which somebody mends (wait), or something that one entry may have caused (a
suspect: the projector tries that entry alone, beside a probe that is known to be good).
"""

import sqlite3
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import psycopg
import redis
from sqlalchemy.exc import DBAPIError, DisconnectionError, PendingRollbackError
from sqlalchemy.exc import InterfaceError as StoreInterfaceError
from sqlalchemy.exc import OperationalError as StoreOperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from services.platform.refusal import Refusal


class Fault(NamedTuple):
    """``code`` is for programs and metrics, ``words`` for people; a ``suspect`` may be the fault of one entry."""

    code: str
    words: str
    is_suspect: bool = False


class Waiting(Exception):
    """The store or Redis is in a state in which nothing can be taken in; ``fault`` says in which."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.words)
        self.fault = fault


STORE_ERRORS = (
    DBAPIError,
    PoolTimeoutError,
    DisconnectionError,
    PendingRollbackError,
    psycopg.Error,
    sqlite3.Error,
    Waiting,
)
REDIS_ERRORS = (redis.RedisError, OSError)
AWAY = (*STORE_ERRORS, *REDIS_ERRORS)

NOT_BEGUN = Fault("store_not_begun", "no projector has begun with this store yet")
_AWAY = Fault("store_away", "the database does not answer")
_FULL = Fault("store_full", "the database has no room left: free space on its disk")
_MEMORY = Fault("store_memory", "the database has no memory left")
_BUSY = Fault("store_busy", "the database has no connection left for us: raise max_connections or end idle ones")
_READ_ONLY = Fault("store_read_only", "the database is read-only: it is a stand-by, or set so")
_NO_PRIMARY = Fault(
    "store_read_only",
    "no host of LIANQIN_DATABASE_URL takes writes: who answers is a stand-by; promote one, or give the primary",
)
_RIGHTS = Fault("store_rights", "the database refuses our role: grant it the rights that docs/operations.md lists")
_SCHEMA = Fault("store_schema", "the database's tables are not as this program left them: `lianqin doctor`")
_TIMEOUT = Fault("store_timeout", "the database has cancelled a statement that took too long")
_CONFLICT = Fault("store_conflict", "the database has undone a transaction that met another one")
_LOCKED = Fault("store_locked", "the database is locked by somebody else")
_DISK = Fault("store_disk", "the database cannot read or write its files")
_CORRUPT = Fault("store_corrupt", "the database reports damage: look at its log, restore a backup")
_STATE = Fault("store_state", "the database is in a state in which it refuses us")
# Whether it is the entry or the table: only a trial alone, beside a good probe, can tell.
_DATA = Fault("store_data", "the database refuses a value", True)
_LIMIT = Fault("store_limit", "the database refuses something too large", True)
_RULE = Fault("store_rule", "a trigger or a constraint of the database refuses a row", True)
_BUG = Fault("program", "this program has failed", True)
_OUT_OF_MEMORY = Fault("memory", "this process has no memory left")

# The longest prefix decides. https://www.postgresql.org/docs/current/errcodes-appendix.html
BY_SQLSTATE: Mapping[str, Fault] = {
    "08": _AWAY, "57": _AWAY, "57014": _TIMEOUT, "57P05": _TIMEOUT, "58": _DISK, "58P": _DISK,
    "53": _STATE, "53100": _FULL, "53200": _MEMORY, "53300": _BUSY,
    "25": _STATE, "25006": _READ_ONLY, "25P02": _STATE, "25P03": _TIMEOUT, "25P04": _TIMEOUT,
    "28": _RIGHTS, "42501": _RIGHTS, "42": _SCHEMA, "3D": _SCHEMA, "3F": _SCHEMA, "26": _STATE, "0A": _STATE,
    "40": _CONFLICT, "55": _STATE, "55006": _LOCKED, "55P03": _LOCKED, "72": _CONFLICT, "F0": _STATE, "HV": _STATE,
    "XX": _CORRUPT, "22": _DATA, "54": _LIMIT, "23": _RULE, "27": _RULE, "44": _RULE, "P0": _RULE, "38": _RULE,
}  # fmt: skip

# SQLite's primary result codes.
BY_SQLITE: Mapping[int, Fault] = {
    sqlite3.SQLITE_BUSY: _LOCKED, sqlite3.SQLITE_LOCKED: _LOCKED, sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_FULL: _FULL, sqlite3.SQLITE_READONLY: _READ_ONLY, sqlite3.SQLITE_IOERR: _DISK,
    sqlite3.SQLITE_CANTOPEN: _DISK, sqlite3.SQLITE_CORRUPT: _CORRUPT, sqlite3.SQLITE_NOTADB: _CORRUPT,
    sqlite3.SQLITE_AUTH: _RIGHTS, sqlite3.SQLITE_PERM: _RIGHTS, sqlite3.SQLITE_SCHEMA: _SCHEMA,
    sqlite3.SQLITE_NOMEM: _MEMORY, sqlite3.SQLITE_INTERRUPT: _TIMEOUT, sqlite3.SQLITE_INTERNAL: _CORRUPT,
    sqlite3.SQLITE_TOOBIG: _LIMIT, sqlite3.SQLITE_CONSTRAINT: _RULE, sqlite3.SQLITE_MISMATCH: _DATA,
    sqlite3.SQLITE_RANGE: _DATA,
}  # fmt: skip
_SQLITE_SCHEMA = ("no such", "has no column", "no column named", "has more than", "columns but")

BY_REDIS: Mapping[str, Fault] = {
    "OOM": Fault("redis_full", "Redis has no memory left: raise maxmemory"),
    "READONLY": Fault(
        "redis_read_only",
        "Redis is a read-only replica: give the address of its master, or of its Sentinels (redis+sentinel://…)",
    ),
    "MISCONF": Fault("redis_disk", "Redis cannot write its file and refuses: look at its disk"),
    "NOREPLICAS": Fault("redis_replicas", "Redis has too few replicas and refuses"),
    "NOPERM": Fault("redis_rights", "Redis refuses our user: docs/operations.md has its ACL"),
    "NOAUTH": Fault("redis_rights", "Redis asks for a user and a password: put them into LIANQIN_REDIS_URL"),
    "WRONGPASS": Fault("redis_rights", "Redis refuses user or password of LIANQIN_REDIS_URL"),
    "invalid username-password": Fault("redis_rights", "Redis refuses user or password of LIANQIN_REDIS_URL"),
    "LOADING": Fault("redis_away", "Redis is reading its file"),
    "loading the dataset": Fault("redis_away", "Redis is reading its file"),
    "MASTERDOWN": Fault("redis_away", "Redis is a replica without its master"),
    "CLUSTERDOWN": Fault("redis_cluster", "the Redis Cluster is down"),
    "MOVED": Fault(
        "redis_cluster", "this is one node of a Redis Cluster: give its nodes as redis+cluster://host1,host2"
    ),
    "ASK": Fault("redis_cluster", "the district's slot is on its way to another node of the Redis Cluster"),
    "no master": Fault(
        "redis_away",
        "nobody names a master of Redis: the Sentinels or the cluster's nodes are away, refuse us, or choose one",
    ),
    "WRONGTYPE": Fault("redis_key", "a key of ours in Redis is of another type: somebody has written over it"),
    "NOGROUP": Fault("stream_gone", "the stream or its group is gone"),
    "UNBLOCKED": Fault("stream_gone", "the stream or its group is gone"),
    "no longer exists": Fault("stream_gone", "the stream or its group is gone"),
    "no such key": Fault("stream_gone", "the stream or its group is gone"),
}
_REDIS_AWAY = Fault("redis_away", "Redis does not answer")
_REDIS_REFUSES = Fault("redis_refuses", "Redis refuses")


def fault_of(error: BaseException) -> Fault:
    """What ``error`` means. An error that is neither the database's nor Redis' is a suspect: a fault of ours."""
    if isinstance(error, Waiting):
        return error.fault
    if isinstance(error, MemoryError):
        return _OUT_OF_MEMORY
    if isinstance(error, redis.RedisError):
        return _of_redis(error)
    if isinstance(error, PoolTimeoutError):
        return _BUSY._replace(words="no connection to the database became free: others of this process hold them")
    for one in _causes(error):
        if (found := _of_driver(one)) is not None:
            return found
    if isinstance(error, StoreOperationalError | StoreInterfaceError | DisconnectionError | PendingRollbackError):
        return _AWAY
    if isinstance(error, DBAPIError):
        return _AWAY if error.connection_invalidated else _DATA
    if isinstance(error, OSError):
        return Fault("system", f"the system refuses: {first_line(error)}")
    return _BUG


def first_line(error: BaseException) -> str:
    """The first line of an error's text, at most 200 characters: for logs and states."""
    lines = str(error).strip().splitlines()
    return lines[0][:200] if lines else type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error, and what the driver raised under it."""
    yield error
    if isinstance(error, DBAPIError) and isinstance(error.orig, BaseException):
        yield error.orig
    if error.__cause__ is not None and error.__cause__ is not getattr(error, "orig", None):
        yield error.__cause__


def _of_driver(error: BaseException) -> Fault | None:
    if isinstance(error, psycopg.Error):
        return _of_sqlstate(error)
    if isinstance(error, sqlite3.Error):
        return _of_sqlite(error)
    return None


def _of_sqlstate(error: psycopg.Error) -> Fault:
    state = error.sqlstate or ""
    for length in range(len(state), 1, -1):
        if (found := BY_SQLSTATE.get(state[:length])) is not None:
            return found
    if not state and isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        text = str(error)
        return next((f for words, f in _CONNECTING if words in text), _AWAY)
    return _DATA


# A refused connection has no SQLSTATE in psycopg: only the server's sentence.
_CONNECTING = (
    ("session is read-only", _NO_PRIMARY), ("hot standby mode", _NO_PRIMARY),
    ("too many clients", _BUSY), ("remaining connection slots", _BUSY), ("too many connections", _BUSY),
    ("password authentication", _RIGHTS), ("no pg_hba.conf entry", _RIGHTS), ("permission denied", _RIGHTS),
    ("No space left", _FULL), ("does not exist", _SCHEMA),
)  # fmt: skip


def _of_sqlite(error: sqlite3.Error) -> Fault:
    code = getattr(error, "sqlite_errorcode", None)
    text = str(error)
    if code is None:
        return _AWAY if isinstance(error, sqlite3.OperationalError | sqlite3.InterfaceError) else _DATA
    if code & 0xFF == sqlite3.SQLITE_ERROR and any(words in text for words in _SQLITE_SCHEMA):
        return _SCHEMA
    return BY_SQLITE.get(code & 0xFF, _DATA)


# redis-py takes the code off the text of these.
_REDIS_CLASSES: tuple[tuple[type[redis.RedisError], str], ...] = (
    (redis.exceptions.OutOfMemoryError, "OOM"), (redis.exceptions.ReadOnlyError, "READONLY"),
    (redis.exceptions.NoPermissionError, "NOPERM"), (redis.exceptions.BusyLoadingError, "LOADING"),
    (redis.exceptions.MovedError, "MOVED"),
    (redis.exceptions.AskError, "ASK"), (redis.exceptions.TryAgainError, "ASK"),
    (redis.sentinel.MasterNotFoundError, "no master"), (redis.exceptions.ClusterDownError, "CLUSTERDOWN"),
    (redis.exceptions.MasterDownError, "MASTERDOWN"), (redis.AuthenticationError, "WRONGPASS"),
)  # fmt: skip


def _of_redis(error: redis.RedisError) -> Fault:
    for kind, code in _REDIS_CLASSES:
        if isinstance(error, kind):
            return BY_REDIS[code]
    if isinstance(error, redis.ConnectionError | redis.TimeoutError):
        return _REDIS_AWAY
    text = str(error)
    return next((found for word, found in BY_REDIS.items() if word in text), _REDIS_REFUSES)


class OperationError(Refusal):
    """A command could not do what was asked; the text says why and what to do."""


class NotConfigured(Refusal):
    """A setting is missing; the text says which and what to do."""


class WrongDistrict(Refusal):
    """The store belongs to another district."""
