"""Heads of the audit, written where the database's administrators cannot: a file, and the system log if it is set.

A chain cannot say by itself that its end was cut off, or that it was made anew from the beginning: a head that was
noted outside can. Whoever appends notes the newest row's hash now and then; so does the alarms process.
"""

import contextlib
import fcntl
import hashlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
from sqlalchemy import Engine
from sqlalchemy.engine import make_url

from services.audit import AuditRecord
from services.audit import log_service as store
from services.platform.clock import machine_ms, to_rfc3339
from services.platform.every import Every
from services.platform.settings import Settings

log = logging.getLogger(__name__)

# A process notes a head with its first row, and then this often while rows come.
NOTE_EVERY_S = 300.0
_AUTHPRIV_NOTICE = 10 * 8 + 5  # RFC 5424: facility and severity


class NotedHead(msgspec.Struct, frozen=True):
    """One line: the row that was the newest at ``noted_at``. ``store`` names the database, for a file may hold several.

    ``key`` names the key that had sealed it, empty without one.
    """

    noted_at: str
    store: str
    number: int
    link: str
    key: str = ""


class Noted(NamedTuple):
    """What a file holds for one store: links by number; lines of other stores; the numbers of lines that are none."""

    heads: dict[int, set[str]]
    others: int = 0
    unreadable: tuple[int, ...] = ()
    newest: NotedHead | None = None


class Notary:
    """Writes heads of one store to its file and to the system log. What fails is logged, and said by ``doctor``."""

    def __init__(
        self, path: Path, store_name: str, syslog: str = "", now_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._path, self._store, self._syslog = path, store_name, syslog
        self._note_every = Every(NOTE_EVERY_S, now_s)
        self._number = 0
        self._lock = threading.Lock()

    def note(self, newest: AuditRecord | None) -> None:
        """Note it when there is something new and the time has come."""
        if newest is None:
            return
        with self._lock:
            if newest.number == self._number or not self._note_every.take():
                return
            self._number = newest.number
        key = newest.hash.split(":")[1] if ":" in newest.hash else ""
        head = NotedHead(to_rfc3339(machine_ms()), self._store, newest.number, newest.link, key)
        try:
            append_line(self._path, msgspec.json.encode(head))
        except OSError as error:
            log.error("the audit's head could not be written to %s: %s", self._path, error)
        if self._syslog:
            try:
                send_to_syslog(self._syslog, f"lianqin audit head {head.number}:{head.link} key={key or '-'}")
            except (OSError, ValueError) as error:
                log.error("the audit's head could not be sent to %s: %s", self._syslog, error)

    def look(self, engine: Engine) -> None:
        """Note the newest row of the store, whoever has written it."""
        with self._lock:
            if not self._note_every.is_due():
                return
        with engine.connect() as connection:
            newest = store.last_row(connection)
        self.note(newest)


def notary_of(engine: Engine, settings: Settings) -> Notary | None:
    """Who notes the heads of this store; None where the settings name another store than the one that is open."""
    if engine.url.render_as_string(hide_password=False) != settings.database:
        return None
    return Notary(settings.audit_heads_file, store_name(settings.database), settings.audit_syslog)


def store_name(database: str) -> str:
    """What a store is called in the file: 12 hex digits for where it is, without the account that opens it."""
    url = make_url(database)
    host, port = url.host or url.query.get("host", ""), url.port or url.query.get("port", "")
    place = f"{url.get_backend_name()} {host} {port} {url.database or ''}"
    return hashlib.sha256(place.encode()).hexdigest()[:12]


def append_line(path: Path, line: bytes) -> None:
    """Add one line for good: whole, behind whatever a process that was killed has left. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        size = os.fstat(file).st_size
        torn = size > 0 and os.pread(file, 1, size - 1) != b"\n"
        os.write(file, (b"\n" if torn else b"") + line + b"\n")
        os.fsync(file)
    finally:
        os.close(file)


def read_heads(path: Path, name: str) -> Noted:
    """The file's heads for the store ``name``; none where there is no file. Raises OSError for one that is closed."""
    heads: dict[int, set[str]] = {}
    others, unreadable, newest = 0, [], None
    with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
        for number, head in _heads(file):
            if head is None:
                unreadable.append(number)
            elif head.store != name:
                others += 1
            else:
                heads.setdefault(head.number, set()).add(head.link)
                newest = head
    return Noted(heads, others, tuple(unreadable), newest)


def _heads(lines: Iterable[bytes]) -> Iterator[tuple[int, NotedHead | None]]:
    decode = msgspec.json.Decoder(NotedHead).decode
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            yield number, decode(line)
        except msgspec.DecodeError:
            yield number, None


def send_to_syslog(address: str, text: str) -> None:
    """One line to a system log: a socket's path (/dev/log) or host:port (UDP). Raises OSError, ValueError."""
    host, _, port = address.rpartition(":")
    family = socket.AF_INET if host else socket.AF_UNIX
    with socket.socket(family, socket.SOCK_DGRAM) as log_socket:
        log_socket.connect((host, int(port)) if host else address)
        log_socket.send(f"<{_AUTHPRIV_NOTICE}>{text}".encode())
