"""Many browsers on one web process, and one among them that reads nothing: delay from XADD to each client's receipt.

python -m bench.fanout [--clients 500] [--seconds 20] [--cases 10000]
"""

import argparse
import asyncio
import gc
import json
import threading
import time
import urllib.request
from dataclasses import dataclass
from typing import Any

import psutil

from bench.harness import LOGS, Room, latencies, percentile
from bench.light import Light
from bench.processes import Child, RedisServer, cpu_seconds, free_port
from bench.product import Lianqin, web_memory

PER_S = 5
WATCHED_S = 60


@dataclass(frozen=True, slots=True)
class Running:
    """The product under the clients."""

    product: Lianqin
    server: RedisServer
    room: Room
    web: Child


def measure(clients: int, seconds: float, cases: int, zone: str = "wall", readers: int = 0) -> dict[str, Any]:
    """p50 and p99 over every client and every change, before and while one client reads nothing.

    ``readers``: instead of that one, so many people open the leader's page, each again as soon as it has come.

    ``zone``: what they all watch; a desk's clients log in.
    """
    product = Lianqin()
    server = RedisServer(LOGS / "fanout.redis.log")
    children: list[Child] = []
    try:
        for fields in product.seed(cases):
            server.client.xadd(product.stream, dict(fields))
        room = Room(server.url, server.port, free_port(), LOGS / "fanout.log")
        children = product.start(room)
        product.ready(room, children)
        running = Running(product, server, room, children[1])
        base = {"cases": cases, "zone": zone, "web_before_mb": web_memory(running.web)}
        return base | asyncio.run(_run(running, clients, seconds, zone, readers))
    finally:
        for child in children:
            child.stop()
        server.stop()
        product.clean_up()


async def _run(running: Running, clients: int, seconds: float, zone: str, readers: int) -> dict[str, Any]:
    lights: list[Light] = []
    cookie = "" if zone == "wall" else running.product.cookie
    started = time.monotonic()
    for start in range(0, clients, 25):
        now = range(start, min(start + 25, clients))
        many = (Light(running.room.http_port, True, zone, cookie).connect() for _ in now)
        lights += await asyncio.gather(*many)
    connected_s = time.monotonic() - started
    await asyncio.sleep(3)
    gc.freeze()  # what the clients keep is not our product's pause
    await publish(running, lights, 2)  # a warm-up
    cpu, began = cpu_seconds([running.web]), time.monotonic()
    before = await publish(running, lights, seconds)
    cpu = (cpu_seconds([running.web]) - cpu) / (time.monotonic() - began)
    memory = web_memory(running.web)
    if readers:
        beside, pages = await _beside(running, lights, seconds, readers)
        for light in lights:
            light.transport.abort()
        return {
            "clients": clients,
            "deltas_per_s": PER_S,
            **before,
            "readers": readers,
            "beside_readers": beside,
            "pages": pages,
            "load1": round(psutil.getloadavg()[0], 1),
        }
    stuck = await Light(running.room.http_port, False, zone, cookie).connect()
    at = time.monotonic()
    dropped = asyncio.create_task(_dropped_after(running.room.http_port, clients, at))
    beside = await publish(running, lights, seconds)
    dropped_s = await dropped
    reason = (await asyncio.to_thread(_metrics, running.room.http_port))["lianqin_browsers_dropped"]
    lost = sum(light.gone.done() for light in lights)
    for light in (*lights, stuck):
        light.transport.abort()
    return {
        "clients": clients, "deltas_per_s": PER_S, "connected_s": round(connected_s, 1), **before,
        "web_cpu": round(cpu, 2), "web_mb": memory, "beside_a_stuck_client": beside, "dropped_after_s": dropped_s,
        "dropped_as_stuck": int(reason),
        "others_lost": lost, "load1": round(psutil.getloadavg()[0], 1),
    }  # fmt: skip


async def _beside(
    running: Running, lights: list[Light], seconds: float, readers: int
) -> tuple[dict[str, Any], dict[str, float]]:
    """The same while people read; and how long their pages took."""
    stop, took = threading.Event(), []
    address = f"http://127.0.0.1:{running.room.http_port}/leadership"

    def read() -> None:
        while not stop.is_set():
            start = time.perf_counter()
            request = urllib.request.Request(address, headers={"Cookie": running.product.cookie})
            with urllib.request.urlopen(request, timeout=60) as answer:
                assert b"tiles" in answer.read()
            took.append(1000 * (time.perf_counter() - start))
            stop.wait(1)  # who has a page reads it

    people = [threading.Thread(target=read, daemon=True) for _ in range(readers)]
    for person in people:
        person.start()
    try:
        beside = await publish(running, lights, seconds)
    finally:
        stop.set()
    return beside, {"n": len(took), "p50_ms": percentile(took, 0.5), "p95_ms": percentile(took, 0.95)}


async def publish(running: Running, lights: list[Light], seconds: float) -> dict[str, Any]:
    for light in lights:
        light.heard.clear()
    sent: dict[int, float] = {}
    start = time.perf_counter()
    for number in range(int(seconds * PER_S)):
        fields = dict(running.product.change())
        await asyncio.sleep(max(start + number / PER_S - time.perf_counter(), 0))
        at = time.time() * 1000
        entry: Any = await asyncio.to_thread(running.server.client.xadd, running.product.stream, fields)
        sent[running.product.key(fields, entry)] = at
    await asyncio.sleep(2)
    delays = [delay for light in lights for delay in latencies(sent, light.heard)]
    return {
        "p50_ms": percentile(delays, 0.5),
        "p99_ms": percentile(delays, 0.99),
        "max_ms": percentile(delays, 1),
        "heard": len(delays),
        "wanted": len(sent) * len(lights),
    }


async def _dropped_after(port: int, others: int, since: float) -> float | None:
    """Seconds until the web process counts only the others, whatever cut the client; None: not within a minute."""
    while time.monotonic() - since < WATCHED_S:
        if (await asyncio.to_thread(_metrics, port))["lianqin_browsers"] <= others:
            return round(time.monotonic() - since, 1)
        await asyncio.sleep(0.5)
    return None


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
    parser.add_argument("--zone", default="wall", choices=("wall", "desk"))
    parser.add_argument("--readers", type=int, default=0, help="people who open /leadership meanwhile")
    options = parser.parse_args()
    found = measure(options.clients, options.seconds, options.cases, options.zone, options.readers)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
