"""Ingest and rebuild: our full path against a bare loop over the same events, in the same run.

The bare loop reads from Redis, decodes the event into the contract's type, upserts (case_id, version, status, body) in
one transaction a batch and acknowledges. Ours reads, checks, places, folds, and writes history, cases, roll-ups, outbox
and position.
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import redis
from sqlalchemy import Engine, text

from bench.processes import RedisServer
from bench.product import Cases
from services.clock import SystemClock
from services.district.load import load
from services.district.package import District
from services.events.case import Case
from services.projector.ingest import Ingest
from services.projector.loop import Projector
from services.projector.rebuild import rebuild
from services.sealing import Sealer
from services.simulator.generate import generate
from services.store.engine import is_postgres, open_engine, writing
from services.store.migrate import upgrade
from services.stream import EventStream

BATCH = 500
CASES = 20_000


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """An empty database of the kind: its address."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / f'bench-{time.monotonic_ns()}.db'}"
        return
    from tests.servers import Postgres

    server = Postgres()
    server.create()
    try:
        yield server.url
    finally:
        server.remove()


def bare(client: redis.Redis, stream: str, engine: Engine, unnest: bool) -> float:
    """Seconds for the bare loop over the whole stream."""
    create = "CREATE TABLE bare (case_id TEXT PRIMARY KEY, version BIGINT, status TEXT, body {})"
    blob = "BYTEA" if is_postgres(engine) else "BLOB"
    upsert = " ON CONFLICT (case_id) DO UPDATE SET version=excluded.version, status=excluded.status, body=excluded.body"
    upsert += " WHERE excluded.version > bare.version"
    mark = "%s" if is_postgres(engine) else "?"
    values = f"INSERT INTO bare VALUES ({', '.join([mark] * 4)}){upsert}"
    arrays = f"INSERT INTO bare SELECT * FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::bytea[]){upsert}"
    with writing(engine) as connection:
        connection.execute(text("DROP TABLE IF EXISTS bare"))
        connection.execute(text(create.format(blob)))
    decode = msgspec.json.Decoder(Case).decode
    raw: Any = client
    raw.xgroup_create(stream, "bare", id="0")
    start = time.perf_counter()
    while answer := raw.xreadgroup("bare", "one", {stream: ">"}, count=BATCH):
        entries = answer[0][1] if isinstance(answer, list) else next(iter(answer.values()))[0]
        newest: dict[str, tuple[Any, ...]] = {}
        for _, fields in entries:
            found = decode(fields[b"data"])
            newest[found.case_id] = (found.case_id, found.version, found.status, fields[b"data"])
        rows = list(newest.values())
        with writing(engine) as connection:
            if unnest:
                connection.exec_driver_sql(arrays, tuple(list(c) for c in zip(*rows, strict=True)))
            else:
                connection.exec_driver_sql(values, rows)
        raw.xack(stream, "bare", *(i for i, _ in entries))
    took = time.perf_counter() - start
    raw.xgroup_destroy(stream, "bare")
    return took


def ours(client: redis.Redis, url: str, engine: Engine, district: District) -> float:
    """Seconds for the full path over the whole stream."""
    stream = EventStream(redis.Redis.from_url(url), district.code, "bench")
    projector = Projector(stream, engine, Ingest(engine, district, Sealer("")), SystemClock())
    start = time.perf_counter()
    projector.drain()
    took = time.perf_counter() - start
    client.xgroup_destroy(stream.keys.events, "projector")
    return took


def measure(kind: str, events: int, rounds: int) -> dict[str, Any]:
    """Alternate the two over the same stream; the medians and their ratio."""
    folder = Path(tempfile.mkdtemp(prefix="lianqin-ingest-"))
    server = RedisServer(folder / "redis.log")
    try:
        generate(folder / "district")
        district = load(folder / "district")
        cases = Cases(folder / "district")
        key = f"lianqin:{{{district.code}}}:events"
        size = 0
        for start in range(0, events, 1000):
            pipe = server.client.pipeline(transaction=False)
            for number in range(start, start + 1000):
                fields = cases.change(CASES) if number >= CASES else cases.event(number, "dispatched")
                size += len(fields[b"data"])
                pipe.xadd(key, dict(fields))
            pipe.execute()
        times: dict[str, list[float]] = {"ours": [], "bare": [], "bare_unnest": []}
        for _ in range(rounds):
            with database(kind, folder) as address:
                engine = open_engine(address)
                upgrade(engine)
                times["bare"].append(bare(server.client, key, engine, False))
                if kind == "postgres":
                    times["bare_unnest"].append(bare(server.client, key, engine, True))
                times["ours"].append(ours(server.client, server.url, engine, district))
                engine.dispose()
        per_s = {name: round(events / statistics.median(found)) for name, found in times.items() if found}
        found = {"database": kind, "events": events, "event_bytes": round(size / events), "per_s": per_s,
                 "ratio": round(per_s["ours"] / per_s["bare"], 2)}  # fmt: skip
        if "bare_unnest" in per_s:
            found["ratio_to_unnest"] = round(per_s["ours"] / per_s["bare_unnest"], 2)
        return found
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def rebuilding(events: int, cases: int = 100_000) -> dict[str, Any]:
    """Seconds to rebuild the read model from a history of ``events`` entries (SQLite)."""
    folder = Path(tempfile.mkdtemp(prefix="lianqin-rebuild-"))
    try:
        generate(folder / "district")
        district = load(folder / "district")
        made = Cases(folder / "district")
        engine = open_engine(f"sqlite:///{folder / 'store.db'}")
        upgrade(engine)
        ingest = Ingest(engine, district, Sealer(""))
        filled = time.perf_counter()
        for start in range(0, events, 5000):
            batch = [
                (f"{made.now + n}-0", made.event(n % cases, "dispatched") if n < cases else made.change(cases))
                for n in range(start, min(start + 5000, events))
            ]
            ingest.apply(batch, made.now)
        filled = time.perf_counter() - filled
        start_s = time.perf_counter()
        done = rebuild(engine, ingest, made.now, lambda _text: None)
        took = time.perf_counter() - start_s
        engine.dispose()
        return {"events": done, "rebuild_s": round(took, 1), "per_s": round(done / took), "filled_s": round(filled, 1)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--what", choices=("sqlite", "postgres", "rebuild"), required=True)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.what == "rebuild":
        print(json.dumps(rebuilding(options.events), indent=1))
    else:
        print(json.dumps(measure(options.what, options.events, options.rounds), indent=1))


if __name__ == "__main__":
    main()
