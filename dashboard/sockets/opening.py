"""Socket.IO and its door, as the web process opens them."""

import flask
from flask_socketio import SocketIO

from dashboard.door.access import Access
from dashboard.sockets.door import Door
from dashboard.sockets.grammar import LONGEST
from dashboard.sockets.limits import Limits, Rates
from dashboard.sockets.refusals import Refusals
from dashboard.sockets.websocket import WebSocket
from services.platform.settings import Settings

PING_EVERY_S, PING_TIMEOUT_S = 4, 4


def open_socketio(server: flask.Flask) -> SocketIO:
    """Socket.IO over our own WebSocket: no polling, no compression, one message of a socket after the other.

    Its own check of the Origin is off: the door judges it, by the same rule as every other request.
    """
    found = SocketIO(
        server,
        async_mode="gevent",
        async_handlers=False,
        serve_client=False,
        transports=["websocket"],
        allow_upgrades=False,
        cors_allowed_origins=[],
        max_http_buffer_size=LONGEST,
        ping_interval=PING_EVERY_S,
        ping_timeout=PING_TIMEOUT_S,
    )
    # Engine.IO has no setting for it; when a new version has another way, tests/unit/sockets/test_socket_contract.py
    # says so.
    engine = found.server.eio
    engine._async = {**engine._async, "websocket": WebSocket}
    return found


def door_of(settings: Settings, access: Access, refusals: Refusals) -> Door:
    """The door with the settings' limits."""
    rates = Rates(
        settings.socket_rate, settings.socket_address_rate, settings.sockets_per_address, settings.sockets_per_session
    )
    return Door(access, Limits(rates), refusals)
