"""gunicorn's worker with a listener of our own: who connects too often is closed before a request is read.

gunicorn's gevent worker accepts a hundred connections in a turn of the loop and makes a greenlet for each: a client
that connects and drops took the turns of everybody else.
"""

import os
import time
from functools import partial
from typing import Any

import gevent.socket
from gevent.server import StreamServer
from gunicorn.workers.ggevent import GeventWorker

from dashboard.sockets.connections import Connections
from dashboard.sockets.refusals import Refusals

# In one turn of the loop: so many connections are closed unread at most, and one is let in.
REFUSED_A_TURN = 20


class Listener(StreamServer):  # type: ignore[misc]  # gevent has no types
    """Accepts one connection in each turn of the loop, so that the open ones get their turn between two new ones.

    ``connections`` None: a proxy stands before us, and every connection has its address.
    """

    max_accept = 1

    def __init__(self, *arguments: Any, connections: Connections | None, refusals: Refusals, **more: Any) -> None:
        self._connections, self._refusals = connections, refusals
        super().__init__(*arguments, **more)

    def do_read(self) -> Any:
        """(connection, address) of the next one that is let in; None when none is, and the loop turns."""
        if self._connections is None:
            return super().do_read()
        for _ in range(REFUSED_A_TURN):
            try:
                descriptor, address = self.socket._accept()
            except BlockingIOError:
                return None
            cause = self._connections.enter(address[0], time.monotonic())
            if not cause:
                kind = self.socket
                return gevent.socket.socket(kind.family, kind.type, kind.proto, fileno=descriptor), address
            os.close(descriptor)
            self._refusals.count(cause, "a connection of %s is closed", address[0])
        return None

    def do_close(self, connection: Any, address: Any) -> None:
        """The connection has ended: gevent calls it once for each that was let in."""
        if self._connections is not None:
            self._connections.leave(address[0])
        super().do_close(connection, address)


class Worker(GeventWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's gevent worker behind our listener. Its ``app`` is dashboard.server's Server."""

    def server_class(self, listener: Any, *, spawn: Any, **_pywsgi: Any) -> Listener:
        """The listener. gunicorn asks for it as for a pywsgi server; we serve by gunicorn's own handler."""
        connections, refusals = self.app.connections()
        handle = partial(self.handle, listener)
        return Listener(listener, handle=handle, spawn=spawn, connections=connections, refusals=refusals)
