"""Send a plan to the district's stream: at once, or on a virtual clock that every process reads (CONTRACT.md, Keys).

A replay publishes no heartbeat: 无心跳 is the right word for a file.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import redis

from services.operations.replay.plan import Entry, ReplayPlan
from services.platform.clock import VirtualClock, machine_ms
from services.platform.redis import Keys

BATCH = 500
# A pause no longer than this between two looks at the clock: Ctrl-C and ``stop`` are heard within it.
_PAUSE_S = 0.25


def play(
    client: redis.Redis,
    plan: ReplayPlan,
    *,
    code: str = "",
    speed: float | None = None,
    instant: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
    stop: Callable[[], bool] = lambda: False,
    wait: Callable[[float], object] = time.sleep,
    wall_ms: Callable[[], int] = machine_ms,
) -> int:
    """Publish the plan's entries to ``lianqin:{code}:events`` and set the district's clock; how many were sent.

    ``instant``: all at once, and the clock stands where the plan ends. Else the clock runs ``speed`` times as fast as
    the wall's (default 1) from the first event on, each event goes out when it shows its time, and it stands at the
    end. ``code`` is the district's, by default that of the file's city. ``progress(done, total)`` after each batch.
    """
    if speed is not None and not speed > 0:
        raise ValueError(f"speed {speed} must be above 0: 60 lets an hour pass in a minute")
    keys = Keys(code or plan.form.city.code)
    started = wall_ms()
    standing = VirtualClock(plan.first_ms, started, speed or 1.0, plan.stands_at_ms)
    running = VirtualClock(plan.first_ms, started, speed or 1.0)
    # The clock first: an event from a future that nobody's clock has reached would be flagged clock_skew.
    client.hset(keys.clock, mapping=_loose((standing if instant else running).to_hash()))
    if not instant:
        client.hdel(keys.clock, "stopped_at")
    sent = 0
    pace = _Pace(running, plan.stands_at_ms, stop, wait, wall_ms)
    batches = _at_once(plan.entries()) if instant else pace.batches(plan.entries())
    for batch in batches:
        _send(client, keys.events, batch)
        sent += len(batch)
        progress(sent, len(plan))
        if stop():
            return sent
    if not instant and not stop():
        client.hset(keys.clock, mapping=_loose(standing.to_hash()))
    return sent


def _send(client: redis.Redis, stream: str, batch: list[Entry]) -> None:
    pipeline = client.pipeline(transaction=False)
    for _, fields in batch:
        pipeline.xadd(stream, _loose(fields))
    pipeline.execute()


def _loose(fields: dict[Any, Any]) -> dict[Any, Any]:
    """The same dict: redis-py types keys and values as unions, and dict is invariant."""
    return fields


def _at_once(entries: Iterator[Entry]) -> Iterator[list[Entry]]:
    while batch := list(islice(entries, BATCH)):
        yield batch


@dataclass(frozen=True, slots=True)
class _Pace:
    """Batches of what a running clock has reached, until it shows ``end_ms`` or ``stop`` says so."""

    clock: VirtualClock
    end_ms: int
    stop: Callable[[], bool]
    wait: Callable[[float], object]
    wall_ms: Callable[[], int]

    def shows(self) -> float:
        return self.clock.origin_ms + (self.wall_ms() - self.clock.started_ms) * self.clock.speed

    def batches(self, entries: Iterator[Entry]) -> Iterator[list[Entry]]:
        held = next(entries, None)
        while (held is not None or self.shows() < self.end_ms) and not self.stop():
            batch: list[Entry] = []
            now = self.shows()
            while held is not None and held[0] <= now and len(batch) < BATCH:
                batch.append(held)
                held = next(entries, None)
            if batch:
                yield batch
                continue
            missing_ms = (held[0] if held is not None else self.end_ms) - now
            self.wait(min(max(missing_ms / self.clock.speed / 1000, 0.001), _PAUSE_S))
