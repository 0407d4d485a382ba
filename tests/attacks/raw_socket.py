"""A WebSocket client of an attacker's own making: every header, frame and pause is the test's to choose."""

import base64
import contextlib
import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from typing import Any

HOST = "127.0.0.1"
TEXT, BINARY, CLOSE, PING, PONG, CONTINUE = 1, 2, 8, 9, 10, 0
PATH = "/socket.io/?EIO=4&transport=websocket"


def upgrade(port: int, *, cookie: str = "", origin: str | None = "", **more: str) -> dict[str, str]:
    """The headers of a browser's upgrade; ``origin`` None leaves it out, empty is our own page's."""
    found = {
        "Host": f"{HOST}:{port}",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
    }
    if origin is not None:
        found["Origin"] = origin or f"http://{HOST}:{port}"
    if cookie:
        found["Cookie"] = cookie
    return found | more


def request(headers: dict[str, str], method: str = "GET", path: str = PATH) -> bytes:
    """The bytes of a request."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def frame(data: bytes | str, opcode: int = TEXT, *, fin: bool = True, rsv1: bool = False, masked: bool = True) -> bytes:
    """One frame, as RFC 6455 has it or wrong on purpose."""
    body = data.encode() if isinstance(data, str) else data
    head = bytes([(0x80 if fin else 0) | (0x40 if rsv1 else 0) | opcode])
    mask = 0x80 if masked else 0
    if len(body) < 126:
        head += bytes([mask | len(body)])
    elif len(body) < 1 << 16:
        head += bytes([mask | 126]) + struct.pack("!H", len(body))
    else:
        head += bytes([mask | 127]) + struct.pack("!Q", len(body))
    return head + (bytes(4) + body if masked else body)


OPEN: list["Wire"] = []


class Wire:
    """A TCP connection to the web process, from an address of 127/8 of one's own."""

    def __init__(self, port: int, source: str = HOST) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=10, source_address=(source, 0))
        self.left = b""
        OPEN.append(self)

    def ask(self, headers: dict[str, str], method: str = "GET", path: str = PATH) -> tuple[int, dict[str, str]]:
        """Send a request; (code, headers) of the answer."""
        self.socket.sendall(request(headers, method, path))
        while b"\r\n\r\n" not in self.left:
            if not (more := self.socket.recv(4096)):
                return 0, {}
            self.left += more
        head, _, self.left = self.left.partition(b"\r\n\r\n")
        first, *rest = head.decode("latin-1").split("\r\n")
        return int(first.split()[1]), {k.lower(): v for k, _, v in (line.partition(": ") for line in rest)}

    def send(self, *frames: bytes) -> bool:
        """Send frames; False when the other side has closed meanwhile."""
        try:
            self.socket.sendall(b"".join(frames))
        except OSError:
            return False
        return True

    def receive(self) -> tuple[int, bytes] | None:
        """(opcode, payload) of the next frame; None at the end of the connection."""
        head = self._take(2)
        if len(head) < 2:
            return None
        length = head[1] & 0x7F
        if length >= 126:
            length = int.from_bytes(self._take(2 if length == 126 else 8))
        body = self._take(length)
        return (head[0] & 0x0F, body) if len(body) == length else None

    def _take(self, n: int) -> bytes:
        while len(self.left) < n:
            try:
                more = self.socket.recv(65536)
            except OSError:
                more = b""
            if not more:
                return b""
            self.left += more
        found, self.left = self.left[:n], self.left[n:]
        return found

    def close(self) -> None:
        with contextlib.suppress(OSError):  # wakes a thread that reads
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Client(threading.Thread):
    """A socket that entered: it answers pings, keeps what it hears, and notes when and why it was closed."""

    def __init__(
        self,
        port: int,
        cookie: str,
        source: str = HOST,
        *,
        enters: bool = True,
        answers: bool = True,
        reads: bool = True,
    ) -> None:
        super().__init__(daemon=True)
        self.wire = Wire(port, source)
        code, self.headers = self.wire.ask(upgrade(port, cookie=cookie))
        assert code == 101, code
        self.answers, self.heard, self.events = answers, 0, []
        self.ended_at, self.code, self.reason = 0.0, 0, ""
        self.events: list[tuple[float, bytes]] = []
        self.wire.receive()  # Engine.IO's «open»
        if enters:
            self.wire.send(frame("40"))
            while (found := self.wire.receive()) is not None and not found[1].startswith(b"40"):
                pass
        self.is_reading = reads
        if reads:
            self.start()

    def say(self, text: str) -> bool:
        return self.wire.send(frame(text))

    def run(self) -> None:
        while (found := self.wire.receive()) is not None:
            opcode, body = found
            self.heard += 1
            if opcode == TEXT and body == b"2" and self.answers:
                self.say("3")
            elif opcode == CLOSE:
                self.code = int.from_bytes(body[:2]) if body else 1005
                self.reason = body[2:].decode()
            else:
                self.events.append((time.monotonic(), body))
        self.ended_at = time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether the connection has ended; one that is not read notices when it sends."""
        if self.is_reading:
            return bool(self.ended_at)
        found = all(self.wire.send(frame("", PONG)) for _ in range(2))
        return not found

    def close(self) -> None:
        self.wire.close()


def until(check: Callable[[], Any], what: str, limit_s: float) -> Any:
    """The first true answer; fails by name when it does not come in time."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        if found := check():
            return found
        time.sleep(0.01)
    raise AssertionError(f"not within {limit_s} s: {what}")
