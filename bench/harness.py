"""One measure for every product: XADD → the page's DOM shows it (the idea is that of our peers' first bench).

A ``Target`` says how a product is started and fed; a ``Stage`` runs a Redis, the product and a watched page, and ends
them; a phase is a function of a stage. Latency is the wall clock just before XADD to the first mutation of the counter
that shows that event or a later one: one machine, one clock.
"""

import os
import platform
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import redis

from bench.page import ENTRY_FACTOR, Counter, Watched
from bench.processes import Child, RedisServer, cpu_seconds, free_port, rss_mb, wait_for_http

Fields = Mapping[Any, Any]
Result = dict[str, Any]
ROOT = Path(__file__).parents[1]
LOGS = ROOT / "bench" / "results"
RATES = (50, 100, 200, 400, 800, 1600, 3200)


@dataclass(frozen=True, slots=True)
class Room:
    """What a target is started with."""

    redis_url: str
    redis_port: int
    http_port: int
    log: Path


class Target(ABC):
    """A product to measure. A new instance for each phase: it may keep what it has published."""

    name: str
    counter = Counter(".counter")
    path = "/"
    stream = "cases"
    # The last event may be shown this long after its XADD and the rate still counts as held.
    grace_s = 2.0
    # After the product answers, before the page opens: for the reader to drink the seed.
    settle_s = 1.5
    # A script that returns how many cases are drawn; None where only the counter can be asked.
    drawn_js: str | None = None

    @abstractmethod
    def start(self, room: Room) -> list[Child]:
        """Start the product's processes; the stream is seeded already."""

    @abstractmethod
    def seed(self, cases: int) -> Iterator[Fields]:
        """The entries that open ``cases`` cases."""

    @abstractmethod
    def change(self) -> Fields:
        """The next entry: a change of one case."""

    def key(self, fields: Fields, entry_id: bytes) -> int:
        """The number by which the page's counter knows this entry: here, of its stream id."""
        ms, _, sequence = entry_id.partition(b"-")
        return int(ms) * ENTRY_FACTOR + int(sequence)

    def ready(self, room: Room, children: Sequence[Child]) -> None:
        """Wait until a page can be opened."""
        wait_for_http(f"http://127.0.0.1:{room.http_port}{self.path}", children)
        time.sleep(self.settle_s)

    def clean_up(self) -> None:  # noqa: B027  # most targets leave nothing behind
        """After everything has ended: remove what the target made."""

    def version(self) -> str:
        """What is measured, with its version."""
        return self.name


class Stage:
    """A Redis, the product and a page for one phase; a context manager that ends what it started."""

    def __init__(self, target: Target, cases: int, log: Path | None = None) -> None:
        self.target, self.cases = target, cases
        self.last_key = -1
        self._log = log or LOGS / f"{target.name}.log"
        self._ends = ExitStack()

    def __enter__(self) -> "Stage":
        try:
            self._set_up()
        except BaseException:
            self._ends.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ends.close()

    def _set_up(self) -> None:
        self._ends.callback(self.target.clean_up)
        server = RedisServer(self._log.with_suffix(".redis.log"))
        self._ends.callback(server.stop)
        self.client: redis.Redis = server.client
        self._seed()
        self.room = Room(server.url, server.port, free_port(), self._log)
        self.children = self.target.start(self.room)
        for child in self.children:
            self._ends.callback(child.stop)
        self.target.ready(self.room, self.children)
        self.watched = self._ends.enter_context(Watched(self.target.counter))

    def _seed(self) -> None:
        entries = list(self.target.seed(self.cases))
        for start in range(0, len(entries), 1000):
            batch = entries[start : start + 1000]
            pipeline = self.client.pipeline(transaction=False)
            for fields in batch:
                pipeline.xadd(self.target.stream, dict(fields))
            ids = pipeline.execute()
            self.last_key = self.target.key(batch[-1], ids[-1])

    def open(self, limit_s: float = 90.0) -> Result:
        """Go to the page; seconds from navigation to the right counter and to (almost) every case drawn."""
        watched, drawn_js = self.watched, self.target.drawn_js
        start = time.monotonic()
        watched.page.goto(f"http://127.0.0.1:{self.room.http_port}{self.target.path}", wait_until="commit")
        counter_s = drawn_s = None
        drawn = 0
        while time.monotonic() - start < limit_s and not watched.crashed:
            if counter_s is None and watched.shown() >= self.last_key:
                counter_s = round(time.monotonic() - start, 2)
            if drawn_js and drawn_s is None:
                drawn = watched.run(drawn_js) or 0  # None: the page's script is not there yet
                if drawn >= 0.98 * self.cases:
                    drawn_s = round(time.monotonic() - start, 2)
            if counter_s is not None and (drawn_s is not None or not drawn_js):
                break
            time.sleep(0.02)
        watched.settle()
        return {
            "counter_s": counter_s,
            "drawn_s": drawn_s,
            "drawn": drawn if drawn_js else None,
            "loads": watched.loads,
            "crashed": watched.crashed,
        }

    def publish(self, rate: float, seconds: float, sent: dict[int, float]) -> float:
        """XADD at a fixed rate, in bursts where late; fills ``sent`` (key → wall ms) and returns the seconds taken."""
        start = time.perf_counter()
        for number in range(int(rate * seconds)):
            fields = dict(self.target.change())
            while (early := start + number / rate - time.perf_counter()) > 0:
                time.sleep(early)
            at = time.time() * 1000
            entry_id: Any = self.client.xadd(self.target.stream, fields)
            key = self.target.key(fields, entry_id)
            sent[key] = at
            self.last_key = key
        return time.perf_counter() - start

    def run(self, rate: float, seconds: float, drain_s: float = 30.0) -> Result:
        """Publish at a rate and say how the page followed."""
        watched, loads = self.watched, self.watched.loads
        watched.reset()
        cpu, main_thread = cpu_seconds(self.children), watched.main_thread_s()
        sent: dict[int, float] = {}
        took: list[float] = []
        thread = threading.Thread(target=lambda: took.append(self.publish(rate, seconds, sent)), daemon=True)
        thread.start()
        while thread.is_alive():
            watched.page.wait_for_timeout(100)
        if not took:
            raise RuntimeError("the publisher failed: see its traceback above")
        end = time.monotonic()
        while watched.shown() < self.last_key and time.monotonic() - end < drain_s and not watched.crashed:
            watched.page.wait_for_timeout(20)
        drained_s = time.monotonic() - end
        log, gap_ms = watched.read()
        delays = latencies(sent, log)
        offered = len(sent) / took[0]
        kept_up = len(delays) == len(sent) and drained_s <= self.target.grace_s and offered > 0.95 * rate
        return {
            "rate": rate, "offered": round(offered, 1), "events": len(sent), "seen": len(delays),
            "p50_ms": percentile(delays, 0.5), "p99_ms": percentile(delays, 0.99), "max_ms": percentile(delays, 1),
            "drain_s": round(drained_s, 2), "dom_changes": len(log), "reloads": watched.loads - loads,
            "max_frame_gap_ms": round(gap_ms), "main_thread_s": round(main_thread(), 2),
            "server_cpu_s": round(cpu_seconds(self.children) - cpu, 2), "server_rss_mb": rss_mb(self.children),
            "heap_mb": watched.heap_mb(), "load1": round(os.getloadavg()[0], 1),
            "kept_up": kept_up and not watched.crashed and watched.loads == loads,
        }  # fmt: skip


