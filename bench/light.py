"""A light browser: a Socket.IO client over a plain socket that keeps nothing but when it first heard of each entry."""

import asyncio
import base64
import os
import re
import socket
import struct
import time

from bench.page import ENTRY_FACTOR

_LAST = re.compile(rb'"last_entry":"(\d+)-(\d+)"')
RECEIVE_BUFFER = 32 * 1024


class Light(asyncio.Protocol):
    """One client. ``heard`` holds (entry as a key, wall ms at the moment the bytes were read)."""

    def __init__(self, port: int, reads: bool = True, zone: str = "wall", cookie: str = "") -> None:
        self.port, self.reads, self.zone, self.cookie = port, reads, zone, cookie
        self.heard: list[tuple[int, float]] = []
        self.joined = asyncio.get_running_loop().create_future()
        self.gone = asyncio.get_running_loop().create_future()
        self._rest = bytearray()
        self._is_open = False
        self._step = 0

    async def connect(self) -> "Light":
        """Shake hands and say hello; returns with the first part of the snapshot, or at once where nothing is read."""
        plain = socket.create_connection(("127.0.0.1", self.port))
        if not self.reads:  # what the kernel would take for it is not read by anybody either
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        plain.setblocking(False)
        transport, _ = await asyncio.get_running_loop().create_connection(lambda: self, sock=plain)
        self.transport: asyncio.Transport = transport
        key = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\n"
            f"Origin: http://127.0.0.1\r\nCookie: {self.cookie}\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        await asyncio.wait_for(self.joined, 60)
        return self

    def data_received(self, data: bytes) -> None:
        """Frames from bytes; the moment is that of the reading."""
        at = time.time() * 1000
        self._rest += data
        if not self._is_open:
            head, found, rest = bytes(self._rest).partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                raise ConnectionError(head[:200])
            self._is_open, self._rest = True, bytearray(rest)
        while (frame := self._frame()) is not None:
            self._take(frame, at)

    def connection_lost(self, error: Exception | None) -> None:
        """The server has closed it, or we have."""
        if not self.gone.done():
            self.gone.set_result(error)

    def _frame(self) -> bytes | None:
        rest = self._rest
        if len(rest) < 2:
            return None
        length, start = rest[1] & 127, 2
        if length >= 126:
            shape = "!H" if length == 126 else "!Q"
            start += struct.calcsize(shape)
            if len(rest) < start:
                return None
            length = struct.unpack_from(shape, rest, 2)[0]
        if len(rest) < start + length:
            return None
        frame = bytes(rest[start : start + length])
        del rest[: start + length]
        return frame

    def _take(self, frame: bytes, at: float) -> None:
        if frame == b"2":
            self._send(b"3")
        elif frame[:1] == b"{":
            if not self.joined.done():
                self.joined.set_result(None)
            found = _LAST.search(frame, 0, 400)
            if found and b'"parts":' not in frame[:400]:
                self.heard.append((int(found.group(1)) * ENTRY_FACTOR + int(found.group(2)), at))
        elif self._step == 0:  # the Engine.IO handshake: open the default namespace
            self._step = 1
            self._send(b"40")
        elif self._step == 1:
            self._step = 2
            self._send(f'42["hello",{{"zone":"{self.zone}"}}]'.encode())
            if not self.reads:
                self.transport.pause_reading()
                self.joined.set_result(None)

    def _send(self, text: bytes) -> None:
        mask = os.urandom(4)
        body = bytes(b ^ mask[i % 4] for i, b in enumerate(text))
        self.transport.write(struct.pack("!BB", 0x81, 0x80 | len(text)) + mask + body)
