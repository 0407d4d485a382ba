"""Ingest: our full path against bare loops over the same events of a real Redis stream, in the same run, by turns.

A bare loop reads with XREADGROUP, decodes five fields, upserts (case_id, version, status, body) in one transaction a
batch through the same driver, and acknowledges; ``bare_whole`` decodes into the contract's whole type instead. Ours
(``Projector.drain``) reads, checks, places, folds, and writes history, cases, roll-ups, outbox and position before it
acknowledges. Databases are new for every loop.

python -m bench.ingest --database sqlite|postgres [--events N] [--rounds N] [--profile]
"""

import argparse
import cProfile
import json
import pstats
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import psutil
import redis
from sqlalchemy import Engine, text

from bench.processes import RedisServer
from bench.product import Cases
from services.contract.case import Case
from services.district.load import load
from services.district.package import District
from services.operations.simulator.generate import generate
from services.platform.clock import SystemClock
from services.platform.database import is_postgres, open_engine, writing
from services.platform.migrate import upgrade
from services.platform.redis import GROUP, Keys
from services.platform.sealing import Sealer
from services.projector.ingest import Ingest
from services.projector.stream import EventStream
from services.projector.worker import BATCH, Projector

CASES = 20_000
EVENTS = 80_000


class Five(msgspec.Struct):
    """What the bare loop decodes of an event."""

    case_id: str
    version: int
    status: str
    channel: str
    reported_at: str


@contextmanager
def database(kind: str, folder: Path) -> Iterator[Engine]:
    """An engine on a new and migrated database."""
    if kind == "sqlite":
        place = Path(tempfile.mkdtemp(dir=folder))
        engine = open_engine(f"sqlite:///{place / 'store.db'}")
        upgrade(engine)
        yield engine
        engine.dispose()
        shutil.rmtree(place)
        return
    from tests.servers import Postgres

    server = Postgres()
    try:
        server.create()
        engine = open_engine(server.url)
        upgrade(engine)
        yield engine
        engine.dispose()
    finally:
        server.remove()


def bare(client: Any, stream: str, engine: Engine, kind: type = Five, unnest: bool = False) -> None:
    """Drink the stream with the bare loop: an upsert a row (executemany), or one of arrays (``unnest``)."""
    mark, blob = ("%s", "BYTEA") if is_postgres(engine) else ("?", "BLOB")
    upsert = " ON CONFLICT (case_id) DO UPDATE SET version=excluded.version, status=excluded.status, body=excluded.body"
    upsert += " WHERE excluded.version > bare.version"
    values = f"INSERT INTO bare VALUES ({', '.join([mark] * 4)}){upsert}"
    arrays = f"INSERT INTO bare SELECT * FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::bytea[]){upsert}"
    decode = msgspec.json.Decoder(kind).decode
    with writing(engine) as connection:
        create = f"CREATE TABLE bare (case_id TEXT PRIMARY KEY, version BIGINT, status TEXT, body {blob})"
        connection.execute(text(create))
    client.xgroup_create(stream, "bare", id="0")
    while answer := client.xreadgroup("bare", "one", {stream: ">"}, count=BATCH):
        entries = answer[0][1] if isinstance(answer, list) else next(iter(answer.values()))[0]
        found = ((decode(fields[b"data"]), fields[b"data"]) for _, fields in entries)
        rows: list[tuple[Any, ...]] = [(e.case_id, e.version, e.status, data) for e, data in found]
        with writing(engine) as connection:
            if unnest:  # one statement touches a row once: the newest of each case
                columns = zip(*{row[0]: row for row in rows}.values(), strict=True)
                connection.exec_driver_sql(arrays, tuple(map(list, columns)))
            else:
                connection.exec_driver_sql(values, rows)
        client.xack(stream, "bare", *(i for i, _ in entries))


def ours(url: str, engine: Engine, district: District, profile: cProfile.Profile | None = None) -> None:
    """Drink the stream with the full path."""
    stream = EventStream(redis.Redis.from_url(url), district.code, "bench")
    projector = Projector(stream, engine, Ingest(engine, district, Sealer("")), SystemClock())
    if profile is None:
        projector.drain()
        return
    projector._writer = _Inline()  # type: ignore[assignment]  # one thread: cProfile sees no other
    profile.runcall(projector.drain)


