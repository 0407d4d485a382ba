"""Fifty good walls on one web process, and beside them one hostile client of each kind: how long the good ones wait.

python -m bench.hostile [--clients 50] [--seconds 25] [--cases 2000] [--kinds NAME,NAME]
"""

import argparse
import asyncio
import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
import zlib
from typing import Any

import psutil

from bench.fanout import Running, publish
from bench.harness import LOGS, Room
from bench.light import Light
from bench.processes import RedisServer, free_port
from bench.product import Lianqin, web_memory
from services.operations.embedded import die_with_parent
from tests.attacks.raw_socket import CONTINUE, PING, Wire, frame, request, upgrade

MEGABYTE = "x" * (1 << 20)


def _flood(text: str) -> list[bytes]:
    return [frame(text) * 500]


def _bomb() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return frame((packer.compress(("4" + 100 * MEGABYTE).encode()) + packer.flush(zlib.Z_SYNC_FLUSH))[:-4], rsv1=True)


# What a hostile client sends on each of its sockets, as fast as it can, again and again.
SENT: dict[str, list[bytes]] = {
    "unknown events": _flood('42["nosuch",{}]'),
    "refused hellos": _flood('42["hello",{"zone":"street:none"}]'),
    "hellos": _flood('42["hello",{"zone":"wall"}]'),
    "reserved names": _flood('42["disconnect","x"]'),
    "pings": [frame("x" * 100, PING) * 500],
    "big messages": [frame("4" + 20 * MEGABYTE)],
    "parts without end": [frame("4", fin=False), frame("x" * 1000, CONTINUE, fin=False) * 500],
    "a compressed bomb": [_bomb()],
}
KINDS = (*SENT, "connects and drops", "foreign origins", "wrong handshakes", "slow handshakes", "reads nothing")
FROM = "127.0.0.2"  # another address than the good ones' (still a wall's: what a stranger sends is refused sooner)


def attack(kind: str, port: int, stop: threading.Event) -> dict[str, int]:
    """One hostile client until it is told to stop; how many connections it made, and how many were let in."""
    made = let_in = 0
    held: list[Wire] = []
    while not stop.is_set():
        with contextlib.suppress(OSError):
            wire = Wire(port, FROM)
            made += 1
            wire.socket.settimeout(2)
            headers = upgrade(port, origin="https://evil.example" if kind == "foreign origins" else "")
            if kind == "slow handshakes":
                wire.send(request(headers)[:100])
                held.append(wire)
                stop.wait(0.01)
                continue
            if kind == "connects and drops":
                wire.send(request(headers))
                wire.close()
                continue
            code, _ = wire.ask(headers | ({"Sec-WebSocket-Version": "8"} if kind == "wrong handshakes" else {}))
            let_in += code == 101
            if code == 101:
                _misuse(kind, wire, stop, held)
            else:
                wire.close()
    for wire in held:
        wire.close()
    return {"connections": made, "let_in": let_in}


def _misuse(kind: str, wire: Wire, stop: threading.Event, held: list[Wire]) -> None:
    wire.send(frame("40"))
    if kind == "reads nothing":
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        wire.send(frame('42["hello",{"zone":"wall"}]'), frame('42["watch_coverage"]'))
        held.append(wire)
        stop.wait(0.2)
        return
    first, *rest = SENT[kind]
    while not stop.is_set() and wire.send(first):
        if rest:
            first = rest[0]
    wire.close()


async def _run(running: Running, clients: int, seconds: float, kinds: list[str]) -> dict[str, Any]:
    lights = [await Light(running.room.http_port).connect() for _ in range(clients)]
    await asyncio.sleep(2)
    await publish(running, lights, 2)  # a warm-up
    found: dict[str, Any] = {}
    for kind in kinds:
        before, memory = await publish(running, lights, seconds), web_memory(running.web)["worker"]
        beside = await _beside(running, lights, seconds, kind)
        found[kind] = {
            "before_p99_ms": before["p99_ms"],
            **beside,
            "before_heard": before["heard"],
            "times": _times(before["p99_ms"], beside["p99_ms"]),
            "grown_mb": web_memory(running.web)["worker"] - memory,
        }
    lost = sum(light.gone.done() for light in lights)
    for light in lights:
        light.transport.abort()
    return {"clients": clients, "kinds": found, "others_lost": lost, "load1": round(psutil.getloadavg()[0], 1)}


def _times(before: float | None, beside: float | None) -> float | None:
    """How many times as long it took; None where nothing was heard."""
    return round(beside / before, 2) if before and beside else None


async def _beside(running: Running, lights: list[Light], seconds: float, kind: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.hostile", "--attack", kind, "--port", str(running.room.http_port)]
    # A process of its own: it must not take the good clients' turns.
    attacker = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509  # one prctl
    )
    assert attacker.stdout is not None
    try:
        await asyncio.to_thread(attacker.stdout.readline)  # it has begun
        beside = await publish(running, lights, seconds)
    finally:
        attacker.terminate()
        said, _ = await asyncio.to_thread(attacker.communicate, None, 30)
    return beside | json.loads(said or "{}")


def measure(clients: int, seconds: float, cases: int, kinds: list[str]) -> dict[str, Any]:
    """p50 and p99 of the good ones for each kind, just before it and beside it."""
    product, server = Lianqin(), RedisServer(LOGS / "hostile.redis.log")
    children = []
    try:
        for fields in product.seed(cases):
            server.client.xadd(product.stream, dict(fields))
        room = Room(server.url, server.port, free_port(), LOGS / "hostile.log")
        children = product.start(room, are_limits_raised=False)
        product.ready(room, children)
        began = time.time()
        found = asyncio.run(_run(Running(product, server, room, children[1]), clients, seconds, kinds))
        return {"cases": cases, **found, "took_s": round(time.time() - began)}
    finally:
        for child in children:
            child.stop()
        server.stop()
        product.clean_up()


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description="Good clients beside one hostile client of each kind")
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=25)  # 125 deltas: of 40 the p99 is the slowest
    parser.add_argument("--cases", type=int, default=2_000)
    parser.add_argument("--kinds", default="", help="names with commas; all of them when left out")
    parser.add_argument("--attack", choices=KINDS, help="be the hostile client of this kind, until SIGTERM")
    parser.add_argument("--port", type=int)
    options = parser.parse_args()
    if options.attack:
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        print("begins", flush=True)
        print(json.dumps(attack(options.attack, options.port, stop)))
        return
    kinds = [kind for kind in KINDS if not options.kinds or kind in options.kinds.split(",")]
    print(json.dumps(measure(options.clients, options.seconds, options.cases, kinds), indent=1))


if __name__ == "__main__":
    main()
