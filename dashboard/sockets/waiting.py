"""How long a client may keep a connection waiting before it is a WebSocket: for a head, a body, and what it reads.

gunicorn's gevent worker has a time-out for the head alone: a body that was announced and never sent, or an answer that
nobody reads, held one of the worker's places for ever. Only the time in which we wait for the client counts: however
long an answer takes us, nobody is cut for it. The rule is pure; the connection below it asks.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from errno import EPIPE
from typing import Any

import gevent.socket

# Of an answer so many bytes a second must go, once the client's seconds are used up.
SLOWEST = 1024
A_WAIT_S = 0.01
# More than the longest head that gunicorn takes, and than the longest body that the app reads: the rest of a body that
# nobody has read must not come without end.
MOST_READ = 4 << 20
# An upload of files is longer: what services.admin.upload takes, and the heads of its parts.
MOST_READ_OF = {"/admin/upload": 33 << 20}


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds we wait: for the next request of an open connection, for a head, for a body or for its next
    byte, and for a client to take an answer.
    """

    idle_s: float
    head_s: float
    body_s: float
    silence_s: float

    @classmethod
    def of(cls, request_s: float, idle_s: float) -> "Patience":
        """By ``LIANQIN_REQUEST_SECONDS``: a body's; a head has a sixth of it, silence within a body ends at a third."""
        return cls(min(idle_s, request_s), request_s / 6, request_s, request_s / 3)


class ConnectionWait:
    """What one connection has used of it. It begins with a head; ``asks`` and ``rests`` go on from there.

    ``cause`` says what a client is cut for now; empty: a connection that was not used, which is no refusal.
    """

    def __init__(self, patience: Patience, refuse: Callable[[str], None] = lambda _: None) -> None:
        self._patience, self._refuse = patience, refuse
        self._began = False
        self._in_body = False
        self._is_first = True
        self._is_cut = False
        self._read_s = self._sent_s = 0.0
        self._got = self._sent = 0
        self._most = MOST_READ

    def asks(self, path: str = "") -> None:
        """The head is whole, and asks for ``path``: a body may come, and the answer goes."""
        self._most = MOST_READ_OF.get(path, MOST_READ)
        self._in_body, self._read_s, self._sent_s, self._got, self._sent = True, 0.0, 0.0, 0, 0

    def rests(self) -> None:
        """The answer has gone: the next request may come."""
        self._in_body = self._began = self._is_first = False
        self._most = MOST_READ
        self._read_s, self._got = 0.0, 0

    def read_limit(self) -> float:
        """So many seconds the next read may wait."""
        if self._is_cut or self._got > self._most:
            return 0.0
        if self._in_body:
            return min(self._patience.body_s - self._read_s, self._patience.silence_s)
        is_head = self._began or self._is_first
        return (self._patience.head_s if is_head else self._patience.idle_s) - self._read_s

    def read(self, waited_s: float, size: int) -> None:
        """A read has waited so long, and ``size`` bytes came."""
        self._got += size
        if size and not (self._began or self._in_body):
            self._began, self._read_s = True, 0.0
            return
        self._read_s += waited_s

    def send_limit(self) -> float:
        """So many seconds the next part of an answer may wait for the client."""
        return min(self._patience.body_s + self._sent / SLOWEST - self._sent_s, self._patience.silence_s)

    def sent(self, waited_s: float, size: int) -> None:
        """A part of an answer has waited so long, and ``size`` bytes of it went."""
        self._sent_s += waited_s
        if waited_s > A_WAIT_S:  # what the kernel takes at once the client has not taken
            self._sent += size

    def cut_reading(self) -> None:
        """The client is cut while we read: count it, once. It stays cut: where a next request begins nobody knows."""
        if (self._in_body or self._began) and not self._is_cut:
            self._refuse("slow_body" if self._in_body else "slow_head")
        self._is_cut = True

    def cut_sending(self) -> None:
        """The client is cut because it takes no answer: count it."""
        self._refuse("slow_reader")


class PatientSocket(gevent.socket.socket):  # type: ignore[misc]  # gevent has no types
    """A client's connection. ``waiting`` None: nothing is limited here (a WebSocket has limits of its own).

    A read whose time is over finds the end of the connection, as if the client had gone.
    """

    waiting: ConnectionWait | None = None

    def recv(self, *arguments: Any) -> bytes:
        """As a socket's; b"" when the client has kept us waiting too long."""
        if (waiting := self.waiting) is None:
            return super().recv(*arguments)  # type: ignore[no-any-return]  # gevent has no types
        limit, began = waiting.read_limit(), time.monotonic()
        if limit > 0:
            self.settimeout(limit)
            try:
                found: bytes = super().recv(*arguments)
            except TimeoutError:
                pass
            else:
                waiting.read(time.monotonic() - began, len(found))
                return found
            finally:
                self.settimeout(None)
        waiting.read(time.monotonic() - began, 0)
        waiting.cut_reading()
        return b""

    def send(self, data: Any, flags: int = 0, timeout: Any = None) -> int:
        """As a socket's; raises BrokenPipeError when the client takes nothing for too long."""
        if (waiting := self.waiting) is None:
            return super().send(data, flags)  # type: ignore[no-any-return]  # gevent has no types
        limit, began = waiting.send_limit(), time.monotonic()
        if limit > 0:
            self.settimeout(limit)
            try:
                size: int = super().send(data, flags)
            except TimeoutError:
                pass
            else:
                waiting.sent(time.monotonic() - began, size)
                return size
            finally:
                self.settimeout(None)
        waiting.cut_sending()
        raise BrokenPipeError(EPIPE, "the client takes no answer")
