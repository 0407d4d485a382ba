"""What our WebSocket and our judge expect of the installed Engine.IO and Socket.IO: a new version fails here first."""

import inspect
from typing import Any

import engineio
import flask
import socketio as socket_io
from engineio import packet
from engineio.async_drivers import gevent as driver

from dashboard.sockets.door import PATH
from dashboard.sockets.grammar import CLOSE, MESSAGE, PONG, RESERVED
from dashboard.sockets.judge import Judge
from dashboard.sockets.opening import open_socketio
from dashboard.sockets.refusals import Refusals
from dashboard.sockets.websocket import WebSocket

UPGRADE = {
    "REQUEST_METHOD": "GET",
    "QUERY_STRING": "EIO=4&transport=websocket",
    "HTTP_UPGRADE": "websocket",
    "HTTP_CONNECTION": "Upgrade",
    "PATH_INFO": PATH,
}


def test_the_engine_takes_our_websocket_for_every_upgrade() -> None:
    """It is made with (handler, server), called with (environ, start_response), then asked to wait, send and close."""
    assert "websocket" in driver._async
    found = open_socketio(flask.Flask("x"))
    engine = found.server.eio
    assert engine._async["websocket"] is WebSocket
    made: list[tuple[Any, ...]] = []

    class Fake:
        def __init__(self, *arguments: Any) -> None:
            made.append(arguments)

        def __call__(self, environ: dict[str, Any], start_response: Any) -> list[bytes]:
            made.append((environ, start_response))
            return []

    engine._async["websocket"] = Fake
    engine.start_service_task = False
    environ = dict(UPGRADE)
    engine.handle_request(environ, None)
    (handler, server), (given, _) = made
    assert callable(handler)
    assert server is engine
    assert given is environ
    handler_source = inspect.getsource(engineio.socket.Socket._websocket_handler)
    for name in ("ws.wait()", "ws.send(", "ws.close()"):
        assert name in handler_source
    assert {"wait", "send", "close"} <= vars(WebSocket).keys()


def test_the_engine_neither_polls_nor_upgrades_nor_compresses() -> None:
    found = open_socketio(flask.Flask("x"))
    engine = found.server.eio
    assert engine.transports == ["websocket"]
    assert not engine.allow_upgrades
    assert found.sockio_mw.engineio_path == PATH
    assert not found.server.async_handlers


def test_every_message_of_the_engine_goes_to_our_judge() -> None:
    found = open_socketio(flask.Flask("x"))
    judge = Judge(found, Refusals())
    assert found.server.eio.handlers["message"] == judge.message
    assert list(inspect.signature(socket_io.Server._handle_eio_message).parameters) == ["self", "eio_sid", "data"]


def test_the_reserved_names_are_at_least_the_libraries_own() -> None:
    assert set(socket_io.Server.reserved_events) <= RESERVED
    assert set(engineio.Server.event_names) <= RESERVED


def test_the_packets_are_numbered_as_we_read_them() -> None:
    assert [int(PONG), int(CLOSE), int(MESSAGE)] == [packet.PONG, packet.CLOSE, packet.MESSAGE]
