"""The socket's door: origin, session and limits are judged before the upgrade, so that a stranger gets no WebSocket.

A WSGI middleware before Engine.IO. A refusal is a plain answer: 400 for what is no WebSocket of ours, 403 for another
site's page, 401 for nobody we know, 429 for too many, 503 while the store does not answer.
"""

import base64
import binascii
import time
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec
from werkzeug.http import parse_cookie

from dashboard.door.access import Access
from dashboard.door.addresses import network
from dashboard.door.wire import App
from dashboard.sockets.limits import Limits
from dashboard.sockets.refusals import Refusals
from dashboard.sockets.websocket import REFUSALS, TICKET
from services.access.rights import Person
from services.access.service import SessionOwner
from services.platform.errors import STORE_ERRORS

PATH = "/socket.io/"
PERSON = "lianqin.person"
STATUS = {
    400: "400 Bad Request",
    401: "401 Unauthorized",
    403: "403 Forbidden",
    429: "429 Too Many Requests",
    503: "503 Service Unavailable",
}
TEXTS = {
    "not_websocket": "只接受 WebSocket / WebSocket only",
    "foreign_origin": "跨站请求已拒绝 / a request from another site",
    "no_session": "请先登录 / log in first",
    "store_away": "库暂时不可用，请稍后再试 / the store does not answer: try again soon",
    "openings": "连接过于频繁，请稍后再试 / too many connections at once: try again soon",
    "address_sockets": "本地址的连接已满 / this address holds as many sockets as it may",
    "session_sockets": "本会话的连接已满 / this session holds as many sockets as it may",
}


class Door:
    """Who may open a socket."""

    def __init__(self, access: Access, limits: Limits, refusals: Refusals) -> None:
        self._access, self._limits, self._refusals = access, limits, refusals

    def before(self, app: App) -> App:
        """The app, whose sockets this door guards."""

        def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if not str(environ.get("PATH_INFO") or "").startswith(PATH):
                return app(environ, start_response)
            return self._let_in(app, environ, start_response)

        return guarded

    def _let_in(self, app: App, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        address, now = network(str(environ.get("REMOTE_ADDR") or "")), time.monotonic()
        code, cause, person = self._judge(environ, address, now)
        if person is None:
            return self._refuse(start_response, environ, code, cause)
        ticket = self._limits.enter(address, person.session, now)
        if isinstance(ticket, str):
            return self._refuse(start_response, environ, 429, ticket)
        environ[PERSON], environ[TICKET], environ[REFUSALS] = person, ticket, self._refusals
        try:
            return app(environ, start_response)  # as long as the socket lives
        finally:
            self._limits.leave(ticket)

    def _judge(self, environ: dict[str, Any], address: str, now: float) -> tuple[int, str, Person | None]:
        """(code, cause, None) of a refusal, or (0, "", who asks)."""
        if not _asks_for_websocket(environ):
            return 400, "not_websocket", None
        if not self._access.is_ours(environ):
            return 403, "foreign_origin", None
        is_upgrade = _is_upgrade(environ)  # without one a page asks why it was refused
        if is_upgrade and not self._limits.may_try(address, now):
            return 429, "openings", None
        try:
            found: SessionOwner | None = self._access.find(environ, parse_cookie(environ))
        except STORE_ERRORS:
            return 503, "store_away", None
        if found is None or found.must_change:
            return 401, "no_session", None
        return (0, "", found.person) if is_upgrade else (400, "not_websocket", None)

    def _refuse(self, start_response: Any, environ: Mapping[str, Any], code: int, cause: str) -> Iterable[bytes]:
        self._refusals.count(cause, "no socket for %s (%s)", environ.get("REMOTE_ADDR"), code)
        body = msgspec.json.encode({"error": TEXTS[cause]})
        start_response(
            STATUS[code],
            [
                ("Content-Type", "application/json; charset=utf-8"),
                ("Content-Length", str(len(body))),
                ("Cache-Control", "no-store"),
                ("X-Content-Type-Options", "nosniff"),
                ("Connection", "close"),
            ],
        )
        return [body]


def _asks_for_websocket(environ: Mapping[str, Any]) -> bool:
    """Whether the address is that of a new WebSocket: no polling, no session of another connection."""
    query = parse_qs(str(environ.get("QUERY_STRING") or ""), keep_blank_values=True)
    return (
        environ.get("REQUEST_METHOD") == "GET"
        and query.get("transport") == ["websocket"]
        and query.get("EIO") == ["4"]
        and not query.keys() & {"sid", "j"}
    )


def _is_upgrade(environ: Mapping[str, Any]) -> bool:
    """Whether the request's headers are those of RFC 6455, so that the handshake behind us cannot fail."""
    wanted = {part.strip().lower() for part in str(environ.get("HTTP_CONNECTION") or "").split(",")}
    try:
        key = base64.b64decode(str(environ.get("HTTP_SEC_WEBSOCKET_KEY") or ""), validate=True)
    except (binascii.Error, ValueError):
        return False
    return (
        "upgrade" in wanted
        and str(environ.get("HTTP_UPGRADE") or "").lower() == "websocket"
        and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
        and len(key) == 16
    )
