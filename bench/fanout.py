"""Many browsers on one web process: light Socket.IO clients over plain sockets, and one among them that reads nothing.

python -m bench.fanout [--clients 500] [--seconds 20] [--cases 10000]
"""

import argparse
import asyncio
import base64
import json
import os
import re
import struct
import time
import urllib.request
from typing import Any

import psutil

from bench.harness import LOGS, Room, percentile
from bench.processes import Child, RedisServer, cpu_seconds, free_port
from bench.product import Lianqin

_LAST = re.compile(rb'"last_entry":"([0-9-]+)"')


class Light:
    """A client that keeps nothing but when it first heard of each entry."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.heard: list[tuple[str, float]] = []

    async def connect(self, reads: bool = True) -> None:
        """Shake hands, join the wall's room; a client that does not read stops here."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port, limit=2**24)
        key = base64.b64encode(os.urandom(16)).decode()
        self.writer.write(
            f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
            f"Connection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        await self.reader.readuntil(b"\r\n\r\n")
        await self._frame()
        self._send(b"40")
        await self._frame()
        self._send(b'42["hello",{}]')
        if reads:
            self.task = asyncio.create_task(self._listen())

    async def _listen(self) -> None:
        while True:
            frame = await self._frame()
            if frame == b"2":
                self._send(b"3")
            elif frame[:1] == b"{" and (found := _LAST.search(frame[:400])) and b'"parts":' not in frame[:400]:
                self.heard.append((found.group(1).decode(), time.time() * 1000))

    async def _frame(self) -> bytes:
        head = await self.reader.readexactly(2)
        length = head[1] & 127
        if length == 126:
            length = struct.unpack("!H", await self.reader.readexactly(2))[0]
        elif length == 127:
            length = struct.unpack("!Q", await self.reader.readexactly(8))[0]
        return await self.reader.readexactly(length)

    def _send(self, text: bytes) -> None:
        mask = os.urandom(4)
        body = bytes(b ^ mask[i % 4] for i, b in enumerate(text))
        self.writer.write(struct.pack("!BB", 0x81, 0x80 | len(text)) + mask + body)


def measure(clients: int, seconds: float, cases: int) -> dict[str, Any]:
    """p50 and p99 over every client and every change, before and while one client reads nothing."""
    product = Lianqin()
    server = RedisServer(LOGS / "fanout.redis.log")
    children: list[Child] = []
    try:
        for fields in product.seed(cases):
            server.client.xadd(product.stream, dict(fields))
        room = Room(server.url, server.port, free_port(), LOGS / "fanout.log")
        children = product.start(room)
        product.ready(room, children)
        return asyncio.run(_run(product, server, room, children, clients, seconds))
    finally:
        for child in children:
            child.stop()
        server.stop()
        product.clean_up()


async def _run(  # noqa: PLR0917  # everything that was started
    product: Lianqin, server: RedisServer, room: Room, children: list[Child], n: int, s: float
) -> dict[str, Any]:
    lights = [Light(room.http_port) for _ in range(n)]
    started = time.monotonic()
    for start in range(0, n, 25):
        await asyncio.gather(*(light.connect() for light in lights[start : start + 25]))
    connected_s = time.monotonic() - started
    await asyncio.sleep(3)
    web = children[1:]
    cpu = cpu_seconds(web)
    before = await _publish(product, server, lights, s)
    cpu = (cpu_seconds(web) - cpu) / s
    stuck = Light(room.http_port)
    await stuck.connect(reads=False)
    at = time.monotonic()
    beside = await _publish(product, server, lights, s)
    worker = max(web[0].family(), key=lambda p: p.memory_info().rss)
    metrics = await asyncio.to_thread(_metrics, room.http_port)
    for light in lights:
        light.task.cancel()
    del at
    return {
        "clients": n, "deltas_per_s": 5, "connected_s": round(connected_s, 1), **before, "web_cpu": round(cpu, 2),
        "web_rss_mb": round(worker.memory_info().rss / 1e6),
        "all_web_rss_mb": round(sum(p.memory_info().rss for p in web[0].family()) / 1e6),
        "beside_a_stuck_client": beside, "dropped": metrics.get("lianqin_browsers_dropped"),
        "load1": round(psutil.getloadavg()[0], 1),
    }  # fmt: skip


async def _publish(product: Lianqin, server: RedisServer, lights: list[Light], seconds: float) -> dict[str, Any]:
    for light in lights:
        light.heard.clear()
    sent: dict[str, float] = {}
    for _ in range(int(seconds * 5)):
        fields = dict(product.change())
        at = time.time() * 1000
        entry: Any = await asyncio.to_thread(server.client.xadd, product.stream, fields)
        sent[entry.decode()] = at
        await asyncio.sleep(0.2)
    await asyncio.sleep(1.5)
    delays = [at - sent[entry] for light in lights for entry, at in light.heard if entry in sent]
    return {"p50_ms": percentile(delays, 0.5), "p99_ms": percentile(delays, 0.99),
            "heard": len(delays), "wanted": len(sent) * len(lights)}  # fmt: skip


def _metrics(port: int) -> dict[str, float]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    return {x.split()[0]: float(x.split()[1]) for x in lines if not x.startswith("#") and "{" not in x}


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description="Many browsers on one web process")
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--cases", type=int, default=10_000)
    options = parser.parse_args()
    print(json.dumps(measure(options.clients, options.seconds, options.cases), indent=1))


if __name__ == "__main__":
    main()
