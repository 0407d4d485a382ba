"""Figures from the roll-ups on a long history, and one pass of the escalation rules over very many open cases.

python -m bench.rules --database sqlite|postgres --cases 2000000
python -m bench.rules --escalation 100000
"""

import argparse
import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from sqlalchemy import Engine

from bench.drawn import DAY, draw, rows
from bench.histories import fill
from bench.ingest import database
from services.commands.escalation.worklist import EscalationDesk
from services.district.load import load
from services.district.package import District
from services.indicators.definitions import INDICATORS
from services.indicators.figures_reader import EVERYTHING, Days, Scope, figures
from services.leadership.reader import gather
from services.leadership.spans import Span, as_date, latest
from services.operations.simulator.generate import generate
from services.platform.clock import machine_ms

TWELVE = list(INDICATORS)[:12]
ROUNDS = 20
NEIGHBOURS = 60_000  # closed in the 30 days in which a repeat counts


def noon() -> int:
    """Noon of yesterday in China: a day of which half is still ahead."""
    now = machine_ms()
    return now - (now + 8 * 3_600_000) % DAY - DAY // 2


def last_month(today: int) -> Span:
    """The last whole month."""
    return latest("month", as_date(today))


def last_day(today: int) -> Span:
    """Yesterday."""
    return latest("day", as_date(today))


def timed(work: Callable[[], object], rounds: int = ROUNDS) -> dict[str, float]:
    """Median and 95th percentile in ms, after three times to warm up."""
    took = []
    for _ in range(rounds + 3):
        start = time.perf_counter()
        work()
        took.append(1000 * (time.perf_counter() - start))
    warm = took[3:]
    return {"p50_ms": round(statistics.median(warm), 2), "p95_ms": round(float(np.percentile(warm, 95)), 2)}


def asked(engine: Engine, district: District, now: int) -> dict[str, dict[str, float]]:
    """Each question, on one connection, by the wall clock."""
    today = district.day_of(now)
    past = Days(district.day_after(today, -61), district.day_after(today, -30))
    present = Days(district.day_after(today, -30), district.day_after(today))
    street = Scope(street=next(iter(district.streets)))
    everything = list(INDICATORS)
    with engine.connect() as connection:

        def ask(names: Sequence[str], days: Days, scope: Scope = EVERYTHING, by: Sequence[str] = ()) -> Any:
            return timed(lambda: figures(connection, district, names, days, now, scope=scope, by=by))

        found = figures(connection, district, TWELVE, present, now, scope=EVERYTHING, by=["street", "day"])
        assert len(found) >= 31 * len(district.streets), "a figure is missing"
        return {
            "street_month": ask(everything, past, street),
            "street_this_month": ask(everything, present, street),
            "streets_by_day": ask(TWELVE, past, by=["street", "day"]),
            "streets_by_day_now": ask(TWELVE, present, by=["street", "day"]),
            "grids_month": ask(TWELVE, past, by=["street", "community", "grid"]),
            "found_against_solved": ask(["closed"], present, by=["channel", "level"]),
            "leaders_month": timed(lambda: gather(connection, district, last_month(today), now), 7),
            "leaders_day": timed(lambda: gather(connection, district, last_day(today), now), 7),
        }


def measure(kind: str, cases: int) -> dict[str, Any]:
    """Make the history, ask the questions."""
    folder = Path(tempfile.mkdtemp(prefix="lianqin-rules-"))
    try:
        generate(folder / "district")
        district = load(folder / "district")
        now = noon()
        with database(kind, folder) as engine:
            start = time.perf_counter()
            fill(engine, district, cases, now)
            made_s = time.perf_counter() - start
            return {
                "database": kind,
                "cases": cases,
                "made_s": round(made_s),
                **asked(engine, district, now),
                "load1": round(psutil.getloadavg()[0], 1),
            }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def escalate(open_cases: int) -> dict[str, Any]:
    """One pass over everything: the first, which looks at every neighbourhood, and those that follow."""
    folder = Path(tempfile.mkdtemp(prefix="lianqin-rules-"))
    generate(folder / "district")
    district = load(folder / "district")
    shutil.rmtree(folder)
    now = noon()
    drawn = draw(district, open_cases + NEIGHBOURS, now)
    is_open = drawn.is_open
    kept = np.flatnonzero(is_open)
    # As many again as are open by themselves stand open: the same cases, not closed yet.
    more = np.flatnonzero(~is_open & ~drawn.merged & (drawn.status == "closed"))[: max(open_cases - len(kept), 0)]
    opened = np.concatenate([kept, more])[:open_cases]
    status, closed_at = drawn.status.copy(), drawn.closed_at.copy()
    status[more], closed_at[more] = "handling", -1
    drawn = drawn._replace(status=status, closed_at=closed_at)
    desk = EscalationDesk(district.policy.escalation)
    for row in rows(drawn):
        desk.put(row)
    first = time.perf_counter()
    found = desk.take(None, now)
    first_s = time.perf_counter() - first
    desk.settle([*found.proposed, *found.commanded], found.withdrawn)
    return {
        "open": len(desk.rows), "wanted": len(opened), "neighbours": len(desk.neighbours),
        "first_ms": round(1000 * first_s, 1), "proposed": len(found.proposed), "commanded": len(found.commanded),
        **timed(lambda: desk.take(None, now)), "load1": round(psutil.getloadavg()[0], 1),
    }  # fmt: skip


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description="Figures on a long history; a pass of the escalation rules")
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--cases", type=int, default=2_000_000)
    parser.add_argument("--escalation", type=int, default=0, help="open cases to judge, instead")
    options = parser.parse_args()
    found = escalate(options.escalation) if options.escalation else measure(options.database, options.cases)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
