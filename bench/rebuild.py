"""``lianqin rebuild`` timed: a million entries of history, folded into the read model again.

The history is made through the projector's own way in (100,000 cases with 10 versions each). What the rebuilt read
model says is compared with what stood before.

python -m bench.rebuild [--events 1000000] [--database sqlite|postgres]
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
from sqlalchemy import Engine, func, select

from bench.ingest import database
from bench.product import STATUSES, Cases
from services.cases import tables as case_tables
from services.district.load import load
from services.indicators import tables as indicator_tables
from services.indicators.case_counts import NAMES
from services.operations.simulator.generate import generate
from services.platform.clock import machine_ms
from services.platform.sealing import Sealer
from services.projector.errands.rebuild import rebuild
from services.projector.ingest import Ingest

EVENTS = 1_000_000
VERSIONS = 10
CHUNK = 5_000


def fill(ingest: Ingest, made: Cases, events: int) -> None:
    """Every case once, then every case again, ten times over; the last version of every fifth case closes it."""
    cases = max(events // VERSIONS, 1)
    for start in range(0, events, CHUNK):
        batch = []
        for n in range(start, min(start + CHUNK, events)):
            version, number = divmod(n, cases)
            status = "closed" if version == VERSIONS - 1 and number % 5 == 0 else STATUSES[version % len(STATUSES)]
            batch.append((f"{made.now + n}-0", made.event(number, status)))
        ingest.apply(batch, made.now)


def sums(engine: Engine) -> list[int]:
    """What must be the same before and after: rows, open cases, the sum of versions, the sum of each measure."""
    c = case_tables.cases.c
    with engine.connect() as connection:
        cases = connection.execute(select(func.count(), func.sum(c.version), func.sum(c.entry % 1_000_003))).one()
        is_open = connection.execute(select(func.count()).where(c.is_open)).scalar_one()
        counted = connection.execute(select(*(func.sum(indicator_tables.rollups.c[name]) for name in NAMES))).one()
    return [int(n) for n in (*cases, is_open, *counted)]


def measure(kind: str, events: int) -> dict[str, Any]:
    """Seconds to rebuild, and whether the outcome is the same."""
    folder = Path(tempfile.mkdtemp(prefix="lianqin-rebuild-"))
    try:
        generate(folder / "district")
        with database(kind, folder) as engine:
            ingest = Ingest(engine, load(folder / "district"), Sealer(""))
            start = time.perf_counter()
            fill(ingest, Cases(folder / "district"), events)
            filled_s = time.perf_counter() - start
            before = sums(engine)
            start = time.perf_counter()
            done = rebuild(engine, ingest, machine_ms(), lambda said: print(said, file=sys.stderr))
            took = time.perf_counter() - start
            return {
                "database": kind, "events": done, "rebuild_s": round(took, 1), "per_s": round(done / took),
                "same": sums(engine) == before, "filled_s": round(filled_s, 1),
                "peak_rss_mb": round(psutil.Process().memory_info().rss / 1e6),
                "load1": round(psutil.getloadavg()[0], 1),
            }  # fmt: skip
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Time a rebuild of the read model from the history")
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    options = parser.parse_args()
    print(json.dumps(measure(options.database, options.events), indent=1))
