"""Open sockets end with their session: every socket that there is, is judged anew twice a second.

What counts are Engine.IO's and Socket.IO's own tables of sockets, not ours: a socket of which we know no person is cut.
"""

from collections.abc import Mapping

import gevent
from flask_socketio import SocketIO

from dashboard.door.access import Access
from dashboard.door.wire import KEY
from dashboard.sockets.door import PERSON
from dashboard.sockets.stuck import cut
from services.access.rights import Person
from services.platform.errors import STORE_ERRORS

# A socket whose session has ended may read that so long, then its connection is closed.
LAST_WORD_S = 0.3


def end_sessions(socketio: SocketIO, access: Access, people: Mapping[str, Person]) -> int:
    """Close the sockets of nobody, and of people whose session or account does not stand as it did; how many.

    ``people``: Socket.IO's id → who is behind it. While the store does not answer nobody gets more than they had.
    """
    server = socketio.server
    sids = {eio_sid: sid for sid, eio_sid in server.manager.get_participants("/", None)}
    persons: dict[str, Person | None] = {}
    for eio_sid in {*sids, *server.eio.sockets}:
        socket = server.eio.sockets.get(eio_sid)
        if socket is not None and (socket.closed or socket.closing):
            continue
        entered = server.environ.get(eio_sid, {}).get(PERSON)
        persons[eio_sid] = people.get(sids[eio_sid]) if eio_sid in sids else entered
    try:
        ended = access.still({key: person for key, person in persons.items() if person is not None})
    except STORE_ERRORS:
        ended = set()  # the follower says it
    ended |= {eio_sid for eio_sid, person in persons.items() if person is None}
    for eio_sid in ended:
        _end(socketio, eio_sid)
    return len(ended)


def _end(socketio: SocketIO, eio_sid: str) -> None:
    """Tell it, and close it, whether it reads or not."""
    server = socketio.server
    sid = server.manager.sid_from_eio_sid(eio_sid, "/")
    if sid is not None:
        socketio.emit("ended", {}, to=sid)
        server.disconnect(sid)
    if (socket := server.eio.sockets.get(eio_sid)) is not None:
        wire = server.environ.get(eio_sid, {}).get(KEY)
        socket.close(wait=False)
        gevent.spawn_later(LAST_WORD_S, cut, socket, wire)
