"""gunicorn's worker with a listener of our own: who connects too often is closed before a request is read.

Who has been let in must send a request, and read the answer, in a time (dashboard.sockets.waiting).

gunicorn's gevent worker accepts a hundred connections in a turn of the loop and makes a greenlet for each: a client
that connects and drops took the turns of everybody else.
"""

import os
import time
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Any

from gevent.server import StreamServer
from gunicorn.workers.ggevent import GeventWorker

from dashboard.sockets.connections import Connections
from dashboard.sockets.refusals import Refusals
from dashboard.sockets.waiting import ConnectionWait, Patience, PatientSocket

# In one turn of the loop: so many connections are closed unread at most, and one is let in. A message to the open ones
# takes some turns; five are closed in a tenth of a millisecond, and still tens of thousands in a second.
REFUSED_A_TURN = 5


class Listener(StreamServer):  # type: ignore[misc]  # gevent has no types
    """Accepts one connection in each turn of the loop, so that the open ones get their turn between two new ones.

    ``connections`` None: a proxy stands before us, and every connection has its address.
    """

    max_accept = 1

    def __init__(
        self, *arguments: Any, connections: Connections | None, refusals: Refusals, patience: Patience, **more: Any
    ) -> None:
        self._connections, self._refusals, self._patience = connections, refusals, patience
        super().__init__(*arguments, **more)

    def do_read(self) -> Any:
        """(connection, address) of the next one that is let in; None when none is, and the loop turns."""
        for _ in range(REFUSED_A_TURN):
            try:
                descriptor, address = self.socket._accept()
            except BlockingIOError:
                return None
            cause = self._connections.enter(address[0], time.monotonic()) if self._connections is not None else ""
            if not cause:
                return self._opened(descriptor, address), address
            os.close(descriptor)
            self._refusals.count(cause, "a connection of %s is closed", address[0])
        return None

    def _opened(self, descriptor: int, address: Any) -> PatientSocket:
        found = PatientSocket(self.socket.family, self.socket.type, self.socket.proto, fileno=descriptor)
        words = "a request of %s took too long"
        found.waiting = ConnectionWait(self._patience, lambda cause: self._refusals.count(cause, words, address[0]))
        return found

    def do_close(self, connection: Any, address: Any) -> None:
        """The connection has ended: gevent calls it once for each that was let in."""
        if self._connections is not None:
            self._connections.leave(address[0])
        super().do_close(connection, address)


class SocketWorker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's gevent worker behind our listener. Its ``app`` is dashboard.server's Server."""

    def server_class(self, listener: Any, *, spawn: Any, **_pywsgi: Any) -> Listener:
        """The listener. gunicorn asks for it as for a pywsgi server; we serve by gunicorn's own handler."""
        connections, refusals = self.app.connections()
        handle, patience = partial(self.handle, listener), self.app.patience()
        return Listener(
            listener, handle=handle, spawn=spawn, connections=connections, refusals=refusals, patience=patience
        )

    def timeout_ctx(self) -> AbstractContextManager[None]:
        """Gunicorn's time-out between two requests is the connection's: a head that comes slowly has more of it."""
        return nullcontext()

    def handle_request(self, listener_name: Any, req: Any, sock: PatientSocket, addr: Any) -> None:
        """One request, whose head has come."""
        if sock.waiting is not None:
            sock.waiting.asks(req.path or "")
        super().handle_request(listener_name, req, sock, addr)
        if sock.waiting is not None:  # a WebSocket has none, and does not come back here
            sock.waiting.rests()
