"""Browsers that read nothing, or never came in, are cut, so that they harm nobody (ARCHITECTURE.md, decision 4)."""

import contextlib
import logging
import time
from socket import SHUT_RDWR
from typing import Any

from flask_socketio import SocketIO

from dashboard.door.wire import KEY

log = logging.getLogger(__name__)

QUEUE_LIMIT = 200
# Together with the beat, which looks once a second, less than the 10 s within which a client that reads nothing goes:
# what is on its way to it does not move, or where everything still fits into the kernel's buffers, it answers no ping.
STUCK_S = 5
LOOK_S = 1.5
# A connection that nobody has logged in on lives so long.
STRANGER_S = 10


def drop_stuck(socketio: SocketIO) -> int:
    """Cut each client with a long queue, or to which nothing of what is being sent moves; how many.

    A slow one that takes something now and then is not cut: it would only ask for everything again. Its pong
    may come late, for the ping waits behind what it is taking.
    """
    now, dropped = time.monotonic(), 0
    for eio_sid, socket in list(socketio.server.eio.sockets.items()):
        waiting = socket.queue.qsize()
        wire = socketio.server.environ.get(eio_sid, {}).get(KEY)
        is_stuck = wire is not None and wire.waits_since and now - wire.waits_since > STUCK_S
        if waiting > QUEUE_LIMIT or is_stuck:
            dropped += 1
            log.warning("a browser reads nothing (%d packets wait): dropped", waiting)
            cut(socket, wire)
        elif wire is not None and socket.last_ping and now - wire.moved_at < LOOK_S:
            socket.last_ping = time.time()
    return dropped


def drop_strangers(socketio: SocketIO, since: dict[str, float]) -> int:
    """Cut each connection that has not come in for a while: refused at the door, or never asked; how many.

    ``since`` is the caller's memory: connection → when it was first seen outside.
    """
    server, now, dropped = socketio.server, time.monotonic(), 0
    sockets = dict(server.eio.sockets)
    for eio_sid in since.keys() - sockets.keys():
        del since[eio_sid]
    for eio_sid, socket in sockets.items():
        if server.manager.sid_from_eio_sid(eio_sid, "/") is not None:
            since.pop(eio_sid, None)
        elif now - since.setdefault(eio_sid, now) > STRANGER_S:
            dropped += 1
            cut(socket, server.environ.get(eio_sid, {}).get(KEY))
    return dropped


def cut(socket: Any, wire: Any) -> None:
    """Close it at once: what waits for it goes, and its TCP connection, on which a greenlet may hang."""
    while socket.queue.qsize():
        socket.queue.get_nowait()
    socket.close(wait=False, abort=True)
    shut(wire)


def shut(wire: Any) -> None:
    """Close the TCP connection under a WebSocket."""
    if wire is not None:
        with contextlib.suppress(OSError):  # the other side may have closed it meanwhile
            wire.shutdown(SHUT_RDWR)