class _Inline:
    def submit(self, work: Callable[..., None], *arguments: Any) -> "Future[None]":
        done: Future[None] = Future()
        work(*arguments)
        done.set_result(None)
        return done


class Source:
    """A Redis whose stream holds the events: 20,000 cases that are changed again and again."""

    def __init__(self, folder: Path, events: int) -> None:
        generate(folder / "district")
        self.district = load(folder / "district")
        self.server = RedisServer(folder / "redis.log")
        self.stream = Keys(self.district.code).events
        made, size = Cases(folder / "district"), 0
        cases = min(CASES, events // 3)
        for start in range(0, events, 1000):
            pipe = self.server.client.pipeline(transaction=False)
            for number in range(start, min(start + 1000, events)):
                fields = made.event(number, "dispatched") if number < cases else made.change(cases)
                size += len(fields[b"data"])
                pipe.xadd(self.stream, dict(fields))
            pipe.execute()
        self.cases, self.events, self.event_bytes = cases, events, round(size / events)

    def reset(self) -> None:
        """As if nobody had read yet."""
        for group in ("bare", GROUP):
            self.server.client.xgroup_destroy(self.stream, group)


def measure(kind: str, events: int, rounds: int) -> dict[str, Any]:
    """Events a second: medians of ``rounds``, the loops by turns, each first in its turn; and ours as a share."""
    folder = Path(tempfile.mkdtemp(prefix="lianqin-ingest-"))
    source = Source(folder, events)
    client = source.server.client
    loops: dict[str, Callable[[Engine], None]] = {
        "ours": lambda engine: ours(source.server.url, engine, source.district),
        "bare": lambda engine: bare(client, source.stream, engine),
        "bare_whole": lambda engine: bare(client, source.stream, engine, Case),
    }
    if kind == "postgres":
        loops["bare_unnest"] = lambda engine: bare(client, source.stream, engine, unnest=True)
    times: dict[str, list[float]] = {name: [] for name in loops}
    cpu: dict[str, list[float]] = {name: [] for name in loops}
    try:
        for turn in range(rounds):
            names = [*loops][turn % len(loops) :] + [*loops][: turn % len(loops)]
            for name in names:
                with database(kind, folder) as engine:
                    source.reset()
                    start, spent = time.perf_counter(), time.process_time()
                    loops[name](engine)
                    times[name].append(time.perf_counter() - start)
                    cpu[name].append(time.process_time() - spent)
    finally:
        source.server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    per_s = {name: round(events / statistics.median(found)) for name, found in times.items()}
    return {
        "database": kind, "events": events, "cases": source.cases, "event_bytes": source.event_bytes, "per_s": per_s,
        **{f"ratio_to_{name}": round(per_s["ours"] / n, 2) for name, n in per_s.items() if name != "ours"},
        "rounds_per_s": {name: [round(events / t) for t in found] for name, found in times.items()},
        "python_cpu_us_per_event": {n: round(1e6 * statistics.median(f) / events) for n, f in cpu.items()},
        "load1": round(psutil.getloadavg()[0], 1),
    }  # fmt: skip


def profile(kind: str, events: int, lines: int = 25) -> None:
    """Print where our path spends its time, in one thread; the profiler itself about doubles it."""
    folder = Path(tempfile.mkdtemp(prefix="lianqin-ingest-"))
    source = Source(folder, events)
    watch = cProfile.Profile()
    try:
        with database(kind, folder) as engine:
            ours(source.server.url, engine, source.district, watch)
    finally:
        source.server.stop()
        shutil.rmtree(folder, ignore_errors=True)
    for order in ("tottime", "cumtime"):
        pstats.Stats(watch).sort_stats(order).print_stats(lines)


def main() -> None:
    """Print the figures as JSON, or the profile."""
    parser = argparse.ArgumentParser(description="Our full path against a bare loop over the same events")
    parser.add_argument("--database", choices=("sqlite", "postgres"), required=True)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--profile", action="store_true", help="tell our hottest functions instead")
    options = parser.parse_args()
    if options.profile:
        profile(options.database, options.events)
    else:
        print(json.dumps(measure(options.database, options.events, options.rounds), indent=1))


if __name__ == "__main__":
    main()
