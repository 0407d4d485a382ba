"""The WebSocket under Engine.IO: no compression, no long message, nothing read faster than it is worked off.

It takes the place of python-engineio's own, which reads in a greenlet of its own as fast as a client sends, keeps
messages of any size, and always accepts permessage-deflate (a client's 600 kB become 600 MB). What Engine.IO expects
of it is held by tests/unit/sockets/test_socket_contract.py: a new version that wants something else fails there.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from socket import SHUT_RDWR, SHUT_WR
from typing import Any

import gevent
from wsproto import ConnectionType, WSConnection
from wsproto.connection import ConnectionState
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Event, Ping, Request, TextMessage
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from dashboard.door.wire import KEY
from dashboard.sockets.grammar import LONGEST, PONG, RefusedPacket, check_frame
from dashboard.sockets.limits import A_MESSAGE, A_READ, Ticket
from dashboard.sockets.refusals import Refusals

# In the environment of a socket's request: its ticket, who counts refusals, and the WebSocket itself.
TICKET, REFUSALS, WEBSOCKET = "lianqin.ticket", "lianqin.refusals", "lianqin.websocket"
READ = 16 * 1024
# After we have closed a connection the client may read so long what was on its way to it. What it still sends is thrown
# away in steps: who sends without end must not make us read without end.
LINGER_S, LINGER_STEP_S = 0.3, 0.02


class WebSocket:
    """One connection, as python-engineio uses one: called with a request, then ``wait``, ``send`` and ``close``."""

    def __init__(self, handler: Callable[["WebSocket"], Any], _server: Any) -> None:
        self._handler = handler
        self._protocol = WSConnection(ConnectionType.SERVER)
        self._events: Iterator[Event] = iter(())
        self._parts: list[str] = []
        self._length = 0
        self._is_open = False
        self._closed_by_us = False

    def __call__(self, environ: dict[str, Any], _start_response: Any) -> Iterable[bytes]:
        """Answer the upgrade, work until the connection ends, and end the request without another answer.

        Raises StopIteration, by which gunicorn closes the connection.
        """
        self._wire = environ[KEY]
        self._ticket: Ticket = environ[TICKET]
        self._refusals: Refusals = environ[REFUSALS]
        environ[WEBSOCKET] = self
        try:
            self._accept(environ)
            self._handler(self)
        finally:
            self._linger()
        raise StopIteration

    def _accept(self, environ: dict[str, Any]) -> None:
        """101, without extensions. The door has judged the request already (dashboard.sockets.door)."""
        names = ("HOST", "UPGRADE", "CONNECTION", "SEC_WEBSOCKET_KEY", "SEC_WEBSOCKET_VERSION")
        headers = [(n.replace("_", "-").encode(), str(environ.get(f"HTTP_{n}", "")).encode("latin-1")) for n in names]
        self._protocol.initiate_upgrade_connection(headers, b"/socket.io/")
        for event in self._protocol.events():
            if isinstance(event, Request):
                self._wire.unlimited()
                self._wire.send(self._protocol.send(AcceptConnection()))
                self._is_open = True

    def wait(self) -> str | None:
        """The next packet of the client; None when the connection has ended, or ends because of what came."""
        while self._is_open:
            gevent.sleep(0)  # whatever a client sends, others have their turn
            for event in self._events:
                if (packet := self._packet(event)) is not None:
                    return packet
                if not self._is_open:
                    return None
            if cause := self._ticket.take_own(A_READ, time.monotonic()):
                self.refuse(cause)
                return None
            try:
                data = self._wire.recv(READ)
                if not data:
                    break
                self._protocol.receive_data(data)
            except (OSError, LocalProtocolError, RemoteProtocolError):
                break
            self._events = iter(self._protocol.events())
        self._is_open = False
        return None

    def _packet(self, event: Event) -> str | None:
        """What one frame, or a part of one, brings: a whole packet or nothing."""
        if isinstance(event, CloseConnection):
            self._is_open = False
            self._send_last(event.response() if self._protocol.state is not ConnectionState.CLOSED else None)
        elif isinstance(event, Ping):
            if self._is_paid():
                self._send_last(event.response())
        elif isinstance(event, BytesMessage):
            self.refuse("binary")
        elif isinstance(event, TextMessage):
            return self._text(event)
        elif not isinstance(event, Request):
            self._is_paid()  # a pong that nobody has asked for
        return None

    def _text(self, event: TextMessage) -> str | None:
        self._parts.append(event.data)
        self._length += len(event.data.encode())
        if self._length > LONGEST:
            self.refuse("long_message", CloseReason.MESSAGE_TOO_BIG)
            return None
        if not event.message_finished:
            # A frame of the message is whole; one that comes in pieces is paid when it is.
            if event.frame_finished:
                self._is_paid()
            return None
        text, self._parts, self._length = "".join(self._parts), [], 0
        if not self._is_paid(of_address=text != PONG):
            return None
        try:
            return check_frame(text)
        except RefusedPacket as refused:
            self.refuse(refused.cause)
            return None

    def _is_paid(self, *, of_address: bool = True) -> bool:
        take = self._ticket.take if of_address else self._ticket.take_own
        cause = take(A_MESSAGE, time.monotonic())
        if cause:
            self.refuse(cause)
        return not cause

    def refuse(self, cause: str, code: CloseReason = CloseReason.POLICY_VIOLATION) -> None:
        """Close the connection because of what came; the client may read the cause in the closing frame."""
        if self._is_open:
            self._refusals.count(cause, "a socket of %s is closed", self._ticket.address)
            self._end(code, cause)

    def send(self, message: str | bytes) -> None:
        """Send a message. Raises OSError when the connection has ended."""
        if not self._is_open:
            raise OSError("the connection has ended")
        try:
            event = TextMessage(data=message) if isinstance(message, str) else BytesMessage(data=message)
            self._wire.send(self._protocol.send(event))
        except LocalProtocolError as error:
            raise OSError(str(error)) from None

    def close(self) -> None:
        """Close the connection after what has been sent: Engine.IO's word."""
        if self._is_open:
            self._end(CloseReason.NORMAL_CLOSURE, "")

    def _end(self, code: CloseReason, words: str) -> None:
        self._is_open, self._closed_by_us = False, True
        gevent.spawn_later(LINGER_S, self._shut, SHUT_RDWR)
        self._send_last(CloseConnection(code, words))
        self._shut(SHUT_WR)

    def _send_last(self, event: Event | None) -> None:
        """Send a frame that nobody waits for: the connection may have ended meanwhile."""
        if event is not None:
            with contextlib.suppress(OSError, LocalProtocolError):
                self._wire.send(self._protocol.send(event))

    def _linger(self) -> None:
        """Let the client read our last word: what it still sends is thrown away, for a moment."""
        self._is_open = False
        if self._closed_by_us:
            with gevent.Timeout(LINGER_S, False), contextlib.suppress(OSError):
                while self._wire.recv(READ):
                    gevent.sleep(LINGER_STEP_S)
        self._shut(SHUT_RDWR)

    def _shut(self, how: int) -> None:
        with contextlib.suppress(OSError):  # the other side may have closed it meanwhile
            self._wire.shutdown(how)
