"""Every Socket.IO message is judged before Socket.IO reads it; a client that is not ours is cut.

python-socketio hands an event to the handler of its name, whatever the name: a client that sends ``disconnect`` would
be forgotten by us and still hear its rooms.
"""

import time
from typing import Any

from flask_socketio import SocketIO

from dashboard.sockets.grammar import RefusedPacket, Said, read_message
from dashboard.sockets.limits import DEAR
from dashboard.sockets.refusals import Refusals
from dashboard.sockets.websocket import TICKET, WEBSOCKET, WebSocket


class Judge:
    """Stands between Engine.IO and Socket.IO."""

    def __init__(self, socketio: SocketIO, refusals: Refusals) -> None:
        self._server, self._refusals = socketio.server, refusals
        self._dispatch = self._server._handle_eio_message
        self._server.eio.on("message", self.message)
        # Flask-SocketIO's test client knows this way alone.
        self._server._handle_eio_message = self.message

    def message(self, eio_sid: str, data: Any) -> None:
        """One message of a client: dispatched, dropped (an event that nobody handles), or the socket's end."""
        if eio_sid not in self._server.environ:
            return  # it has ended already, and its connection closes in a moment
        is_in = self._server.manager.sid_from_eio_sid(eio_sid, "/") is not None
        try:
            said = read_message(data)
            if said.kind == "event" and not is_in:
                raise RefusedPacket("not_entered")
            if self._is_worth_it(eio_sid, said):
                self._dispatch(eio_sid, said.text)
            if said.kind == "leave" and (websocket := self._websocket(eio_sid)) is not None:
                websocket.close()
        except RefusedPacket as refused:
            self.cut(eio_sid, refused.cause)

    def _is_worth_it(self, eio_sid: str, said: Said) -> bool:
        """Whether anybody handles it. Raises RefusedPacket where the socket has not enough tokens for it."""
        if said.kind != "event":
            return True
        if said.name not in self._server.handlers.get("/", {}):
            self._refusals.count("unknown_event", "nobody handles the event %r", said.name)
            return False
        ticket = self._server.environ.get(eio_sid, {}).get(TICKET)
        if ticket is not None and said.name in DEAR and (cause := ticket.take(DEAR[said.name], time.monotonic())):
            raise RefusedPacket(cause)
        return True

    def cut(self, eio_sid: str, cause: str) -> None:
        """End the socket: it is in no room any more, and its connection is closed."""
        websocket = self._websocket(eio_sid)
        sid = self._server.manager.sid_from_eio_sid(eio_sid, "/")
        if sid is not None:
            self._server.disconnect(sid)
        if websocket is not None:
            websocket.refuse(cause)
        else:
            self._refusals.count(cause, "a socket is closed")

    def _websocket(self, eio_sid: str) -> WebSocket | None:
        found: WebSocket | None = self._server.environ.get(eio_sid, {}).get(WEBSOCKET)
        return found