def latencies(sent: Mapping[int, float], log: Sequence[tuple[int, float]]) -> list[float]:
    """For each entry the ms until the first DOM change that shows it or a later one; entries never shown are left out.

    ``sent`` is key → wall ms of XADD, ``log`` (key, wall ms) in the order of the DOM's changes.
    """
    delays: list[float] = []
    at = 0
    for key in sorted(sent):
        while at < len(log) and log[at][0] < key:
            at += 1
        if at == len(log):
            break
        delays.append(log[at][1] - sent[key])
    return delays


def percentile(values: Sequence[float], share: float) -> float | None:
    """The value at that share of the sorted values; None of nothing."""
    return round(sorted(values)[min(len(values) - 1, int(share * len(values)))], 1) if values else None


def latency(stage: Stage, seconds: float = 30.0) -> Result:
    """20 events a second after a warm-up of 3 s."""
    opened = stage.open()
    stage.run(20, 3)
    return {"open": opened, **stage.run(20, seconds)}


def rate(stage: Stage, seconds: float = 8.0, rates: Sequence[int] = RATES) -> Result:
    """After a short warm-up faster and faster, until the page no longer follows."""
    opened, steps = stage.open(), []
    stage.run(20, 2)
    for per_second in rates:
        steps.append(stage.run(per_second, seconds))
        if not steps[-1]["kept_up"]:
            break
    held = [step["rate"] for step in steps if step["kept_up"]]
    return {"open": opened, "steps": steps, "highest_held": max(held, default=0)}


def big(stage: Stage, seconds: float = 15.0) -> Result:
    """Many cases before the page opens, then 20 events a second."""
    opened = stage.open()
    return {"open": opened, "at_20_per_s": stage.run(20, seconds)}


PHASES: dict[str, Callable[..., Result]] = {"latency": latency, "rate": rate, "big": big}
CASES = {"latency": 500, "rate": 500, "big": 10_000}


def measure(make: Callable[[], Target], phase: str, *, cases: int | None = None, **options: Any) -> Result:
    """Run one phase on a fresh stage. A product that breaks is a result (``error``), not an exception."""
    target = make()
    head = {"target": target.name, "version": target.version(), "phase": phase, "cases": cases or CASES[phase]}
    try:
        with Stage(target, cases or CASES[phase]) as stage:
            head |= machine(stage)
            return head | PHASES[phase](stage, **options)
    except Exception as error:
        return head | {"error": f"{type(error).__name__}: {str(error)[:2000]}"}


def machine(stage: Stage) -> Result:
    """The facts that a figure means nothing without."""
    info: Any = stage.client.info("server")
    return {
        "machine": {
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "chromium": stage.watched.version,
            "redis": info.get("valkey_version") or info.get("redis_version"),
        }
    }
