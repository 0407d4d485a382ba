"""The TCP connection under a browser's WebSocket: whole frames, a small buffer in the kernel, and since when it waits.

simple-websocket calls ``send`` once and believes that everything went; on gevent's sockets a part may have gone, and
the stream of a slow browser would be broken for good. Hence a ``send`` that sends all, one frame after the other.
"""

import socket
import time
from collections.abc import Callable, Iterable
from typing import Any

from gevent.lock import RLock

# What the kernel may hold for one client (it takes twice as much): enough for a fast network, and a client that reads
# nothing is known soon and costs little.
SEND_BUFFER = 128 * 1024
KEY = "gunicorn.socket"
# A send that took longer has waited for the other side.
A_WAIT_S = 0.1


class Wire:
    """A connection as simple-websocket uses one.

    ``waits_since``: since when a message is on its way and nothing of it moves; ``moved_at``: when the other side last
    took something that had waited. Both on the monotonic clock, 0 for never.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._turn = RLock()
        self.waits_since = 0.0
        self.moved_at = 0.0
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    def send(self, data: bytes) -> int:
        """Send all of it, however long that takes; raises OSError when the connection ends meanwhile."""
        with self._turn:
            rest = memoryview(data)
            self.waits_since = time.monotonic()
            try:
                while rest:
                    sent = self._connection.send(rest)
                    rest, now = rest[sent:], time.monotonic()
                    if sent:
                        if rest or now - self.waits_since > A_WAIT_S:
                            self.moved_at = now
                        self.waits_since = now
            finally:
                self.waits_since = 0.0
        return len(data)

    def unlimited(self) -> None:
        """It is a WebSocket now: the time limits of a request end (dashboard.sockets.waiting)."""
        self._connection.waiting = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


App = Callable[[dict[str, Any], Any], Iterable[bytes]]


def wired(app: App) -> App:
    """Give every WebSocket a ``Wire`` (a WSGI middleware under gunicorn; elsewhere it changes nothing)."""

    def with_wire(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if KEY in environ and environ.get("HTTP_UPGRADE", "").lower() == "websocket":
            environ[KEY] = Wire(environ[KEY])
        return app(environ, start_response)

    return with_wire
